"""Whether a fit describes its data: residuals against replicates of them, and halves of the cell against each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from iondrift.cast import FloatArray
from iondrift.drift.inverse.minimum import Minimum, lowest
from iondrift.drift.inverse.observation import Places
from iondrift.drift.inverse.problem import COUNTER_GAP, LOG_D, PLATING_GAP, SINK, TRANSFERENCE, Problem

STATISTICS = ("chi_squared", "lag_x", "lag_time", "plating_points")
_REPLICATES = 200
_POINTS = 4  # next to the plating electrode
_LATE = 3  # the last third of the profiles


@dataclass(frozen=True, kw_only=True)
class Consistency:
    """How well a fit describes its data.

    Attributes
    ----------
    degrees_of_freedom
        Residuals less what was fitted; factors held by their prior count in part.
    observed : (4,)
        Of ``STATISTICS``: sum of squares over the degrees of freedom, lag-1 correlations of whitened residuals along x
        and time, their mean over the four points at the plating electrode in the last third.
    probability : (4,)
        Share of replicates at least as extreme.
    """

    degrees_of_freedom: float
    observed: FloatArray
    probability: FloatArray


def consistency(problem: Problem, minimum: Minimum, seed: int) -> Consistency:
    """Compare residuals with those of replicates, refitted to first order, whose model is true."""
    projection, columns = minimum.projection, minimum.prediction.columns[minimum.free]
    residuals = problem.residuals(minimum.prediction)
    random = np.random.Generator(np.random.Philox(seed))
    noise = random.standard_normal((_REPLICATES, *residuals.shape)) / projection.weights
    noise += projection.common_mode * random.standard_normal((_REPLICATES, residuals.shape[0], 1))
    z, slopes = projection.without_places(noise), projection.without_places(columns)
    right = np.einsum("rkj,pkj->rp", z, slopes) - projection.common_part(z) @ projection.common_part(slopes).T
    noise -= np.einsum("rp,pkj->rkj", right @ minimum.covariance, columns)
    freedom = _degrees_of_freedom(problem, minimum)
    replicated = _statistics(problem, minimum, noise, freedom)
    observed = _statistics(problem, minimum, residuals[None], freedom)[0]
    above = (replicated >= observed).mean(axis=0)
    above[3] = (np.abs(replicated[:, 3]) >= abs(observed[3])).mean()
    return Consistency(degrees_of_freedom=freedom, observed=observed, probability=above)


def _degrees_of_freedom(problem: Problem, minimum: Minimum) -> float:
    """Return the expected sum of squares of a true model: places count whole, parameters as far as data hold them."""
    profiles, places = problem.intensity.shape
    free, spread = minimum.free, problem.prior[1][minimum.free]
    held = len(free) - float((np.diag(minimum.covariance) / spread**2).sum())
    return float(profiles * places - places - held)


def _statistics(problem: Problem, minimum: Minimum, residuals: FloatArray, freedom: float) -> FloatArray:
    """Return the statistics (R, 4) of residuals (R, K, J)."""
    points = minimum.projection.whitened(residuals)[:, :, : problem.places.x.size]
    square = (points**2).sum(axis=(1, 2))
    late = points[:, -(points.shape[1] // _LATE) :, :_POINTS]
    return np.column_stack(
        [
            minimum.projection.costs(residuals) / freedom,
            (points[:, :, 1:] * points[:, :, :-1]).sum(axis=(1, 2)) / square,
            (points[:, 1:] * points[:, :-1]).sum(axis=(1, 2)) / square,
            late.mean(axis=(1, 2)),
        ]
    )


def halves(problem: Problem, minimum: Minimum) -> FloatArray:
    """Return (half, 4): D(c0) in m2 s-1, sd of its logarithm, t- and its sd, from the points of either half alone."""
    x, half = problem.places.x, problem.places.x.size // 2
    found = []
    for part in (slice(0, half), slice(half, x.size)):
        chosen = x[part]
        before, behind = chosen[0] - x[0], x[-1] - chosen[-1]
        own = replace(
            problem,
            intensity=np.ascontiguousarray(problem.intensity[:, part]),
            places=Places(chosen - chosen[0], roughness=problem.places.roughness),
            gaps=(problem.gaps[0] + before, problem.gaps[1] + behind),
        )
        start = minimum.x.copy()
        start[[PLATING_GAP, COUNTER_GAP]] += before, behind
        best = lowest(own, minimum.form, [start], sink=SINK in minimum.free)
        found.append([np.exp(best.x[LOG_D]), best.spread(LOG_D), best.x[TRANSFERENCE], best.spread(TRANSFERENCE)])
    return np.array(found)
