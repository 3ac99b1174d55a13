"""`simulate` and `demo`: written as measured cells are, analysed by the same job, judged by the truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from iondrift.cli.app import app
from iondrift.errors import IondriftWarning
from iondrift.ledger import LEDGER
from iondrift.runs import demo, simulated_cell, store
from iondrift.runs.batch import run_all
from iondrift.runs.options import RunOptions


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    for cell in demo.CELLS:
        result = CliRunner().invoke(app, ["simulate", "--cell", cell, "--out", str(folder / cell), "--seed", "3"])
        assert result.exit_code == 0, result.output
    return folder


@pytest.mark.parametrize("name", ["experiment.toml", "log.txt", "truth.nc", "profiles/mine.txt"])
def test_measurements_are_not_replaced_by_a_simulation(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("measured")
    result = CliRunner().invoke(app, ["simulate", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert f"{name}: exists and was not written by iondrift; choose another folder" in result.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]
    assert (tmp_path / name).read_text() == "measured"


def test_a_second_simulation_replaces_the_first_as_a_whole(tmp_path: Path) -> None:
    first = simulated_cell.write("li-li", tmp_path)
    profiles = {file.name for file in (tmp_path / "profiles").iterdir()}
    edited = first.read_text().replace("reverse = true", "reverse = false")
    first.write_text(edited)
    with pytest.warns(IondriftWarning, match=r"experiment\.toml: was changed.*kept as experiment\.toml\.earlier"):
        second = simulated_cell.write("li-nmc622", tmp_path)
    truth = xr.load_dataset(tmp_path / "truth.nc", engine="h5netcdf")
    assert len(profiles) != truth.sizes["time"]
    assert len(list((tmp_path / "profiles").iterdir())) == truth.sizes["time"]
    assert "NMC622" in second.read_text()
    assert (tmp_path / "experiment.toml.earlier").read_text() == edited


@pytest.mark.parametrize("cell", demo.CELLS)
def test_a_simulated_cell_is_complete(folder: Path, cell: str) -> None:
    names = {entry.name for entry in (folder / cell).iterdir()}
    assert names == {"experiment.toml", "log.txt", "profiles", "truth.nc", LEDGER}
    truth = xr.load_dataset(folder / cell / "truth.nc", engine="h5netcdf")
    assert len(list((folder / cell / "profiles").iterdir())) == truth.sizes["time"]
    assert "intensity" not in truth
    assert truth.drift_velocity.attrs["units"] == "m s-1"


def test_the_seed_decides(folder: Path, tmp_path: Path) -> None:
    def profile(seed: int) -> bytes:
        simulated_cell.write("li-li", tmp_path / str(seed), seed=seed)
        return (tmp_path / str(seed) / "profiles" / "simulated(005).txt").read_bytes()

    assert profile(3) == (folder / "li-li" / "profiles" / "simulated(005).txt").read_bytes()
    assert profile(4) != profile(3)


def test_the_stored_order_of_the_li_li_cell_is_from_the_far_end(folder: Path) -> None:
    """Depletion shows at the end of the file for Li||Li, at its beginning for NMC: as with the measured cells."""
    for cell, first_is_plating in (("li-li", False), ("li-nmc622", True)):
        files = sorted((folder / cell / "profiles").iterdir())
        early, late = (np.loadtxt(file) for file in (files[0], files[len(files) * 2 // 3]))
        inside = np.flatnonzero(early > 0.9 * early.max())
        ratio = (late / early)[inside]
        assert bool(ratio[:4].mean() < ratio[-4:].mean()) is first_is_plating


@pytest.fixture(scope="module")
def analysed(folder: Path) -> list:
    files = {folder / cell / "experiment.toml": folder / "out" / cell for cell in demo.CELLS}
    return run_all(files, options=RunOptions(smoothing="polynomial"))


def test_both_cells_run_as_measured_ones_do(analysed: list) -> None:
    assert [result.error for result in analysed] == [None, None]
    for result in analysed:
        summary = json.loads((result.folder / "summary.json").read_text())
        kinds = [step["kind"] for step in summary["protocol"]]
        assert kinds == ["open_circuit", "constant_current", "constant_voltage", "open_circuit"]
        assert len(summary["calibration"]["reference_profiles"]) == 17
        assert summary["noise"]["autocorrelation_lag_1"] == pytest.approx(0.65, abs=0.05)


def test_the_end_is_the_last_profile_that_was_polarised_throughout(analysed: list) -> None:
    for result in analysed:
        analysis = result.outcome.analysis
        stop = float(analysis.dataset.time[analysis.end]) + 444.0 / 2.0
        assert stop <= analysis.measured.constant_voltage.stop < stop + 513.0


def test_the_truth_is_put_on_the_grid_of_the_reconstruction(analysed: list) -> None:
    outcome = analysed[0].outcome
    truth = xr.load_dataset(analysed[0].file.parent / "truth.nc", engine="h5netcdf")
    true = demo.truth_on_grid(outcome.analysis, truth)
    np.testing.assert_allclose(true.time, truth.time)
    gap = outcome.analysis.measured.calibration.plating_gap
    assert gap == pytest.approx(1.0e-4, abs=2e-5)
    k, j = outcome.analysis.end, 30
    expected = np.interp(float(true.x[j]) + gap, truth.x, truth.drift_velocity[k])
    assert float(true[k, j]) == pytest.approx(expected)


def test_truth_is_printed_and_drawn(analysed: list, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At the end the cells are compared, the true ratios beside those under each closure."""
    demo.show_truth(analysed, tmp_path)
    printed = capsys.readouterr().out
    assert printed.count("truth and reconstruction") == 2
    cells, comparison = printed.split(" against ", 1)
    comparison = comparison.split("Truth beside the estimate")[1]
    for row in ("truth", "voltage", "blocking", "current"):
        for text, count in ((cells, 2), (comparison, 1)):
            assert sum(line.split()[:1] == [row] for line in text.splitlines()) == count
    page = (tmp_path / "comparison.html").read_text(encoding="utf-8")
    assert "Truth beside the estimate" in page
    assert page.count('href="#cell-') == 2
    for result in analysed:
        assert (result.folder / "figures" / "truth.png").stat().st_size > 10_000
        assert store.read(result.folder / "results.zarr").sizes["closure"] == 4


