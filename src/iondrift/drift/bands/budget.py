"""Which input dominates the band of a drift velocity, and how far the choice of closure moves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, Unpack

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.drift.bands.arguments import Draws, with_uncertainty
from iondrift.drift.bands.monte_carlo import Posed, draw, pose
from iondrift.drift.bands.options import BudgetKeywords, DrawOptions
from iondrift.drift.bands.replicates import BandOutcome
from iondrift.drift.bands.uncertainties import ROWS, Uncertainties
from iondrift.drift.closures import CLOSURES, DEFAULT_CLOSURE, closure_named
from iondrift.drift.inputs import DriftInputs, InputOptions, inputs_of, split_options
from iondrift.drift.names import InTime
from iondrift.drift.reconstruction import close
from iondrift.drift.smoothing.penalised_splines import SmoothSeries, SplineOptions
from iondrift.drift.smoothing.profiles import smooth_profiles
from iondrift.threads import one_algebra_thread
from iondrift.transport.diffusivity import Diffusivity

PROFILE_NOISE = "profile_noise"
RANDOM = "random"  # profile, voltage and current noise together
SOURCES: tuple[str, ...] = (PROFILE_NOISE, *(entry.name for entry in fields(Uncertainties)))
QUANTITIES: Mapping[str, str] = {
    "v_x0": "drift velocity at x0, last profile",
    "v_xL": "drift velocity at xL, last profile",
    "maximum": "drift velocity of largest magnitude",
}


class BudgetOptions(InputOptions, SplineOptions, BudgetKeywords, total=False):
    """Options of :func:`error_budget` beside those of its signature, described there."""


@one_algebra_thread
def error_budget(
    concentration: xr.DataArray | DriftInputs,
    voltage: xr.DataArray | None = None,
    diffusivity: Diffusivity | None = None,
    *,
    closure: str = DEFAULT_CLOSURE,
    sobol: bool = False,
    series: SmoothSeries | None = None,
    progress: Callable[[float], None] | None = None,
    **options: Unpack[BudgetOptions],
) -> xr.Dataset:
    """Return what each source alone does to the drift velocity, and what another closure would do.

    One at a time: every source is drawn while all others are exact; its variance and half the width of its 68 % band
    are the contribution. Total effect of source k (Jansen): ``S_k = mean((f(A) - f(A with k from B))^2) / (2 var f)``.

    Parameters
    ----------
    concentration, voltage, diffusivity, temperature, closure, method, uncertainties, seed
        As for :func:`iondrift.drift_bands`; so are all that are not named here.
    samples
        Replicates of each run: about as many runs as there are sources, twice that with ``sobol``. ``"auto"``: as many
        as the run with all sources together needs.
    sobol
        Also total-effect indices, which count interactions between sources.

    Returns
    -------
    xarray.Dataset
        ``variance`` (m2 s-2), ``half_width`` (m s-1) and ``share`` of the summed variance, (source, quantity);
        ``total_variance`` and ``total_half_width`` (quantity) of all sources together; ``closure_velocity`` (closure,
        quantity) of every closure that can be computed, and ``closure_shift`` from the chosen one; with ``sobol``
        ``total_effect`` (factor, quantity), where the factor ``random`` is all noise from point to point together.

    Raises
    ------
    IondriftError
        As :func:`iondrift.drift_bands`.

    Notes
    -----
    Source: Saltelli et al., Global Sensitivity Analysis, 2008; Jansen 1999 for the estimator.
    """
    measured, splines, drawing = split_options(
        "error_budget",
        options,
        InputOptions.__annotations__,
        SplineOptions.__annotations__,
        BudgetKeywords.__annotations__,
    )
    inputs = inputs_of(concentration, voltage, diffusivity, measured)
    asked = DrawOptions(quantiles=(0.16, 0.84), variables_wanted=("drift_velocity",), **drawing)
    posed = pose(inputs, closure_named(closure), asked, series, splines)
    outcome = draw(posed, posed.draws)
    # Differences need as many replicates of every run.
    exact = replace(posed.draws, count=outcome.samples, doubled=False)
    result = _one_at_a_time(posed, exact, outcome, progress)
    if sobol:
        result["total_effect"] = _total_effects(posed, exact, outcome)
    velocities = _every_closure(posed)
    values = np.array(list(velocities.values()))
    coords = {"quantity": list(QUANTITIES), "closure": list(velocities)}
    dims = ("closure", "quantity")
    result["closure_velocity"] = _array(values, coords, "m s-1", "drift velocity under each closure", dims)
    shift = values - velocities[closure]
    result["closure_shift"] = _array(shift, coords, "m s-1", "drift velocity over that of the chosen closure", dims)
    result.quantity.attrs = {"meaning": "; ".join(f"{name}: {text}" for name, text in QUANTITIES.items())}
    result.attrs = {
        "closure": closure,
        "method": exact.method,
        "samples": exact.count,
        "seed": exact.seed,
        "uncertainties": str(exact.uncertainties),
        "procedure": "one source at a time, all others exact",
    }
    return result


def _with_model(draws: Draws, inputs: DriftInputs, model: Uncertainties) -> Draws:
    """Return the same draws under another error model."""
    return replace(draws, uncertainties=model, diffusivity=with_uncertainty(inputs.diffusivity, model))


def _one_at_a_time(
    posed: Posed, exact: Draws, outcome: BandOutcome, progress: Callable[[float], None] | None
) -> xr.Dataset:
    """Return variance, half width and share of every source alone, and of all together."""
    together = _quantities(outcome)
    coords = {"source": list(SOURCES), "quantity": list(QUANTITIES)}
    variance, half_width = (np.zeros((len(SOURCES), len(QUANTITIES))) for _ in range(2))
    for n, source in enumerate(SOURCES):
        alone = _alone(source, exact.uncertainties)
        if alone is not None:
            draws = replace(_with_model(exact, posed.inputs, alone), profile_noise=source == PROFILE_NOISE)
            found = _quantities(draw(posed, draws))
            variance[n], half_width[n] = found.var(axis=1), _half_width(found)
        if progress is not None:
            progress((n + 1) / len(SOURCES))
    total = variance.sum(axis=0)
    share = np.divide(variance, total, out=np.zeros_like(variance), where=total > 0.0)
    return xr.Dataset(
        {
            "variance": _array(variance, coords, "m2 s-2", "variance that a source alone gives"),
            "half_width": _array(half_width, coords, "m s-1", "half the width of the 68 % band of a source alone"),
            "share": _array(share, coords, "1", "variance of a source alone over the sum of all"),
            "total_variance": _array(together.var(axis=1), coords, "m2 s-2", "variance, all sources together"),
            "total_half_width": _array(_half_width(together), coords, "m s-1", "half the width of the 68 % band"),
        }
    )


def _quantities(outcome: BandOutcome) -> FloatArray:
    """Return draws (quantity, replicate)."""
    return np.stack([*outcome.ends[:, -1], outcome.maximum])


def _alone(source: str, model: Uncertainties) -> Uncertainties | None:
    """Return the error model of one source alone; None where it is left out anyway."""
    if source == PROFILE_NOISE:
        return Uncertainties.none()
    return None if getattr(model, source) == 0.0 else model.only(source)


def _total_effects(posed: Posed, exact: Draws, outcome: BandOutcome) -> xr.DataArray:
    """Return the share (factor, quantity) of the variance that each factor and its interactions hold."""
    together, model = _quantities(outcome), exact.uncertainties
    other = (exact.seed + 1) % 2**63
    variance = together.var(axis=1)
    factors = [RANDOM, *(name for name in ROWS if getattr(model, name) != 0.0)]
    effects = []
    for factor in factors:
        # Random noise has one seed; where it changes, every systematic source keeps the first.
        moved = (
            replace(exact, seed=other, seeds=dict.fromkeys(ROWS, exact.seed))
            if factor == RANDOM
            else replace(exact, seeds={factor: other})
        )
        exchanged = _quantities(draw(posed, moved))
        squares = ((together - exchanged) ** 2).mean(axis=1)
        effects.append(np.divide(squares, 2.0 * variance, out=np.zeros_like(variance), where=variance > 0.0))
    coords = {"factor": factors, "quantity": list(QUANTITIES)}
    return _array(np.array(effects), coords, "1", "total-effect Sobol index", ("factor", "quantity"))


def _every_closure(posed: Posed) -> dict[str, FloatArray]:
    """Return the quantities (quantity,) without draws, under every closure whose needs are known."""
    inputs, in_time = posed.inputs, InTime(breaks=posed.series.breaks)
    profiles = smooth_profiles(inputs.concentration, "pspline", series=posed.series)
    found = {}
    for name, closure in CLOSURES.items():
        if closure.allows(inputs):
            origin = posed.origin if closure is posed.closure else closure.origin_of(inputs, in_time)
            v = close(inputs, profiles, closure, origin)["drift_velocity"]
            last = v[posed.draws.end]
            found[name] = np.array([last[0], last[-1], v.flat[int(np.abs(v).argmax())]])
    return found


def _half_width(draws: FloatArray) -> FloatArray:
    low, high = np.quantile(draws, [0.16, 0.84], axis=1)
    return np.asarray((high - low) / 2.0)


def _array(
    values: FloatArray,
    coords: Mapping[str, Any],
    unit: str,
    meaning: str,
    dims: tuple[str, ...] = ("source", "quantity"),
) -> xr.DataArray:
    dims = dims if values.ndim == 2 else ("quantity",)
    return xr.DataArray(
        values, dims=dims, coords={dim: coords[dim] for dim in dims}, attrs={"units": unit, "long_name": meaning}
    )
