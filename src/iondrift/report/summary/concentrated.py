"""What a concentrated solution says at the end of the polarisation: first what no convention touches."""

from __future__ import annotations

import math

from iondrift.drift.closures import CLOSURES
from iondrift.experiment.results import UM_PER_H, Analysis
from iondrift.report.summary.quantities import Entry, quantity

_ENDS = {"x0": 0, "xL": -1}
_VELOCITIES = {
    "net_velocity": "w = J / c, without convention",
    "current_velocity": "v_i = -t- i / (F c), without convention",
    "drift_velocity": "phi with f+ = f-, a convention: single-ion activities cannot be measured",
}


def concentrated(analysis: Analysis) -> Entry | None:
    """Return w, v_i, v and friction at both ends; None where no solution was given."""
    solution, end = analysis.measured.solution, analysis.end
    name = next((name for name in analysis.closures if name in CLOSURES and CLOSURES[name].concentrated), None)
    if solution is None or name is None:
        return None
    result = analysis.closures[name]
    bands = None if analysis.bands is None else analysis.bands.by_closure.get(name)
    entry: Entry = {"closure": name, "source": solution.source, "properties": solution.describe()}
    for variable, caveat in _VELOCITIES.items():
        values = result[variable].values[end] * UM_PER_H
        banded = None if bands is None or variable not in bands else bands[variable].values[:, end] * UM_PER_H
        entry[variable] = {
            place: quantity(float(values[e]), "um/h", caveat, edges=None if banded is None else banded[:, e])
            for place, e in _ENDS.items()
        }
    friction, migrative = result.friction.values[end], result.flux_migrative.values[end]
    entry["friction"] = {
        place: quantity(
            100.0 * float(friction[e] / migrative[e]) if migrative[e] else math.nan,
            "%",
            "cation-anion friction X over c v; zero in a dilute solution",
        )
        for place, e in _ENDS.items()
    }
    electrolyte = analysis.experiment.electrolyte
    newman = solution.newman_number(electrolyte.concentration_mol_per_L * 1e3, electrolyte.temperature_K)
    entry["newman_number"] = quantity(newman, "1", "at c0; i_ss / i_0 = 1 / (1 + Ne)")
    return entry
