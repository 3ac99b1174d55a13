"""The ledger of the voltage in the printed report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from iondrift.report.console import layout
from iondrift.report.console.rounding import plain


def section(summary: Mapping[str, Any]) -> RenderableType | None:
    """Return the parts of the voltage and what is left of it; None where there is no ledger."""
    facts = summary["voltage_ledger"]
    if facts is None:
        return None
    table = layout.columns("part", "V", "+- V", "from", left=1)
    table.columns[-1].justify = "left"
    table.columns[-1].overflow = "fold"
    table.add_row("cell voltage", _volts(facts["voltage"]), "", "log")
    for part in facts["parts"]:
        table.add_row(part["part"], _volts(part), _volts(part["uncertainty"]), part["origin"])
    needed, left = facts["needed"], facts["not_accounted_for"]
    table.add_row("across the region", _volts(needed), "", f"-int E dx under closure {needed['closure']}")
    table.add_section()
    table.add_row("not accounted for", _volts(left), _volts(left["uncertainty"]), _in_other_words(facts))
    return Group(table, *map(Text, _notes(facts)))


def in_a_line(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return how much of the voltage nothing accounts for, for the answer; nothing where there is no ledger."""
    facts = summary["voltage_ledger"]
    if facts is None:
        return {}
    left, whole = facts["not_accounted_for"]["value"], facts["voltage"]["value"]
    words = _in_other_words(facts).removesuffix(" of depletion")
    return {"voltage": f"{left:.2f} of {whole:.2f} V not accounted for: {words}"}


def _volts(entry: Mapping[str, Any]) -> str:
    return f"{entry['value'] + 0.0:.3f}"


def _in_other_words(facts: Mapping[str, Any]) -> str:
    decades, resistance = facts["not_accounted_for_decades"], facts["not_accounted_for_resistance"]
    text = f"{plain(decades['value'], 2)} decades of depletion"
    return text if resistance["value"] is None else f"{plain(resistance['value'] * 1e-3, 2)} kohm cm2, {text}"


def _notes(facts: Mapping[str, Any]) -> list[str]:
    notes = [
        f"Closure voltage lays across the region what the parts leave, what is not accounted for included. A decade "
        f"of depletion at the surface holds {1e3 * facts['decade']['value']:.0f} mV, whatever t- is."
    ]
    if facts["beyond_dilute"]:
        notes.append("More than four decades are no dilute electroneutral layer: something else takes this voltage.")
    if facts["walls_held"]:
        notes.append(
            f"In {facts['walls_held']} cases t- and D(c) as given would empty an electrode's wall: held at "
            f"{100.0 * facts['wall_held_at']:.0f} % of the region's edge."
        )
    return notes
