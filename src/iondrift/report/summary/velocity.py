"""Drift velocities, closures and what follows from them, with their bands, for the summary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift.cast import FloatArray, evenly_spaced
from iondrift.drift.closures import CLOSURES, rows
from iondrift.experiment.log.protocol import in_segments
from iondrift.experiment.results import HOUR, UM_PER_H, Analysis
from iondrift.report.summary.quantities import Entry, edges_of, quantity
from iondrift.transport.relations import current_density_of, penetration_depth

_ROWS = 9  # of v through time
_ENDS = {"x0": 0, "xL": -1}


def drift_velocity(analysis: Analysis) -> Entry:
    """Return v of the chosen closure: its maximum, its ends, its shape, and through time."""
    dataset = analysis.dataset
    velocity = dataset.drift_velocity.values * UM_PER_H
    hours = dataset.time.values / HOUR
    caveat = f"under closure {analysis.experiment.reconstruction.closure}"
    k, j = np.unravel_index(int(np.abs(velocity).argmax()), velocity.shape)
    end = analysis.end
    x, last = dataset.x.values, velocity[end]
    spread = (last[0] - last[-1]) / last[0] * 100.0 if last[0] else math.nan
    largest = _draws(analysis, "maximum_drift_velocity")
    noisy = "; the largest of noisy values tends to lie above the largest of smooth ones"
    return {
        "maximum": {
            **quantity(
                velocity[k, j], "um/h", caveat + (noisy if analysis.bands else ""), edges=edges_of(largest, UM_PER_H)
            ),
            "time": quantity(hours[k], "h"),
            "x_over_L": float((x[j] - x[0]) / (x[-1] - x[0])),
        },
        "at_end": {
            "of": _last_step(analysis),
            "time": quantity(hours[end], "h", "last profile under polarisation"),
            **{name: quantity(last[e], "um/h", caveat, edges=_cell(dataset, end, e)) for name, e in _ENDS.items()},
            "spatial_spread": quantity(
                spread,
                "%",
                "(v(x0) - v(xL)) / v(x0)",
                edges=edges_of(_draws(analysis, "spatial_spread"), 100.0) if math.isfinite(spread) else None,
            ),
            "growth_at_constant_voltage": _growth(analysis, velocity),
        },
        "through_time": [_row(dataset, velocity, hours, int(k)) for k in _shown(analysis)],
    }


def _last_step(analysis: Analysis) -> str:
    at_end = float(analysis.dataset.time[analysis.end])
    steady = analysis.measured.constant_voltage
    return "CV" if steady is not None and steady.start <= at_end <= steady.stop else "the polarisation"


def _cell(dataset: xr.Dataset, k: int, j: int) -> FloatArray | None:
    """Return the quantiles of v at one time and place, um/h."""
    if "drift_velocity_band" not in dataset:
        return None
    return np.asarray(dataset.drift_velocity_band.values[:, k, j] * UM_PER_H)


def _draws(analysis: Analysis, name: str, end: int | None = None, closure: str = "") -> FloatArray | None:
    """Return draws (replicate,) of a number under a closure (the chosen one); None where there are none."""
    closure = closure or analysis.experiment.reconstruction.closure
    found = None if analysis.bands is None else analysis.bands.by_closure.get(closure)
    if found is None or name not in found:
        return None
    return np.asarray(found[name].values if end is None else found[name].values[end])


def _growth(analysis: Analysis, velocity: FloatArray) -> Entry:
    inside = np.flatnonzero(in_segments(analysis.dataset.time.values, analysis.segments, ("constant_voltage",)))
    inside = inside[inside <= analysis.end]
    if inside.size < 2:
        return {name: quantity(None, "%") for name in _ENDS}
    first, last = velocity[inside[0]], velocity[inside[-1]]
    caveat = "v(last) / v(first) - 1 of the profiles at constant voltage; the paper divides by the last"
    return {
        name: quantity(
            (last[e] / first[e] - 1.0) * 100.0 if first[e] else None,
            "%",
            caveat,
            edges=edges_of(_draws(analysis, "growth", e), 100.0) if first[e] else None,
        )
        for name, e in _ENDS.items()
    }


def _row(dataset: xr.Dataset, velocity: FloatArray, hours: FloatArray, k: int) -> Entry:
    current = -dataset.current_density.values[k] / 10.0 if "current_density" in dataset else None
    return {
        "time": quantity(hours[k], "h"),
        "voltage": quantity(dataset.voltage.values[k], "V"),
        "plating_current_density": quantity(current, "mA/cm2"),
        **{name: quantity(velocity[k, e], "um/h", edges=_cell(dataset, k, e)) for name, e in _ENDS.items()},
    }


def _shown(analysis: Analysis) -> np.ndarray[Any, Any]:
    """Return profiles for the table: evenly spaced, the end of the polarisation among them."""
    count = analysis.dataset.sizes["time"]
    return np.unique([*evenly_spaced(count, _ROWS), analysis.end])


def closures(analysis: Analysis) -> Entry:
    """Return v and the charge balance under every closure, and why one is missing."""
    found: Entry = {}
    for name, row in rows().items():
        if name in analysis.closures:
            found[name] = _closure(analysis, name, row.meaning)
        elif analysis.unavailable.get(name):
            found[name] = {"meaning": row.meaning, "unavailable": analysis.unavailable[name]}
    return found


def _closure(analysis: Analysis, name: str, meaning: str) -> Entry:
    result, end = analysis.closures[name], analysis.end
    velocity = result.drift_velocity.values * UM_PER_H
    implied = implied_current(result)
    at_end = "at the end of the polarisation"
    entry: Entry = {"meaning": meaning}
    for place, e in _ENDS.items():
        draws = _draws(analysis, "final_drift_velocity", e, name)
        entry[place] = quantity(velocity[end, e], "um/h", at_end, edges=edges_of(draws, UM_PER_H))
    entry["largest"] = quantity(velocity.flat[int(np.abs(velocity).argmax())], "um/h")
    entry["implied_anion_current_density"] = quantity(
        implied[end].mean(), "mA/cm2", "F J, mean over x at the end of the polarisation"
    )
    balance = result.charge_balance.values[end]  # not a number where no current flowed
    caveat = "implied anion current over the current measured; 0 to 1 in a steady dilute picture"
    entry["charge_balance"] = quantity(balance.mean(), "1", f"{caveat}; mean over x")
    for place, e in _ENDS.items():
        draws = _draws(analysis, "final_charge_balance", e, name)
        entry[f"charge_balance_{place}"] = quantity(balance[e], "1", caveat, edges=edges_of(draws))
    if analysis.bands is not None and name in analysis.bands.failed:
        entry["no_band"] = analysis.bands.failed[name]
    return entry


def implied_current(result: xr.Dataset) -> FloatArray:
    """Return the anion current density F J that a closure implies, mA cm-2, positive while plating."""
    return np.asarray(current_density_of(result.flux.values) / 10.0)


def charge_warnings(analysis: Analysis) -> list[str]:
    """Say plainly when a closure implies more anion current than the cell carried in all."""
    if "current_density" not in analysis.dataset:
        return ["No current was logged: whether the closure is possible cannot be checked."]
    measured, flowing = measured_current(analysis)
    laying = [name for name, closure in CLOSURES.items() if closure.lays_voltage and name in analysis.closures]
    if not flowing.any():
        return []
    others = [name for name, closure in CLOSURES.items() if name in analysis.closures and not closure.lays_voltage]
    said = (_too_much(name, others, implied_current(analysis.closures[name]), measured, flowing) for name in laying)
    return [text for text in said if text]


def measured_current(analysis: Analysis) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Return the current density measured (time,), mA cm-2, positive while plating, and where it flows (time,)."""
    measured = -analysis.dataset.current_density.values / 10.0
    return measured, analysis.measured.polarised & (np.abs(measured) > 1e-3 * np.abs(measured).max())


