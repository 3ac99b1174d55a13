"""The closure of a concentrated solution: the dilute limit, bands, budget, and a run from an experiment file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import cells
import iondrift
from every_function import SOLUTION, TEMPERATURE, cell
from iondrift.cli.app import app
from iondrift.errors import ConfigurationError
from iondrift.runs import store
from iondrift_kernels.constants import FARADAY, GAS_CONSTANT

D, T_MINUS = 1.3e-12, 0.8
SECTION = """
[concentrated]
source = "made up for a test, 40 C"
argument = "concentration_mol_per_L"
salt_diffusivity_m2_per_s = { coefficients = [-4e-13, 3.2e-12] }
transference_number = { at = [0.5, 1.0, 2.5], values = [0.6, 0.7, 0.8] }
thermodynamic_factor = { coefficients = [0.6, 0.9], relative_uncertainty = 0.1 }
conductivity_S_per_m = { coefficients = [0.05, 0.02] }
[uncertainty]
solution_relative = 0.04
"""


def dilute() -> iondrift.ConcentratedSolution:
    per_mole = FARADAY**2 * D / T_MINUS / (GAS_CONSTANT * TEMPERATURE)
    return iondrift.ConcentratedSolution(
        salt_diffusivity=iondrift.ElectrolyteProperty.constant(2.0 * (1.0 - T_MINUS) * D),
        transference_number=iondrift.ElectrolyteProperty.constant(T_MINUS),
        thermodynamic_factor=iondrift.ElectrolyteProperty.constant(1.0),
        conductivity=iondrift.ElectrolyteProperty.polynomial([per_mole, 0.0]),
        source="dilute",
    )


def inputs(solution: iondrift.ConcentratedSolution | None) -> iondrift.DriftInputs:
    c, voltage, current = cell()
    return iondrift.DriftInputs.of(
        c, voltage, iondrift.Diffusivity.constant(D), temperature=TEMPERATURE, current_density=current,
        transference_number=T_MINUS, solution=solution,
    )  # fmt: skip


def test_chi_of_one_is_the_closure_current() -> None:
    given = inputs(dilute())
    expected = iondrift.reconstruct_drift(given, closure="current")
    found = iondrift.reconstruct_drift(given, closure="concentrated")
    for name in expected.data_vars:
        largest = float(np.abs(expected[name]).max())
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-12 * largest, err_msg=str(name))
    assert float(np.abs(found.friction).max()) < 1e-14 * float(np.abs(found.flux).max())


def test_bands_close_by_the_same_formulas() -> None:
    given, none = inputs(SOLUTION), iondrift.Uncertainties.none()
    found = iondrift.reconstruct_drift(given, closure="concentrated")
    options: dict[str, Any] = {"closure": "concentrated", "uncertainties": none, "samples": 40}
    bands = iondrift.drift_bands(given, profile_noise=False, **options)
    for name in ("drift_velocity", "electric_field", "flux", "mobility", "net_velocity", "charge_balance"):
        largest = float(np.abs(found[name]).max())
        np.testing.assert_allclose(bands[name][1], found[name], rtol=1e-9, atol=1e-9 * largest, err_msg=name)
    np.testing.assert_allclose(found.flux, found.flux_diffusive + found.flux_migrative - found.friction, rtol=1e-9)


def test_every_property_has_its_own_uncertainty_and_all_are_one_source() -> None:
    """Where c does not vary along x, w = v_i = -t- i / (F c): its band is that of t- alone."""
    time, x = np.arange(12) * 500.0, np.linspace(0.0, 1e-3, 12)
    c = xr.DataArray(np.full((12, 12), 1650.0), dims=("time", "x"), coords={"time": time, "x": x})
    c = c + 1e-3 * np.random.default_rng(0).standard_normal(c.shape)
    voltage = xr.DataArray(np.ones(12), dims="time", coords={"time": time})
    options: dict[str, Any] = {
        "temperature": TEMPERATURE, "current_density": -voltage, "solution": SOLUTION, "closure": "concentrated",
        "samples": 2000,
    }  # fmt: skip
    law = iondrift.Diffusivity.constant(D)
    model = iondrift.Uncertainties(solution_relative=0.04).only("solution_relative")
    bands = iondrift.drift_bands(c, voltage, law, uncertainties=model, quantiles=(0.16, 0.5, 0.84), **options)
    w = bands.net_velocity.values[:, 5, 5]
    assert w[1] == pytest.approx(0.7 / (FARADAY * 1650.0), rel=0.01)
    assert (w[2] - w[0]) / 2.0 == pytest.approx(0.04 * 0.9945 * w[1], rel=0.06)
    budget = iondrift.error_budget(c, voltage, law, uncertainties=model, **options)
    assert float(budget.half_width.sel(source="solution_relative", quantity="v_x0")) > 0.0
    assert float(budget.half_width.sel(source="diffusivity_relative", quantity="v_x0")) == 0.0


def test_without_properties_the_closure_says_what_it_needs() -> None:
    assert not iondrift.drift.closures.CLOSURES["concentrated"].allows(inputs(None))  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError, match=r"closure 'concentrated' needs solution, D_s, t-, chi and kappa"):
        iondrift.reconstruct_drift(inputs(None), closure="concentrated")


def test_a_run_reports_what_no_convention_touches_first(tmp_path: Path) -> None:
    toml = cells.TOML.replace('smoothing = "none"', 'smoothing = "pspline"') + SECTION
    file = cells.write_cell(tmp_path / "cell", toml=toml)
    result = CliRunner().invoke(app, ["run", str(file), "--out", str(tmp_path / "out"), "--samples", "40"])
    assert result.exit_code == 0, result.output
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    facts = summary["concentrated"]
    assert facts["source"] == "made up for a test, 40 C"
    assert list(facts)[3:6] == ["net_velocity", "current_velocity", "drift_velocity"]
    assert facts["net_velocity"]["x0"]["band_95"][0] < facts["net_velocity"]["x0"]["value"]
    assert {row["source"]: row for row in summary["uncertainty"]["sources"]}["solution_relative"]["value"] == 4.0
    report = (tmp_path / "out" / "report.txt").read_text()
    assert report.index("w = J / c") < report.index("v, f+ = f-") < report.index("friction X")
    assert "concentrated" in store.read(tmp_path / "out" / "results.zarr").closure.values


def test_a_file_without_properties_hears_nothing_of_them(tmp_path: Path) -> None:
    file = cells.write_cell(tmp_path / "cell")
    result = CliRunner().invoke(app, ["check", str(file)])
    assert result.exit_code == 0
    assert "concentrated" not in result.output
    chosen = CliRunner().invoke(app, ["run", str(file), "--closure", "concentrated"])
    assert chosen.exit_code == 1
    assert "closure 'concentrated' needs the section [concentrated]" in " ".join(chosen.stderr.split())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source = "made up for a test, 40 C"\n', "", "concentrated.source: is missing (publication or measurement"),
        ('"made up for a test, 40 C"', '" "', "concentrated.source: found ' '; is blank; name the publication"),
        ("{ coefficients = [0.05, 0.02] }", "{ at = [1.0, 2.0] }", "needs either coefficients, or at and values"),
        ("values = [0.6, 0.7, 0.8]", "values = [0.6, 0.7]", "values of the table"),
        ("at = [0.5, 1.0, 2.5]", "at = [0.5, 0.4, 2.5]", "places of the table must increase"),
        ("concentration_mol_per_L\"\nsalt", "molarity\"\nsalt", "concentrated.argument: found 'molarity'; allowed"),
    ],
)  # fmt: skip
def test_mistakes_in_the_section_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in SECTION
    file = cells.write_cell(tmp_path / "cell", toml=cells.TOML + SECTION.replace(old, new))
    result = CliRunner().invoke(app, ["check", str(file)])
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())
