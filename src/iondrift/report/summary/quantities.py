"""Numbers of the summary: value and unit, and the band where there is one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec

import numpy as np

from iondrift.cast import FloatArray
from iondrift.errors import plain
from iondrift.experiment.results import LEVELS

Entry = dict[str, Any]
_How = ParamSpec("_How")


def of_plain_text(build: Callable[_How, Entry]) -> Callable[_How, Entry]:
    """Let a summary hold names of cells and files as text alone, for console, files and JSON."""

    @wraps(build)
    def built(*values: _How.args, **options: _How.kwargs) -> Entry:
        found: Entry = _plain(build(*values, **options))
        return found

    return built


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value


def quantity(
    value: float | None, unit: str, caveat: str = "", *, edges: Sequence[float] | FloatArray | None = None
) -> Entry:
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
        The value's quantiles in the same unit, ascending: five at ``LEVELS``, or three of the 95 % band and the median;
        None without a band.

    Examples
    --------
    >>> quantity(2.0, "h", edges=np.array([1.0, 1.5, 2.0, 2.5, 3.0]))
    {'value': 2.0, 'unit': 'h', 'band_68': [1.5, 2.5], 'band_95': [1.0, 3.0]}
    """
    result: Entry = {"value": finite(value), "unit": unit}
    if edges is not None:
        known = [finite(edge) for edge in edges]
        if len(known) == len(LEVELS):
            result["band_68"] = [known[1], known[-2]]
        result["band_95"] = [known[0], known[-1]]
    return result | ({"caveat": caveat} if caveat else {})


def edges_of(draws: FloatArray | None, scale: float = 1.0) -> FloatArray | None:
    """Return quantiles at ``LEVELS`` of draws (replicate,) times a scale; infinite draws keep their place."""
    if draws is None:
        return None
    return np.asarray(np.quantile(draws * scale, LEVELS, method="inverted_cdf"))


def finite(value: float | None) -> float | None:
    """Return a number as JSON knows it; None for what is none."""
    return None if value is None or not math.isfinite(value) else float(value)
