"""From concentrations to drift velocities: smoothing, closure, velocity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import xarray as xr

from iondrift import cast, variables
from iondrift.cast import FloatArray
from iondrift.diffusivity import Diffusivity
from iondrift.electrode_flux import flux_from_storage
from iondrift.errors import ConfigurationError, DataError, ShapeError
from iondrift.noise import NoiseEstimate
from iondrift.smoothing import Penalties, SmoothSeries, smooth

Closure = Literal["voltage", "blocking", "current"]
Smoothing = Literal["pspline", "polynomial", "none"]

CLOSURES: Mapping[str, str] = {
    "voltage": "the whole effective voltage lies across the profile",
    "blocking": "no anions cross the plating electrode; storage up to x = 0 counts",
    "current": "electroneutral binary electrolyte carrying the measured current",
}


@dataclass(frozen=True, kw_only=True)
class SmoothedProfiles:
    """Concentration and what follows from it alone, arrays (time, x) in SI.

    ``junction`` (time,) is int D dc/dx / (u c) dx over R T / F, i.e. ln(c_L / c_0) or its trapezoid sum.
    """

    concentration: FloatArray
    gradient: FloatArray
    integrated: FloatArray
    junction: FloatArray
    weights: FloatArray
    series: SmoothSeries | None = None


def reconstruct_drift(
    concentration: xr.DataArray,
    voltage: xr.DataArray,
    diffusivity: Diffusivity,
    *,
    temperature: float,
    closure: Closure = "voltage",
    smoothing: Smoothing = "pspline",
    current_density: xr.DataArray | None = None,
    transference_number: float | None = None,
    voltage_offset: float | xr.DataArray = 0.0,
    electrode_storage: xr.DataArray | None = None,
    breaks: Sequence[float] = (),
    reference_profiles: int | None = None,
    reference_index: int | None = None,
    noise: NoiseEstimate | None = None,
    penalties: Penalties | None = None,
    polynomial_orders: tuple[int, int] = (3, 3),
    series: SmoothSeries | None = None,
) -> xr.Dataset:
    """Reconstruct the anion drift velocity from a concentration series.

    ``v = (J0 + G + D dc/dx) / c``, ``G = -int_0^x dc/dt dx'``, ``E = -v / u``, ``u = F D / (R T)``; the closure
    gives J0: ``voltage``: int E dx = -(V - V_offset); ``blocking``: J0 = -d(storage)/dt; ``current``:
    ``E = (i / F + (D+ - D-) dc/dx) / ((u+ + u-) c)`` with ``D+ = D- (1 - t-) / t-``.

    Parameters
    ----------
    concentration
        (time, x), mol m-3; coordinates in s and m, the plating electrode's side first.
    voltage
        (time,), V, positive while lithium is plated at x = 0.
    diffusivity
        D(c) of the anion.
    temperature
        K.
    closure
        ``voltage``, ``blocking`` or ``current``.
    smoothing
        ``pspline`` (penalised splines, REML; differentiated and integrated exactly), ``none`` (second-order differences
        and trapezoids) or ``polynomial`` (the paper's cubics and one-sided end differences, for comparison).
    current_density
        (time,), A m-2, negative while plating; needed by ``current`` and for the charge balance.
    transference_number
        Anion transference number t-, between 0 and 1; needed by ``current``.
    voltage_offset
        V, scalar or (time,): what does not lie across the profile (EMF, interfaces).
    electrode_storage
        (time,), mol m-2: anions between the plating electrode and x = 0; None takes x = 0 as the electrode.
    breaks
        Times of protocol steps, s, where a kink is allowed (``pspline``).
    reference_profiles, reference_index
        How many profiles the reference averaged, and the index of the one that alone was the reference: the noise
        it printed on all profiles is then fitted (``pspline``).
    noise, penalties
        Given noise correlation and penalties instead of estimated ones (``pspline``).
    polynomial_orders
        In x and in t (``polynomial``).
    series
        A fit made before with the same options, to be used instead of fitting again (``pspline``).

    Returns
    -------
    xarray.Dataset
        drift_velocity (m s-1), electric_field (V m-1), flux, flux_diffusive, flux_migrative (mol m-2 s-1), mobility
        (m2 V-1 s-1), diffusivity (m2 s-1), concentration (mol m-3, smoothed), concentration_gradient (mol m-4),
        charge_balance (1; NaN without current), voltage_effective (V). Signs in the attributes.

    Raises
    ------
    DataError, ShapeError
        Values, coordinates or signs that do not fit; the message names the place.
    ConfigurationError
        An unknown closure or smoothing, or one whose input is missing.
    DiffusivityError
        D(c) is not positive in the range of the profiles.

    Notes
    -----
    Source: Thienenkamp et al., with one set of signs; dilute solution, Nernst-Einstein mobility.

    Examples
    --------
    Uniform concentration: v = u V / L everywhere.

    >>> import numpy as np, xarray as xr, iondrift
    >>> time, x = np.arange(8) * 513.0, np.linspace(0.0, 1.015625e-3, 20)
    >>> c = xr.DataArray(np.full((8, 20), 1666.0), dims=("time", "x"), coords={"time": time, "x": x})
    >>> volt = xr.DataArray(np.full(8, 1.5), dims="time", coords={"time": time})
    >>> result = iondrift.reconstruct_drift(
    ...     c, volt, iondrift.Diffusivity.constant(1.315192e-12), temperature=313.15, smoothing="none")
    >>> print(f"{float(result.drift_velocity[0, 0]) * 3.6e9:.2f} um/h")
    259.13 um/h
    """
    _one_of("closure", closure, get_args(Closure))
    _one_of("smoothing", smoothing, get_args(Smoothing))
    concentration = cast.labelled(concentration, "concentration", ("time", "x"), positive=True)
    temperature = cast.scalar(temperature, "temperature", positive=True)
    time = concentration["time"]
    volts = along_time(voltage, "voltage", time)
    offset = along_time(voltage_offset, "voltage_offset", time)
    current = None if current_density is None else along_time(current_density, "current_density", time)
    if current is not None:
        check_current_sign(volts, current)
    profiles = smooth_profiles(
        concentration,
        smoothing,
        breaks=breaks,
        reference_profiles=reference_profiles,
        reference_index=reference_index,
        noise=noise,
        penalties=penalties,
        orders=polynomial_orders,
        series=series,
    )
    origin = origin_flux(
        electrode_storage,
        time,
        smoothing=smoothing,
        breaks=() if profiles.series is None else profiles.series.breaks,
        order=polynomial_orders[1],
    )
    arrays = close(
        profiles,
        diffusivity,
        closure,
        temperature=temperature,
        voltage=volts - offset,
        current=current,
        cation_ratio=cation_ratio(transference_number, closure),
        origin_flux=origin,
    )
    result = label(arrays, concentration, volts - offset)
    result.attrs = {
        "closure": closure,
        "closure_meaning": CLOSURES[closure],
        "smoothing": smoothing,
        "temperature_K": temperature,
        "diffusivity": diffusivity.describe(),
        "assumptions": "dilute solution; Nernst-Einstein mobility; one dimension; no convection",
    }
    if profiles.series is not None:
        result.attrs |= smoothing_attributes(profiles.series)
    return result


def smooth_profiles(
    concentration: xr.DataArray,
    smoothing: Smoothing,
    *,
    breaks: Sequence[float] = (),
    reference_profiles: int | None = None,
    reference_index: int | None = None,
    noise: NoiseEstimate | None = None,
    penalties: Penalties | None = None,
    orders: tuple[int, int] = (3, 3),
    series: SmoothSeries | None = None,
) -> SmoothedProfiles:
    """Return c, dc/dx and G by the named smoothing.

    Raises
    ------
    DataError
        Too few profiles or points, or a smoothed concentration that is not positive.
    """
    values, time, x = concentration.values, concentration["time"].values, concentration["x"].values
    if smoothing == "pspline":
        from iondrift.spline_basis import cubic_quadrature

        series = series or smooth(
            concentration,
            breaks=breaks,
            noise=noise,
            reference_profiles=reference_profiles,
            reference_index=reference_index,
            penalties=penalties,
        )
        values, gradient, integrated = series.evaluate()
        weights = cubic_quadrature(x)
        _require_positive(values, time, x)
        junction = np.log(values[:, -1] / values[:, 0])
    else:
        from iondrift_kernels.flux_integration import integrate_flux

        # The paper takes one-sided differences at the ends; parity with it asks for the same.
        edge_order: Literal[1, 2] = 2
        if smoothing == "polynomial":
            from iondrift.polynomial import fit_polynomials

            values = fit_polynomials(values, time, x, orders)
            _require_positive(values, time, x)
            edge_order = 1
        if time.size < 3 or x.size < 3:
            raise DataError(f"concentration: differences need at least 3 profiles of 3 points, got {values.shape}")
        gradient = np.gradient(values, x, axis=1, edge_order=edge_order)
        rate = np.ascontiguousarray(np.gradient(values, time, axis=0, edge_order=edge_order))
        integrated = np.empty_like(rate)
        integrate_flux(rate, x, integrated)
        weights = _trapezoid_weights(x)
        # The sum that goes with this gradient, so that the field sums to -V exactly.
        junction = (gradient / values) @ weights
    return SmoothedProfiles(
        concentration=np.ascontiguousarray(values),
        gradient=np.ascontiguousarray(gradient),
        integrated=np.ascontiguousarray(integrated),
        junction=junction,
        weights=weights,
        series=series if smoothing == "pspline" else None,
    )


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


def label(result: Mapping[str, FloatArray], like: xr.DataArray, effective: FloatArray) -> xr.Dataset:
    """Return the arrays with names, coordinates and attributes."""
    coords = {dim: like[dim] for dim in ("time", "x")}
    dataset = xr.Dataset({name: variables.dataarray(name, data, coords) for name, data in result.items()})
    dataset["voltage_effective"] = variables.dataarray("voltage_effective", effective, coords)
    return dataset


def smoothing_attributes(series: SmoothSeries) -> dict[str, float | int | str]:
    """Return what the smoothing chose, as attributes."""
    return {
        "penalty_space": series.penalties.space,
        "penalty_time": series.penalties.time,
        "penalty_both": series.penalties.both,
        "penalty_adaptivity": str(series.penalties.adaptivity),
        "noise_standard_deviation": series.standard_deviation,
        "noise_autocorrelation": str(tuple(round(value, 3) for value in series.noise.autocorrelation)),
        "independent_points": series.nominal_points,
        "effective_parameters": series.effective_parameters,
        "posterior_spread": series.spread,
        "breaks_s": str(series.breaks),
    }


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


def _require_positive(values: FloatArray, time: FloatArray, x: FloatArray) -> None:
    if not (values > 0.0).all():
        k, j = np.unravel_index(int(values.argmin()), values.shape)
        raise DataError(
            f"smoothed concentration: {values[k, j]:g} mol m-3 at time {time[k]:g} s, x {x[j] * 1e6:.1f} um; "
            "leave out the depleted points or profiles there"
        )


def _trapezoid_weights(x: FloatArray) -> FloatArray:
    weights = np.zeros_like(x)
    steps = np.diff(x) / 2.0
    weights[:-1] += steps
    weights[1:] += steps
    return weights


def _one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ConfigurationError(f"{name}: {value!r} found; allowed are {', '.join(allowed)}")
