"""The ledger of a cell's voltage: named parts that do not lie across the profiles, each with its uncertainty.

``V = EMF - i R_int + Nernst term of the lithium electrodes + gaps + int (-E) dx over the profiles``; what is left is
never spread over the profiles without saying so. Dilute solution in the gaps, where no profile was measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from iondrift import cast, variables
from iondrift.cast import FloatArray
from iondrift.drift.bands.uncertainties import OF_VOLTAGE, Uncertainties
from iondrift.drift.gaps import HELD_AT, Gap, gap_concentration
from iondrift.drift.inputs import DriftInputs, along_time, thermal_voltage
from iondrift.drift.smoothing.profiles import SmoothedProfiles, smooth_profiles
from iondrift.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class VoltageCauses:
    """What is known of a cell beside its profiles; None or zero: not known, and then not a part.

    Parameters
    ----------
    electromotive_force
        At rest, V.
    interphase_resistance
        ohm m2 of cell area, both electrodes together, V / i: one number or (time,).
    plating_gap, counter_gap
        Between each electrode and the profile's end, m.
    concentration
        Of the electrolyte at rest, mol m-3; None: the mean of the first profile.
    lithium_counter
        Whether the counter electrode is lithium, too; another electrode's concentration dependence counts to its EMF.
    """

    electromotive_force: float = 0.0
    interphase_resistance: float | xr.DataArray = 0.0
    plating_gap: float = 0.0
    counter_gap: float = 0.0
    concentration: float | None = None
    lithium_counter: bool = True


def voltage_ledger(
    inputs: DriftInputs,
    causes: VoltageCauses,
    *,
    profiles: SmoothedProfiles | None = None,
    uncertainties: Uncertainties | None = None,
) -> xr.Dataset:
    """Return the parts of the voltage that do not lie across the profiles.

    In the gaps the salt diffuses between the profile's end, whose c was measured, and the wall, where no anion passes:
    ``c_t = (D_s c_x)_x``, ``D_s c_x = -t- i / F``, ``D_s = 2 (1 - t-) D-``. There ``DV = -i int dx / kappa + (2 t- - 1)
    b ln(c(q) / c(p))``, ``kappa = F c D- / (t- b)``, b = R T / F; the electrodes' term is ``b ln(c(L) / c(0))`` between
    lithium electrodes and ``-b ln(c(0) / c)`` beside one.

    Parameters
    ----------
    inputs
        Made with no offset: the whole voltage.
    causes
        What is known beside the profiles.
    profiles
        Those of the same cell, smoothed before; None: by splines.
    uncertainties
        None: the stated defaults.

    Returns
    -------
    Dataset
        ``voltage_part``, ``voltage_part_deviation`` (its standard uncertainty) and ``voltage_part_sensitivity`` (by
        a unit of what is uncertain), (part, time) in V; ``voltage_offset``, their sum, and ``wall_concentration``
        (end, time) in mol m-3. ``inputs.after(ledger)`` lays the rest across the profiles.

    Raises
    ------
    DataError, ConfigurationError
        A value that is none, a gap below zero, or current and transference number are not known.

    Notes
    -----
    Source: Newman and Balsara, Electrochemical Systems, ch. 11 and 12.

    Examples
    --------
    >>> import iondrift
    >>> cell = iondrift.simulate("li-li").isel(time=slice(16, None, 4), x=slice(None, None, 3))
    >>> D = iondrift.Diffusivity.constant(1.3e-12)
    >>> inputs = iondrift.DriftInputs.of(
    ...     cell.concentration, cell.voltage, D, temperature=313.15,
    ...     current_density=cell.current_density, transference_number=0.9
    ... )
    >>> ledger = voltage_ledger(inputs, VoltageCauses(interphase_resistance=0.3, plating_gap=1e-4, counter_gap=1e-4))
    >>> ledger.part.values.tolist()
    ['electromotive force', 'interphases', 'electrodes', 'gaps']
    """
    if inputs.current is None or inputs.transference_number is None:
        raise ConfigurationError("a ledger of the voltage needs current_density and transference_number")
    profiles = smooth_profiles(inputs.concentration, "pspline") if profiles is None else profiles
    model = Uncertainties() if uncertainties is None else uncertainties
    from iondrift_kernels.constants import FARADAY

    b, time = thermal_voltage(inputs.temperature), inputs.concentration["time"]
    resistance = along_time(causes.interphase_resistance, "interphase_resistance", time, "ohm m2")
    lengths = np.array([cast.number(causes.plating_gap, "plating_gap", lowest=0.0),
                        cast.number(causes.counter_gap, "counter_gap", lowest=0.0)])  # fmt: skip
    c = profiles.concentration
    law, t, i = inputs.diffusivity, inputs.transference_number, inputs.current
    law.check(float(c.min()), float(c.max()))
    gaps = [
        gap_concentration(law, t, inputs.time, c[:, 0], -i, float(lengths[0])),
        gap_concentration(law, t, inputs.time, c[:, -1], i, float(lengths[1])),
    ]
    across = np.stack([
        _across(t * b / FARADAY * -i * gaps[0].resistance, (2.0 * t - 1.0) * b, gaps[0].wall, c[:, 0]),
        _across(t * b / FARADAY * -i * gaps[1].resistance, (2.0 * t - 1.0) * b, c[:, -1], gaps[1].wall),
    ])  # fmt: skip
    rest = float(c[0].mean()) if causes.concentration is None else causes.concentration
    counter = np.log(gaps[1].wall / rest) if causes.lithium_counter else np.zeros(time.size)
    parts = np.stack([
        np.full(time.size, cast.scalar(causes.electromotive_force, "electromotive_force")),
        -inputs.current * resistance,
        b * (counter - np.log(gaps[0].wall / rest)),
        across.sum(axis=0),
    ])  # fmt: skip
    per_length = np.divide(across, lengths[:, None], out=np.zeros_like(across), where=lengths[:, None] > 0.0)
    electrodes = 2.0 if causes.lithium_counter else 1.0
    sensitivity = np.stack([
        np.ones(time.size), parts[1], np.full(time.size, b * electrodes**0.5),
        1e-6 * np.sqrt((per_length**2).sum(axis=0)),
    ])  # fmt: skip
    return _label(inputs, parts, sensitivity, model, gaps)


def _across(ohmic: FloatArray, diffusion: float, first: FloatArray, last: FloatArray) -> FloatArray:
    """Return DV (time,), V, between two places with concentrations ``first`` and ``last``."""
    return np.asarray(ohmic + diffusion * np.log(last / first))


def _label(
    inputs: DriftInputs, parts: FloatArray, sensitivity: FloatArray, model: Uncertainties, gaps: list[Gap]
) -> xr.Dataset:
    """Return the ledger with names and attributes."""
    scale = np.array([getattr(model, name) for name in OF_VOLTAGE])
    values = {
        "voltage_part": parts,
        "voltage_part_sensitivity": sensitivity,
        "voltage_part_deviation": np.abs(sensitivity) * scale[:, None],
        "voltage_offset": parts.sum(axis=0),
        "wall_concentration": np.stack([gap.wall for gap in gaps]),
    }
    coords = {
        "part": list(variables.VOLTAGE_PARTS),
        "end": ["plating", "counter"],
        "time": inputs.concentration["time"].variable,
    }
    ledger = variables.dataset(values, coords)
    ledger.attrs = {
        "walls_held": int(sum(gap.held.sum() for gap in gaps)),
        "wall_held_at": HELD_AT,
        "assumptions": "dilute solution diffuses in the gaps; interphases ohmic; Nernst term of lithium",
    }
    return ledger
