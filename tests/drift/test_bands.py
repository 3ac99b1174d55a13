"""Bands: same bits, right spread, honest refusals."""

from __future__ import annotations

from dataclasses import replace

import numba
import numpy as np
import pytest
import xarray as xr

import synthetic
from iondrift import Diffusivity, errors, reconstruct_drift
from iondrift.drift.bands.monte_carlo import CONVERGED, drift_bands, velocity_ratio
from iondrift.drift.bands.options import BANDED
from iondrift.drift.bands.uncertainties import Uncertainties
from iondrift.drift.electrode_flux import fit_storage
from iondrift.drift.smoothing.penalised_splines import smooth
from iondrift.drift.smoothing.spline_basis import cubic_quadrature
from iondrift.experiment.closure_bands import sand_time_draws
from iondrift.reference.drift_bands import Cell, one_by_one, vectorised
from manufactured import C0, CASES, TEMPERATURE, THERMAL_VOLTAGE, noise

CASE = CASES["layers"]
QUANTILES = (0.025, 0.16, 0.5, 0.84, 0.975)
NONE = Uncertainties.none()


@pytest.fixture(scope="module")
def measured():
    clean, voltage = CASE.data(40, 30)
    c = clean + 0.01 * C0 * noise(clean.shape, np.random.default_rng(8), zero_filled=False)
    return c, voltage, smooth(c)


def banded(measured, **options):
    c, voltage, series = measured
    defaults = {
        "temperature": TEMPERATURE, "uncertainties": NONE, "samples": 200, "series": series, "quantiles": QUANTILES,
        "variables_wanted": ("drift_velocity",),
    }  # fmt: skip
    return drift_bands(c, voltage, CASE.diffusivity, **(defaults | options))


@pytest.mark.parametrize("method", ["posterior", "perturb"])
@pytest.mark.parametrize("reference", [None, 1])
def test_same_seed_same_bits_for_any_blocks(measured, method, reference):
    """What a block of profiles holds falls with variables and replicates: all profiles, eight, and one."""
    c, _, _ = measured
    series = smooth(c, reference_profiles=reference)
    options = {"method": method, "series": series, "uncertainties": Uncertainties(), "samples": 400}
    first = banded(measured, **options)
    several = banded(measured, variables_wanted=BANDED, **options)
    xr.testing.assert_identical(first, several[list(first)])
    single = banded(measured, variables_wanted=BANDED, **options | {"samples": 4000})
    for name in ("final_drift_velocity", "maximum_drift_velocity", "penetration_depth"):
        np.testing.assert_array_equal(first[name], single[name][..., :400])
    assert not first.equals(banded(measured, seed=1, **options))


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="one thread is all there is to compare with")
@pytest.mark.parametrize("method", ["posterior", "perturb"])
def test_same_seed_same_bits_for_any_threads(measured, method):
    found, before = [], numba.get_num_threads()
    try:
        for threads in (numba.config.NUMBA_NUM_THREADS, 1):
            numba.set_num_threads(threads)
            found.append(banded(measured, method=method, samples=2000, uncertainties=Uncertainties()))
    finally:
        numba.set_num_threads(before)
    xr.testing.assert_identical(*found)


def test_the_first_replicates_do_not_depend_on_how_many_follow(measured):
    few, many = banded(measured, samples=64), banded(measured, samples=200)
    np.testing.assert_array_equal(few["final_drift_velocity"], many["final_drift_velocity"][:, :64])


def test_bands_equal_plain_numpy_within_their_monte_carlo_error(measured):
    cell, levels = reference_cell(measured), np.array(QUANTILES)
    expected = vectorised(cell, "voltage", 4000, levels)
    compare(banded(measured, samples=4000), expected)
    given = smooth(measured[0], penalties=measured[2].penalties)  # the loop draws about one fit
    loop, expected = one_by_one(cell, 100, levels), vectorised(replace(cell, series=given), "voltage", 4000, levels)
    assert np.mean((loop[3] - loop[1]) / (expected[3] - expected[1])) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    ("closure", "noisy"),
    [
        ("voltage", {"voltage_noise_V": 0.03}),
        ("blocking", {}),
        ("blocking", {"storage": 6e-3}),
        ("current", {}),
        ("current", {"current_noise_relative": 0.2}),
    ],
)
def test_bands_of_every_closure_equal_plain_numpy(measured, closure, noisy):
    """Noise of the log from profile to profile, and of what is stored in front of x = 0, is in the band."""
    c, voltage, series = measured
    current = xr.full_like(voltage, -0.5)
    stored = None
    if "storage" in noisy:
        drawn = noisy["storage"] * np.random.default_rng(3).standard_normal(voltage.size)
        stored = voltage.copy(data=0.2 - 2e-6 * voltage["time"].values + drawn)
    log = {name: value for name, value in noisy.items() if name != "storage"}
    cell = replace(
        reference_cell(measured),
        voltage_noise=log.get("voltage_noise_V", 0.0),
        current=current.values,
        current_noise=0.5 * log.get("current_noise_relative", 0.0),
        cation_ratio=0.1 / 0.9,
        storage=None if stored is None else fit_storage(stored.values, c["time"].values, series.breaks),
    )
    expected = vectorised(cell, closure, 4000, np.array(QUANTILES))
    model = Uncertainties(**log).only(*log)
    result = banded(
        measured, samples=4000, closure=closure, uncertainties=model, current_density=current, transference_number=0.9,
        electrode_storage=stored,
    )  # fmt: skip
    # A flux at x = 0 moves all points: their mean width is no better known than one, to about 1 %.
    compare(result, expected, on_average=0.025)
    quiet = banded(measured, samples=400, closure=closure, current_density=current, transference_number=0.9)
    if noisy:
        band, least = (found["drift_velocity"].values for found in (result, quiet))
        assert np.median((band[3] - band[1]) / (least[3] - least[1])) > 1.2


