"""Householder least squares against LAPACK, and the criterion that stops adding elements."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift_kernels import kramers_kronig as kernels


def solve(matrix, data):
    m, n = matrix.shape
    columns = np.vstack([matrix.T, data])
    out = np.empty(n)
    kernels.least_squares(columns, n, m, np.empty((2, n)), out)
    return out


@pytest.mark.parametrize(("m", "n"), [(5, 1), (8, 3), (12, 9), (9, 9)])
def test_least_squares_is_lapack(m, n):
    random = np.random.default_rng(m + n)
    matrix, data = random.standard_normal((m, n)) * np.logspace(-2, 2, n), random.standard_normal(m)
    np.testing.assert_allclose(solve(matrix, data), np.linalg.lstsq(matrix, data, rcond=None)[0], rtol=1e-9)


def test_column_of_zeros_gets_zero():
    matrix = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(solve(matrix, np.array([1.0, 2.0, 6.0])), [3.0, 0.0])


def test_mu():
    assert kernels.overfitting(np.array([9.0, 4.0, -1.0, 4.0]), 1, 3) == pytest.approx(1.0 - 1.0 / 8.0)
    assert kernels.overfitting(np.array([4.0, 4.0]), 0, 2) == 1.0
