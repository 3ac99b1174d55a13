"""The measured Li||Li cell from files to report, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import iondrift
from iondrift.cli.app import app
from iondrift.runs import store
from li_li_cell import EXPERIMENT


def _run(measurements: Path, folder: Path, *options: str) -> dict:
    text = EXPERIMENT.format(folder=(measurements / "thienenkamp-li-li").as_posix())
    (folder / "li-li.toml").write_text(text)
    arguments = ["run", str(folder / "li-li.toml"), "--out", str(folder / "out"), "--json", *options]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def default(measurements: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Path]:
    folder = tmp_path_factory.mktemp("li-li")
    return _run(measurements, folder), folder / "out"


def test_what_was_read(default: tuple[dict, Path]) -> None:
    summary, _ = default
    profiles, log = summary["inputs"]["profiles"], summary["inputs"]["log"]
    assert (profiles["used"], profiles["stored"], profiles["points"]) == (46, 94, 256)
    assert profiles["first"] == "MRI10mm_Li_PEO_Li7(005).txt"
    assert log["samples"] == 1022


def test_protocol_region_and_noise_are_those_of_the_paper(default: tuple[dict, Path]) -> None:
    summary, _ = default
    kinds = [step["kind"] for step in summary["protocol"]]
    assert kinds == ["constant_current", "constant_voltage"]
    assert summary["protocol"][0]["level"]["value"] == pytest.approx(0.1, rel=0.01)
    assert summary["protocol"][1]["level"]["value"] == pytest.approx(1.5, rel=0.001)
    region = summary["calibration"]["region"]
    assert (region["first_point"], region["last_point"]) == (83, 148)
    assert region["length"]["value"] == pytest.approx(1.015625)
    assert summary["calibration"]["electrode_distance"]["value"] == pytest.approx(1.203, rel=0.01)
    assert summary["noise"]["standard_deviation"]["value"] == pytest.approx(2.0, rel=0.2)
    assert summary["noise"]["autocorrelation_lag_1"] == pytest.approx(0.65, abs=0.06)


def test_onset_and_sand_time(default: tuple[dict, Path]) -> None:
    transport = default[0]["mass_transport"]
    assert transport["observed_onset"]["value"] == pytest.approx(90.0, abs=6.0)
    assert transport["sand_time"]["value"] == pytest.approx(106.6, rel=0.06)  # of D = 1.3e-12


def test_the_voltage_closure_is_warned_about(default: tuple[dict, Path]) -> None:
    summary, _ = default
    implied = summary["closures"]["voltage"]["implied_anion_current_density"]["value"]
    assert 1.0 < implied < 1.5  # mA cm-2, where the cell carried 0.024
    assert any("times what the cell carried" in text for text in summary["warnings"])


def test_the_layer_at_the_electrode_is_kept(default: tuple[dict, Path]) -> None:
    """Closures in the order of the method's table, and more depletion than a cubic over 1 mm can show."""
    closures = default[0]["closures"]
    assert 300.0 < closures["voltage"]["x0"]["value"] < 380.0
    assert 210.0 < closures["voltage"]["xL"]["value"] < 240.0
    assert closures["blocking"]["x0"]["value"] > closures["blocking"]["xL"]["value"] > 0.0
    assert default[0]["diffusivity"]["lowest_concentration"]["value"] < 1.45


def test_readings_in_closed_form_are_those_of_three_independent_ways(default: tuple[dict, Path]) -> None:
    found: dict[str, list] = {}
    for entry in default[0]["readings"]:
        found.setdefault(entry["name"], []).append(entry)
    plating, counter = (found[f"Hittorf balance, {half} half"][0] for half in ("plating", "counter"))
    assert plating["value"] == pytest.approx(0.59, abs=0.04)
    assert counter["value"] == pytest.approx(0.61, abs=0.03)
    D, t = found["flux regression"]
    assert (D["value"], t["value"]) == (pytest.approx(4.2e-13, rel=0.2), pytest.approx(0.62, abs=0.03))
    assert found["closures blocking and current agree best"][0]["value"] == pytest.approx(0.67, abs=0.03)
    assert found["semi-integral at the jump (Sand)"][0]["value"] == pytest.approx(2.45e-13, rel=0.1)
    assert found["semi-integral, end over jump"][0]["value"] == pytest.approx(0.85, abs=0.03)


