"""The command `iondrift fit`: from an experiment file to numbers, figures and what is refused."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner, Result

import cells
import transport_cells
from iondrift.cli.app import app
from iondrift.runs import store

DIFFUSING = {"D0": 8e-13, "k": 0.0, "transference": 0.55}


def fit(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["fit", *map(str, arguments), "--no-progress"], catch_exceptions=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cell that diffuses: labelled profiles, a log, and an experiment file."""
    folder = tmp_path_factory.mktemp("cell")
    truth = transport_cells.independent(**DIFFUSING, profiles=24, count=200)
    profiles, _ = transport_cells.measured(truth, 1)
    profiles["time"].attrs["units"], profiles["x"].attrs["units"] = "s", "m"
    xr.Dataset({"intensity": profiles}).to_netcdf(folder / "profiles.nc", engine="h5netcdf")
    cells.write_log(
        folder / "log.txt", truth.log.time.values / 3600.0, np.ones(truth.log.size), -truth.log.values / 10.0
    )
    toml = cells.TOML.replace("profiles/*.txt", "profiles.nc").replace(
        "field_of_view_mm = 4.0\ninterval_s = 500.0\n", ""
    )
    gaps = "\n[transport_fit]\nplating_gap_um = 85.0\ncounter_gap_um = 85.0\nfitted = 20\n"
    (folder / "cell.toml").write_text(toml.replace("450.0", "444.0") + gaps)
    (folder / "bare.toml").write_text(toml.replace("450.0", "444.0"))
    return folder


def test_numbers_figures_and_store(folder: Path, tmp_path: Path) -> None:
    result = fit(folder / "cell.toml", "--out", tmp_path / "out", "--json", "--mcmc")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    t = summary["forms"]["constant"]["parameters"]["anion_transference"]
    low, high = t["band_95"]
    assert low - 0.03 < 0.55 < high + 0.03
    assert summary["fitted_profiles"] == 20
    assert max(map(abs, summary["unused"]["constant"]["x0"])) < 0.05
    assert summary["anion_diffusivity"] == "PFG"
    walk = summary["forms"]["constant"]["mcmc"]
    assert walk["effective_draws"] > 50
    assert all(abs(entry["shift_in_sd"]) < 0.6 for entry in walk["parameters"].values())
    found = store.read(tmp_path / "out" / "results.zarr")
    assert found.drift_velocity.dims == ("form", "quantile", "time", "x")
    assert {path.stem for path in (tmp_path / "out" / "figures").glob("*.png")} == {
        "transport_profiles", "transport_diffusivity", "transport_velocity", "transport_parameters_constant",
        "transport_parameters_exponential",
    }  # fmt: skip


def test_the_report_fits_its_columns_and_tells_what_is_not_promised(folder: Path, tmp_path: Path) -> None:
    result = fit(folder / "cell.toml", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines()[:-1])) <= 80
    assert "without it no drift velocity v" in " ".join(result.stdout.split())
    assert "not fitted" in result.stdout


def test_a_quiet_fit_says_what_it_leans_on_in_its_report_alone(folder: Path, tmp_path: Path) -> None:
    text = (folder / "cell.toml").read_text()
    given = "diffusion_coefficient_m2_per_s = 1.3e-12\n"
    assert 'kind = "constant"\n' + given in text
    law = (
        'kind = "polynomial"\nargument = "concentration_mol_per_L"\n'
        "coefficients_m2_per_s = [1.3e-12]\nvalid_range = [0.1, 0.2]\n"
    )
    (folder / "outside.toml").write_text(text.replace('kind = "constant"\n' + given, law))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        result = fit(folder / "outside.toml", "--out", tmp_path / "out", "--quiet", "--figures", "none")
    assert result.exit_code == 0, result.output
    assert not told
    assert result.output == ""
    heard = json.loads((tmp_path / "out" / "summary.json").read_text())["warnings"]
    assert any("valid" in line or "outside" in line for line in heard), heard


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"current_density_column = 3": ""}, "set log.current_density_column"),
        (
            {"[reconstruction]": '[transport_fit]\nanion_diffusivity = "conductivity"\n[reconstruction]'},
            "need each other",
        ),
        ({"[reconstruction]": "[transport_fit]\nplating_gap_um = 80.0\n[reconstruction]"}, "need each other"),
        ({"[reconstruction]": '[transport_fit]\nforms = ["linear"]\n[reconstruction]'}, "constant"),
        ({"[reconstruction]": "[transport_fit]\nstorage = true\n[reconstruction]"}, "do not show the electrodes"),
        ({}, "set transport_fit.plating_gap_um and"),
    ],
    ids=["current", "conductivity", "one gap", "form", "storage", "gaps"],
)
def test_what_is_missing_is_named(folder: Path, tmp_path: Path, change: dict[str, str], message: str) -> None:
    text = (folder / "bare.toml").read_text()
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "changed.toml").write_text(text)
    result = fit(folder / "changed.toml", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())
    assert not (tmp_path / "out").exists()
