"""The smoother against dense algebra, its choices, and what it must not do."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.interpolate import BSpline

from iondrift import errors
from iondrift.drift.smoothing import spline_basis
from iondrift.drift.smoothing.noise import NoiseEstimate
from iondrift.drift.smoothing.penalised_splines import Penalties, smooth
from iondrift.drift.smoothing.problem import Problem
from iondrift.drift.smoothing.search import BOUNDS, choose
from iondrift.reference.spline_modes import dense
from manufactured import C0, CASES, noise

WHITE = NoiseEstimate(standard_deviation=0.02 * C0, autocorrelation=(1.0,), common_mode=0.0)


def noisy(name, seed=0, level=0.02, *, zero_filled=False, profiles=80):
    clean, _ = CASES[name].data(profiles)
    return clean + level * C0 * noise(clean.shape, np.random.default_rng(seed), zero_filled=zero_filled)


def test_local_basis_equals_scipy():
    knots = spline_basis.knots_with_breaks(np.linspace(0.0, 1.0, 30), np.array([0.31]))
    points = np.linspace(0.0, 1.0, 57)
    local = spline_basis.local_basis(knots, points)
    dense, slope, integral = spline_basis.dense_basis(knots, points)
    rows = np.arange(points.size)[:, None]
    columns = local.start[:, None] + np.arange(4)
    np.testing.assert_allclose(dense[rows, columns], local.value, atol=1e-12)
    np.testing.assert_allclose(slope[rows, columns], local.slope, atol=1e-9)
    np.testing.assert_allclose(integral[rows, columns], spline_basis.local_integrals(knots, points, local), atol=1e-14)
    np.testing.assert_allclose(local.value.sum(axis=1), 1.0)


def test_a_break_allows_a_kink_and_nothing_worse():
    knots = spline_basis.knots_with_breaks(np.linspace(0.0, 1.0, 30), np.array([0.4]))
    around = np.array([0.4 - 1e-9, 0.4 + 1e-9])
    functions = knots.size - 4
    assert functions < 30
    values = BSpline(knots, np.eye(functions), 3)(around)
    slopes = BSpline(knots, np.eye(functions), 3).derivative()(around)
    assert np.abs(np.diff(values, axis=0)).max() < 1e-6
    assert np.abs(np.diff(slopes, axis=0)).max() > 1.0


@pytest.mark.parametrize("order", [2, 3])
def test_roughness_band_is_the_integral(order):
    knots = spline_basis.knots_at_sites(np.linspace(0.0, 1.0, 12))
    band = spline_basis.band_roughness(knots, order)
    _, weights, second = spline_basis.roughness_nodes(knots, order)
    dense = second.T @ (weights[:, None] * second)
    for d in range(4):
        np.testing.assert_allclose(band[d:, d], np.diagonal(dense, -d), rtol=1e-10, atol=1e-9)


def test_quadrature_is_exact_for_cubics():
    x = np.sort(np.random.default_rng(0).uniform(0.0, 2.0, 15))
    weights = spline_basis.cubic_quadrature(x)
    assert weights @ x**3 == pytest.approx((x[-1] ** 4 - x[0] ** 4) / 4.0)


def test_the_fit_is_the_penalised_least_squares_solution():
    """One dense normal-equation solve over the whole tensor product is the oracle."""
    c = noisy("layers", profiles=14)[:, ::3]
    series = smooth(c, noise=WHITE, penalties=Penalties(space=1e-7, time=0.02, both=3e-9))
    count, points = c.shape
    scaled = np.linspace(0.0, 1.0, count)
    time_knots = spline_basis.knots_with_breaks(scaled, np.empty(0))
    time_basis = spline_basis.dense_basis(time_knots, scaled)[0]
    space_basis = spline_basis.dense_basis(series.knots, np.linspace(0.0, 1.0, points))[0]
    _, weights, second = spline_basis.roughness_nodes(series.knots, 3)
    rough_space = second.T @ (weights[:, None] * second)
    # Protocol steps (here the start) lower the penalty in time, then it settles.
    band = spline_basis.band_roughness(time_knots, 3, lambda t: ((t + 0.01) / (t + 0.11)) ** 5)
    rough_time = sum(np.diag(band[d:, d], -d) for d in range(4))
    rough_time += np.tril(rough_time, -1).T
    gram = time_basis.T @ time_basis
    rough_time *= np.trace(gram) / np.trace(rough_time)
    design = np.kron(space_basis, time_basis)
    penalty = 1e-7 * np.kron(rough_space, gram) + 0.02 * np.kron(space_basis.T @ space_basis, rough_time)
    penalty += 3e-9 * np.kron(rough_space, rough_time)
    solution = np.linalg.solve(design.T @ design + penalty, design.T @ c.values.T.ravel())
    fitted = (design @ solution).reshape(points, count).T
    np.testing.assert_allclose(series.evaluate()[0], fitted, rtol=1e-6)


def test_derivative_and_antiderivative_belong_to_the_fit():
    c = noisy("layers")
    series = smooth(c)
    values, gradient, integrated = series.evaluate()
    fine = np.gradient(values, c["x"].values, axis=1, edge_order=2)
    assert np.abs(fine - gradient)[:, 3:-3].max() < 0.05 * np.abs(gradient).max()
    rate = np.gradient(values, c["time"].values, axis=0, edge_order=2)
    summed = -np.concatenate(
        [np.zeros((80, 1)), np.cumsum((rate[:, 1:] + rate[:, :-1]) / 2.0 * np.diff(c["x"].values), axis=1)], axis=1
    )
    assert np.abs(summed - integrated)[3:-3].max() < 0.03 * np.abs(integrated).max()


def test_zero_filled_noise_is_not_fitted():
    truth = CASES["layers"].data()[0].values
    error = {"informed": [], "naive": []}
    for seed in range(4):
        c = noisy("layers", seed, zero_filled=True)
        informed, naive = smooth(c), smooth(c, noise=WHITE)
        assert informed.nominal_points < 35
        for name, fit in (("informed", informed), ("naive", naive)):
            error[name].append(np.sqrt(np.mean((fit.evaluate()[0] - truth) ** 2)))
    assert np.mean(error["informed"]) < 0.95 * np.mean(error["naive"])


def test_whitened_residuals_are_white():
    residuals = smooth(noisy("layers", 2, zero_filled=True)).whitened_residuals
    variance = np.mean(residuals**2)
    assert abs(np.mean(residuals[:, 1:] * residuals[:, :-1])) < 0.06 * variance
    assert abs(np.mean(residuals[1:] * residuals[:-1])) < 0.06 * variance


def test_noise_of_the_reference_is_fitted_as_a_pattern():
    clean = CASES["layers"].data()[0]
    rng = np.random.default_rng(5)
    measured = clean.values + 0.02 * C0 * rng.standard_normal(clean.shape)
    ratio = clean.copy(data=C0 * measured / measured[0])
    fits = {
        "joint": smooth(ratio, reference_profiles=1, reference_index=0),
        "ignored": smooth(ratio),
    }
    error = {name: np.sqrt(np.mean((fit.evaluate()[0] - clean.values) ** 2)) for name, fit in fits.items()}
    assert error["joint"] < 0.6 * error["ignored"]
    pattern = fits["joint"].value @ fits["joint"].pattern[:, 0]
    assert np.corrcoef(pattern, C0 - measured[0])[0, 1] > 0.8
    np.testing.assert_allclose(fits["joint"].evaluate()[0][0], C0, rtol=2e-3)


def test_adaptivity_is_chosen_for_a_thin_layer():
    c = noisy("thin", 4)
    truth = CASES["thin"].data()[0].values
    adaptive, plain = smooth(c), smooth(c, adaptive=False)
    assert adaptive.penalties.adaptivity is not None
    assert adaptive.restricted_likelihood < plain.restricted_likelihood
    error = [np.sqrt(np.mean((fit.evaluate()[0] - truth) ** 2)) for fit in (adaptive, plain)]
    assert error[0] < error[1]


@pytest.mark.parametrize(("name", "kappa"), [("thin", 0.0), ("step", 1.0)])
def test_penalties_are_as_likely_as_a_slow_search_finds_them(name, kappa):
    c = noisy(name, 1, profiles=20)[:, ::4]
    problem = Problem(
        values=c.values,
        times=c["time"].values,
        x=c["x"].values,
        breaks=(),
        noise=WHITE,
        kappa=kappa,
        reference_index=0 if kappa else None,
    )
    choice = choose(problem.likelihood, adaptive=True)
    plain, adaptive = dense(problem.likelihood).lowest()
    assert choice.plain.value < plain + 0.1
    assert choice.adaptive.value < adaptive + 0.1
    for optimum in (choice.plain, choice.adaptive):
        low, high = BOUNDS[: optimum.place.size].T
        assert ((optimum.place >= low) & (optimum.place <= high)).all()
        assert problem.fit(optimum.penalties).restricted_likelihood == pytest.approx(optimum.value, abs=1e-6)


def test_breaks_that_leave_too_few_profiles_are_dropped():
    c = noisy("layers", profiles=20)
    time = c["time"].values
    series = smooth(c, breaks=(time[1], time[9] + 1.0, time[-2]))
    assert series.breaks == (time[9] + 1.0,)


def test_a_common_mode_beside_no_noise_is_ignored():
    """No point noise is known to weigh it by: the profiles are smoothed as if there were none."""
    clean, _ = CASES["bulk"].data()
    none = [NoiseEstimate(standard_deviation=0.0, autocorrelation=(1.0,), common_mode=mode) for mode in (0.0, 0.01)]
    first, second = (smooth(clean, noise=estimate) for estimate in none)
    np.testing.assert_array_equal(first.coefficients, second.coefficients)


def test_too_little_data_is_refused():
    c = xr.DataArray(np.ones((3, 20)), dims=("time", "x"), coords={"time": np.arange(3.0), "x": np.arange(20.0)})
    with pytest.raises(errors.DataError, match="use smoothing='none'"):
        smooth(c)
