"""The printed report of an impedance series, for 80 columns and more."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from iondrift.report.console import layout, peaks, sweep_drift
from iondrift.report.console.series import ROWS, heading_of, left_out, name_of, ohms, shown_rows
from iondrift.report.console.texts import decimals, frequency, scaled, seconds, table_of_facts
from iondrift.report.summary import masked_points

_WORST = 5  # of them those with the largest residuals, in the table of the test
_CRITERIA = {
    "marginal_likelihood": "marginal likelihood",
    "gcv": "generalised cross-validation",
    "l_curve": "L-curve",
    "re_im": "re-im cross-validation",
}


def render(summary: Mapping[str, Any]) -> RenderableType:
    """Return the report of one series.

    Parameters
    ----------
    summary
        What :func:`iondrift.report.summary.impedance.build` returns.
    """
    return layout.sections(summary["title"], *parts(summary))


def parts(summary: Mapping[str, Any], *, prefix: str = "") -> list[tuple[str, RenderableType | None]]:
    """Return headings, each after a prefix, and what stands under them.

    Parameters
    ----------
    summary
        What :func:`iondrift.report.summary.impedance.build` returns.
    prefix
        For a report that holds more than impedance.
    """
    limit = summary["settings"]["kramers_kronig"]["limit"]
    found: list[tuple[str, RenderableType | None]] = [
        ("Read", table_of_facts(_read(summary))),
        (f"Kramers-Kronig test against {100.0 * limit:g} %", _kramers_kronig(summary)),
        (
            "Change during a sweep",
            sweep_drift.section(
                summary, heading_of(summary), lambda row: name_of(summary, row), shown_rows(summary["spectra"])
            ),
        ),
        ("Regularisation", _regularization(summary)),
        (_heading_of_resistances(summary), _resistances(summary)),
        ("Peaks", peaks.section(summary)),
        ("Method", table_of_facts(_method(summary))),
        ("Warnings", layout.paragraphs(summary["warnings"], mark="!", style="bold yellow")),
    ]
    return [(prefix + heading, body) for heading, body in found]


def to_text(summary: Mapping[str, Any], *, width: int = 100) -> str:
    """Return the report as plain text of a given width."""
    return layout.plain_text(render(summary), width)


def _read(summary: Mapping[str, Any]) -> dict[str, str]:
    facts = summary["inputs"]
    several = f" ({facts['first']} to {facts['last']})" if facts["files"] > 1 else f" ({facts['first']})"
    lines = {
        "files": f"{facts['files']}{several}",
        "spectra": f"{facts['spectra']} of {facts['frequencies']} frequencies, "
        f"{frequency(facts['lowest_frequency'])} to {frequency(facts['highest_frequency'])}",
    }
    if facts["time_span"]["value"]:
        start = f" from {facts['started'].replace('T', ' ').split('.')[0]}" if facts["started"] else ""
        lines["time"] = f"{seconds(facts['time_span']['value'])}{start}"
    else:
        lines["time"] = "not told by the files" if facts["time_span"]["value"] is None else "one moment"
    if facts["lowest_bias"]["value"] is not None:
        # + 0.0 takes the sign off a zero
        low, high = (f"{round(facts[name]['value'], 3) + 0.0:.3f}" for name in ("lowest_bias", "highest_bias"))
        lines["bias"] = f"{low} V" if low == high else f"{low} to {high} V"
    if masked := masked_points.words(facts["masked"]):
        lines["masked"] = masked
    if facts["skipped_files"]:
        lines["passed over"] = ", ".join(facts["skipped_files"])
    notes = [*facts["cautions"], *facts["notes"]]
    if notes:
        lines["note"] = _alike(notes)
    return lines


def _alike(notes: Sequence[str]) -> str:
    """Return remarks without repeating one that every file earns."""
    alike: dict[str, list[str]] = {}
    for note in notes:
        alike.setdefault(re.sub(r"\d+", "#", note.partition(": ")[2]), []).append(note)
    return "; ".join(
        found[0] if len(found) == 1 else f"{found[0]} (and {len(found) - 1} files alike)" for found in alike.values()
    )


def _kramers_kronig(summary: Mapping[str, Any]) -> RenderableType:
    heading = heading_of(summary)
    table = layout.columns(heading, "M", "mu", "residual\n%", "M\njudged", "residual\n%", "at", "verdict")
    rows = summary["spectra"]
    shown = shown_rows(rows)
    if len(rows) > ROWS:  # those that matter most must not be among the ones left out
        told = [entry["kramers_kronig"]["worst_residual_percent"] for entry in rows]
        residuals = [np.inf if residual is None else residual for residual in told]
        worst = [int(k) for k in np.argsort(residuals)[::-1][:_WORST]]
        shown = sorted({*shown_rows(rows, ROWS - _WORST), *worst})
    for k in shown:
        found = rows[k]["kramers_kronig"]
        good = found["consistent"]
        table.add_row(
            name_of(summary, rows[k]),
            str(found["elements"]),
            decimals(found["mu"]),
            decimals(found["residual_at_elements_percent"]),
            str(found["judged_elements"]),
            decimals(found["worst_residual_percent"]),
            frequency(found["worst_at"]),
            Text("within" if good else "EXCEEDS", style="green" if good else "bold red"),
        )
    facts = summary["settings"]["kramers_kronig"]
    passed = sum(entry["kramers_kronig"]["consistent"] for entry in rows)
    legend = (
        f"{passed} of {len(rows)} within. M: RC elements where mu = 1 - negative over positive resistance fell below "
        f"{facts['mu_limit']:g}. Judged: more elements, one for two frequencies at most, where these few could not "
        "follow; each such model obeys the relations. Residual: the largest, over |Z|."
    )
    if summary["inputs"]["masked"]["points"]:
        legend += " Masked points are neither fitted nor judged."
    return Group(table, *left_out(rows, shown, f", the {_WORST} worst among them"), Text(legend))


def _regularization(summary: Mapping[str, Any]) -> RenderableType:
    facts = summary["regularization"]
    order = facts["criteria_order"]
    several = len(summary["spectra"]) > 1
    spread = ("lowest", "median", "highest") if several else ("choice",)
    table = layout.columns("lambda, if one had to choose it", *spread)
    asked = 0
    for name, choices in facts["criteria"].items():
        values = [value for value in choices if value is not None]
        asked = len(values)
        chosen = facts["chosen_by"] == name
        label = Text(_CRITERIA[name] + (" *" if chosen else ""), style="bold" if chosen else "")
        told = (min(values), float(np.median(values)), max(values)) if several else values
        table.add_row(label, *(f"{value:.2g}" for value in told))
    penalty = "identity" if order == 0 else f"difference of order {order}"
    low, high = facts["criteria_range"]
    legend = (
        f"For ||lambda D R||^2, D: {penalty}, weights {facts['criteria_weighting']}, lambda {low:g} to {high:g}: "
        "a choice at an end of this range is none."
    )
    if asked < len(summary["spectra"]):
        legend += f" Asked of {asked} spectra, evenly spread."
    return Group(table_of_facts({"used": _used(summary)}), "", table, Text(legend))


def _used(summary: Mapping[str, Any]) -> str:
    facts = summary["regularization"]
    known = [entry["effective_parameters"] for entry in summary["spectra"]]
    freedom = [decimals(value, 0) for value in sorted(value for value in known if value is not None)] or ["-"]
    low, high = freedom[0], freedom[-1]
    counted = f"; {low if low == high else f'{low} to {high}'} effective parameters a spectrum"
    if facts["chosen_by"] == "hierarchical":
        return (
            "automatic: ln gamma smooth, its local roughness and the noise inferred from each spectrum"
            if summary["settings"]["regularization_chosen_per"] == "spectrum"
            else "automatic: ln gamma smooth, its local roughness and the noise inferred from the whole series"
        ) + counted
    values = [value for value in facts["lambda"] if value is not None]
    span = f"{min(values):.2g}" if min(values) == max(values) else f"{min(values):.2g} to {max(values):.2g}"
    how = {"given": "given", "paper": "given (paper)"}.get(facts["chosen_by"], _CRITERIA.get(facts["chosen_by"], ""))
    return f"lambda {span}, {how}{counted}"


def _heading_of_resistances(summary: Mapping[str, Any]) -> str:
    heading = f"Resistances, {ohms(summary)[0]}"
    return heading if summary["settings"]["bands"] is None else f"{heading}, with 95 % bands"


def _resistances(summary: Mapping[str, Any]) -> RenderableType:
    rows, (_, factor) = summary["spectra"], ohms(summary)
    shown = shown_rows(rows)
    table = layout.columns(heading_of(summary), "ohmic", "total", "in window", "misfit\n%")
    for k in shown:
        found = rows[k]["resistances"]
        ohmic, total, windowed = (scaled(found[name], factor) for name in ("ohmic", "polarisation", "windowed"))
        marks = ("" if rows[k]["polarisation_resolved"] else " *") + ("" if rows[k]["represented"] else " !")
        table.add_row(name_of(summary, rows[k]), ohmic, total + marks, windowed, decimals(rows[k]["residual_percent"]))
    first, last = (edge["value"] for edge in summary["settings"]["window"])
    legend = (
        f"Total: polarisation resistance, all time constants. In window: tau from {first:g} to {last:g} s. "
        f"Misfit: largest residual over |Z|; rms {_against_floor(rows)}."
    )
    if not all(entry["represented"] for entry in rows):
        legend += " !: the distribution cannot represent the data, the total is wrong."
    if not all(entry["polarisation_resolved"] for entry in rows):
        legend += " *: over a tenth of it lies at time constants that were not measured."
    parts: list[RenderableType] = [table, *left_out(rows, shown), Text(legend)]
    if (derived := _derived(summary, shown)) is not None:
        parts += ["", derived]
    return Group(*parts)


def _against_floor(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rms misfit of the worst spectrum beside what a Kramers-Kronig model of many elements leaves."""
    pairs = [(entry["misfit_percent"] or 0.0, entry["kramers_kronig_floor_percent"] or np.inf) for entry in rows]
    misfit, floor = max(pairs, key=lambda pair: pair[0] / pair[1])
    where = "where it is worst" if len(pairs) > 1 else "in all"
    return f"{where} {misfit:.2g} %, of which a Kramers-Kronig model of many elements leaves {floor:.2g} %"


