"""What bands are asked for, checked before anything expensive begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, get_args

import numpy as np

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.drift.bands import counts as replicates
from iondrift.drift.bands.options import BANDED, DrawOptions
from iondrift.drift.bands.uncertainties import DIFFUSIVITY_DEFAULT, ROWS, Uncertainties
from iondrift.drift.closures import Closure, Origin
from iondrift.drift.inputs import DriftInputs
from iondrift.drift.names import InTime, Method
from iondrift.drift.smoothing.penalised_splines import SmoothSeries, given_or_fitted
from iondrift.errors import ConfigurationError
from iondrift.transport.concentrated import PROPERTIES, ConcentratedSolution
from iondrift.transport.diffusivity import Diffusivity
from iondrift.transport.uncertain_formula import UncertainFormula

_HIGHEST_SEED = 2**63 - 1
_Formula = TypeVar("_Formula", bound=UncertainFormula)


@dataclass(frozen=True, kw_only=True, eq=False)
class Draws:
    """What the replicates of one reconstruction vary, checked.

    Attributes
    ----------
    method, uncertainties, profile_noise
        As asked for.
    diffusivity
        D(c) with the uncertainty that the error model asks for.
    solution
        Properties of the solution, likewise; None where they are not known.
    count, doubled
        The first number of replicates, and whether it grows until the bands are known well enough.
    seed, seeds
        Of all sources, and of single systematic ones.
    levels, codes
        Quantiles, ascending, and the kernel's codes of the variables kept; v first.
    began, end
        Profiles that growth is counted from (None: no growth) and that final numbers are taken at.
    """

    method: Method
    uncertainties: Uncertainties
    profile_noise: bool
    diffusivity: Diffusivity
    solution: ConcentratedSolution | None
    count: int
    doubled: bool
    seed: int
    seeds: Mapping[str, int]
    levels: FloatArray
    codes: np.ndarray
    began: int | None
    end: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Posed:
    """One cell, its fits and how it is drawn: checked, and fitted where no fit was given.

    ``origin``: the flux at x = 0, where the closure gives it.
    """

    inputs: DriftInputs
    closure: Closure
    series: SmoothSeries
    origin: Origin | None
    draws: Draws


def pose(
    inputs: DriftInputs,
    closure: Closure,
    options: DrawOptions,
    series: SmoothSeries | None,
    splines: Mapping[str, Any],
) -> Posed:
    """Check what bands are asked for, then fit the profiles where no fit was given.

    Raises
    ------
    DataError, ShapeError, ConfigurationError, DiffusivityError
        As :func:`drift_bands`.
    """
    closure.require(inputs)
    draws = check_draws(inputs, options)
    drawn = draws.method == "posterior" and draws.profile_noise
    series = given_or_fitted(inputs.concentration, series, drawn=drawn, **splines)
    inputs.diffusivity.check(*series.extremes)
    origin = closure.origin_of(inputs, InTime(breaks=series.breaks))
    return Posed(inputs=inputs, closure=closure, series=series, origin=origin, draws=draws)


def check_draws(inputs: DriftInputs, options: DrawOptions) -> Draws:
    """Return the options of :func:`iondrift.drift_bands`, checked against one cell.

    Raises
    ------
    DataError, ConfigurationError
        One does not fit; the message names it and what is allowed.
    """
    cast.one_of(options.method, "method", get_args(Method))
    model = Uncertainties() if options.uncertainties is None else options.uncertainties
    cast.instance(model, "uncertainties", Uncertainties, "Uncertainties(temperature_K=0.5) makes one")
    model.check_against(temperature=inputs.temperature, points=inputs.concentration.sizes["x"])
    doubled = isinstance(options.samples, str) and options.samples == "auto"
    end = _end_index(options.end_at, inputs.time)
    return Draws(
        method=options.method,
        uncertainties=model,
        profile_noise=options.profile_noise,
        diffusivity=with_uncertainty(inputs.diffusivity, model),
        solution=solution_with_uncertainty(inputs.solution, model),
        count=replicates.FIRST if doubled else _count(options.samples),
        doubled=doubled,
        seed=_seed(options.seed, "seed"),
        seeds=_source_seeds(options.seeds),
        levels=_levels(options.quantiles),
        codes=_codes(options.variables_wanted),
        began=_began(options.growth_from, inputs.time, end),
        end=end,
    )


def with_uncertainty(diffusivity: Diffusivity, uncertainties: Uncertainties) -> Diffusivity:
    """Return D(c) with the uncertainty that the error model asks for."""
    return _uncertain(diffusivity, uncertainties.diffusivity_relative)


def solution_with_uncertainty(
    solution: ConcentratedSolution | None, uncertainties: Uncertainties
) -> ConcentratedSolution | None:
    """Return the properties of a solution, each with the uncertainty that the error model asks for."""
    if solution is None:
        return None
    relative = uncertainties.solution_relative
    return replace(solution, **{name: _uncertain(getattr(solution, name), relative) for name in PROPERTIES})


def _uncertain(formula: _Formula, relative: float | None) -> _Formula:
    """Return a formula with a relative uncertainty; None: its own, else the stated default."""
    if relative is None:
        stated = formula.covariance is not None or formula.relative_uncertainty is not None
        return formula if stated else replace(formula, relative_uncertainty=DIFFUSIVITY_DEFAULT)
    return replace(formula, covariance=None, relative_uncertainty=relative)


def _count(samples: object) -> int:
    try:
        return cast.whole(samples, "samples", lowest=replicates.FEWEST, highest=replicates.MOST)
    except ConfigurationError as error:
        raise ConfigurationError(f"{error}, or 'auto'") from None


def _seed(seed: int, name: str) -> int:
    return cast.whole(seed, name, lowest=0, highest=_HIGHEST_SEED)


def _source_seeds(seeds: Mapping[str, int] | None) -> dict[str, int]:
    given = {} if seeds is None else seeds
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"seeds: {given!r} found; name the sources, such as {{'temperature_K': 1}}")
    for name in given:
        if name not in ROWS:
            raise ConfigurationError(f"seeds: source {name!r} found; allowed are {', '.join(ROWS)}")
    return {name: _seed(seed, f"seeds: {name}") for name, seed in given.items()}


def _levels(quantiles: Sequence[float]) -> FloatArray:
    levels = cast.increasing(quantiles, "quantiles")
    if not (levels.size and levels[0] >= 0.0 and levels[-1] <= 1.0):
        raise ConfigurationError(f"quantiles: {tuple(quantiles)} found; levels lie between 0 and 1, ascending")
    return levels


def _codes(names: Sequence[str]) -> np.ndarray:
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise ConfigurationError(
            f"variables_wanted: {names!r} found; give a sequence of names, such as ('drift_velocity', 'flux')"
        )
    for name in names:
        if name not in BANDED:
            raise ConfigurationError(f"variables_wanted: {name!r} found; allowed are {', '.join(BANDED)}")
    if "drift_velocity" not in names:
        raise ConfigurationError("variables_wanted: must name drift_velocity")
    ordered = ["drift_velocity", *(name for name in dict.fromkeys(names) if name != "drift_velocity")]
    return np.array([BANDED.index(name) for name in ordered], dtype=np.int64)


def _end_index(end_at: float | None, time: FloatArray) -> int:
    if end_at is None:
        return int(time.size - 1)
    moment = cast.scalar(end_at, "end_at")
    if not time[0] <= moment <= time[-1]:
        raise ConfigurationError(f"end_at: {moment:g} s lies outside the profiles, {time[0]:g} to {time[-1]:g} s")
    return int(np.abs(time - moment).argmin())


def _began(growth_from: float | None, time: FloatArray, end: int) -> int | None:
    """Return the profile that growth is counted from; None where it would be no profile before the end."""
    if growth_from is None or not time[0] <= cast.scalar(growth_from, "growth_from") < time[end]:
        return None
    return int(np.searchsorted(time, growth_from))
