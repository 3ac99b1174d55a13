"""Results of a fit with names, units and coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from iondrift import variables
from iondrift.cast import FloatArray
from iondrift.drift.inverse import caveats
from iondrift.drift.inverse.anion import AnionSource, name_of, nernst_einstein_ratio
from iondrift.drift.inverse.consistency import STATISTICS, Consistency, consistency, halves
from iondrift.drift.inverse.minimum import Minimum
from iondrift.drift.inverse.options import FormName
from iondrift.drift.inverse.posterior import Draws, at_minimum, draw
from iondrift.drift.inverse.problem import LOG_D, Problem

QUANTILES = (0.025, 0.16, 0.5, 0.84, 0.975)
PARAMETER_NAMES = (
    "salt_diffusion_coefficient", "diffusivity_slope", "diffusivity_curvature", "anion_transference", "sink",
    "plating_gap", "counter_gap",
)  # fmt: skip
PARAMETER_UNITS = ("m2 s-1", "1", "1", "1", "1", "m", "m")


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A finished fit: ``problem`` of the profiles fitted, ``whole`` of all, and what results are made from."""

    problem: Problem
    whole: Problem
    forms: dict[FormName, Minimum]
    source: AnionSource
    concentration: float
    draws: int
    seed: int
    time: FloatArray
    x: FloatArray

    @property
    def used(self) -> int:
        """How many profiles were fitted."""
        return int(self.problem.intensity.shape[0])


def label(fit: Fit) -> xr.Dataset:
    """Return the Dataset of :func:`iondrift.fit_transport`."""
    parts = [_of_form(fit, minimum) for minimum in fit.forms.values()]
    values = {name: np.stack([part[0][name] for part in parts]) for name in parts[0][0]}
    coords: dict[str, Any] = {
        "form": list(fit.forms), "parameter": list(PARAMETER_NAMES), "draw": np.arange(fit.draws),
        "quantile": list(QUANTILES), "time": fit.time[: fit.used], "x": fit.x - fit.x[0],
        "half": ["plating", "counter"],
        "statistic": list(STATISTICS), "unused_time": fit.time[fit.used :],
    }  # fmt: skip
    banded = ("form", "quantile", "time", "x")
    dims = dict.fromkeys(("drift_velocity", "predictive_concentration", "net_anion_velocity"), banded)
    result = variables.dataset(values, coords, dims)
    result = result.assign_coords(parameter_unit=("parameter", list(PARAMETER_UNITS)))
    notes = [note for part in parts for note in part[1]]
    evidence = {form: minimum.evidence for form, minimum in fit.forms.items()}
    ends = {}
    if "drift_velocity" in result:
        ends = {form: values["drift_velocity"][k][[0, -1], -1, 0] for k, form in enumerate(fit.forms)}
    points = fit.problem.places.x.size
    result.attrs = {
        "caveats": notes + caveats.of_all(evidence, ends),
        "assumptions": caveats.ASSUMPTIONS,
        "anion_diffusivity": name_of(fit.source),
        "initial_concentration": fit.concentration,
        "noise": float(fit.problem.noise[0] / fit.problem.intensity[:, :points].mean()),
        "gaps": list(fit.problem.gaps),
        "gap_uncertainty": fit.problem.gap_uncertainty,
        "storage": int(fit.problem.places.storage),
        "electrode_roughness": fit.problem.places.roughness,
        "seed": fit.seed,
    }
    return result


def _of_form(fit: Fit, minimum: Minimum) -> tuple[dict[str, FloatArray], list[str]]:
    """Return the variables of one form without their dimension ``form``, and its caveats."""
    drawn = draw(fit.problem, minimum, fit.source, fit.concentration, fit.draws, fit.seed)
    best = at_minimum(fit.problem, minimum, fit.source, fit.concentration)
    found = consistency(fit.problem, minimum, fit.seed)
    parts = halves(fit.problem, minimum)
    values = _parameters(minimum, drawn) | _residuals(found, parts) | _profiles(fit, minimum, best, drawn)
    values["log_evidence"] = np.array(minimum.evidence)
    values["net_anion_velocity"] = _quantiles(drawn.net_velocity)
    values["surface_concentration"] = fit.concentration * _quantiles(drawn.at_electrode)
    if drawn.velocity is not None:
        values["drift_velocity"] = _quantiles(drawn.velocity)
        ratio = nernst_einstein_ratio(fit.source, drawn.x, drawn.normals, fit.concentration)
        values["nernst_einstein_ratio"] = _quantiles(ratio)
    return values, caveats.of_form(minimum, found, parts, fit.source)


def _quantiles(draws: FloatArray) -> FloatArray:
    """Return quantiles along the first dimension; sorting rows side by side is faster than numpy's along columns."""
    columns = np.sort(np.ascontiguousarray(draws.reshape(draws.shape[0], -1).T), axis=1)
    place = np.array(QUANTILES) * (draws.shape[0] - 1)
    below = place.astype(int)
    low, high = columns[:, below], columns[:, np.minimum(below + 1, draws.shape[0] - 1)]
    found = low + (place - below) * (high - low)
    return np.asarray(found.T.reshape(len(QUANTILES), *draws.shape[1:]))


def _parameters(minimum: Minimum, drawn: Draws) -> dict[str, FloatArray]:
    value, draws = minimum.x.copy(), drawn.x.copy()
    error = np.array([minimum.spread(p) for p in range(value.size)])
    value[LOG_D], draws[:, LOG_D] = np.exp(value[LOG_D]), np.exp(draws[:, LOG_D])
    error[LOG_D] *= value[LOG_D]
    return {"fit_value": value, "fit_error": error, "fit_draw": draws}


def _residuals(found: Consistency, parts: FloatArray) -> dict[str, FloatArray]:
    return {
        "consistency_statistic": found.observed,
        "consistency_probability": found.probability,
        "half_diffusion_coefficient": parts[:, 0],
        "half_diffusion_coefficient_error": parts[:, 0] * parts[:, 1],
        "half_transference": parts[:, 2],
        "half_transference_error": parts[:, 3],
    }


def _profiles(fit: Fit, minimum: Minimum, best: Draws, drawn: Draws) -> dict[str, FloatArray]:
    """Return data without their factors, what fits them, what else could have been measured, and the unused."""
    c0, points = fit.concentration, fit.problem.places.x.size
    residuals = fit.problem.residuals(minimum.prediction)
    alpha, eta = minimum.projection.factors(residuals)
    corrected = np.exp(np.log(fit.problem.intensity) - alpha - eta[:, None])[:, :points]
    noise = (minimum.prediction.seen / minimum.projection.weights)[:, :points]
    random = np.random.Generator(np.random.Philox(fit.seed))
    replicated = drawn.relative + noise * random.standard_normal(drawn.relative.shape)
    values = {
        "corrected_concentration": c0 * corrected,
        "fitted_concentration": c0 * best.relative[0],
        "predictive_concentration": c0 * _quantiles(replicated),
    }
    unused = fit.whole.intensity.shape[0] - fit.used
    if unused:
        prediction = fit.whole.predict(minimum.x)
        if prediction is not None:
            values["unused_residual"] = (fit.whole.residuals(prediction) - alpha)[fit.used :, :points]
    return values
