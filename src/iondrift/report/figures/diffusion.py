"""Figures of diffusion experiments: decays with residuals, and D(c) with its band."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift.report.figures import drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SCALE = 1e12  # um2/s


def draw(found: xr.Dataset, *, title: str, folder: Path, kinds: Sequence[str] = drawing.ALL) -> list[Path]:
    """Draw every figure in each of its kinds (png, svg); return the files written.

    ``found``: what :func:`iondrift.experiment.diffusion_labels.label_series` returns.
    """
    title = drawing.literal(title)
    drawings: dict[str, Callable[[], Figure]] = {"decays": lambda: decays(found, title=title)}
    if "diffusivity" in found:
        drawings["diffusivity"] = lambda: diffusivity(found, title=title)
    return drawing.save_each(drawings, folder, kinds)


def decays(found: xr.Dataset, *, title: str) -> Figure:
    """Draw ln I against b, measured and fitted, and the residuals below, in order of b."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 4.6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    colours = colormaps[drawing.TIME_COLOURS](np.linspace(0.0, 0.85, found.sizes["experiment"]))
    for k, colour in enumerate(colours):
        one = found.isel(experiment=k)
        rows = one.dropna("row", subset=["b"]).sortby("b")
        components = one.dropna("component", subset=["amplitude"])
        amplitudes, D = components.amplitude.values, components.diffusion_coefficient.values
        b, integrals = rows.b.values, rows.integral.values
        above.plot(b * 1e-9, integrals, ".", color=colour, label=drawing.literal(str(one.experiment.item())))
        smooth = np.linspace(0.0, b[-1], 200)
        above.plot(smooth * 1e-9, np.exp(-np.multiply.outer(smooth, D)) @ amplitudes, color=colour)
        left = integrals - np.exp(-np.multiply.outer(b, D)) @ amplitudes
        below.plot(b * 1e-9, 100.0 * left / amplitudes.sum(), ".-", color=colour, lw=0.6)
    seen = found.integral.values
    above.set_yscale("log")
    above.set_ylim(0.5 * seen[seen > 0.0].min(), 2.0)
    above.set_ylabel("integral over the largest")
    above.set_title(title, loc="left")
    above.legend(ncols=1 + found.sizes["experiment"] // 9)
    below.axhline(0.0, color="0.6", lw=0.6)
    below.set_xlabel(r"b / 10$^9$ s m$^{-2}$")
    below.set_ylabel("residual / %")
    return figure


def diffusivity(found: xr.Dataset, *, title: str) -> Figure:
    """Draw the coefficients with their 95 % bands, and D(c) with its 68 and 95 % bands."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 3.4), layout="constrained")
    axes = figure.subplots()
    c = found.concentration.values * 1e-3
    drawing.band(axes, c, _SCALE * found.diffusivity_band.values, drawing.AT_PLATING)
    axes.plot(c, found.diffusivity.values * _SCALE, color=drawing.AT_PLATING, label=found.attrs["form"])
    values = found.diffusion_coefficient.values[:, 0]
    halves = values - found.diffusion_coefficient_band.values[0, :, 0]
    places = found.salt_concentration.values * 1e-3
    axes.errorbar(
        places, values * _SCALE, halves * _SCALE, fmt=".", color="black", capsize=2, lw=0.8, label="_measured"
    )
    axes.set_xlabel(r"concentration / mol L$^{-1}$")
    axes.set_ylabel(r"D / $\mu$m$^2$ s$^{-1}$")
    axes.set_title(title, loc="left")
    axes.legend()
    return figure