def test_demo_goes_the_same_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One cell is enough here; the smoothing is that of the experiment file."""
    monkeypatch.setattr(demo, "CELLS", ("li-li",))
    result = CliRunner().invoke(app, ["demo", "--out", str(tmp_path), "--samples", "200"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "95 % band" in result.stdout
    assert "Li||Li (simulated): truth and reconstruction" in result.stdout
    summary = json.loads((tmp_path / "li-li" / "summary.json").read_text())
    assert summary["settings"]["smoothing"] == "pspline"
    truth = xr.load_dataset(tmp_path / "simulated" / "li-li" / "truth.nc", engine="h5netcdf")
    dataset = store.read(tmp_path / "li-li" / "results.zarr")
    k = int(np.flatnonzero(dataset.time < truth.attrs["rest_start"])[-1])
    true = np.interp(dataset.x + 1.0e-4, truth.x, truth.drift_velocity[k])
    found = dataset.drift_velocity_by_closure.sel(closure="current")[k]
    assert np.abs(found - true).max() < 0.25 * np.abs(true).max()
    bands = dataset.drift_velocity_band_by_closure[:, :, dataset.time < truth.attrs["rest_start"]]
    rows = np.array(
        [np.interp(dataset.x + 1.0e-4, truth.x, row) for row in truth.drift_velocity[: bands.sizes["time"]]]
    )
    flowing = np.abs(dataset.current_density.values[: bands.sizes["time"]]) > 0.01
    for closure in ("blocking", "current"):  # what the simulator obeys
        edges = bands.sel(closure=closure).values
        held = ((rows >= edges[0]) & (rows <= edges[-1]))[flowing].mean()
        printed = next(
            line for line in result.stdout.splitlines() if line.split()[:1] == [closure] and line.endswith("%")
        )
        assert held > 0.9
        assert abs(float(printed.split()[-2].rstrip("%")) / 100.0 - held) < 0.03


def test_shares_held_count_the_times_under_polarisation() -> None:
    import synthetic

    analysis = synthetic.banded()
    true = analysis.dataset.drift_velocity
    assert demo.shares_held(analysis, true, "voltage") == (1.0, 1.0)
    wide, narrow = demo.shares_held(analysis, 1.15 * true, "voltage")
    assert (wide, narrow) == (1.0, 0.0)
    assert demo.shares_held(synthetic.analysis(), true, "voltage") == (None, None)
