"""Which input dominates the band of a drift velocity, and how far the choice of closure moves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import NamedTuple, Unpack

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.drift.bands.arguments import Posed, pose, solution_with_uncertainty, with_uncertainty
from iondrift.drift.bands.monte_carlo import draw
from iondrift.drift.bands.options import BudgetKeywords, DrawOptions
from iondrift.drift.bands.replicates import BandOutcome
from iondrift.drift.bands.uncertainties import ROWS, Uncertainties
from iondrift.drift.closures import CLOSURES, DEFAULT_CLOSURE, closure_named
from iondrift.drift.inputs import DriftInputs, InputOptions, inputs_of
from iondrift.drift.names import InTime
from iondrift.drift.reconstruction import close
from iondrift.drift.smoothing.penalised_splines import SmoothSeries, SplineOptions
from iondrift.drift.smoothing.profiles import smooth_profiles
from iondrift.settings import split_keywords
from iondrift.threads import bounded_threads
from iondrift.transport.diffusivity import Diffusivity

PROFILE_NOISE = "profile_noise"
RANDOM = "random"  # profile, voltage and current noise together
SOURCES: tuple[str, ...] = (PROFILE_NOISE, *(entry.name for entry in fields(Uncertainties)))
QUANTITIES: Mapping[str, str] = {
    "v_x0": "drift velocity at x0, last profile",
    "v_xL": "drift velocity at xL, last profile",
    "maximum": "drift velocity of largest magnitude",
}


_BY_SOURCE, _BY_CLOSURE = ("source", "quantity"), ("closure", "quantity")  # dimensions of the results


class Spread(NamedTuple):
    """Variance, m2 s-2, and half the width of the 68 % band, m s-1."""

    variance: FloatArray
    half_width: FloatArray


class BudgetOptions(InputOptions, SplineOptions, BudgetKeywords, total=False):
    """Options of :func:`error_budget` beside those of its signature, described there."""


@bounded_threads
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

    Examples
    --------
    >>> import iondrift
    >>> cell = iondrift.simulate("li-li").isel(time=slice(16, None, 4), x=slice(None, None, 3))
    >>> D = iondrift.Diffusivity.constant(1.3e-12)
    >>> volts = cell.voltage - cell.voltage_offset
    >>> budget = error_budget(cell.concentration, volts, D, temperature=313.15, samples=100)
    >>> str(budget.share.sel(quantity="v_x0").idxmax().item())
    'voltage_offset_V'
    """
    measured, splines, drawing = split_keywords(
        "error_budget",
        options,
        InputOptions,
        SplineOptions,
        BudgetKeywords,
    )
    inputs = inputs_of(concentration, voltage, diffusivity, measured)
    asked = DrawOptions(quantiles=(0.16, 0.84), variables_wanted=("drift_velocity",), **drawing)
    posed = pose(inputs, closure_named(closure), asked, series, splines)
    outcome = draw(posed, posed.draws)
    together = _quantities(outcome)
    # Differences need as many replicates of every run.
    exact = replace(posed, draws=replace(posed.draws, count=outcome.samples, doubled=False))
    alone = _one_at_a_time(exact, progress)
    effects = _total_effects(exact, together) if sobol else {}
    return label_budget(exact, alone, _spread(together), _every_closure(exact), effects)


