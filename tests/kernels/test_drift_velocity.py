"""Flux integration, closures and velocity against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid

from iondrift.reference.drift_velocity import drift_velocity as plain
from iondrift_kernels import constants, drift_velocity, flux_integration
from iondrift_kernels.codes import CONCENTRATION, EXPONENTIAL, POLYNOMIAL

THERMAL = constants.GAS_CONSTANT * 313.15 / constants.FARADAY


@pytest.mark.parametrize(("end_points", "edge_order"), [(2, 1), (3, 2)])
@pytest.mark.parametrize("shape", [(5, 12), (3, 3)])
def test_flux_integration_is_differences_and_cumulative_trapezoids(shape, end_points, edge_order):
    rng = np.random.default_rng(1)
    time, x = (np.cumsum(rng.uniform(0.5, 1.5, n)) for n in shape)
    c, weights = rng.uniform(1.0, 2.0, shape), rng.uniform(0.5, 1.5, shape[1])
    slopes = flux_integration.Slopes(np.empty(shape), np.empty(shape), np.empty(shape[0]))
    flux_integration.integrate_flux(c, flux_integration.Grid(time, x, weights, end_points), slopes)
    rate, gradient = (np.gradient(c, places, axis=n, edge_order=edge_order) for n, places in enumerate((time, x)))
    np.testing.assert_allclose(slopes.integrated, -cumulative_trapezoid(rate, x, axis=1, initial=0.0), atol=1e-13)
    np.testing.assert_allclose(slopes.gradient, gradient, atol=1e-13)
    np.testing.assert_allclose(slopes.junction, (gradient / c) @ weights, atol=1e-13)


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
    law = drift_velocity.Law(EXPONENTIAL, CONCENTRATION, np.array([0.0, 0.0, -np.inf, np.inf, 3e-12, 5e-4]))
    diffusivity = 3e-12 * np.exp(-5e-4 * c)
    weights = rng.uniform(0.5, 1.5, 9) * 1e-4
    voltage, junction = rng.uniform(0.1, 1.5, 6), 0.01 * rng.standard_normal(6)
    origin, current = 1e-6 * rng.standard_normal(6), -rng.uniform(0.1, 1.0, 6)
    out = drift_velocity.Result(*np.empty((len(drift_velocity.Result._fields), *shape)))
    balanced = -constants.FARADAY / current
    balanced[2] = np.nan
    closing = drift_velocity.Closing(voltage, junction, origin, current, balanced, 0.11, THERMAL)
    given = drift_velocity.Profiles(c, gradient, integrated, weights)
    drift_velocity.drift_velocity(closure, given, law, closing, out)
    plain_given = (c, gradient, integrated, diffusivity, weights)
    flux, field, velocity = plain(name, plain_given, (voltage, junction, origin, current, 0.11, THERMAL))
    expected = {
        "diffusivity": diffusivity,
        "velocity": velocity,
        "field": field,
        "flux": flux,
        "diffusive": -diffusivity * gradient,
        "migrative": c * velocity,
        "mobility": diffusivity / THERMAL,
        "charge_balance": flux * balanced[:, None],
    }
    for variable, values in expected.items():
        np.testing.assert_allclose(getattr(out, variable), values, rtol=1e-11, err_msg=variable)


def test_nan_survives():
    shape = (1, 4)
    c = np.full(shape, 1000.0)
    c[0, 2] = np.nan
    out = drift_velocity.Result(*np.empty((len(drift_velocity.Result._fields), *shape)))
    one = np.ones(1)
    profiles = drift_velocity.Profiles(c, np.zeros(shape), np.zeros(shape), np.ones(4))
    closing = drift_velocity.Closing(one, 0 * one, one, one, one, 0.1, THERMAL)
    for form in (POLYNOMIAL, EXPONENTIAL):
        law = drift_velocity.Law(form, CONCENTRATION, np.array([0.0, 0.0, -np.inf, np.inf, 1e-12, 0.0][: 5 + form]))
        drift_velocity.drift_velocity(drift_velocity.VOLTAGE, profiles, law, closing, out)
        assert np.isnan(out.velocity).all()
