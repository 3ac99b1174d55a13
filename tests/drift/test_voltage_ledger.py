"""The ledger of the voltage against the simulator, whose parts are known, and in the bands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from iondrift import DriftInputs, Uncertainties, VoltageCauses, error_budget, reconstruct_drift, simulate
from iondrift import voltage_ledger as make_ledger
from iondrift.drift.smoothing.profiles import smooth_profiles
from iondrift.errors import ConfigurationError, DataError
from iondrift.transport.forward.simulation import DEFAULT_DIFFUSIVITY, PRESETS

GAP = 80e-6
CELLS = ("li-li", "li-nmc622")
T_MINUS = 0.9


def simulated(cell: str) -> xr.Dataset:
    """Return a polarised cell, finely stored, with its storage in front of the region."""
    thickness = PRESETS[cell]["thickness"]
    inside = np.linspace(GAP, thickness - GAP, 261)
    x = np.concatenate([np.linspace(0.0, GAP, 81)[:-1], inside])
    found = simulate(cell, x=x, interval=100.0, duration=90.0, anion_transference=T_MINUS)
    found = found.sel(time=slice(found.attrs["constant_current_start"] - 400.0, found.attrs["rest_start"]))
    stored = np.trapezoid(found.concentration.values[:, :81], x[:81], axis=1)
    region = found.isel(x=slice(80, None)).assign_coords(x=inside - GAP)
    # the offset of the simulator is that of all stored x: of the region it is more by the gap at x = 0
    left = -np.trapezoid(found.electric_field.values[:, :81], x[:81], axis=1)
    region["voltage_offset"] = found.voltage_offset + left
    region["storage"] = ("time", stored)
    return region


@pytest.fixture(scope="module", params=CELLS)
def cell(request: pytest.FixtureRequest) -> tuple[str, xr.Dataset]:
    return request.param, simulated(request.param)


def given(found: xr.Dataset, **options: Any) -> DriftInputs:
    return DriftInputs.of(
        found.concentration, found.voltage, DEFAULT_DIFFUSIVITY, temperature=found.attrs["temperature"],
        current_density=found.current_density, transference_number=T_MINUS, electrode_storage=found.storage, **options,
    )  # fmt: skip


def ledger_of(name: str, found: xr.Dataset) -> xr.Dataset:
    """Return the ledger of one who knows the EMF and the interphases, and not what happens in the gaps."""
    i = found.current_density
    resistance = (-found.voltage_part.sel(part="interphases") / i.where(i != 0.0)).fillna(0.0).drop_vars("part")
    causes = VoltageCauses(
        electromotive_force=PRESETS[name]["electromotive_force"], interphase_resistance=resistance, plating_gap=GAP,
        counter_gap=GAP, concentration=1666.0, lithium_counter=name == "li-li",
    )  # fmt: skip
    inputs = given(found)
    return make_ledger(inputs, causes, profiles=smooth_profiles(inputs.concentration, "none"))


def test_parts_are_those_of_the_simulator(cell: tuple[str, xr.Dataset]) -> None:
    name, found = cell
    ledger = ledger_of(name, found)
    away = _away(found)
    np.testing.assert_allclose(ledger.voltage_offset[away], found.voltage_offset[away], atol=2e-3)
    for part in ("electromotive force", "interphases"):
        truth = found.voltage_part.sel(part=part)
        np.testing.assert_allclose(ledger.voltage_part.sel(part=part), truth, atol=1e-9)
    electrodes = ledger.voltage_part.sel(part="electrodes") - found.voltage_part.sel(part="electrodes")
    assert float(np.abs(electrodes[away]).max()) < 2e-3
    assert ledger.attrs["walls_held"] == 0


def test_with_the_ledger_the_three_closures_agree(cell: tuple[str, xr.Dataset]) -> None:
    """Half a percent at x0 at the end; the whole voltage would give many times as much."""
    name, found = cell
    inputs = given(found).after(ledger_of(name, found))
    end = int(np.flatnonzero(_away(found))[-1])
    truth = float(found.drift_velocity[end, 0])
    closures = {c: reconstruct_drift(inputs, closure=c, smoothing="none") for c in ("voltage", "blocking", "current")}
    velocity = {c: float(result.drift_velocity[end, 0]) for c, result in closures.items()}
    for closure, v in velocity.items():
        assert v == pytest.approx(truth, rel=5e-3), closure
    assert max(velocity.values()) / min(velocity.values()) < 1.005
    whole = reconstruct_drift(given(found), closure="voltage", smoothing="none")
    assert float(whole.drift_velocity[end, 0]) > 5.0 * truth
    assert whole.attrs["voltage_laid"].startswith("the whole cell voltage")
    assert closures["voltage"].attrs["voltage_laid"] == "after the parts of the ledger"
    # what a closure needs across the region, laid there, is that closure
    np.testing.assert_allclose(closures["voltage"].voltage_across, closures["voltage"].voltage_effective, atol=1e-12)
    needed = given(found, voltage_offset=found.voltage - closures["current"].voltage_across)
    again = reconstruct_drift(needed, closure="voltage", smoothing="none")
    assert float(again.drift_velocity[end, 0]) == pytest.approx(velocity["current"], rel=3e-3)


def _away(found: xr.Dataset) -> np.ndarray:
    """Return which profiles lie within the polarisation and away from its steps."""
    time = found.time.values
    steps = [found.attrs[f"{name}_start"] for name in ("constant_current", "constant_voltage", "rest")]
    far = np.all([np.abs(time - step) > 600.0 for step in steps], axis=0)
    return far & (time > steps[0]) & (time < steps[2])


def test_every_part_has_its_uncertainty_in_the_budget() -> None:
    time, x = np.arange(12) * 500.0, np.linspace(0.0, 1e-3, 12)
    c = xr.DataArray(np.full((12, 12), 1650.0), dims=("time", "x"), coords={"time": time, "x": x})
    c = c + 1e-3 * np.random.default_rng(0).standard_normal(c.shape)
    voltage = xr.DataArray(np.full(12, 1.5), dims="time", coords={"time": time})
    inputs = DriftInputs.of(
        c, voltage, DEFAULT_DIFFUSIVITY, temperature=313.15, current_density=-0.2 * voltage, transference_number=0.9
    )
    causes = VoltageCauses(interphase_resistance=1.0, plating_gap=9e-5, counter_gap=8e-5)
    model = Uncertainties(
        voltage_offset_V=0.02, interphase_relative=0.3, electrode_concentration_relative=0.2, electrode_gap_um=20.0
    ).only("voltage_offset_V", "interphase_relative", "electrode_concentration_relative", "electrode_gap_um")
    ledger = make_ledger(inputs, causes, uncertainties=model)
    assert float(ledger.voltage_part.sel(part="interphases")[-1]) == pytest.approx(0.3, rel=1e-9)
    budget = error_budget(inputs.after(ledger), closure="voltage", uncertainties=model, samples=1000)
    v, effective = (
        float(budget.closure_velocity.sel(closure="voltage", quantity="v_xL")),
        inputs.after(ledger).voltage[-1],
    )
    sources = ("voltage_offset_V", "interphase_relative", "electrode_concentration_relative", "electrode_gap_um")
    for part, source in zip(ledger["part"].values, sources, strict=True):
        deviation = float(ledger.voltage_part_deviation.sel(part=part)[-1])
        found = float(budget.half_width.sel(source=source, quantity="v_xL"))
        assert found == pytest.approx(0.9945 * v * deviation / effective, rel=0.07), source


def test_a_wall_that_the_model_would_empty_is_held_and_counted() -> None:
    time, x = np.arange(40) * 500.0, np.linspace(0.0, 1e-3, 12)
    c = xr.DataArray(np.full((40, 12), 1650.0), dims=("time", "x"), coords={"time": time, "x": x})
    voltage = xr.DataArray(np.full(40, 1.5), dims="time", coords={"time": time})
    inputs = DriftInputs.of(
        c, voltage, DEFAULT_DIFFUSIVITY, temperature=313.15, current_density=-3.0 * voltage, transference_number=0.9
    )
    ledger = make_ledger(
        inputs, VoltageCauses(plating_gap=9e-5), profiles=smooth_profiles(inputs.concentration, "none")
    )
    assert ledger.attrs["walls_held"] > 10
    assert float(ledger.wall_concentration[0, -1]) == pytest.approx(0.05 * 1650.0)
    assert np.isfinite(ledger.voltage_part).all()


def test_what_a_ledger_lacks_is_named(cell: tuple[str, xr.Dataset]) -> None:
    name, found = cell
    inputs = given(found)
    ledger = ledger_of(name, found)
    with pytest.raises(ConfigurationError, match=r"take one result of iondrift\.voltage_ledger off, once"):
        inputs.after(ledger).after(ledger)
    bare = DriftInputs.of(found.concentration, found.voltage, DEFAULT_DIFFUSIVITY, temperature=313.15)
    with pytest.raises(ConfigurationError, match="needs current_density and transference_number"):
        make_ledger(bare, VoltageCauses())
    profiles = smooth_profiles(inputs.concentration, "none")
    with pytest.raises((DataError, ConfigurationError), match="plating_gap"):
        make_ledger(inputs, VoltageCauses(plating_gap=-1e-5), profiles=profiles)
