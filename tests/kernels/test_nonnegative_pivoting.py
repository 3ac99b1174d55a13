"""Block pivoting, many programmes with one Hessian, against one call of scipy.optimize.nnls for each."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift.impedance.drt.nonnegative import gram, solve_shared
from iondrift.reference import nonnegative_weighted as reference
from iondrift_kernels import nonnegative_pivoting as kernels
from relaxation_problem import problem


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("strength", [0.5, 0.05, 0.01, 1e-3])
def test_shared_solver_is_scipy_nnls(order, strength):
    design, matrix, rows = problem(order)
    answer = solve_shared(gram(design) + strength**2 * gram(matrix), -design.T, rows)
    expected = reference.solve(design, strength * matrix, rows, np.ones_like(rows))
    tolerance = 1e-8 if strength >= 0.01 else 1e-6
    assert np.abs(answer.x - expected).max() < tolerance * expected.max()
    assert answer.kkt_residual.max() < 1e-10
    assert (answer.x >= 0.0).all()
    assert (answer.iterations >= 1).all()


def test_programmes_do_not_depend_on_their_company():
    design, matrix, rows = problem(0, spectra=kernels.BLOCK + 3)
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
    kernels.pivot_transform(hessian, linear, base, out)
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
    kernels.product(left, 1, rows, right, out)
    np.testing.assert_allclose(out, left[1:] @ right, atol=1e-12)
