"""Every headline number of an analysis with its unit and caveat, for JSON and for the printed report."""

from __future__ import annotations

from typing import Any

from iondrift.drift.closures import CLOSURES, closure_named
from iondrift.experiment.results import HOUR, Analysis, Measured, unavailable_closures
from iondrift.report.summary import bands as summary_bands
from iondrift.report.summary import result as summary_result
from iondrift.report.summary import velocity as summary_velocity
from iondrift.report.summary.concentrated import concentrated
from iondrift.report.summary.frames import frames
from iondrift.report.summary.quantities import Entry, of_plain_text, quantity
from iondrift.report.summary.readings import readings
from iondrift.report.summary.voltage_ledger import voltage_ledger
from iondrift.version import __version__

ASSUMPTIONS = (
    "Dilute solution: fluxes from D(c), no thermodynamic factor, no convection, one dimension.",
    "Nernst-Einstein mobility u = F D(c) / (R T) for the anion, charge -1.",
    "v is positive away from the plating electrode; the paper prints it negative (against the field).",
)


@of_plain_text
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
            "closure_meaning": closure_named(experiment.reconstruction.closure).meaning,
            "smoothing": experiment.reconstruction.smoothing,
            "voltage_offset": quantity(
                experiment.reconstruction.voltage_offset_V, "V", "as given; null: see the ledger"
            ),
            "temperature": quantity(experiment.electrolyte.temperature_K, "K"),
            "concentration": quantity(experiment.electrolyte.concentration_mol_per_L, "mol/L"),
            "anion_transference_number": experiment.electrolyte.transference_number,
        },
        "result": summary_result.result(analysis),
        "inputs": inputs(analysis.measured),
        "protocol": protocol(analysis.measured),
        "calibration": calibration(analysis.measured),
        "noise": noise(analysis.measured),
        "diffusivity": _diffusivity(analysis),
        "drift_velocity": summary_velocity.drift_velocity(analysis),
        "closures": summary_velocity.closures(analysis),
        "voltage_ledger": voltage_ledger(analysis),
        "frames": frames(analysis),
        "concentrated": concentrated(analysis),
        "uncertainty": summary_bands.uncertainty(analysis),
        "mass_transport": summary_velocity.mass_transport(analysis),
        "readings": readings(analysis.readings),
        "warnings": [*analysis.notes, *summary_velocity.charge_warnings(analysis)],
        "assumptions": [*ASSUMPTIONS],
    }


@of_plain_text
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
    compared = [name for name in CLOSURES if name not in missing and name != settings.closure]
    would = {
        "drift velocity": f"{count} profiles at {positions} positions",
        "closure": f"{settings.closure}: {closure_named(settings.closure).meaning}",
        "beside it": ", ".join(compared),
        "smoothing": settings.smoothing,
        "D(c)": measured.diffusivity.describe(),
    }
    if told := [f"{name}: {reason}" for name, reason in missing.items() if reason]:
        would["not possible"] = "; ".join(told)
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
