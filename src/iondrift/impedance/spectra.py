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

_SAME = 1e-9  # relative difference of coordinates that are one
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
    impedance = cast.in_si(impedance.transpose("spectrum", "frequency"), "impedance", "ohm")
    frequency = cast.array(impedance["frequency"].values, "impedance: frequency", ndim=1, positive=True)
    found, counts = np.unique(frequency, return_counts=True)
    if found.size != frequency.size:
        twice = int(np.argmax(counts > 1))
        raise DataError(
            f"impedance: the frequency {found[twice]:g} Hz occurs {counts[twice]} times ({int((counts > 1).sum())} of "
            f"{found.size} do so); average or drop the repetition first"
        )
    if impedance.dtype.kind in "iuf":
        raise DataError("impedance: its values are real numbers, without Im Z; give Re Z + 1j * Im Z")
    try:
        values = np.ascontiguousarray(impedance.values, dtype=np.complex128)
    except (TypeError, ValueError) as error:
        raise DataError(f"impedance: expected complex numbers ({error})") from error
    used = np.ones(values.shape, dtype=np.bool_)
    if "measured" in impedance.coords:  # read_impedance tells which points a spectrum has
        used &= np.asarray(impedance["measured"].transpose("spectrum", "frequency").values, dtype=np.bool_)
    if mask is not None:
        bad = np.asarray(aligned(mask, "mask", impedance), dtype=np.bool_)
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


def aligned(value: Any, name: str, like: xr.DataArray, unit: str | None = None) -> Any:
    """Return what is given for the points of a series, in their order; labelled arrays go by coordinates.

    Parameters
    ----------
    value
        A number or an array as it is; or a DataArray over spectrum, frequency or both.
    name
        What to call it in a message.
    like
        The impedance (spectrum, frequency).
    unit
        In SI, where it has one.

    Raises
    ------
    ShapeError
        It has another dim.
    DataError
        Its coordinates are not those of the impedance; the message names the first that is missing.
    """
    if not isinstance(value, xr.DataArray):
        return value
    if unit is not None:
        value = cast.in_si(value, subject(name), unit)
    foreign = [str(dim) for dim in value.dims if dim not in ("spectrum", "frequency")]
    if foreign:
        raise ShapeError(f"{subject(name)}: has dim {foreign[0]!r}; expected spectrum, frequency or both")
    for dim in value.dims:
        if dim in value.coords and dim in like.coords and like[dim].dtype.kind in "iuf":
            own, wanted = value[dim].values, like[dim].values
            place = np.abs(own[None, :] - wanted[:, None]).argmin(axis=1)
            missing = np.abs(own[place] - wanted) > _SAME * np.abs(wanted)
            if missing.any() or own.size != wanted.size:
                lost = f"{wanted[missing][0]:g} is missing" if missing.any() else f"it has {own.size} of {wanted.size}"
                raise DataError(
                    f"{subject(name)}: its {dim} is not that of the impedance, {lost}; give it for the same points, or "
                    "without coordinates in their order"
                )
            value = value.isel({dim: place})
    return value.transpose(*(dim for dim in ("spectrum", "frequency") if dim in value.dims)).values


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
    missing = {name: value for name, value in coords.items() if name not in result.coords}
    return result.assign_coords(missing) if missing else result
