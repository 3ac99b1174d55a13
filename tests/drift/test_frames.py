"""Frames of a profile that diffuses and travels, in closed form; the tautology; refusals; t-* of a dilute cell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erfc

from iondrift import geometric_velocity
from iondrift.drift.frames import agreeing_transference, frames, voltage_frame
from iondrift.errors import ConfigurationError
from iondrift_kernels.constants import FARADAY

UM_PER_H = 1.0 / 3.6e9
D, T0 = 8e-13, 4000.0
THERMAL = 0.02698


def travelling(speed: float, depth: float = 0.6, points: int = 401) -> tuple[np.ndarray, ...]:
    """Return x, c, c_x and J - J(0) of c0 (1 - A erfc((x - s t) / (2 sqrt(D (t + t0))))) at t = 3 h."""
    x, t = np.linspace(0.0, 1e-3, points), 3.0 * 3600.0
    width = 2.0 * np.sqrt(D * (t + T0))
    y = (x - 2e-4 - speed * t) / width
    c = 1666.0 * (1.0 - depth / 2.0 * erfc(y))
    gradient = 1666.0 * depth / np.sqrt(np.pi) * np.exp(-(y**2)) / width
    # c_t = D c_xx - s c_x, so that -int c_t dx = -(D c_x - s c) from the left end on
    flux = -(D * gradient - speed * c) + (D * gradient - speed * c)[0]
    return x, c, gradient, flux


@pytest.mark.parametrize("speed", [0.0, 5.0, 25.0, -5.0])
def test_the_kinematic_front_is_the_speed_and_not_the_spreading(speed: float) -> None:
    x, c, gradient, flux = travelling(speed * UM_PER_H)
    found = frames(x, c, gradient, flux, np.full_like(c, D))
    assert float(found.kinematic) == pytest.approx(speed * UM_PER_H, abs=0.01 * UM_PER_H)
    # without the diffusion term a still layer that spreads would seem to move
    plain = frames(x, c, gradient, flux, np.zeros_like(c))
    if speed == 0.0:
        assert abs(float(plain.kinematic)) > 1.0 * UM_PER_H


def test_a_front_that_passes_no_anions_has_one_net_velocity() -> None:
    """J = c u at every x: w is uniform, and so u_c is u, while v is another number."""
    x, c, gradient, _ = travelling(8.0 * UM_PER_H)
    found = frames(x, c, gradient, 8.0 * UM_PER_H * c, np.full_like(c, D))
    assert float(found.net_mean) == pytest.approx(8.0 * UM_PER_H, rel=1e-9)
    assert float(found.least_flux) == pytest.approx(8.0 * UM_PER_H, rel=1e-9)
    assert float(found.net_spread) < 1e-9


@pytest.mark.parametrize("frame", [0.0, 5.0, 3.0, -5.0])
def test_the_frame_of_the_voltage_is_found_where_only_it_makes_v_vary(frame: float) -> None:
    x, c, _, _ = travelling(20.0 * UM_PER_H)
    mobility = np.full_like(c, D / THERMAL)
    cbar = np.trapezoid(1.0 / mobility, x) / np.trapezoid(1.0 / (mobility * c), x)
    velocity = 20.0 * UM_PER_H + frame * UM_PER_H * (1.0 - cbar / c)
    found = voltage_frame(x, c, mobility, velocity, c * velocity)
    assert float(found.frame) == pytest.approx(frame * UM_PER_H, abs=3e-5 * UM_PER_H)
    assert float(found.spread_after) < 1e-6 * UM_PER_H


def test_a_uniform_flux_gives_the_tautology_whatever_the_physics() -> None:
    x, c, _, _ = travelling(20.0 * UM_PER_H)
    flux = np.full_like(c, 1e-5)
    found = voltage_frame(x, c, np.full_like(c, D / THERMAL), flux / c, flux)
    assert float(found.frame) == pytest.approx(float(found.tautology), rel=1e-9)
    assert float(found.frame) < 0.0  # the wrong sign for a front that grows
    assert float(found.spread_after) < 1e-6 * float(found.spread_before)


def test_what_cannot_be_told_is_refused() -> None:
    x, c, _, flux = travelling(5.0 * UM_PER_H, depth=0.04)
    shallow = voltage_frame(x, c, np.full_like(c, D / THERMAL), flux / c, flux)
    assert float(shallow.rms) < 0.05
    assert np.isnan([shallow.frame, shallow.tautology]).all()
    flat = np.full_like(c, 1666.0)
    assert np.isnan(frames(x, flat, 0.0 * flat, flux, np.full_like(c, D)).kinematic)
    with pytest.raises(ConfigurationError, match="porosity"):
        geometric_velocity(np.array([-1.0]), porosity=1.0)


def test_lithium_thickens_a_thousandth_as_fast() -> None:
    found = geometric_velocity(np.array([-1.0, -0.24]), porosity=0.0) / UM_PER_H
    np.testing.assert_allclose(found, [0.485, 0.116], rtol=5e-3)
    np.testing.assert_allclose(geometric_velocity(np.array([-1.0]), porosity=0.5), 2.0 * geometric_velocity([-1.0]))


@pytest.mark.parametrize("t", [0.3, 0.55, 0.9, 1.2])
def test_closures_agree_at_the_transference_that_made_the_flux(t: float) -> None:
    rng = np.random.default_rng(3)
    gradient, law = 1e6 * rng.standard_normal((3, 6, 9)), 1e-12 * rng.uniform(0.8, 1.2, (3, 6, 9))
    i = -rng.uniform(0.2, 1.0, 6)
    flux = -2.0 * (1.0 - t) * law * gradient - t * i[:, None] / FARADAY
    found = agreeing_transference(flux, gradient, law, i)
    np.testing.assert_allclose(found, t, rtol=1e-9)