def reference_cell(measured):
    """Return the cell as the slow bands take it."""
    c, voltage, series = measured
    A, B = CASE.diffusivity.parameters[4:6]
    weights = cubic_quadrature(c["x"].values)
    return Cell(
        series=series, weights=weights, diffusivity=(A, B), thermal_voltage=THERMAL_VOLTAGE, voltage=voltage.values
    )


def compare(result, expected, on_average=0.01):
    """Compare quantiles of v, those of :data:`QUANTILES`, within the Monte Carlo error of 4000 replicates."""
    found, width = result["drift_velocity"].values, expected[3] - expected[1]
    np.testing.assert_allclose((found[2] - expected[2]) / width, 0.0, atol=0.12)
    np.testing.assert_allclose((found[3] - found[1]) / width, 1.0, atol=0.15)
    assert abs(np.mean((found[4] - found[0]) / (expected[4] - expected[0])) - 1.0) < on_average


def test_the_median_is_the_reconstruction(measured):
    c, voltage, series = measured
    result = banded(measured, samples=2000, variables_wanted=BANDED)
    plain = reconstruct_drift(
        c, voltage, CASE.diffusivity, temperature=TEMPERATURE, penalties=series.penalties, noise=series.noise
    )
    for name in ("drift_velocity", "electric_field", "flux", "mobility", "concentration", "diffusivity"):
        band = result[name]
        assert band.dims == ("quantile", "time", "x")
        inside = (plain[name] >= band.sel(quantile=0.16)) & (plain[name] <= band.sel(quantile=0.84))
        assert inside.mean() > 0.99, name


@pytest.mark.parametrize("closure", ["voltage", "blocking", "current"])
def test_every_closure_has_bands_around_its_reconstruction(measured, closure):
    c, voltage, _ = measured
    current = xr.full_like(voltage, -0.5)
    options = {"current_density": current, "transference_number": 0.9, "closure": closure}
    result = banded(measured, samples=400, variables_wanted=("drift_velocity", "charge_balance"), **options)
    plain = reconstruct_drift(c, voltage, CASE.diffusivity, temperature=TEMPERATURE, **options)
    low, high = result["drift_velocity"][0], result["drift_velocity"][-1]
    assert ((plain["drift_velocity"] >= low) & (plain["drift_velocity"] <= high)).mean() > 0.97
    balance = result["charge_balance"]
    if closure == "blocking":
        np.testing.assert_allclose(balance[:, :, 0], 0.0, atol=1e-12)
    else:
        inside = (plain["charge_balance"] >= balance[0]) & (plain["charge_balance"] <= balance[-1])
        assert inside.mean() > 0.97
        assert (balance[-1] > balance[0]).mean() > 0.97


def test_systematic_sources_widen_the_band_as_their_formula_says():
    """Uniform c: v = D F (V - V_offset) / (R T L), so relative uncertainties add in quadrature."""
    time, x = np.arange(12) * 513.0, np.linspace(0.0, 1e-3, 30)
    rng = np.random.default_rng(0)
    c = xr.DataArray(1666.0 + 1e-3 * rng.standard_normal((12, 30)), dims=("time", "x"), coords={"time": time, "x": x})
    voltage = xr.DataArray(np.full(12, 1.5), dims="time", coords={"time": time})
    D = Diffusivity.constant(1.3e-12)
    expected = {
        "diffusivity_relative": (0.05, 0.05), "temperature_K": (3.0, 3.0 / TEMPERATURE),
        "field_of_view_relative": (0.01, 0.01), "voltage_offset_V": (0.1, 0.1 / 1.5),
        "region_edge_points": (2.0, np.sqrt(2.0) * 2.0 / 29.0), "concentration_relative": (0.03, 0.0),
        "voltage_noise_V": (0.02, 0.02 / 1.5),
    }  # fmt: skip
    for name, (value, relative) in expected.items():
        sources = Uncertainties(**{name: value}).only(name)
        result = drift_bands(
            c, voltage, D, temperature=TEMPERATURE, uncertainties=sources, samples=2000, quantiles=(0.16, 0.84),
            variables_wanted=("drift_velocity",),
        )  # fmt: skip
        band = result["drift_velocity"].isel(time=5, x=15)
        half = float(band[1] - band[0]) / 2.0 / (1.3e-12 / THERMAL_VOLTAGE * 1.5 / 1e-3)
        assert half == pytest.approx(relative, rel=0.12, abs=2e-4), name


