"""Every number of diffusion experiments that the report shows, with unit, band and caveats."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

from iondrift.experiment.diffusion import DiffusionExperiment, DiffusionSeries
from iondrift.nmr.concentration_series import DiffusivityFit
from iondrift.nmr.diffusion import DiffusionFit
from iondrift.report.summary.quantities import finite, of_plain_text, quantity

Entry: TypeAlias = dict[str, Any]
_UNIT = "m2/s"


@of_plain_text
def build(series: DiffusionSeries, *, title: str, warnings: Iterable[str] = ()) -> Entry:
    """Return the summary of one or more diffusion experiments.

    Parameters
    ----------
    series
        What was measured and fitted.
    title
        Name of the series.
    warnings
        Collected while it was.
    """
    return {
        "title": title,
        "experiments": [
            _experiment(experiment, None if series.concentrations is None else float(series.concentrations[k]))
            for k, experiment in enumerate(series.experiments)
        ],
        "gradient_uncertainty": series.gradient_uncertainty,
        "diffusivity": None if series.fitted is None else _diffusivity(series.fitted),
        "warnings": list(dict.fromkeys(warnings)),
        "assumptions": [
            "Free diffusion in one direction; no relaxation difference between gradients, no convection.",
            f"Standard errors are those of the fit; gradients known to {series.gradient_uncertainty:.1%} add "
            f"{2.0 * series.gradient_uncertainty:.1%} to every D alike, and are part of the covariance of D(c).",
            "95 % bands by Student's t with n - 2 degrees of freedom.",
        ],
    }


def _experiment(experiment: DiffusionExperiment, concentration: float | None) -> Entry:
    fit = experiment.fit
    return {
        "name": experiment.name,
        "nucleus": experiment.nucleus,
        "pulse_program": experiment.pulse_program,
        "rows": int(experiment.b.size),
        "rows_planned": experiment.planned,
        "region_ppm": list(experiment.region),
        "concentration_mol_per_m3": concentration,
        "largest_b": quantity(float(experiment.b.max()), "s/m2"),
        "components": _components(fit),
        "rejected": None if fit.rejected is None else int(fit.rejected.amplitudes.size),
        "aicc": finite(fit.aicc),
        "aicc_rejected": None if fit.rejected is None else finite(fit.rejected.aicc),
        "notes": list(experiment.notes),
    }


def _components(fit: DiffusionFit) -> list[Entry]:
    share = fit.amplitudes / fit.amplitudes.sum()
    return [
        {
            "diffusion_coefficient": quantity(float(fit.coefficients[k]), _UNIT, edges=fit.interval()[k])
            | {"standard_error": finite(float(fit.standard_errors[k]))},
            "share": float(share[k]),
        }
        for k in range(fit.amplitudes.size)
    ]


def _diffusivity(fitted: DiffusivityFit) -> Entry:
    diffusivity = fitted.diffusivity
    return {
        "form": fitted.form,
        "aicc": {name: finite(value) for name, value in fitted.criteria.items()},
        "description": diffusivity.describe(),
        "section": experiment_section(fitted),
        "worst_residual": float(np.abs(fitted.residuals).max()),
    }


def experiment_section(fitted: DiffusivityFit) -> str:
    """Return D(c) as the section ``[diffusivity]`` of an experiment file."""
    diffusivity = fitted.diffusivity
    values = [float(value) for value in diffusivity.values]
    lines = ["[diffusivity]", f'kind = "{diffusivity.kind}"']
    if diffusivity.kind == "constant":
        lines.append(f"diffusion_coefficient_m2_per_s = {values[0]:.6g}")
    elif diffusivity.kind == "exponential":
        lines += [
            f"diffusion_coefficient_m2_per_s = {values[0]:.6g}",
            f"decay = {values[1]:.6g}",
            f"reference_concentration_mol_per_L = {float(diffusivity.places[0]) * 1e-3:.9g}",
        ]
    elif diffusivity.kind == "polynomial":
        lines += ['argument = "concentration_mol_per_m3"', f"coefficients_m2_per_s = {_listed(values)}"]
    else:
        lines += [
            f"concentration_mol_per_L = {_listed([float(place) * 1e-3 for place in diffusivity.places])}",
            f"diffusion_coefficient_m2_per_s = {_listed(values)}",
        ]
    if diffusivity.valid_range is not None and diffusivity.kind in ("exponential", "polynomial"):
        factor = 1e-3 if diffusivity.kind == "exponential" else 1.0
        lines.append(f"valid_range = {_listed([edge * factor for edge in diffusivity.valid_range])}")
    if diffusivity.covariance is not None:
        rows = np.asarray(diffusivity.covariance)
        lines.append(f"covariance = [{', '.join(_listed([float(value) for value in row]) for row in rows)}]")
    if diffusivity.relative_uncertainty:
        lines += ["", "[uncertainty]", f"diffusivity_relative = {diffusivity.relative_uncertainty:.4g}"]
    return "\n".join(lines)


def _listed(values: Iterable[float]) -> str:
    return f"[{', '.join(f'{value:.9g}' if value != int(value) else f'{value:.1f}' for value in values)}]"
