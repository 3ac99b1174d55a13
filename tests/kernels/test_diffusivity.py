from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from iondrift_kernels.diffusivity import evaluate_array, evaluate_each

V_EO, V_SALT = 3.9e-5, 2.1e-4
UNBOUNDED = [1.0 / V_EO, V_SALT / V_EO, -math.inf, math.inf]


def evaluated(form, argument, parameters, c):
    out = np.full(c.size, np.nan)
    evaluate_array(form, argument, np.array(parameters, dtype=np.float64), c, out)
    return out


def test_polynomial_of_the_concentration():
    c = np.array([10.0, 800.0, 1650.0])
    p = [3e-19, -2e-15, 4e-12]
    np.testing.assert_allclose(evaluated(0, 0, UNBOUNDED + p, c), np.polyval(p, c), rtol=1e-14)


def test_a_single_coefficient_is_a_constant():
    np.testing.assert_array_equal(evaluated(0, 0, [*UNBOUNDED, 1.3e-12], np.array([1.0, 1e9])), 1.3e-12)


def test_eo_li_ratio_by_additive_volumes():
    n = np.array([10.0, 14.0, 20.0])
    c = 1.0 / (V_SALT + n * V_EO)
    p = [-3.09546e-16, -8.14922e-15, 5.01302e-13, -2.57336e-12]
    np.testing.assert_allclose(evaluated(0, 1, UNBOUNDED + p, c), np.polyval(p, n), rtol=1e-12)


def test_molality_is_that_of_the_ratio_s_inverse():
    n, mass = np.array([10.0, 14.0, 20.0]), 44.05e-3
    c = 1.0 / (V_SALT + n * V_EO)
    header = [mass / V_EO, mass * V_SALT / V_EO, -math.inf, math.inf]
    np.testing.assert_allclose(evaluated(0, 2, [*header, 2.0, 3.0], c), 2.0 / (mass * n) + 3.0, rtol=1e-12)
    np.testing.assert_allclose(evaluated(1, 2, [*header, 2.0, 0.3], c), 2.0 * np.exp(-0.3 / (mass * n)), rtol=1e-12)


def test_exponential():
    c = np.array([300.0, 1650.0])
    np.testing.assert_allclose(evaluated(1, 0, [*UNBOUNDED, 2e-12, 4e-4], c), 2e-12 * np.exp(-4e-4 * c), rtol=1e-14)


@pytest.mark.parametrize("count", [2, 3, 8])
def test_table_matches_scipy_at_and_between_knots(count):
    knots = np.linspace(500.0, 1700.0, count) ** 1.1
    D = 1e-12 * (1.0 + np.cos(np.arange(count)) ** 2)
    oracle = PchipInterpolator(knots, D)
    header = [*UNBOUNDED[:2], knots[0], knots[-1]]
    c = np.sort(np.concatenate([knots, np.linspace(knots[0], knots[-1], 57)]))
    parameters = [*header, count - 1, *knots, *oracle.c.T.reshape(-1)]
    np.testing.assert_allclose(evaluated(2, 0, parameters, c), oracle(c), rtol=1e-13)
    outside = np.array([1.0, 1e6])
    np.testing.assert_allclose(evaluated(2, 0, parameters, outside), D[[0, -1]], rtol=1e-13)


def test_argument_is_held_within_its_bounds_and_nan_survives():
    p = [*UNBOUNDED[:2], 100.0, 200.0, 1.0, 0.0]  # D = c
    np.testing.assert_array_equal(
        evaluated(0, 0, p, np.array([5.0, 150.0, 900.0, np.nan])), [100.0, 150.0, 200.0, np.nan]
    )


def test_each_concentration_with_its_own_parameters():
    c, p = np.array([300.0, 900.0, 1650.0]), np.array([[*UNBOUNDED, 2e-12, k] for k in (1e-4, 4e-4, 9e-4)])
    out = np.full(3, np.nan)
    evaluate_each(1, 0, p, c, out)
    np.testing.assert_array_equal(out, [evaluated(1, 0, row, c[k : k + 1])[0] for k, row in enumerate(p)])
