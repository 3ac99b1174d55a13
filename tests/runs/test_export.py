"""Results as tables and as other files: everything a person plots, with its unit, and back to the same numbers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import Result
from typer.testing import CliRunner

import cells
import instrument_files
import iondrift
from iondrift.cli.app import app
from iondrift.errors import StoreError
from iondrift.impedance import analysis as impedance_analysis
from iondrift.report.figures import cell as figures
from iondrift.report.figures import impedance as impedance_figures
from iondrift.runs import inspect, store
from iondrift.runs.export import write_csv


def command(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a cell in ``cell`` and its results, bands and tables among them, in ``out``."""
    folder = tmp_path_factory.mktemp("project")
    file = cells.write_cell(folder / "cell", toml=cells.TOML.replace('smoothing = "none"', ""))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "draw", lambda *_, **__: [])
        done = command("run", file, "--out", folder / "out", "--samples", "64", "--csv", "--quiet")
    assert done.exit_code == 0, done.output
    return folder


def test_tables_of_a_cell_hold_every_number_with_its_unit(project: Path, tmp_path: Path) -> None:
    done = command("export", project / "out", "--csv", tmp_path)
    assert done.exit_code == 0, done.output
    written = {path.name for path in tmp_path.iterdir()}
    assert {"profiles.csv", "closures.csv", "time.csv", "drift_velocity_through_time.csv", "log.csv"} < written
    assert written == {path.name for path in (project / "out" / "csv").iterdir()}
    with iondrift.open_results(project / "out") as results:
        table = pd.read_csv(tmp_path / "profiles.csv")
        shape = results.drift_velocity.shape
        for column, expected in (
            ("drift_velocity_um_per_h", results.drift_velocity * 3.6e9),
            ("drift_velocity_p97.5_um_per_h", results.drift_velocity_band.sel(quantile=0.975) * 3.6e9),
            ("concentration_mol_per_m3", results.concentration),
        ):
            np.testing.assert_array_equal(table[column].to_numpy().reshape(shape), expected)
        np.testing.assert_array_equal(table["time_s"].to_numpy().reshape(shape)[:, 0], results.time)
        np.testing.assert_array_equal(table["x_m"].to_numpy().reshape(shape)[0], results.x)
        ends = pd.read_csv(tmp_path / "drift_velocity_through_time.csv")
        np.testing.assert_array_equal(ends["drift_velocity_xL_um_per_h"], results.drift_velocity[:, -1] * 3.6e9)
        log = pd.read_csv(tmp_path / "log.csv")
        assert list(log.columns) == ["Test Time / s", "Voltage / V", "Current Density / A m-2"]


def test_every_column_is_named_in_the_readme(project: Path) -> None:
    folder = project / "out" / "csv"
    text = (folder / "README.txt").read_text()
    assert text.isascii()
    for path in folder.glob("*.csv"):
        assert f"{path.name}: " in text
        if path.name not in ("log.csv", "drift_velocity_through_time.csv"):
            for column in pd.read_csv(path, nrows=1).columns:
                assert f"  {column}: " in text or f"  {column}\n" in text


