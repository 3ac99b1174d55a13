"""The comparison of cells: ratios draw by draw, what is significant, what rests on the closure alone."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
import xarray as xr
from rich.cells import cell_len

import golden_text
import synthetic
import synthetic_impedance
from iondrift.errors import ConfigurationError
from iondrift.report.console import batch, layout
from iondrift.report.console import comparison as console
from iondrift.report.series_axis import series_axis
from iondrift.report.summary import cell as summary
from iondrift.report.summary import impedance
from iondrift.report.summary.batch import headline
from iondrift.report.summary.comparison import Compared, build, significant

CLOSURES = ("voltage", "blocking", "current")
NORMALS = np.random.default_rng(4).standard_normal((3, 4000))  # common, of the first, of the second


@pytest.fixture(scope="module")
def first() -> Compared:
    analysis = synthetic.banded()
    return Compared(name="A", summary=summary.build(analysis), dataset=analysis.dataset)


def _scaled(cell: Compared, name: str, factors: dict[str, float], **draws: Any) -> Compared:
    """Return a cell with other velocities; ``draws``: relative factors (replicate,) of all closures."""
    by = xr.DataArray([factors.get(str(c), 1.0) for c in cell.dataset.closure.values], dims="closure")
    changed = {v: cell.dataset[v] * by for v in ("drift_velocity_by_closure", "final_drift_velocity_by_closure")}
    changed["maximum_drift_velocity_by_closure"] = cell.dataset.maximum_drift_velocity_by_closure * by
    dataset = cell.dataset.assign(changed)
    return Compared(name=name, summary=cell.summary, dataset=dataset.assign_attrs(draws.get("attrs", {})))


def _drawn(cell: Compared, name: str, relative: np.ndarray) -> Compared:
    """Return a cell whose final velocities are drawn with these relative factors under every closure."""
    end = int(
        np.abs(cell.dataset.time.values / 3600.0 - cell.summary["drift_velocity"]["at_end"]["time"]["value"]).argmin()
    )
    last = cell.dataset.drift_velocity_by_closure.values[:, end][:, [0, -1]]
    final = (("closure", "end", "replicate"), last[:, :, None] * relative)
    dataset = cell.dataset.drop_dims("replicate").assign(
        final_drift_velocity_by_closure=final,
        maximum_drift_velocity_by_closure=(("closure", "replicate"), last[:, :1] * relative),
    )
    return Compared(name=name, summary=cell.summary, dataset=dataset)


def test_a_cell_against_itself_is_one_and_cancels(first: Compared) -> None:
    found = build([first, Compared(name="again", summary=first.summary, dataset=first.dataset)])
    for rows in found["closures"].values():
        for name in ("x0_ratio", "xL_ratio", "maximum_ratio"):
            assert rows[1][name]["value"] == 1.0
            assert rows[1][name]["band_95"] == [1.0, 1.0]
    assert found["verdicts"][0]["does_not"] == list(CLOSURES)
    assert found["voltage_over_length"][0]["ratio"]["value"] == 1.0
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_what_cells_share_cancels_and_what_is_their_own_does_not(first: Compared) -> None:
    """The band of a ratio is that of the own draws alone, however wide the common ones are."""
    common, one, other = np.exp(0.2 * NORMALS[0]), np.exp(0.03 * NORMALS[1]), np.exp(0.04 * NORMALS[2])
    found = build([_drawn(first, "A", common * one), _drawn(first, "B", common * other)])
    low, high = found["closures"]["current"][1]["x0_ratio"]["band_95"]
    assert (high - low) / (2.0 * 1.96) == pytest.approx(0.05, rel=0.06)
    wide = found["closures"]["current"][1]["x0"]["band_95"]
    assert (wide[1] - wide[0]) / wide[0] > 0.8


def test_a_difference_of_the_voltage_alone_rests_on_the_closure(first: Compared) -> None:
    """As in the paper: V / L 2.48 times, v 2.70 times, and nothing where the current is respected."""
    second = _scaled(first, "NMC", {"voltage": 2.70})
    dataset = second.dataset.assign(voltage_effective=2.48 * second.dataset.voltage_effective)
    found = build([first, Compared(name="NMC", summary=first.summary, dataset=dataset)])
    verdict = found["verdicts"][0]
    assert (verdict["differs"], verdict["does_not"]) == (["voltage"], ["blocking", "current"])
    assert verdict["rests_on_the_closure"]
    share = found["voltage_over_length"][0]
    assert share["ratio"]["value"] == pytest.approx(2.48)
    assert share["rest"]["value"] == pytest.approx(2.70 / 2.48)
    text = " ".join(console.to_text(found, width=120).split())
    assert "2.48 times" in text
    assert "the ratio 2.7 of v(x0) is mostly that of V / L, times 1.09 from the profiles" in text
    assert "rests on the closure alone" in text


def test_a_difference_under_all_closures_does_not_rest_on_one(first: Compared) -> None:
    found = build([first, _scaled(first, "B", dict.fromkeys(CLOSURES, 2.0))])
    assert found["verdicts"][0]["differs"] == list(CLOSURES)
    assert not found["verdicts"][0]["rests_on_the_closure"]
    assert not found["voltage_over_length"][0]["mostly_voltage"]


def test_other_seeds_share_nothing_and_are_told(first: Compared) -> None:
    common = np.exp(0.1 * NORMALS[0])
    one = _drawn(first, "A", common)
    other = _drawn(first, "B", common)
    seeded = Compared(name="B", summary=other.summary, dataset=other.dataset.assign_attrs(bands_seed=7))
    found = build([one, seeded])
    low, high = found["closures"]["current"][1]["x0_ratio"]["band_95"]
    assert (high - low) / (2.0 * 1.96) == pytest.approx(0.1 * 2**0.5, rel=0.1)
    assert "Run them with one --seed" in found["notes"][0]


def test_there_is_no_ratio_over_what_may_be_zero(first: Compared) -> None:
    unsure = _drawn(first, "A", 1.0 + 0.8 * NORMALS[0])
    ratio = build([unsure, _drawn(first, "B", np.ones(4000))])["closures"]["current"][1]["x0_ratio"]
    assert ratio["value"] is None
    assert significant(ratio) is None


def test_without_bands_ratios_have_none(first: Compared) -> None:
    plain = synthetic.analysis()
    bare = Compared(name="A", summary=summary.build(plain), dataset=plain.dataset)
    found = build([bare, _scaled_plain(bare)])
    assert found["closures"]["current"][1]["x0_ratio"]["value"] == pytest.approx(3.0)
    assert found["verdicts"][0]["unknown"] == list(CLOSURES)


def _scaled_plain(cell: Compared) -> Compared:
    faster = cell.dataset.assign(drift_velocity_by_closure=3.0 * cell.dataset.drift_velocity_by_closure)
    return Compared(name="B", summary=cell.summary, dataset=faster)


@pytest.mark.parametrize("width", [80, 120])
def test_the_comparison_fits_its_width_and_shows_names_as_they_are(first: Compared, width: int) -> None:
    found = build([first, _scaled(first, "[bold]B[/bold] " + "x" * 60, {"voltage": 2.0}), _scaled(first, "C", {})])
    text = console.to_text(found, width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "[bold]B[/bold]" in text


@pytest.mark.parametrize("width", [80, 120])
def test_the_comparison_reads_as_the_golden_text(first: Compared, width: int) -> None:
    found = build([_beside(first, "A", 1.0, 0), _beside(_scaled(first, "B", {"voltage": 2.0}), "B", 3.0, 1)])
    golden_text.compare(console.to_text(found, width=width), f"comparison-{width}.txt")


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_of_a_batch_reads_as_the_golden_text(first: Compared, width: int) -> None:
    cells = {"cells/first": headline(first.summary), "cells/" + "long_name_" * 5: {}}
    shown = batch.table(cells, dict(zip(cells, ("done", "failed"), strict=True)))
    golden_text.compare(layout.plain_text(shown, width), f"batch-{width}.txt")


def test_what_stands_beside_the_velocities_is_compared_too(first: Compared) -> None:
    """Independent errors of D and t- add by squares; resistances, sweeps and lines stand beside each other."""
    found = build([_beside(first, "A", 1.0, 0), _beside(first, "B", 3.0, 1)])
    for entry in found["readings"]:
        (less,) = entry["differences"]
        assert less["value"] == 0.0
        if "band_95" not in entry["values"][0]:
            assert "band_95" not in less
            continue
        half = (entry["values"][0]["band_95"][1] - entry["values"][0]["band_95"][0]) / 2.0
        assert less["band_95"][1] == pytest.approx(2**0.5 * half)
    (resistance,) = found["interphase_differences"]
    assert resistance["value"] == pytest.approx(2.0 * found["cells"][0]["interphase"]["last"]["value"])
    assert found["verdicts"][0]["interphase"]
    text = " ".join(console.to_text(found, width=120).split())
    assert "Beyond the 95 % band differ, too: the resistance of the interphase." in text
    assert "263.00 +- 0.20 mossy" in text


def test_spectra_that_changed_within_their_sweeps_are_counted(first: Compared) -> None:
    with_sweeps = copy.deepcopy(_beside(first, "A", 1.0, 0))
    told = [(0.4, False), (-3.5, True), (2.0, True)]
    for row, (change, drifts) in zip(with_sweeps.summary["impedance"]["spectra"], told, strict=False):
        band = [change - 0.2, change + 0.2]
        row["sweep"] = {
            "change": {"value": change, "unit": "%", "band_95": band},
            "at": {"value": 75.0, "unit": "Hz"},
            "drifts": drifts,
        }
    found = build([with_sweeps, first])
    sweeps = found["cells"][0]["sweeps"]
    assert (sweeps["drifting"], sweeps["judged"], sweeps["largest"]["value"]) == (2, 3, -3.5)
    assert found["cells"][1]["sweeps"] is None
    text = " ".join(console.to_text(found, width=120).split())
    assert "2 of 3 -3.5 at 75.0 Hz" in text


def test_a_reading_that_differs_is_named(first: Compared) -> None:
    other = copy.deepcopy(dict(first.summary))
    reading = other["readings"][0]
    shift = 3.0 * (reading["band_95"][1] - reading["band_95"][0])
    reading["value"] += shift
    reading |= {name: [edge + shift for edge in reading[name]] for name in ("band_68", "band_95")}
    verdict = build([first, Compared(name="B", summary=other, dataset=first.dataset)])["verdicts"][0]
    assert verdict["readings"] == [f"{reading['symbol']} ({reading['name']})"]
    assert not verdict["interphase"]


def _beside(cell: Compared, name: str, factor: float, spectra: int) -> Compared:
    """Return a cell with impedance, its last resistance so many times as large, and one line more a spectrum."""
    spectroscopy = synthetic_impedance.analysed()
    found = impedance.build(spectroscopy, series_axis(spectroscopy), title=name)
    last = found["spectra"][-1]["resistances"]["area"]
    last |= {"value": factor * last["value"]} | {
        band: [factor * edge for edge in last[band]] for band in ("band_68", "band_95") if band in last
    }
    lines = [
        {"spectrum": "7" if k == 0 else "", "position": {"value": at, "unit": "ppm", "standard_error": error}} | reading
        for k, (at, error, reading) in enumerate(
            [(245.0, 0.0, {"reading": "bulk"}), (263.0, 0.1, {"reading": "mossy"})][: 1 + spectra]
        )
    ]
    told = {**cell.summary, "impedance": found, "lineshape": {"lines": lines}}
    return Compared(name=name, summary=told, dataset=cell.dataset)


def test_one_result_is_not_compared(first: Compared) -> None:
    with pytest.raises(ConfigurationError, match="give two or more"):
        build([first])
