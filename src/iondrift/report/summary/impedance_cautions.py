"""What the numbers of an impedance series lean on."""

from __future__ import annotations

import numpy as np
import xarray as xr


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
    resolved = dataset["polarisation_resolved"].values.astype(bool)
    if not resolved.all():
        found.append(
            f"in {int((~resolved).sum())} of {resolved.size} spectra over 10 % of the polarisation resistance lies "
            "beyond the measured time constants: total and ohmic resistance depend on the model there (marked *)"
        )
    return found
