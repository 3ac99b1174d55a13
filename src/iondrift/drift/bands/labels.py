"""Names and attributes of Monte Carlo bands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from iondrift import variables
from iondrift.drift.bands.replicates import BandJob, BandOutcome

BANDED = (  # in the order of the kernel's codes
    "drift_velocity",
    "electric_field",
    "flux",
    "flux_diffusive",
    "flux_migrative",
    "mobility",
    "diffusivity",
    "concentration",
    "concentration_gradient",
    "charge_balance",
)


def label_bands(
    outcome: BandOutcome,
    job: BandJob,
    concentration: xr.DataArray,
    quantiles: Sequence[float],
) -> xr.Dataset:
    """Return quantiles (quantile, time, x) and draws by replicate with names, coordinates and attributes."""
    from iondrift_kernels.constants import FARADAY

    coords = {
        "quantile": np.asarray(quantiles, dtype=float),
        "time": concentration["time"].variable,
        "x": concentration["x"].variable,
        "sampled_time": outcome.sampled,
        "end": ["plating", "counter"],
        "replicate": np.arange(outcome.maximum.size),
    }
    last = outcome.ends[:, -1]
    bands = {BANDED[code]: np.moveaxis(outcome.bands[q], -1, 0) for q, code in enumerate(job.codes)}
    scalars = {
        "maximum_drift_velocity": outcome.maximum,
        "final_drift_velocity": last,
        "penetration_depth": outcome.penetration,
        "spatial_spread": (last[0] - last[1]) / last[0],
        "monte_carlo_error": outcome.errors.max(axis=-1),
    }
    if job.began is not None:
        scalars["growth"] = last / outcome.ends[:, 0] - 1.0
    if job.current is not None and abs(job.current[job.end]) > 1e-3 * np.abs(job.current).max():
        scalars["final_charge_balance"] = -FARADAY * outcome.flux_ends[:, -1] / job.current[job.end]
    return variables.dataset(bands | scalars, coords, dict.fromkeys(bands, ("quantile", "time", "x")))
