"""Axes and results as a user hands them to :mod:`iondrift.plot`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from iondrift.errors import ConfigurationError
from iondrift.experiment.results import HOUR
from iondrift.report.figures import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def one_panel(axes: Axes | None) -> Axes:
    """Return the axes given, or those of a new figure."""
    if axes is not None:
        return axes
    with drawing.style():
        return panels_of(None, 1, 3.4, "")[0]


def panels_of(axes: Sequence[Axes] | None, count: int, height: float, name: str) -> list[Axes]:
    """Return so many axes, one above the other where none are given."""
    if axes is None:
        return list(np.ravel(drawing.panels(5.2, height, rows=count)[1]))
    found: list[Any] = list(np.ravel(np.asarray(axes, dtype=object)))
    if len(found) != count:
        raise ConfigurationError(f"{name}: {len(found)} axes found; {count} are needed, from top to bottom")
    return found


def stacked(places: list[Axes]) -> list[Axes]:
    """Name the common axis below the last panel alone."""
    for place in places[:-1]:
        place.set_xlabel("")
    return places


def hours_of(dataset: xr.Dataset) -> np.ndarray[Any, Any]:
    """Return the times, h."""
    return np.asarray(variable(dataset, "time").values / HOUR)


def variable(dataset: xr.Dataset, name: str) -> xr.DataArray:
    """Return a variable; ConfigurationError where the results hold none of that name."""
    if name not in dataset.variables:
        raise ConfigurationError(f"the results hold no {name!r}, which this figure shows")
    return dataset[name]
