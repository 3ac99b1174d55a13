"""The ledger of the voltage at the end of the polarisation: named parts, what the profiles need, what is left."""

from __future__ import annotations

import math

from iondrift.drift.inputs import thermal_voltage
from iondrift.experiment.labels import needed_by
from iondrift.experiment.results import Analysis
from iondrift.report.summary.quantities import Entry, quantity

_DILUTE = 4.0  # decades of depletion: more is no dilute electroneutral layer


def voltage_ledger(analysis: Analysis) -> Entry | None:
    """Return the parts with their uncertainty and origin, and the rest in V, ohm cm2 and decades of depletion."""
    if analysis.ledger is None:
        return None
    ledger, end = analysis.ledger.dataset, analysis.end
    dataset, needed = analysis.dataset, needed_by(analysis.closures)
    parts = [
        {
            "part": name,
            **quantity(float(ledger.voltage_part.values[k, end]), "V"),
            "uncertainty": quantity(float(ledger.voltage_part_deviation.values[k, end]), "V", "standard"),
            "origin": analysis.ledger.origins[name],
        }
        for k, name in enumerate(ledger["part"].values.tolist())
    ]
    left = float(dataset.voltage_unaccounted.values[end])
    deviation = math.hypot(*(float(part["uncertainty"]["value"]) for part in parts))
    decade = 2.0 * thermal_voltage(analysis.experiment.electrolyte.temperature_K) * math.log(10.0)
    current = abs(float(dataset.current_density.values[end]))
    caveat = f"voltage less the parts and what the profiles need under closure {needed}"
    return {
        "voltage": quantity(float(dataset.voltage.values[end]), "V"),
        "parts": parts,
        "needed": {"closure": needed, **quantity(float(analysis.closures[needed].voltage_across.values[end]), "V")},
        "not_accounted_for": {
            **quantity(left, "V", caveat),
            "uncertainty": quantity(deviation, "V", "standard, of the parts together"),
        },
        "not_accounted_for_resistance": quantity(left / current * 1e4 if current else None, "ohm cm2", caveat),
        "not_accounted_for_decades": quantity(
            left / decade, "decades", f"of depletion, {1e3 * decade:.0f} mV each: 2 (R T / F) ln 10, for any t-"
        ),
        "decade": quantity(decade, "V"),
        "beyond_dilute": bool(left / decade > _DILUTE),
        "walls_held": int(ledger.attrs["walls_held"]),
        "wall_held_at": float(ledger.attrs["wall_held_at"]),
    }
