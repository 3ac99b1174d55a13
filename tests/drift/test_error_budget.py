"""What each source does to the band, against closed forms, and the choice of closure beside it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

import iondrift
from iondrift import Diffusivity, Uncertainties, drift_bands
from iondrift.drift.bands.budget import PROFILE_NOISE, RANDOM, SOURCES
from iondrift.drift.electrode_flux import fit_storage
from iondrift.drift.smoothing.penalised_splines import SmoothSeries, smooth
from iondrift.errors import ConfigurationError
from storage_oracle import flux_error

LENGTH, VOLTS, LEVEL, D, TEMPERATURE = 1e-3, 1.5, 1666.0, 1.3e-12, 313.15
MODEL = Uncertainties(
    diffusivity_relative=0.05,
    concentration_relative=0.03,
    temperature_K=1.0,
    field_of_view_relative=0.01,
    region_edge_points=0.0,
    voltage_offset_V=0.1,
    transference_number=0.03,
    clock_offset_s=0.0,
    voltage_noise_V=0.0,
    current_noise_relative=0.0,
)
UNIFORM = 96485.33212 * D / (8.31446261815324 * TEMPERATURE) * VOLTS / LENGTH  # u V / L
BLOCKED = {"closure": "blocking"}


@pytest.fixture(scope="module")
def cell() -> tuple[xr.DataArray, xr.DataArray, SmoothSeries]:
    """Return a uniform electrolyte with noise of 0.2 %, the voltage, and the fit."""
    time, x = np.arange(14) * 500.0, np.linspace(0.0, LENGTH, 20)
    noise = 0.002 * np.random.default_rng(2).standard_normal((14, 20))
    c = xr.DataArray(LEVEL * (1.0 + noise), dims=("time", "x"), coords={"time": time, "x": x}, name="concentration")
    voltage = xr.DataArray(np.full(14, VOLTS), dims="time", coords={"time": time})
    return c, voltage, smooth(c)


@pytest.fixture(scope="module")
def budget(cell: tuple[xr.DataArray, xr.DataArray, SmoothSeries]) -> Callable[..., xr.Dataset]:
    c, voltage, series = cell

    def run(**options: object) -> xr.Dataset:
        settings = {"uncertainties": MODEL, "samples": 400, "series": series, "temperature": TEMPERATURE} | options
        return iondrift.error_budget(c, voltage, Diffusivity.constant(D), **settings)

    return run


@pytest.fixture(scope="module")
def done(budget: Callable[..., xr.Dataset]) -> xr.Dataset:
    return budget(sobol=True)


@pytest.mark.parametrize(
    ("source", "relative"),
    [
        ("diffusivity_relative", 0.05),  # v = u V / L: each input's relative uncertainty is that of v
        ("temperature_K", 1.0 / TEMPERATURE),
        ("field_of_view_relative", 0.01),
        ("voltage_offset_V", 0.1 / VOLTS),
    ],
)
def test_one_source_alone_does_what_the_formula_says(done: xr.Dataset, source: str, relative: float) -> None:
    found = done.sel(source=source, quantity="v_xL")
    assert float(np.sqrt(found.variance)) == pytest.approx(relative * UNIFORM, rel=0.12)
    assert float(found.half_width) == pytest.approx(relative * UNIFORM, rel=0.15)


def test_what_cannot_matter_does_not(done: xr.Dataset) -> None:
    for source in ("transference_number", "clock_offset_s", "region_edge_points"):
        assert float(done.half_width.sel(source=source).max()) <= 1e-9 * UNIFORM


def test_profile_noise_is_a_source_of_its_own(done: xr.Dataset) -> None:
    alone = done.half_width.sel(source=PROFILE_NOISE, quantity="v_x0")
    assert 0.0 < float(alone) < 0.05 * UNIFORM
    assert done.source.values.tolist() == list(SOURCES)


def test_variances_add_up_where_the_formula_is_a_product(done: xr.Dataset) -> None:
    total = done.total_variance.sel(quantity="v_xL")
    assert float(done.variance.sel(quantity="v_xL").sum()) == pytest.approx(float(total), rel=0.15)
    np.testing.assert_allclose(done.share.sum("source"), 1.0)


def test_total_effects_agree_with_the_shares_of_a_product(done: xr.Dataset) -> None:
    effects = done.total_effect.sel(quantity="v_xL")
    for source in ("diffusivity_relative", "voltage_offset_V", "field_of_view_relative"):
        assert float(effects.sel(factor=source)) == pytest.approx(
            float(done.share.sel(source=source, quantity="v_xL")), abs=0.07
        )
    assert float(effects.sel(factor="transference_number")) == pytest.approx(0.0, abs=1e-12)
    assert float(effects.sum()) == pytest.approx(1.0, abs=0.12)
    assert RANDOM in effects.factor


def test_total_effects_only_on_request(budget: Callable[..., xr.Dataset]) -> None:
    assert "total_effect" not in budget(samples=64)


def test_the_choice_of_closure_stands_beside_it(done: xr.Dataset, budget: Callable[..., xr.Dataset]) -> None:
    assert done.closure.values.tolist() == ["voltage", "blocking"]  # no current was given
    velocity = done.closure_velocity.sel(quantity="v_xL")
    assert float(velocity.sel(closure="voltage")) == pytest.approx(UNIFORM, rel=0.01)
    assert abs(float(velocity.sel(closure="blocking"))) < 0.1 * UNIFORM
    np.testing.assert_allclose(done.closure_shift, done.closure_velocity - done.closure_velocity.sel(closure="voltage"))
    blocked = budget(samples=64, **BLOCKED)
    np.testing.assert_allclose(blocked.closure_velocity, done.closure_velocity)
    assert float(blocked.half_width.sel(source="voltage_offset_V").max()) == 0.0


def test_the_maximum_is_that_of_the_magnitude(cell: tuple[xr.DataArray, xr.DataArray, SmoothSeries]) -> None:
    c, voltage, series = cell
    settings = {"uncertainties": MODEL, "samples": 64, "series": series, "temperature": TEMPERATURE}
    found = iondrift.error_budget(c, -voltage, Diffusivity.constant(D), **settings).sel(quantity="maximum")
    exact = iondrift.reconstruct_drift(c, -voltage, Diffusivity.constant(D), temperature=TEMPERATURE, series=series)
    assert float(found.closure_velocity.sel(closure="voltage")) == float(exact.drift_velocity.min())


def test_the_same_seed_gives_the_same_bits(done: xr.Dataset, budget: Callable[..., xr.Dataset]) -> None:
    xr.testing.assert_identical(done, budget(sobol=True))
    other = budget(samples=64, seed=1).half_width
    assert not np.array_equal(other, budget(samples=64).half_width)


def test_without_noise_and_uncertainties_there_is_no_band(
    cell: tuple[xr.DataArray, xr.DataArray, SmoothSeries],
) -> None:
    c, voltage, series = cell
    common = {"temperature": TEMPERATURE, "series": series, "samples": 64, "uncertainties": Uncertainties.none()}
    quiet = drift_bands(c, voltage, Diffusivity.constant(D), profile_noise=False, **common)
    exact = iondrift.reconstruct_drift(c, voltage, Diffusivity.constant(D), temperature=TEMPERATURE, series=series)
    for level in quiet.drift_velocity:
        np.testing.assert_allclose(level, exact.drift_velocity, rtol=1e-9)


def test_a_seed_of_one_source_leaves_the_others(cell: tuple[xr.DataArray, xr.DataArray, SmoothSeries]) -> None:
    c, voltage, series = cell
    common = {"temperature": TEMPERATURE, "series": series, "samples": 64, "profile_noise": False}

    def final(model: Uncertainties, **seeds: int) -> np.ndarray:
        found = drift_bands(c, voltage, Diffusivity.constant(D), uncertainties=model, seeds=seeds, **common)
        return found.final_drift_velocity.values

    diffusivity, offset = MODEL.only("diffusivity_relative"), MODEL.only("voltage_offset_V")
    np.testing.assert_array_equal(final(diffusivity, voltage_offset_V=5), final(diffusivity))
    assert not np.array_equal(final(offset, voltage_offset_V=5), final(offset))
    with pytest.raises(ConfigurationError, match="seeds: source 'magic'"):
        final(MODEL, magic=1)


def test_final_numbers_at_a_chosen_profile(cell: tuple[xr.DataArray, xr.DataArray, SmoothSeries]) -> None:
    c, voltage, series = cell
    options = {"temperature": TEMPERATURE, "series": series, "samples": 64, "uncertainties": Uncertainties.none()}
    found = drift_bands(c, voltage, Diffusivity.constant(D), end_at=3000.0, **options)
    median = found.drift_velocity.sel(quantile=0.5, time=3000.0).values[[0, -1]]
    np.testing.assert_allclose(found.final_drift_velocity.median("replicate"), median, rtol=5e-3)
    travelled = found.penetration_depth.median("replicate").values
    np.testing.assert_allclose(travelled, UNIFORM * 3000.0, rtol=0.01)
    with pytest.raises(ConfigurationError, match="end_at: 9e"):
        drift_bands(c, voltage, Diffusivity.constant(D), end_at=9e9, **options)


def test_the_noise_of_the_storage_is_in_the_band_of_blocking(
    cell: tuple[xr.DataArray, xr.DataArray, SmoothSeries],
) -> None:
    c, voltage, series = cell
    noise = 1e-3 * np.random.default_rng(8).standard_normal(c.sizes["time"])
    storage = xr.DataArray(0.1 - 2e-6 * c.time.values + noise, dims="time", coords={"time": c.time})
    common = {"closure": "blocking", "temperature": TEMPERATURE, "series": series}
    draws = {"samples": 4000, "uncertainties": Uncertainties.none(), "profile_noise": True}

    def spread(storage: xr.DataArray | None) -> np.ndarray:
        found = drift_bands(c, voltage, Diffusivity.constant(D), electrode_storage=storage, **common, **draws)
        return found.final_drift_velocity.std("replicate").values

    added = np.sqrt(np.maximum(spread(storage) ** 2 - spread(None) ** 2, 0.0))
    expected = flux_error(fit_storage(storage.values, c.time.values, series.breaks))[-1] / LEVEL
    np.testing.assert_allclose(added, expected, rtol=0.2)
    quiet = drift_bands(
        c, voltage, Diffusivity.constant(D), electrode_storage=storage, **common, **draws | {"profile_noise": False}
    )
    exact = iondrift.reconstruct_drift(c, voltage, Diffusivity.constant(D), electrode_storage=storage, **common)
    np.testing.assert_allclose(quiet.drift_velocity[0], exact.drift_velocity, rtol=1e-7)  # two ways to solve
