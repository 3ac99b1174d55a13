"""iondrift drt: spectra in, a folder of results and a report out, without configuration."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from instrument_files import zahner_ism
from iondrift.cli.app import app
from iondrift.impedance.options import REGULARIZATIONS, ImpedanceOptions, Masked
from iondrift.ledger import LEDGER
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.reference.relaxation_spectra import measured, zarc
from iondrift.report.figures.drawing import STYLE
from iondrift.runs import impedance as impedance_job
from iondrift.runs import store
from iondrift.runs.crate import CRATE
from iondrift.settings import settings_of

FREQUENCY = np.logspace(5, 0, 31)
OHMIC, FAST, SLOW = 4.0, 40.0, 60.0
FIGURES = {"nyquist", "bode", "kramers_kronig", "relaxation_times", "relaxation_map", "resistances"}


def iondrift(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def write_spectrum(path: Path, impedance: np.ndarray) -> None:
    columns = np.c_[FREQUENCY, impedance.real, -impedance.imag]
    np.savetxt(path, columns, delimiter=",", comments="", header="freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm")


@pytest.fixture(scope="module", autouse=True)
def small_figures() -> Iterator[None]:
    """Figures take most of a run, and most of that goes with the number of their pixels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(STYLE, "savefig.dpi", 30)
        yield


