"""The table over many cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from iondrift.report.console.texts import STILL, banded


def table(cells: Mapping[str, Mapping[str, Any]], states: Mapping[str, str]) -> RenderableType:
    """Return state, drift velocity at both ends with its 68 % band and the number of warnings, a line a cell.

    Parameters
    ----------
    cells
        Headline of each, of :func:`iondrift.report.summary.batch.headline`; without numbers where it failed.
    states
        How each went: "done", "stands" or "failed".
    """
    found = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    found.add_column("cell", overflow="fold")
    found.add_column("state")
    for heading in ("v(x0)\num/h", "v(xL)\num/h"):
        found.add_column(heading, justify="right", no_wrap=True)
    found.add_column("warnings", justify="right")
    for name, entry in cells.items():
        numbers, state = entry.get("numbers"), states[name]
        style = "bold red" if state == "failed" else "green"
        ends = ["-", "-"] if numbers is None else [banded(numbers[end], floor=STILL) for end in ("v_x0", "v_xL")]
        warned = "-" if numbers is None else str(len(entry["warnings"]))
        found.add_row(Text(name), Text(state, style=style), *ends, warned)
    return found
