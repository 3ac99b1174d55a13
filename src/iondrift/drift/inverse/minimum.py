"""The best parameters: Levenberg and Marquardt from more than one start, the posterior about them, and the evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from iondrift.cast import FloatArray
from iondrift.drift.inverse.likelihood import Projection
from iondrift.drift.inverse.options import FormName
from iondrift.drift.inverse.problem import (
    COUNTER_GAP,
    FREE,
    HIGHEST_TRANSFERENCE,
    LOG_D,
    LOWEST_TRANSFERENCE,
    PARAMETERS,
    PLATING_GAP,
    SINK,
    SLOPE,
    TRANSFERENCE,
    Prediction,
    Problem,
)  # fmt: skip
from iondrift.errors import DataError

_MOST = 80  # forward runs of one start
_FLATTEST = 1e-4  # change of the cost with which it ends
_SHORTEST = 0.02  # step in standard deviations with which it ends
_FIRST_DAMPING, _DAMPING_FACTOR, _LARGEST_DAMPING = 1e-2, 8.0, 1e12
_SECOND_SLOPE = 3.0  # an exponential D has a second minimum, where salt nearly runs out
_DIFFUSION_LENGTHS = np.geomspace(0.03, 1.0, 8)  # over that of the cell, to start from
_FIRST_TRANSFERENCE = 0.5


@dataclass(frozen=True, kw_only=True)
class Minimum:
    """A fit of one form of D(c).

    Attributes
    ----------
    form, free
        Which, and its free parameters.
    x : (7,)
        Parameters.
    covariance : (p, p)
        Of the free ones (Laplace).
    cost, evidence
        At the minimum; logarithm of the evidence.
    prediction, projection
        There.
    runs
        Forward runs that it took.
    """

    form: FormName
    free: list[int]
    x: FloatArray
    covariance: FloatArray
    cost: float
    evidence: float
    prediction: Prediction
    projection: Projection
    runs: int

    def spread(self, parameter: int) -> float:
        """Return the standard deviation of a parameter; zero where it is fixed."""
        if parameter not in self.free:
            return 0.0
        return float(np.sqrt(self.covariance[self.free.index(parameter)][self.free.index(parameter)]))


def fit_forms(problem: Problem, forms: tuple[FormName, ...], *, sink: bool) -> dict[FormName, Minimum]:
    """Return the best fit of each form; simpler ones are what the others start from.

    Raises
    ------
    DataError
        No start leads anywhere.
    """
    best = lowest(problem, "constant", [_start(problem)], sink=sink)
    found: dict[FormName, Minimum] = {"constant": best}
    for form in ("exponential", "log-parabola"):
        if form in forms or "log-parabola" in forms:
            steeper = best.x.copy()
            steeper[SLOPE] += _SECOND_SLOPE
            starts = [best.x, steeper] if form == "exponential" else [best.x, found["constant"].x]
            best = found[form] = lowest(problem, form, starts, sink=sink)
    return {form: found[form] for form in forms}


def lowest(problem: Problem, form: FormName, starts: list[FloatArray], *, sink: bool = False) -> Minimum:
    """Return the lowest minimum that the starts lead to."""
    free = [*FREE[form], SINK] if sink else list(FREE[form])
    found = [minimum for start in starts if (minimum := _descend(problem, form, sorted(free), start)) is not None]
    if not found:
        raise DataError(
            "the forward model fails wherever the fit starts: check the current density (A m-2, negative while "
            "plating), its times, and which end of the profiles is the plating electrode"
        )
    return min(found, key=lambda one: one.cost)


def _start(problem: Problem) -> FloatArray:
    """Return parameters to start from: the best of several constant diffusion coefficients."""
    x = np.zeros(len(PARAMETERS))
    x[[TRANSFERENCE, PLATING_GAP, COUNTER_GAP]] = _FIRST_TRANSFERENCE, *problem.gaps
    length = problem.places.span + sum(problem.gaps)
    span = float(problem.schedule.durations.sum())
    best, lowest_cost = x, np.inf
    for share in _DIFFUSION_LENGTHS:
        x = x.copy()
        x[LOG_D] = np.log((share * length) ** 2 / span)
        prediction = problem.predict(x)
        if prediction is not None and prediction.wall.min() > 0.0:
            cost = problem.cost(x, prediction, problem.projection(prediction))
            best, lowest_cost = (x, cost) if cost < lowest_cost else (best, lowest_cost)
    return best


def _descend(problem: Problem, form: FormName, free: list[int], start: FloatArray) -> Minimum | None:
    """Return the minimum that one start leads to; None where the forward model cannot be solved there."""
    x, prediction = start.copy(), problem.predict(start)
    if prediction is None:
        return None
    damping, runs = _FIRST_DAMPING, 1
    projection = problem.projection(prediction)
    cost, right, hessian = problem.normal_equations(x, prediction, projection, free)
    while runs < _MOST and damping < _LARGEST_DAMPING:
        step = np.asarray(np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), right), dtype=np.float64)
        trial = x.copy()
        trial[free] += step
        attempt = problem.predict(trial) if problem.allowed(trial) else None
        runs += 1
        new = np.inf if attempt is None else problem.cost(trial, attempt, projection)
        if attempt is None or not new < cost:
            if attempt is not None and new - cost < _FLATTEST and _relative(step, hessian) < _SHORTEST:
                break  # rounding decides
            damping *= _DAMPING_FACTOR
            continue
        settled = cost - new < _FLATTEST and _relative(step, hessian) < _SHORTEST
        x, prediction, damping = trial, attempt, damping / _DAMPING_FACTOR
        projection = problem.projection(prediction)  # weights follow what is predicted, between steps alone
        cost, right, hessian = problem.normal_equations(x, prediction, projection, free)
        if settled:
            break
    minimum = Minimum(
        form=form, free=free, x=x, covariance=np.asarray(np.linalg.inv(hessian), dtype=np.float64), cost=cost,
        evidence=0.0, prediction=prediction,
        projection=projection, runs=runs,
    )  # fmt: skip
    return replace(minimum, evidence=_log_evidence(problem, minimum))


def _relative(step: FloatArray, hessian: FloatArray) -> float:
    """Return the largest step in standard deviations."""
    return float(np.abs(step / np.sqrt(np.diag(np.linalg.inv(hessian)))).max())


def _log_evidence(problem: Problem, minimum: Minimum) -> float:
    """Return ln Z by Laplace's method, up to what all forms have in common."""
    spread = problem.prior[1][minimum.free]
    proper = spread[np.isfinite(spread)]
    priors = -np.log(proper * np.sqrt(2.0 * np.pi)).sum() - np.log(HIGHEST_TRANSFERENCE - LOWEST_TRANSFERENCE)
    volume = 0.5 * np.linalg.slogdet(minimum.covariance)[1] + 0.5 * len(minimum.free) * np.log(2.0 * np.pi)
    return float(-0.5 * minimum.cost + minimum.projection.log_volume() + volume + priors)
