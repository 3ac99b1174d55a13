"""Statistical verification of the counter-based normals, compiled; seeds are fixed, so nothing here is flaky."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from iondrift.reference import counter_normal as reference
from iondrift_kernels import counter_normal as kernels

SEED = 20260101
LANES = 1000
BLOCKS = 250


def normals(seed=SEED, replicate=0, time=0, group=0, source=0, lanes=LANES):
    words = np.empty((4, lanes), dtype=np.uint64)
    out = np.empty((4, lanes))
    kernels.fill_normals(np.uint64(seed), replicate, time, group, source, words, out)
    return out


@pytest.fixture(scope="module")
def million():
    """(BLOCKS, 4, LANES): as a Monte Carlo run walks the counter, time by time and group by group."""
    return np.stack([normals(time=block // 10, group=block % 10) for block in range(BLOCKS)])


def test_moments(million):
    count = million.size
    assert abs(million.mean()) < 4.0 / math.sqrt(count)
    assert abs(million.var() - 1.0) < 4.0 * math.sqrt(2.0 / count)
    assert abs(stats.skew(million, axis=None)) < 4.0 * math.sqrt(6.0 / count)
    assert abs(stats.kurtosis(million, axis=None)) < 4.0 * math.sqrt(24.0 / count)


def test_kolmogorov_smirnov(million):
    assert stats.kstest(million.ravel(), "norm").pvalue > 1e-3
    for row in range(4):
        assert stats.kstest(million[:, row].ravel(), "norm").pvalue > 1e-3


def test_tails_hold_their_share(million):
    for threshold in (2.0, 3.0, 4.0):
        expected = million.size * stats.norm.sf(threshold)
        for share in (np.sum(million > threshold), np.sum(million < -threshold)):
            assert abs(share - expected) < 4.5 * math.sqrt(expected)


def test_the_four_normals_of_a_counter_are_independent(million):
    rows = np.moveaxis(million, 1, 0).reshape(4, -1)
    bound = 4.5 / math.sqrt(rows.shape[1])
    # A pair shares its radius: squares must be uncorrelated too.
    for values in (rows, rows**2, np.abs(rows)):
        correlation = np.corrcoef(values)
        assert np.abs(correlation - np.eye(4)).max() < bound
    radius = rows[0] ** 2 + rows[1] ** 2
    assert stats.kstest(radius, "chi2", args=(2,)).pvalue > 1e-3


@pytest.mark.parametrize("name", ["seed", "replicate", "time", "group", "source", "upper seed"])
def test_neighbouring_counters_are_uncorrelated(name):
    lanes = 100_000
    if name == "replicate":
        drawn = normals(lanes=lanes + 1)
        first, second = drawn[:, :-1], drawn[:, 1:]
    elif name == "upper seed":
        first, second = normals(lanes=lanes), normals(seed=SEED + 2**32, lanes=lanes)
    else:
        base = {"seed": SEED}.get(name, 0)
        first, second = normals(lanes=lanes), normals(**{name: base + 1}, lanes=lanes)
    bound = 4.8 / math.sqrt(lanes)
    for a, b in ((first, second), (first**2, second**2)):
        cross = np.corrcoef(a, b)[:4, 4:]
        assert np.abs(cross).max() < bound


def test_along_time_and_group_as_a_run_uses_them(million):
    flat = million.reshape(BLOCKS // 10, 10, 4, LANES)
    for axis in (0, 1, 3):
        moved = np.moveaxis(flat, axis, 0)
        correlation = np.mean(moved[:-1] * moved[1:])
        assert abs(correlation) < 4.5 / math.sqrt(moved[1:].size)


def test_a_large_draw_equals_plain_numpy():
    drawn = normals(time=3, group=2, source=9, lanes=100_000)
    expected = reference.normals(SEED, np.arange(100_000), 3, 2, 9)
    np.testing.assert_allclose(drawn, expected, rtol=0.0, atol=6e-15)
