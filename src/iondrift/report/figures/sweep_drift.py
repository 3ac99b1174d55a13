"""The figure of change within a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift.report.figures import drawing
from iondrift.report.series_axis import SeriesAxis

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def sweep_drift(dataset: xr.Dataset, axis: SeriesAxis, *, title: str) -> Figure:
    """Draw how far |Z| of each spectrum changed during its sweep, with 95 % bands, and that of all frequencies."""
    figure, (upper, lower) = drawing.panels(5.2, 4.6, rows=2)
    value, drifts = 100.0 * dataset["largest_sweep_change"].values, dataset["sweep_drifts"].values.astype(bool)
    order = np.argsort(axis.values, kind="stable")
    distinct = bool((np.diff(axis.values[order]) > 0.0).all())  # a map needs columns of their own
    place = axis.values if distinct else np.arange(1.0, value.size + 1.0)
    order = order if distinct else np.arange(value.size)
    low, _, high = 100.0 * dataset["largest_sweep_change_band"].values
    for which, colour, label in ((~drifts, "#009e73", "steady"), (drifts, "#d55e00", "drifts")):
        there = which & np.isfinite(value)
        if there.any():
            spread = np.stack([value - low, high - value])[:, there]
            upper.errorbar(place[there], value[there], spread, fmt=".", ms=4, lw=0.8, color=colour, label=label)
    upper.axhline(0.0, color="0.7", lw=0.6, zorder=0)
    upper.set(ylabel="largest change of |Z|\nin a sweep / %")
    upper.legend()
    change = 100.0 * dataset["sweep_change"].values.real
    size = float(np.nanmax(np.abs(change)))
    picture = lower.pcolormesh(
        place[order], dataset["frequency"].values, change[order].T, cmap="PuOr", vmin=-size, vmax=size,
        shading="nearest", rasterized=True,
    )  # fmt: skip
    lower.set(yscale="log", xlabel=axis.label if distinct else "spectrum", ylabel="frequency / Hz")
    figure.colorbar(picture, ax=lower, label="change of |Z| / %")
    upper.set_title(f"{title}: change during a sweep", loc="left")
    return figure
