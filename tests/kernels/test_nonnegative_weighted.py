"""Programmes with weights of their own against one call of scipy.optimize.nnls for each."""

from __future__ import annotations

import numpy as np

from iondrift.impedance.drt.nonnegative import gram, solve_weighted
from iondrift.reference import nonnegative_weighted as reference
from relaxation_problem import problem


def test_weighted_solver_is_scipy_nnls_and_ignores_weightless_points():
    design, matrix, rows = problem(1)
    random = np.random.default_rng(3)
    weights = random.uniform(0.3, 3.0, rows.shape)
    weights[:, 4] = 0.0
    expected = reference.solve(design, 0.1 * matrix, rows, weights)
    spoiled = rows.copy()
    spoiled[:, 4] = 1e6
    answer = solve_weighted(design, gram(matrix), np.full(len(rows), 0.01), weights, spoiled)
    assert np.abs(answer.x - expected).max() < 1e-8 * expected.max()
    assert answer.kkt_residual.max() < 1e-12
