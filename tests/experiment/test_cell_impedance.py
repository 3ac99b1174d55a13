"""Impedance that an experiment file names: on the log's clock, in the results of the run."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import cells
from instrument_files import arc, zahner_ism
from iondrift.cli.app import app
from iondrift.errors import ConfigurationError, InputFileError
from iondrift.experiment import impedance as cell_impedance
from iondrift.experiment.file.data_sets import Lineshape, PfgDiffusivity
from iondrift.experiment.file.impedance import Impedance
from iondrift.experiment.file.schema import load
from iondrift.experiment.file.template import template
from iondrift.experiment.file.transport_fit import TransportFit
from iondrift.impedance.options import ImpedanceOptions, Masked
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.reference.relaxation_spectra import measured, zarc
from iondrift.report.figures.drawing import STYLE
from iondrift.runs import store

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


@pytest.fixture(autouse=True)
def small_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STYLE, "savefig.dpi", 30)


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


def test_the_shift_of_peaks_at_constant_voltage_is_told(tmp_path: Path) -> None:
    """The log holds its voltage from 5000 s on; the arc slows down all the time."""
    starts = [600.0, 3000.0, 5500.0, 6500.0, 7500.0]
    file = cells.write_cell(tmp_path / "cell", toml=cells.TOML + SECTION.replace(str(list(STARTS)), str(starts)))
    (tmp_path / "cell" / "impedance").mkdir()
    for k in range(len(starts)):
        z = measured(zarc(50.0, 10.0 ** (-3.0 + 0.15 * k), 0.95), FREQUENCY, 1e-4, [k])[0]
        np.savetxt(
            tmp_path / "cell" / "impedance" / f"z_{k}.csv", np.c_[FREQUENCY, z.real, -z.imag], delimiter=",",
            comments="", header="freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm",
        )  # fmt: skip
    out = tmp_path / "out"
    result = iondrift("run", file, "--out", out, "--no-bands")
    assert result.exit_code == 0, result.output
    dataset = store.read(out / "impedance.zarr")
    shift = dataset.peak_shift_constant_voltage
    assert shift.dims == ("peak", "spectrum")
    np.testing.assert_allclose(shift[0], [np.nan, np.nan, 0.0, 0.15, 0.3], atol=0.06)
    assert (shift.attrs["start_s"], shift.attrs["stop_s"]) == pytest.approx((5000.0, 8000.0), abs=50.0)
    peak = json.loads((out / "summary.json").read_text())["impedance"]["peaks"][0]
    assert peak["shift_decades"] == pytest.approx(0.6, abs=0.06)
    assert peak["shift_constant_voltage"]["decades"] == float(shift[0, -1])
    words = " ".join(result.stdout.split())
    assert f", {float(shift[0, -1]):+.2f} at constant voltage (time 1.53 to 2.08 h)" in words


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
    from iondrift.drift.bands.options import DrawOptions

    settings = load(write_cell(tmp_path)).impedance
    assert settings is not None
    one = cell_impedance.analyse(
        settings, bands=DrawOptions(samples=60, seed=5), progress=lambda _: None
    )  # fmt: skip
    assert (one.dataset.attrs["band_samples"], one.dataset.attrs["band_seed"]) == (60, 5)
    none = cell_impedance.analyse(settings, bands=None, progress=lambda _: None)
    assert "gamma_band" not in none.dataset


def test_files_without_times_need_them(tmp_path: Path) -> None:
    section = SECTION.replace("times_s = [600.0, 2600.0, 4600.0]", "start_s = 600.0")
    settings = load(write_cell(tmp_path, section)).impedance
    assert settings is not None
    with pytest.raises(ConfigurationError, match=r"give impedance\.times_s"):
        cell_impedance.read(settings)


def test_spectra_that_time_themselves_start_where_the_file_says(tmp_path: Path) -> None:
    """2021-10-15T07:14:33 and later in seconds since 1980, as Zahner's files count."""
    folder = tmp_path / "spectra"
    folder.mkdir()
    started = (datetime(2021, 10, 15, 7, 14, 33) - datetime(1980, 1, 1)).total_seconds() + 0.3
    for k in range(3):
        (folder / f"{k}.ism").write_bytes(zahner_ism(FREQUENCY, arc(FREQUENCY), start_s=started + 80.0 * k))
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
    np.testing.assert_allclose(np.diff(from_start), 80.0)
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
        ("electrodes = 2", "mask = [50.0]", "impedance.mask: unknown key; did you mean 'mask_"),
        ("electrodes = 2", "mask_frequencies_Hz = [0.0]", "impedance.mask_frequencies_Hz[1]"),
        ("electrodes = 2", "mask_frequencies_Hz = [[1e6, 1e5]]", "from a lower to a higher value"),
        (
            "electrodes = 2",
            "mask_points = [{spectrum = 0, frequency_Hz = 50.0}]",
            "impedance.mask_points[1].spectrum: found 0",
        ),
        (
            "electrodes = 2",
            "mask_points = [{spectrum = 1, frequency_Hz = 50.0, frequency = 50.0}]",
            "impedance.mask_points[1].frequency: unknown key; did you mean 'frequency_Hz'",
        ),
        ("electrodes = 2", "mask_points = [{spectrum = 1}]", "frequency_Hz: is missing (a frequency, or [lowest,"),
        ("electrodes = 2", "frequency_range_Hz = [1e6, 1.0]", "from a lower to a higher value"),
        ("electrodes = 2", "frequency_range_kHz = [1.0, 2.0]", "did you mean 'frequency_range_Hz'"),
        ("electrodes = 2", 'separator = ";"', "found ';'; allowed: 'tab', 'semicolon', 'comma' or 'space'"),
        ("electrodes = 2", 'regularization = "magic"', "'marginal_likelihood', 'gcv', 'l_curve' or 're_im'"),
        ("electrodes = 2", "regularization = -1.0", "impedance.regularization: found -1.0"),
        ("electrodes = 2", 'header = "freq/Hz"', "impedance.header: found 'freq/Hz'; should be a list"),
        ("electrodes = 2", "order = 4", "impedance.order: found 4"),
    ],
)
def test_mistakes_in_the_section_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "cell.toml"
    file.write_text(cells.TOML + SECTION.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_key_arrives(tmp_path: Path) -> None:
    section = """
[impedance]
files = "impedance"
format = "text"
header = ["freq/Hz", "", "Re(Z)/Ohm", "-Im(Z)/Ohm"]
separator = "semicolon"
decimal = ","
day_first = false
grid = "common"
incomplete = "drop"
minimum_points = 7
merge = true
frequency_range_Hz = [1.0, 1e5]
mask_frequencies_Hz = [50.0, [1e5, 1e6]]
mask_points = [{spectrum = 4, frequency_Hz = [2.0, 3.0]}]
log_started = "2024-10-25T21:09:58"
time_constants = 50
tau_range_s = [1e-6, 1.0]
regularization = 0.1
order = 1
weighting = 0.5
inductive = false
capacitive = true
per = "series"
window_s = [1e-3, 0.1]
electrodes = 2
area_cm2 = 0.5
largest_jump_decades = 0.3
method = "noise"
"""
    (tmp_path / "cell.toml").write_text(cells.TOML + section)
    settings = load(tmp_path / "cell.toml").impedance
    assert settings is not None
    options = settings.options(bands=False, samples=30, seed=4)
    assert options == ImpedanceOptions(
        mask=(Masked(low=50.0, high=50.0), Masked(low=1e5, high=1e6), Masked(low=2.0, high=3.0, spectrum=4)),
        time_constants=50, tau_range=(1e-6, 1.0), regularization=0.1, order=1, weighting=0.5, inductive=False,
        capacitive=True, per="series", window=(1e-3, 0.1), electrodes=2, area=0.5e-4, bands=False, method="noise",
        samples=30, seed=4, largest_jump=0.3,
    )  # fmt: skip
    assert settings.reading == ReadingOptions(
        format="text", header=("freq/Hz", "", "Re(Z)/Ohm", "-Im(Z)/Ohm"), separator="semicolon", decimal=",",
        grid="common", frequency_range=(1.0, 1e5), incomplete="drop", origin="2024-10-25T21:09:58", day_first=False,
        minimum_points=7, merge=True,
    )  # fmt: skip


def test_left_out_keys_have_the_defaults_of_the_functions(tmp_path: Path) -> None:
    (tmp_path / "cell.toml").write_text(cells.TOML + '[impedance]\nfiles = "a.csv"\nlog_started = "2024-10-25T21:09"\n')
    settings = load(tmp_path / "cell.toml").impedance
    assert settings is not None
    assert settings.options(bands=True, samples=1000, seed=0) == ImpedanceOptions()
    assert settings.reading == ReadingOptions(origin="2024-10-25T21:09")


def commented(folder: Path, section: str) -> list[str]:
    """Return the lines of a section that the template shows commented out, without the marks."""
    lines = [line.removeprefix("#").strip() for line in template(folder).splitlines() if line.startswith("#   ")]
    own = lines[lines.index(f"[{section}]") + 1 :]
    ends = [k for k, line in enumerate(own) if line.startswith("[")]
    return [line for line in own[: ends[0] if ends else None] if re.match(r"\w+ = ", line)]


@pytest.mark.parametrize(
    ("section", "model", "unseen"),
    [
        ("impedance", Impedance, {"times_s", "log_started"}),  # told beside start_s
        ("diffusivity", PfgDiffusivity, set()),
        ("lineshape", Lineshape, set()),
        ("transport_fit", TransportFit, set()),
    ],
)
def test_the_template_shows_every_key(section: str, model: Any, unseen: set[str]) -> None:
    shown = {line.partition(" = ")[0] for line in commented(Path(), section)}
    assert set(model.model_fields) - shown == unseen
    assert shown <= set(model.model_fields)


@pytest.mark.parametrize(("section", "model"), [("diffusivity", PfgDiffusivity), ("lineshape", Lineshape)])
def test_the_sections_of_data_sets_are_valid_as_shown(tmp_path: Path, section: str, model: Any) -> None:
    shown = tomllib.loads("\n".join(commented(tmp_path, section)))
    assert model.model_validate(shown).folders[0] == Path.cwd() / shown["expnos"].split("-")[0]


def test_the_section_of_the_template_is_valid(tmp_path: Path) -> None:
    (tmp_path / "cell.toml").write_text("\n".join([cells.TOML, "[impedance]", *commented(tmp_path, "impedance")]))
    settings = load(tmp_path / "cell.toml").impedance
    assert settings is not None
    assert settings.mask[2] == Masked(low=50.0, high=50.0, spectrum=3)


def test_the_section_of_the_inverse_model_is_valid(tmp_path: Path) -> None:
    shown = [line for line in commented(tmp_path, "transport_fit") if not line.startswith("conductivity")]
    (tmp_path / "cell.toml").write_text("\n".join([cells.TOML, "[transport_fit]", *shown]))
    assert load(tmp_path / "cell.toml").transport_fit.gaps == pytest.approx((90e-6, 90e-6))


def test_masked_points_do_not_count_and_errors_name_the_key(tmp_path: Path) -> None:
    file = write_cell(tmp_path, SECTION + "mask_frequencies_Hz = [[1e4, 1e5]]\n")
    result = iondrift("check", file)
    assert "3 spectra of 31 frequencies, 21 points masked" in " ".join(result.stdout.split())
    settings = load(file).impedance
    assert settings is not None
    dataset = cell_impedance.analyse(settings, bands=None, progress=lambda _: None).dataset
    assert (dataset.used.values == (FREQUENCY[::-1] < 0.99e4)).all()
    file.write_text(file.read_text().replace("[[1e4, 1e5]]", "[53.0]"))
    result = iondrift("check", file)
    assert "impedance.mask_frequencies_Hz: nothing was measured within 1 % of 53 Hz" in result.stderr
    name = "freq/Hz,Re(Z)/Ohm"
    for spectrum in (tmp_path / "impedance").iterdir():
        spectrum.write_text(spectrum.read_text().replace(name, "a,b"))
    result = iondrift("check", file)
    assert 'impedance.header = ["freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm"]' in result.stderr


def test_errors_of_the_log_name_its_keys(tmp_path: Path) -> None:
    file = cells.write_cell(tmp_path)
    (tmp_path / "log.txt").write_text("1,5 2,5 3,5\n2,5 3,5 4,5\n".replace(" ", ","))
    result = iondrift("check", file)
    assert 'log.separator = "comma", or log.decimal = ","' in result.stderr


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
