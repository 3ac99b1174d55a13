"""iondrift drt: spectra in, a folder of results and a report out, without configuration."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from iondrift import impedance_job, store
from iondrift.cli import app
from iondrift.reference.relaxation_spectra import measured, zarc

FREQUENCY = np.logspace(5, 0, 31)
OHMIC, FAST, SLOW = 4.0, 40.0, 60.0
FIGURES = {"nyquist", "bode", "kramers_kronig", "relaxation_times", "relaxation_map", "resistances"}


def iondrift(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def write_spectrum(path: Path, impedance: np.ndarray) -> None:
    columns = np.c_[FREQUENCY, impedance.real, -impedance.imag]
    np.savetxt(path, columns, delimiter=",", comments="", header="freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm")


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
    """Figures take most of a run; they are looked at elsewhere."""
    monkeypatch.setattr(impedance_job.impedance_figures, "draw", lambda *_, **__: [])


@pytest.fixture(scope="module")
def finished(spectra: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("out")
    result = iondrift("drt", spectra, "--out", out, "--samples", "200", "--electrodes", "2", "--area-cm2", "0.5")
    assert result.exit_code == 0, result.output
    return out, result


def test_it_writes_everything_and_nothing_else(finished: tuple[Path, Result]) -> None:
    out, _ = finished
    assert {entry.name for entry in out.iterdir()} == {"results.zarr", "summary.json", "report.txt", "figures"}
    assert {entry.name for entry in (out / "figures").iterdir()} == {
        f"{n}.{s}" for n in FIGURES for s in ("png", "svg")
    }


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
    assert "random sums of arcs" in words  # the coverage is stated where it fails, too
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
    arguments = ["drt", *sorted(spectra.iterdir()), "--samples", "50", "--seed", "7"]
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


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["nowhere.csv"], 1, "nowhere.csv"),
        (["--window", "1", "0.1"], 1, "window: expected first < last"),
        (["--along", "time"], 1, "do not tell the time"),
        (["--regularization", "0.1", "--method", "calibrated"], 1, "calibrated"),
        (["--regularization", "paper", "--order", "2"], 1, "identity without weights"),
        (["--format", "zahner"], 1, "cell_0.csv"),
        (["--largest-jump", "0"], 1, "largest_jump"),
        (["--origin", "yesterday"], 1, "ISO 8601"),
        (["--regularization", "magic"], 2, "marginal_likelihood"),
        (["--regularization", "-1"], 2, "positive number"),
        (["--weighting", "inf"], 2, "modulus"),
        (["--area-cm2", "0"], 2, "an area is positive"),
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


@pytest.mark.usefixtures("no_figures")
def test_ten_states_of_charge_need_no_configuration(measurements: Path, tmp_path: Path) -> None:
    result = iondrift("drt", measurements / "eis" / "ml621", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    words = " ".join(result.stdout.split())
    assert "10 of 137 frequencies, 1.00 Hz to 7.00 MHz" in words
    assert "10 of 10 within" in words
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["largest_kkt_residual"] < 1e-9
    assert summary["largest_residual_percent"] < 3.0
    polarisation = [spectrum["resistances"]["polarisation"]["value"] for spectrum in summary["spectra"]]
    assert (np.diff(polarisation) < 0.0).all()  # falls with the state of charge


def test_a_bias_series_needs_no_configuration(measurements: Path, tmp_path: Path) -> None:
    result = iondrift("drt", measurements / "eis" / "zahner" / "bias-series", "--out", tmp_path)
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
