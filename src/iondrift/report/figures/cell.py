"""Figures for publication: profiles, concentration and drift velocity maps, and everything against time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from iondrift.cast import evenly_spaced
from iondrift.experiment.results import HOUR as _HOUR
from iondrift.experiment.results import UM_PER_H
from iondrift.report.figures import bands as band_figures
from iondrift.report.figures import drawing, ledger

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from iondrift.experiment.log.protocol import Segment
    from iondrift.experiment.results import Analysis

_SHOWN = 7  # profiles drawn one by one


def draw(
    dataset: xr.Dataset,
    segments: Sequence[Segment],
    *,
    title: str,
    folder: Path,
    kinds: Sequence[str] = drawing.ALL,
) -> list[Path]:
    """Draw every figure.

    Parameters
    ----------
    dataset
        Results of one cell, with ``concentration``, ``concentration_measured``, ``drift_velocity``,
        ``electric_field``, ``voltage`` and, where it was logged, ``current_density``.
    segments
        The protocol, for shading.
    title
        Name of the cell.
    folder
        Where the files go; it is made when missing.
    kinds
        Of files: png, svg.

    Returns
    -------
    list of Path
        The files written.
    """
    title = drawing.literal(title)
    drawings: dict[str, Callable[[], Figure]] = {
        "profiles": lambda: profiles(dataset, title=title),
        "concentration": lambda: concentration_map(dataset, segments, title=title),
        "drift_velocity": lambda: drift_velocity_map(dataset, segments, title=title),
        "time_series": lambda: time_series(dataset, segments, title=title),
    }
    if "drift_velocity_band" in dataset:
        drawings |= {
            "bands_through_time": lambda: band_figures.through_time(dataset, segments, title=title),
            "bands_along_x": lambda: band_figures.along_x(dataset, title=title),
        }
    if "voltage_unaccounted" in dataset:
        drawings["voltage_ledger"] = lambda: ledger.voltage_ledger(dataset, segments, title=title)
    if "budget_share" in dataset:
        drawings["error_budget"] = lambda: band_figures.error_budget(dataset, title=title)
    return drawing.save_each(drawings, folder, kinds)


def draw_truth(analysis: Analysis, true: xr.DataArray, *, folder: Path) -> list[Path]:
    """Draw the drift velocity under each closure beside the truth of a simulated cell.

    Parameters
    ----------
    analysis
        Of a simulated cell.
    true
        True drift velocity, (time, x) in m s-1 at the same times and places.
    folder
        Where the files go.

    Returns
    -------
    list of Path
        The files written.
    """
    with drawing.style():
        return drawing.save(truth(analysis, true), "truth", folder)


def truth(analysis: Analysis, true: xr.DataArray) -> Figure:
    """Draw v along x at the end of the polarisation, and v(x0) through time; truth and each closure.

    Parameters
    ----------
    analysis
        Of a simulated cell.
    true
        True drift velocity, (time, x) in m s-1 at the same times and places.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    along, through = figure.subplots(1, 2, sharey=True)
    hours = analysis.dataset.time.values / _HOUR
    relative = drawing.relative(analysis.dataset)
    for name, result in analysis.closures.items():
        velocity = result.drift_velocity.values * UM_PER_H
        along.plot(relative, velocity[analysis.end], color=drawing.closure_colour(name), label=name)
        through.plot(hours, velocity[:, 0], color=drawing.closure_colour(name))
    along.plot(relative, true.values[analysis.end] * UM_PER_H, "k--", label="truth")
    through.plot(hours, true.values[:, 0] * UM_PER_H, "k--")
    largest = max(1.0, float(np.abs(true.values).max()) * UM_PER_H)
    along.set_yscale("symlog", linthresh=largest / 30.0)  # closures differ by factors, and v changes sign
    along.set(xlabel="$x/L$ from the plating electrode side", ylabel="$v$ / µm h$^{-1}$", xlim=(0, 1))
    along.set_title(f"{drawing.literal(analysis.experiment.cell.name)}, {hours[analysis.end]:.1f} h", loc="left")
    through.set(xlabel="time / h", xlim=(hours[0], hours[-1]))
    through.set_title("at $x_0$ (plating side)", loc="left")
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def profiles(dataset: xr.Dataset, *, title: str) -> Figure:
    """Draw measured points and smoothed lines against x/L, coloured by time.

    Parameters
    ----------
    dataset
        ``concentration`` and ``concentration_measured``, (time, x) in mol m-3.
    title
        Name of the cell.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    figure, axes = drawing.fixed_panels(5.2, 3.6, right=drawing.COLOUR_BAR, top=0.42)
    hours = dataset.time.values / _HOUR
    relative = drawing.relative(dataset)
    colours = ScalarMappable(Normalize(hours[0], hours[-1]), drawing.TIME_COLOURS)
    shown = evenly_spaced(hours.size, _SHOWN)
    measured, label = dataset.concentration_measured.values, "measured"
    if "reference_noise" in dataset and np.any(dataset.reference_noise.values):
        # what the division by a noisy reference prints on all profiles alike looks like structure, and is none
        measured, label = measured - dataset.reference_noise.values, "measured, less the reference's noise (as fitted)"
    for k in shown:
        colour = colours.to_rgba(hours[k])
        at = f"{hours[k]:.2f} h"  # behind an underscore: not in the legend
        axes.plot(relative, measured[k] / 1e3, ".", ms=3, color=colour, alpha=0.55, label=f"_measured, {at}")
        axes.plot(relative, dataset.concentration.values[k] / 1e3, color=colour, label=f"_smoothed, {at}")
    axes.plot([], [], ".", ms=4, color="0.4", label=label)
    axes.plot([], [], color="0.4", label=f"smoothed ({dataset.attrs.get('smoothing', 'pspline')})")
    axes.legend(loc="best")
    axes.set(xlabel="$x/L$ from the plating electrode side", ylabel="anion concentration / mol L$^{-1}$")
    axes.set_title(f"{title}: {shown.size} of {hours.size} profiles", loc="left")
    axes.set_xlim(-0.01, 1.01)
    drawing.colour_bar(figure, colours, axes, "time / h")
    return figure


def concentration_map(dataset: xr.Dataset, segments: Sequence[Segment], *, title: str) -> Figure:
    """Draw the smoothed concentration over time and position.

    Parameters
    ----------
    dataset
        ``concentration``, (time, x) in mol m-3.
    segments
        The protocol; changes are marked.
    title
        Name of the cell.
    """
    values = dataset.concentration.values / 1e3
    return _map(dataset, values, segments, title=title, label="anion concentration / mol L$^{-1}$", colours="cividis")


def drift_velocity_map(dataset: xr.Dataset, segments: Sequence[Segment], *, title: str) -> Figure:
    """Draw the drift velocity over time and position.

    Parameters
    ----------
    dataset
        ``drift_velocity``, (time, x) in m s-1.
    segments
        The protocol; changes are marked.
    title
        Name of the cell.
    """
    values = dataset.drift_velocity.values * UM_PER_H
    closure = dataset.attrs.get("closure", "")
    label = "anion drift velocity / µm h$^{-1}$"
    largest = float(np.abs(values).max())
    if values.min() < -0.02 * largest:  # both signs: zero gets its own colour
        limits, colours = (-largest, largest), "RdBu_r"
    else:
        limits, colours = (min(0.0, float(values.min())), largest), "magma"
    title = f"{title}: closure {closure}" if closure else title
    return _map(dataset, values, segments, title=title, label=label, colours=colours, limits=limits)


def time_series(dataset: xr.Dataset, segments: Sequence[Segment], *, title: str) -> Figure:
    """Draw voltage, current density, electric field and drift velocity at both ends against time.

    Parameters
    ----------
    dataset
        ``voltage`` (time), ``current_density`` (time) where logged, ``electric_field`` and ``drift_velocity``
        (time, x); SI.
    segments
        The protocol, shaded.
    title
        Name of the cell.
    """
    has_current = "current_density" in dataset
    figure, panels = drawing.fixed_panels(5.2, 5.6 if has_current else 4.6, rows=4 if has_current else 3, top=0.42)
    hours = dataset.time.values / _HOUR
    rows = iter(panels)
    axes = next(rows)
    axes.plot(hours, dataset.voltage, color="0.15")
    axes.set_ylabel("$V$ / V")
    axes.set_title(title, loc="left", pad=16)
    if has_current:
        axes = next(rows)
        axes.plot(hours, -dataset.current_density / 10.0, color="0.15")  # 1 mA cm-2 = 10 A m-2
        axes.set_ylabel("$-i$ / mA cm$^{-2}$")
        axes.set_ylim(min(0.0, axes.get_ylim()[0]), None)
    for name, factor, label in (
        ("electric_field", 1e-3, "$E$ / V mm$^{-1}$"),
        ("drift_velocity", UM_PER_H, "$v$ / µm h$^{-1}$"),
    ):
        axes = next(rows)
        for end, colour, place in (
            (0, drawing.AT_PLATING, "at $x_0$ (plating side)"),
            (-1, drawing.AT_COUNTER, "at $x_L$"),
        ):
            axes.plot(hours, dataset[name][:, end] * factor, color=colour, label=place)
            if f"{name}_band" in dataset:
                drawing.band(axes, hours, dataset[f"{name}_band"].values[:, :, end] * factor, colour)
        axes.set_ylabel(label)
    axes.legend(loc="best")
    axes.set_xlabel("time / h")
    axes.set_xlim(hours[0], hours[-1])
    for k, panel in enumerate(panels):
        drawing.shade(panel, segments, named=k == 0)
    return figure


def _map(
    dataset: xr.Dataset,
    values: np.ndarray[Any, Any],
    segments: Sequence[Segment],
    *,
    title: str,
    label: str,
    colours: str,
    limits: tuple[float | None, float | None] = (None, None),
) -> Figure:
    figure, axes = drawing.fixed_panels(5.2, 3.6, right=drawing.COLOUR_BAR, top=0.42)
    hours = dataset.time.values / _HOUR
    mesh = axes.pcolormesh(
        hours,
        drawing.relative(dataset),
        values.T,
        cmap=colours,
        vmin=limits[0],
        vmax=limits[1],
        shading="nearest",
        rasterized=True,  # thousands of cells as paths make a slow file
    )
    low, high = axes.get_xlim()
    for segment in segments[1:]:
        start = segment.start / _HOUR
        if low < start < high:
            axes.axvline(start, color="white", lw=0.9, ls="--")
    axes.set(xlabel="time / h", ylabel="$x/L$ from the plating electrode side", ylim=(0, 1))
    axes.set_title(title, loc="left", pad=16 if segments else 6)
    for name, middle in drawing.names_in_view(segments, low, high):
        axes.text(middle, 1.015, name, transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=8)
    drawing.colour_bar(figure, mesh, axes, label)
    return figure
