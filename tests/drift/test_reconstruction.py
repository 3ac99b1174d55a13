"""Drift velocities against closed forms, manufactured truth and refused input."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import iondrift
from iondrift import Diffusivity, errors, reconstruct_drift
from iondrift.drift.smoothing import spline_basis
from iondrift.drift.smoothing.profiles import smooth_profiles
from manufactured import C0, CASES, TEMPERATURE, THERMAL_VOLTAGE, noise

D_UNIFORM = 1.315192e-12
CONSTANT = Diffusivity.constant(D_UNIFORM)


def series(values, time=None, x=None):
    values = np.asarray(values, dtype=float)
    time = np.arange(values.shape[0]) * 513.0 if time is None else time
    x = np.linspace(0.0, 1.015625e-3, values.shape[1]) if x is None else x
    return xr.DataArray(values, dims=("time", "x"), coords={"time": time, "x": x})


def along(concentration, value):
    return xr.DataArray(
        np.broadcast_to(value, concentration.sizes["time"]).astype(float),
        dims="time",
        coords={"time": concentration["time"]},
    )


@pytest.mark.parametrize("smoothing", ["none", "pspline", "polynomial"])
def test_uniform_concentration_drifts_at_mobility_times_mean_field(smoothing):
    c = series(np.full((10, 66), 1666.0))
    result = reconstruct_drift(c, along(c, 1.5), CONSTANT, temperature=TEMPERATURE, smoothing=smoothing)
    expected = D_UNIFORM / THERMAL_VOLTAGE * 1.5 / 1.015625e-3
    np.testing.assert_allclose(result.drift_velocity, expected, rtol=1e-10)
    assert expected * 3.6e9 == pytest.approx(259.13, abs=5e-3)
    np.testing.assert_allclose(result.electric_field, -1.5 / 1.015625e-3, rtol=1e-10)


def test_polynomials_are_those_of_the_paper_unless_asked_for_others():
    """Cubic along x and in time: exact for any product of cubics, and least squares for what is not one."""
    t, x = np.linspace(0.0, 1.0, 12)[:, None], np.linspace(0.0, 1.0, 20)
    cubic = series(1500.0 + 100.0 * (1.0 + t - 2.0 * t**3) * (x - x**3))
    np.testing.assert_allclose(smooth_profiles(cubic, "polynomial").concentration, cubic, rtol=1e-12)
    for quartic in (100.0 * t**4 * x, 100.0 * t * x**4):
        smooth = smooth_profiles(series(1500.0 + quartic), "polynomial").concentration
        assert 0.1 < np.abs(smooth - 1500.0 - quartic).max() < 5.0


def test_the_diffusion_potential_is_that_of_the_end_concentrations():
    """int D c'/(u c) dx = (R T / F) ln(c_L / c_0) for any c: here a noisy series' spline, by Gauss quadrature."""
    case = CASES["layers"]
    clean, _ = case.data(20, 40)
    c = clean + 0.02 * C0 * noise(clean.shape, np.random.default_rng(0), zero_filled=False)
    profiles = smooth_profiles(c, "pspline")
    fit = profiles.series
    nodes, weights = np.polynomial.legendre.leggauss(12)
    edges = np.unique(fit.knots)
    half = np.diff(edges) / 2.0
    points = ((edges[:-1] + half)[:, None] + half[:, None] * nodes).ravel()
    value, slope, _ = spline_basis.dense_basis(fit.knots, points)
    columns = fit.time_basis.start[:, None] + np.arange(4)
    amplitude = np.einsum("td,mtd->tm", fit.time_basis.value, fit.coefficients[:, columns]) @ fit.rotation.T
    integral = (amplitude @ slope.T / (amplitude @ value.T)) @ (half[:, None] * weights).ravel()
    np.testing.assert_allclose(profiles.junction, integral, rtol=1e-10, atol=1e-12)


def test_a_steady_profile_carries_what_the_diffusion_potential_leaves():
    """J0 = (V - R T / F ln(c_L / c_0)) / int dx / (u c), in closed form for an exponential c."""
    x = np.linspace(0.0, 1e-3, 200)
    profile = 1666.0 * np.exp(0.4 * x / x[-1])
    c = series(np.tile(profile, (9, 1)), x=x)
    resistance = THERMAL_VOLTAGE / D_UNIFORM * (x[-1] / 0.4) * (1.0 / profile[0] - 1.0 / profile[-1])
    origin = (0.3 - THERMAL_VOLTAGE * np.log(profile[-1] / profile[0])) / resistance
    for smoothing, accuracy in (("none", 1e-5), ("pspline", 2e-4)):
        result = reconstruct_drift(c, along(c, 0.3), CONSTANT, temperature=TEMPERATURE, smoothing=smoothing)
        np.testing.assert_allclose(result.flux, origin, rtol=accuracy)


@pytest.mark.parametrize("name", ["bulk", "layers", "front"])
def test_unsmoothed_reconstruction_converges_at_second_order(name):
    case = CASES[name]
    deviations = []
    for refinement in (1, 2, 4):
        c, voltage = case.data(40 * refinement + 1, 46 * refinement + 1)
        result = reconstruct_drift(c, voltage, case.diffusivity, temperature=TEMPERATURE, smoothing="none")
        truth = case.velocity(c["time"].values, c["x"].values)
        deviations.append(np.abs(result.drift_velocity.values - truth).max())
    ratios = np.divide(deviations[:-1], deviations[1:])
    assert (ratios > 3.2).all(), ratios


def test_the_unsmoothed_field_sums_to_the_voltage():
    case = CASES["layers"]
    c, voltage = case.data()
    result = reconstruct_drift(c, voltage, case.diffusivity, temperature=TEMPERATURE, smoothing="none")
    np.testing.assert_allclose(result.electric_field.integrate("x"), -voltage, rtol=1e-10)


@pytest.mark.parametrize(
    ("name", "limit"), [("bulk", 2e-4), ("layers", 2e-4), ("front", 2e-4), ("step", 2e-4), ("thin", 4e-4)]
)
def test_splines_follow_noise_free_data(name, limit):
    case = CASES[name]
    c, voltage = case.data()
    result = reconstruct_drift(c, voltage, case.diffusivity, temperature=TEMPERATURE, breaks=case.breaks)
    truth = case.velocity(c["time"].values, c["x"].values)
    assert np.abs(result.drift_velocity.values - truth).max() < limit * np.abs(truth).max()


@pytest.mark.parametrize("name", ["bulk", "layers", "front"])
@pytest.mark.parametrize(("ratio", "splines", "differences"), [(50, 0.8, 6.0), (100, 0.7, 3.0), (200, 0.6, 1.5)])
def test_splines_beat_differences_on_noisy_data(name, ratio, splines, differences):
    case = CASES[name]
    clean, voltage = case.data()
    truth = case.velocity(clean["time"].values, clean["x"].values)
    error = {}
    for smoothing in ("pspline", "none"):
        squares = []
        for seed in range(3):
            rng = np.random.default_rng([seed, ratio])
            c = clean + C0 / ratio * noise(clean.shape, rng, zero_filled=False)
            result = reconstruct_drift(
                c, voltage, case.diffusivity, temperature=TEMPERATURE, smoothing=smoothing, breaks=case.breaks
            )
            squares.append(np.mean((result.drift_velocity.values - truth) ** 2) / np.mean(truth**2))
        error[smoothing] = 100.0 * np.sqrt(np.mean(squares))
    assert error["pspline"] < splines
    assert differences / 3.0 < error["none"] < differences


def test_blocking_takes_no_flux_at_the_electrode_and_storage_adds_it():
    case = CASES["layers"]
    c, voltage = case.data()
    options = {"temperature": TEMPERATURE, "closure": "blocking", "smoothing": "none"}
    result = reconstruct_drift(c, voltage, case.diffusivity, **options)
    np.testing.assert_array_equal(result.flux[:, 0], 0.0)
    storage = along(c, 0.1 - 2e-9 * c["time"].values)
    stored = reconstruct_drift(c, voltage, case.diffusivity, electrode_storage=storage, **options)
    np.testing.assert_allclose(stored.flux - result.flux, 2e-9, rtol=1e-6)


def test_current_closure_in_a_uniform_electrolyte_moves_anions_by_their_transference_number():
    c = series(np.full((10, 40), 1666.0))
    current = along(c, -1.0)
    result = reconstruct_drift(
        c,
        along(c, 0.3),
        CONSTANT,
        temperature=TEMPERATURE,
        closure="current",
        current_density=current,
        transference_number=0.9,
    )
    np.testing.assert_allclose(result.flux, 0.9 / 96485.33212331001, rtol=1e-9)
    np.testing.assert_allclose(result.charge_balance, 0.9, rtol=1e-9)
    # The other closures see the same flux in the charge balance.
    voltage = reconstruct_drift(c, along(c, 0.3), CONSTANT, temperature=TEMPERATURE, current_density=current)
    np.testing.assert_allclose(voltage.charge_balance, 96485.33212331001 * voltage.flux)


def test_signs_units_and_assumptions_are_stated():
    case = CASES["layers"]
    c, voltage = case.data()
    result = reconstruct_drift(c, voltage, case.diffusivity, temperature=TEMPERATURE)
    assert result.drift_velocity.attrs["units"] == "m s-1"
    assert "positive along +x" in result.drift_velocity.attrs["sign_convention"]
    assert "dilute" in result.attrs["assumptions"]
    assert (result.drift_velocity > 0).all()
    assert (result.electric_field < 0).all()
    np.testing.assert_allclose(result.flux, result.flux_diffusive + result.flux_migrative, rtol=1e-9, atol=1e-12)
    assert np.isnan(result.charge_balance).all()


def test_a_zero_current_has_no_charge_balance():
    c = series(np.full((10, 20), 1666.0))
    current = along(c, -1.0)
    current[:3] = 0.0
    result = reconstruct_drift(c, along(c, 0.3), CONSTANT, temperature=TEMPERATURE, current_density=current)
    assert np.isnan(result.charge_balance[:3]).all()
    assert np.isfinite(result.charge_balance[3:]).all()


GOOD = np.full((10, 20), 1666.0)


def _spoilt(index, value):
    values = GOOD.copy()
    values[index] = value
    return values


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"concentration": series(_spoilt((3, 4), np.nan))}, errors.DataError, r"nan at index \(3, 4\)"),
        (
            {"concentration": series(_spoilt((3, 4), -1.0))},
            errors.DataError,
            r"-1 at index \(3, 4\).*positive",
        ),
        ({"concentration": series(_spoilt((0, 0), 0.0))}, errors.DataError, "positive"),
        (
            {"concentration": series(GOOD, time=np.r_[0.0, 0.0, np.arange(8) + 1.0])},
            errors.DataError,
            "time must increase",
        ),
        ({"concentration": series(GOOD, x=np.linspace(1e-3, 0.0, 20))}, errors.DataError, "x must increase"),
        ({"concentration": GOOD}, errors.ShapeError, "xarray.DataArray"),
        ({"concentration": series(GOOD[:0], time=np.empty(0))}, errors.ShapeError, "empty"),
        ({"closure": "magic"}, errors.ConfigurationError, "allowed are voltage, blocking, current"),
        ({"smoothing": "spline"}, errors.ConfigurationError, "allowed are pspline"),
        ({"closure": "current"}, errors.ConfigurationError, "transference_number"),
        ({"closure": "current", "transference_number": 0.9}, errors.ConfigurationError, "current_density"),
        ({"closure": "current", "transference_number": 1.7}, errors.ConfigurationError, "1.7 found"),
        ({"temperature": -3.0}, errors.DataError, "positive"),
        ({"temperature": float("nan")}, errors.DataError, "nan"),
        ({"voltage_offset": float("inf")}, errors.DataError, "inf"),
        ({"current_density": along(series(GOOD), 1.0)}, errors.DataError, "negative while"),
        ({"voltage": along(series(GOOD), 1.5)[:5]}, errors.ShapeError, "5 values for 10 profiles"),
        (
            {"voltage": along(series(GOOD, time=np.arange(10) * 500.0), 1.5)},
            errors.DataError,
            "average it over each profile",
        ),
        ({"diffusivity": Diffusivity.polynomial([1e-15, -3e-12])}, errors.DiffusivityError, "1.666"),
    ],
)
def test_bad_input_is_refused_with_place_and_remedy(change, error, message):
    c = series(GOOD)
    arguments = {
        "concentration": c,
        "voltage": along(c, 1.5),
        "diffusivity": CONSTANT,
        "temperature": TEMPERATURE,
    } | change
    with pytest.raises(error, match=message):
        iondrift.reconstruct_drift(**arguments)


def test_a_depleted_spline_is_an_error_not_a_negative_concentration():
    x = np.linspace(0.0, 1e-3, 30)
    values = np.maximum(1666.0 * (1.0 - 1.4 * np.exp(-x / 2e-4)), 1.0) * np.ones((12, 1))
    c = series(values, x=x)
    with pytest.raises(errors.DataError, match=r"smoothed concentration.*mol m-3 at time"):
        reconstruct_drift(c, along(c, 1.0), CONSTANT, temperature=TEMPERATURE, smoothing="polynomial")
