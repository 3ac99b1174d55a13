"""Figures of the inverse model: profiles with what could have been measured, D(c), and its parameters in pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from iondrift.cast import evenly_spaced
from iondrift.experiment.results import HOUR, UM_PER_H
from iondrift.report.figures import drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = (drawing.AT_PLATING, drawing.AT_COUNTER, "#009e73")  # by form
_PANELS = 4  # profiles shown
_LABELS = {
    "salt_diffusion_coefficient": (r"D(c$_0$) / $\mu$m$^2$ s$^{-1}$", 1e12),
    "diffusivity_slope": (r"q$_1$", 1.0),
    "diffusivity_curvature": (r"q$_2$", 1.0),
    "anion_transference": (r"t$_-$", 1.0),
    "sink": ("k", 1.0),
    "plating_gap": (r"gap, plating / $\mu$m", 1e6),
    "counter_gap": (r"gap, counter / $\mu$m", 1e6),
}


def draw(dataset: xr.Dataset, *, title: str, folder: Path, kinds: Sequence[str] = drawing.ALL) -> list[Path]:
    """Draw every figure in each of its kinds (png, svg); return the files written."""
    title = drawing.literal(title)
    drawings: dict[str, Callable[[], Figure]] = {
        "transport_profiles": lambda: profiles(dataset, title=title),
        "transport_diffusivity": lambda: diffusivity(dataset, title=title),
        "transport_velocity": lambda: velocities(dataset, title=title),
    }
    for form in dataset.form.values:
        drawings[f"transport_parameters_{form}"] = partial(corner, dataset.sel(form=form), title=f"{title}, {form}")
    return drawing.save_each(drawings, folder, kinds)


def profiles(dataset: xr.Dataset, *, title: str) -> Figure:
    """Draw profiles without their factors, the fit of each form, and the 95 % band of what could have been measured."""
    from matplotlib.figure import Figure

    shown = evenly_spaced(dataset.sizes["time"], _PANELS)
    figure = Figure(figsize=(7.2, 5.0), layout="constrained")
    panels = figure.subplots(2, 2, sharex=True, sharey=True).ravel()
    x = dataset.x.values * 1e3
    for axes, k in zip(panels, shown, strict=False):
        for form, colour in zip(dataset.form.values, _COLOURS, strict=False):
            own = dataset.sel(form=form).isel(time=int(k))
            edges = own.predictive_concentration.values * 1e-3
            axes.fill_between(x, edges[0], edges[-1], color=colour, alpha=0.15, lw=0)
            axes.plot(x, own.fitted_concentration.values * 1e-3, color=colour, label=str(form))
        first = dataset.isel(form=0, time=int(k))
        axes.plot(x, first.corrected_concentration.values * 1e-3, ".", color="black", ms=3)
        axes.set_title(f"{float(dataset.time[int(k)]) / HOUR:.2f} h", loc="right")
    panels[0].legend()
    panels[0].set_title(title, loc="left")
    figure.supxlabel("x / mm, from the first point at the plating electrode", fontsize=9)
    figure.supylabel(r"concentration / mol L$^{-1}$", fontsize=9)
    return figure


def diffusivity(dataset: xr.Dataset, *, title: str) -> Figure:
    """Draw D(c) of each form with its 68 and 95 % bands, over the concentrations that were measured."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 3.4), layout="constrained")
    axes = figure.subplots()
    c0 = dataset.attrs["initial_concentration"]
    c = np.linspace(float(dataset.fitted_concentration.min()), float(dataset.fitted_concentration.max()), 200)
    s = c / c0 - 1.0
    for form, colour in zip(dataset.form.values, _COLOURS, strict=False):
        draws = dataset.fit_draw.sel(form=form)
        D, q1, q2 = (draws.sel(parameter=name).values[:, None] for name in list(_LABELS)[:3])
        edges = np.quantile(D * np.exp(s * (q1 + q2 * s)), dataset["quantile"].values, axis=0) * 1e12
        drawing.band(axes, c * 1e-3, edges, colour)
        axes.plot(c * 1e-3, edges[2], color=colour, label=str(form))
    axes.axvline(c0 * 1e-3, color="0.6", lw=0.8, ls=":")
    axes.set_yscale("log")
    for formatter in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        formatter("{x:g}")  # less than a decade: powers of ten say nothing
    axes.set_xlabel(r"concentration / mol L$^{-1}$")
    axes.set_ylabel(r"D of the salt / $\mu$m$^2$ s$^{-1}$")
    axes.set_title(title, loc="left")
    axes.legend()
    return figure


def velocities(dataset: xr.Dataset, *, title: str) -> Figure:
    """Draw v (where D- is known) and w at the end with their bands, for each form."""
    from matplotlib.figure import Figure

    names = [name for name in ("drift_velocity", "net_anion_velocity") if name in dataset]
    figure = Figure(figsize=(3.6 * len(names), 3.2), layout="constrained")
    x = dataset.x.values * 1e3
    for axes, name in zip(np.atleast_1d(figure.subplots(1, len(names))), names, strict=True):
        for form, colour in zip(dataset.form.values, _COLOURS, strict=False):
            edges = dataset[name].sel(form=form).values[:, -1] * UM_PER_H
            drawing.band(axes, x, edges, colour)
            axes.plot(x, edges[2], color=colour, label=str(form))
        axes.axhline(0.0, color="0.6", lw=0.6)
        axes.set_xlabel("x / mm")
        label = f"v, D- by {dataset.attrs['anion_diffusivity']}" if name == "drift_velocity" else "w = J / c"
        axes.set_ylabel(rf"{label} / $\mu$m h$^{{-1}}$")
    figure.axes[0].set_title(f"{title}, {float(dataset.time[-1]) / HOUR:.2f} h", loc="left")
    figure.axes[0].legend()
    return figure


def corner(dataset: xr.Dataset, *, title: str) -> Figure:
    """Draw the draws of every fitted parameter, alone and in pairs."""
    from matplotlib.figure import Figure

    free = [k for k in range(dataset.sizes["parameter"]) if float(dataset.fit_error[k]) > 0.0]
    names = [str(dataset.parameter.values[k]) for k in free]
    draws = [dataset.fit_draw.values[:, k] * _LABELS[name][1] for k, name in zip(free, names, strict=True)]
    size = len(free)
    figure = Figure(figsize=(1.55 * size + 0.6, 1.45 * size + 0.6), layout="constrained")
    grid: Any = figure.subplots(size, size, squeeze=False)
    for row in range(size):
        for column in range(size):
            axes = grid[row][column]
            if column > row:
                axes.set_visible(False)
            elif column == row:
                axes.hist(draws[row], bins=20, color=drawing.AT_PLATING, alpha=0.6)
                axes.set_yticks([])
            else:
                axes.plot(draws[column], draws[row], ".", ms=2, color=drawing.AT_PLATING)
            if row == size - 1:
                axes.set_xlabel(_LABELS[names[column]][0])
            else:
                axes.tick_params(labelbottom=False)
            if column == 0 and row > 0:
                axes.set_ylabel(_LABELS[names[row]][0])
            elif column < row:
                axes.tick_params(labelleft=False)
    figure.suptitle(title, fontsize=9)
    return figure
