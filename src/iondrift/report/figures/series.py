"""Spectra of a series in a figure: which are drawn, in which colours, under which names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iondrift.cast import evenly_spaced
from iondrift.report.figures import drawing
from iondrift.report.series_axis import SeriesAxis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

MOST_LINES = 60  # spectra drawn one by one; more would hide each other


def lines(group: np.ndarray[Any, Any], most: int = MOST_LINES) -> list[int]:
    """Return which spectra of a group are drawn, evenly spread."""
    return [int(s) for s in group[evenly_spaced(group.size, most)]]


def colours_of(axis: SeriesAxis) -> ScalarMappable:
    """Return the colours along a series."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    return ScalarMappable(Normalize(float(axis.values.min()), float(axis.values.max())), "viridis")


def colour_bar(figure: Figure, axes: Any, colours: ScalarMappable, axis: SeriesAxis) -> None:
    """Draw what the colours mean, where there is more than one spectrum."""
    if axis.values.size < 2:
        return
    bar = figure.colorbar(colours, ax=axes, label=axis.label)
    if axis.named:
        bar.set_ticks(list(axis.values), labels=list(map(drawing.literal, axis.sources)))
        bar.set_label("")


def name_spectra(axes: Axes, axis: SeriesAxis) -> None:
    """Write the names of spectra along the axis, where they have nothing but names."""
    if axis.named:
        axes.set_xticks(
            axis.values, list(map(drawing.literal, axis.sources)), rotation=40, ha="right", rotation_mode="anchor"
        )
        axes.set_xlabel("")
