"""Compiled solvers of non-negative quadratic programmes against scipy and against closed forms."""

from __future__ import annotations

import threading

import numba
import numpy as np
import pytest
from scipy.optimize import nnls

from iondrift.impedance.drt.model import build_model, difference
from iondrift.impedance.drt.nonnegative import gram, solve_shared, solve_weighted
from iondrift_kernels import dense, drt_freedom, job_queue, nonnegative_active_set, nonnegative_pivoting
from iondrift_kernels._jit import kernel

FREQUENCY = np.logspace(4, 0, 9)
TAU = np.logspace(-5, 0.3, 18)


def problem(order: int = 0, spectra: int = 5, noise: float = 0.02, seed: int = 0):
    model = build_model(FREQUENCY, TAU)
    random = np.random.default_rng(seed)
    x = np.zeros((spectra, model.design.shape[1]))
    x[:, 0] = 3.0
    x[np.arange(spectra), 5 + np.arange(spectra) % 9] = 10.0
    rows = x @ model.design.T + noise * random.standard_normal((spectra, 2 * FREQUENCY.size))
    matrix = np.zeros((TAU.size - order, x.shape[1]))
    matrix[:, 2:] = difference(order, TAU.size)
    return model.design, matrix, rows


def oracle(design, matrix, strength, rows, weights=None):
    weights = np.ones_like(rows) if weights is None else weights
    return np.array(
        [
            nnls(np.vstack([design * w[:, None], strength * matrix]), np.r_[w * z, np.zeros(len(matrix))])[0]
            for z, w in zip(rows, weights, strict=True)
        ]
    )


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("strength", [0.5, 0.05, 0.01, 1e-3])
def test_shared_solver_is_scipy_nnls(order, strength):
    design, matrix, rows = problem(order)
    answer = solve_shared(gram(design) + strength**2 * gram(matrix), -design.T, rows)
    expected = oracle(design, matrix, strength, rows)
    tolerance = 1e-8 if strength >= 0.01 else 1e-6
    assert np.abs(answer.x - expected).max() < tolerance * expected.max()
    assert answer.kkt_residual.max() < 1e-10
    assert (answer.x >= 0.0).all()
    assert (answer.iterations >= 1).all()


def test_weighted_solver_is_scipy_nnls_and_ignores_weightless_points():
    design, matrix, rows = problem(1)
    random = np.random.default_rng(3)
    weights = random.uniform(0.3, 3.0, rows.shape)
    weights[:, 4] = 0.0
    expected = oracle(design, matrix, 0.1, rows, weights)
    spoiled = rows.copy()
    spoiled[:, 4] = 1e6
    answer = solve_weighted(design, gram(matrix), np.full(len(rows), 0.01), weights, spoiled)
    assert np.abs(answer.x - expected).max() < 1e-8 * expected.max()
    assert answer.kkt_residual.max() < 1e-12


def test_spectra_do_not_depend_on_their_company():
    design, matrix, rows = problem(0, spectra=nonnegative_pivoting.BLOCK + 3)
    hessian = gram(design) + 0.0025 * gram(matrix)
    together = solve_shared(hessian, -design.T, rows)
    alone = solve_shared(hessian, -design.T, rows[-1:])
    np.testing.assert_allclose(together.x[-1], alone.x[0], rtol=0, atol=1e-9 * together.x[-1].max())
    assert together.kkt_residual.max() < 1e-10


def test_pivot_transform_exchanges_the_base():
    random = np.random.default_rng(1)
    root = random.standard_normal((7, 7))
    hessian, linear = root @ root.T + np.eye(7), random.standard_normal((7, 3))
    base = np.array([True, False, True, True, False, False, True])
    out = np.empty((7, 10))
    nonnegative_pivoting.pivot_transform(hessian, linear, base, out)
    z, x = random.standard_normal(3), random.standard_normal(7)
    w = hessian @ x + linear @ z
    given, asked = np.where(base, w, x), np.where(base, x, w)
    sign = np.where(base, 1.0, -1.0)
    np.testing.assert_allclose(out[:, :7] @ given + out[:, 7:] @ z, sign * asked, atol=1e-10)
    np.testing.assert_allclose(out[:, :7], out[:, :7].T, atol=1e-10)


