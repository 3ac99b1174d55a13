"""Banded algebra against dense algebra."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift_kernels import penalised_spline as kernels

FUNCTIONS, TIMES, MODES = 9, 14, 3


def dense(band):
    size = band.shape[0]
    matrix = np.zeros((size, size))
    for k in range(size):
        for d in range(min(3, k) + 1):
            matrix[k, k - d] = matrix[k - d, k] = band[k, d]
    return matrix


def to_band(matrix):
    band = np.zeros((matrix.shape[0], 4))
    for d in range(4):
        band[d:, d] = np.diagonal(matrix, -d)
    return band


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    start = np.sort(rng.integers(0, FUNCTIONS - 3, TIMES)).astype(np.int64)
    start[0], start[-1] = 0, FUNCTIONS - 4
    basis = rng.uniform(0.1, 1.0, (TIMES, 4))
    design = np.zeros((TIMES, FUNCTIONS))
    for k in range(TIMES):
        design[k, start[k] : start[k] + 4] = basis[k]
    precision = rng.uniform(0.5, 2.0, TIMES)
    loading = np.ones(TIMES)
    loading[0] = 0.0
    second = np.diff(np.eye(FUNCTIONS), 2, axis=0)
    penalty = second.T @ second
    gram = design.T @ (precision[:, None] * design) + 1e-3 * np.eye(FUNCTIONS)
    gram = dense(to_band(gram))
    spatial = np.array([0.0, 1.0, 20.0])
    values = rng.standard_normal((MODES, TIMES))
    return start, basis, precision, loading, gram, penalty, spatial, values, design


def test_factor_and_solve_equal_dense_algebra(problem):
    gram = problem[4]
    lower = np.zeros((FUNCTIONS, 4))
    logarithm = kernels.factor(to_band(gram), lower)
    assert logarithm == pytest.approx(np.linalg.slogdet(gram)[1], rel=1e-10)
    right = np.arange(FUNCTIONS, dtype=float)
    solution = right.copy()
    kernels.solve(lower, solution)
    np.testing.assert_allclose(gram @ solution, right, rtol=1e-8, atol=1e-9)


def test_a_matrix_that_is_not_positive_is_told():
    band = np.zeros((5, 4))
    band[:, 0] = [1.0, 1.0, -1.0, 1.0, 1.0]
    assert np.isnan(kernels.factor(band, np.zeros((5, 4))))


@pytest.mark.parametrize("kappa", [0.0, 0.7])
def test_modes_equal_the_marginal_gaussian_model(problem, kappa):
    start, basis, precision, loading, gram, penalty, spatial, values, design = problem
    lambda_x, lambda_t, lambda_xt = 0.3, 2.0, 0.4
    arguments = (start, basis, precision, loading, to_band(gram), to_band(penalty), spatial, values)
    coefficients = np.empty((MODES, FUNCTIONS))
    lower = np.empty((MODES, FUNCTIONS, 4))
    influence = np.empty((MODES, FUNCTIONS))
    pattern = np.empty((MODES, 2))
    smoothing = kernels.Smoothing(*arguments, lambda_x, lambda_t, lambda_xt, kappa)
    kernels.fit_modes(smoothing, kernels.Modes(coefficients, lower, influence, pattern))
    for m in range(MODES):
        A = (1.0 + lambda_x * spatial[m]) * gram + (lambda_t + lambda_xt * spatial[m]) * penalty
        h = design.T @ (precision * loading)
        right = design.T @ (precision * values[m])
        if kappa == 0.0:
            expected = np.linalg.solve(A, right)
        else:
            bordered = np.block([[A, h[:, None]], [h[None], np.array([[precision @ loading**2 + 1.0 / kappa]])]])
            full = np.append(right, precision @ (loading * values[m]))
            solution = np.linalg.solve(bordered, full)
            expected = solution[:-1]
            assert pattern[m, 0] == pytest.approx(solution[-1])
            assert pattern[m, 1] == pytest.approx(np.sqrt(np.linalg.inv(bordered)[-1, -1]))
        np.testing.assert_allclose(coefficients[m], expected, rtol=1e-7, atol=1e-9)
