"""The closure of a concentrated solution in the printed report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType

from iondrift.report.console.texts import number, table_of_facts, with_unit


def section(summary: Mapping[str, Any]) -> RenderableType | None:
    """Return what no convention touches first, then v and the friction; None where no solution was given."""
    facts = summary["concentrated"]
    if facts is None:
        return None
    friction, newman = facts["friction"], facts["newman_number"]
    return table_of_facts(
        {
            "w = J / c": _ends(facts["net_velocity"]),
            "v_i = -t- i / F c": _ends(facts["current_velocity"]),
            "v, f+ = f-": f"{_ends(facts['drift_velocity'])}; a convention, w and v_i are none",
            "friction X": f"{number(friction['x0'], 2)} % of c v at x0, {number(friction['xL'], 2)} % at xL; zero in a "
            "dilute solution",
            "Ne": f"{number(newman)} at c0: small currents end at {1.0 / (1.0 + newman['value']):.2f} of their start",
            "properties": facts["properties"],
        }
    )


def _ends(entry: Mapping[str, Any]) -> str:
    return f"{with_unit(entry['x0'])} at x0, {with_unit(entry['xL'])} at xL"
