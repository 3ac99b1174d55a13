"""Flux integration, closures and velocity against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid

from iondrift.reference.drift_velocity import drift_velocity as plain
from iondrift_kernels import constants, drift_velocity, flux_integration

THERMAL = constants.GAS_CONSTANT * 313.15 / constants.FARADAY


def test_flux_integration_is_the_cumulative_trapezoid():
    rng = np.random.default_rng(1)
    x = np.cumsum(rng.uniform(0.5, 1.5, 12))
    rate = rng.standard_normal((5, 12))
    out = np.empty_like(rate)
    flux_integration.integrate_flux(rate, x, out)
    np.testing.assert_allclose(out, -cumulative_trapezoid(rate, x, axis=1, initial=0.0), atol=1e-13)


@pytest.mark.parametrize(
    ("name", "closure"),
    [
        ("voltage", drift_velocity.VOLTAGE),
        ("blocking", drift_velocity.BLOCKING),
        ("current", drift_velocity.CURRENT),
    ],
)
def test_every_closure_equals_plain_numpy(name, closure):
    rng = np.random.default_rng(2)
    shape = (6, 9)
    c = rng.uniform(1000.0, 2000.0, shape)
    gradient = 1e6 * rng.standard_normal(shape)
    integrated = 1e-6 * rng.standard_normal(shape)
    diffusivity = 1e-12 * rng.uniform(0.5, 1.5, shape)
    weights = rng.uniform(0.5, 1.5, 9) * 1e-4
    voltage, junction = rng.uniform(0.1, 1.5, 6), 0.01 * rng.standard_normal(6)
    origin, current = 1e-6 * rng.standard_normal(6), -rng.uniform(0.1, 1.0, 6)
    out = drift_velocity.Result(*(np.empty(shape) for _ in range(3)))
    profiles = drift_velocity.Profiles(c, gradient, integrated, diffusivity, weights)
    closing = drift_velocity.Closing(voltage, junction, origin, current, 0.11, THERMAL)
    drift_velocity.drift_velocity(closure, profiles, closing, out)
    for computed, expected in zip(out, plain(name, profiles, closing), strict=True):
        np.testing.assert_allclose(computed, expected, rtol=1e-11)


def test_nan_survives():
    shape = (1, 4)
    c = np.full(shape, 1000.0)
    c[0, 2] = np.nan
    out = drift_velocity.Result(*(np.empty(shape) for _ in range(3)))
    one = np.ones(1)
    profiles = drift_velocity.Profiles(c, np.zeros(shape), np.zeros(shape), np.full(shape, 1e-12), np.ones(4))
    closing = drift_velocity.Closing(one, 0 * one, one, one, 0.1, THERMAL)
    drift_velocity.drift_velocity(drift_velocity.VOLTAGE, profiles, closing, out)
    assert np.isnan(out[2]).all()