def test_spectra_gamma_peaks_and_resistances_are_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impedance_figures, "draw", lambda *_, **__: [])
    for k in range(3):
        impedance = instrument_files.arc(resistance=100.0 + 5.0 * k)
        (tmp_path / f"z{k}.z").write_text(instrument_files.zplot_z(instrument_files.FREQUENCY, impedance))
    done = command("drt", tmp_path / "z*.z", "--out", tmp_path / "out", "--samples", "40", "--quiet")
    assert done.exit_code == 0, done.output
    assert command("export", tmp_path / "out", "--csv", tmp_path / "csv", "--netcdf", tmp_path / "a.nc").exit_code == 0
    with iondrift.open_results(tmp_path / "out") as results, iondrift.open_results(tmp_path / "a.nc") as netcdf:
        xr.testing.assert_equal(results.load(), netcdf.load())
        spectra = pd.read_csv(tmp_path / "csv" / "spectra.csv")
        z = spectra["impedance_real_ohm"] + 1j * spectra["impedance_imaginary_ohm"]
        np.testing.assert_array_equal(z, results.impedance.values.ravel())
        gamma = pd.read_csv(tmp_path / "csv" / "relaxation_times.csv")
        np.testing.assert_array_equal(gamma["gamma_ohm"], results.gamma.values.ravel())
        np.testing.assert_array_equal(gamma["gamma_p97.5_ohm"], results.gamma_band.sel(quantile=0.975).values.ravel())
        assert {"source", "tau_s", "gamma_p2.5_ohm"} <= {*gamma.columns}
    assert {"peaks.csv", "resistances.csv"} <= {path.name for path in (tmp_path / "csv").iterdir()}
    monkeypatch.setattr(impedance_analysis, "analyse", None)  # nothing is left for it
    again = command("drt", tmp_path / "z*.z", "--out", tmp_path / "out", "--samples", "40")
    assert "so nothing was computed" in " ".join(again.stdout.split())


def test_blocks_make_the_table_that_one_piece_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"v": (("time", "x"), np.arange(28.0).reshape(7, 4), {"units": "m s-1", "long_name": "v"})}
    dataset = xr.Dataset(data, {"time": np.arange(7.0)})
    write_csv(dataset, tmp_path / "whole")
    monkeypatch.setattr("iondrift.runs.export._ROWS", 9)
    write_csv(dataset, tmp_path / "blocks")
    whole = (tmp_path / "whole" / "profiles.csv").read_text()
    assert whole == (tmp_path / "blocks" / "profiles.csv").read_text()
    assert whole.splitlines()[:2] == ["time,x,v_um_per_h", "0.0,1,0.0"]


def test_export_says_what_it_needs(project: Path, tmp_path: Path) -> None:
    assert "give --csv DIR, --netcdf FILE, or both" in command("export", project / "out").stderr
    assert "no results here; 'iondrift run'" in command("export", tmp_path, "--csv", tmp_path).stderr
    (tmp_path / "taken").write_text("a file")
    done = command("export", project / "out", "--csv", tmp_path / "taken")
    assert (done.exit_code, "cannot be written" in done.stderr) == (1, True)


def test_info_tells_variables_and_what_they_were_made_of(project: Path) -> None:
    done = command("info", project / "out")
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "drift_velocity time x m s-1 anion drift velocity" in said
    assert f"{cells.PROFILES + 1} files in" in said
    assert "bands.samples 64" in said
    found = json.loads(command("info", project / "out", "--json").stdout)
    assert found["stores"]["results"]["variables"]["drift_velocity"]["unit"] == "m s-1"


def test_verify_reads_all_and_computes_bit_for_bit(project: Path, tmp_path: Path) -> None:
    done = command("verify", project / "out")
    assert done.exit_code == 0, done.output
    assert f"{cells.PROFILES + 1} inputs are as they were" in done.stdout
    with iondrift.open_results(project / "out") as results:
        assert f"{len(results.variables)} arrays came out bit for bit again" in done.stdout
    copy = shutil.copytree(project, tmp_path / "copy")
    with (copy / "cell" / "cell.toml").open("a") as stream:
        stream.write("[uncertainty]\ntemperature_K = 3.0\n")
    chunk = copy / "out" / "results.zarr" / "flux" / "c" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"!")
    assert "damaged, flux/c/0" in command("verify", copy / "out").stderr


def test_verify_finds_what_is_another(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = project / "cell" / "log.txt"
    before = log.read_text()
    log.write_text(before + " ")
    assert "log.txt: is not what the results were made of" in command("verify", project / "out", "--read-only").stderr
    log.write_text(before)
    content = store.open_results(project / "out").load()
    content["flux"][0, 0] += 1e-20
    monkeypatch.setattr(store, "open_results", lambda _: content)
    assert inspect.verify(project / "out").faults == ("flux: is another when it is computed again",)


def test_what_says_nothing_of_its_making_cannot_be_verified(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no results that say what they were made of"):
        inspect.verify(tmp_path)
