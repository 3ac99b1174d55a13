"""The restricted likelihood of splines against dense matrices, its derivatives against differences."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift.drift.smoothing.noise import NoiseEstimate
from iondrift.drift.smoothing.problem import Problem
from iondrift.reference.spline_modes import dense
from iondrift_kernels import spline_modes as kernels
from iondrift_kernels.determinant_table import look_up
from iondrift_kernels.ordered_products import cross_rows, multiply

PROFILES, POINTS = 16, 18  # two blocks of modes, the second not full
PLACES = {
    "plain": np.array([-9.0, 1.0, -2.0]),
    "adaptive": np.array([-9.0, 1.0, -2.0, 2.0, 1.0, np.log(0.2)]),
    "no cross penalty": np.array([-7.0, 3.0, -18.0, 3.0, -4.0, np.log(0.4)]),
}


def likelihood(*, kappa=0.0, reference_index=None, order=3, breaks=()):
    rng = np.random.default_rng(3)
    times, x = np.linspace(0.0, 900.0, PROFILES), np.linspace(0.0, 1e-3, POINTS)
    layer = np.exp(-x / 2e-4) * (times / 900.0)[:, None]
    values = 1000.0 * (1.0 - 0.3 * layer) + 10.0 * rng.standard_normal(layer.shape)
    white = NoiseEstimate(standard_deviation=10.0, autocorrelation=(1.0,), common_mode=0.0)
    return Problem(
        values=values,
        times=times,
        x=x,
        breaks=breaks,
        noise=white,
        kappa=kappa,
        reference_index=reference_index,
    ).likelihood_of_order(order)


CASES = {
    "no reference": {},
    "reference outside": {"kappa": 0.3},
    "reference in the series": {"kappa": 1.0, "reference_index": 0},
    "order 2": {"kappa": 1.0, "order": 2},
    "break": {"breaks": (420.0,)},
}


def differences(function, place, step):
    """Return central differences of fourth order of an array-valued function by each parameter, last axis."""
    found = []
    for i in range(place.size):
        move = np.zeros(place.size)
        move[i] = step
        near = function(place + move) - function(place - move)
        far = function(place + 2.0 * move) - function(place - 2.0 * move)
        found.append((8.0 * near - far) / (12.0 * step))
    return np.stack(found, axis=-1)


@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
def test_value_gradient_and_hessian_equal_dense_algebra(options):
    mine = likelihood(**options)
    slow = dense(mine)
    for place in PLACES.values():
        assert mine.value(place) == pytest.approx(slow.value(place), abs=2e-5)
        gradient, hessian = mine.derivatives(place.size)
        expected = differences(lambda p: np.array(slow.value(p)), place, 0.02)
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())

        def slope(p):
            mine.value(p)
            return mine.derivatives(p.size)[0]

        curvature = differences(slope, place, 0.02)
        np.testing.assert_allclose(hessian, curvature, rtol=1e-5, atol=1e-5 * np.abs(curvature).max())
        np.testing.assert_array_equal(hessian, hessian.T)


def test_determinants_keep_their_digits_where_the_matrix_loses_them():
    """At r = 40 the slope is the rank of P, K - 3; a Cholesky decomposition has long lost it."""
    table = likelihood().series.table
    functions = likelihood().series.arrow.size
    assert look_up(table, 40.0)[1] == pytest.approx(functions - 3, abs=1e-4)
    assert look_up(table, -200.0)[1] == pytest.approx(0.0, abs=1e-6)
    level, slope, bend = look_up(table, 1e3)
    assert level == pytest.approx(look_up(table, 900.0)[0] + 100.0 * slope)
    assert bend == 0.0


def test_table_is_the_determinant():
    series = likelihood().series
    twin = dense(likelihood())
    for r in (-20.0, -3.3, 0.0, 1.7, 12.1):
        expected = np.linalg.slogdet(twin.gram + np.exp(r) * twin.penalty)[1]
        assert look_up(series.table, r)[0] == pytest.approx(expected, abs=1e-6)


def test_products_equal_numpy():
    rng = np.random.default_rng(0)
    left, right = rng.standard_normal((5, 7)), rng.standard_normal((7, 9))
    out = np.empty((5, 9))
    multiply(left, right, out)
    np.testing.assert_allclose(out, left @ right, atol=1e-13)
    square, weights = np.empty((7, 7)), rng.uniform(size=5)
    cross_rows(left, weights, square)
    np.testing.assert_allclose(square, left.T @ (weights[:, None] * left), atol=1e-13)


@pytest.mark.skipif(not hasattr(kernels.value, "py_func"), reason="Python's own square root raises instead")
def test_a_matrix_that_is_not_positive_has_no_likelihood():
    mine = likelihood()
    mine.series.gram[0, 0] = -1.0
    assert mine.value(PLACES["plain"]) == np.inf
