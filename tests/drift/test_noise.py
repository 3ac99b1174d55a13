"""Noise level, correlation and common mode, recovered from simulated noise."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from iondrift import errors, estimate_noise
from manufactured import C0, CASES, noise


def noisy(case, seed, *, zero_filled, level=0.02, common=0.0):
    clean, _ = CASES[case].data()
    rng = np.random.default_rng(seed)
    factor = 1.0 + common * rng.standard_normal((clean.shape[0], 1))
    return clean * factor + level * C0 * noise(clean.shape, rng, zero_filled=zero_filled)


@pytest.mark.parametrize("case", ["bulk", "layers", "thin"])
def test_level_of_white_noise(case):
    estimates = [estimate_noise(noisy(case, seed, zero_filled=False)) for seed in range(6)]
    assert np.mean([e.standard_deviation for e in estimates]) == pytest.approx(0.02 * C0, rel=0.02)
    assert np.mean([len(e.autocorrelation) == 1 for e in estimates]) > 0.6


def test_correlation_of_zero_filled_noise():
    estimate = estimate_noise(noisy("layers", 3, zero_filled=True))
    assert estimate.standard_deviation == pytest.approx(0.02 * C0, rel=0.05)
    assert estimate.autocorrelation[1] == pytest.approx(0.637, abs=0.06)
    assert abs(estimate.autocorrelation[2]) < 0.12
    matrix = estimate.correlation_matrix(46)
    np.testing.assert_allclose(np.diagonal(matrix), 1.0)
    np.testing.assert_allclose(matrix, matrix.T)


def test_common_mode_is_told_from_point_noise():
    with_common = [estimate_noise(noisy("bulk", seed, zero_filled=False, common=0.01)) for seed in range(6)]
    without = [estimate_noise(noisy("bulk", seed, zero_filled=False)) for seed in range(6)]
    assert np.mean([e.common_mode for e in with_common]) == pytest.approx(0.01, rel=0.2)
    assert np.mean([e.common_mode for e in without]) < 0.002


@pytest.mark.parametrize("points", [8, 24])
def test_few_points_bias_neither_level_nor_common_mode(points):
    """The mean over few points holds noise of theirs, and takes it out of the rest: both are given back."""
    level, common = [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        values = 1e3 * (1.0 + 0.02 * rng.standard_normal((60, points)) + 0.01 * rng.standard_normal((60, 1)))
        coords = {"time": np.arange(60.0), "x": np.arange(float(points))}
        estimate = estimate_noise(xr.DataArray(values, dims=("time", "x"), coords=coords))
        level.append(estimate.standard_deviation**2)
        common.append(estimate.common_mode**2)
    assert np.mean(level) == pytest.approx(20.0**2, rel=0.03)
    assert np.mean(common) == pytest.approx(0.01**2, rel=0.1)


def test_correlation_at_every_lag_of_moving_averages():
    """Noise averaged over three neighbours: 2/3, 1/3 and then nothing, which is left away."""
    found = []
    for seed in range(20):
        white = np.random.default_rng(seed).standard_normal((80, 62))
        values = 1e3 + 20.0 * (white[:, :-2] + white[:, 1:-1] + white[:, 2:]) / np.sqrt(3.0)
        coords = {"time": np.arange(80.0), "x": np.arange(60.0)}
        found.append(estimate_noise(xr.DataArray(values, dims=("time", "x"), coords=coords)))
    first = np.mean([estimate.autocorrelation[:3] for estimate in found], axis=0)
    np.testing.assert_allclose(first, [1.0, 2.0 / 3.0, 1.0 / 3.0], atol=0.02)
    assert np.median([len(estimate.autocorrelation) for estimate in found]) == 3
    assert np.mean([estimate.standard_deviation for estimate in found]) == pytest.approx(20.0, rel=0.02)


@pytest.mark.parametrize(("points", "lags"), [(12, 4), (30, 10), (60, 12)])
def test_no_lag_beyond_a_third_of_the_points_or_twelve_is_believed(points, lags):
    """Too few pairs are that far apart; noise that is even longer correlated along x ends there."""
    rng = np.random.default_rng(1)
    slope = rng.standard_normal((300, 1)) * np.linspace(-1.0, 1.0, points)
    coords = {"time": np.arange(300.0), "x": np.arange(float(points))}
    estimate = estimate_noise(xr.DataArray(1e3 + 20.0 * slope, dims=("time", "x"), coords=coords))
    assert len(estimate.autocorrelation) == lags + 1


def test_a_smooth_series_is_not_taken_for_correlated_noise():
    clean, _ = CASES["layers"].data()
    estimate = estimate_noise(clean)
    assert estimate.autocorrelation == (1.0,)
    assert estimate.standard_deviation < 1e-3 * C0


@pytest.mark.parametrize(("count", "points"), [(8, 8), (7, 8), (8, 7), (5, 20)])
def test_eight_profiles_of_eight_points_are_the_fewest(count, points):
    values = 1e3 + 20.0 * np.random.default_rng(3).standard_normal((count, points))
    coords = {"time": np.arange(float(count)), "x": np.arange(float(points))}
    short = xr.DataArray(values, dims=("time", "x"), coords=coords)
    if min(count, points) >= 8:
        assert estimate_noise(short).standard_deviation == pytest.approx(20.0, rel=0.5)
    else:
        with pytest.raises(errors.DataError, match=f"at least 8 profiles of 8 points, got {count} of {points}"):
            estimate_noise(short)


def test_a_step_of_the_protocol_is_no_noise():
    """Differences across a step are left out, be it in one profile or along all of them."""
    clean = noisy("bulk", 0, zero_filled=False)
    stepped = clean.copy()
    stepped[40:] += C0
    spoilt = clean.copy()
    spoilt[20, 5] *= 3.0
    plain = estimate_noise(clean)
    for changed in (stepped, spoilt):
        found = estimate_noise(changed)
        assert found.standard_deviation == pytest.approx(plain.standard_deviation, rel=0.05)
        assert found.common_mode < 0.002
