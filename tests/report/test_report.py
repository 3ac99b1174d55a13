"""The printed report as golden text, and the summary's numbers.

``IONDRIFT_REWRITE_GOLDEN=1 pytest tests/test_report.py`` rewrites the golden files; read the difference.
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len

import golden_text
import synthetic
from iondrift.drift.closures import CLOSURES
from iondrift.drift.smoothing.noise import NoiseEstimate
from iondrift.experiment.log.protocol import Segment
from iondrift.experiment.results import Analysis
from iondrift.report.console import cell as console
from iondrift.report.summary import cell as summary


@pytest.fixture(scope="module")
def built() -> dict[str, Any]:
    return summary.build(synthetic.banded())


def _with(analysis: Analysis, **changes: Any) -> Analysis:
    return dataclasses.replace(analysis, measured=dataclasses.replace(analysis.measured, **changes))


@pytest.mark.parametrize("width", [80, 120])
def test_report_reads_as_the_golden_text(built: dict[str, Any], width: int) -> None:
    text = console.to_text(built, width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    golden_text.compare(text, f"report-{width}.txt")


def test_the_summary_holds_the_golden_numbers(built: dict[str, Any]) -> None:
    golden_text.compare_summary(built, "summary.json")


def test_the_plan_holds_the_golden_numbers() -> None:
    golden_text.compare_summary(summary.plan(synthetic.measured()), "plan.json")


def test_report_without_current_says_what_cannot_be_known() -> None:
    golden_text.compare(
        console.to_text(summary.build(synthetic.banded(current=False)), width=80), "report-no-current.txt"
    )


def test_report_without_bands_says_why() -> None:
    golden_text.compare(console.to_text(summary.build(synthetic.analysis()), width=80), "report-no-bands.txt")


def test_every_headline_number_has_its_bands(built: dict[str, Any]) -> None:
    velocity, transport = built["drift_velocity"], built["mass_transport"]
    end, closures = velocity["at_end"], built["closures"]
    banded = [velocity["maximum"], end["x0"], end["xL"], end["spatial_spread"], *velocity["through_time"][-1:]]
    banded[-1] = banded[-1]["xL"]
    banded += [end["growth_at_constant_voltage"][place] for place in ("x0", "xL")]
    banded += [closures[name][place] for name in closures for place in ("x0", "xL", "charge_balance_x0")]
    banded += [transport["sand_time"], *transport["penetration_depth"].values(), *transport["time_to_short"].values()]
    for entry in banded:
        low, high = entry["band_68"]
        widest = entry["band_95"]
        assert widest[0] <= low <= entry["value"] <= high <= widest[1], entry
        assert entry["unit"]


def test_a_maximum_against_the_plating_direction_keeps_its_band() -> None:
    analysis = synthetic.banded()
    assert analysis.bands is not None
    found = dict(analysis.bands.by_closure)
    found["voltage"] = found["voltage"].assign(maximum_drift_velocity=-found["voltage"].maximum_drift_velocity)
    turned = dataclasses.replace(
        analysis,
        dataset=analysis.dataset.assign(drift_velocity=-analysis.dataset.drift_velocity),
        bands=dataclasses.replace(analysis.bands, by_closure=found),
    )
    maximum = summary.build(turned)["drift_velocity"]["maximum"]
    low, high = maximum["band_68"]
    assert low <= maximum["value"] <= high < 0.0


def test_a_fall_at_constant_voltage_is_stated_as_one() -> None:
    analysis = synthetic.banded()
    assert analysis.bands is not None
    found = dict(analysis.bands.by_closure)
    spread = np.random.default_rng(0).normal(-0.72, 0.02, (2, 400))
    found["voltage"] = found["voltage"].assign(growth=(("end", "replicate"), spread))
    velocity = analysis.dataset.drift_velocity.copy(deep=True)
    steady = np.flatnonzero(velocity.time.values >= 9000.0)
    velocity[steady[0]] = velocity[analysis.end] / 0.28
    changed = dataclasses.replace(
        analysis,
        dataset=analysis.dataset.assign(drift_velocity=velocity),
        bands=dataclasses.replace(analysis.bands, by_closure=found),
    )
    built = summary.build(changed)
    growth = built["drift_velocity"]["at_end"]["growth_at_constant_voltage"]["x0"]
    assert growth["value"] == pytest.approx(-72.0)
    text = " ".join(console.to_text(built, width=120).split())
    assert re.search(r"during CV v\(x0\) falls by 72.0 \+.* %, v\(xL\) falls by 72.0 \+.* % of v at its start", text)


def test_the_meaning_of_a_closure_is_written_once(built: dict[str, Any]) -> None:
    assert set(CLOSURES) - set(built["closures"]) == {"concentrated"}  # of which nobody gave the properties
    for name, closure in CLOSURES.items():
        if name == "concentrated":
            continue
        assert built["closures"][name]["meaning"] == closure.meaning


def test_the_line_that_matters(built: dict[str, Any]) -> None:
    text = " ".join(console.to_text(built, width=80).split())
    assert "v(x0) at the end of CV: 387 +36/-32 um/h (voltage), 50 +5/-4 (blocking), 54 +- 5 (current)" in text


def test_the_error_model_is_printed_with_its_origin(built: dict[str, Any]) -> None:
    sources = {row["source"]: row for row in built["uncertainty"]["sources"]}
    assert (sources["temperature_K"]["value"], sources["temperature_K"]["origin"]) == (0.5, "given")
    assert sources["clock_offset_s"]["origin"] == "left out"
    assert (sources["diffusivity_relative"]["value"], sources["diffusivity_relative"]["unit"]) == (5.0, "%")
    assert sources["profile_noise"]["origin"] == "estimated from the data"
    assert len(sources) == 14


def test_a_band_never_appears_without_the_choice_of_closure(built: dict[str, Any]) -> None:
    sensitivity = built["uncertainty"]["closure_sensitivity"]["v_x0"]
    assert set(sensitivity["shift"]) == set(built["closures"])
    assert sensitivity["shift"]["voltage"]["value"] == 0.0
    assert "choice of closure" in console.to_text(built)


def test_a_closure_whose_bands_failed_says_so() -> None:
    analysis = synthetic.banded()
    assert analysis.bands is not None
    kept = {name: found for name, found in analysis.bands.by_closure.items() if name != "blocking"}
    bands = dataclasses.replace(analysis.bands, by_closure=kept, failed={"blocking": "drawn below zero"})
    built = summary.build(dataclasses.replace(analysis, bands=bands))
    assert "band_68" not in built["closures"]["blocking"]["x0"]
    assert "blocking has no band: drawn below zero" in console.to_text(built)


def test_long_names_do_not_widen_the_report() -> None:
    analysis = synthetic.analysis()
    inputs = dataclasses.replace(analysis.measured.inputs, first_source="a" * 150, last_source="b" * 150)
    text = console.to_text(summary.build(_with(analysis, inputs=inputs)), width=80)
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert text.count("a") > 150


def test_the_summary_is_json_and_every_number_has_a_unit(built: dict[str, Any]) -> None:
    assert json.loads(json.dumps(built, allow_nan=False)) == built

    def quantities(entry: Any) -> list[dict[str, Any]]:
        if isinstance(entry, dict):
            here = [entry] if "value" in entry else []
            return here + [found for value in entry.values() for found in quantities(value)]
        return [found for value in entry for found in quantities(value)] if isinstance(entry, list) else []

    found = quantities(built)
    assert len(found) > 80
    assert all(entry["unit"] for entry in found)


def test_headline_numbers_are_those_of_the_dataset(built: dict[str, Any]) -> None:
    analysis = synthetic.analysis()
    velocity = analysis.dataset.drift_velocity.values * 3.6e9
    assert built["drift_velocity"]["maximum"]["value"] == velocity.max()
    assert built["drift_velocity"]["at_end"]["x0"]["value"] == velocity[-1, 0]
    assert built["closures"]["blocking"]["xL"]["value"] == pytest.approx(0.13 * velocity[-1, -1])
    implied = built["closures"]["voltage"]["implied_anion_current_density"]["value"]
    flux = analysis.dataset.flux.values[-1].mean()  # mol m-2 s-1
    assert implied == pytest.approx(96485.33212 * flux / 10.0)  # 1 mA cm-2 = 10 A m-2
    assert built["closures"]["voltage"]["charge_balance"]["value"] == pytest.approx(implied / 0.03)
    assert built["mass_transport"]["observed_onset"]["value"] == pytest.approx(90.0)


def test_the_end_is_the_last_profile_under_polarisation() -> None:
    analysis = synthetic.analysis()
    resting = Segment(kind="open_circuit", start=20000.0, stop=26500.0, level=0.0)
    shortened = dataclasses.replace(analysis.segments[2], stop=20000.0)
    analysis = _with(analysis, segments=(*analysis.segments[:2], shortened, resting))
    times = analysis.dataset.time.values
    assert times[analysis.end] <= 20000.0 < times[analysis.end + 1]
    built = summary.build(analysis)
    assert built["drift_velocity"]["at_end"]["time"]["value"] == times[analysis.end] / 3600.0


@pytest.mark.parametrize(
    ("autocorrelation", "lags"), [((1.0,), (0.0, 0.0)), ((1.0, 0.6), (0.6, 0.0)), ((1.0, 0.6, 0.2, 0.1), (0.6, 0.2))]
)
def test_correlation_that_was_not_found_is_none(autocorrelation: tuple[float, ...], lags: tuple[float, float]) -> None:
    estimate = NoiseEstimate(standard_deviation=20.0, autocorrelation=autocorrelation, common_mode=0.004)
    found = summary.noise(dataclasses.replace(synthetic.measured(), noise=estimate))
    assert found is not None
    assert (found["autocorrelation_lag_1"], found["autocorrelation_lag_2"]) == lags
    assert found["common_mode"]["value"] == pytest.approx(0.4)
    assert summary.noise(dataclasses.replace(synthetic.measured(), noise=None)) is None


def test_too_much_implied_current_is_said_plainly(built: dict[str, Any]) -> None:
    assert any("times what the cell carried" in text for text in built["warnings"])


def test_a_possible_closure_is_not_warned_about() -> None:
    analysis = synthetic.analysis()
    quiet = {name: result.assign(flux=result.flux * 0.01) for name, result in analysis.closures.items()}
    built = summary.build(dataclasses.replace(analysis, closures=quiet))
    assert not any("implies" in text for text in built["warnings"])


def test_without_polarisation_there_is_nothing_to_compare() -> None:
    analysis = dataclasses.replace(synthetic.analysis(), sand_time=None)
    analysis = _with(analysis, segments=(), onset=None, noise=None)
    built = summary.build(analysis)
    assert built["drift_velocity"]["at_end"]["time"]["value"] == analysis.dataset.time.values[-1] / 3600.0
    text = console.to_text(built)
    assert "Sand's time    not known" in text
    assert "none seen in the log" in text


def test_velocity_zero_everywhere_has_no_spread() -> None:
    analysis = synthetic.analysis()
    still = analysis.dataset.assign(drift_velocity=analysis.dataset.drift_velocity * 0.0)
    built = summary.build(dataclasses.replace(analysis, dataset=still))
    assert built["drift_velocity"]["at_end"]["spatial_spread"]["value"] is None
    assert np.isfinite(built["drift_velocity"]["maximum"]["value"])


def test_several_cells_end_in_a_table() -> None:
    from io import StringIO

    from rich.console import Console

    stream = StringIO()
    rows = [("a.toml", "done", "results/a"), ("b.toml", "failed", "b.toml: cell.name: is missing")]
    Console(file=stream, width=80).print(console.outcome_table(rows))
    lines = [line.split() for line in stream.getvalue().splitlines() if line.strip()]
    assert lines[-2][:3] == ["a.toml", "done", "results/a"]
    assert lines[-1][:2] == ["b.toml", "failed"]
