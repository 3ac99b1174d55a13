"""What the bands rest on, for the summary: error model, method, budget, and the choice of closure beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from iondrift.drift.bands.uncertainties import DATA, DEFAULT, DIFFUSIVITY_DEFAULT, OF_VOLTAGE, Uncertainties
from iondrift.experiment.results import UM_PER_H, Analysis, Bands
from iondrift.report.summary.quantities import Entry, quantity

_PROFILE_NOISE = "profile_noise"
_WITH_D = "stated with D(c)"
_OF_LEDGER = OF_VOLTAGE[1:]


def uncertainty(analysis: Analysis) -> Entry:
    """Return how bands were made and what they consist of, or why there are none."""
    bands = analysis.bands
    if bands is None:
        return {"computed": False, "reason": analysis.no_bands}
    chosen = analysis.experiment.reconstruction.closure
    main = bands.by_closure.get(chosen)
    if main is None:
        return {"computed": False, "reason": bands.failed[chosen]}
    return {
        "computed": True,
        "closure": chosen,
        "method": main.attrs["method"],
        "method_meaning": main.attrs["method_meaning"],
        "samples": main.attrs["samples"],
        "seed": main.attrs["seed"],
        "monte_carlo_error": quantity(
            100.0 * main.attrs["relative_monte_carlo_error"],
            "%",
            "standard error of an edge of the 95 % band of v over the band's width, mean over times and places",
        ),
        "profile_noise": _noise(analysis),
        "sources": _sources(analysis, bands),
        "budget": None if bands.budget is None else _budget(bands.budget),
        "closure_sensitivity": None if bands.budget is None else _sensitivity(bands.budget),
        "not_possible": dict(bands.failed),
    }


def _noise(analysis: Analysis) -> Entry:
    attrs = analysis.dataset.attrs
    level = analysis.experiment.electrolyte.concentration_mol_per_L * 1e3
    number, estimate = len(analysis.measured.calibration.reference), analysis.measured.noise
    return {
        "standard_deviation": quantity(
            100.0 * attrs["noise_standard_deviation"] / level, "%", "of c0, per independent point, found by REML"
        ),
        "autocorrelation": [round(float(value), 3) for value in estimate.autocorrelation[1:]] if estimate else [],
        "independent_points": attrs["independent_points"],
        "origin": DATA,
        "correlation_treated_by": "whitening: fitted to the directions that hold independent noise",
        "reference": f"mean of {number} profiles" if number > 1 else "one profile" if number else None,
    }


def _sources(analysis: Analysis, bands: Bands) -> list[Entry]:
    """Return name, value, unit and origin of every source, profile noise first."""
    noise = _noise(analysis)["standard_deviation"]
    rows = [{"source": _PROFILE_NOISE, "meaning": "profile noise, the reference's too", "origin": DATA, **noise}]
    for name, (meaning, value, unit, origin) in zip(
        Uncertainties.__dataclass_fields__, bands.uncertainties.described(), strict=True
    ):
        if name == "solution_relative" and analysis.measured.solution is None:
            continue
        if name in _OF_LEDGER and analysis.ledger is None:
            continue
        if analysis.ledger is not None and name in analysis.ledger.from_data:
            origin = DATA
        if name == "diffusivity_relative" and value is None:
            value, origin = _diffusivity(analysis)
        shown = quantity(None if value is None else 100.0 * value, "%") if unit == "1" and "relative" in name else None
        rows.append({"source": name, "meaning": meaning, "origin": origin, **(shown or quantity(value, unit))})
    return rows


def _diffusivity(analysis: Analysis) -> tuple[float | None, str]:
    diffusivity = analysis.measured.diffusivity
    if diffusivity.relative_uncertainty is not None:
        return diffusivity.relative_uncertainty, _WITH_D
    return (None, f"covariance {_WITH_D}") if diffusivity.covariance is not None else (DIFFUSIVITY_DEFAULT, DEFAULT)


def _budget(budget: xr.Dataset) -> Entry:
    caveat = "half the width of the 68 % band of this source alone"
    rows = []
    for source in budget.source.values:
        one = budget.sel(source=source)
        rows.append(
            {
                "source": str(source),
                **{
                    str(name): {
                        **quantity(float(one.half_width.sel(quantity=name)) * UM_PER_H, "um/h", caveat),
                        "share": quantity(100.0 * float(one.share.sel(quantity=name)), "%", "of the summed variance"),
                    }
                    for name in budget["quantity"].values
                },
            }
        )
    together = {
        str(name): quantity(float(budget.total_half_width.sel(quantity=name)) * UM_PER_H, "um/h", "all sources")
        for name in budget["quantity"].values
    }
    return {"samples": budget.attrs["samples"], "alone": rows, "together": together}


def _sensitivity(budget: xr.Dataset) -> Entry:
    """Return v under each closure, its shift from the chosen one, and the shift in units of the band."""
    result: Entry = {}
    for name in budget["quantity"].values:
        one = budget.sel(quantity=name)
        widths = np.abs(one.closure_shift.values) / float(one.total_half_width)
        result[str(name)] = {
            "range": [float(one.closure_velocity.min()) * UM_PER_H, float(one.closure_velocity.max()) * UM_PER_H],
            "unit": "um/h",
            "shift": {
                str(closure): quantity(float(shift) * UM_PER_H, "um/h")
                for closure, shift in zip(budget.closure.values, one.closure_shift.values, strict=True)
            },
            "largest_shift": _times(float(widths.max())),
        }
    return result


def _times(value: float) -> dict[str, Any]:
    return quantity(value, "half-widths of the 68 % band")
