"""What the numbers of an impedance series lean on."""

from __future__ import annotations

import numpy as np
import xarray as xr

from iondrift.report.summary import sweep_drift
from iondrift.settings import setting


def cautions(dataset: xr.Dataset) -> list[str]:
    """Return a sentence for everything to keep in mind with the numbers."""
    found = []
    omega = 2.0 * np.pi * dataset["frequency"].values
    fastest, slowest = 1.0 / float(omega.max()), 1.0 / float(omega.min())
    first, last = dataset.attrs["window_s"]
    if first < 0.99 * fastest or last > 1.01 * slowest:
        found.append(
            f"the window {first:g} to {last:g} s reaches beyond the time constants that were measured, "
            f"{fastest:.2g} to {slowest:.2g} s; what it counts there is extrapolated; choose another window"
        )
    outside = dataset["windowed_resistance"].values < 0.05 * dataset["polarisation_resistance"].values
    if outside.any():
        found.append(
            f"in {int(outside.sum())} of {outside.size} spectra the window holds under 5 % of the polarisation "
            "resistance: it does not frame the process, choose another window"
        )
    failed = ~dataset["kk_consistent"].values.astype(bool)
    if failed.any():
        found.append(
            f"{int(failed.sum())} of {failed.size} spectra miss the Kramers-Kronig limit of "
            f"{100.0 * dataset.attrs['kk_limit']:g} %: drift, nonlinearity, artefacts, or a blocking electrode "
            "without its series capacitance; their distribution is doubtful"
        )
    found += sweep_drift.cautions(dataset)
    found += _not_represented(dataset)
    resolved = dataset["polarisation_resolved"].values.astype(bool)
    if not resolved.all():
        found.append(
            f"in {int((~resolved).sum())} of {resolved.size} spectra over 10 % of the polarisation resistance lies "
            "beyond the measured time constants: total and ohmic resistance depend on the model there (marked *)"
        )
    return found


def _not_represented(dataset: xr.Dataset) -> list[str]:
    """Return what the distribution cannot follow, and what to do about it."""
    doubtful = ~dataset["represented"].values.astype(bool)
    if not doubtful.any():
        return []
    residual = dataset["relative_residual"].values[doubtful]
    worst = 100.0 * float(np.nanmax(np.maximum(np.abs(residual.real), np.abs(residual.imag))))
    misfit, floor = (100.0 * dataset[name].values[doubtful] for name in ("misfit", "kk_floor"))
    most = int(np.argmax(misfit / floor))
    text = (
        f"in {int(doubtful.sum())} of {doubtful.size} spectra the distribution misses the data, by {worst:.3g} % of "
        f"|Z| at worst (rms {misfit[most]:.2g} %, where a Kramers-Kronig model leaves {floor[most]:.2g} %): total and "
        "ohmic resistance are not to be used (marked !)"
    )
    places = dataset["loop_frequency"].values[doubtful]
    looped = np.isfinite(places)
    signed = "either sign" in dataset.attrs["constraint"]
    if looped.any():
        text += (
            f"; Im Z > 0 or Re Z falls towards low frequency near {np.nanmedian(places):.2g} Hz, an inductive loop or "
            "a negative resistance"
        )
        text += "" if signed else f", which gamma >= 0 cannot represent; allow it with {setting('negative', True)}"
    elif not signed:
        text += f"; mask the points of an artefact, or allow gamma of either sign with {setting('negative', True)}"
    return [text]
