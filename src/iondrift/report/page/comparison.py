"""The figure of a comparison's page: v(x0) of every cell against time, a panel a closure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from iondrift.drift.closures import CLOSURES
from iondrift.experiment.results import HOUR, UM_PER_H
from iondrift.report.figures import drawing
from iondrift.report.page.drawn import Drawn, drawn

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito


def figures(cells: Sequence[tuple[str, xr.Dataset]]) -> list[Drawn]:
    """Return v(x0) of the cells with bands, one panel a closure that all have.

    Parameters
    ----------
    cells
        Names with labelled results.
    """
    names = [name for name in CLOSURES if all(name in dataset.closure.values for _, dataset in cells)]
    with drawing.style():
        figure, panels = drawing.fixed_panels(5.2, 0.9 + 1.7 * len(names), rows=len(names), gap=0.32)
        for axes, closure in zip(np.ravel(panels), names, strict=True):
            for k, (name, dataset) in enumerate(cells):
                hours, colour = dataset.time.values / HOUR, _COLOURS[k % len(_COLOURS)]
                if "drift_velocity_band_by_closure" in dataset:
                    edges = dataset.drift_velocity_band_by_closure.sel(closure=closure).isel(x=0)
                    drawing.band(axes, hours, edges.transpose("quantile", "time").values * UM_PER_H, colour)
                values = dataset.drift_velocity_by_closure.sel(closure=closure).values[:, 0]
                axes.plot(hours, values * UM_PER_H, color=colour, label=drawing.literal(name))
            axes.set_title(closure, loc="left")
            axes.set_ylabel("$v(x_0)$ / µm h$^{-1}$")
        np.ravel(panels)[0].legend(loc="best")
        np.ravel(panels)[-1].set_xlabel("time / h")
        return [drawn(figure, "comparison", "Drift velocity at x0 of the cells, with 68 and 95 % bands, per closure.")]
