"""The printed report of fitted lines, for 80 columns and more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType

from iondrift.report.console import layout
from iondrift.report.console.rounding import with_band
from iondrift.report.console.texts import table_of_facts


def render(summary: Mapping[str, Any]) -> RenderableType:
    """Return the report of a summary: ``title``, ``facts``, ``lines``, ``warnings`` and ``caveats``."""
    return layout.sections(summary["title"], *parts(summary))


def parts(summary: Mapping[str, Any], *, prefix: str = "") -> list[tuple[str, RenderableType | None]]:
    """Return headings, each after a prefix, and what stands under them."""
    table = layout.columns("spectrum", "line", "position\nppm", "width\nppm", "share\n%", "reading", left=2)
    for line in summary["lines"]:
        share = "-" if line["share"] is None else f"{100.0 * line['share']:.3g}"
        table.add_row(
            line["spectrum"], str(line["line"]) + ("" if line["resolved"] else " not resolved"),
            with_error(line["position"]), with_error(line["width"]), share, line["reading"] or "-",
        )  # fmt: skip
    found: list[tuple[str, RenderableType | None]] = [
        ("Lines, with 95 % bands", table),
        ("Fit", table_of_facts(summary["facts"])),
        ("Warnings", layout.paragraphs(summary["warnings"], mark="!", style="bold yellow")),
        ("Caveats", layout.paragraphs(summary["caveats"], mark="-", style="dim")),
    ]
    return [(prefix + heading, body) for heading, body in found]


def with_error(quantity: Mapping[str, float]) -> str:
    """Return a value with the 95 % band of its standard error; the value alone where it has none."""
    value, error = quantity["value"], 1.96 * quantity["standard_error"]
    if not math.isfinite(error) or error == 0.0:
        return f"{value:.5g}"
    return with_band(value, value - error, value + error)
