"""The door to the kernels: contiguous float64 with finite values, or an error that names the place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, isfinite
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift.errors import ConfigurationError, DataError, ShapeError
from iondrift.settings import subject
from iondrift.units import factor_to, units_of

FloatArray: TypeAlias = npt.NDArray[np.float64]
ComplexArray: TypeAlias = npt.NDArray[np.complex128]
_Kind = TypeVar("_Kind")
_LARGEST = 1e150  # its square is a number still
_LONGEST_TIME = 1e20  # s, and its inverse: no process is slower or faster
COORDINATE_UNITS = {"time": "s", "x": "m", "frequency": "Hz"}


def array(
    value: Any,
    name: str,
    *,
    ndim: int | None = None,
    shape: tuple[int | None, ...] | None = None,
    finite: bool = True,
    positive: bool = False,
) -> FloatArray:
    """Return ``value`` as a contiguous float64 array, or raise with the shape or place that is wrong.

    Parameters
    ----------
    value
        Anything NumPy can convert.
    name
        What to call it in an error message.
    ndim, shape
        What is expected; ``None`` inside ``shape`` allows any length.
    finite, positive
        Refuse NaN and infinities; refuse zero and negative values.

    Raises
    ------
    ShapeError
        The number of dimensions or a length differs.
    DataError
        A value is not finite or not positive; the message gives its index.
    """
    try:
        given = np.asanyarray(value)
        _require_real(given, name)
        result = np.ascontiguousarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{name}: expected numbers, got {type(value).__name__} ({error})") from error
    if np.ndim(value) == 0:
        result = result.reshape(())
    if ndim is not None and result.ndim != ndim:
        raise ShapeError(f"{name}: expected {ndim} dimension(s), got shape {result.shape}")
    if shape is not None and (
        len(shape) != result.ndim
        or any(want is not None and want != got for want, got in zip(shape, result.shape, strict=True))
    ):
        expected = "(" + ", ".join("any" if want is None else str(want) for want in shape) + ")"
        raise ShapeError(f"{name}: expected shape {expected}, got {result.shape}")
    if finite and not np.isfinite(result).all():
        raise DataError(f"{name}: {_first(~np.isfinite(result), result)}; remove or interpolate it first")
    if positive and not (result > 0.0).all():
        raise DataError(f"{name}: {_first(~(result > 0.0), result)}; it must be positive everywhere")
    return result


# What NumPy would turn into numbers, by the kind of its type, and what to do instead.
_NO_NUMBERS = {
    "b": ("truth values", "give numbers"),
    "c": ("complex ones", "take their real part, where that is meant"),
    "m": ("durations (timedelta64)", "divide them by np.timedelta64(1, 's')"),
    "M": ("dates (datetime64)", "subtract one start from those of all arrays and divide by np.timedelta64(1, 's')"),
    "S": ("text", "convert it"),
    "U": ("text", "convert it"),
}


def _require_real(values: npt.NDArray[Any], name: str) -> None:
    """Refuse what is no real number, and values that are masked, which NumPy would take as if they were not."""
    found = _NO_NUMBERS.get(values.dtype.kind)
    if found is not None:
        raise DataError(f"{name}: expected numbers, got {found[0]}; {found[1]}")
    if np.ma.is_masked(values):
        masked = int(np.asarray(np.ma.getmaskarray(values)).sum())
        raise DataError(f"{name}: {masked} of {values.size} entries are masked; fill or remove them")


def in_si(value: xr.DataArray, name: str, unit: str) -> xr.DataArray:
    """Return an array and its coordinates in SI where their attributes state another unit; without one they are in SI.

    Times that are durations (timedelta64) become seconds.

    Parameters
    ----------
    value
        Attribute ``units`` of itself and of the coordinates time, x and frequency.
    name
        What to call it in a message.
    unit
        The SI unit of the values.

    Raises
    ------
    DataError
        A unit is none of the quantity's; the message names it and those that are known.

    Examples
    --------
    >>> voltage = xr.DataArray([100.0], {"time": ("time", [2.0], {"units": "min"})}, attrs={"units": "mV"})
    >>> converted = in_si(voltage, "voltage", "V")
    >>> converted.values.tolist(), converted.time.values.tolist()
    ([0.1], [120.0])
    """
    factor = _factor(value, name, unit)
    if factor != 1.0:
        value = value.copy(data=np.asarray(value.values) * factor).assign_attrs(units=unit)
    if "time" in value.coords and value["time"].dtype.kind == "m":
        seconds = value["time"].values / np.timedelta64(1, "s")
        value = value.assign_coords(time=value["time"].variable.to_base_variable().copy(data=seconds))
    for dim, si in COORDINATE_UNITS.items():
        if dim in value.coords and value[dim].dtype.kind in "iuf":
            along = _factor(value[dim], f"{name}: coordinate {dim}", si)
            if along != 1.0:
                coordinate = value[dim].variable.to_base_variable()
                converted = coordinate.copy(data=np.asarray(coordinate.values) * along)
                converted.attrs = {**coordinate.attrs, "units": si}
                value = value.assign_coords({dim: converted})
    return value


def _factor(array: xr.DataArray, name: str, unit: str) -> float:
    """Return the factor to SI from what the attributes of an array state."""
    stated = array.attrs.get("units")
    if stated is None:
        return 1.0
    factor = factor_to(unit, stated) if isinstance(stated, str) else None
    if factor is None:
        raise DataError(
            f"{name}: its attribute units is {_shown(stated)}; known are {', '.join(units_of(unit))}; convert "
            f"it, or remove the attribute from values in {unit}"
        )
    return factor


def labelled(value: Any, name: str, dims: Sequence[str], *, unit: str, positive: bool = False) -> xr.DataArray:
    """Return ``value`` as a DataArray with exactly ``dims`` in that order, in SI, finite, coordinates increasing.

    Raises
    ------
    ShapeError
        ``value`` is not a DataArray, or its dims are others.
    DataError
        A value is not finite (or not positive), a coordinate is missing or not strictly increasing, or a unit that the
        attributes state is unknown.
    """
    if not isinstance(value, xr.DataArray):
        raise ShapeError(f"{name}: expected an xarray.DataArray with dims {tuple(dims)}, got {type(value).__name__}")
    if set(value.dims) != set(dims):
        raise ShapeError(f"{name}: expected dims {tuple(dims)}, got {tuple(map(str, value.dims))}")
    if value.dims != tuple(dims):
        value = value.transpose(*dims)
    if value.size == 0:
        raise ShapeError(f"{name}: is empty, shape {value.shape}")
    value = in_si(value, name, unit)
    data = array(value.values, name, positive=positive)
    if not (np.abs(data) < _LARGEST).all():
        raise DataError(f"{name}: {_first(~(np.abs(data) < _LARGEST), data)}; no unit makes it so large")
    for dim in dims:
        if dim not in value.coords:
            raise DataError(f"{name}: has no coordinate along {dim!r}; assign one in SI units")
        increasing(value[dim].values, f"{name}: coordinate {dim}")
    result: xr.DataArray = value if data is value.values else value.copy(data=data)
    return result


def increasing(value: Any, name: str, *, repeats: bool = False) -> FloatArray:
    """Return a one-dimensional, strictly increasing float64 array; ``repeats``: equal neighbours are allowed.

    Raises
    ------
    DataError
        It does not increase; the message gives the first place.
    """
    result = array(value, name, ndim=1)
    steps = np.diff(result)
    allowed = repeats and bool((steps > 0.0).any())
    wrong = steps < 0.0 if allowed else steps <= 0.0
    if wrong.any():
        k = int(np.argmax(wrong))
        raise DataError(
            f"{name} must increase{'' if repeats else ' strictly'}: entry {k + 1} is {result[k + 1]:g} after "
            f"{result[k]:g}; sort it or remove duplicates"
        )
    return result


def scalar(value: Any, name: str, *, positive: bool = False) -> float:
    """Return one finite float.

    Raises
    ------
    DataError
        Not finite, or not positive where it must be.
    """
    return float(array(value, name, ndim=0, positive=positive))


def whole(value: Any, name: str, *, lowest: int | None = None, highest: int | None = None) -> int:
    """Return a whole number: a Python or NumPy integer, no truth value, no float even where it is whole.

    Parameters
    ----------
    value
        To be checked.
    name
        What to call it in an error message.
    lowest, highest
        Both allowed themselves; None: no limit.

    Raises
    ------
    ConfigurationError
        Not an integer, or beyond a limit.

    Examples
    --------
    >>> whole(np.int64(1000), "samples", lowest=40)
    1000
    >>> whole(100.0, "samples", lowest=40)
    Traceback (most recent call last):
    iondrift.errors.ConfigurationError: samples: 100.0 (float) found; allowed are whole numbers from 40, like 100
    """
    integer = isinstance(value, int | np.integer) and not isinstance(value, bool)
    inside = integer and (lowest is None or value >= lowest) and (highest is None or value <= highest)
    if inside:
        return int(value)
    limits = ("" if lowest is None else f" from {lowest}") + ("" if highest is None else f" to {highest}")
    found = str(value) if integer else f"{_in_a_line(value)} ({type(value).__name__})"
    remedy = f", like {int(value)}" if isinstance(value, float) and value.is_integer() else ""
    raise ConfigurationError(f"{name}: {found} found; allowed are whole numbers{limits}{remedy}")


def one_of(value: Any, name: str, allowed: Sequence[str]) -> str:
    """Return a name that is allowed.

    Raises
    ------
    ConfigurationError
        It is another, or no text at all.
    """
    if not isinstance(value, str) or value not in allowed:
        raise ConfigurationError(f"{subject(name)}: {_shown(value)} found; allowed are {', '.join(allowed)}")
    return value


def instance(value: Any, name: str, kind: type[_Kind], remedy: str) -> _Kind:
    """Return ``value`` where it is a ``kind``.

    Raises
    ------
    ConfigurationError
        It is not; ``remedy`` says how to make one.
    """
    if not isinstance(value, kind):
        found = f"the class {value.__name__} itself" if isinstance(value, type) else type(value).__name__
        raise ConfigurationError(f"{name}: expected one {kind.__name__}, got {found}; {remedy}")
    return value


def evenly_spaced(count: int, most: int) -> npt.NDArray[np.int64]:
    """Return at most so many of ``count`` indices, evenly spaced, both ends included.

    >>> evenly_spaced(10, 4).tolist(), evenly_spaced(3, 8).tolist()
    ([0, 3, 6, 9], [0, 1, 2])
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def number(value: Any, name: str, *, above: float = -inf, lowest: float = -inf, below: float = inf) -> float:
    """Return a finite real number; text and truth values are none.

    Parameters
    ----------
    value
        To be checked.
    name
        The parameter's name in Python.
    above, below
        Not allowed themselves.
    lowest
        Allowed itself.

    Raises
    ------
    ConfigurationError
        No number, or beyond a limit.

    Examples
    --------
    >>> number(np.float32(0.5), "level", above=0.0, below=1.0)
    0.5
    >>> number("0.5", "level", above=0.0, below=1.0)
    Traceback (most recent call last):
    iondrift.errors.ConfigurationError: level: '0.5' found; allowed are numbers above 0 and below 1
    """
    if _is_real(value) and isfinite(value) and above < value < below and value >= lowest:
        return float(value)
    limits = [f"above {above:g}"] if above > -inf else [f"from {lowest:g}"] if lowest > -inf else []
    limits += [f"below {below:g}"] if below < inf else []
    raise ConfigurationError(
        f"{subject(name)}: {_shown(value)} found; allowed are numbers {' and '.join(limits)}".rstrip()
    )


