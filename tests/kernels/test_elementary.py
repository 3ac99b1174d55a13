"""Exponential and logarithm against NumPy's."""

from __future__ import annotations

import numpy as np

from iondrift_kernels import elementary


def test_exponential_is_that_of_numpy():
    x = np.concatenate([np.linspace(-700.0, 700.0, 4001), np.linspace(-1e-3, 1e-3, 101)])
    found = np.array([elementary.exponential(value) for value in x])
    np.testing.assert_allclose(found, np.exp(x), rtol=5e-16)


def test_logarithm_is_that_of_numpy():
    x = np.concatenate([np.geomspace(1e-300, 1e300, 4001), np.linspace(0.5, 2.0, 1001), 1.0 + np.geomspace(1e-15, 0.1)])
    found = np.array([elementary.logarithm(value) for value in x])
    np.testing.assert_allclose(found, np.log(x), rtol=5e-16)


def test_logarithm_of_one_is_exactly_zero():
    assert elementary.logarithm(1.0) == 0.0
