"""Figures of fitted lines: spectrum, sum, components and residual, shifts falling to the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from iondrift.cast import evenly_spaced
from iondrift.report.figures import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST = 6  # spectra drawn


def draw(found: xr.Dataset, *, folder: Path, kinds: Sequence[str] = drawing.ALL) -> list[Path]:
    """Draw at most six spectra of a series in each of their kinds (png, svg); return the files written."""
    drawings: dict[str, Callable[[], Figure]] = {
        f"lines_{one.source.item()}": partial(spectrum, one) for one in shown(found, _MOST)
    }
    return drawing.save_each(drawings, folder, kinds)


def shown(found: xr.Dataset, most: int) -> list[xr.Dataset]:
    """Return the spectra that are drawn, the first and the last among them."""
    return [found.isel(spectrum=int(k)) for k in evenly_spaced(found.sizes["spectrum"], most)]


def spectrum(one: xr.Dataset) -> Figure:
    """Draw one spectrum with its lines, and the residual below."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 4.0), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    draw_spectrum(one, above)
    x, top = one["shift"].values, float(abs(one.measured).max())
    below.plot(x, 100.0 * (one.measured - one.fitted) / top, lw=0.6, color="black")
    below.axhline(0.0, color="0.6", lw=0.6)
    below.set_xlabel("chemical shift / ppm")
    below.set_ylabel("residual / %")
    return figure


def draw_spectrum(one: xr.Dataset, axes: Axes) -> None:
    """Draw one spectrum, its fit and its lines into axes, shifts falling to the right."""
    from matplotlib import colormaps

    x, top = one["shift"].values, float(abs(one.measured).max())
    axes.plot(x, one.measured / top, ".", ms=2, color="0.6", label="measured")
    axes.plot(x, one.fitted / top, color="black", lw=1.0, label="fitted")
    for k in range(one.sizes["line"]):
        colour = colormaps[drawing.TIME_COLOURS](0.15 + 0.7 * k / max(1, one.sizes["line"] - 1))
        name = f"{float(one.position[k]):.1f} ppm"
        axes.plot(x, (one.component[k] + one.baseline) / top, color=colour, lw=1.0, label=name)
    if "source" in one.coords:  # spectra from arrays have none
        axes.set_title(drawing.literal(str(one.source.item())), loc="left")
    axes.set_ylabel("intensity over the largest")
    axes.set_xlim(float(x.max()), float(x.min()))
    axes.legend()
