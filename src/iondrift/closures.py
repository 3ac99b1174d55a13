"""Closures: what fixes the flux at x = 0, and with it field, flux and velocity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import xarray as xr

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.diffusivity import Diffusivity
from iondrift.electrode_flux import flux_from_storage
from iondrift.errors import ConfigurationError, DataError, ShapeError
from iondrift.smoothed_profiles import SmoothedProfiles, Smoothing

Closure = Literal["voltage", "blocking", "current"]

CLOSURES: Mapping[str, str] = {
    "voltage": "the whole effective voltage lies across the region of interest",
    "blocking": "no anions cross the plating electrode; those stored in front of x0 count where they are known",
    "current": "electroneutral binary electrolyte that carries the measured current",
}


def close(
    profiles: SmoothedProfiles,
    diffusivity: Diffusivity,
    closure: Closure,
    *,
    temperature: float,
    voltage: FloatArray,
    current: FloatArray | None,
    cation_ratio: float,
    origin_flux: FloatArray,
) -> dict[str, FloatArray]:
    """Return every result variable (time, x) for one closure; ``voltage`` is the effective one."""
    from iondrift_kernels import drift_velocity as kernels
    from iondrift_kernels.constants import FARADAY, GAS_CONSTANT

    if closure == "current" and current is None:
        raise ConfigurationError("closure 'current' needs current_density (time), A m-2, negative while plating")
    c = profiles.concentration
    diffusivity.check(float(c.min()), float(c.max()))
    D = np.ascontiguousarray(diffusivity(c))
    thermal = GAS_CONSTANT * temperature / FARADAY
    flux, field, velocity = np.empty_like(c), np.empty_like(c), np.empty_like(c)
    kernels.drift_velocity(
        {"voltage": kernels.VOLTAGE, "blocking": kernels.BLOCKING, "current": kernels.CURRENT}[closure],
        c,
        profiles.gradient,
        profiles.integrated,
        D,
        profiles.weights,
        voltage,
        thermal * profiles.junction,
        origin_flux,
        np.zeros_like(voltage) if current is None else current,
        cation_ratio,
        thermal,
        flux,
        field,
        velocity,
    )
    return {
        "drift_velocity": velocity,
        "electric_field": field,
        "flux": flux,
        "flux_diffusive": -D * profiles.gradient,
        "flux_migrative": c * velocity,
        "mobility": D / thermal,
        "diffusivity": D,
        "concentration": c,
        "concentration_gradient": profiles.gradient,
        "charge_balance": charge_balance(flux, current),
    }


def charge_balance(flux: FloatArray, current: FloatArray | None) -> FloatArray:
    """Return -F J / i (time, x); NaN where there is no current or less than a thousandth of its largest."""
    from iondrift_kernels.constants import FARADAY

    result = np.full_like(flux, np.nan)
    if current is not None:
        flowing = np.abs(current) > 1e-3 * np.abs(current).max()
        result[flowing] = -FARADAY * flux[flowing] / current[flowing, None]
    return result


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


def origin_flux(
    storage: xr.DataArray | None,
    time: xr.DataArray,
    *,
    smoothing: Smoothing = "pspline",
    breaks: Sequence[float] = (),
    order: int = 3,
) -> FloatArray:
    """Return J at x = 0 under the blocking closure, -d(storage)/dt (time,), mol m-2 s-1; smoothed as the profiles."""
    if storage is None:
        return np.zeros(time.size)
    values = along_time(storage, "electrode_storage", time)
    return flux_from_storage(values, time.values, smoothing=smoothing, breaks=breaks, order=order)


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
