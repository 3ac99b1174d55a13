"""The linear model behind every distribution of relaxation times: grid, columns, penalties, weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast
from iondrift.errors import ConfigurationError, DataError, ShapeError
from iondrift.relaxation_options import FEWEST_TIME_CONSTANTS, MOST_TIME_CONSTANTS, number, pair
from iondrift.remedies import subject

FloatArray = npt.NDArray[np.float64]
ComplexArray = npt.NDArray[np.complex128]
Weighting: TypeAlias = Literal["none", "modulus"] | npt.ArrayLike

BEYOND = 10.0**0.5  # default range of tau: half a decade beyond 1 / omega at either end
# Where ln gamma is smooth the slow end reaches farther, because resistance past the last time constant is lost to the
# total. Decades, share of random sums of arcs whose total was inside its 95 % band, and the error of the total that
# 95 % of them stayed below: 0.5, 78 %, 3.4 %; 1, 92 %, 3.8 %; 1.25, 95 %, 5.5 %; 1.5, 97 %, 7.8 %.
FAR_BEYOND = 10.0
FARTHEST = 1e12  # of a standard deviation from |Z|, as a factor: rounding alone is 1e-16


@dataclass(frozen=True, kw_only=True)
class RelaxationModel:
    """Z(omega) = sum over terms + sum_k R_k / (1 + j omega tau_k), real and imaginary parts stacked."""

    frequency: FloatArray  # Hz
    tau: FloatArray  # s, log-spaced
    terms: tuple[str, ...]  # of "ohmic", "inductive", "capacitive"
    design: FloatArray  # (2 frequencies, terms + tau), every column in ohm per ohm

    @property
    def step(self) -> float:
        """Spacing of ln tau."""
        return float(np.log(self.tau[-1] / self.tau[0]) / (self.tau.size - 1))

    @property
    def count(self) -> int:
        """Number of series terms."""
        return len(self.terms)

    def term(self, x: FloatArray, name: str) -> FloatArray:
        """Return a series term in its own unit: ohm, H or 1/F; zero where the model has none."""
        if name not in self.terms:
            return np.zeros(x.shape[:-1])
        omega = 2.0 * np.pi * self.frequency
        unit = {"ohmic": 1.0, "inductive": 1.0 / omega.max(), "capacitive": float(omega.min())}[name]
        return np.asarray(x[..., self.terms.index(name)] * unit)


def relaxation_times(
    frequency: FloatArray, count: int, tau_range: tuple[float, float] | None = None, *, beyond: float = BEYOND
) -> FloatArray:
    """Return ``count`` log-spaced time constants, tau = 1 / (2 pi f).

    Parameters
    ----------
    frequency
        Hz.
    count
        How many.
    tau_range
        First and last, s. None: half a decade beyond 1 / (2 pi f) at the fast end, ``beyond`` times that at the slow.
    beyond
        How far the slow end reaches, as a factor.

    Raises
    ------
    ConfigurationError
        No whole number, too few or too many, or a range that is not positive and increasing.
    """
    count = cast.whole(count, subject("time_constants"), lowest=FEWEST_TIME_CONSTANTS, highest=MOST_TIME_CONSTANTS)
    if tau_range is None:
        omega = 2.0 * np.pi * frequency
        return np.geomspace(1.0 / float(omega.max()) / BEYOND, beyond / float(omega.min()), count)
    return np.geomspace(*pair(tau_range, "tau_range"), count)


def build_model(
    frequency: FloatArray,
    tau: FloatArray,
    *,
    ohmic: bool = True,
    inductive: bool = True,
    capacitive: bool = False,
) -> RelaxationModel:
    """Return the model on one frequency grid.

    An inductance enters as j omega / omega_max and a series capacitance as -j omega_min / omega, so that every
    unknown is a resistance of the size of the data.
    """
    omega = 2.0 * np.pi * frequency[:, None]
    wanted = {"ohmic": ohmic, "inductive": inductive, "capacitive": capacitive}
    columns: dict[str, ComplexArray] = {
        "ohmic": np.ones_like(omega, dtype=np.complex128),
        "inductive": 1j * omega / omega.max(),
        "capacitive": -1j * omega.min() / omega,
    }
    terms = tuple(name for name, on in wanted.items() if on)
    parts = [columns[name] for name in terms] + [1.0 / (1.0 + 1j * omega * tau)]
    return RelaxationModel(
        frequency=frequency, tau=tau, terms=terms, design=np.ascontiguousarray(stack(np.hstack(parts).T).T)
    )


def stack(impedance: ComplexArray) -> FloatArray:
    """Return [Re Z, Im Z] along the last axis."""
    return np.ascontiguousarray(np.concatenate([impedance.real, impedance.imag], axis=-1))


def unstack(values: FloatArray) -> ComplexArray:
    """Undo :func:`stack`."""
    half = values.shape[-1] // 2
    return np.asarray(values[..., :half] + 1j * values[..., half:])


def difference(order: int, count: int) -> FloatArray:
    """Return the (count - order, count) difference matrix; order 0 is the identity.

    >>> difference(2, 4)
    array([[ 1., -2.,  1.,  0.],
           [ 0.,  1., -2.,  1.]])
    """
    if order not in (0, 1, 2, 3):
        raise ConfigurationError(f"order: penalties of order 0, 1, 2 and 3 exist, got {order}")
    return np.diff(np.eye(count), order, axis=0)


def difference_coefficients(order: int) -> FloatArray:
    """Return one row of :func:`difference` without its zeros."""
    return np.ascontiguousarray(difference(order, order + 1)[0])


def read_impedance_array(
    impedance: xr.DataArray | xr.Dataset, mask: npt.ArrayLike | None
) -> tuple[xr.DataArray, ComplexArray, FloatArray, npt.NDArray[np.bool_]]:
    """Return the labelled input, Z (spectrum, frequency), f in Hz, and which points count.

    Raises
    ------
    ShapeError
        Not a complex array over (spectrum, frequency), or over (frequency) for one spectrum.
    DataError
        A value is not finite where it is not masked, a frequency is not positive, or too few points are left.
    """
    if isinstance(impedance, xr.Dataset):
        if "impedance" not in impedance:
            raise ShapeError(
                f"impedance: the dataset holds {sorted(map(str, impedance))} but no variable named impedance"
            )
        impedance = impedance["impedance"]
    if not isinstance(impedance, xr.DataArray):
        raise ShapeError(
            "impedance: expected an xarray.DataArray with dims ('spectrum', 'frequency'), got "
            f"{type(impedance).__name__}"
        )
    if "frequency" not in impedance.coords:
        raise ShapeError("impedance: has no coordinate 'frequency'; assign one in Hz")
    if "spectrum" not in impedance.dims:
        impedance = impedance.expand_dims("spectrum")
    if set(impedance.dims) != {"spectrum", "frequency"} or impedance.size == 0:
        raise ShapeError(
            "impedance: expected dims ('spectrum', 'frequency'), neither empty, got "
            f"{dict(zip(map(str, impedance.dims), impedance.shape, strict=True))}"
        )
    impedance = impedance.transpose("spectrum", "frequency")
    frequency = cast.array(impedance["frequency"].values, "impedance: frequency", ndim=1, positive=True)
    if np.unique(frequency).size != frequency.size:
        raise DataError("impedance: a frequency occurs twice; average or drop the repetition first")
    try:
        values = np.ascontiguousarray(impedance.values, dtype=np.complex128)
    except (TypeError, ValueError) as error:
        raise DataError(f"impedance: expected complex numbers ({error})") from error
    used = np.ones(values.shape, dtype=np.bool_)
    if mask is not None:
        bad = np.asarray(mask, dtype=np.bool_)
        if bad.shape not in (values.shape, frequency.shape):
            raise ShapeError(f"mask: expected shape {values.shape} or {frequency.shape}, got {bad.shape}")
        used &= ~bad
    wrong = used & ~(np.isfinite(values) & (values != 0.0))
    if wrong.any():
        s, k = (int(i) for i in np.argwhere(wrong)[0])
        raise DataError(
            f"impedance: value {values[s, k]} in spectrum {s} at {frequency[k]:g} Hz "
            f"({int(wrong.sum())} of {wrong.size} like it); mask it (mask=...) or remove it"
        )
    if (used.sum(axis=1) < 4).any():
        s = int(np.argmin(used.sum(axis=1)))
        raise DataError(f"impedance: spectrum {s} has {int(used[s].sum())} usable points; at least 4 are needed")
    return impedance, np.where(used, values, 0.0), frequency, used


def weights_of(weighting: Weighting, values: ComplexArray, used: npt.NDArray[np.bool_]) -> tuple[FloatArray, str, bool]:
    """Return W (spectrum, 2 frequencies), its name, and whether all spectra share it.

    "none": 1. "modulus": rms |Z| / |Z|. A standard deviation in ohm (a number, per frequency, or per spectrum and
    frequency): rms sigma / sigma. Masked points weigh nothing. All have no unit: lambda means the same throughout.
    """
    shape = values.shape
    if isinstance(weighting, str):
        if weighting == "none":
            spread, name = np.ones(shape), "none"
        elif weighting == "modulus":
            spread, name = np.where(used, np.abs(values), 1.0), "modulus"
        else:
            raise ConfigurationError(
                f'{subject("weighting")}: expected "none", "modulus" or standard deviations in ohm, got {weighting!r}'
            )
    else:
        if np.ndim(weighting) == 0:
            number(weighting, "weighting", above=0.0)
        sigma = cast.array(weighting, subject("weighting"), positive=True)
        if sigma.shape not in ((), shape[1:], shape):
            raise ShapeError(f"weighting: expected shape (), {shape[1:]} or {shape}, got {sigma.shape}")
        spread, name = np.broadcast_to(sigma, shape), "sigma"
        check_deviation(spread, values, used, "weighting")
    squares = np.where(used, spread**2, 0.0).sum(axis=1) / used.sum(axis=1)
    weights = np.where(used, np.sqrt(squares)[:, None] / spread, 0.0)
    shared = bool((weights == weights[0]).all())
    return np.ascontiguousarray(np.tile(weights, (1, 2))), name, shared


def check_deviation(sigma: FloatArray, values: ComplexArray, used: npt.NDArray[np.bool_], name: str) -> None:
    """Refuse standard deviations (spectrum, frequency), ohm, that double precision cannot set against |Z|.

    Raises
    ------
    DataError
        Beyond a factor of 1e12 from the rms |Z| of a spectrum, to either side.
    """
    size = np.sqrt((np.abs(values) ** 2).sum(axis=1, keepdims=True) / used.sum(axis=1, keepdims=True))
    wrong = used & ~((sigma >= size / FARTHEST) & (sigma <= size * FARTHEST))
    if wrong.any():
        s, k = (int(i) for i in np.argwhere(wrong)[0])
        raise DataError(
            f"{subject(name)}: a standard deviation of {sigma[s, k]:g} ohm beside |Z| = {size[s, 0]:g} ohm in spectrum "
            f"{s} cannot be computed with; give that of the measurement in ohm, such as {1e-3 * size[s, 0]:.2g}"
        )


def choose(name: str, value: str, allowed: Sequence[str]) -> str:
    """Return ``value``, or raise with what is allowed."""
    if not isinstance(value, str) or value not in allowed:
        raise ConfigurationError(f"{subject(name)}: expected one of {', '.join(allowed)}, got {value!r}")
    return value
