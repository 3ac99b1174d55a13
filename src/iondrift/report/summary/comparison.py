"""Cells against the first of them: velocities and their ratios with bands, draw by draw, under each closure.

Cells that were drawn with one seed share the draws of what is common to them (D(c), c0, temperature, field of view,
t-), and no other: what they share cancels in a ratio, what belongs to one cell does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.drift.closures import CLOSURES
from iondrift.errors import ConfigurationError
from iondrift.experiment.results import HOUR, UM_PER_H
from iondrift.report.summary.comparison_beside import difference, differs, facts, readings
from iondrift.report.summary.quantities import Entry, edges_of, quantity

_ENDS = {"x0": 0, "xL": -1}
_OF_ENDS = {"x0": 0, "xL": 1}  # of draws at both ends
_SHARES = ("spatial_spread", "growth_x0", "growth_xL")


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A cell: its name, its summary and its labelled results."""

    name: str
    summary: Mapping[str, Any]
    dataset: xr.Dataset


def build(cells: Sequence[Compared]) -> Entry:
    """Return the comparison: nested dictionaries as a summary's, JSON knows all of it.

    Parameters
    ----------
    cells
        Two or more; ratios are over the first.

    Raises
    ------
    ConfigurationError
        Fewer than two, or no closure was computed for all of them.
    """
    if len(cells) < 2:
        raise ConfigurationError(
            "compare: one result found; give two or more, the first is what others are compared with"
        )
    closures = [name for name in CLOSURES if all(name in cell.dataset.closure.values for cell in cells)]
    if not closures:
        raise ConfigurationError("compare: no closure was computed for all results; give the log's current, or t-")
    paired = len({cell.dataset.attrs.get("bands_seed") for cell in cells}) == 1
    found: Entry = {
        "cells": [facts(cell.name, cell.summary) for cell in cells],
        "paired": paired,
        "closures": {name: [_row(cells[0], cell, name, paired) for cell in cells] for name in closures},
        "readings": readings([cell.summary for cell in cells]),
        "notes": _notes(cells, paired),
    }
    found["interphase_differences"] = [_interphase_difference(found["cells"][0], cell) for cell in found["cells"][1:]]
    found["voltage_over_length"] = [_voltage_share(cells[0], cell) for cell in cells[1:]]
    found["verdicts"] = [_verdict(found, k) for k in range(1, len(cells))]
    return found


def _row(first: Compared, cell: Compared, closure: str, paired: bool) -> Entry:
    """Return one cell under one closure, with its ratios over the first cell."""
    velocity = cell.dataset.drift_velocity_by_closure.sel(closure=closure).values * UM_PER_H
    end, began = _end(cell), _began(cell)
    last, largest = velocity[end], float(velocity.flat[int(np.abs(velocity).argmax())])
    final, top = _draws(cell, "final_drift_velocity", closure), _draws(cell, "maximum_drift_velocity", closure)
    entry: Entry = {"name": cell.name}
    for place, e in _ENDS.items():
        draws = None if final is None else final[_OF_ENDS[place]] * UM_PER_H
        entry[place] = quantity(last[e], "um/h", f"under closure {closure}", edges=edges_of(draws))
    entry["maximum"] = quantity(largest, "um/h", edges=edges_of(None if top is None else top * UM_PER_H))
    entry["spatial_spread"] = quantity(
        100.0 * (1.0 - last[-1] / last[0]) if last[0] else None,
        "%",
        "(v(x0) - v(xL)) / v(x0)",
        edges=edges_of(_draws_of_share(cell, "spatial_spread", closure), 100.0),
    )
    for place, e in _ENDS.items():
        start = None if began is None else velocity[began, e]
        entry[f"growth_{place}"] = quantity(
            100.0 * (last[e] / start - 1.0) if start else None,
            "%",
            "during constant voltage",
            edges=edges_of(_draws_of_share(cell, f"growth_{place}", closure), 100.0),
        )
    if cell is not first:
        origin = _row(first, first, closure, paired)
        for name in _SHARES:
            pair = [_draws_of_share(one, name, closure) for one in (first, cell)]
            entry[f"{name}_difference"] = _difference(origin[name]["value"], entry[name]["value"], pair, paired)
        others = [_draws(first, name, closure) for name in ("final_drift_velocity", "maximum_drift_velocity")]
        for place, e in _OF_ENDS.items():
            pair = [None if draws is None else draws[e] for draws in (others[0], final)]
            entry[f"{place}_ratio"] = _ratio(origin[place]["value"], entry[place]["value"], pair, paired)
        entry["maximum_ratio"] = _ratio(origin["maximum"]["value"], entry["maximum"]["value"], [others[1], top], paired)
    return entry


