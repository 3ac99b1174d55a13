"""What reconstruction, bands and budget are given, checked once."""

from __future__ import annotations

import numpy as np
import xarray as xr

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.drift.names import Closure
from iondrift.errors import ConfigurationError, DataError, ShapeError


def cation_ratio(transference_number: float | None, closure: Closure) -> float:
    """Return D+ / D- = (1 - t-) / t- (0 where it is not needed).

    Raises
    ------
    ConfigurationError
        t- is missing under the current closure, or not between 0 and 1.
    """
    if transference_number is None:
        if closure == "current":
            raise ConfigurationError("closure 'current' needs transference_number, the anion's t- between 0 and 1")
        return 0.0
    value = cast.scalar(transference_number, "transference_number")
    if not 0.0 < value <= 1.0:
        raise ConfigurationError(f"transference_number: {value:g} found; the anion's t- lies above 0 and at most at 1")
    return (1.0 - value) / value


def along_time(value: float | xr.DataArray, name: str, time: xr.DataArray) -> FloatArray:
    """Return a value per profile; a DataArray must carry the profiles' own times.

    Raises
    ------
    ShapeError, DataError
        It does not; nothing is interpolated silently.
    """
    if not isinstance(value, xr.DataArray):
        return np.full(time.size, cast.scalar(value, name))
    result = cast.labelled(value, name, ("time",))
    if result.size != time.size:
        raise ShapeError(
            f"{name}: has {result.size} values for {time.size} profiles; average it over each profile first"
        )
    difference = np.abs(result["time"].values - time.values)
    if difference.max() > 1e-6 * max(np.abs(time.values).max(), 1.0):
        k = int(difference.argmax())
        raise DataError(
            f"{name}: its time {result['time'].values[k]:g} s differs from the profile's {time.values[k]:g} s "
            f"at index {k}; average it over each profile first"
        )
    return result.values


def check_current_sign(voltage: FloatArray, current: FloatArray) -> None:
    """Refuse a current that runs against the sign convention.

    Raises
    ------
    DataError
        The charge that flowed while V > 0 is positive.
    """
    if float(np.sum(voltage * current)) > 0.0:
        raise DataError(
            "current_density: is positive while the voltage is positive; i counts along +x and is negative while "
            "lithium is plated at x = 0 (turn its sign)"
        )
