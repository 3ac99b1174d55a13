"""Quantiles by binning against NumPy's full sort."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from iondrift_kernels import quantile as kernels

LEVELS = np.array([0.025, 0.16, 0.5, 0.84, 0.975])


def quantiles(values, levels=LEVELS, count=None):
    values = np.ascontiguousarray(values, dtype=float)
    count = values.size if count is None else count
    before = values.copy()
    out = np.full(levels.size, -1.0)
    workspace = kernels.make_workspace(values.size, levels.size)
    with np.errstate(over="ignore", invalid="ignore"):  # infinite ranges, when the interpreter runs the kernel
        kernels.quantiles(values, count, levels, workspace, out)
    np.testing.assert_array_equal(values, before)
    return out


def check(values, levels=LEVELS):
    with np.errstate(over="ignore"):
        expected = np.quantile(np.asarray(values, dtype=float), levels)
    np.testing.assert_allclose(quantiles(values, levels), expected, rtol=1e-14, atol=0.0)


SAMPLES = {
    "normal": lambda rng, n: rng.standard_normal(n),
    "sorted": lambda rng, n: np.sort(rng.standard_normal(n)),
    "reversed": lambda rng, n: np.sort(rng.standard_normal(n))[::-1],
    "constant": lambda rng, n: np.full(n, -2.5),
    "two values": lambda rng, n: rng.integers(0, 2, n),
    "ties": lambda rng, n: np.round(rng.standard_normal(n)),
    "one huge": lambda rng, n: np.append(rng.standard_normal(n - 1), 1e30),
    "one huge negative": lambda rng, n: np.append(rng.standard_normal(n - 1), -1e30),
    "heavy tails": lambda rng, n: rng.standard_cauchy(n),
    "far from zero": lambda rng, n: 1e9 + rng.standard_normal(n),
    "every magnitude": lambda rng, n: rng.permutation(np.logspace(-300, 300, n)),
    "signed magnitudes": lambda rng, n: rng.choice([-1.0, 1.0], n) * np.logspace(-300, 300, n),
    "subnormal": lambda rng, n: rng.integers(0, 50, n) * 5e-324,
    "range that overflows": lambda rng, n: np.append(rng.uniform(-1e9, 1e9, 2 * n), [-1.5e308, 1.5e308]),
    "signed zeros": lambda rng, n: rng.choice([-0.0, 0.0], n),
}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("size", [2, 39, 41, 300])
def test_equals_numpy(name, size):
    check(SAMPLES[name](np.random.default_rng(size), size))


@pytest.mark.parametrize("size", range(1, 9))
def test_tiny_samples(size):
    check(np.random.default_rng(size).standard_normal(size))


@settings(max_examples=60, deadline=None)
@given(
    values=arrays.arrays(
        np.float64,
        st.integers(1, 150),
        elements=st.floats(-1e150, 1e150) | st.integers(-3, 3).map(float),
    ),
    levels=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=6),
)
def test_any_values_and_levels(values, levels):
    levels = np.array(levels)
    expected = np.quantile(values, levels)
    scale = np.abs(values).max()
    np.testing.assert_allclose(quantiles(values, levels), expected, rtol=1e-14, atol=1e-15 * scale)


def test_levels_in_any_order_repeated_and_at_both_ends():
    levels = np.array([1.0, 0.5, 0.0, 0.5, 0.25, 0.5, 0.9999])
    check(np.random.default_rng(1).standard_normal(257), levels)


def test_values_beyond_count_do_not_matter():
    values = np.append(np.random.default_rng(2).standard_normal(100), [np.nan, 1e9])
    np.testing.assert_array_equal(quantiles(values, count=100), quantiles(values[:100]))


@pytest.mark.parametrize("size", [1, 30, 200])
@pytest.mark.parametrize("nan", [np.nan, -np.nan])
def test_one_nan_spoils_all(size, nan):
    values = np.random.default_rng(3).standard_normal(size)
    values[size // 2] = nan
    assert np.isnan(quantiles(values)).all()


def test_no_values_no_quantiles():
    assert np.isnan(quantiles(np.empty(0))).all()


@pytest.mark.parametrize("size", [5, 41, 201])
def test_infinities_keep_their_rank(size):
    values = np.random.default_rng(4).standard_normal(size)
    values[1], values[3] = np.inf, -np.inf
    out = quantiles(values, np.array([0.0, 0.5, 1.0]))
    assert out[0] == -np.inf
    assert out[1] == np.median(values)
    assert out[2] == np.inf


def test_interpolation_towards_an_infinity():
    values = np.append(np.zeros(3), np.inf)
    assert quantiles(values, np.array([0.7, 0.9])).tolist() == [np.inf, np.inf]
    assert np.isnan(quantiles(np.array([-np.inf, np.inf]), np.array([0.5]))).all()


def test_interpolation_over_a_difference_that_overflows():
    out = quantiles(np.array([-1.5e308, 1.5e308]), np.array([0.25, 0.5, 0.84]))
    np.testing.assert_allclose(out, [-0.75e308, 0.0, 1.02e308], rtol=1e-14)


def test_the_heap_sorts():
    sort = kernels._sort_by_heap
    for size in (0, 1, 2, 3, 7, 64, 65):
        values = np.random.default_rng(size).integers(0, 20, size).astype(float)
        expected = np.sort(values)
        sort(values)
        np.testing.assert_array_equal(values, expected)


def test_a_workspace_is_free_of_memory():
    rng = np.random.default_rng(5)
    workspace = kernels.make_workspace(300, LEVELS.size)
    for size in (300, 45, 7, 120, 300):
        values = rng.standard_cauchy(size)
        out = np.empty(LEVELS.size)
        kernels.quantiles(values, size, LEVELS, workspace, out)
        np.testing.assert_array_equal(out, quantiles(values))
