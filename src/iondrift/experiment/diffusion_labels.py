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
_UNITS: Final = {
    "b": "s m-2",
    "gradient": "T m-1",
    "integral": "1",
    "amplitude": "1",
    "diffusion_coefficient": "m2 s-1",
    "diffusion_coefficient_band": "m2 s-1",
    "salt_concentration": "mol m-3",
    "concentration": "mol m-3",
    "diffusivity": "m2 s-1",
    "diffusivity_band": "m2 s-1",
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
    for name in result.variables:
        if name in _UNITS:
            result[name].attrs["units"] = _UNITS[str(name)]
    return result


def _padded(rows: Sequence[FloatArray]) -> npt.NDArray[np.float64]:
    """Return rows of different lengths as one array, NaN behind the shorter ones."""
    result = np.full((len(rows), max(row.size for row in rows)), np.nan)
    for place, row in zip(result, rows, strict=True):
        place[: row.size] = row
    return result
