"""Drift velocities and closures in the printed report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from iondrift.drift.closures import CLOSURES
from iondrift.report.console.texts import STILL, banded, number, table_of_facts, wide, with_unit


def headline(summary: Mapping[str, Any], place: str) -> str:
    """Return v at one end under every closure, in one line: "350 +30/-28 um/h (voltage), 45 +9/-8 (blocking)"."""
    parts = [(name, entry[place]) for name, entry in _computed(summary).items()]
    texts = [f"{banded(entry)}{' um/h' if k == 0 else ''} ({name})" for k, (name, entry) in enumerate(parts)]
    return ", ".join(texts)


def _headline_wide(summary: Mapping[str, Any], place: str) -> str:
    parts = [f"{wide(e[place])} ({name})" for name, e in _computed(summary).items()]
    return "95 %: " + ", ".join(parts)


def _computed(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the closures gave; their variants are in the table alone."""
    found = summary["closures"].items()
    return {name: entry for name, entry in found if name in CLOSURES and "unavailable" not in entry}


def section(summary: Mapping[str, Any]) -> RenderableType:
    """Return v at the end, its shape, and v through time."""
    velocity, settings = summary["drift_velocity"], summary["settings"]
    maximum, end = velocity["maximum"], velocity["at_end"]
    growth = end["growth_at_constant_voltage"]
    with_bands = summary["uncertainty"]["computed"]
    lines: list[RenderableType] = []
    for place in ("x0", "xL"):
        lines.append(Text(f"v({place}) at the end of {end['of']}: {headline(summary, place)}"))
        if with_bands:
            lines.append(Padding(Text(_headline_wide(summary, place)), (0, 0, 0, 2)))
    facts = {
        "closure": f"{settings['closure']}: {settings['closure_meaning']}",
        "maximum": f"{with_unit(maximum)} at {maximum['time']['value']:.2f} h, x/L = {maximum['x_over_L']:.2f}",
        "spread over x": f"{with_unit(end['spatial_spread'])} of v(x0), at the end",
    }
    if growth["x0"]["value"] is not None:
        changes = [f"v({place}) {_change(growth[place])}" for place in ("x0", "xL")]
        facts["during CV"] = f"{', '.join(changes)} of v at its start"
    return Group(*lines, "", table_of_facts(facts), "", _through_time(velocity["through_time"]), *_legend(with_bands))


def _change(growth: Mapping[str, Any]) -> str:
    """Return a relative change in words.

    Examples
    --------
    >>> _change({"value": -72.2, "unit": "%", "band_68": [-75.0, -69.0], "band_95": [-78.0, -66.0]})
    'falls by 72.2 +2.8/-3.2 %'
    """
    if growth["value"] is None or growth["value"] >= 0.0:
        return f"rises by {with_unit(growth)}"
    turned = {**growth, "value": -growth["value"]}
    for name in ("band_68", "band_95"):
        if name in growth:
            turned[name] = [None if edge is None else -edge for edge in reversed(growth[name])]
    return f"falls by {with_unit(turned)}"


def _legend(with_bands: bool) -> list[Text]:
    return [Text("\nValues with 68 % bands; v(x0) is on the plating side.")] if with_bands else []


def _through_time(rows: list[Mapping[str, Any]]) -> Table:
    table = _table("time\nh", "voltage\nV", "-i\nmA/cm2", "v(x0)\num/h", "v(xL)\num/h")
    for row in rows:
        table.add_row(
            f"{row['time']['value']:.2f}",
            f"{row['voltage']['value']:.3f}",
            number(row["plating_current_density"]),
            banded(row["x0"], floor=STILL),
            banded(row["xL"], floor=STILL),
        )
    return table


def closures(summary: Mapping[str, Any]) -> RenderableType:
    """Return v and charge balance under every closure."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("closure", max_width=16)
    for heading in ("v(x0)\num/h", "v(xL)\num/h", "balance\nat x0", "balance\nat xL"):
        table.add_column(heading, justify="right")
    notes = []
    for name, entry in summary["closures"].items():
        mark = " *" if name == summary["settings"]["closure"] else ""
        if "unavailable" in entry:
            table.add_row(name + mark, *"----")
            notes.append(f"{name}: {entry['unavailable']}")
            continue
        cells = (entry["x0"], entry["xL"], entry["charge_balance_x0"], entry["charge_balance_xL"])
        table.add_row(Text(name + mark, style="bold" if mark else ""), *(banded(cell) for cell in cells))
        if "no_band" in entry:
            notes.append(f"{name} has no band: {entry['no_band']}")
    meanings = [f"{name}: {entry['meaning']}." for name, entry in summary["closures"].items()]
    meanings.append("balance: implied anion current over the current measured; 0 to 1 when steady.")
    return Group(table, "", *map(Text, [*meanings, *notes]))


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table
