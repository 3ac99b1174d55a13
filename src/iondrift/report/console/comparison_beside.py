"""The part of the printed comparison that stands beside the velocities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from iondrift.report.console import layout
from iondrift.report.console.lineshape import with_error
from iondrift.report.console.readings import shown
from iondrift.report.console.texts import banded, frequency, limited, number, with_unit
from iondrift.report.summary.comparison_beside import differs


def parts(comparison: Mapping[str, Any]) -> list[layout.Part]:
    """Return headings and tables; those of what no cell has are left out."""
    cells = comparison["cells"]
    found: list[tuple[str, RenderableType | None]] = [("Onset", _onset(comparison))]
    if comparison["readings"]:
        found.append(("D and t- in closed form, from profiles and current", _readings(comparison)))
    if any(cell["interphase"] is not None for cell in cells):
        found.append(("Interphase, and change within sweeps", _interphase(comparison)))
    if any(cell["lines"] for cell in cells):
        found.append(("Lines, with 95 % bands", _lines(comparison)))
    return found


def marked(difference: Mapping[str, Any] | None) -> str:
    """Return a difference with its sign, 68 % band and the mark of those that are not zero."""
    return "-" if difference is None else banded(difference, signed=True) + (" *" if differs(difference) else "")


def _onset(comparison: Mapping[str, Any]) -> Table:
    table = layout.columns("cell", "onset\nmin", "Sand's time\nmin", "onset over\nSand's time")
    for cell in comparison["cells"]:
        onset = cell["onset"]
        told = "-" if onset["value"] is None else f"{number(onset)} +- {number(onset['uncertainty'], 2)}"
        ratio = with_unit(cell["onset_over_sand_time"]).removesuffix(" 1")
        table.add_row(Text(cell["name"]), told, banded(cell["sand_time"]), ratio)
    return table


def _readings(comparison: Mapping[str, Any]) -> Table:
    headings = [head for k, cell in enumerate(comparison["cells"]) for head in _headings(k, cell["name"])]
    table = layout.columns("reading", *headings)
    for entry in comparison["readings"]:
        row = []
        for k, value in enumerate(entry["values"]):
            row.append("-" if value is None else shown(value))
            if k:
                found = entry["differences"][k - 1]
                row.append("-" if found is None else shown(found, signed=True) + (" *" if differs(found) else ""))
        table.add_row(f"{entry['symbol']}: {entry['name']}", *row)
    return table


def _interphase(comparison: Mapping[str, Any]) -> Table:
    """Return the resistance of the interphase and how many spectra changed while they were measured."""
    table = layout.columns(
        "cell", "last\nspectrum", "unit", "less\nfirst cell", "over first\nspectrum, %", "spectra\nthat drift",
        "largest change\nin a sweep, %",
    )  # fmt: skip
    differences = [None, *comparison["interphase_differences"]]
    for cell, found in zip(comparison["cells"], differences, strict=True):
        interphase, sweeps = cell["interphase"], cell["sweeps"]
        row = ["-"] * 6
        if interphase is not None:
            last = interphase["last"]
            row[:4] = limited(last), last["unit"], marked(found), number(interphase["change"])
        if sweeps is not None:
            largest = f"{banded(sweeps['largest'], signed=True)} at {frequency(sweeps['at'])}"
            row[4:] = f"{sweeps['drifting']} of {sweeps['judged']}", largest
        table.add_row(Text(cell["name"]), *row)
    return table


def _lines(comparison: Mapping[str, Any]) -> Table:
    table = layout.columns("cell", "spectrum", "position\nppm", "reading", left=2)
    for cell in comparison["cells"]:
        for line in cell["lines"]:
            row = Text(line["spectrum"]), with_error(line["position"]), line["reading"] or "-"
            table.add_row(Text(cell["name"]), *row)
    return table


def _headings(place: int, name: str) -> list[str]:
    return [name, "less first"] if place else [name]
