"""Headline numbers of many cells side by side, of their summaries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from iondrift.report.summary.quantities import Entry

# The unit as a column names it, and where the number stands in the summary of a cell.
_NUMBERS = {
    "v_x0": ("um_per_h", ("drift_velocity", "at_end", "x0")),
    "v_xL": ("um_per_h", ("drift_velocity", "at_end", "xL")),
    "sand_time": ("min", ("mass_transport", "sand_time")),
    "observed_onset": ("min", ("mass_transport", "observed_onset")),
    "penetration_depth_x0": ("um", ("mass_transport", "penetration_depth", "x0")),
}


def headline(summary: Mapping[str, Any]) -> Entry:
    """Return the numbers of a cell that stand beside those of others, with bands, and its warnings."""
    numbers = {name: reduce(lambda found, key: found[key], place, summary) for name, (_, place) in _NUMBERS.items()}
    return {
        "closure": summary["settings"]["closure"],
        "numbers": numbers,
        "warnings": [*summary["warnings"], *summary.get("impedance", {}).get("warnings", ())],
    }


def row(name: str, entry: Mapping[str, Any]) -> dict[str, str | float | None]:
    """Return a line of the table: a value and the edges of its 95 % band a number, the unit in the column's name.

    Parameters
    ----------
    name
        Of the cell.
    entry
        ``state``, ``experiment_file``, ``results``, and either ``error`` or what :func:`headline` returns.
    """
    line: dict[str, str | float | None] = {"cell": name, "state": entry["state"], "closure": entry.get("closure")}
    for number, (unit, _) in _NUMBERS.items():
        found = entry.get("numbers", {}).get(number, {})
        line[f"{number}_{unit}"] = found.get("value")
        line[f"{number}_95_low_{unit}"], line[f"{number}_95_high_{unit}"] = found.get("band_95", (None, None))
    warnings = entry.get("warnings")
    line["warnings"] = None if warnings is None else len(warnings)
    line["first_warning"] = warnings[0] if warnings else None
    line |= {key: entry.get(key) for key in ("error", "experiment_file", "results")}
    return line
