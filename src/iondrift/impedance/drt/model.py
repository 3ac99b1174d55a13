"""The linear model behind every distribution of relaxation times: grid, columns, penalties, weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iondrift import cast
from iondrift.cast import ComplexArray, FloatArray, pair
from iondrift.errors import ConfigurationError
from iondrift.impedance.options import FEWEST_TIME_CONSTANTS, MOST_TIME_CONSTANTS
from iondrift.settings import subject

BEYOND = 10.0**0.5  # default range of tau: half a decade beyond 1 / omega at either end
# Where ln gamma is smooth the slow end reaches farther, because resistance past the last time constant is lost to the
# total. Decades, share of random sums of arcs whose total was inside its 95 % band, and the error of the total that
# 95 % of them stayed below: 0.5, 78 %, 3.4 %; 1, 92 %, 3.8 %; 1.25, 95 %, 5.5 %; 1.5, 97 %, 7.8 %.
FAR_BEYOND = 10.0


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


def window_fractions(tau: FloatArray, window: tuple[float, float]) -> FloatArray:
    """Return the part of every bin of ln tau, centred on tau_k, that lies in the window.

    >>> import numpy as np
    >>> window_fractions(np.array([0.1, 1.0, 10.0]), (1.0, 100.0))
    array([0. , 0.5, 1. ])
    """
    first, last = pair(window, "window")
    centre = np.log(tau)
    step = (centre[-1] - centre[0]) / (tau.size - 1)
    low = np.maximum(centre - 0.5 * step, np.log(first))
    high = np.minimum(centre + 0.5 * step, np.log(last))
    return np.asarray(np.clip((high - low) / step, 0.0, 1.0))
