"""Names and attributes of Monte Carlo bands."""

from __future__ import annotations

import numpy as np
import xarray as xr

from iondrift import variables
from iondrift.drift.bands.arguments import Posed
from iondrift.drift.bands.options import BANDED, METHODS
from iondrift.drift.bands.replicates import BandOutcome
from iondrift.drift.smoothing.profiles import smoothing_attributes


def label_bands(outcome: BandOutcome, posed: Posed) -> xr.Dataset:
    """Return quantiles (quantile, time, x) and draws by replicate with names, coordinates and attributes."""
    from iondrift_kernels.constants import FARADAY

    inputs, draws = posed.inputs, posed.draws
    coords = {
        "quantile": draws.levels,
        "time": inputs.concentration["time"].variable,
        "x": inputs.concentration["x"].variable,
        "sampled_time": ("sampled_time", outcome.sampled, variables.VARIABLES["sampled_time"].attrs),
        "end": ["plating", "counter"],
        "replicate": np.arange(outcome.maximum.size),
    }
    last = outcome.ends[:, -1]
    bands = {BANDED[code]: np.moveaxis(outcome.bands[q], -1, 0) for q, code in enumerate(draws.codes)}
    scalars = {
        "maximum_drift_velocity": outcome.maximum,
        "final_drift_velocity": last,
        "penetration_depth": outcome.penetration,
        "spatial_spread": (last[0] - last[1]) / last[0],
        "monte_carlo_error": outcome.errors.max(axis=-1),
    }
    if draws.began is not None:
        scalars["growth"] = last / outcome.ends[:, 0] - 1.0
    if inputs.current is not None and abs(inputs.current[draws.end]) > 1e-3 * np.abs(inputs.current).max():
        scalars["final_charge_balance"] = -FARADAY * outcome.flux_ends[:, -1] / inputs.current[draws.end]
    result = variables.dataset(bands | scalars, coords, dict.fromkeys(bands, ("quantile", "time", "x")))
    result.attrs = {
        "closure": posed.closure.name,
        "closure_meaning": posed.closure.meaning,
        "method": draws.method,
        "method_meaning": METHODS[draws.method],
        "samples": outcome.samples,
        "seed": draws.seed,
        "uncertainties": str(draws.uncertainties),
        "relative_monte_carlo_error": outcome.relative_error(),
        "assumptions": "dilute solution; Nernst-Einstein mobility; one dimension; no convection; the closure holds",
    } | smoothing_attributes(posed.series)
    return result
