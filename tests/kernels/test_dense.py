"""Dense linear algebra against numpy.linalg."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift_kernels import dense


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
