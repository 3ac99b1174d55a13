"""What the inverse model found of one cell, for JSON and for the printed report."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from iondrift.experiment.results import HOUR, UM_PER_H
from iondrift.experiment.transport import CellFit
from iondrift.report.summary.quantities import Entry, edges_of, quantity
from iondrift.version import __version__

ASSUMPTIONS = (
    "Profiles fix D(c), the product t- i / (F c0), and where the electrodes are; t- stands for t- (c0 given / c0) "
    "(area given / area) (share of the current that does ionic work): 3 % of c0 are 3 % of t-.",
    "Profiles do not fix D-, and without it no drift velocity v; the net velocity of the anions, w = J / c, is fixed.",
    "Electroneutral binary electrolyte, t- constant, no anions through the electrodes, one dimension.",
    "Bands are those of one form of D(c) (Laplace); where forms disagree, the form decides.",
)
_SCALES = {"m2 s-1": (1e12, "um2/s"), "m": (1e6, "um"), "1": (1.0, "1")}
_BANDED = ("drift_velocity", "net_anion_velocity")


def build(found: CellFit) -> Entry:
    """Return the summary: numbers as value and unit, with bands."""
    dataset, experiment = found.dataset, found.measured.experiment
    return {
        "iondrift": __version__,
        "title": f"{experiment.cell.name}: D(c) and t- from profiles and current",
        "fitted_profiles": dataset.sizes["time"],
        "points": dataset.sizes["x"],
        "noise": quantity(100.0 * dataset.attrs["noise"], "% of the intensity"),
        "initial_concentration": quantity(dataset.attrs["initial_concentration"] * 1e-3, "mol/L"),
        "anion_diffusivity": dataset.attrs["anion_diffusivity"],
        "end": quantity(float(dataset.time[end_of(found)]) / HOUR, "h", "last fitted profile under polarisation"),
        "forms": {str(form): _form(dataset.sel(form=form), found, str(form)) for form in dataset.form.values},
        "unused": _unused(dataset),
        "warnings": [*found.notes],
        "assumptions": [*ASSUMPTIONS],
    }


def end_of(found: CellFit) -> int:
    """Return the index of the last fitted profile under polarisation."""
    return min(found.measured.end, found.dataset.sizes["time"] - 1)


def _form(dataset: xr.Dataset, found: CellFit, form: str) -> Entry:
    best, end = float(found.dataset.log_evidence.max()), end_of(found)
    entry: Entry = {
        "parameters": _parameters(dataset),
        "log_evidence_below_best": float(dataset.log_evidence) - best,
        "consistency": {
            str(name): {
                "value": float(dataset.consistency_statistic.sel(statistic=name)),
                "probability": float(dataset.consistency_probability.sel(statistic=name)),
            }
            for name in dataset.statistic.values
        },
        "halves": {
            str(half): {
                "transference": _with_error(dataset.half_transference, dataset.half_transference_error, half, 1.0, "1"),
                "diffusion_coefficient": _with_error(
                    dataset.half_diffusion_coefficient, dataset.half_diffusion_coefficient_error, half, 1e12, "um2/s"
                ),
            }
            for half in dataset.half.values
        },
        "surface_concentration": _median(dataset.surface_concentration[:, end], 1e-3, "mol/L"),
        **{
            name: {place: _median(dataset[name][:, end, k], UM_PER_H, "um/h") for place, k in (("x0", 0), ("xL", -1))}
            for name in _BANDED
            if name in dataset
        },
    }
    if "nernst_einstein_ratio" in dataset:
        entry["nernst_einstein_over_measured"] = _median(dataset.nernst_einstein_ratio, 1.0, "1")
    if form in found.walks:
        entry["mcmc"] = _walk(dataset, found, form)
    return entry


def _parameters(dataset: xr.Dataset) -> Entry:
    found = {}
    for k, name in enumerate(dataset.parameter.values):
        if float(dataset.fit_error[k]) > 0.0:
            scale, unit = _SCALES[str(dataset.parameter_unit.values[k])]
            edges = edges_of(dataset.fit_draw.values[:, k], scale)
            found[str(name)] = quantity(float(dataset.fit_value[k]) * scale, unit, edges=edges)
    return found


def _with_error(value: xr.DataArray, error: xr.DataArray, half: Any, scale: float, unit: str) -> Entry:
    centre, spread = float(value.sel(half=half)) * scale, float(error.sel(half=half)) * scale
    return quantity(centre, unit, edges=centre + spread * np.array([-1.96, -1.0, 0.0, 1.0, 1.96]))


def _median(edges: xr.DataArray, scale: float, unit: str) -> Entry:
    values = edges.values * scale
    return quantity(float(values[2]), unit, edges=values)


def _walk(dataset: xr.Dataset, found: CellFit, form: str) -> Entry:
    """Return means and deviations of the walk over those of the bands, in standard deviations of the latter."""
    walk = found.walks[form]  # type: ignore[index]
    free, value = dataset.fit_error.values > 0.0, dataset.fit_value.values.copy()
    value[0] = np.log(value[0])
    spread = dataset.fit_error.values.copy()
    spread[0] /= dataset.fit_value.values[0]
    names = dataset.parameter.values
    return {
        "accepted": walk.accepted,
        "effective_draws": float(walk.effective[free].min()),
        "parameters": {
            str(names[k]): {
                "shift_in_sd": float((walk.mean[k] - value[k]) / spread[k]),
                "sd_over_laplace": float(walk.spread[k] / spread[k]),
            }
            for k in np.flatnonzero(free)
        },
    }


def _unused(dataset: xr.Dataset) -> Entry | None:
    """Return mean residuals of profiles that were not fitted, at either end, of quarters of them."""
    if "unused_residual" not in dataset:
        return None
    parts = np.array_split(np.arange(dataset.sizes["unused_time"]), min(4, dataset.sizes["unused_time"]))
    return {
        str(form): {
            end: [float(dataset.unused_residual.sel(form=form).values[part][:, place].mean()) for part in parts]
            for end, place in (("x0", slice(None, 4)), ("xL", slice(-4, None)))
        }
        for form in dataset.form.values
    }
