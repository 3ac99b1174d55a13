"""The command line: what goes where, exit status, files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import cells
from iondrift import __version__
from iondrift.cli.app import app
from iondrift.ledger import LEDGER
from iondrift.runs import store
from iondrift.runs.crate import CRATE

SMOOTHED = cells.TOML.replace('smoothing = "none"', "")
BANDS = ("bands_through_time", "bands_along_x", "error_budget")
FIGURES = {f"{name}.png" for name in ("profiles", "concentration", "drift_velocity", "time_series", "voltage_ledger")}


def iondrift(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cells.write_cell(tmp_path_factory.mktemp("cell"))


@pytest.fixture(scope="module")
def finished(cell: Path) -> tuple[Path, Result]:
    out = cell.parent / "out"
    result = iondrift("run", cell, "--out", out, "--netcdf")
    assert result.exit_code == 0, result.output
    return out, result


def test_run_writes_everything(finished: tuple[Path, Result]) -> None:
    out, _ = finished
    assert {entry.name for entry in out.iterdir()} == {
        "results.zarr", "results.nc", "summary.json", "report.txt", "figures", CRATE, LEDGER,
    }  # fmt: skip
    assert {entry.name for entry in (out / "figures").iterdir()} == FIGURES


def test_run_prints_the_report_to_stdout_and_nothing_to_stderr(finished: tuple[Path, Result]) -> None:
    _, result = finished
    assert result.stderr == ""
    for heading in ("Read", "Protocol", "Concentration", "Drift velocity", "Closures", "Assumptions"):
        assert f"\n{heading}" in result.stdout
    assert "16 of 16 (topspin-text), 128 points" in result.stdout
    assert "constant current" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()[:-2]) <= 80
    assert not any(line.endswith(" ") for line in result.stdout.splitlines())


def test_store_summary_and_netcdf_agree(finished: tuple[Path, Result]) -> None:
    import xarray as xr

    out, _ = finished
    dataset = store.read(out / "results.zarr")
    summary = json.loads((out / "summary.json").read_text())
    assert summary["drift_velocity"]["maximum"]["value"] == pytest.approx(
        float(dataset.drift_velocity.values.flat[abs(dataset.drift_velocity.values).argmax()]) * 3.6e9
    )
    assert list(dataset.closure.values) == ["voltage", "blocking", "blocking, x0 as electrode", "current"]
    np.testing.assert_array_equal(dataset.drift_velocity_by_closure[0], dataset.drift_velocity)
    assert {name: dataset[name].attrs["units"] for name in ("drift_velocity", "electric_field", "flux")} == {
        "drift_velocity": "m s-1", "electric_field": "V m-1", "flux": "mol m-2 s-1",
    }  # fmt: skip
    exported = xr.load_dataset(out / "results.nc", engine="h5netcdf")
    for name in dataset.data_vars:
        np.testing.assert_array_equal(exported[name], dataset[name])


def test_the_reconstruction_follows_the_log(finished: tuple[Path, Result]) -> None:
    out, _ = finished
    dataset = store.read(out / "results.zarr")
    np.testing.assert_allclose(dataset.voltage[-1], 1.5)
    hours, _, plating = cells.log()
    window = (hours * 3600.0 >= 7500.0) & (hours * 3600.0 < 7950.0)  # of the last profile
    np.testing.assert_allclose(dataset.current_density[-1], -10.0 * plating[window].mean(), rtol=2e-3)
    across = np.trapezoid(dataset.electric_field, dataset.x, axis=1)
    np.testing.assert_allclose(across, -dataset.voltage_effective, atol=1e-12)
    np.testing.assert_allclose(dataset.voltage_effective, dataset.voltage - dataset.voltage_offset, atol=1e-12)


@pytest.fixture(scope="module")
def banded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict]:
    """Return a cell that is smoothed, its results, and its summary."""
    cell = cells.write_cell(tmp_path_factory.mktemp("banded"), toml=SMOOTHED + "[uncertainty]\ntemperature_K = 2.0\n")
    out = cell.parent / "out"
    result = iondrift("run", cell, "--out", out, "--samples", "64", "--seed", "3", "--json", "--netcdf")
    assert result.exit_code == 0, result.output
    return cell, out, json.loads(result.stdout)


def test_bands_are_computed_by_default(banded: tuple[Path, Path, dict]) -> None:
    _, out, summary = banded
    facts, end = summary["uncertainty"], summary["drift_velocity"]["at_end"]
    assert (facts["samples"], facts["seed"], facts["method"]) == (64, 3, "posterior")
    assert facts["monte_carlo_error"]["value"] > 0.0
    for place in ("x0", "xL"):
        widest, edges = end[place]["band_95"], end[place]["band_68"]
        assert widest[0] < edges[0] < edges[1] < widest[1]
    names = {entry.name for entry in (out / "figures").iterdir()}
    assert names == FIGURES | {f"{name}.png" for name in BANDS}


@pytest.mark.parametrize(("figures", "kinds"), [("none", ()), ("all", (".png", ".svg"))])
def test_figures_are_drawn_as_asked(cell: Path, tmp_path: Path, figures: str, kinds: tuple[str, ...]) -> None:
    result = iondrift("run", cell, "--out", tmp_path, "--no-bands", "--figures", figures, "--quiet")
    assert result.exit_code == 0, result.output
    expected = {Path(name).with_suffix(kind).name for name in FIGURES for kind in kinds}
    assert {entry.name for entry in tmp_path.glob("figures/*")} == expected


def test_brief_prints_result_and_warnings_alone(banded: tuple[Path, Path, dict]) -> None:
    """On results that stand, which are printed from their summary."""
    cell, out, _ = banded
    result = iondrift("run", cell, "--out", out, "--samples", "64", "--seed", "3", "--netcdf", "--brief")
    assert result.exit_code == 0, result.output
    headings = [line for line in result.stdout.splitlines() if re.fullmatch(r"[A-Z][\w' -]+", line)]
    assert headings in (["Result"], ["Result", "Warnings"])


def test_the_error_model_of_the_file_is_used(banded: tuple[Path, Path, dict]) -> None:
    rows = {row["source"]: (row["value"], row["origin"]) for row in banded[2]["uncertainty"]["sources"]}
    assert rows["temperature_K"] == (2.0, "given")
    assert rows["voltage_offset_V"] == (0.005, "estimated from the data")  # of the open circuit


def test_bands_are_stored(banded: tuple[Path, Path, dict]) -> None:
    _, out, summary = banded
    dataset = store.read(out / "results.zarr")
    assert dataset["quantile"].values.tolist() == [0.025, 0.16, 0.5, 0.84, 0.975]
    for name in ("drift_velocity", "electric_field", "flux", "concentration", "charge_balance"):
        assert dataset[f"{name}_band"].dims == ("quantile", "time", "x")
        assert dataset[f"{name}_band"].attrs["units"] == dataset[name].attrs["units"]
    velocity = dataset.drift_velocity_band.values[:, -1, 0] * 3.6e9
    assert summary["drift_velocity"]["at_end"]["x0"]["band_68"] == [velocity[1], velocity[3]]
    names = ["voltage", "blocking", "blocking, x0 as electrode", "current"]
    assert list(dataset.closure.values) == names
    chosen = dataset.drift_velocity_band_by_closure.sel(closure="voltage")
    np.testing.assert_array_equal(chosen, dataset.drift_velocity_band)
    assert dataset.attrs["bands_samples"] == 64


def test_the_covariance_of_the_diffusivity_makes_the_band(tmp_path: Path) -> None:
    """Under the voltage closure v is proportional to a D that varies by a common factor: 10 % of D0 are 10 % of v."""
    given = "standard_errors = [1.3e-13, 0.0]", "covariance = [[1.69e-26, 0.0], [0.0, 0.0]]"
    form = 'kind = "exponential"\ndiffusion_coefficient_m2_per_s = 1.3e-12\ndecay = 0.5\n'
    form += "reference_concentration_mol_per_L = 1.666\n"
    constant = 'kind = "constant"\ndiffusion_coefficient_m2_per_s = 1.3e-12\n'
    assert constant in SMOOTHED
    summaries = []
    for k, stated in enumerate(given):
        cell = cells.write_cell(tmp_path / str(k), toml=SMOOTHED.replace(constant, f"{form}{stated}\n"))
        checked = iondrift("check", cell)
        assert "covariance of its parameters known" in " ".join(checked.stdout.split())
        result = iondrift("run", cell, "--out", tmp_path / f"out{k}", "--samples", "400", "--json")
        assert result.exit_code == 0, result.output
        summaries.append(json.loads(result.stdout))
    first, second = (summary["uncertainty"] for summary in summaries)
    assert first == second
    source = {row["source"]: row for row in first["sources"]}["diffusivity_relative"]
    assert (source["value"], source["origin"]) == (None, "covariance stated with D(c)")
    alone = {row["source"]: row for row in first["budget"]["alone"]}["diffusivity_relative"]["v_xL"]["value"]
    assert alone == pytest.approx(0.1 * summaries[0]["drift_velocity"]["at_end"]["xL"]["value"], rel=0.25)


def test_bands_do_not_move_the_values(banded: tuple[Path, Path, dict], tmp_path: Path) -> None:
    cell, out, summary = banded
    result = iondrift("run", cell, "--out", tmp_path, "--no-bands", "--json")
    plain = json.loads(result.stdout)
    assert plain["uncertainty"] == {"computed": False, "reason": "switched off"}
    assert plain["closures"]["blocking"]["x0"]["value"] == summary["closures"]["blocking"]["x0"]["value"]
    assert "band_68" not in plain["closures"]["blocking"]["x0"]
    with_bands, without = store.read(out / "results.zarr"), store.read(tmp_path / "results.zarr")
    np.testing.assert_array_equal(with_bands.drift_velocity, without.drift_velocity)
    assert not any("band" in str(name) for name in without.data_vars)


def test_perturbed_refits_on_request(banded: tuple[Path, Path, dict], tmp_path: Path) -> None:
    result = iondrift("run", banded[0], "--out", tmp_path, "--samples", "64", "--method", "perturb", "--json")
    facts = json.loads(result.stdout)["uncertainty"]
    assert facts["method"] == "perturb"
    assert "smoothed again" in facts["method_meaning"]


def test_other_smoothings_have_no_bands_and_say_why(finished: tuple[Path, Result]) -> None:
    _, result = finished
    assert "No bands: they need smoothing pspline" in " ".join(result.stdout.split())


@pytest.mark.parametrize("samples", ["many", "12", "-5", "1e3", "1e10", "10000000000", "9" * 5000])
def test_impossible_numbers_of_samples_are_refused(cell: Path, samples: str) -> None:
    result = iondrift("run", cell, f"--samples={samples}")
    assert result.exit_code == 2
    assert "'auto' or a whole number from 40" in " ".join(result.stderr.replace("│", " ").split())


def test_options_replace_the_file_and_json_is_the_summary(cell: Path, tmp_path: Path) -> None:
    result = iondrift("run", cell, "--out", tmp_path, "--closure", "blocking", "--smoothing", "polynomial", "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary == json.loads((tmp_path / "summary.json").read_text())
    assert (summary["settings"]["closure"], summary["settings"]["smoothing"]) == ("blocking", "polynomial")
    assert store.read(tmp_path / "results.zarr").attrs["closure"] == "blocking"


def test_the_same_input_gives_the_same_numbers(cell: Path, finished: tuple[Path, Result], tmp_path: Path) -> None:
    assert iondrift("run", cell, "--out", tmp_path, "--quiet").stdout == ""
    assert (tmp_path / "summary.json").read_bytes() == (finished[0] / "summary.json").read_bytes()


def test_check_reads_everything_and_writes_nothing(cell: Path) -> None:
    before = sorted(cell.parent.rglob("*"))
    result = iondrift("check", cell)
    assert result.exit_code == 0, result.output
    assert "Would compute" in result.stdout
    assert "beside it       blocking, current" in result.stdout
    assert sorted(cell.parent.rglob("*")) == before


def test_profiles_the_wrong_way_round_are_noticed(tmp_path: Path) -> None:
    cell = cells.write_cell(tmp_path)
    assert "check profiles.reverse" not in iondrift("check", cell).stdout
    cell.write_text(cell.read_text().replace("[log]", "reverse = true\n[log]", 1))
    result = iondrift("check", cell)
    assert result.exit_code == 0
    assert "check profiles.reverse" in " ".join(result.stdout.split())


def test_init_then_check_works_on_a_folder_of_measurements(tmp_path: Path) -> None:
    cells.write_cell(tmp_path).unlink()
    result = iondrift("init", tmp_path)
    assert result.exit_code == 0, result.output
    assert "experiment.toml written" in result.stdout
    assert iondrift("check", tmp_path / "experiment.toml").exit_code == 0


def test_several_files_one_failing_does_not_lose_the_others(cell: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[cell]\n")
    result = iondrift("run", broken, cell, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "broken.toml" in result.stderr
    assert (tmp_path / "out" / "cell" / "summary.json").is_file()
    assert not (tmp_path / "out" / "broken").exists()
    outcomes = [line.split() for line in result.stdout.splitlines() if line.split()[1:2] in (["failed"], ["done"])]
    assert [words[1] for words in outcomes] == ["failed", "done"]  # in the order they were given


def test_several_files_as_json_are_keyed_by_file(cell: Path, tmp_path: Path) -> None:
    other = cell.with_name("other.toml")
    other.write_text(cell.read_text().replace('"small"', '"other"'))
    result = iondrift("run", cell, other, "--out", tmp_path, "--json")
    other.unlink()
    assert {name: entry["cell"]["name"] for name, entry in json.loads(result.stdout).items()} == {
        str(cell): "small",
        str(other): "other",
    }


def test_two_files_of_one_name_are_refused(cell: Path, tmp_path: Path) -> None:
    result = iondrift("run", cell, tmp_path / "cell.toml", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "would share" in result.stderr


def test_version_and_usage() -> None:
    assert iondrift("--version").stdout == f"iondrift {__version__}\n"
    assert iondrift("run").exit_code == 2
    assert iondrift("fly").exit_code == 2
    wrong = iondrift("run", "a.toml", "--closure", "magic")
    assert wrong.exit_code == 2
    assert "'voltage', 'blocking', 'current'" in wrong.stderr
    assert iondrift("--help").exit_code == 0


def test_interrupting_is_clean(cell: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from iondrift.experiment import pipeline

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "analyse", interrupted)
    result = iondrift("run", cell, "--out", tmp_path / "out")
    assert result.exit_code == 130
    assert "interrupted" in result.stderr
    assert "Traceback" not in result.output


def test_an_interrupted_batch_names_what_is_complete(
    cell: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from iondrift.experiment import pipeline

    analyse, files = pipeline.analyse, [cell, cell.with_name("second.toml")]

    def second_interrupted(experiment: Any, **options: Any) -> Any:
        if experiment.cell.name == "second":
            raise KeyboardInterrupt
        return analyse(experiment, **options)

    files[1].write_text(cell.read_text().replace('"small"', '"second"'))
    monkeypatch.setattr(pipeline, "analyse", second_interrupted)
    result = iondrift("run", *files, "--out", tmp_path)
    files[1].unlink()
    assert result.exit_code == 130
    expected = f"interrupted; new and complete: {tmp_path / 'cell'}; any other earlier results are as they were\n"
    assert result.stderr == expected
    assert (tmp_path / "cell" / "report.txt").is_file()


@pytest.mark.parametrize("name", ["..toml", "...toml", "....toml"])
def test_a_name_of_dots_leads_nowhere(cell: Path, tmp_path: Path, name: str) -> None:
    dots = tmp_path / "in" / name
    dots.parent.mkdir()
    dots.write_text(cell.read_text())
    result = iondrift("run", dots, cell, "--out", tmp_path / "out" / "deep")
    assert result.exit_code == 1
    assert f"{name}: its name gives no name for a folder" in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"in"}


def test_nothing_of_an_earlier_run_is_left(cell: Path, tmp_path: Path) -> None:
    assert iondrift("run", cell, "--out", tmp_path, "--netcdf", "--quiet").exit_code == 0
    (tmp_path / "report.txt").write_text("annotated")
    result = iondrift("run", cell, "--out", tmp_path, "--closure", "blocking", "--quiet")
    assert result.exit_code == 0
    assert result.stderr == (
        f"warning: {tmp_path / 'report.txt'}: was changed since iondrift wrote it; it is kept as report.txt.earlier\n"
    )
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"results.zarr", "summary.json", "report.txt", "report.txt.earlier", "figures", CRATE, LEDGER}


def test_files_of_the_users_are_not_replaced(cell: Path, tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("mine")
    result = iondrift("run", cell, "--out", tmp_path)
    assert result.exit_code == 1
    assert "summary.json: exists and was not written by iondrift" in result.stderr
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("summary.json", "mine")]


def test_results_among_the_measurements_are_not_read(tmp_path: Path) -> None:
    cell = cells.write_cell(tmp_path)
    for file in (tmp_path / "profiles").iterdir():
        file.rename(tmp_path / file.name)
    cell.write_text(cell.read_text().replace("profiles/*.txt", "p*.txt").replace("[profiles]", "[profiles]", 1))
    for pattern in ("p*.txt", "[pr]*.txt"):  # the second would take report.txt
        cell.write_text(cell.read_text().replace("p*.txt", pattern))
        result = iondrift("run", cell, "--out", tmp_path, "--json")
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["cell"]["name"] == "small"


def test_no_colour_and_no_bar_in_a_pipe(cell: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "iondrift", "check", str(cell)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "100"})
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stderr == ""


def test_help_needs_no_science() -> None:
    """Help takes under 300 ms on a quiet machine because none of these is imported; time itself is too fickle."""
    code = "import sys, iondrift.cli.app; print(' '.join(sorted({m.split('.')[0] for m in sys.modules})))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "numba", "scipy", "xarray", "pandas", "zarr", "matplotlib", "pydantic", "iondrift_kernels"}
    assert heavy.isdisjoint(loaded)
