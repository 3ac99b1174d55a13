"""The flux at x = 0 from what is stored in front of it."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift.drift.electrode_flux import fit_storage, flux_from_storage, storage_origin
from iondrift.drift.names import InTime
from iondrift.errors import DataError, ShapeError
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


@pytest.mark.parametrize("breaks", [(), (513.0 * 2.5,), (513.0 * 2.5, 513.0 * 2.7), (-5.0, 1e9)])
def test_short_stretches_between_breaks_are_straight_lines(breaks: tuple[float, ...]) -> None:
    found = flux_from_storage(3.0 - 2e-6 * TIME[:9], TIME[:9], smoothing="pspline", breaks=breaks)
    np.testing.assert_allclose(found, 2e-6, rtol=1e-6)


def test_a_break_with_a_profile_alone_is_left_out() -> None:
    found = flux_from_storage(3.0 - 2e-6 * TIME[:9], TIME[:9], smoothing="pspline", breaks=(0.5,))
    np.testing.assert_allclose(found, 2e-6, rtol=1e-6)


def test_the_posterior_holds_the_true_flux_as_often_as_it_says() -> None:
    storage, flux = _storage()
    held = []
    for seed in range(60):
        noisy = storage + 2e-3 * np.random.default_rng(seed).standard_normal(TIME.size)
        fit = fit_storage(noisy, TIME, (STEP,))
        held.append(np.abs(fit.flux() - flux) < 1.96 * flux_error(fit))
    assert 0.88 < np.mean(held) <= 0.99


def test_draws_have_the_mean_and_the_spread_of_the_posterior() -> None:
    storage, _ = _storage()
    fit = fit_storage(storage + 2e-3 * np.random.default_rng(4).standard_normal(TIME.size), TIME, (STEP,))
    normals = np.random.default_rng(5).standard_normal((fit.coefficients.size, 4000))
    exact = dict.fromkeys(("concentration", "length"), np.ones(4000))
    draws = fit.draw_flux(normals, exact)
    np.testing.assert_allclose(draws.std(axis=1), flux_error(fit), rtol=0.08)
    np.testing.assert_allclose(draws.mean(axis=1), fit.flux(), atol=4.0 * flux_error(fit).max() / np.sqrt(4000))
    np.testing.assert_array_equal(fit.draw_flux(np.zeros_like(normals), exact)[:, 0], fit.flux())
    # S is a concentration times a length: draws of both scale the flux.
    scaled = fit.draw_flux(normals, {"concentration": 1.03 * exact["length"], "length": 0.99 * exact["length"]})
    np.testing.assert_allclose(scaled, 1.03 * 0.99 * draws, rtol=1e-12)


@pytest.mark.parametrize("smoothing", ["none", "polynomial"])
def test_a_flux_without_a_posterior_is_the_same_in_every_replicate(smoothing: str) -> None:
    storage, _ = _storage()
    origin = storage_origin(storage, TIME, InTime(smoothing=smoothing))
    normals = np.empty((origin.normals, 130))
    assert normals.size == 0  # it asks for no random number
    draws = origin.draw_flux(normals, {})
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
