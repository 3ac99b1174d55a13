"""The answer that reports open with: short, only where the current allows it, with its verdicts."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import golden_text
import synthetic
from iondrift.report.console import cell as console
from iondrift.report.console import layout
from iondrift.report.console.result import facts
from iondrift.report.summary import cell as summary


@pytest.fixture(scope="module")
def built() -> dict[str, Any]:
    return summary.build(synthetic.banded())


@pytest.mark.parametrize("width", [80, 120])
def test_the_report_opens_with_the_answer_and_the_warnings(built: dict[str, Any], width: int) -> None:
    brief = layout.plain_text(console.render(built, brief=True), width)
    golden_text.compare(brief, f"brief-{width}.txt")
    assert console.to_text(built, width=width).startswith(brief.rstrip("\n"))
    answer = brief.partition("Result\n")[2].partition("\n\n")[0].splitlines()
    assert len(answer) <= 12


def test_velocities_are_those_that_the_current_allows(built: dict[str, Any]) -> None:
    assert built["result"]["closures"] == ["blocking", "current"]
    told = facts(built)
    assert "voltage" not in told["v(x0)"]
    assert told["not voltage"].endswith("times the current")
    ratio = built["result"]["beyond_the_current"]["voltage"]["value"]
    data = synthetic.banded()
    flowing = data.measured.polarised
    implied = 96485.33212 * data.closures["voltage"].flux.values[flowing].mean(axis=1)
    assert ratio == pytest.approx(float(np.median(implied / -data.dataset.current_density.values[flowing])))


def test_a_voltage_closure_that_implies_less_is_among_the_answers() -> None:
    analysis = synthetic.analysis()
    quiet = {name: result.assign(flux=result.flux * 0.01) for name, result in analysis.closures.items()}
    built = summary.build(dataclasses.replace(analysis, closures=quiet))
    assert built["result"]["closures"] == ["voltage", "blocking", "current"]
    assert built["result"]["beyond_the_current"] == {}


@pytest.mark.parametrize(("shift", "verdict"), [(0.0, "agree"), (30.0, "differ at x0 and xL")])
def test_closures_agree_where_the_band_of_their_difference_holds_zero(shift: float, verdict: str) -> None:
    """Their draws are paired: what both take from one draw of the inputs cancels."""
    analysis = synthetic.banded()
    assert analysis.bands is not None
    noise = np.random.default_rng(1).normal(0.0, 1.0, (2, 400))
    common = np.random.default_rng(2).normal(50.0, 8.0, (2, 400))
    found = dict(analysis.bands.by_closure)
    for name, draws in (("blocking", common), ("current", common + noise + shift)):
        found[name] = found[name].assign(final_drift_velocity=(("end", "replicate"), draws / 3.6e9))
    bands = dataclasses.replace(analysis.bands, by_closure=found)
    built = summary.build(dataclasses.replace(analysis, bands=bands))
    assert facts(built)["closures"].startswith(f"{verdict} by 95 % bands")
    low, high = built["result"]["closure_difference"]["x0"]["band_68"]
    assert 0.4 < (high - low) / 2.0 < 1.6


def test_without_bands_nothing_is_called_agreement() -> None:
    assert "closures" not in facts(summary.build(synthetic.analysis()))


def test_the_onset_is_set_against_sands_time(built: dict[str, Any]) -> None:
    ratio = built["result"]["onset_over_sand_time"]
    assert ratio["value"] == pytest.approx(5400.0 / 6220.0)
    assert ratio["band_95"][0] < ratio["value"] < ratio["band_95"][1]


def test_the_interphase_is_told_first_to_last() -> None:
    row = {"windowed": {"value": 5e3, "unit": "ohm", "band_95": [4.9e3, 5.1e3]}}
    grown = {"windowed": {"value": 12e3, "unit": "ohm", "band_95": [11.5e3, 12.5e3]}}
    impedance = {
        "settings": {"area": None, "window": [{"value": 1e-4, "unit": "s"}, {"value": 1.0, "unit": "s"}]},
        "spectra": [{"resistances": row}, {"resistances": grown}],
    }
    told = facts({**summary.build(synthetic.analysis()), "impedance": impedance})["interphase"]
    assert told == "5000 +- 100 to 12000 +- 500 ohm, first to last (95 % bands)"


def test_what_the_profiles_tell_stands_beside_what_was_given() -> None:
    reading = {"symbol": "t-", "value": 0.6, "unit": "1", "band_68": [0.57, 0.63], "band_95": [0.54, 0.66]}
    told = facts({**summary.build(synthetic.analysis()), "readings": [reading, {**reading, "symbol": "D / t-^2"}]})
    assert told["profiles"] == "t- 0.600 +- 0.030, read in closed form; t- = 0.9 was given"