def test_noise_of_the_reference_is_in_the_band():
    clean, voltage = CASE.data(40, 30)
    held = {"joint": [], "ignored": []}
    for seed in range(5):
        rng = np.random.default_rng(seed)
        noisy = clean.values + 0.02 * C0 * rng.standard_normal(clean.shape)
        ratio = clean.copy(data=C0 * noisy / noisy[0])
        for name, options in {"joint": {"reference_profiles": 1, "reference_index": 0}, "ignored": {}}.items():
            result = drift_bands(
                ratio, voltage, CASE.diffusivity, temperature=TEMPERATURE, uncertainties=NONE, samples=100,
                variables_wanted=("drift_velocity", "concentration"), **options,
            )  # fmt: skip
            band = result["concentration"]
            held[name].append(float(((clean >= band[0]) & (clean <= band[-1])).isel(time=slice(5, None)).mean()))
    assert np.mean(held["joint"]) > 0.8
    assert np.mean(held["joint"]) > np.mean(held["ignored"]) + 0.2


def test_automatic_sample_number_reaches_its_goal(measured):
    result = banded(measured, samples="auto")
    assert result.attrs["samples"] >= 1000
    assert result.attrs["relative_monte_carlo_error"] < CONVERGED
    few = banded(measured, samples=100)
    assert few.attrs["relative_monte_carlo_error"] > CONVERGED


def test_a_thousand_replicates_of_the_posterior_unless_asked_for_others(measured):
    c, voltage, series = measured
    given = {"temperature": TEMPERATURE, "series": series}
    plain = drift_bands(c, voltage, CASE.diffusivity, **given)
    assert plain["quantile"].values.tolist() == [0.025, 0.5, 0.975]
    asked = drift_bands(
        c, voltage, CASE.diffusivity, samples=1000, seed=0, method="posterior", uncertainties=Uncertainties(), **given
    )  # fmt: skip
    xr.testing.assert_identical(plain, asked)


@pytest.mark.parametrize("quantiles", [(0.5, 0.99), (0.01, 0.5)])
def test_the_monte_carlo_error_is_that_of_the_less_certain_edge(measured, quantiles):
    """Half the distance between the quantiles one binomial standard error above and below."""
    result = banded(measured, samples=500, quantiles=quantiles)
    draws, expected = result["final_drift_velocity"].values, []
    for p in quantiles:
        spread = np.sqrt(p * (1.0 - p) / 500.0)
        low, high = np.quantile(draws, [p - spread, p + spread], axis=1)
        expected.append((high - low) / 2.0)
    found = result["monte_carlo_error"].isel(x=[0, -1])[-1]
    np.testing.assert_allclose(found, np.max(expected, axis=0), rtol=1e-9)


def test_derived_numbers_by_replicate(measured):
    result = banded(measured, growth_from=float(measured[0]["time"][10]))
    for name in ("maximum_drift_velocity", "spatial_spread", "growth", "penetration_depth", "final_drift_velocity"):
        assert np.isfinite(result[name]).all()
    before, after = result["drift_velocity"].sel(quantile=0.5).isel(time=[10, -1], x=[0, -1]).values
    np.testing.assert_allclose(result["growth"].median("replicate"), after / before - 1.0, atol=0.02)
    largest, final = abs(result["maximum_drift_velocity"]), abs(result["final_drift_velocity"])
    assert (largest >= final.max("end") * (1 - 1e-12)).all()
    ends = result["final_drift_velocity"].quantile([0.025, 0.975], "replicate").values
    band = result["drift_velocity"].isel(time=-1, x=[0, -1]).sel(quantile=[0.025, 0.975]).values
    np.testing.assert_allclose(ends, band, rtol=0.01)


