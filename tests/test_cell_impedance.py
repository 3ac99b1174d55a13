"""Impedance that an experiment file names: on the log's clock, in the results of the run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import cells
from iondrift import cell_impedance, store
from iondrift.cli import app
from iondrift.errors import ConfigurationError, InputFileError
from iondrift.experiment import load
from iondrift.reference.relaxation_spectra import measured, zarc

FREQUENCY = np.logspace(5, 0, 31)
STARTS = (600.0, 2600.0, 4600.0)
SECTION = """
[impedance]
files = "impedance/*.csv"
times_s = [600.0, 2600.0, 4600.0]
electrodes = 2
area_cm2 = 0.5
"""


def iondrift(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def write_cell(folder: Path, section: str = SECTION) -> Path:
    file = cells.write_cell(folder, toml=cells.TOML + section)
    (folder / "impedance").mkdir()
    for k in range(len(STARTS)):
        z = measured(zarc(40.0 + 20.0 * k, 1e-3, 0.9), FREQUENCY, 0.002, [k])[0]
        np.savetxt(
            folder / "impedance" / f"z_{k}.csv", np.c_[FREQUENCY, z.real, -z.imag], delimiter=",", comments="",
            header="freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm",
        )  # fmt: skip
    return file


def test_a_run_holds_impedance_beside_the_drift_velocity(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = iondrift("run", write_cell(tmp_path / "cell"), "--out", out, "--no-bands")
    assert result.exit_code == 0, result.output
    words = " ".join(result.stdout.split())
    for heading in ("Drift velocity", "Impedance: Kramers-Kronig test against 3 %", "Impedance: Peaks"):
        assert heading in words
    assert "10.00 4 0." in words  # place of the first spectrum, in minutes
    dataset = store.read(out / "impedance.zarr")
    np.testing.assert_array_equal(dataset.time, STARTS)
    assert dataset.polarisation_resistance.values == pytest.approx([40.0, 60.0, 80.0], rel=0.03)
    assert (out / "figures" / "impedance" / "resistances.png").is_file()
    assert (out / "figures" / "drift_velocity.png").is_file()
    summary = json.loads((out / "summary.json").read_text())
    found = summary["impedance"]["spectra"][2]["resistances"]
    assert found["area"]["value"] == pytest.approx(float(dataset.windowed_resistance[2]) / 2.0 * 0.5)
    assert summary["drift_velocity"]["maximum"]["value"] is not None


def test_check_reads_the_spectra(tmp_path: Path) -> None:
    file = write_cell(tmp_path)
    result = iondrift("check", file)
    assert result.exit_code == 0, result.output
    assert "impedance 3 spectra of 31 frequencies, 0.17 to 1.28 h on the log's clock" in " ".join(result.stdout.split())
    (tmp_path / "impedance" / "z_1.csv").write_text("freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm\n1,2\n")
    broken = iondrift("check", file)
    assert broken.exit_code == 1
    assert "z_1.csv" in broken.stderr


def test_the_same_draws_and_seed_serve_both(tmp_path: Path) -> None:
    from iondrift.analysis import BandOptions

    settings = load(write_cell(tmp_path)).impedance
    assert settings is not None
    one = cell_impedance.analyse(
        settings, title="cell", bands=BandOptions(samples=60, seed=5), progress=lambda _: None
    )  # fmt: skip
    assert (one.dataset.attrs["band_samples"], one.dataset.attrs["band_seed"]) == (60, 5)
    none = cell_impedance.analyse(settings, title="cell", bands=None, progress=lambda _: None)
    assert "gamma_band" not in none.dataset


def test_files_without_times_need_them(tmp_path: Path) -> None:
    section = SECTION.replace("times_s = [600.0, 2600.0, 4600.0]", "start_s = 600.0")
    settings = load(write_cell(tmp_path, section)).impedance
    assert settings is not None
    with pytest.raises(ConfigurationError, match=r"give impedance\.times_s"):
        cell_impedance.read(settings)


def test_spectra_that_time_themselves_start_where_the_file_says(measurements: Path, tmp_path: Path) -> None:
    folder = measurements / "eis" / "zahner" / "bias-series"
    section = f'[impedance]\nfiles = "{folder}"\nformat = "zahner"\n'
    file = cells.write_cell(tmp_path, toml=cells.TOML + section + "start_s = 100.0\n")
    settings = load(file).impedance
    assert settings is not None
    from_start = cell_impedance.read(settings).time.values
    assert from_start[0] == 100.0
    file.write_text(cells.TOML + section + 'log_started = "2021-10-15T07:14:00"\n')
    settings = load(file).impedance
    assert settings is not None
    from_clock = cell_impedance.read(settings).time.values
    np.testing.assert_allclose(np.diff(from_clock), np.diff(from_start))
    assert from_clock[0] == pytest.approx(33.3, abs=0.1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("times_s = [600.0, 2600.0, 4600.0]", "", "found none"),
        ("electrodes = 2", "start_s = 0.0", "found start_s and times_s"),
        ("electrodes = 2", "electrodes = 0", "impedance.electrodes"),
        ("electrodes = 2", "window_s = [1.0, 0.1]", "from a lower to a higher value"),
        ("times_s = [600.0, 2600.0, 4600.0]", 'log_started = "noon"', "should be a moment such as"),
        ("times_s = [600.0, 2600.0, 4600.0]", 'log_started = "2024-10-25T21:09:58+02:00"', "leave the time zone out"),
        ("electrodes = 2", "electrode = 2", "unknown key; did you mean 'electrodes'"),
        ('files = "impedance/*.csv"', "", "impedance.files: is missing"),
    ],
)
def test_mistakes_in_the_section_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "cell.toml"
    file.write_text(cells.TOML + SECTION.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_spectrum_fails_the_run_before_anything_is_written(tmp_path: Path) -> None:
    file = write_cell(tmp_path / "cell", SECTION.replace("*.csv", "*.z"))
    settings = load(file).impedance
    assert settings is not None
    with pytest.raises(InputFileError, match="no file matches"):
        cell_impedance.read(settings)
    result = iondrift("run", file, "--out", tmp_path / "out", "--no-bands")
    assert result.exit_code == 1
    assert "no file matches" in result.stderr
    assert not (tmp_path / "out").exists()
