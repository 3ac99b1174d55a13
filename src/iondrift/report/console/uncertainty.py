"""How bands were made, what they consist of, and what the choice of closure does, in the printed report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from iondrift.report.console.rounding import plain
from iondrift.report.console.texts import number, table_of_facts

_OWN = {"diffusivity_relative": "see D(c)", "solution_relative": "its own"}
_SMALL = 0.005  # of the summed variance's root: shown as less than the last digit


def section(summary: Mapping[str, Any]) -> RenderableType:
    """Return method, error model with what each source contributes, and closure sensitivity."""
    facts = summary["uncertainty"]
    if not facts["computed"]:
        return Text(f"No bands: {facts['reason']}.")
    noise = facts["profile_noise"]
    lines = {
        "method": f"{facts['method']}: {facts['method_meaning']}",
        "samples": f"{facts['samples']}, seed {facts['seed']}; Monte Carlo error of the edges of the 95 % band "
        f"{number(facts['monte_carlo_error'], 2)} % of its width",
        "noise": f"{number(noise['standard_deviation'], 2)} % of c0 per independent point ({noise['origin']}); "
        f"its correlation{_lags(noise['autocorrelation'])} is treated by {noise['correlation_treated_by']}",
    }
    if noise["reference"] is not None:
        lines["reference"] = f"{noise['reference']}; its noise, common to all times, is fitted and part of every band"
    body: list[RenderableType] = [table_of_facts(lines), "", _sources(facts)]
    if facts["budget"] is not None:
        body += [
            "",
            Text("+-: half the width of the 68 % band of v at the end, this source alone, all others exact."),
            "",
            table_of_facts(_sensitivity(facts)),
        ]
    return Group(*body)


def _lags(values: list[float]) -> str:
    shown = ", ".join(f"{value:.2f}" for value in values)
    return f" along x ({shown} at lags 1 to {len(values)})" if values else " along x"


def _sources(facts: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("source")
    table.add_column("standard\nuncertainty", justify="right")
    table.add_column("origin")
    budget = facts["budget"]
    alone = {} if budget is None else {row["source"]: row for row in budget["alone"]}
    if alone:
        for heading in ("+- v(x0)\num/h", "+- v(xL)\num/h"):
            table.add_column(heading, justify="right")
    for row in facts["sources"]:
        value = (
            _OWN.get(row["source"], "-") if row["value"] is None else f"{number(row)} {row['unit']}".removesuffix(" 1")
        )
        contributions = [_contribution(alone[row["source"]][name]) for name in ("v_x0", "v_xL")] if alone else []
        table.add_row(row["meaning"], value, row["origin"], *contributions)
    if budget is not None:
        together = [plain(budget["together"][name]["value"], 2) for name in ("v_x0", "v_xL")]
        table.add_section()
        table.add_row("all together", "", "", *together)
    return table


def _contribution(entry: Mapping[str, Any]) -> str:
    if entry["value"] == 0.0:
        return "0"
    return plain(entry["value"], 2) if entry["share"]["value"] >= 100.0 * _SMALL**2 else "~0"


def _sensitivity(facts: Mapping[str, Any]) -> dict[str, str]:
    lines = {}
    for name, place in (("v_x0", "x0"), ("v_xL", "xL")):
        entry = facts["closure_sensitivity"][name]
        low, high = (plain(value) for value in entry["range"])
        moved = max((abs(shift["value"]) for shift in entry["shift"].values()), default=0.0)
        lines["choice of closure" if place == "x0" else ""] = (
            f"v({place}) from {low} to {high} um/h; up to {plain(moved)} um/h away from {facts['closure']}, "
            f"{number(entry['largest_shift'], 2)} half-widths of its 68 % band"
        )
    lines[" "] = "No band covers that: it is the uncertainty of the model, not of the inputs."
    return lines
