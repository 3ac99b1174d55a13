"""Which points of a series do not count, in numbers and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray

_NAMED = 3  # spectra told one by one


def facts(used: npt.NDArray[np.bool_], frequency: FloatArray) -> dict[str, Any]:
    """Return how many points are masked, which in all spectra and which in single ones.

    Parameters
    ----------
    used
        (spectrum, frequency).
    frequency
        Hz, ascending.

    Examples
    --------
    >>> import numpy as np
    >>> facts(np.array([[True, False, False], [True, False, True]]), np.array([1.0, 50.0, 1e3]))
    {'points': 3, 'of': 6, 'in_all_Hz': [[50.0, 50.0]], 'in_single': [{'spectrum': 1, 'Hz': [[1000.0, 1000.0]]}]}
    """
    bad = ~used.astype(bool)
    common = np.logical_and.reduce(bad, axis=0)
    single = bad & ~common
    return {
        "points": int(bad.sum()),
        "of": int(bad.size),
        "in_all_Hz": _runs(common, frequency),
        "in_single": [
            {"spectrum": int(s) + 1, "Hz": _runs(single[s], frequency)} for s in np.flatnonzero(single.any(axis=1))
        ],
    }


def words(found: Mapping[str, Any]) -> str:
    """Return the facts as one line of a report; empty where nothing is masked.

    Examples
    --------
    >>> words({"points": 3, "of": 6, "in_all_Hz": [[50.0, 60.0]], "in_single": [{"spectrum": 1, "Hz": [[1e3, 1e3]]}]})
    '3 of 6 points: 50 to 60 Hz; in spectrum 1 1000 Hz'
    """
    if not found["points"]:
        return ""
    parts = [_listed(found["in_all_Hz"])] if found["in_all_Hz"] else []
    single = found["in_single"]
    parts += [f"in spectrum {entry['spectrum']} {_listed(entry['Hz'])}" for entry in single[:_NAMED]]
    if len(single) > _NAMED:
        parts.append(f"in {len(single) - _NAMED} further spectra")
    return f"{found['points']} of {found['of']} points: {'; '.join(parts)}"


def _runs(chosen: npt.NDArray[np.bool_], frequency: FloatArray) -> list[list[float]]:
    """Return [lowest, highest] of every run of neighbours."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(int)))
    return [[float(frequency[a]), float(frequency[b - 1])] for a, b in edges.reshape(-1, 2)]


def _listed(runs: Sequence[Sequence[float]]) -> str:
    return ", ".join(_hertz(low) if low == high else f"{_hertz(low)} to {_hertz(high)}" for low, high in runs) + " Hz"


def _hertz(value: float) -> str:
    """Return four digits, without a power of ten."""
    return f"{float(f'{value:.4g}'):.10g}"
