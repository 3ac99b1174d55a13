"""Numbers of the summary: value and unit, and the band where there is one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from iondrift.cast import FloatArray
from iondrift.experiment.results import LEVELS

Entry = dict[str, Any]


def quantity(value: float | None, unit: str, caveat: str = "", *, edges: FloatArray | None = None) -> Entry:
    """Return value and unit; a value that does not exist is null.

    Parameters
    ----------
    value
        In ``unit``.
    unit
        As printed.
    caveat
        What to keep in mind with it.
    edges
        (level,), the value's quantiles at ``LEVELS`` in the same unit; None without a band.

    Examples
    --------
    >>> quantity(2.0, "h", edges=np.array([1.0, 1.5, 2.0, 2.5, 3.0]))
    {'value': 2.0, 'unit': 'h', 'band_68': [1.5, 2.5], 'band_95': [1.0, 3.0]}
    """
    result: Entry = {"value": _number(value), "unit": unit}
    if edges is not None:
        widest, wide, _, wide_above, widest_above = (_number(edge) for edge in edges)
        result |= {"band_68": [wide, wide_above], "band_95": [widest, widest_above]}
    return result | ({"caveat": caveat} if caveat else {})


def edges_of(draws: FloatArray | None, scale: float = 1.0) -> FloatArray | None:
    """Return quantiles at ``LEVELS`` of draws (replicate,) times a scale; infinite draws keep their place."""
    if draws is None:
        return None
    return np.asarray(np.quantile(draws * scale, LEVELS, method="inverted_cdf"))


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
