"""Every headline number of an analysis with its unit and caveat, for JSON and for the printed report."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

from iondrift import __version__
from iondrift.analysis import HOUR, UM_PER_H, Analysis, Measured, in_segments, unavailable_closures
from iondrift.transport import penetration_depth

Entry = dict[str, Any]

MEANINGS = {
    "voltage": "the whole effective voltage lies across the region of interest",
    "blocking": "lithium metal passes no anions",
    "current": "electroneutral binary electrolyte that carries the measured current",
}
ASSUMPTIONS = (
    "Dilute solution: fluxes from D(c), no thermodynamic factor, no convection, one dimension.",
    "Nernst-Einstein mobility u = F D(c) / (R T) for the anion, charge -1.",
    "v is positive away from the plating electrode; the paper prints it negative (against the field).",
)
_ROWS = 9  # of v through time


def build(analysis: Analysis) -> Entry:
    """Return the summary: nested dictionaries, lists, numbers and text; numbers as value and unit.

    Parameters
    ----------
    analysis
        Results of one cell.
    """
    experiment = analysis.experiment
    return {
        "iondrift": __version__,
        "cell": {
            "name": experiment.cell.name,
            "plating_electrode": experiment.cell.plating_electrode,
            "counter_electrode": experiment.cell.counter_electrode,
            "experiment_file": str(experiment.source) if experiment.source else None,
        },
        "settings": {
            "closure": experiment.reconstruction.closure,
            "closure_meaning": MEANINGS[experiment.reconstruction.closure],
            "smoothing": experiment.reconstruction.smoothing,
            "voltage_offset": quantity(experiment.reconstruction.voltage_offset_V, "V"),
            "temperature": quantity(experiment.electrolyte.temperature_K, "K"),
            "concentration": quantity(experiment.electrolyte.concentration_mol_per_L, "mol/L"),
            "anion_transference_number": experiment.electrolyte.transference_number,
        },
        "inputs": inputs(analysis.measured),
        "protocol": protocol(analysis.measured),
        "calibration": calibration(analysis.measured),
        "noise": noise(analysis.measured),
        "diffusivity": _diffusivity(analysis),
        "drift_velocity": _drift_velocity(analysis),
        "closures": _closures(analysis),
        "mass_transport": _mass_transport(analysis),
        "warnings": [*analysis.notes, *_charge_warnings(analysis)],
        "assumptions": [*ASSUMPTIONS],
    }


def plan(measured: Measured) -> Entry:
    """Return what was read and what would be computed from it.

    Parameters
    ----------
    measured
        One cell, read and calibrated.
    """
    settings = measured.experiment.reconstruction
    count, positions = measured.concentration.shape
    missing = unavailable_closures(measured)
    compared = [name for name in MEANINGS if name not in missing and name != settings.closure]
    would = {
        "drift velocity": f"{count} profiles at {positions} positions",
        "closure": f"{settings.closure}: {MEANINGS[settings.closure]}",
        "beside it": ", ".join(compared),
        "smoothing": settings.smoothing,
        "D(c)": measured.diffusivity.describe(),
    }
    if missing:
        would["not possible"] = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
    if measured.breaks:
        would["steps at"] = ", ".join(f"{time / HOUR:.2f}" for time in measured.breaks) + " h (kinks allowed)"
    return {
        "cell": {"name": measured.experiment.cell.name},
        "inputs": inputs(measured),
        "protocol": protocol(measured),
        "calibration": calibration(measured),
        "noise": noise(measured),
        "would_compute": would,
        "warnings": [*measured.notes],
    }


def quantity(value: float | None, unit: str, caveat: str = "") -> Entry:
    """Return value and unit; a value that does not exist is null."""
    number = None if value is None or not math.isfinite(value) else float(value)
    return {"value": number, "unit": unit, **({"caveat": caveat} if caveat else {})}


def inputs(measured: Measured) -> Entry:
    """Return what was read."""
    facts, profiles = measured.inputs, measured.experiment.profiles
    return {
        "profiles": {
            "used": facts.used,
            "stored": facts.stored,
            "points": facts.points,
            "format": facts.format,
            "first": facts.first_source,
            "last": facts.last_source,
            "interval": quantity(profiles.interval_s, "s"),
            "duration": quantity(profiles.duration_s, "s"),
            "reversed": profiles.reverse,
        },
        "log": {
            "file": facts.log_file,
            "samples": facts.log_samples,
            "start": quantity(facts.log_start / HOUR, "h"),
            "stop": quantity(facts.log_stop / HOUR, "h"),
            "lowest_voltage": quantity(facts.voltage_range[0], "V"),
            "highest_voltage": quantity(facts.voltage_range[1], "V"),
        },
    }


def protocol(measured: Measured) -> list[Entry]:
    """Return the steps of the protocol."""
    return [_segment(segment) for segment in measured.segments]


def _segment(segment: Any) -> Entry:
    level = (
        quantity(segment.level, "V")
        if segment.kind != "constant_current"
        else quantity(-segment.level / 10.0, "mA/cm2", "positive while lithium is plated")
    )
    return {
        "kind": segment.kind,
        "start": quantity(segment.start / HOUR, "h"),
        "stop": quantity(segment.stop / HOUR, "h"),
        "level": level,
    }


def calibration(measured: Measured) -> Entry:
    """Return how intensity became concentration."""
    facts = measured.calibration
    return {
        "region": {
            "length": quantity(facts.length * 1e3, "mm"),
            "first_point": facts.first_point,
            "last_point": facts.last_point,
            "positions": measured.concentration.sizes["x"],
        },
        "electrode_distance": quantity(
            None if facts.electrode_distance is None else facts.electrode_distance * 1e3,
            "mm",
            "half-height points of the reference profile",
        ),
        "reference_profiles": list(facts.reference),
        "background": quantity(None if facts.background is None else facts.background * 100.0, "% of the plateau"),
        "change_of_total_anions": {
            **quantity(facts.anion_drift * 100.0, "%", "over the series; anions neither enter nor leave the cell"),
            "error": quantity(
                None if facts.anion_drift_error is None else facts.anion_drift_error * 100.0, "%", "standard"
            ),
        },
    }


def noise(measured: Measured) -> Entry | None:
    """Return the noise of the calibrated profiles."""
    estimate = measured.noise
    if estimate is None:
        return None
    lags = (*estimate.autocorrelation, 0.0, 0.0)
    level = measured.experiment.electrolyte.concentration_mol_per_L * 1e3
    return {
        "standard_deviation": quantity(
            100.0 * estimate.standard_deviation / level, "% of the initial concentration", "per stored point"
        ),
        "autocorrelation_lag_1": lags[1],
        "autocorrelation_lag_2": lags[2],
        "common_mode": quantity(100.0 * estimate.common_mode, "% per profile"),
    }


def _diffusivity(analysis: Analysis) -> Entry:
    values = analysis.dataset.diffusivity.values
    concentration = analysis.dataset.concentration.values / 1e3
    return {
        "formula": analysis.measured.diffusivity.describe(),
        "lowest": quantity(values.min(), "m2/s", "over the region of interest and time"),
        "highest": quantity(values.max(), "m2/s", "over the region of interest and time"),
        "lowest_concentration": quantity(concentration.min(), "mol/L", "smoothed"),
        "highest_concentration": quantity(concentration.max(), "mol/L", "smoothed"),
    }


def _drift_velocity(analysis: Analysis) -> Entry:
    dataset = analysis.dataset
    velocity = dataset.drift_velocity.values * UM_PER_H
    hours = dataset.time.values / HOUR
    caveat = f"under closure {analysis.experiment.reconstruction.closure}"
    k, j = np.unravel_index(int(np.abs(velocity).argmax()), velocity.shape)
    end = analysis.end
    x = dataset.x.values
    last = velocity[end]
    extreme = np.abs(last).max()
    spread = (last.max() - last.min()) / extreme * 100.0 if extreme > 0.0 else math.nan
    return {
        "maximum": {
            **quantity(velocity[k, j], "um/h", caveat),
            "time": quantity(hours[k], "h"),
            "x_over_L": float((x[j] - x[0]) / (x[-1] - x[0])),
        },
        "at_end": {
            "time": quantity(hours[end], "h", "last profile under polarisation"),
            "x0": quantity(last[0], "um/h", caveat),
            "xL": quantity(last[-1], "um/h", caveat),
            "spatial_spread": quantity(spread, "% of its largest"),
            "growth_at_constant_voltage": _growth(analysis, velocity),
        },
        "through_time": [_row(dataset, velocity, hours, int(k)) for k in _shown(analysis)],
    }


def _growth(analysis: Analysis, velocity: np.ndarray[Any, Any]) -> Entry:
    inside = np.flatnonzero(in_segments(analysis.dataset.time.values, analysis.segments, ("constant_voltage",)))
    if inside.size < 2:
        return {"x0": quantity(None, "%"), "xL": quantity(None, "%")}
    first, last = velocity[inside[0]], velocity[inside[-1]]
    caveat = "from the first to the last profile at constant voltage"
    return {
        "x0": quantity((last[0] / first[0] - 1.0) * 100.0 if first[0] else None, "%", caveat),
        "xL": quantity((last[-1] / first[-1] - 1.0) * 100.0 if first[-1] else None, "%", caveat),
    }


def _row(dataset: xr.Dataset, velocity: np.ndarray[Any, Any], hours: np.ndarray[Any, Any], k: int) -> Entry:
    current = -dataset.current_density.values[k] / 10.0 if "current_density" in dataset else None
    return {
        "time": quantity(hours[k], "h"),
        "voltage": quantity(dataset.voltage.values[k], "V"),
        "plating_current_density": quantity(current, "mA/cm2"),
        "x0": quantity(velocity[k, 0], "um/h"),
        "xL": quantity(velocity[k, -1], "um/h"),
    }


def _shown(analysis: Analysis) -> np.ndarray[Any, Any]:
    """Return profiles for the table: evenly spaced, the end of the polarisation among them."""
    count = analysis.dataset.sizes["time"]
    even = np.linspace(0, count - 1, min(_ROWS, count)).round().astype(int)
    return np.unique([*even, analysis.end])


def _closures(analysis: Analysis) -> Entry:
    found: Entry = {}
    for name in MEANINGS:
        if name in analysis.closures:
            found[name] = _closure(analysis, analysis.closures[name], MEANINGS[name])
        else:
            found[name] = {"meaning": MEANINGS[name], "unavailable": analysis.unavailable[name]}
    return found


def _closure(analysis: Analysis, result: xr.Dataset, meaning: str) -> Entry:
    end = analysis.end
    velocity = result.drift_velocity.values * UM_PER_H
    implied = implied_current(result)
    entry = {
        "meaning": meaning,
        "x0": quantity(velocity[end, 0], "um/h", "at the end of the polarisation"),
        "xL": quantity(velocity[end, -1], "um/h", "at the end of the polarisation"),
        "largest": quantity(velocity.flat[int(np.abs(velocity).argmax())], "um/h"),
        "implied_anion_current_density": quantity(
            implied[end].mean(), "mA/cm2", "F J, mean over x at the end of the polarisation"
        ),
    }
    ratio = result.charge_balance.values[end].mean() if "charge_balance" in result else None
    entry["charge_balance"] = quantity(
        ratio, "1", "implied anion current over the current measured; 0 to 1 in a steady dilute picture"
    )
    return entry


def implied_current(result: xr.Dataset) -> np.ndarray[Any, Any]:
    """Return the anion current density F J that a closure implies, mA cm-2, positive while plating."""
    from iondrift_kernels.constants import FARADAY

    return np.asarray(FARADAY * result.flux.values / 10.0)


def _charge_warnings(analysis: Analysis) -> list[str]:
    """Say plainly when a closure implies more anion current than the cell carried in all."""
    if "current_density" not in analysis.dataset:
        return ["No current was logged: whether the closure is possible cannot be checked."]
    warnings = []
    measured = -analysis.dataset.current_density.values / 10.0
    for name, result in analysis.closures.items():
        implied = implied_current(result).mean(axis=1)
        flowing = analysis.measured.polarised & (np.abs(measured) > 1e-3 * np.abs(measured).max())
        if name != "voltage" or not flowing.any():
            continue
        ratio = implied[flowing] / measured[flowing]
        if np.median(ratio) > 1.0:
            warnings.append(
                f"The voltage closure implies an anion current of {_span(implied[flowing])} mA/cm2, "
                f"{_span(ratio)} times what the cell carried in all ({_span(measured[flowing])} mA/cm2). "
                "Part of the voltage must fall outside the electrolyte, and v under this closure is too "
                "large. Look at the closures blocking and current, or set voltage_offset_V."
            )
    return warnings


def _span(values: np.ndarray[Any, Any]) -> str:
    low, high = f"{values.min():.2g}", f"{values.max():.2g}"
    low, high = (f"{float(text):g}" for text in (low, high))
    return low if low == high else f"{low} to {high}"


def _mass_transport(analysis: Analysis) -> Entry:
    dataset = analysis.dataset
    start = next((s.start for s in analysis.segments if s.kind == "constant_current"), None)
    onset = analysis.measured.onset
    observed = None if onset is None or start is None else (onset.time - start) / 60.0
    middle = dataset.sizes["x"] // 2
    depth = penetration_depth(dataset.drift_velocity.values[:, middle], dataset.time.values)
    return {
        "sand_time": quantity(
            None if analysis.sand_time is None else analysis.sand_time / 60.0,
            "min",
            "from the start of the constant current; dilute binary electrolyte, semi-infinite",
        ),
        "observed_onset": {
            **quantity(observed, "min", "sudden rise of the voltage, from the start of the constant current"),
            "uncertainty": quantity(None if onset is None else onset.uncertainty / 60.0, "min"),
        },
        "penetration_depth": quantity(
            depth[analysis.end] * 1e6,
            "um",
            "of a front that moves with the anions in the middle of the region (Chazalviel), at the end, "
            f"under closure {analysis.experiment.reconstruction.closure}",
        ),
    }
