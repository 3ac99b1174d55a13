"""Figures of diffusion experiments: decays with residuals, and D(c) with its band."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from iondrift.cast import FloatArray
from iondrift.experiment.diffusion import DiffusionSeries
from iondrift.experiment.results import LEVELS
from iondrift.nmr.concentration_series import DiffusivityFit, diffusivity_band
from iondrift.report.figures import drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SCALE = 1e12  # um2/s


def draw(series: DiffusionSeries, *, title: str, folder: Path, kinds: Sequence[str] = drawing.ALL) -> list[Path]:
    """Draw every figure in each of its kinds (png, svg); return the files written."""
    title = drawing.literal(title)
    drawings: dict[str, Callable[[], Figure]] = {"decays": lambda: decays(series, title=title)}
    concentrations, fitted = series.concentrations, series.fitted
    if fitted is not None and concentrations is not None:
        drawings["diffusivity"] = lambda: diffusivity(series, concentrations, fitted, title=title)
    return drawing.save_each(drawings, folder, kinds)


def decays(series: DiffusionSeries, *, title: str) -> Figure:
    """Draw ln I against b, measured and fitted, and the residuals below, in order of b."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 4.6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    colours = colormaps[drawing.TIME_COLOURS](np.linspace(0.0, 0.85, len(series.experiments)))
    for experiment, colour in zip(series.experiments, colours, strict=True):
        order = np.argsort(experiment.b)
        b, fit = experiment.b[order] * 1e-9, experiment.fit
        above.plot(b, experiment.integrals[order], ".", color=colour, label=drawing.literal(experiment.name))
        smooth = np.linspace(0.0, b[-1], 200)
        above.plot(smooth, np.exp(-np.multiply.outer(smooth * 1e9, fit.coefficients)) @ fit.amplitudes, color=colour)
        below.plot(b, 100.0 * fit.residuals[order] / fit.amplitudes.sum(), ".-", color=colour, lw=0.6)
    seen = np.concatenate([experiment.integrals for experiment in series.experiments])
    above.set_yscale("log")
    above.set_ylim(0.5 * seen[seen > 0.0].min(), 2.0)
    above.set_ylabel("integral over the largest")
    above.set_title(title, loc="left")
    above.legend(ncols=1 + len(series.experiments) // 9)
    below.axhline(0.0, color="0.6", lw=0.6)
    below.set_xlabel(r"b / 10$^9$ s m$^{-2}$")
    below.set_ylabel("residual / %")
    return figure


def diffusivity(series: DiffusionSeries, concentrations: FloatArray, fitted: DiffusivityFit, *, title: str) -> Figure:
    """Draw the coefficients with their bands, and D(c) with its 68 and 95 % bands."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 3.4), layout="constrained")
    axes = figure.subplots()
    found = fitted.diffusivity
    c = np.linspace(concentrations.min(), concentrations.max(), 200)
    drawing.band(axes, c * 1e-3, _SCALE * diffusivity_band(found, c, LEVELS), drawing.AT_PLATING)
    axes.plot(c * 1e-3, found(c) * _SCALE, color=drawing.AT_PLATING, label=fitted.form)
    values = np.array([experiment.fit.coefficients[0] for experiment in series.experiments])
    halves = values - np.array([experiment.fit.interval()[0, 0] for experiment in series.experiments])
    axes.errorbar(concentrations * 1e-3, values * _SCALE, halves * _SCALE, fmt=".", color="black", capsize=2, lw=0.8)
    axes.set_xlabel(r"concentration / mol L$^{-1}$")
    axes.set_ylabel(r"D / $\mu$m$^2$ s$^{-1}$")
    axes.set_title(title, loc="left")
    axes.legend()
    return figure
