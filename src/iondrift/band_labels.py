"""Names and attributes of Monte Carlo bands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from iondrift import variables
from iondrift.band_draws import BandJob, BandOutcome

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
    growth_from: float | None,
    end: int,
) -> xr.Dataset:
    """Return quantiles (quantile, time, x) and draws by replicate with names, coordinates and attributes."""
    from iondrift_kernels.constants import FARADAY

    coords = {
        "quantile": np.asarray(quantiles, dtype=float),
        "time": concentration["time"],
        "x": concentration["x"],
        "end": ["plating", "counter"],
        "replicate": np.arange(outcome.maximum.size),
    }
    dims = ("quantile", "time", "x")
    result = xr.Dataset(
        {
            BANDED[code]: variables.dataarray(BANDED[code], np.moveaxis(outcome.bands[q], -1, 0), coords, dims=dims)
            for q, code in enumerate(job.codes)
        }
    )
    last = outcome.ends[:, end]
    scalars = {
        "maximum_drift_velocity": outcome.maximum,
        "final_drift_velocity": last,
        "penetration_depth": np.trapezoid(outcome.ends[:, : end + 1], job.time[: end + 1], axis=1),
        "spatial_spread": (last[0] - last[1]) / last[0],
    }
    if growth_from is not None and job.time[0] <= growth_from < job.time[end]:
        began = int(np.searchsorted(job.time, growth_from))
        scalars["growth"] = 1.0 - outcome.ends[:, began] / last
    if job.current is not None and abs(job.current[end]) > 1e-3 * np.abs(job.current).max():
        scalars["final_charge_balance"] = -FARADAY * outcome.flux_ends[:, end] / job.current[end]
    for name, values in scalars.items():
        result[name] = variables.dataarray(name, values, coords)
    result["monte_carlo_error"] = variables.dataarray(
        "monte_carlo_error", outcome.errors.max(axis=-1), {"sampled_time": outcome.sampled, "x": coords["x"]}
    )
    return result
