"""A cell as its instruments leave it, from folders to the whole report: profiles, PFG, 7Li, log and impedance."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from iondrift.cli.app import app
from iondrift.errors import ConfigurationError
from iondrift.experiment.file.schema import load
from iondrift.runs import store
from iondrift.transport.forward.simulation import DEFAULT_DIFFUSIVITY


def invoke(*arguments: object) -> str:
    result = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False, env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folders") / "cell"
    invoke("simulate", "--as", "bruker", "--out", folder, "--seed", "5", "--no-progress")
    return folder


@pytest.fixture(scope="module")
def results(cell: Path) -> Path:
    out = cell.parent / "results"
    text = (cell / "experiment.toml").read_text()
    (cell / "short.toml").write_text(text.replace('"eis/*.DTA"', '["eis/eis_01.DTA", "eis/eis_60.DTA"]'))
    invoke("run", cell / "short.toml", "--no-bands", "--smoothing", "polynomial", "--out", out, "--no-progress")
    return out


def test_every_instrument_has_its_part_of_the_report(results: Path) -> None:
    report = (results / "report.txt").read_text()
    headings = ["Drift velocity", "PFG: Diffusion coefficients", "Impedance: Peaks", "Lines: Lines, with 95 % bands"]
    places = [report.index(f"\n{heading}") for heading in headings]
    assert places == sorted(places)
    drawn = {path.relative_to(results / "figures").as_posix() for path in (results / "figures").rglob("*.png")}
    assert {"diffusion/decays.png", "diffusion/diffusivity.png", "impedance/nyquist.png"} < drawn
    assert any(name.startswith("lineshape/lines_301") for name in drawn)


def test_diffusivity_and_its_covariance_reach_the_drift_velocity(results: Path) -> None:
    summary = json.loads((results / "summary.json").read_text())
    for entry in summary["diffusion"]["experiments"]:
        found = entry["components"][0]["diffusion_coefficient"]
        true = float(DEFAULT_DIFFUSIVITY(entry["concentration_mol_per_m3"]))
        assert found["value"] == pytest.approx(true, rel=0.015)  # b is stated 0.4 % too large by the software
    dataset = store.read(results / "results.zarr")
    c = dataset.concentration.values
    np.testing.assert_allclose(dataset.diffusivity, DEFAULT_DIFFUSIVITY(c), rtol=0.015)


def test_interphase_and_lines_are_those_simulated(cell: Path, results: Path) -> None:
    truth = xr.load_dataset(cell / "truth.nc", engine="h5netcdf")
    impedance = store.read(results / "impedance.zarr")
    np.testing.assert_allclose(impedance.area_resistance, truth.interphase_resistance.values[[0, 59]], rtol=0.02)
    np.testing.assert_allclose(impedance.time, truth.impedance_time[[0, 59]], atol=1.0)  # headers hold whole seconds
    lines = store.read(results / "lineshape.zarr")
    share = truth.lithium_line_area / truth.lithium_line_area.sum("line")
    grown = share.values[:, 1] > 0.1
    np.testing.assert_allclose(lines.area_share.values[grown], share.values[grown], atol=0.02)
    assert lines.reading.values[-1].tolist() == ["bulk", "mossy"]
    assert lines.position.values[grown, 1] == pytest.approx(261.0, abs=0.1)


def test_check_names_what_would_be_computed(cell: Path) -> None:
    printed = invoke("check", cell / "experiment.toml", "--no-progress")
    assert "lines           5 spectra of 7Li" in printed
    assert "exp(-0.6" in printed


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[0.8, 1.1, 1.4, 1.7, 2.0, 2.3]", "[0.8, 1.1]", "concentration_mol_per_L has 2 entries for the 6 data sets"),
        ('expnos = "301-305"', 'expnos = "x"', "lineshape.expnos: found 'x'; should be numbers and ranges"),
        ('files = "pfg"', 'files = "pfg"\nmodel = "tri"', "diffusivity.model: found 'tri'; allowed: 'auto', 'mono'"),
        ("window_ppm = [200.0, 320.0]", "window_ppm = [320.0, 200.0]", "from a lower to a higher value"),
    ],
)
def test_mistakes_are_named_by_their_keys(cell: Path, tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (cell / "experiment.toml").read_text()
    assert old in text
    (tmp_path / "experiment.toml").write_text(text.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "experiment.toml")
    assert message in str(caught.value)


def test_a_skeleton_names_the_data_sets_of_every_kind(cell: Path, tmp_path: Path) -> None:
    folder = tmp_path / "user"
    folder.mkdir()
    for part, numbers in (("nmr", ("5", "6", "7", "302")), ("pfg", ("201", "203"))):
        for number in numbers:
            shutil.copytree(cell / part / number, folder / number)
    invoke("import", folder, "--no-progress")
    text = (folder / "experiment.toml").read_text()
    for line in ('expnos = "5-7"', '#   expnos = "201,203"', '#   expnos = "302"'):
        assert f"\n{line}" in text


def test_a_data_set_that_changed_is_computed_again(cell: Path, results: Path, tmp_path: Path) -> None:
    shutil.copytree(cell, tmp_path / "cell")
    shutil.copytree(results, tmp_path / "results")
    again = [
        "run",
        tmp_path / "cell" / "short.toml",
        "--no-bands",
        "--smoothing",
        "polynomial",
        "--no-progress",
        "--out",
    ]
    before = invoke(*again, tmp_path / "results")
    assert "PFG: D(c)" in before
    title = tmp_path / "cell" / "pfg" / "203" / "diff.xml"
    title.write_text(title.read_text() + "\n")
    first = (tmp_path / "results" / "summary.json").stat().st_mtime_ns
    invoke(*again, tmp_path / "results")
    assert (tmp_path / "results" / "summary.json").stat().st_mtime_ns > first
    second = (tmp_path / "results" / "summary.json").stat().st_mtime_ns
    invoke(*again, tmp_path / "results")
    assert (tmp_path / "results" / "summary.json").stat().st_mtime_ns == second
