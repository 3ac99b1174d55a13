"""The inverse model: likelihood against dense algebra, maps against differences, recovery, and what is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import xarray as xr

import iondrift
import transport_cells as cells
from iondrift.drift.inverse.likelihood import Projection, noise_in_time
from iondrift.drift.inverse.observation import Places
from iondrift.drift.inverse.schedule import steps
from iondrift.errors import ConfigurationError, DataError, IondriftWarning, ShapeError
from iondrift.transport.closed_forms import passed_charge
from iondrift_kernels.constants import FARADAY

TRUE = {"D0": 8e-13, "k": 1.0, "transference": 0.55}


@pytest.fixture(scope="module")
def truth():
    return cells.independent(**TRUE, profiles=30, count=200)


@pytest.fixture(scope="module")
def found(truth):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IondriftWarning)
        return cells.fit(truth, 3, anion_diffusivity=iondrift.Diffusivity.constant(1.3e-12), draws=60)


def parameter(result, form, name):
    picked = result.sel(form=form, parameter=name)
    return float(picked.fit_value), float(picked.fit_error)


def test_cost_equals_that_of_the_dense_covariance():
    random = np.random.default_rng(0)
    weights, residuals = random.uniform(20.0, 60.0, (5, 4)), 0.02 * random.standard_normal((5, 4))
    projection = Projection(weights=weights, common_mode=0.01)
    profile, point = np.divmod(np.arange(20), 4)
    covariance = (
        np.diag(weights.ravel() ** -2.0) + 0.01**2 * (profile[:, None] == profile) + 1e6 * (point[:, None] == point)
    )
    flat = residuals.ravel()
    assert projection.cost(residuals) == pytest.approx(flat @ np.linalg.solve(covariance, flat), rel=1e-6)
    columns = random.standard_normal((2, 5, 4))
    cost, right, gram = projection.normal_equations(residuals, columns)
    stacked = columns.reshape(2, -1)
    assert cost == pytest.approx(projection.cost(residuals))
    np.testing.assert_allclose(right, stacked @ np.linalg.solve(covariance, flat), rtol=1e-5)
    np.testing.assert_allclose(gram, stacked @ np.linalg.solve(covariance, stacked.T), rtol=1e-5)


def test_factors_of_points_and_profiles_are_found():
    random = np.random.default_rng(1)
    alpha, eta = random.standard_normal(6), 0.01 * random.standard_normal(9)
    projection = Projection(weights=np.full((9, 6), 1e4), common_mode=0.01)
    got_alpha, got_eta = projection.factors(alpha + eta[:, None])
    np.testing.assert_allclose(got_eta - got_eta.mean(), eta - eta.mean(), atol=1e-6)
    np.testing.assert_allclose(got_alpha + got_eta.mean(), alpha + eta.mean(), atol=1e-6)


def test_noise_is_told_from_what_all_points_share():
    random = np.random.default_rng(2)
    values = 10.0 + np.linspace(0.0, 3.0, 400)[:, None] + random.standard_normal((400, 1))
    values = values + 0.2 * random.standard_normal((400, 20))
    assert noise_in_time(values, shared=True) == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("roughness", [0.0, 30e-6], ids=["even", "uneven"])
def test_maps_of_points_and_gaps_follow_both_gaps(roughness):
    places = Places(np.linspace(0.0, 1e-3, 9), storage=True, roughness=roughness)
    middles = places.volumes[1]

    def u(length):
        return 1.0 + 0.3 * np.cos(np.pi * middles) + 40.0 * length * middles**2

    def seen(a, d):
        return places.sampling(a, d).value @ u(a + 1e-3 + d)

    a, d = 150e-6, 120e-6
    maps = places.sampling(a, d)
    by_length = maps.value @ (40.0 * middles**2)
    for p, own in enumerate((maps.by_plating, maps.by_counter)):
        h = np.array([1e-8, 0.0])[:: 1 - 2 * p]
        expected = (seen(a + h[0], d + h[1]) - seen(a - h[0], d - h[1])) / 2e-8
        np.testing.assert_allclose(by_length + own @ u(a + 1e-3 + d), expected, rtol=2e-3, atol=2.0)


def test_steps_carry_the_charge_of_the_log_and_fill_the_acquisitions(truth):
    start = truth.time - 0.5 * cells.DURATION
    schedule = steps(start, start + cells.DURATION, truth.log.time.values, truth.log.values, cells.C0)
    passed = float(schedule.drives @ schedule.durations) * FARADAY * cells.C0
    until = np.array([start[-1] + cells.DURATION])
    assert -passed == pytest.approx(passed_charge(truth.log.time, truth.log, until)[0], rel=1e-12)
    np.testing.assert_allclose(np.bincount(schedule.profiles[schedule.profiles >= 0],
                                           schedule.weights[schedule.profiles >= 0]), 1.0)  # fmt: skip


def test_the_truth_lies_within_the_posterior(found):
    for name, value in (
        ("salt_diffusion_coefficient", 8e-13),
        ("diffusivity_slope", 1.0),
        ("anion_transference", 0.55),
    ):
        got, error = parameter(found, "exponential", name)
        assert abs(got - value) < 3.0 * error
        assert 0.0 < error < (0.2 * value if name != "diffusivity_slope" else 2.0)
    assert float(found.consistency_statistic.sel(statistic="chi_squared", form="exponential")) == pytest.approx(
        1, abs=0.1
    )


def test_velocities_obey_their_definitions(found, truth):
    """w = J / c and v = (J + D- c_x) / c: their difference is D- d ln c / dx."""
    own = found.sel(form="exponential", quantile=0.5).isel(time=-1)
    c = found.fitted_concentration.sel(form="exponential").isel(time=-1)
    expected = 1.3e-12 * np.gradient(np.log(c.values), c.x.values)
    difference = own.drift_velocity - own.net_anion_velocity
    np.testing.assert_allclose(difference[2:12], expected[2:12], rtol=0.05, atol=0.03 * expected[2])
    assert (found.surface_concentration.sel(quantile=0.5).isel(time=-1) < c.values[0]).all()


def test_a_factor_of_each_point_changes_nothing(found, truth):
    profiles, gaps = cells.measured(truth, 3)
    bent = profiles * (1.0 + 0.3 * np.sin(np.arange(profiles.sizes["x"])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IondriftWarning)
        other = iondrift.fit_transport(
            bent / bent[0] * 1666.0, truth.log, duration=444.0, gaps=gaps, concentration=1666.0, forms=("constant",)
        )
    # only the weights differ: the noise is one for all points, and the first profile's is in all of them
    assert parameter(other, "constant", "anion_transference")[0] == pytest.approx(
        parameter(found, "constant", "anion_transference")[0], abs=0.01
    )
    assert "drift_velocity" not in other


def test_profiles_left_out_are_predicted(truth):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IondriftWarning)
        part = cells.fit(truth, 4, fitted=22, forms=("exponential",), draws=20)
    assert part.sizes["time"] == 22
    assert part.unused_residual.shape == (1, 8, 33)
    assert float(np.abs(part.unused_residual.mean())) < 0.01
    assert float(part.unused_residual.std()) == pytest.approx(0.022, abs=0.006)


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"log_current": 1.0}, DataError, "none is negative"),
        ({"forms": ("linear",)}, ConfigurationError, "allowed are constant, exponential, log-parabola"),
        ({"forms": "constant"}, ConfigurationError, "give a tuple"),
        ({"duration": 600.0}, ConfigurationError, "between profiles"),
        ({"draws": 3}, ConfigurationError, "whole numbers from 20"),
        ({"anion_diffusivity": 1e-12}, ConfigurationError, "'nernst-einstein' or None"),
        ({"gaps": (1e-4, -1e-4)}, DataError, "positive"),
        ({"storage": np.ones(3)}, ShapeError, "storage"),
        ({"fitted": 3}, ConfigurationError, "from 6"),
        ({"steps": 3}, ConfigurationError, "unknown"),
    ],
    ids=str,
)
def test_bad_input_is_refused(truth, change, kind, words):
    profiles, gaps = cells.measured(truth, 5)
    given = {"duration": 444.0, "gaps": gaps, "concentration": 1666.0} | change
    log = truth.log * -1.0 if "log_current" in given else truth.log
    given.pop("log_current", None)
    with pytest.raises(kind, match=words):
        iondrift.fit_transport(profiles, log, **given)


def test_nernst_einstein_next_to_one_and_what_one_cell_cannot_tell_are_flagged(truth):
    profiles, gaps = cells.measured(truth, 6)
    wrong = xr.DataArray(0.6 * truth.log.values, truth.log.coords, ("time",))  # t- then looks like 0.92
    with pytest.warns(IondriftWarning) as told:
        found = iondrift.fit_transport(
            profiles, wrong, duration=444.0, gaps=gaps, concentration=1666.0, anion_diffusivity="nernst-einstein",
            forms=("exponential", "log-parabola"), draws=20,
        )  # fmt: skip
    texts = [str(warning.message) for warning in told]
    assert found.attrs["caveats"] == texts
    assert any("v needs a measured D-" in text for text in texts)
    assert any("three coefficients" in text for text in texts)
    assert found.attrs["anion_diffusivity"] == "Nernst-Einstein"