@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize("inner", [3, 4, 9])
def test_product(rows, inner):
    random = np.random.default_rng(2)
    left, right = random.standard_normal((rows + 1, inner)), random.standard_normal((inner, 5))
    out = np.empty((rows, 5))
    nonnegative_pivoting.product(left, 1, rows, right, out)
    np.testing.assert_allclose(out, left[1:] @ right, atol=1e-12)


def solve_one(hessian, linear, start):
    n = linear.size
    x, slope = np.empty(n), np.empty(n)
    passive = np.array(start)
    nonnegative_active_set.active_set(
        hessian, linear, passive, np.empty(n, np.int64), np.empty((n, n)), np.empty(n), slope, x
    )
    return x, nonnegative_active_set.kkt_residual(linear, x, slope), passive


@pytest.mark.parametrize("start", [[False] * 3, [True] * 3, [True, False, True]])
def test_active_set_from_any_start_on_a_closed_form(start):
    # Unit diagonal, coupling c between the first two: x1 is pushed to zero.
    hessian = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])
    x, error, passive = solve_one(hessian, np.array([-2.0, -0.5, 3.0]), start)
    np.testing.assert_allclose(x, [2.0, 0.0, 0.0], atol=1e-14)
    assert error < 1e-14
    assert passive.tolist() == [True, False, False]


def test_active_set_survives_a_duplicated_column():
    hessian = np.array([[1.0, 1.0], [1.0, 1.0]])
    x, error, _ = solve_one(hessian, np.array([-1.0, -1.0]), [False, False])
    assert x.sum() == pytest.approx(1.0)
    assert error < 1e-12


def test_kkt_residual_does_not_hide_nan():
    good, bad = np.ones(2), np.array([np.nan, 0.0])
    assert np.isnan(nonnegative_active_set.kkt_residual(good, bad, good))
    assert np.isnan(nonnegative_active_set.kkt_residual(good, good, bad))


@kernel
def _drain(queue, out):
    job = job_queue.take(queue)
    while job < out.size:
        out[job] += 1
        job = job_queue.take(queue)


def test_queue_gives_every_job_once_whoever_asks():
    queue, taken = np.zeros(1, np.int64), np.zeros(20_000, np.int64)
    _drain(np.zeros(1, np.int64), taken[:0])  # compiled before the threads race
    count = 1 if numba.config.DISABLE_JIT else 4  # interpreted there is one thread, and nothing is atomic
    threads = [threading.Thread(target=_drain, args=(queue, taken)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (taken == 1).all()
    assert queue[0] == taken.size + len(threads)


def test_effective_parameters_are_the_trace_of_the_smoother():
    design, matrix, rows = problem(1, spectra=3)
    weights = np.random.default_rng(5).uniform(0.5, 2.0, rows.shape)
    strength = np.array([0.01, 0.1, 1.0])
    x = solve_weighted(design, gram(matrix), strength, weights, rows).x
    out = np.empty(3)
    transposed = np.ascontiguousarray(design.T)
    drt_freedom.effective_parameters(1, transposed, weights, gram(matrix), strength, x, out)
    for s in range(3):
        passive = x[s] > 0.0
        normal = gram(design[:, passive] * weights[s][:, None])
        hessian = normal + strength[s] * gram(matrix[:, passive])
        assert out[s] == pytest.approx(np.trace(np.linalg.solve(hessian, normal)), rel=1e-8)


def test_dense_algebra():
    random = np.random.default_rng(4)
    root = random.standard_normal((9, 6))
    normal = np.empty((6, 6))
    dense.cross_product(root, normal)
    np.testing.assert_allclose(normal, root.T @ root, atol=1e-12)
    factor, inverse, y = np.zeros((6, 6)), np.empty((6, 6)), np.empty(6)
    smallest = dense.cholesky(normal, factor)
    np.testing.assert_allclose(factor, np.linalg.cholesky(normal), atol=1e-12)
    assert smallest == pytest.approx((np.diag(factor) ** 2).min())
    dense.cholesky_solve(factor, np.arange(6.0), y)
    np.testing.assert_allclose(normal @ y, np.arange(6.0), atol=1e-10)
    dense.inverse_factor(factor, inverse)
    np.testing.assert_allclose(inverse @ factor, np.eye(6), atol=1e-10)
    assert dense.cholesky(-normal, factor) <= 0.0
