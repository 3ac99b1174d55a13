"""What the experiment file, the log and the impedance say of a cell's voltage beside the profiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from iondrift.drift.bands.uncertainties import Uncertainties
from iondrift.drift.inputs import DriftInputs
from iondrift.drift.smoothing.profiles import SmoothedProfiles
from iondrift.drift.voltage_ledger import VoltageCauses, voltage_ledger
from iondrift.experiment.results import CellImpedance, CellLedger, Measured

_AT_REST = 0.005  # V: how well a voltage at rest is the electromotive force
_95 = 2.0 * 1.96  # half of the 95 % band is that many standard errors


def ledger_of(
    measured: Measured, inputs: DriftInputs, profiles: SmoothedProfiles, impedance: CellImpedance | None
) -> CellLedger | None:
    """Return the ledger of one cell's voltage; None where no current or no transference number is known.

    Parameters
    ----------
    measured
        One cell.
    inputs
        Its own, with the whole voltage.
    profiles
        Smoothed.
    impedance
        Of the same cell, on the same clock.
    """
    if inputs.current is None or inputs.transference_number is None:
        return None
    experiment, facts = measured.experiment, measured.calibration
    force, force_known, force_origin = _electromotive_force(measured)
    resistance, relative, resistance_origin = _interphases(measured, impedance)
    plating = facts.plating_gap or 0.0
    counter = 0.0 if facts.electrode_distance is None else max(facts.electrode_distance - facts.length - plating, 0.0)
    found = {"voltage_offset_V": force_known, "interphase_relative": relative}
    stated = experiment.uncertainty.model_dump(exclude_none=True)
    model = Uncertainties(**({name: value for name, value in found.items() if value is not None} | stated))
    dataset = voltage_ledger(
        inputs,
        VoltageCauses(
            electromotive_force=force,
            interphase_resistance=resistance,
            plating_gap=plating,
            counter_gap=counter,
            concentration=experiment.electrolyte.concentration_mol_per_L * 1e3,
            lithium_counter=_two_of_a_kind(measured),
        ),
        profiles=profiles,
        uncertainties=model,
    )
    gaps = (
        f"{plating * 1e6:.0f} and {counter * 1e6:.0f} um beyond the region" if facts.electrode_distance else "not known"
    )
    both = "both lithium electrodes" if _two_of_a_kind(measured) else "the lithium electrode"
    origins = (force_origin, resistance_origin, f"Nernst, {both}", gaps)
    return CellLedger(
        dataset=dataset,
        origins=dict(zip(dataset["part"].values.tolist(), origins, strict=True)),
        uncertainties=model,
        from_data=tuple(name for name, value in found.items() if value is not None and name not in stated),
    )


def model_of(measured: Measured, ledger: CellLedger | None) -> Uncertainties:
    """Return the error model: what the experiment file gives, what a ledger found, the stated defaults otherwise."""
    if ledger is not None:
        return ledger.uncertainties
    return Uncertainties(**measured.experiment.uncertainty.model_dump(exclude_none=True))


def _two_of_a_kind(measured: Measured) -> bool:
    cell = measured.experiment.cell
    return cell.plating_electrode.strip().lower() == cell.counter_electrode.strip().lower()


def _electromotive_force(measured: Measured) -> tuple[float, float | None, str]:
    """Return V at rest, how well it is known (None: not), and where it comes from."""
    given = measured.experiment.reconstruction.voltage_offset_V
    if given is not None:
        return given, None, "as given"
    polarised = [segment.start for segment in measured.segments if segment.kind != "open_circuit"]
    before = [
        s.level for s in measured.segments if s.kind == "open_circuit" and s.start < min(polarised, default=np.inf)
    ]
    if before:
        return float(before[-1]), _AT_REST, "open circuit before the current"
    if _two_of_a_kind(measured):
        return 0.0, _AT_REST, "equal electrodes"
    return 0.0, None, "not known: no open circuit in the log; give voltage_offset_V"


def _interphases(measured: Measured, impedance: CellImpedance | None) -> tuple[Any, float | None, str]:
    """Return ohm m2 of both electrodes, its relative standard uncertainty, and where it comes from."""
    given = measured.experiment.reconstruction.interphase_resistance_ohm_cm2
    if given is not None:
        return given * 1e-4, None, f"{given:g} ohm cm2 as given"
    if impedance is None:
        return 0.0, 0.0, "no impedance: not known, and not taken off"
    spectra = impedance.dataset
    area = spectra.attrs.get("area_m2")
    if area is None:
        return 0.0, 0.0, "no impedance.area_cm2: not known, and not taken off"
    order = np.argsort(spectra["time"].values, kind="stable")
    values = spectra["windowed_resistance"].values[order] * area
    time = measured.concentration["time"]
    at_profiles = np.interp(time.values, spectra["time"].values[order], values)
    resistance = xr.DataArray(at_profiles, dims="time", coords={"time": time.variable})
    relative = None
    if "windowed_resistance_band" in spectra:
        edges = spectra["windowed_resistance_band"].values
        relative = float(np.nanmedian((edges[-1] - edges[0]) / _95 / spectra["windowed_resistance"].values))
    low, high = at_profiles.min() * 1e4, at_profiles.max() * 1e4
    return resistance, relative, f"impedance, {low:.3g} to {high:.3g} ohm cm2"
