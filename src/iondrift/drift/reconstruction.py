"""From concentrations to drift velocities: smoothing, closure, velocity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import xarray as xr

from iondrift import cast, variables
from iondrift.cast import FloatArray
from iondrift.drift.closures import close, origin_flux
from iondrift.drift.inputs import along_time, cation_ratio, check_current_sign
from iondrift.drift.names import CLOSURES, Closure, Smoothing
from iondrift.drift.smoothing.noise import NoiseEstimate
from iondrift.drift.smoothing.penalised_splines import Penalties, SmoothSeries
from iondrift.drift.smoothing.profiles import smooth_profiles, smoothing_attributes
from iondrift.transport.diffusivity import Diffusivity, require_diffusivity


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
    cast.one_of(closure, "closure", get_args(Closure))
    cast.one_of(smoothing, "smoothing", get_args(Smoothing))
    require_diffusivity(diffusivity)
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


def label(result: Mapping[str, FloatArray], like: xr.DataArray, effective: FloatArray) -> xr.Dataset:
    """Return the arrays with names, coordinates and attributes."""
    coords = {dim: like[dim] for dim in ("time", "x")}
    dataset = xr.Dataset({name: variables.dataarray(name, data, coords) for name, data in result.items()})
    dataset["voltage_effective"] = variables.dataarray("voltage_effective", effective, coords)
    return dataset
