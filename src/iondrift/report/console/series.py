"""Spectra of a series as rows of the printed tables: which are shown, how they are called, in which unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from iondrift.cast import evenly_spaced

ROWS = 20  # spectra printed; the others are in the store
_LONGEST_SOURCE = 18  # letters


def shown_rows(rows: Sequence[Any], most: int = ROWS) -> list[int]:
    """Return which spectra are printed, evenly spread."""
    return [int(k) for k in evenly_spaced(len(rows), most)]


def left_out(rows: Sequence[Any], shown: Sequence[int], how: str = "") -> list[Text]:
    """Return a line that says how many of a table's rows are shown; nothing where all are."""
    if len(shown) == len(rows):
        return []
    return [Text(f"{len(shown)} of {len(rows)} shown{how}; all are in summary.json and results.zarr", style="dim")]


def heading_of(summary: Mapping[str, Any]) -> str:
    """Return the heading of the column that names a spectrum."""
    name, _, unit = summary["inputs"]["shown_along"].partition(" / ")
    return f"{name}\n{unit}" if unit else name


def name_of(summary: Mapping[str, Any], spectrum: Mapping[str, Any]) -> str:
    """Return the place of a spectrum; where that is a mere number, with its file."""
    if summary["inputs"]["shown_along"] != "spectrum" or len(spectrum["source"]) > _LONGEST_SOURCE:
        return str(spectrum["place"])
    return f"{spectrum['place']} {spectrum['source']}"


def ohms(summary: Mapping[str, Any]) -> tuple[str, float]:
    """Return the unit of resistances, and the factor from ohm to it, that keeps the largest short."""
    largest = max(entry["resistances"]["polarisation"]["value"] for entry in summary["spectra"])
    return ("Mohm", 1e-6) if largest >= 1e8 else ("kohm", 1e-3) if largest >= 1e5 else ("ohm", 1.0)