def _ratio(below: float, above: float, draws: Sequence[FloatArray | None], paired: bool) -> Entry:
    """Return a ratio with its band; none where the first cell's velocity may be zero."""
    caveat = "over the first cell"
    pair = _paired(draws, paired)
    if pair is None:
        return quantity(above / below if below else None, "1", caveat)
    low, high = pair
    edges = edges_of(low * np.sign(below))
    if edges is None or edges[0] <= 0.0:
        return quantity(None, "1", "no ratio: the 95 % band of the first cell's velocity holds zero")
    return quantity(above / below, "1", caveat, edges=edges_of(high / low))


def _difference(below: float | None, above: float | None, draws: Sequence[FloatArray | None], paired: bool) -> Entry:
    """Return a difference in per cent with its band."""
    caveat = "less the first cell, points of a per cent"
    if below is None or above is None:
        return quantity(None, "%", caveat)
    pair = _paired(draws, paired)
    return quantity(above - below, "%", caveat, edges=None if pair is None else edges_of(pair[1] - pair[0], 100.0))


def _paired(draws: Sequence[FloatArray | None], paired: bool) -> tuple[FloatArray, FloatArray] | None:
    """Return the draws of two cells replicate by replicate; None where one has none."""
    first, second = draws
    if first is None or second is None:
        return None
    count = min(first.size, second.size)
    # one seed for all draws of a cell: those of another seed are independent
    return first[:count] if paired else np.roll(first[:count], 1), second[:count]


def significant(ratio: Mapping[str, Any]) -> bool | None:
    """Say whether a ratio differs from 1 beyond its 95 % band; None where that is not known."""
    low, high = ratio.get("band_95", (None, None))
    return None if low is None or high is None else not low <= 1.0 <= high


def _interphase_difference(first: Mapping[str, Any], cell: Mapping[str, Any]) -> Entry | None:
    """Return the last spectrum's resistance less the first cell's; None where one is missing or of another unit."""
    if first["interphase"] is None or cell["interphase"] is None:
        return None
    before, last = (one["interphase"]["last"] for one in (first, cell))
    return difference(before, last) if before["unit"] == last["unit"] else None


def _voltage_share(first: Compared, cell: Compared) -> Entry:
    """Return the ratio of v(x0) under the closure that lays the voltage as that of V / L times what profiles add."""
    laying = next(name for name, closure in CLOSURES.items() if closure.lays_voltage)
    fields = [_voltage_over_length(one) for one in (first, cell)]
    alone = fields[1] / fields[0] if fields[0] else math.nan
    entry: Entry = {
        "name": cell.name,
        "closure": laying,
        "first": quantity(fields[0], "V/mm", "effective voltage over the length of the region, at the end"),
        "this": quantity(fields[1], "V/mm"),
        "ratio": quantity(alone, "1", "of V / L: the mean field is V / L whatever c is"),
        "velocity_ratio": quantity(None, "1"),
        "rest": quantity(None, "1", "ratio of v(x0) over the ratio of V / L"),
        "mostly_voltage": False,
    }
    if alone > 0.0 and all(laying in one.dataset.closure.values for one in (first, cell)):
        ends = [
            float(one.dataset.drift_velocity_by_closure.sel(closure=laying).values[_end(one), 0])
            for one in (first, cell)
        ]
        if min(ends) > 0.0:
            both = ends[1] / ends[0]
            entry["velocity_ratio"] = quantity(both, "1", f"of v(x0) under {laying}")
            entry["rest"] = quantity(both / alone, "1", "ratio of v(x0) over the ratio of V / L")
            entry["mostly_voltage"] = abs(math.log(alone)) > abs(math.log(both / alone))
    return entry