def test_the_maximum_is_that_of_the_magnitude(measured):
    """With the voltage turned round v is negative: the largest is the most negative, and keeps its sign."""
    c, voltage, series = measured
    result = drift_bands(
        c, -voltage, CASE.diffusivity, temperature=TEMPERATURE, uncertainties=NONE, samples=200, series=series
    )
    low, _, high = result["drift_velocity"].values
    assert -low.min() > abs(high.max())
    np.testing.assert_allclose(result["maximum_drift_velocity"].median(), low.min(), rtol=0.02)
    assert (result["maximum_drift_velocity"] < 0.0).all()


@pytest.mark.parametrize("samples", [200, 201])
def test_a_ratio_pairs_replicates_that_share_no_draw(measured, samples):
    one = banded(measured, samples=samples, uncertainties=Uncertainties())
    ratio = velocity_ratio(one, one)
    assert not (ratio == 1.0).any()  # no replicate beside itself, although both have one seed
    first = one["final_drift_velocity"].values
    assert float(ratio[0, 1]) == first[0, 1] / first[0, 0]
    spread = np.log(one["final_drift_velocity"]).std("replicate")
    np.testing.assert_allclose(np.log(ratio).std("replicate"), np.sqrt(2.0) * spread, rtol=0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bands", "nothing"), "second: expected one Dataset, got NoneType; velocity_ratio takes two results"),
        (("array", "bands"), "first: expected one Dataset, got DataArray"),
        (("empty", "bands"), "first: holds no final_drift_velocity"),
        (("bands", "more"), "bands have 200 and 264 replicates"),
    ],
)
def test_a_ratio_of_anything_else_is_refused(measured, arguments, message):
    bands = banded(measured)
    found = {
        "bands": bands, "nothing": None, "array": bands["drift_velocity"], "empty": xr.Dataset(),
        "more": banded(measured, samples=264),
    }  # fmt: skip
    with pytest.raises(errors.ConfigurationError, match=message):
        velocity_ratio(*(found[name] for name in arguments))


def test_uncertainties_say_where_they_come_from():
    model = Uncertainties(temperature_K=0.5, clock_offset_s=0.0, voltage_offset_V=0.1)
    rows = {row[0]: row for row in model.described()}
    assert rows["temperature"][3] == "given"
    assert rows["voltage not laid across the region"][3] == "given"  # although it equals the default
    assert rows["profiles against the log"][3] == "left out"
    assert rows["initial concentration c0"][3] == "stated default"
    with pytest.raises(errors.ConfigurationError, match="allowed are"):
        Uncertainties().only("pressure")


def test_depletion_that_noise_cannot_tell_from_zero_is_an_error():
    time, x = np.arange(20) * 513.0, np.linspace(0.0, 1e-3, 30)
    profile = 1666.0 * (1.0 - 0.97 * np.exp(-x / 2e-4))
    rng = np.random.default_rng(0)
    values = np.maximum(profile + 60.0 * rng.standard_normal((20, 30)), 1.0)
    c = xr.DataArray(values, dims=("time", "x"), coords={"time": time, "x": x})
    voltage = xr.DataArray(np.full(20, 1.0), dims="time", coords={"time": time})
    with pytest.raises(errors.DataError, match="not positive"):
        drift_bands(c, voltage, Diffusivity.constant(1e-12), temperature=TEMPERATURE, samples=400)


def test_a_covariance_that_allows_no_positive_diffusivity_is_an_error(measured):
    wide = Diffusivity.polynomial([1.3e-12], covariance=[[1e-24]])
    c, voltage, series = measured
    with pytest.raises(errors.DataError, match=r"of .* draws of D\(c\) are not positive between .* covariance is too"):
        drift_bands(c, voltage, wide, temperature=TEMPERATURE, uncertainties=Uncertainties(), series=series)


def test_draws_of_sand_s_time_are_those_of_the_bands(measured):
    """One seed draws one D(c), c0 and t- for both; Sand's time goes as D c0^2, the velocity nearly as D."""
    c, voltage, series = measured
    cell = synthetic.analysis().measured
    diffusivity = Uncertainties(diffusivity_relative=0.05).only("diffusivity_relative")
    found = drift_bands(
        c, voltage, cell.diffusivity, temperature=TEMPERATURE, uncertainties=diffusivity, samples=500, seed=3,
        series=series, profile_noise=False, variables_wanted=("drift_velocity",),
    )  # fmt: skip
    velocity, sand = found["final_drift_velocity"].values[0], sand_time_draws(cell, diffusivity, 500, 3)
    np.testing.assert_allclose(sand / np.median(sand), velocity / np.median(velocity), rtol=1e-3)
    both = Uncertainties(diffusivity_relative=0.05).only("diffusivity_relative", "concentration_relative")
    assert np.log(sand_time_draws(cell, both, 500, 3)).std() == pytest.approx(np.hypot(0.05, 2.0 * 0.03), rel=0.1)
