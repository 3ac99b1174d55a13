"""A labelled series of spectra as arrays, and back."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast
from iondrift.cast import ComplexArray, FloatArray, number
from iondrift.errors import ConfigurationError, DataError, ShapeError
from iondrift.settings import subject

Weighting: TypeAlias = Literal["none", "modulus"] | npt.ArrayLike


FARTHEST = 1e12  # of a standard deviation from |Z|, as a factor: rounding alone is 1e-16


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


def series_coordinates(impedance: xr.DataArray) -> dict[str, Any]:
    """Return the coordinates of the input that run along ``spectrum`` or ``frequency``."""
    wanted = {"spectrum", "frequency"}
    found = {str(k): v for k, v in impedance.coords.items() if set(map(str, v.dims)) <= wanted}
    found.setdefault("spectrum", ("spectrum", np.arange(impedance.sizes["spectrum"])))
    return found


def attach(result: xr.Dataset, coords: dict[str, Any]) -> xr.Dataset:
    """Return the dataset with the coordinates of the input that are not dims: times, bias, file names."""
    return result.assign_coords({name: value for name, value in coords.items() if name not in result.coords})
