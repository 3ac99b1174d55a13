"""The answer: under which closures v is possible, whether they agree, and how the onset compares with Sand's time."""

from __future__ import annotations

import numpy as np

from iondrift.cast import FloatArray
from iondrift.drift.closures import CLOSURES
from iondrift.experiment.results import UM_PER_H, Analysis
from iondrift.report.summary.quantities import Entry, edges_of, quantity
from iondrift.report.summary.velocity import implied_current, measured_current

_ENDS = {"x0": 0, "xL": -1}


def result(analysis: Analysis) -> Entry:
    """Return what the report opens with, beside the numbers that its other sections hold."""
    excess = {name: found for name in _computed(analysis) if (found := _excess(analysis, name)) is not None}
    possible = [name for name in _computed(analysis) if name not in excess]
    return {
        "closures": possible or list(excess),
        "beyond_the_current": {
            name: quantity(
                ratio, "1", "implied anion current over the current measured, mean over x, median while it flows"
            )
            for name, ratio in excess.items()
        },
        "closure_difference": None if len(possible) < 2 else _differences(analysis, possible),
        "onset_over_sand_time": _onset_over_sand_time(analysis),
    }


def _computed(analysis: Analysis) -> list[str]:
    """Return the closures that were computed, without variants."""
    return [name for name in analysis.closures if name in CLOSURES]


def _excess(analysis: Analysis, name: str) -> float | None:
    """Return how many times the measured current a closure implies that lays the voltage; None up to once."""
    if "current_density" not in analysis.dataset or not CLOSURES[name].lays_voltage:
        return None
    measured, flowing = measured_current(analysis)
    if not flowing.any():
        return None
    ratio = float(np.median(implied_current(analysis.closures[name]).mean(axis=1)[flowing] / measured[flowing]))
    return ratio if ratio > 1.0 else None


def _differences(analysis: Analysis, names: list[str]) -> Entry:
    """Return, at each end, the difference of the two closures that lie farthest apart, draw by draw."""
    end = analysis.end
    found: Entry = {}
    for place, e in _ENDS.items():
        velocity = {name: float(analysis.closures[name].drift_velocity.values[end, e]) * UM_PER_H for name in names}
        low, high = min(names, key=velocity.__getitem__), max(names, key=velocity.__getitem__)
        draws = [_draws(analysis, name, e) for name in (low, high)]
        both = None if draws[0] is None or draws[1] is None else draws[1] - draws[0]
        caveat = f"v({place}) under {high} less {low}, at the end of the polarisation"
        found[place] = {
            "low": low,
            "high": high,
            **quantity(velocity[high] - velocity[low], "um/h", caveat, edges=edges_of(both, UM_PER_H)),
        }
    return found


def _draws(analysis: Analysis, name: str, end: int) -> FloatArray | None:
    found = None if analysis.bands is None else analysis.bands.by_closure.get(name)
    return None if found is None else np.asarray(found["final_drift_velocity"].values[end])


def _onset_over_sand_time(analysis: Analysis) -> Entry:
    start = next((s.start for s in analysis.segments if s.kind == "constant_current"), None)
    onset, sand = analysis.measured.onset, analysis.sand_time
    caveat = "both from the start of the constant current; band from D, c0 and t-"
    if onset is None or start is None or not sand:
        return quantity(None, "1", caveat)
    draws = None if analysis.bands is None else analysis.bands.sand_time
    edges = None if draws is None else edges_of((onset.time - start) / np.asarray(draws))
    return quantity((onset.time - start) / sand, "1", caveat, edges=edges)