@pytest.fixture(scope="module")
def spectra(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five spectra of two arcs; the slow one slows down by half a decade."""
    folder = tmp_path_factory.mktemp("cell")
    for k in range(5):
        truth = zarc(FAST, 1e-4, 0.95) + zarc(SLOW, 10.0 ** (-2.0 + 0.12 * k), 0.95)
        write_spectrum(folder / f"cell_{k}.csv", measured(truth, FREQUENCY, 0.002, [k], ohmic=OHMIC)[0])
    return folder


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that look at numbers alone."""
    monkeypatch.setattr(impedance_job.impedance_figures, "draw", lambda *_, **__: [])


@pytest.fixture(scope="module")
def finished(spectra: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("out")
    result = iondrift("drt", spectra, "--out", out, "--samples", "200", "--electrodes", "2", "--area-cm2", "0.5")
    assert result.exit_code == 0, result.output
    return out, result


def test_it_writes_everything_and_nothing_else(finished: tuple[Path, Result]) -> None:
    out, _ = finished
    assert {entry.name for entry in out.iterdir()} == {
        "results.zarr",
        "summary.json",
        "report.txt",
        "figures",
        CRATE,
        LEDGER,
    }
    assert {entry.name for entry in (out / "figures").iterdir()} == {f"{name}.png" for name in FIGURES}


def test_the_report_goes_to_stdout_within_80_columns(finished: tuple[Path, Result]) -> None:
    out, result = finished
    assert result.stderr == ""
    for heading in ("Read", "Kramers-Kronig test against 3 %", "Regularisation", "Resistances", "Peaks", "Method"):
        assert f"\n{heading}" in result.stdout
    report = result.stdout[: result.stdout.index("Results in ")]
    assert max(map(len, report.splitlines())) <= 80
    words = " ".join(report.split())
    assert "5 of 5 within" in words
    for convention in ("x = R_k", "tau = 1 / (2 pi f)", "gamma(ln tau) = R_k / dln tau", "rms |Z| / |Z|"):
        assert convention in words
    assert "calibrated: " in words
    assert "known truths inside 95 % bands: gamma 92 to 97 %" in words
    assert max(map(len, (out / "report.txt").read_text().splitlines())) <= 100


def test_the_resistances_and_peaks_are_those_of_the_circuit(finished: tuple[Path, Result]) -> None:
    summary = json.loads((finished[0] / "summary.json").read_text())
    for spectrum in summary["spectra"]:
        found = spectrum["resistances"]
        assert found["ohmic"]["value"] == pytest.approx(OHMIC, abs=1.5)
        assert found["polarisation"]["value"] == pytest.approx(FAST + SLOW, rel=0.03)
        assert found["electrode"]["value"] == pytest.approx(found["windowed"]["value"] / 2.0)
        assert found["area"]["value"] == pytest.approx(found["electrode"]["value"] * 0.5)
        assert found["area"]["unit"] == "ohm cm2"
        low, high = found["polarisation"]["band_95"]
        assert low < FAST + SLOW < high
    tracks = {round(np.log10(peak["through_the_series"][0]["tau"]["value"]), 0): peak for peak in summary["peaks"]}
    assert len(summary["peaks"]) == 2
    assert tracks[-2.0]["shift_decades"] == pytest.approx(0.48, abs=0.1)
    assert tracks[-4.0]["shift_decades"] == pytest.approx(0.0, abs=0.1)
    assert all(peak["born"] is None and peak["died"] is None for peak in summary["peaks"])


def test_store_and_summary_agree(finished: tuple[Path, Result]) -> None:
    out, _ = finished
    dataset = store.read(out / "results.zarr")
    summary = json.loads((out / "summary.json").read_text())
    np.testing.assert_array_equal(
        dataset.polarisation_resistance,
        [spectrum["resistances"]["polarisation"]["value"] for spectrum in summary["spectra"]],
    )
    np.testing.assert_array_equal(
        dataset.windowed_resistance_band[2],
        [spectrum["resistances"]["windowed"]["band_95"][1] for spectrum in summary["spectra"]],
    )
    assert dataset.gamma_band.dims == ("quantile", "spectrum", "tau")
    assert dataset.impedance.dtype == np.complex128
    assert {name: dataset[name].attrs["units"] for name in ("gamma", "tau", "peak_tau_band", "area_resistance")} == {
        "gamma": "ohm", "tau": "s", "peak_tau_band": "s", "area_resistance": "ohm m2",
    }  # fmt: skip
    # bands of peaks stand with their tracks
    low, high = dataset.peak_tau_band.values[[0, -1]]
    alive = np.isfinite(dataset.peak_tau.values)
    assert (np.isfinite(low) == alive).all()
    assert (low <= dataset.peak_tau.values)[alive].mean() > 0.8
    assert (dataset.peak_tau.values <= high)[alive].mean() > 0.8


@pytest.mark.usefixtures("no_figures")
def test_the_same_input_gives_the_same_numbers_and_json_is_the_summary(spectra: Path, tmp_path: Path) -> None:
    arguments = ["drt", *sorted(spectra.iterdir())[:2], "--samples", "20", "--seed", "7"]
    printed = [iondrift(*arguments, "--out", tmp_path / name, "--json").stdout for name in ("a", "b")]
    assert printed[0] == printed[1]
    assert printed[0] == (tmp_path / "a" / "summary.json").read_text()
    other = json.loads(iondrift(*arguments[:-1], "8", "--out", tmp_path / "c", "--json").stdout)
    assert other["spectra"][0]["resistances"] != json.loads(printed[0])["spectra"][0]["resistances"]


def test_a_given_lambda_is_used_and_said(spectra: Path, tmp_path: Path) -> None:
    one = spectra / "cell_0.csv"
    result = iondrift("drt", one, "--out", tmp_path, "--regularization", "0.05", "--samples", "50")
    assert result.exit_code == 0, result.output
    words = " ".join(result.stdout.split())
    assert "lambda 0.05, given" in words
    assert "D identity" in words
    assert "prior: perturb and optimise" in words
    assert (tmp_path / "figures" / "nyquist.png").is_file()
    assert not (tmp_path / "figures" / "resistances.png").exists()  # nothing to draw through one spectrum


@pytest.mark.usefixtures("no_figures")
def test_without_bands_there_are_none(spectra: Path, tmp_path: Path) -> None:
    result = iondrift(
        "drt", spectra, "--out", tmp_path, "--no-bands", "--regularization", "gcv", "--per", "series", "--order", "2"
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "bands" not in result.stdout[: result.stdout.index("Results in ")]
    assert "generalised cross-validation *" in result.stdout
    dataset = store.read(tmp_path / "results.zarr")
    assert not any(str(name).endswith("_band") for name in dataset)
    assert np.unique(dataset.regularization).size == 1  # one for the series


@pytest.mark.usefixtures("no_figures")
def test_a_spectrum_that_breaks_kramers_kronig_is_named(tmp_path: Path) -> None:
    good = measured(zarc(FAST, 1e-3, 0.9), FREQUENCY, 0.001, [0, 1])
    write_spectrum(tmp_path / "a.csv", good[0])
    write_spectrum(tmp_path / "b.csv", good[1].real + 1.3j * good[1].imag)
    result = iondrift("drt", tmp_path / "a.csv", tmp_path / "b.csv", "--out", tmp_path / "out", "--no-bands")
    assert result.exit_code == 0, result.output
    rows = [line.split()[-1] for line in result.stdout.splitlines() if line.split()[-1:] in (["within"], ["EXCEEDS"])]
    assert rows == ["within", "EXCEEDS"]
    assert "1 of 2 spectra miss the Kramers-Kronig limit" in " ".join(result.stdout.split())


@pytest.mark.usefixtures("no_figures")
def test_a_blocking_cell_needs_its_capacitance(tmp_path: Path) -> None:
    capacitance = 1e-4
    blocking = measured(zarc(FAST, 1e-4, 0.95), FREQUENCY, 0.002, [0])[0] - 1j / (2.0 * np.pi * FREQUENCY * capacitance)
    write_spectrum(tmp_path / "a.csv", blocking)
    verdicts = []
    for option in ([], ["--capacitive"]):
        result = iondrift("drt", tmp_path / "a.csv", "--out", tmp_path / "out", "--no-bands", *option)
        assert result.exit_code == 0, result.output
        summary = json.loads((tmp_path / "out" / "summary.json").read_text())
        verdicts.append(summary["spectra"][0]["kramers_kronig"]["consistent"])
    assert verdicts == [False, True]
    assert summary["settings"]["series_terms"] == "ohmic, inductive, capacitive"
    assert summary["spectra"][0]["resistances"]["polarisation"]["value"] == pytest.approx(FAST, rel=0.1)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return what the command asks of the job, which does not run."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(impedance_job, "run", lambda files, out, **options: found.update(options))
    monkeypatch.setattr(impedance_job, "show", lambda *_, **__: None)

    def ask(*arguments: str) -> dict[str, Any]:
        result = iondrift("drt", "a.csv", *arguments)
        assert result.exit_code == 0, result.output
        return found

    return ask


def test_the_command_asks_for_nothing_by_itself(asked: Callable[..., dict[str, Any]]) -> None:
    found = asked()
    assert found["options"] == ImpedanceOptions()
    assert found["reading"] == ReadingOptions()


def test_every_option_arrives(asked: Callable[..., dict[str, Any]]) -> None:
    options = ImpedanceOptions(
        mask=(Masked(low=50.0, high=50.0), Masked(low=1e5, high=1e6), Masked(low=2.0, high=3.0, spectrum=4)),
        time_constants=50, tau_range=(1e-6, 1.0), regularization=0.1, order=1, weighting=0.5, inductive=False,
        capacitive=True, per="series", window=(1e-3, 0.1), electrodes=2, area=0.5e-4, bands=False, method="noise",
        samples=30, seed=4, largest_jump=0.3, moment="end", negative=True, negative_range=(0.1, 10.0),
    )  # fmt: skip
    reading = ReadingOptions(
        format="text", header=("freq/Hz", "", "Re(Z)/Ohm", "-Im(Z)/Ohm"), separator="semicolon", decimal=",",
        grid="common", frequency_range=(1.0, 1e5), incomplete="drop", times=(0.0, 60.0), origin="2024-10-25T21:09:58",
        day_first=False, minimum_points=7, merge=True,
    )  # fmt: skip
    found = asked(
        *("--mask", "50", "--mask", "1e5:1e6", "--mask", "4@2:3", "--time-constants", "50", "--tau-range", "1e-6", "1"),
        *("--regularization", "0.1", "--order", "1", "--weighting", "0.5", "--no-inductive", "--capacitive"),
        *("--per", "series", "--window", "1e-3", "0.1", "--electrodes", "2", "--area-cm2", "0.5", "--no-bands"),
        *("--method", "noise", "--samples", "30", "--seed", "4", "--largest-jump", "0.3", "--format", "text"),
        *("--header", "freq/Hz,,Re(Z)/Ohm,-Im(Z)/Ohm", "--separator", "semicolon", "--decimal", ","),
        *("--grid", "common", "--frequency-range", "1", "1e5", "--incomplete", "drop", "--times", "0,60"),
        *("--origin", "2024-10-25T21:09:58", "--month-first", "--minimum-points", "7", "--merge"),
        *("--negative", "--negative-range", "0.1", "10", "--moment", "end"),
    )
    assert found["options"] == options
    assert found["reading"] == reading
    # none was forgotten here
    default_options, default_reading = ImpedanceOptions(), ReadingOptions()
    for given, default in ((options, default_options), (reading, default_reading)):
        settings = settings_of(type(given))
        told = [name for name in vars(given) if name not in settings or settings[name].switch != ""]
        assert all(getattr(given, name) != getattr(default, name) for name in told)


@pytest.mark.usefixtures("no_figures")
def test_masked_points_count_nowhere_and_are_told(tmp_path: Path) -> None:
    good = measured(zarc(FAST, 1e-3, 0.9), FREQUENCY, 0.001, [0, 1], ohmic=OHMIC)
    bad = good.copy()
    bad[:, 12] *= 1.5  # mains
    bad[1, 20] *= 0.5
    for k in range(2):
        write_spectrum(tmp_path / f"z_{k}.csv", bad[k])
    masks = ["--mask", f"{FREQUENCY[12]:.4g}", "--mask", f"2@{FREQUENCY[20]:.4g}"]
    found = []
    for arguments in ([], masks):
        result = iondrift("drt", tmp_path, "--out", tmp_path / "out", "--no-bands", *arguments)
        assert result.exit_code == 0, result.output
        found.append(json.loads((tmp_path / "out" / "summary.json").read_text()))
    assert [spectrum["kramers_kronig"]["consistent"] for spectrum in found[0]["spectra"]] == [False, False]
    assert [spectrum["kramers_kronig"]["consistent"] for spectrum in found[1]["spectra"]] == [True, True]
    for spectrum in found[1]["spectra"]:
        assert spectrum["resistances"]["polarisation"]["value"] == pytest.approx(FAST, rel=0.03)
        assert spectrum["residual_percent"] < 1.0
    words = " ".join(result.stdout.split())
    assert "masked 3 of 62 points: 1000 Hz; in spectrum 2 " in words
    assert "Masked points are neither fitted nor judged" in words
    dataset = store.read(tmp_path / "out" / "results.zarr")
    assert np.argwhere(~dataset.used.values).tolist() == [[0, 18], [1, 10], [1, 18]]  # ascending frequencies
    assert np.abs(dataset.kk_judged_residual.values[0, 18]) > 0.2  # still there to be seen


@pytest.mark.usefixtures("no_figures")
def test_what_the_command_advises_works(tmp_path: Path) -> None:
    """A comma that may part thousands: the error names the option, and with it the file reads."""
    z = measured(zarc(FAST, 1e-3, 0.9), FREQUENCY, 0.002, [0])[0]
    rows = [f"{f:.1f}\t{a:.3f}\t{b:.3f}" for f, a, b in zip(FREQUENCY, z.real + 1.0, -z.imag + 1.0, strict=True)]
    text = "\n".join(["freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm", *rows, ""])
    (tmp_path / "a.txt").write_text(text.replace(".0\t", "\t").replace(".", ","))
    (tmp_path / "b.txt").write_text("\n".join([f"{k} {k}.5 {k}.5" for k in range(1, 9)]) + "\n")
    named = iondrift("drt", tmp_path / "b.txt", "--out", tmp_path / "out")
    assert "such as --header freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm" in named.stderr.replace("'", "")
    assert "header=" not in named.stderr
    missing = iondrift("drt", tmp_path / "a.txt", "--decimal", ".", "--out", tmp_path / "out")
    assert missing.exit_code == 1
    assert missing.stderr.rstrip().endswith("or set --decimal ,")
    done = iondrift("drt", tmp_path / "a.txt", "--decimal", ",", "--out", tmp_path / "out", "--no-bands")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["nowhere.csv"], 1, "nowhere.csv"),
        (["--window", "1", "0"], 1, "--window: 1 and 0 found; expected two time constants in s, 0 < first < last"),
        (["--window", "1e5", "1e6"], 1, "--window: no time constant lies in 100000 to 1e+06 s; the grid holds"),
        (["--tau-range", "1", "0"], 1, "--tau-range: 1 and 0 found"),
        (["--order", "0"], 1, "--order: the automatic choice makes ln gamma smooth"),
        (["--along", "time"], 1, "do not tell the time"),
        (["--regularization", "0.1", "--method", "calibrated"], 1, "calibrated"),
        (["--regularization", "paper", "--order", "2"], 1, "identity without weights"),
        (["--format", "zahner"], 1, "cell_0.csv"),
        (["--largest-jump", "-1"], 1, "--largest-jump: -1 found; allowed are numbers above 0"),
        (["--origin", "yesterday"], 1, "--origin: 'yesterday' is no ISO 8601"),
        (
            ["--mask", "53"],
            1,
            "--mask: nothing was measured within 1 % of 53 Hz; the nearest frequencies are 46.416",
        ),
        (["--mask", "2@50"], 1, "--mask: spectrum 2 does not exist"),
        (["--frequency-range", "1e6", "1e7"], 1, "--frequency-range: no frequency lies in 1e+06 to 1e+07 Hz"),
        (["--decimal", ",", "--format", "gamry"], 1, "not for --format gamry"),
        (["--mask", "50 Hz"], 2, "such as 3@50"),
        (["--mask", "0@50"], 2, "counted from 1"),
        (["--mask", "1e6:1e5"], 2, "a range such as 1e5:1e6"),
        (["--separator", ";"], 2, "semicolon"),
        (["--times", "0,x"], 2, "'x' found"),
        (["--regularization", "magic"], 2, "marginal_likelihood"),
        (["--regularization", "-1"], 2, "positive number"),
        (["--weighting", "inf"], 2, "modulus"),
        (["--area-cm2", "0"], 2, "an area is positive"),
        (["--area-cm2", "-0.5"], 2, "-0.5 found; an area is positive"),
        (["--area-cm2", "nan"], 2, "nan found; an area is positive"),
        (["--samples", "5"], 2, "20"),
    ],
)
def test_mistakes_cost_one_line_and_write_nothing(
    spectra: Path, tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    files = [] if arguments[0].endswith(".csv") else [spectra / "cell_0.csv"]
    result = iondrift("drt", *files, *arguments, "--out", tmp_path / "out")
    assert result.exit_code == status, result.output
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert result.stdout == ""
    if status == 1:
        assert result.stderr.startswith("error: ")
        assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def diode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven Zahner files: a junction whose resistance falls e-fold with every 25.7 mV of bias, beside 0.1 uF."""
    folder = tmp_path_factory.mktemp("diode")
    frequency = np.logspace(5.5, 1, 46)
    for k in range(7):
        resistance, bias = 1e4 * np.exp(-0.025 * k / 0.0257), 0.025 * k
        truth = zarc(resistance, resistance * 1e-7, 1.0)
        z = measured(truth, frequency, 0.002, [k], ohmic=1.0)[0]
        content = zahner_ism(frequency, z, start_s=1.3e9 + 100.0 * k, tracks=(bias, 1e-3))
        (folder / f"{round(1e3 * bias):03}_mvdc.ism").write_bytes(content)
    return folder


@pytest.mark.usefixtures("no_figures")
def test_files_that_tell_their_bias_are_shown_along_it(diode: Path, tmp_path: Path) -> None:
    result = iondrift("drt", diode, "--out", tmp_path, "--samples", "40")
    assert result.exit_code == 0, result.output
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["inputs"]["shown_along"] == "bias / V"
    assert (summary["inputs"]["spectra"], summary["inputs"]["frequencies"]) == (7, 46)
    taus = [row["tau"]["value"] for row in summary["peaks"][0]["through_the_series"]]
    assert len(taus) == 7
    assert np.diff(np.log10(taus)) == pytest.approx(-0.025 / 0.0257 / np.log(10.0), abs=0.1)  # a step of the grid
    timed = iondrift("drt", diode, "--out", tmp_path, "--no-bands", "--along", "time", "--json")
    assert json.loads(timed.stdout)["inputs"]["shown_along"].startswith("time")


def test_a_spectrum_without_an_arc_ends_in_results_and_figures(tmp_path: Path) -> None:
    """The last one is a resistor with its leads: a fixed penalty leaves it no polarisation at all."""
    omega = 2j * np.pi * FREQUENCY
    for k, z in enumerate((zarc(FAST, 1e-3, 0.9).impedance(omega.imag), 0.0)):
        write_spectrum(tmp_path / f"z_{k}.csv", OHMIC + 1e-6 * omega + z)
    options = ("--samples", "20", "--regularization", "paper", "--time-constants", "40")
    result = iondrift("drt", tmp_path, "--out", tmp_path / "out", *options)
    assert result.exit_code == 0, result.output
    first, last = json.loads((tmp_path / "out" / "summary.json").read_text())["spectra"]
    assert first["resistances"]["polarisation"]["value"] == pytest.approx(FAST, rel=0.05)
    assert last["resistances"]["polarisation"]["value"] < 1e-3 * OHMIC
    assert 0.0 <= last["unmeasured_fraction"] <= 1.0
    assert {path.stem for path in (tmp_path / "out" / "figures").glob("*.png")} == FIGURES


@pytest.mark.usefixtures("no_figures")
def test_ten_states_of_charge_need_no_configuration(measurements: Path, tmp_path: Path) -> None:
    result = iondrift("drt", measurements / "eis" / "ml621", "--out", tmp_path, "--samples", "100")
    assert result.exit_code == 0, result.output
    words = " ".join(result.stdout.split())
    assert "10 of 137 frequencies, 1.00 Hz to 7.00 MHz" in words
    assert "10 of 10 within" in words
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["largest_kkt_residual"] < 1e-9
    assert summary["largest_residual_percent"] < 3.0
    polarisation = [spectrum["resistances"]["polarisation"]["value"] for spectrum in summary["spectra"]]
    assert (np.diff(polarisation) < 0.0).all()  # falls with the state of charge


@pytest.mark.usefixtures("no_figures")
def test_a_bias_series_needs_no_configuration(measurements: Path, tmp_path: Path) -> None:
    result = iondrift("drt", measurements / "eis" / "zahner" / "bias-series", "--out", tmp_path, "--samples", "100")
    assert result.exit_code == 0, result.output
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["inputs"]["shown_along"] == "bias / V"
    assert (summary["inputs"]["spectra"], summary["inputs"]["frequencies"]) == (13, 38)
    first = summary["peaks"][0]
    taus = [row["tau"]["value"] for row in first["through_the_series"]]
    assert first["first_spectrum"] == 1
    assert len(taus) >= 6
    # a diode: its time constant falls e-fold with every kT/e = 25.7 mV, 0.42 decades for 25 mV; to a step of the grid
    assert np.diff(np.log10(taus))[1:] == pytest.approx(-0.42, abs=0.08)
    assert "reaches beyond the time constants that were measured" in " ".join(result.stdout.split())


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize(
    "options",
    [
        *([["--regularization", name] for name in REGULARIZATIONS]),
        *([["--method", name] for name in ("calibrated", "noise", "prior")]),
        ["--regularization", "0.01", "--no-bands"],
        ["--regularization", "paper", "--method", "noise"],
    ],
    ids=" ".join,
)
def test_every_way_ends_in_results_where_a_spectrum_has_no_arc_left(
    measurements: Path, tmp_path: Path, options: list[str]
) -> None:
    """At high bias a fixed penalty leaves nothing of the diode: a polarisation resistance of exactly zero."""
    series = measurements / "eis" / "zahner" / "bias-series"
    result = iondrift("drt", series, "--out", tmp_path, "--samples", "20", "--time-constants", "40", *options)
    assert result.exit_code == 0, result.output
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert len(summary["spectra"]) == 13
    assert summary["largest_kkt_residual"] < 1e-9
    assert all(0.0 <= spectrum["unmeasured_fraction"] <= 1.0 for spectrum in summary["spectra"])


def test_figures_of_a_spectrum_without_an_arc(measurements: Path, tmp_path: Path) -> None:
    series = measurements / "eis" / "zahner" / "bias-series"
    result = iondrift("drt", series, "--out", tmp_path, "--samples", "20", "--regularization", "paper")
    assert result.exit_code == 0, result.output
    assert len(list((tmp_path / "figures").glob("*.png"))) == len(FIGURES)


@pytest.mark.usefixtures("no_figures")
def test_the_folder_of_the_spectra_may_be_that_of_the_results(spectra: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(spectra, tmp_path / "spectra"))
    for files in (folder, folder, f"{folder}/*"):  # the second and the third time its own report is there
        result = iondrift("drt", files, "--out", folder, "--no-bands", "--json")
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout) == json.loads((folder / "summary.json").read_text())
    assert (folder / "report.txt").is_file()
