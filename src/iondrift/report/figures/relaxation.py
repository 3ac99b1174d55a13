"""Figures of distributions of relaxation times: one above the other, and as a map through the series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from iondrift.report.figures import drawing
from iondrift.report.figures.series import MOST_LINES, colour_bar, colours_of, lines, name_spectra
from iondrift.report.series_axis import SeriesAxis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GAMMA = r"$\gamma$ / $\Omega$"
_TAU = r"$\tau = 1 / (2 \pi f)$ / s"


def relaxation_times(dataset: xr.Dataset, axis: SeriesAxis, *, title: str) -> Figure:
    """Draw the distributions one above the other, coloured along the series, each with its band.

    Every one is scaled by its own maximum where they differ by more than a factor of ten.
    """
    shown = lines(np.arange(dataset.sizes["spectrum"]), most=20)
    figure, axes = drawing.panels(5.2, 3.0 + 0.13 * len(shown))
    colours = colours_of(axis)
    tau, gamma = dataset["tau"].values, dataset["gamma"].values
    band = dataset["gamma_band"].values if "gamma_band" in dataset else None
    # The ends beyond the measured frequencies would dwarf what was measured; a wide band must keep to its lane.
    heights = (gamma if band is None else np.maximum(gamma, band[-1]))[:, _measured(dataset)].max(axis=1)
    own = bool(heights[shown].max() > 10.0 * heights[shown].min())
    step = 0.0 if len(shown) == 1 else (1.0 if own else 0.5 * float(heights[shown].max()))
    ceiling = 0.97 if own else 1.05 * float(heights[shown].max())
    for place, s in enumerate(shown):
        scale = 0.9 / max(float(heights[s]), 1e-300) if own else 1.0
        base, colour, depth = place * step, colours.to_rgba(axis.values[s]), 2.0 * (len(shown) - place)
        if band is not None:
            low, high = (np.minimum(band[edge, s] * scale, ceiling) for edge in (0, -1))
            axes.fill_between(tau, base + low, base + high, color=colour, alpha=0.3, lw=0, zorder=depth)
        lane = np.where(gamma[s] * scale <= ceiling, gamma[s] * scale, np.nan)  # a curve that leaves its lane ends
        axes.plot(tau, base + lane, color=colour, lw=1.2, zorder=depth + 1)
    top = (len(shown) - 1) * step + ceiling
    lowest = float((gamma if band is None else np.minimum(gamma, band[0]))[shown[0], _measured(dataset)].min())
    lowest *= 0.9 / max(float(heights[shown[0]]), 1e-300) if own else 1.0
    if lowest < 0.0:
        axes.axhline(0.0, color="0.7", lw=0.6, zorder=0)
    _mark_measured(axes, dataset)
    label = r"$\gamma$, each to its own scale" if own else _GAMMA
    axes.set(xscale="log", xlabel=_TAU, ylabel=f"{label}, shifted" if step else label)
    axes.set(xlim=(tau[0], tau[-1]), ylim=(min(-0.02 * top, 1.05 * lowest), top))
    if own:
        axes.set_yticks([])
    told = [f"{len(shown)} of {len(gamma)} spectra"] if len(shown) < len(gamma) else []
    told += [] if band is None else [f"95 % bands ({dataset.attrs['band_method']})"]
    axes.set_title(f"{title}: {'; '.join(told)}" if told else title, loc="left")
    colour_bar(figure, axes, colours, axis)
    return figure


def relaxation_map(dataset: xr.Dataset, axis: SeriesAxis, *, title: str) -> Figure:
    """Draw gamma over tau and the series, with the peaks; normalised where the resistances differ tenfold."""
    figure, axes = drawing.panels(5.2, 3.8)
    total = dataset["polarisation_resistance"].values
    normalised = bool(total.max() > 10.0 * max(float(total.min()), 1e-300))
    values = dataset["gamma_normalised" if normalised else "gamma"].values
    tau = dataset["tau"].values
    order = np.argsort(axis.values, kind="stable")
    place = axis.values[order]
    # The ends beyond the measured frequencies would take the whole scale.
    top = float(np.nanmax(values[:, _measured(dataset)]))
    mesh = axes.pcolormesh(
        place, tau, values[order].T, cmap="magma", vmin=0.0, vmax=top, shading="nearest", rasterized=True
    )
    for k in range(dataset.sizes["peak"]):
        few = place.size <= MOST_LINES
        look: dict[str, Any] = {"lw": 0.8, "marker": "o", "ms": 2.5} if few else {"lw": 0.5}
        axes.plot(place, dataset["peak_tau"].values[k][order], color="white", **look)
        if few and "peak_resolved" in dataset:  # hollow where the draws do not share the peak
            open_ones = ~dataset["peak_resolved"].values[k][order].astype(bool)
            taus = np.where(open_ones, dataset["peak_tau"].values[k][order], np.nan)
            axes.plot(place, taus, "o", ms=2.5, mec="white", mfc="black", mew=0.6)
    for edge in _edges(dataset):
        axes.axhline(edge, color="0.6", ls=":", lw=0.8)
    axes.set(yscale="log", ylabel=_TAU, xlabel=axis.label)
    axes.set_title(f"{title}: peaks in white; measured between the dotted lines", loc="left")
    name_spectra(axes, axis)
    label = r"$h = \gamma / \sum R_k$" if normalised else _GAMMA
    figure.colorbar(mesh, ax=axes, label=label, extend="max" if values.max() > top else "neither")
    return figure


def _edges(dataset: xr.Dataset) -> tuple[float, float]:
    """Return the shortest and the longest time constant that was measured, 1 / (2 pi f)."""
    omega = 2.0 * np.pi * dataset["frequency"].values
    return 1.0 / float(omega.max()), 1.0 / float(omega.min())


def _measured(dataset: xr.Dataset) -> np.ndarray[Any, np.dtype[np.bool_]]:
    first, last = _edges(dataset)
    tau = dataset["tau"].values
    return np.asarray((tau >= first) & (tau <= last))


def _mark_measured(axes: Axes, dataset: xr.Dataset) -> None:
    """Shade the time constants beyond those measured."""
    tau = dataset["tau"].values
    fastest, slowest = _edges(dataset)
    for first, last in ((tau[0], fastest), (slowest, tau[-1])):
        if first < last:
            axes.axvspan(first, last, color="0.94", lw=0, zorder=0)