def _derived(summary: Mapping[str, Any], shown: Sequence[int]) -> Table | None:
    """Return what follows from the window's resistance, and the capacitance; beside the others they would not fit."""
    rows, settings, (unit, factor) = summary["spectra"], summary["settings"], ohms(summary)
    found: dict[str, Callable[[Mapping[str, Any]], str]] = {}
    if settings["electrodes"] > 1:
        found["in window,\nper electrode"] = lambda row: scaled(row["resistances"]["electrode"], factor)
    if settings["area"] is not None:
        found[f"times its area,\n{unit} cm2"] = lambda row: scaled(row["resistances"]["area"], factor)
    if any(entry["capacitance"] is not None for entry in rows):
        found["series capacitance,\nuF"] = lambda row: (
            "-" if row["capacitance"] is None else scaled(row["capacitance"], 1e6)
        )
    if not found:
        return None
    table = layout.columns(heading_of(summary), *found)
    for k in shown:
        table.add_row(name_of(summary, rows[k]), *(text(rows[k]) for text in found.values()))
    return table


def _method(summary: Mapping[str, Any]) -> dict[str, str]:
    settings = summary["settings"]
    bands = settings["bands"]
    lines = {
        "distribution": f"{settings['model']}; terms: {settings['series_terms']}; x = R_k, {settings['constraint']}; "
        f"{settings['gamma_definition']}; {settings['tau_definition']}",
        "grid": f"{settings['time_constants']} time constants, {settings['tau_first_s']:.2g} to "
        f"{settings['tau_last_s']:.2g} s",
        "penalty": settings["penalty"],
        "weights": settings["weighting"],
        "solved": f"KKT residual at most {summary['largest_kkt_residual']:.0e}; fit within "
        f"{summary['largest_residual_percent']:.1f} % of |Z|",
    }
    if bands is not None:
        lines["bands"] = (
            f"{bands['method']}: {bands['meaning']}; {bands['samples']} draws, seed {bands['seed']}, noise "
            f"{bands['noise_from']}"
        )
        lines["coverage"] = bands["coverage"]
    return lines
