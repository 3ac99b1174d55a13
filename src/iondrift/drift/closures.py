"""Closures: what fixes the flux at x = 0, and with it field, flux and velocity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.drift.electrode_flux import flux_from_storage
from iondrift.drift.inputs import along_time
from iondrift.drift.names import Closure, Smoothing
from iondrift.drift.smoothing.profiles import SmoothedProfiles
from iondrift.errors import ConfigurationError
from iondrift.transport.diffusivity import Diffusivity


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
