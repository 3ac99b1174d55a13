"""The printed report of the inverse model, for 80 columns and more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType

from iondrift.report.console import layout, readings
from iondrift.report.console.texts import banded, decimals, number, table_of_facts, with_unit

_PARAMETERS = {
    "salt_diffusion_coefficient": "D(c0) of the salt, um2/s",
    "diffusivity_slope": "slope q1 of ln D",
    "diffusivity_curvature": "curvature q2 of ln D",
    "anion_transference": "t-",
    "sink": "anions lost, k",
    "plating_gap": "gap at plating electrode, um",
    "counter_gap": "gap at counter electrode, um",
}
_STATISTICS = {
    "chi_squared": "chi2 / dof (p)",
    "lag_x": "lag-1 in x (p)",
    "lag_time": "lag-1 in time (p)",
    "plating_points": "mean at plating (p)",
}


def render(summary: Mapping[str, Any]) -> RenderableType:
    """Return the report.

    Parameters
    ----------
    summary
        What :func:`iondrift.report.summary.transport.build` returns.
    """
    return layout.sections(
        summary["title"],
        ("Fit, with 68 % bands", _fit(summary)),
        ("At the end of the polarisation, with 68 % bands", _ends(summary)),
        ("Does the model hold? p: share of replicates at least as extreme", _consistency(summary)),
        ("Profiles that were not fitted: mean of ln I - ln prediction", _unused(summary)),
        ("Random walk through the posterior", _walks(summary)),
        ("In closed form", readings.section(summary["readings"])),
        ("Warnings", layout.paragraphs(summary["warnings"], mark="!", style="bold yellow")),
        ("Assumptions", layout.paragraphs(summary["assumptions"], mark="-", style="dim")),
    )


def to_text(summary: Mapping[str, Any], *, width: int = 100) -> str:
    """Return the report as plain text of a given width."""
    return layout.plain_text(render(summary), width)


def _fit(summary: Mapping[str, Any]) -> RenderableType:
    forms = summary["forms"]
    table = layout.columns("D(c)", *forms)
    for name, label in _PARAMETERS.items():
        if any(name in form["parameters"] for form in forms.values()):
            cells = [form["parameters"].get(name) for form in forms.values()]
            table.add_row(label, *("-" if cell is None else banded(cell) for cell in cells))
    table.add_row("ln evidence, below best", *(f"{form['log_evidence_below_best']:.1f}" for form in forms.values()))
    return table


def _ends(summary: Mapping[str, Any]) -> RenderableType:
    forms = summary["forms"]
    source = summary["anion_diffusivity"]
    table = layout.columns(f"{number(summary['end'])} h", *forms)
    for end, place in (("x0", "x0"), ("xL", "xL")):
        if all("drift_velocity" in form for form in forms.values()):
            table.add_row(
                f"v({place}), D- by {source}, um/h", *(banded(form["drift_velocity"][end]) for form in forms.values())
            )
    for end in ("x0", "xL"):
        table.add_row(f"w({end}) = J / c, um/h", *(banded(form["net_anion_velocity"][end]) for form in forms.values()))
    table.add_row("c(0), mol/L", *(banded(form["surface_concentration"]) for form in forms.values()))
    if all("nernst_einstein_over_measured" in form for form in forms.values()):
        ratios = (banded(form["nernst_einstein_over_measured"]) for form in forms.values())
        table.add_row("D/(2(1 - t-)) over D-, c0", *ratios)
    return table


def _consistency(summary: Mapping[str, Any]) -> RenderableType:
    forms = summary["forms"]
    table = layout.columns(f"{summary['fitted_profiles']} profiles x {summary['points']} points", *forms)
    for name, label in _STATISTICS.items():
        found = [form["consistency"][name] for form in forms.values()]
        table.add_row(label, *(f"{entry['value']:.3f} ({decimals(entry['probability'])})" for entry in found))
    for half in ("plating", "counter"):
        table.add_row(
            f"t-, {half} half alone", *(banded(form["halves"][half]["transference"]) for form in forms.values())
        )
        table.add_row(
            f"D(c0), {half} half alone, um2/s",
            *(banded(form["halves"][half]["diffusion_coefficient"]) for form in forms.values()),
        )
    table.add_row("noise", *[with_unit(summary["noise"])] * len(forms))
    return table


def _unused(summary: Mapping[str, Any]) -> RenderableType | None:
    if summary["unused"] is None:
        return None
    facts = {}
    for form, ends in summary["unused"].items():
        for end, values in ends.items():
            facts[f"{form}, four points at {end}"] = "  ".join(f"{value:+.3f}" for value in values)
    return table_of_facts(facts)


def _walks(summary: Mapping[str, Any]) -> RenderableType | None:
    facts = {}
    for name, form in summary["forms"].items():
        if "mcmc" in form:
            walk = form["mcmc"]
            worst = max(walk["parameters"].items(), key=lambda item: abs(item[1]["shift_in_sd"]))
            ratios = [entry["sd_over_laplace"] for entry in walk["parameters"].values()]
            facts[name] = (
                f"{walk['effective_draws']:.0f} effective draws; means shifted by at most "
                f"{abs(worst[1]['shift_in_sd']):.2f} sd ({_PARAMETERS[worst[0]]}); sd {min(ratios):.2f} to "
                f"{max(ratios):.2f} of the bands'"
            )
    return table_of_facts(facts) if facts else None