def _too_much(
    name: str, others: Sequence[str], implied: FloatArray, measured: FloatArray, flowing: npt.NDArray[np.bool_]
) -> str:
    """Return what to say where a closure implies more current than flowed; empty where it does not."""
    implied = implied.mean(axis=1)[flowing]
    ratio = implied / measured[flowing]
    if np.median(ratio) <= 1.0:
        return ""
    return (
        f"The {name} closure implies an anion current of {_span(implied)} mA/cm2, "
        f"{_span(ratio)} times what the cell carried in all ({_span(measured[flowing])} mA/cm2). "
        "Part of the voltage must fall outside the electrolyte, and v under this closure is too "
        f"large. Look at the closures {' and '.join(others)}; the ledger names what is not accounted for."
    )


def _span(values: FloatArray) -> str:
    low, high = f"{values.min():.2g}", f"{values.max():.2g}"
    low, high = (f"{float(text):g}" for text in (low, high))
    return low if low == high else f"{low} to {high}"


def mass_transport(analysis: Analysis) -> Entry:
    """Return Sand's time beside what was observed, and how far and how fast a front would go."""
    start = next((s.start for s in analysis.segments if s.kind == "constant_current"), None)
    onset = analysis.measured.onset
    observed = None if onset is None or start is None else (onset.time - start) / 60.0
    return {
        "sand_time": quantity(
            None if analysis.sand_time is None else analysis.sand_time / 60.0,
            "min",
            "from the start of the constant current; dilute binary electrolyte, semi-infinite; band from D, c0 and t-",
            edges=edges_of(None if analysis.bands is None else analysis.bands.sand_time, 1.0 / 60.0),
        ),
        "observed_onset": {
            **quantity(observed, "min", "sudden rise of the voltage, from the start of the constant current"),
            "uncertainty": quantity(None if onset is None else onset.uncertainty / 60.0, "min"),
        },
        "penetration_depth": _penetration(analysis),
        "time_to_short": _time_to_short(analysis),
    }


def _penetration(analysis: Analysis) -> Entry:
    velocity, end = analysis.dataset.drift_velocity.values[: analysis.end + 1], {}
    for name, e in _ENDS.items():
        depth = penetration_depth(velocity[:, e], analysis.dataset.time.values[: analysis.end + 1])[-1]
        end[name] = quantity(
            depth * 1e6,
            "um",
            f"of a front that moves with the anions at {name} (Chazalviel), to the end of the polarisation, "
            f"under closure {analysis.experiment.reconstruction.closure}",
            edges=edges_of(_draws(analysis, "penetration_depth", e), 1e6),
        )
    return end


def _time_to_short(analysis: Analysis) -> Entry:
    facts = analysis.measured.calibration
    length = facts.electrode_distance or facts.length
    result = {}
    for name, e in _ENDS.items():
        velocity = float(analysis.dataset.drift_velocity.values[analysis.end, e])
        draws = _draws(analysis, "final_drift_velocity", e)
        result[name] = quantity(
            length / velocity / HOUR if velocity > 0.0 else None,
            "h",
            f"L / v({name}) at the end of the polarisation, L = {length * 1e3:.4g} mm; null: never",
            edges=None if draws is None else edges_of(_crossing(length, draws), 1.0 / HOUR),
        )
    return result


def _crossing(length: float, velocity: FloatArray) -> FloatArray:
    """Return L / v, infinite where v is not positive."""
    return np.divide(length, velocity, out=np.full_like(velocity, np.inf), where=velocity > 0.0)
