"""Frames in the printed report, and the t- at which closures agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType

from iondrift.report.console.texts import number, table_of_facts, with_unit


def section(summary: Mapping[str, Any]) -> RenderableType | None:
    """Return what moves how fast; None where it is not known."""
    facts = summary["frames"]
    if facts is None:
        return None
    lines = {}
    if "kinematic" in facts:
        lines["front u_k"] = f"{with_unit(facts['kinematic'])}: the profile beyond its diffusion"
    lines["w = J / c"] = (
        f"{with_unit(facts['net_mean'])} mean over x, rms deviation {with_unit(facts['net_spread'])}; a steady "
        "front that passes no anions has one w, equal to u_k"
    )
    lines["u_c"] = f"{with_unit(facts['least_flux'])}: frame of least flux"
    if "geometric" in facts:
        lines["lithium"] = f"{with_unit(facts['geometric'])}: thickening of dense lithium"
    if "voltage_frame" in facts:
        lines["u_f"] = _diagnostic(facts["voltage_frame"])
    return table_of_facts(lines)


def agreement(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return the t- at which `blocking` and `current` agree, for the answer; nothing where it is not known."""
    facts = summary["frames"]
    if facts is None or "agreeing_transference" not in facts:
        return {}
    value = with_unit(facts["agreeing_transference"]).removesuffix(" 1")
    return {"t-*": f"{value}: closures agree best there; it proves no t-"}


def _diagnostic(facts: Mapping[str, Any]) -> str:
    if facts["frame"]["value"] is None:
        return f"refused: rms(h) {number(facts['rms_h'], 2)}, below 0.05 nothing tells it from 0 / 0"
    return (
        f"{number(facts['frame'])} um/h, a diagnostic of closure voltage and no front: a uniform J alone would give "
        f"{number(facts['tautology'])}"
    )