def label_budget(
    posed: Posed,
    alone: Spread,
    together: Spread,
    velocities: Mapping[str, FloatArray],
    effects: Mapping[str, FloatArray],
) -> xr.Dataset:
    """Return the budget with names, coordinates and attributes.

    Parameters
    ----------
    posed
        What was asked for.
    alone, together
        Of every source alone, (source, quantity), and of all together, (quantity,).
    velocities
        (quantity,), m s-1, under every closure; the chosen one is among them.
    effects
        Total-effect indices (quantity,) by factor; empty where they were not asked for.
    """
    named = {"source": list(SOURCES), "quantity": list(QUANTITIES), "factor": [*effects], "closure": [*velocities]}

    def array(values: FloatArray, unit: str, meaning: str, *dims: str) -> xr.DataArray:
        coords = {dim: named[dim] for dim in dims}
        return xr.DataArray(values, dims=dims, coords=coords, attrs={"units": unit, "long_name": meaning})

    total = alone.variance.sum(axis=0)
    share = np.divide(alone.variance, total, out=np.zeros_like(alone.variance), where=total > 0.0)
    half = "half the width of the 68 % band"
    result = xr.Dataset(
        {
            "variance": array(alone.variance, "m2 s-2", "variance that a source alone gives", *_BY_SOURCE),
            "half_width": array(alone.half_width, "m s-1", f"{half} of a source alone", *_BY_SOURCE),
            "share": array(share, "1", "variance of a source alone over the sum of all", *_BY_SOURCE),
            "total_variance": array(together.variance, "m2 s-2", "variance, all sources together", "quantity"),
            "total_half_width": array(together.half_width, "m s-1", half, "quantity"),
        }
    )
    if effects:
        indices = np.array([*effects.values()])
        result["total_effect"] = array(indices, "1", "total-effect Sobol index", "factor", "quantity")
    values = np.array([*velocities.values()])
    shift = values - velocities[posed.closure.name]
    result["closure_velocity"] = array(values, "m s-1", "drift velocity under each closure", *_BY_CLOSURE)
    result["closure_shift"] = array(shift, "m s-1", "drift velocity over that of the chosen closure", *_BY_CLOSURE)
    result.quantity.attrs = {"meaning": "; ".join(f"{name}: {text}" for name, text in QUANTITIES.items())}
    result.attrs = {
        "closure": posed.closure.name,
        "method": posed.draws.method,
        "samples": posed.draws.count,
        "seed": posed.draws.seed,
        "uncertainties": str(posed.draws.uncertainties),
        "procedure": "one source at a time, all others exact",
    }
    return result


def _one_at_a_time(posed: Posed, progress: Callable[[float], None] | None) -> Spread:
    """Return variance and half width (source, quantity) of every source alone; zero of those left out."""
    exact = posed.draws
    variance, half_width = (np.zeros((len(SOURCES), len(QUANTITIES))) for _ in range(2))
    for n, source in enumerate(SOURCES):
        alone = _alone(source, posed)
        if alone is not None:
            draws = replace(
                exact,
                uncertainties=alone,
                diffusivity=with_uncertainty(posed.inputs.diffusivity, alone),
                solution=solution_with_uncertainty(posed.inputs.solution, alone),
                profile_noise=source == PROFILE_NOISE,
            )
            variance[n], half_width[n] = _spread(_quantities(draw(posed, draws)))
        if progress is not None:
            progress((n + 1) / len(SOURCES))
    return Spread(variance, half_width)


def _quantities(outcome: BandOutcome) -> FloatArray:
    """Return draws (quantity, replicate)."""
    return np.stack([*outcome.ends[:, -1], outcome.maximum])


def _spread(draws: FloatArray) -> Spread:
    """Return the spread (quantity,) of draws (quantity, replicate)."""
    low, high = np.quantile(draws, [0.16, 0.84], axis=1)
    return Spread(draws.var(axis=1), np.asarray((high - low) / 2.0))


def _alone(source: str, posed: Posed) -> Uncertainties | None:
    """Return the error model of one source alone; None where it is left out anyway."""
    if source == PROFILE_NOISE:
        return Uncertainties.none()
    return posed.draws.uncertainties.only(source) if source in _varied(posed) else None


def _varied(posed: Posed) -> list[str]:
    """Return the sources, beside the profiles' noise, that this closure's replicates vary."""
    unused = "diffusivity_relative" if posed.closure.concentrated else "solution_relative"
    model = posed.draws.uncertainties
    return [entry.name for entry in fields(model) if entry.name != unused and getattr(model, entry.name) != 0.0]


def _total_effects(posed: Posed, together: FloatArray) -> dict[str, FloatArray]:
    """Return the share (quantity,) of the variance that each factor and its interactions hold, by name.

    ``together`` (quantity, replicate): all sources drawn.
    """
    exact = posed.draws
    other = (exact.seed + 1) % 2**63
    variance = together.var(axis=1)
    # Random noise has one seed; where it changes, every systematic source keeps the first.
    moved = {RANDOM: replace(exact, seed=other, seeds=dict.fromkeys(ROWS, exact.seed))}
    kept = [name for name in ROWS if name in _varied(posed)]
    moved |= {name: replace(exact, seeds={name: other}) for name in kept}
    effects = {}
    for factor, draws in moved.items():
        squares = ((together - _quantities(draw(posed, draws))) ** 2).mean(axis=1)
        effects[factor] = np.divide(squares, 2.0 * variance, out=np.zeros_like(variance), where=variance > 0.0)
    return effects


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
