"""How far spectra changed while they were measured, for JSON and for the printed report."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from iondrift.report.summary.quantities import Entry, finite, quantity
from iondrift.settings import setting

Values = dict[str, np.ndarray[Any, Any]]


def of_spectrum(values: Values, s: int) -> Entry | None:
    """Return the change of one spectrum during its sweep; None where it was not judged."""
    if "sweep_change" not in values or not np.isfinite(values["sweep_change_probability"][s]):
        return None
    noise = values["series_noise"][s]
    return {
        "change": quantity(
            100.0 * values["largest_sweep_change"][s], "%", edges=100.0 * values["largest_sweep_change_band"][:, s]
        ),
        "at": quantity(values["sweep_change_frequency"][s], "Hz"),
        "probability": finite(values["sweep_change_probability"][s]),
        "drifts": bool(values["sweep_drifts"][s]),
        "noise_percent": finite(100.0 * noise),
        "kramers_kronig_rms_over_noise": finite(values["kk_floor"][s] / noise) if noise > 0.0 else None,
    }


def settings(dataset: xr.Dataset) -> Entry | None:
    """Return what was assumed, and what was corrected; None where nothing could be judged."""
    if "sweep_change" not in dataset:
        return None
    carried = dataset.attrs["sweep_moment"]
    return {
        "sweep_times": dataset.attrs["sweep_times"],
        "sweep_durations": dataset.attrs["sweep_durations"],
        "carried_to": carried or None,
        "largest_correction_percent": finite(100.0 * _correction(dataset)) if carried else None,
    }


def cautions(dataset: xr.Dataset) -> list[str]:
    """Return what to keep in mind of spectra that changed while they were measured."""
    if "sweep_change" not in dataset:
        return []
    drifts = dataset["sweep_drifts"].values.astype(bool)
    if not drifts.any():
        return []
    change = dataset["largest_sweep_change"].values
    most = np.flatnonzero(drifts)[np.argmax(np.abs(change[drifts]))]
    text = (
        f"in {int(drifts.sum())} of {drifts.size} spectra |Z| changed during the sweep, by {100.0 * change[most]:+.2g} "
        f"% at most (at {dataset['sweep_change_frequency'].values[most]:.2g} Hz): they are not stationary, which the "
        f"Kramers-Kronig limit of {100.0 * dataset.attrs['kk_limit']:g} % does not show"
    )
    if dataset.attrs["sweep_moment"]:
        return [f"{text}; every point was carried to the {dataset.attrs['sweep_moment']} of its sweep"]
    return [f"{text}; carry every point to one moment with {setting('moment', 'middle')}"]


def _correction(dataset: xr.Dataset) -> float:
    """Return the largest relative change of Z that carrying it to one moment made."""
    before = dataset["impedance_measured"].values
    used = dataset["used"].values.astype(bool)
    return float(np.abs((dataset["impedance"].values - before)[used] / before[used]).max())
