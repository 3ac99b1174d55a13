"""Frames of one cell at the end of its polarisation, and the t- at which two closures agree, with posterior draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray, evenly_spaced
from iondrift.drift.bands.uncertainties import DIFFUSIVITY_DEFAULT, Uncertainties
from iondrift.drift.frames import Diagnostic, agreeing_transference, frames, geometric_velocity, voltage_frame
from iondrift.drift.smoothing.draws import draw_profiles
from iondrift.experiment.results import CellFrames, Measured

if TYPE_CHECKING:
    from iondrift.drift.smoothing.series import SmoothSeries

_MOST_PROFILES = 60  # of a long series, for t-*
_DRAWS = 200


def frames_of(
    measured: Measured,
    series: SmoothSeries | None,
    closures: Mapping[str, xr.Dataset],
    model: Uncertainties,
    *,
    seed: int | None,
) -> CellFrames | None:
    """Return the frames of one cell; None where it was not smoothed by splines or nothing blocks.

    Parameters
    ----------
    measured
        One cell.
    series
        The fit of its profiles.
    closures
        Their results; J is that of ``blocking``.
    model
        Of the errors: c0 and D- vary with the draws.
    seed
        Of the draws; None for none.
    """
    if series is None or "blocking" not in closures:
        return None
    end, t = measured.end, measured.experiment.electrolyte.transference_number
    flowing = np.flatnonzero(measured.polarised)
    chosen = np.union1d(flowing[evenly_spaced(flowing.size, _MOST_PROFILES)] if flowing.size else flowing, [end])
    result = closures["blocking"]
    c, gradient = result.concentration.values[chosen], result.concentration_gradient.values[chosen]
    flux = result.flux.values[chosen]
    values = _numbers(measured, chosen, c[None], gradient[None], flux[None], np.ones(1), t)
    draws: dict[str, FloatArray] = {}
    if seed is not None:
        random = np.random.Generator(np.random.Philox(seed + 1))
        c_drawn, gradient_drawn, integrated = draw_profiles(series, chosen, _DRAWS, seed)
        level = np.exp(model.concentration_relative * random.standard_normal(_DRAWS))[:, None, None]
        law = model.diffusivity_relative
        spread = measured.diffusivity.relative_uncertainty if law is None else law
        factor = np.exp((DIFFUSIVITY_DEFAULT if spread is None else spread) * random.standard_normal(_DRAWS))
        origin = flux[:, :1] - series.evaluate()[2][chosen][:, :1]
        drawn = np.maximum(c_drawn, 1e-3 * c.max())
        draws = _numbers(
            measured, chosen, level * drawn, level * gradient_drawn, level * (origin + integrated), factor, t
        )
    current = measured.current_density
    found = {name: float(value[0]) for name, value in values.items()}
    if current is not None:
        found["geometric"] = float(geometric_velocity(current.values[end]))
    return CellFrames(values=found, draws=draws, diagnostic=_diagnostic(closures, end))


def _numbers(
    measured: Measured, chosen: np.ndarray, c: FloatArray, gradient: FloatArray, flux: FloatArray, factor: FloatArray,
    t: float | None,
) -> dict[str, FloatArray]:  # fmt: skip
    """Return the numbers by name (draw,) of draws (draw, profile, point); ``factor`` (draw,) of D-."""
    x, last = measured.concentration.x.values, int(np.flatnonzero(chosen == measured.end)[0])
    law = np.asarray(measured.diffusivity(c)) * factor[:, None, None]
    salt = law * (1.0 if t is None else 2.0 * (1.0 - t))
    found = frames(x, c[:, last], gradient[:, last], flux[:, last], salt[:, last])
    numbers = {name: getattr(found, name) for name in ("least_flux", "net_mean", "net_spread")}
    if t is not None:
        numbers["kinematic"] = found.kinematic
    current = measured.current_density
    if current is not None and np.abs(current.values[chosen]).max() > 0.0:
        numbers["agreeing_transference"] = agreeing_transference(flux, gradient, law, current.values[chosen])
    return numbers


def _diagnostic(closures: Mapping[str, xr.Dataset], end: int) -> Diagnostic | None:
    if "voltage" not in closures:
        return None
    one = closures["voltage"].isel(time=end)
    return voltage_frame(
        one.x.values, one.concentration.values, one.mobility.values, one.drift_velocity.values, one.flux.values
    )