def pair(value: Any, name: str) -> tuple[float, float]:
    """Return first and last time constant, s.

    Raises
    ------
    ConfigurationError
        Not two numbers with 0 < first < last, or beyond what any process takes.

    Examples
    --------
    >>> pair((1.0, 0.0), "window")
    Traceback (most recent call last):
    iondrift.errors.ConfigurationError: window: 1 and 0 found; expected two time constants in s, 0 < first < last
    """
    edges = [] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
    two = len(edges) == 2 and all(map(_is_real, edges))
    if two and 0.0 < edges[0] < edges[1] < inf:
        if edges[0] < 1.0 / _LONGEST_TIME or edges[1] > _LONGEST_TIME:
            raise ConfigurationError(
                f"{subject(name)}: {float(edges[0]):g} to {float(edges[1]):g} s found; time constants lie within "
                f"{1.0 / _LONGEST_TIME:g} and {_LONGEST_TIME:g} s"
            )
        return float(edges[0]), float(edges[1])
    found = f"{float(edges[0]):g} and {float(edges[1]):g}" if two else _shown(value)
    raise ConfigurationError(f"{subject(name)}: {found} found; expected two time constants in s, 0 < first < last")


def flag(value: Any, name: str) -> bool:
    """Return a truth value.

    Raises
    ------
    ConfigurationError
        It is none.
    """
    if not isinstance(value, bool | np.bool_):
        raise ConfigurationError(f"{subject(name)}: {_shown(value)} found; allowed are True and False")
    return bool(value)


def _first(bad: npt.NDArray[np.bool_], values: FloatArray) -> str:
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    place = f" at index {index if len(index) > 1 else index[0]}" if index else ""
    return f"value {values[index]:g}{place} ({int(bad.sum())} of {bad.size} like it)"


def _is_real(value: Any) -> bool:
    if isinstance(value, int | float):
        return not isinstance(value, bool)
    return getattr(value, "shape", None) == () and np.asarray(value).dtype.kind in "iuf"


def _shown(value: Any) -> str:
    return f"{float(value):g}" if _is_real(value) else _in_a_line(value)


def _in_a_line(value: Any) -> str:
    text = " ".join((str(value) if isinstance(value, np.generic) else repr(value)).split())
    return text if len(text) <= 40 else f"{text[:37]}..."
