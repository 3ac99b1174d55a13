"""The ledger of the voltage as stacked areas over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift.experiment.results import HOUR
from iondrift.report.figures import drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from iondrift.experiment.log.protocol import Segment

_VISIBLE = 0.01  # of the largest voltage
_COLOURS = ("#999999", "#e69f00", "#56b4e9", "#009e73", "#0072b2", "#f0c9d9")


def voltage_ledger(dataset: xr.Dataset, segments: Sequence[Segment], *, title: str) -> Figure:
    """Draw the parts of the voltage one above the other, and the voltage they should add up to.

    Parameters
    ----------
    dataset
        ``voltage``, ``voltage_effective`` and ``voltage_unaccounted`` (time), ``voltage_part`` (part, time); V.
    segments
        The protocol, shaded.
    title
        Name of the cell.
    """
    figure, axes = drawing.panels(5.2, 3.8)
    hours = dataset.time.values / HOUR
    across = dataset.voltage_effective.values - dataset.voltage_unaccounted.values
    names = [*dataset["part"].values.tolist(), "across the region", "not accounted for"]
    heights = [*dataset.voltage_part.values, across, dataset.voltage_unaccounted.values]
    bottom = np.zeros(hours.size)
    for name, height, colour in zip(names, heights, _COLOURS, strict=True):
        # what the parts hold beyond the voltage gets a colour of its own below
        shown = np.maximum(height, 0.0) if name == names[-1] else height
        axes.fill_between(hours, bottom, bottom + shown, color=colour, lw=0, label=name)
        bottom = bottom + shown
    beyond = np.maximum(bottom - dataset.voltage.values, 0.0)
    if beyond.max() > _VISIBLE * np.abs(dataset.voltage.values).max():
        axes.fill_between(hours, bottom - beyond, bottom, facecolor="white", alpha=0.6, lw=0)
        axes.fill_between(hours, bottom - beyond, bottom, facecolor="none", edgecolor="#d55e00", lw=0, hatch="////",
                          label="parts beyond the voltage")  # fmt: skip
    axes.plot(hours, dataset.voltage, color="0.15", label="cell voltage")
    axes.set(xlabel="time / h", ylabel="$V$ / V", xlim=(hours[0], hours[-1]))
    axes.set_title(title, loc="left", pad=16)
    drawing.shade(axes, segments, named=True)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
