"""What was read in closed form, as printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType

from iondrift.report.console import layout
from iondrift.report.console.texts import banded
from iondrift.report.summary.readings import PRODUCT

_SCALED = {"m2/s": (1e12, "um2/s")}


def section(entries: Sequence[Mapping[str, Any]]) -> RenderableType | None:
    """Return one line a reading; None where there is none."""
    lines = [f"{entry['symbol']} {shown(entry)}: {entry['name']} ({entry['assumes']})" for entry in entries]
    if any(entry["symbol"] == "t-" for entry in entries):
        lines.append(PRODUCT)
    return layout.paragraphs(lines, mark="-", style="none")


def shown(entry: Mapping[str, Any], *, signed: bool = False) -> str:
    """Return the value of a reading with its 68 % band and unit."""
    scale, unit = _SCALED.get(entry["unit"], (1.0, "" if entry["unit"] == "1" else entry["unit"]))
    scaled = {"value": None if entry["value"] is None else entry["value"] * scale} | {
        name: [edge * scale for edge in entry[name]] for name in ("band_68", "band_95") if name in entry
    }
    return f"{banded(scaled, signed=signed)}{f' {unit}' if unit else ''}"
