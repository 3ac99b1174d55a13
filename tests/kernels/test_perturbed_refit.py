"""Perturbed refits of the kernels, block after block, against one dense solution of the normal equations."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift.reference.perturbed_refit import refit
from iondrift_kernels.lanes import LANES
from iondrift_kernels.penalised_spline import Modes, Smoothing, fit_modes
from iondrift_kernels.perturbed_refit import Stream, perturbed_block, sweep_forward
from iondrift_kernels.spline_draws import Splines

FUNCTIONS, TIMES, MODES = 13, 21, 6  # more modes than one group of four normals
SIGMA, SEED = 0.7, 2**40 + 3


def smoothing(kappa: float) -> Smoothing:
    """Return a problem with uneven precision, and profiles that do not hold the pattern."""
    rng = np.random.default_rng(5)
    start = np.sort(np.append(rng.integers(0, FUNCTIONS - 3, TIMES - FUNCTIONS + 3), np.arange(FUNCTIONS - 3)))
    basis = rng.uniform(0.1, 1.0, (TIMES, 4))
    precision = rng.uniform(0.4, 2.0, TIMES)
    design = np.zeros((TIMES, FUNCTIONS))
    np.put_along_axis(design, start[:, None] + np.arange(4), basis, axis=1)
    third = np.diff(np.eye(FUNCTIONS), 3, axis=0)
    gram, penalty = design.T @ (precision[:, None] * design), third.T @ third
    bands = [np.stack([np.append(np.zeros(d), np.diagonal(a, -d)) for d in range(4)], axis=1) for a in (gram, penalty)]
    loading = np.ones(TIMES)
    loading[[0, 7]] = 0.0
    return Smoothing(
        start=start, basis=basis, precision=precision, loading=loading, gram=bands[0], penalty=bands[1],
        spatial=np.array([0.0, 0.0, 0.3, 2.0, 20.0, 1e3]), values=rng.standard_normal((MODES, TIMES)),
        lambda_x=0.1, lambda_t=0.5, lambda_xt=0.02, kappa=kappa,
    )  # fmt: skip


def splines(problem: Smoothing) -> Splines:
    modes = Modes(
        coefficients=np.empty((MODES, FUNCTIONS)), lower=np.empty((MODES, FUNCTIONS, 4)),
        influence=np.empty((MODES, FUNCTIONS)), pattern=np.empty((MODES, 2)),
    )  # fmt: skip
    fit_modes(problem, modes)
    return Splines(
        start=problem.start, value=problem.basis, slope=np.zeros_like(problem.basis), precision=problem.precision,
        loading=problem.loading, lower=modes.lower, influence=modes.influence,
        deviation=np.ascontiguousarray(modes.pattern[:, 1]), sigma=SIGMA, kappa=problem.kappa,
    )  # fmt: skip


def substituted(fitted: Splines, half: np.ndarray) -> np.ndarray:
    """Return ``L'^-1 half`` (groups, K, M, LANES), a mode at a time."""
    found = np.empty_like(half)
    for m in range(MODES):
        factor = np.diag(1.0 / fitted.lower[m, :, 0])
        for d in range(1, 4):
            factor += np.diag(fitted.lower[m, d:, d], -d)
        found[:, :, m] = np.linalg.solve(factor.T, half[:, :, m])
    return found


@pytest.mark.parametrize("kappa", [0.0, 0.6])
@pytest.mark.parametrize("borders", [(0, 13), (0, 4, 5, 9, 13)])
def test_a_replicate_is_the_dense_solution_with_its_noise(kappa, borders):
    problem = smoothing(kappa)
    fitted, groups, blocks = splines(problem), 2, len(borders) - 1
    checkpoints = np.empty((groups, blocks, 3, MODES, LANES))
    shift, pattern = np.empty((groups, MODES, LANES)), np.empty((groups, MODES, LANES))
    sweep_forward(SEED, fitted, np.array(borders), checkpoints, shift, pattern)
    half = np.empty((groups, FUNCTIONS, MODES, LANES))
    for b in range(groups):
        stream = Stream(SEED, b * LANES, np.empty((4, LANES)), np.empty((4, LANES), dtype=np.uint64))
        for n in reversed(range(blocks)):
            first, last = borders[n], borders[n + 1]
            out = np.empty((last - first + 3, 8, LANES))
            perturbed_block(stream, fitted, first, last, checkpoints[b, n], shift[b], out)
            half[b, first:last] = out[: last - first, :MODES]
    found = substituted(fitted, half) - fitted.influence.T[:, :, None] * pattern[:, None]
    for replicate in (0, LANES - 1, LANES, 2 * LANES - 3):
        b, lane = divmod(replicate, LANES)
        expected = refit(problem, SIGMA, SEED, replicate)
        np.testing.assert_allclose(found[b, :, :, lane].T, expected, atol=1e-10 * np.abs(expected).max())
