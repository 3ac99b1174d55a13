"""Tensor-product penalised splines for a series of profiles, with penalties chosen by REML.

The concentration is ``c(x, t) = sum_jk a_jk B_j(x) T_k(t)`` with cubic B-splines. Minimised is

    || R^-1/2 (c_measured - c - pattern(x)) ||^2 + lambda_x int int w c_xxx^2 + lambda_t int int c_ttt^2 +
      lambda_xt int int w c_xxxttt^2

R is the measured correlation of the noise along x (zero filling, common mode), restricted to the directions
that hold noise at all; the pattern is the noise of the reference profile, common to all times. The weight w(x)
falls towards the electrodes where a thin depletion layer asks for it. All of the lambdas and w are
chosen by restricted maximum likelihood. Source: Wahba 1983, Nychka 1988, Wood 2017 (posterior); Demmler and
Reinsch 1975 (diagonal basis).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypedDict, Unpack

import numpy as np
import xarray as xr

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.drift.smoothing.noise import NoiseEstimate, estimate_noise
from iondrift.drift.smoothing.penalties import Penalties
from iondrift.drift.smoothing.posterior import OtherOrder
from iondrift.drift.smoothing.problem import Problem
from iondrift.drift.smoothing.search import Choice, choose
from iondrift.drift.smoothing.series import SmoothSeries
from iondrift.drift.smoothing.spline_basis import usable_breaks
from iondrift.errors import DataError, IondriftWarning, ShapeError
from iondrift.threads import bounded_threads

__all__ = ["Penalties", "SmoothSeries", "given_or_fitted", "smooth"]

_FEWEST_PROFILES = 3  # in a piece between breaks


class SplineOptions(TypedDict, total=False):
    """Options of :func:`smooth`, described there."""

    breaks: Sequence[float]
    noise: NoiseEstimate | None
    reference_profiles: int | None
    reference_index: int | None
    penalties: Penalties | None


@bounded_threads
def smooth(
    concentration: xr.DataArray,
    *,
    breaks: Sequence[float] = (),
    noise: NoiseEstimate | None = None,
    reference_profiles: int | None = None,
    reference_index: int | None = None,
    penalties: Penalties | None = None,
    adaptive: bool = True,
    drawn: bool = False,
) -> SmoothSeries:
    """Fit the penalised tensor-product spline.

    Parameters
    ----------
    concentration
        (time, x), mol m-3, coordinates in s and m, checked by the caller.
    breaks
        Times (s) of protocol steps: continuity there, but a kink is allowed where 3 profiles lie on either side.
    noise
        Autocorrelation and common mode along x; estimated from the data where None.
    reference_profiles
        How many profiles (1 or more) were averaged in the reference that the series was divided by; its noise is then
        fitted as a pattern common to all times. None: the reference holds no noise.
    reference_index
        Index, from 0, of the profile in the series that alone was the reference: it equals c0 by definition, and its
        noise is minus the pattern.
    penalties
        Given penalties; chosen by REML where None.
    adaptive
        Let the spatial penalty fall towards the electrodes where REML prefers it.
    drawn
        Bands will be drawn from the fit: what they need beside it is searched for at the same time, not later.

    Raises
    ------
    DataError
        Fewer than 4 profiles or 6 points; a break that is no number.
    ConfigurationError
        Another option that does not fit.

    Warns
    -----
    IondriftWarning
        A break outside the profiles is left out.
    """
    times, x = concentration["time"].values, concentration["x"].values
    if reference_profiles is not None:
        reference_profiles = cast.whole(reference_profiles, "reference_profiles", lowest=1)
    if reference_index is not None:
        reference_index = cast.whole(reference_index, "reference_index", lowest=0, highest=times.size - 1)
    if noise is not None:
        cast.instance(noise, "noise", NoiseEstimate, "iondrift.estimate_noise makes one")
    if penalties is not None:
        cast.instance(penalties, "penalties", Penalties, "Penalties(space=..., time=...) makes one")
    kept_breaks = usable_breaks(times, _checked_breaks(times, breaks), fewest=_FEWEST_PROFILES)
    if times.size < 4 or x.size < 6:
        raise DataError(
            f"concentration: penalised splines need at least 4 profiles of 6 points, got {times.size} of {x.size}; "
            "use smoothing='none'"
        )
    if noise is None:
        enough = times.size >= 8 and x.size >= 8
        noise = (
            estimate_noise(concentration)
            if enough
            else NoiseEstimate(standard_deviation=np.nan, autocorrelation=(1.0,), common_mode=0.0)
        )

    def problem_of(values: FloatArray) -> Problem:
        return Problem(
            values=values,
            times=times,
            x=x,
            breaks=kept_breaks,
            noise=noise,
            kappa=0.0 if reference_profiles is None else 1.0 / reference_profiles,
            reference_index=reference_index,
        )

    def fit(problem: Problem, drawn: bool) -> SmoothSeries:
        if penalties is not None:
            return problem.fit(penalties)
        choice, other = _search(problem, adaptive=adaptive, both=drawn)
        return problem.fit(choice.reported.penalties, choice, other)

    values = concentration.values
    if reference_profiles is None:
        return fit(problem_of(values), drawn)
    additive = _additive(values, fit(problem_of(values), drawn=False), reference_index or 0)
    return replace(fit(problem_of(additive), drawn), mean=float(values.mean()))


def _search(problem: Problem, *, adaptive: bool, both: bool) -> tuple[Choice, OtherOrder | None]:
    """Return the choice of penalties and, if ``both``, that of the other order in time: neither waits for the other."""
    from iondrift_kernels.job_queue import together

    calls: list[Callable[[], Any]] = [partial(choose, problem.likelihood, adaptive=adaptive)]
    if both:
        calls.append(partial(problem.other_order, adaptive=adaptive))
    choice, *other = together(calls)
    return choice, other[0] if other else None


def given_or_fitted(
    concentration: xr.DataArray, series: SmoothSeries | None, *, drawn: bool = False, **options: Unpack[SplineOptions]
) -> SmoothSeries:
    """Return a fit that was made before where it is of these times and places; fit where there is none.

    ``drawn``: as for :func:`smooth`.

    Raises
    ------
    ShapeError
        The given fit is of other profiles.
    DataError, ConfigurationError
        As :func:`smooth`.
    """
    if series is None:
        return smooth(concentration, drawn=drawn, **options)
    cast.instance(series, "series", SmoothSeries, "iondrift.drift.smoothing.penalised_splines.smooth makes one")
    for name, fitted in (("time", series.times), ("x", series.x)):
        found = concentration[name].values
        if fitted.size != found.size:
            raise ShapeError(
                f"series: was fitted to {fitted.size} entries along {name}, the concentration has {found.size}; "
                "smooth this concentration"
            )
        apart = np.abs(fitted - found)
        if apart.max() > 1e-6 * float(found[-1] - found[0]):
            k = int(apart.argmax())
            raise ShapeError(
                f"series: was fitted at {name} = {fitted[k]:g} (index {k}), where the concentration has {found[k]:g}; "
                "smooth this concentration"
            )
    mean = float(concentration.values.mean())
    if abs(series.mean - mean) > 1e-9 * abs(mean):
        raise ShapeError(
            f"series: was fitted to profiles of {series.mean:.6g} mol m-3 on average, the concentration has "
            f"{mean:.6g}; smooth this concentration"
        )
    return series


def _additive(values: FloatArray, fit: SmoothSeries, reference_index: int) -> FloatArray:
    """Return the series with the reference's noise additive: c (1 + r) = (c + r c_ref) + r (c - c_ref).

    A ratio multiplies by the reference's noise r; the model adds a pattern. The last term, small where c stays near
    that of the reference, is taken off with r from the first fit.
    """
    smooth_values = fit.evaluate()[0]
    held = fit.loading > 0.0
    count = float(held.sum()) * fit.kappa
    level = float(values[reference_index].mean())
    relative = (values - smooth_values)[held].mean(axis=0) / level * count / (1.0 + count)
    return np.asarray(values - relative * (smooth_values - level))


def _checked_breaks(times: FloatArray, breaks: Sequence[float]) -> list[float]:
    moments = cast.array(breaks, "breaks", ndim=1).tolist()
    outside = [moment for moment in moments if not times[0] < moment < times[-1]]
    if outside:
        warnings.warn(
            f"breaks: {', '.join(f'{moment:g}' for moment in outside)} s not between the first and the last profile "
            f"({times[0]:g} to {times[-1]:g} s), left out; breaks are times of the profiles' axis, in s",
            IondriftWarning,
            stacklevel=3,
        )
    return [moment for moment in moments if moment not in outside]
