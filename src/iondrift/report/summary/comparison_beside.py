"""What stands beside the velocities of cells: onset, D and t- from the profiles, interphase, sweeps, lines.

Their errors are taken as independent between cells. The band of a difference is then made of the bands of both: of
their distances from the values, by the square root of the sum of squares (MOVER; Zou and Donner, Stat. Med. 27, 1693,
2008).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from iondrift.report.summary.quantities import Entry, quantity

_BANDS = ("band_68", "band_95")


def facts(name: str, summary: Mapping[str, Any]) -> Entry:
    """Return what is compared of one cell beside its velocities.

    Parameters
    ----------
    name
        Of the cell.
    summary
        What ``iondrift run`` wrote.
    """
    impedance = summary.get("impedance")
    return {
        "name": name,
        "at_end": summary["drift_velocity"]["at_end"]["time"],
        "onset": summary["mass_transport"]["observed_onset"],
        "sand_time": summary["mass_transport"]["sand_time"],
        "onset_over_sand_time": summary["result"]["onset_over_sand_time"],
        "respecting": summary["result"]["closures"],
        "interphase": None if impedance is None else _interphase(impedance),
        "sweeps": None if impedance is None else _sweeps(impedance["spectra"]),
        "lines": summary["lineshape"]["lines"] if "lineshape" in summary else [],
    }


def readings(summaries: Sequence[Mapping[str, Any]]) -> list[Entry]:
    """Return D and t- in closed form of every cell beside each other, and each less the first cell's.

    Parameters
    ----------
    summaries
        Of the cells, the first first.

    Returns
    -------
    list of dict
        A reading: ``name``, ``symbol``, ``unit``, ``values`` (a quantity a cell, None where it has none) and
        ``differences`` (of every cell but the first).
    """
    by_cell = [{(entry["symbol"], entry["name"]): entry for entry in summary["readings"]} for summary in summaries]
    found = []
    for symbol, name in dict.fromkeys(key for one in by_cell for key in one):
        values = [one.get((symbol, name)) for one in by_cell]
        found.append(
            {
                "name": name,
                "symbol": symbol,
                "unit": next(value["unit"] for value in values if value is not None),
                "values": values,
                "differences": [difference(values[0], value) for value in values[1:]],
            }
        )
    return found


def difference(first: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> Entry | None:
    """Return the other quantity less the first, its band that of independent errors; None where one is missing.

    Examples
    --------
    >>> one = {"value": 1.0, "unit": "1", "band_95": [0.7, 1.3]}
    >>> difference(one, {"value": 3.0, "unit": "1", "band_95": [2.6, 3.4]})
    {'value': 2.0, 'unit': '1', 'caveat': 'less the first cell', 'band_95': [1.5, 2.5]}
    """
    if first is None or other is None or first["value"] is None or other["value"] is None:
        return None
    a, b = float(first["value"]), float(other["value"])
    entry = quantity(b - a, str(first["unit"]), "less the first cell")
    for name in _BANDS:
        edges = [*first.get(name, (None, None)), *other.get(name, (None, None))]
        if None in edges:
            continue
        low = math.hypot(b - edges[2], edges[1] - a)
        high = math.hypot(edges[3] - b, a - edges[0])
        entry[name] = [b - a - low, b - a + high]
    return entry


def differs(found: Mapping[str, Any] | None) -> bool | None:
    """Say whether a difference is not zero beyond its 95 % band; None where that is not known."""
    low, high = (found or {}).get("band_95", (None, None))
    return None if low is None or high is None else not low <= 0.0 <= high


def _interphase(impedance: Mapping[str, Any]) -> Entry:
    """Return the resistance of the interphase in the first and the last spectrum, and its change."""
    kind = "area" if impedance["settings"]["area"] is not None else "windowed"
    first, last = (impedance["spectra"][k]["resistances"][kind] for k in (0, -1))
    change = 100.0 * (last["value"] / first["value"] - 1.0) if first["value"] else None
    return {"first": first, "last": last, "change": quantity(change, "%", "last over first spectrum")}


def _sweeps(spectra: Sequence[Mapping[str, Any]]) -> Entry | None:
    """Return how many spectra changed while they were measured, and by how much at most; None where none was judged."""
    judged = [row["sweep"] for row in spectra if row["sweep"] is not None]
    if not judged:
        return None
    largest = max(judged, key=lambda sweep: abs(sweep["change"]["value"]))
    return {
        "judged": len(judged),
        "drifting": sum(sweep["drifts"] for sweep in judged),
        "largest": largest["change"],
        "at": largest["at"],
    }
