"""The printed report of diffusion experiments, for 80 columns and more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from iondrift.report.console import layout
from iondrift.report.console.rounding import with_band
from iondrift.report.console.texts import table_of_facts

_SCALE = 1e12  # um2/s


def render(summary: Mapping[str, Any]) -> RenderableType:
    """Return the report.

    Parameters
    ----------
    summary
        What :func:`iondrift.report.summary.diffusion.build` returns.
    """
    return layout.sections(
        summary["title"],
        *parts(summary),
        ("For an experiment file", _section(summary)),
        ("Warnings", layout.paragraphs(summary["warnings"], mark="!", style="bold yellow")),
        ("Assumptions", layout.paragraphs(summary["assumptions"], mark="-", style="dim")),
    )


def parts(summary: Mapping[str, Any], *, prefix: str = "") -> list[tuple[str, RenderableType | None]]:
    """Return headings, each after a prefix, and what stands under them: for a report that holds more."""
    found: list[tuple[str, RenderableType | None]] = [
        ("Diffusion coefficients", _coefficients(summary)),
        ("How they were read", _notes(summary)),
        ("D(c)", _diffusivity(summary)),
    ]
    return [(prefix + heading, body) for heading, body in found]


def to_text(summary: Mapping[str, Any], *, width: int = 100) -> str:
    """Return the report as plain text of a given width."""
    return layout.plain_text(render(summary), width)


def _coefficients(summary: Mapping[str, Any]) -> RenderableType:
    table = layout.columns("data set", "nucleus", "c\nmol/L", "rows", "D +- 95 %\num2/s", "s.e.\n%", "share\n%", left=2)
    for entry in summary["experiments"]:
        known = entry["concentration_mol_per_m3"]
        concentration = "-" if known is None else f"{known * 1e-3:.4g}"
        head = [entry["name"], entry["nucleus"], concentration, str(entry["rows"])]
        for k, component in enumerate(entry["components"]):
            found = component["diffusion_coefficient"]
            head = [
                entry["name"],
                entry["nucleus"],
                "-" if known is None else f"{known * 1e-3:.4g}",
                str(entry["rows"]),
            ]
            error = found["standard_error"]
            table.add_row(
                *(head if k == 0 else [""] * len(head)),
                _banded(found),
                "-" if error is None else f"{100.0 * error / found['value']:.2g}",
                f"{100.0 * component['share']:.3g}",
            )
    return table


def _banded(found: Mapping[str, Any]) -> str:
    low, high = found["band_95"]
    value = found["value"] * _SCALE
    return f"{value:.3g}" if low is None or high is None else with_band(value, low * _SCALE, high * _SCALE)


def _notes(summary: Mapping[str, Any]) -> RenderableType | None:
    """Return what is true of all experiments once, then the rest of each."""
    entries = summary["experiments"]
    shared = [note for note in entries[0]["notes"] if all(note in entry["notes"] for entry in entries)]
    lines = ["; ".join([f"all {len(entries)}", *shared])] if len(entries) > 1 else []
    for entry in entries:
        low, high = entry["region_ppm"]
        own = entry["notes"] if len(entries) == 1 else [note for note in entry["notes"] if note not in shared]
        facts = [f"{low:.4g} to {high:.4g} ppm, b to {entry['largest_b']['value']:.3g} s/m2", *own, *_choice(entry)]
        lines.append(f"{entry['name']} ({entry['pulse_program']}): {'; '.join(facts)}")
    return layout.paragraphs(lines, mark="-", style="dim")


def _choice(entry: Mapping[str, Any]) -> list[str]:
    """Return how one or two components were chosen."""
    if entry["rejected"] is None or entry["aicc"] is None or entry["aicc_rejected"] is None:
        return []
    words = {1: "one component", 2: "two components"}
    gain = entry["aicc_rejected"] - entry["aicc"]
    return [f"{words[len(entry['components'])]}: AICc against {words[entry['rejected']]} {-gain:+.1f}"]


def _diffusivity(summary: Mapping[str, Any]) -> RenderableType | None:
    found = summary["diffusivity"]
    if found is None:
        return None
    scores = ", ".join(f"{name} {value:.1f}" for name, value in found["aicc"].items() if value is not None)
    facts = {"form": found["form"], "AICc": scores or "-", "D(c)": found["description"]}
    facts["worst residual"] = f"{found['worst_residual']:.2g} standard errors"
    return table_of_facts(facts)


def _section(summary: Mapping[str, Any]) -> RenderableType | None:
    found = summary["diffusivity"]
    return None if found is None else Text(found["section"])
