"""The flux at x = 0 from what is stored in front of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline

from iondrift.drift.electrode_flux import fit_storage, flux_from_storage, storage_origin
from iondrift.drift.names import InTime
from iondrift.drift.smoothing import spline_basis
from iondrift.errors import DataError, ShapeError
from iondrift_kernels.spline_layout import LANES
from storage_oracle import flux_error

TIME = np.arange(60) * 513.0
STEP = 30 * 513.0 - 100.0


def _storage() -> tuple[np.ndarray, np.ndarray]:
    """Return a storage with a kink at STEP, and its flux."""
    late = np.clip(TIME - STEP, 0.0, None)
    storage = 0.2 - 1e-6 * TIME - 4e-6 * late + 1e-10 * late**2
    return storage, 1e-6 + np.where(TIME >= STEP, 4e-6 - 2e-10 * late, 0.0)


def test_spline_follows_a_kink_at_a_break_without_noise() -> None:
    storage, flux = _storage()
    found = flux_from_storage(storage, TIME, smoothing="pspline", breaks=(STEP,))
    np.testing.assert_allclose(found, flux, atol=0.02 * flux.max())


def test_spline_takes_most_of_the_noise_away() -> None:
    storage, flux = _storage()
    noisy = storage + 2e-3 * np.random.default_rng(1).standard_normal(TIME.size)
    smooth = flux_from_storage(noisy, TIME, smoothing="pspline", breaks=(STEP,)) - flux
    rough = flux_from_storage(noisy, TIME, smoothing="none") - flux
    assert np.sqrt(np.mean(smooth**2)) < 0.35 * np.sqrt(np.mean(rough**2))


def test_polynomial_is_exact_for_polynomials() -> None:
    s = TIME / TIME[-1]
    found = flux_from_storage(1.0 - s + 2.0 * s**3, TIME, smoothing="polynomial", order=3)
    np.testing.assert_allclose(found, (1.0 - 6.0 * s**2) / TIME[-1], atol=1e-12)


def test_a_polynomial_has_no_more_orders_than_profiles_allow() -> None:
    time = TIME[:3]
    found = flux_from_storage(1.0 - 2e-6 * time + 1e-9 * time**2, time, smoothing="polynomial", order=3)
    np.testing.assert_allclose(found, 2e-6 - 2e-9 * time, rtol=1e-9)


@pytest.mark.parametrize("breaks", [(), (513.0 * 2.5,), (513.0 * 2.5, 513.0 * 2.7), (-5.0, 1e9)])
def test_short_stretches_between_breaks_are_straight_lines(breaks: tuple[float, ...]) -> None:
    found = flux_from_storage(3.0 - 2e-6 * TIME[:9], TIME[:9], smoothing="pspline", breaks=breaks)
    np.testing.assert_allclose(found, 2e-6, rtol=1e-6)


def test_a_break_with_a_profile_alone_is_left_out() -> None:
    found = flux_from_storage(3.0 - 2e-6 * TIME[:9], TIME[:9], smoothing="pspline", breaks=(0.5,))
    np.testing.assert_allclose(found, 2e-6, rtol=1e-6)


@pytest.mark.parametrize("breaks", [(), (STEP,), (STEP, 45.5 * 513.0)])
@pytest.mark.parametrize("noise", [2e-4, 2e-3, 2e-2])
def test_penalty_noise_and_flux_are_those_of_the_greatest_restricted_likelihood(
    breaks: tuple[float, ...], noise: float
) -> None:
    """By dense matrices: B' B + p R, R the integrated squared third derivative, p from e^-24 to e^21 on a grid,
    by QR of the roots: the matrices themselves lose their digits.

    The third derivative weighs less after a step, then settles.
    """
    storage = _storage()[0] + noise * np.random.default_rng(2).standard_normal(TIME.size)
    fit = fit_storage(storage, TIME, breaks)
    span = TIME[-1]
    knots = spline_basis.knots_with_breaks(TIME / span, np.array(breaks) / span)
    functions = knots.size - 4
    spline = BSpline(knots, np.eye(functions), 3)
    B = spline(TIME / span)
    edges = np.unique(knots)
    places = edges[:-1, None] + np.diff(edges)[:, None] * np.array([0.2, 0.4, 0.6, 0.8])
    third = np.diff(spline(places), 3, axis=1)[:, 0] / (0.2 * np.diff(edges)[:, None]) ** 3  # constant within a step
    nodes = edges[:-1, None] + np.diff(edges)[:, None] * (0.5 + np.array([-0.5, 0.5]) / np.sqrt(3.0))
    begun = np.concatenate([[0.0], np.array(breaks) / span])
    since = nodes - begun[np.searchsorted(begun, nodes, side="right") - 1]
    weight = (((since + 0.01) / (since + 0.11)) ** 5).mean(axis=1)
    root = np.sqrt(weight * np.diff(edges))[:, None] * third
    root *= np.sqrt(np.trace(B.T @ B) / (root**2).sum())
    penalised = functions - 3 - 2 * len(breaks)  # parabolas by pieces, continuous, cost nothing
    assert np.linalg.matrix_rank(third) == penalised
    free = TIME.size - (functions - penalised)

    level = storage.mean()
    values = storage - level

    def solved(penalty: float) -> tuple[float, np.ndarray, float]:
        stacked = np.vstack([B, np.sqrt(penalty) * root])
        Q, triangle = np.linalg.qr(stacked)
        projected = Q[: TIME.size].T @ values
        rest = float(values @ values - projected @ projected)
        logarithm = 2.0 * np.log(np.abs(np.diag(triangle))).sum()
        coefficients = level + np.linalg.solve(triangle, projected)
        return free * np.log(rest) + logarithm - penalised * np.log(penalty), coefficients, rest

    lowest = min(solved(np.exp(p))[0] for p in np.linspace(-24.0, 21.0, 226))
    found, coefficients, rest = solved(float(fit.posterior.reported.members.scale[0, 0, LANES]))
    assert found < lowest + 0.05
    assert fit.standard_deviation == pytest.approx(np.sqrt(rest / free), rel=2e-3)
    slope = (spline(TIME / span + 1e-7) - spline(TIME / span - 1e-7)) / 2e-7
    flux = -slope @ coefficients / span
    np.testing.assert_allclose(fit.flux(), flux, atol=1e-3 * np.abs(flux).max())


def test_the_posterior_holds_the_true_flux_as_often_as_it_says() -> None:
    storage, flux = _storage()
    normals = np.random.default_rng(3).standard_normal((64, 1280))
    exact = dict.fromkeys(("concentration", "length"), np.ones(1280))
    held, widths = [], []
    for seed in range(60):
        noisy = storage + 2e-3 * np.random.default_rng(seed).standard_normal(TIME.size)
        fit = fit_storage(noisy, TIME, (STEP,))
        low, high = np.quantile(fit.draw_flux(normals[: fit.normals], exact), [0.025, 0.975], axis=1)
        held.append((low < flux) & (flux < high))
        widths.append((high - low).mean())
    assert np.mean(held) > 0.93
    assert np.median(widths) < 0.5 * np.abs(flux).max()


def test_draws_have_the_mean_and_the_spread_of_the_posterior() -> None:
    storage, _ = _storage()
    fit = fit_storage(storage + 2e-3 * np.random.default_rng(4).standard_normal(TIME.size), TIME, (STEP,))
    normals = np.random.default_rng(5).standard_normal((fit.coefficients.size, 6400))  # five groups of every member
    exact = dict.fromkeys(("concentration", "length"), np.ones(6400))
    draws = fit.draw_flux(normals, exact)
    np.testing.assert_allclose(draws.std(axis=1), flux_error(fit), rtol=0.08)
    # The reported fit is one of those that the draws are made of.
    assert (np.abs(draws.mean(axis=1) - fit.flux()) < flux_error(fit)).all()
    np.testing.assert_array_equal(fit.exact_flux(exact), np.tile(fit.flux()[:, None], 6400))
    # S is a concentration times a length: draws of both scale the flux.
    scaled = fit.draw_flux(normals, {"concentration": 1.03 * exact["length"], "length": 0.99 * exact["length"]})
    np.testing.assert_allclose(scaled, 1.03 * 0.99 * draws, rtol=1e-12)


@pytest.mark.parametrize("smoothing", ["none", "polynomial"])
def test_a_flux_without_a_posterior_is_the_same_in_every_replicate(smoothing: str) -> None:
    storage, _ = _storage()
    origin = storage_origin(storage, TIME, InTime(smoothing=smoothing))
    normals = np.empty((origin.normals, 130))
    assert normals.size == 0  # it asks for no random number
    draws = origin.draw_flux(normals, {"length": np.ones(130)})
    assert draws.shape == (TIME.size, 130)
    np.testing.assert_array_equal(draws, np.tile(origin.flux()[:, None], 130))
    np.testing.assert_array_equal(origin.flux(), flux_from_storage(storage, TIME, smoothing=smoothing, order=3))


def test_the_storage_without_smoothing_is_differentiated_to_second_order() -> None:
    """So a parabola is exact, ends and uneven steps included."""
    time = np.array([0.0, 1.0, 3.0, 4.0, 7.0])
    found = flux_from_storage(time**2, time, smoothing="none")
    np.testing.assert_allclose(found, -2.0 * time, atol=1e-12)


def test_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="electrode_storage"):
        flux_from_storage(np.ones(3), TIME, smoothing="none")
    with pytest.raises(DataError, match="nan at index 1"):
        flux_from_storage(np.array([1.0, np.nan, 1.0]), TIME[:3], smoothing="none")
