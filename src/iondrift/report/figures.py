"""Figures for publication: profiles, concentration and drift velocity maps, and everything against time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from iondrift.analysis import HOUR as _HOUR
from iondrift.analysis import UM_PER_H

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import RcKeyType

    from iondrift.analysis import Analysis
    from iondrift.protocol import Segment

_SHOWN = 7  # profiles drawn one by one
_TIME_COLOURS = "viridis"
_AT_PLATING, _AT_COUNTER = "#0072b2", "#d55e00"  # Okabe and Ito: told apart with any colour vision
_CLOSURE_COLOURS = {"voltage": "#cc79a7", "blocking": "#009e73", "current": "#e69f00"}
_STYLE: dict[RcKeyType, Any] = {
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.titlesize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "iondrift",
    "savefig.dpi": 200,
}
_SEGMENT_NAMES = {"open_circuit": "OC", "constant_current": "CC", "constant_voltage": "CV"}


def draw(dataset: xr.Dataset, segments: Sequence[Segment], *, title: str, folder: Path) -> list[Path]:
    """Draw every figure as PNG and SVG.

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

    Returns
    -------
    list of Path
        The files written.
    """
    drawings: dict[str, Callable[[], Figure]] = {
        "profiles": lambda: profiles(dataset, title=title),
        "concentration": lambda: concentration_map(dataset, segments, title=title),
        "drift_velocity": lambda: drift_velocity_map(dataset, segments, title=title),
        "time_series": lambda: time_series(dataset, segments, title=title),
    }
    written: list[Path] = []
    with _style():
        for name, make in drawings.items():
            written += _save(make(), name, folder)
    return written


def _save(figure: Figure, name: str, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{suffix}" for suffix in ("png", "svg")]
    for path in paths:
        # no date in the file: the same results give the same bytes
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
        figure.set_layout_engine("none")  # laid out once for all files
    return paths


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
    with _style():
        return _save(truth(analysis, true), "truth", folder)


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
    relative = _relative(analysis.dataset)
    for name, result in analysis.closures.items():
        velocity = result.drift_velocity.values * UM_PER_H
        along.plot(relative, velocity[analysis.end], color=_CLOSURE_COLOURS[name], label=name)
        through.plot(hours, velocity[:, 0], color=_CLOSURE_COLOURS[name])
    along.plot(relative, true.values[analysis.end] * UM_PER_H, "k--", label="truth")
    through.plot(hours, true.values[:, 0] * UM_PER_H, "k--")
    largest = max(1.0, float(np.abs(true.values).max()) * UM_PER_H)
    along.set_yscale("symlog", linthresh=largest / 30.0)  # closures differ by factors, and v changes sign
    along.set(xlabel="$x/L$ from the plating electrode side", ylabel="$v$ / µm h$^{-1}$", xlim=(0, 1))
    along.set_title(f"{analysis.experiment.cell.name}, {hours[analysis.end]:.1f} h", loc="left")
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

    figure, axes = _figure(5.2, 3.6)
    hours = dataset.time.values / _HOUR
    relative = _relative(dataset)
    colours = ScalarMappable(Normalize(hours[0], hours[-1]), _TIME_COLOURS)
    shown = np.unique(np.linspace(0, hours.size - 1, min(_SHOWN, hours.size)).round().astype(int))
    for k in shown:
        colour = colours.to_rgba(hours[k])
        axes.plot(relative, dataset.concentration_measured.values[k] / 1e3, ".", ms=3, color=colour, alpha=0.55)
        axes.plot(relative, dataset.concentration.values[k] / 1e3, color=colour)
    axes.plot([], [], ".", ms=4, color="0.4", label="measured")
    axes.plot([], [], color="0.4", label=f"smoothed ({dataset.attrs.get('smoothing', 'pspline')})")
    axes.legend(loc="best")
    axes.set(xlabel="$x/L$ from the plating electrode side", ylabel="anion concentration / mol L$^{-1}$")
    axes.set_title(f"{title}: {shown.size} of {hours.size} profiles", loc="left")
    axes.set_xlim(-0.01, 1.01)
    figure.colorbar(colours, ax=axes, label="time / h")
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
    figure, panels = _figure(5.2, 5.6 if has_current else 4.6, rows=4 if has_current else 3)
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
        axes.plot(hours, dataset[name][:, 0] * factor, color=_AT_PLATING, label="at $x_0$ (plating side)")
        axes.plot(hours, dataset[name][:, -1] * factor, color=_AT_COUNTER, label="at $x_L$")
        axes.set_ylabel(label)
    axes.legend(loc="best")
    axes.set_xlabel("time / h")
    axes.set_xlim(hours[0], hours[-1])
    for k, panel in enumerate(panels):
        _shade(panel, segments, named=k == 0)
    figure.align_ylabels(panels)
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
    figure, axes = _figure(5.2, 3.6)
    hours = dataset.time.values / _HOUR
    mesh = axes.pcolormesh(
        hours,
        _relative(dataset),
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
    for name, middle in _names_in_view(segments, low, high):
        axes.text(middle, 1.015, name, transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=8)
    figure.colorbar(mesh, ax=axes, label=label)
    return figure


def _shade(axes: Axes, segments: Sequence[Segment], *, named: bool) -> None:
    low, high = axes.get_xlim()
    for k, segment in enumerate(segments):
        start, stop = max(segment.start / _HOUR, low), min(segment.stop / _HOUR, high)
        if k % 2 and start < stop:
            axes.axvspan(start, stop, color="0.94", lw=0, zorder=0)
    if named:
        for name, middle in _names_in_view(segments, low, high):
            axes.text(middle, 1.03, name, transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=8)


def _names_in_view(segments: Sequence[Segment], low: float, high: float) -> list[tuple[str, float]]:
    """Return name and middle of each segment wide enough to bear its name."""
    found = []
    for segment in segments:
        start, stop = max(segment.start / _HOUR, low), min(segment.stop / _HOUR, high)
        if stop - start > 0.05 * (high - low):
            found.append((_SEGMENT_NAMES.get(segment.kind, segment.kind), (start + stop) / 2))
    return found


def _relative(dataset: xr.Dataset) -> np.ndarray[Any, Any]:
    x = dataset.x.values
    return np.asarray((x - x[0]) / (x[-1] - x[0]))


def _figure(width: float, height: float, *, rows: int = 1) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, 1, sharex=True)


def _style() -> AbstractContextManager[None]:
    import matplotlib

    context: AbstractContextManager[None] = matplotlib.rc_context(_STYLE)
    return context