def test_results_read_back(default: tuple[dict, Path]) -> None:
    summary, out = default
    dataset = store.read(out / "results.zarr")
    assert {name: dataset.sizes[name] for name in ("time", "x", "closure", "quantile")} == {
        "time": 46, "x": 66, "closure": 4, "quantile": 5,
    }  # fmt: skip
    assert float(dataset.drift_velocity[-1, 0]) * 3.6e9 == summary["drift_velocity"]["at_end"]["x0"]["value"]
    assert all(np.isfinite(dataset[name]).all() for name in dataset.data_vars)


def test_every_closure_has_a_band_and_the_choice_moves_v_further(default: tuple[dict, Path]) -> None:
    summary, _ = default
    for entry in summary["closures"].values():
        widest, edges = entry["x0"]["band_95"], entry["x0"]["band_68"]
        assert widest[0] < edges[0] < entry["x0"]["value"] < edges[1] < widest[1]
    shift = summary["uncertainty"]["closure_sensitivity"]["v_x0"]["largest_shift"]["value"]
    assert shift > 3.0  # half-widths of the 68 % band
    budget = {row["source"]: row["v_x0"]["value"] for row in summary["uncertainty"]["budget"]["alone"]}
    # The method's orientation for 60 draws: D 5 % 15, V 0.1 V 22, edges 2 points 15, T 1 K 0.8, field of view 3 um/h.
    for source, value in (("diffusivity_relative", 15), ("voltage_offset_V", 22), ("region_edge_points", 15)):
        assert budget[source] == pytest.approx(value, rel=0.2)
    assert budget["temperature_K"] == pytest.approx(0.8, abs=0.3)
    assert budget["field_of_view_relative"] == pytest.approx(3.0, abs=1.0)


def test_cubic_smoothing_gives_the_numbers_of_the_method(measurements: Path, tmp_path: Path) -> None:
    """With the edge of the region as the electrode blocking 6.9/5.2 um/h; voltage 299/218 if it were given all of V."""
    summary = _run(measurements, tmp_path, "--smoothing", "polynomial")
    closures, ledger = summary["closures"], summary["voltage_ledger"]
    for place, value in (("x0", 6.9), ("xL", 5.2)):
        assert closures["blocking, x0 as electrode"][place]["value"] == pytest.approx(value, rel=0.01)
    taken = sum(part["value"] for part in ledger["parts"]) / ledger["voltage"]["value"]
    assert 0.02 < taken < 0.08  # Nernst term and gaps
    for place, value in (("x0", 299.0), ("xL", 218.0)):
        assert closures["voltage"][place]["value"] == pytest.approx(value * (1.0 - taken), rel=0.025)


def test_most_of_the_voltage_is_not_accounted_for(default: tuple[dict, Path]) -> None:
    """Eleven decades of depletion, were there no interphases; and t- at which closures agree is not the one given."""
    ledger, moving = default[0]["voltage_ledger"], default[0]["frames"]
    assert ledger["needed"]["value"] == pytest.approx(0.036, rel=0.1)
    assert ledger["not_accounted_for"]["value"] == pytest.approx(1.40, abs=0.05)
    assert ledger["not_accounted_for_decades"]["value"] == pytest.approx(11.3, rel=0.05)
    assert ledger["beyond_dilute"]
    assert moving["agreeing_transference"]["value"] == pytest.approx(0.67, abs=0.04)
    assert moving["agreeing_transference"]["band_95"][1] < 0.9
    # u_f is the tautology, a thousand times what lithium does and of the wrong sign
    assert moving["voltage_frame"]["frame"]["value"] == pytest.approx(-280.0, rel=0.15)
    assert moving["voltage_frame"]["frame"]["value"] == pytest.approx(
        moving["voltage_frame"]["tautology"]["value"], rel=0.2
    )
    assert moving["geometric"]["value"] == pytest.approx(0.116, rel=0.02)


def test_the_cell_against_itself_is_one_and_its_correlated_draws_cancel(
    default: tuple[dict, Path], measurements: Path, tmp_path: Path
) -> None:
    """Drawn with another seed the same cell shares no draw with itself: its ratio is 1 within a band as wide as v's."""
    _, out = default
    _run(measurements, tmp_path, "--seed", "7", "--figures", "none")
    own, other = iondrift.compare(out, out).summary, iondrift.compare(out, tmp_path / "out").summary
    for name, rows in own["closures"].items():
        assert rows[1]["x0_ratio"]["band_95"] == [1.0, 1.0]
        apart = other["closures"][name][1]
        low, high = apart["x0_ratio"]["band_95"]
        assert low < 1.0 < high
        width = (apart["x0"]["band_95"][1] - apart["x0"]["band_95"][0]) / apart["x0"]["value"]
        assert high - low > width
    assert not other["paired"]
    assert other["verdicts"][0]["differs"] == []