def _voltage_over_length(cell: Compared) -> float:
    x = cell.dataset.x.values
    return float(cell.dataset.voltage_effective.values[_end(cell)]) / (float(x[-1] - x[0]) * 1e3)


def _verdict(found: Mapping[str, Any], k: int) -> Entry:
    """Return under which closures v(x0) differs from the first cell's, and whether the closure alone says so."""
    told = {name: significant(rows[k]["x0_ratio"]) for name, rows in found["closures"].items()}
    respecting = [name for name in told if all(name in found["cells"][cell]["respecting"] for cell in (0, k))]
    differing = [name for name, differs in told.items() if differs]
    alone = bool(differing) and any(told[name] is False for name in respecting)
    alone = alone and not any(name in respecting for name in differing)
    return {
        "name": found["cells"][k]["name"],
        "differs": differing,
        "does_not": [name for name, differs in told.items() if differs is False],
        "readings": [
            f"{entry['symbol']} ({entry['name']})"
            for entry in found["readings"]
            if differs(entry["differences"][k - 1])
        ],
        "interphase": differs(found["interphase_differences"][k - 1]),
        "unknown": [name for name, differs in told.items() if differs is None],
        "respecting": respecting,
        "rests_on_the_closure": alone,
    }


def _notes(cells: Sequence[Compared], paired: bool) -> list[str]:
    notes = []
    if any("final_drift_velocity_by_closure" not in cell.dataset for cell in cells):
        notes.append("Some results have no bands of all closures; their ratios have none.")
    elif not paired:
        notes.append(
            "The bands were drawn with different seeds: what the cells have in common does not cancel, and the bands "
            "of ratios are too wide. Run them with one --seed."
        )
    if len({cell.dataset.attrs.get("diffusivity") for cell in cells}) > 1:
        notes.append("The cells were given different D(c); the error of D is taken as common to them all the same.")
    if len({cell.dataset.attrs.get("smoothing") for cell in cells}) > 1:
        notes.append("The cells were smoothed in different ways.")
    return notes


def _draws(cell: Compared, name: str, closure: str) -> FloatArray | None:
    """Return draws, (replicate,) or (end, replicate); None where there are none."""
    found = cell.dataset.get(f"{name}_by_closure")
    if found is None:
        return None
    values = np.asarray(found.sel(closure=closure).values)
    return None if np.isnan(values).all() else values


def _draws_of_share(cell: Compared, name: str, closure: str) -> FloatArray | None:
    """Return draws of a share, (replicate,): the spread over x, or the growth at one end."""
    if name == "spatial_spread":
        return _draws(cell, name, closure)
    growth = _draws(cell, "growth", closure)
    return None if growth is None else growth[_OF_ENDS[name.removeprefix("growth_")]]


def _end(cell: Compared) -> int:
    """Return the index of the last profile under polarisation."""
    at = cell.summary["drift_velocity"]["at_end"]["time"]["value"] * HOUR
    return int(np.abs(cell.dataset.time.values - at).argmin())


def _began(cell: Compared) -> int | None:
    """Return the index of the first profile at the last constant voltage; None where none lies before the end."""
    steps = [step for step in cell.summary["protocol"] if step["kind"] == "constant_voltage"]
    if not steps:
        return None
    start = steps[-1]["start"]["value"] * HOUR
    inside = np.flatnonzero(cell.dataset.time.values >= start)
    return int(inside[0]) if inside.size and inside[0] < _end(cell) else None
