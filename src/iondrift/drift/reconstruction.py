"""From concentrations to drift velocities: smoothing, closure, velocity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack, get_args

import numpy as np
import xarray as xr

from iondrift import cast, variables
from iondrift.cast import FloatArray
from iondrift.drift.closures import DEFAULT_CLOSURE, Closure, Origin, closure_named
from iondrift.drift.concentrated import close_concentrated
from iondrift.drift.inputs import DriftInputs, InputOptions, inputs_of
from iondrift.drift.names import CONCENTRATED, DEFAULT_ORDERS, DEFAULT_SMOOTHING, DILUTE, InTime, Smoothing
from iondrift.drift.smoothing.penalised_splines import SmoothSeries, SplineOptions
from iondrift.drift.smoothing.profiles import SmoothedProfiles, smooth_profiles, smoothing_attributes
from iondrift.settings import split_keywords
from iondrift.threads import bounded_threads
from iondrift.transport.diffusivity import Diffusivity


class ReconstructionOptions(InputOptions, SplineOptions, total=False):
    """Options of :func:`reconstruct_drift` beside those of its signature, described there."""


@bounded_threads
def reconstruct_drift(
    concentration: xr.DataArray | DriftInputs,
    voltage: xr.DataArray | None = None,
    diffusivity: Diffusivity | None = None,
    *,
    closure: str = DEFAULT_CLOSURE,
    smoothing: Smoothing = DEFAULT_SMOOTHING,
    polynomial_orders: tuple[int, int] = DEFAULT_ORDERS,
    series: SmoothSeries | None = None,
    **options: Unpack[ReconstructionOptions],
) -> xr.Dataset:
    """Reconstruct the anion drift velocity from a concentration series.

    ``v = (J0 + G + D dc/dx) / c``, ``G = -int_0^x dc/dt dx'``, ``E = -v / u``, ``u = F D / (R T)``; the closure
    gives J0: ``voltage``: int E dx = -(V - V_offset); ``blocking``: J0 = -d(storage)/dt; ``current``:
    ``E = (i / F + (D+ - D-) dc/dx) / ((u+ + u-) c)`` with ``D+ = D- (1 - t-) / t-``; ``concentrated``:
    ``v = -t- i / (F c) + u- (2 t- - 1) chi (R T / F) (dc/dx) / c`` with ``u- = t- kappa / (F c)``.

    Parameters
    ----------
    concentration
        (time, x), mol m-3; coordinates in s and m, the plating electrode's side first. Or :class:`iondrift.DriftInputs`
        in place of this and all that was measured.
    voltage
        (time,), V, positive while lithium is plated at x = 0.
    diffusivity
        D(c) of the anion.
    temperature
        K.
    closure
        ``voltage``, ``blocking``, ``current``, ``concentrated``, or another that was registered.
    smoothing
        ``pspline`` (penalised splines, REML; differentiated and integrated exactly), ``none`` (second-order differences
        and trapezoids) or ``polynomial`` (the paper's cubics and one-sided end differences, for comparison).
    current_density
        (time,), A m-2, negative while plating; needed by ``current`` and for the charge balance.
    transference_number
        Anion transference number t-, between 0 and 1; needed by ``current``.
    voltage_offset
        V, scalar or (time,): what does not lie across the profile (EMF, interfaces), see
        :func:`iondrift.voltage_ledger`. None lays the whole voltage across it, and the attribute ``voltage_laid`` says
        so.
    electrode_storage
        (time,), mol m-2: anions between the plating electrode and x = 0; None takes x = 0 as the electrode.
    solution
        :class:`iondrift.ConcentratedSolution`; needed by ``concentrated``.
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
        charge_balance (1; NaN without current), net_velocity J / c (m s-1), voltage_effective (V), voltage_across
        (V, -int E dx). Signs in the
        attributes. Under ``concentrated`` also current_velocity -t- i / (F c), which like net_velocity no convention
        touches, and friction (mol m-2 s-1).

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
    chosen = closure_named(closure)
    cast.one_of(smoothing, "smoothing", get_args(Smoothing))
    measured, splines = split_keywords("reconstruct_drift", options, InputOptions, SplineOptions)
    inputs = inputs_of(concentration, voltage, diffusivity, measured)
    chosen.require(inputs)
    profiles = smooth_profiles(inputs.concentration, smoothing, orders=polynomial_orders, series=series, **splines)
    breaks = () if profiles.series is None else profiles.series.breaks
    in_time = InTime(smoothing=smoothing, breaks=breaks, order=polynomial_orders[1])
    arrays = close(inputs, profiles, chosen, chosen.origin_of(inputs, in_time))
    return label_drift(arrays, inputs, chosen, smoothing, profiles.series)


def close(
    inputs: DriftInputs, profiles: SmoothedProfiles, closure: Closure, origin: Origin | None
) -> dict[str, FloatArray]:
    """Return every result variable (time, x) of one closure; ``origin``: the flux at x = 0 that it gives."""
    from iondrift_kernels import drift_velocity as kernels
    from iondrift_kernels.constants import FARADAY, GAS_CONSTANT

    if closure.concentrated:
        return close_concentrated(inputs, profiles)
    c, law = profiles.concentration, inputs.diffusivity
    law.check(float(c.min()), float(c.max()))
    thermal = GAS_CONSTANT * inputs.temperature / FARADAY
    closing = kernels.Closing(
        voltage=inputs.voltage,
        junction=thermal * profiles.junction,
        origin_flux=np.zeros(c.shape[0]) if origin is None else origin.flux(),
        current_density=np.zeros(c.shape[0]) if inputs.current is None else inputs.current,
        balanced=inputs.balanced,
        cation_ratio=inputs.cation_ratio,
        thermal_voltage=thermal,
    )
    given = kernels.Profiles(c, profiles.gradient, profiles.integrated, profiles.weights)
    found = kernels.Result(*np.empty((len(kernels.Result._fields), *c.shape)))
    kernels.drift_velocity(
        closure.code, given, kernels.Law(law.form, law.argument_code, law.parameters), closing, found
    )
    return {
        "drift_velocity": found.velocity,
        "electric_field": found.field,
        "flux": found.flux,
        "flux_diffusive": found.diffusive,
        "flux_migrative": found.migrative,
        "mobility": found.mobility,
        "diffusivity": found.diffusivity,
        "concentration": c,
        "concentration_gradient": profiles.gradient,
        "charge_balance": found.charge_balance,
        "net_velocity": found.flux / c,
        "voltage_across": -(found.field @ profiles.weights),
    }


def label_drift(
    arrays: Mapping[str, FloatArray],
    inputs: DriftInputs,
    closure: Closure,
    smoothing: Smoothing,
    series: SmoothSeries | None,
) -> xr.Dataset:
    """Return the arrays (time, x) of one closure as a dataset, the effective voltage beside them."""
    coords = {dim: inputs.concentration[dim].variable for dim in ("time", "x")}
    dataset = variables.dataset({**arrays, "voltage_effective": inputs.voltage}, coords)
    solution = inputs.solution if closure.concentrated else None
    laid = "after the stated offset" if inputs.ledger is None else "after the parts of the ledger"
    dataset.attrs = {
        "closure": closure.name,
        "closure_meaning": closure.meaning,
        "smoothing": smoothing,
        "temperature_K": inputs.temperature,
        "voltage_laid": laid if inputs.offset_stated else "the whole cell voltage: no voltage_offset was stated",
        "diffusivity": inputs.diffusivity.describe(),
        "assumptions": DILUTE if solution is None else f"{CONCENTRATED}; {solution.describe()}",
    }
    if series is not None:
        dataset.attrs |= smoothing_attributes(series)
    return dataset
