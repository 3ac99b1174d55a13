"""A random walk through the posterior, to check what is drawn from its minimum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iondrift.cast import FloatArray
from iondrift.drift.inverse.minimum import Minimum
from iondrift.drift.inverse.problem import Prediction, Problem

STEPS = 4000
_BURNT = 0.1  # of the steps
_STRIDE = 2.38  # over the square root of the number of parameters (Gelman, Roberts, Gilks 1996)


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What a walk found: mean, standard deviation and effective number of draws (7,) each, and acceptance."""

    mean: FloatArray
    spread: FloatArray
    effective: FloatArray
    accepted: float


def walk(problem: Problem, minimum: Minimum, *, steps: int = STEPS, seed: int = 0) -> Walk:
    """Walk by Metropolis steps of the shape of the Laplace posterior."""
    random, free = np.random.Generator(np.random.Philox(seed)), minimum.free
    root = np.linalg.cholesky(minimum.covariance) * _STRIDE / np.sqrt(len(free))
    x, cost, moved = minimum.x.copy(), minimum.cost, 0
    visited = np.empty((steps, x.size))
    for k in range(steps):
        trial = x.copy()
        trial[free] += root @ random.standard_normal(len(free))
        chance = np.log(random.random())
        new = _cost(problem, minimum, trial)
        if chance < 0.5 * (cost - new):
            x, cost, moved = trial, new, moved + 1
        visited[k] = x
    kept = visited[round(_BURNT * steps) :]
    effective = np.array([_effective(column) for column in kept.T])
    return Walk(mean=kept.mean(axis=0), spread=kept.std(axis=0), effective=effective, accepted=moved / steps)


def _cost(problem: Problem, minimum: Minimum, x: FloatArray) -> float:
    """Return the cost with the weights of the minimum; infinite where nothing is allowed."""
    found = problem.volumes(x, tangents=False) if problem.allowed(x) else None
    if found is None:
        return np.inf
    maps = problem.places.sampling(x[-2], x[-1])
    none = np.empty((7, 0))
    prediction = Prediction(
        seen=found[0] @ maps.value.T, columns=none[..., None], wall=found[0][:, 0], wall_columns=none
    )
    return problem.cost(x, prediction, minimum.projection)


def _effective(column: FloatArray) -> float:
    """Return the number of independent draws, by the first positive stretch of the autocorrelation."""
    centred = column - column.mean()
    variance = float(centred @ centred)
    if variance == 0.0:
        return float(column.size)
    size = 2 ** int(np.ceil(np.log2(2 * column.size)))
    spectrum = np.abs(np.fft.rfft(centred, size)) ** 2
    correlation = np.fft.irfft(spectrum, size)[: column.size] / variance
    negative = np.flatnonzero(correlation <= 0.0)
    until = int(negative[0]) if negative.size else column.size
    return float(column.size / (2.0 * correlation[:until].sum() - 1.0))
