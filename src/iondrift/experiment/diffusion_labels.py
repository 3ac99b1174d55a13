"""Diffusion experiments and D(c) as one labelled set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.experiment.diffusion import DiffusionSeries
from iondrift.experiment.results import LEVELS
from iondrift.nmr.concentration_series import diffusivity_band

_CURVE: Final = 200  # points of D(c)
_MEANINGS: Final = {
    "b": ("s m-2", "b of the gradient pulses"),
    "gradient": ("T m-1", "mean over a pulse"),
    "integral": ("1", "of the region, over the largest"),
    "amplitude": ("1", "of a component at b = 0"),
    "diffusion_coefficient": ("m2 s-1", "of a component"),
    "diffusion_coefficient_band": ("m2 s-1", "95 % band by Student's t, of the fit alone"),
    "salt_concentration": ("mol m-3", "of the experiment's sample"),
    "concentration": ("mol m-3", "where D(c) is told"),
    "diffusivity": ("m2 s-1", "D(c), of the form in the attributes"),
    "diffusivity_band": ("m2 s-1", "quantiles of D(c), the gradients' common error among them"),
}


def label_series(series: DiffusionSeries) -> xr.Dataset:
    """Return what was measured and fitted.

    Parameters
    ----------
    series
        Experiments and, where their concentrations are known, D(c).

    Returns
    -------
    xarray.Dataset
        ``b``, ``gradient`` and ``integral`` (experiment, row), over the largest integral; ``amplitude`` and
        ``diffusion_coefficient`` (experiment, component) with ``diffusion_coefficient_band`` (edge, experiment,
        component), 95 %; NaN where an experiment has fewer. With known concentrations ``salt_concentration``
        (experiment), ``diffusivity`` (concentration) and ``diffusivity_band`` (quantile, concentration).
    """
    found = series.experiments
    edges = _padded([np.ravel(experiment.fit.interval()) for experiment in found])
    values: dict[str, Any] = {
        "b": (("experiment", "row"), _padded([experiment.b for experiment in found])),
        "gradient": (("experiment", "row"), _padded([experiment.gradients for experiment in found])),
        "integral": (("experiment", "row"), _padded([experiment.integrals for experiment in found])),
        "amplitude": (("experiment", "component"), _padded([experiment.fit.amplitudes for experiment in found])),
        "diffusion_coefficient": (
            ("experiment", "component"), _padded([experiment.fit.coefficients for experiment in found])
        ),
        "diffusion_coefficient_band": (
            ("edge", "experiment", "component"), np.moveaxis(edges.reshape(len(found), -1, 2), 2, 0)
        ),
    }  # fmt: skip
    coords: dict[str, Any] = {
        "experiment": [experiment.name for experiment in found],
        "edge": [0.025, 0.975],
    }
    attrs: dict[str, Any] = {"gradient_uncertainty": series.gradient_uncertainty}
    if series.fitted is not None and series.concentrations is not None:
        D, measured = series.fitted.diffusivity, series.concentrations
        c = np.linspace(measured.min(), measured.max(), _CURVE)
        coords |= {"concentration": c, "quantile": list(LEVELS), "salt_concentration": ("experiment", measured)}
        values["diffusivity"] = ("concentration", D(c))
        values["diffusivity_band"] = (("quantile", "concentration"), diffusivity_band(D, c, LEVELS))
        attrs |= {"form": series.fitted.form, "diffusivity": D.describe()}
    result = xr.Dataset(values, coords, attrs)
    for name, (unit, meaning) in _MEANINGS.items():
        if name in result.variables:
            result[name].attrs |= {"units": unit, "long_name": meaning}
    return result


def _padded(rows: Sequence[FloatArray]) -> npt.NDArray[np.float64]:
    """Return rows of different lengths as one array, NaN behind the shorter ones."""
    result = np.full((len(rows), max(row.size for row in rows)), np.nan)
    for place, row in zip(result, rows, strict=True):
        place[: row.size] = row
    return result
