"""The printed list of the data sets in a folder, for 80 columns and more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from iondrift.report.console import layout

_HEADINGS = ("data set", "pulse program", "nucleus", "start (UTC)", "could serve as", "scans")


def render(title: str, entries: Iterable[Mapping[str, Any]]) -> RenderableType:
    """Return the list: a line for each data set, then what is wrong with some, each under its name.

    Parameters
    ----------
    title
        The folder.
    entries
        ``name``, ``pulse_program``, ``nucleus``, ``start`` (text), ``purpose``, ``scans``, ``problem``.
    """
    entries = list(entries)
    table = layout.columns(*_HEADINGS, left=len(_HEADINGS) - 1)
    for entry in entries:
        scans = str(entry["scans"]) if entry["scans"] else "-"
        cells = [entry[key] or "-" for key in ("name", "pulse_program", "nucleus", "start", "purpose")]
        table.add_row(*(Text(cell, overflow="fold") for cell in cells), scans)
    wrong = [f"{entry['name']}: {entry['problem']}" for entry in entries if entry["problem"]]
    counted = Counter(entry["purpose"] for entry in entries if entry["purpose"])
    listed = ", ".join(f"{count} {purpose}" for purpose, count in counted.items()) or "none"
    return layout.sections(
        title,
        (f"Data sets: {listed}", table),
        ("Wrong with them", layout.paragraphs(wrong, mark="!", style="bold yellow")),
    )
