"""The printed report of an impedance series, for 80 columns and more."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from iondrift.cast import evenly_spaced
from iondrift.report.console import layout, sweep_drift
from iondrift.report.console.texts import decimals, duration, frequency, scaled, seconds, table_of_facts
from iondrift.report.summary import masked_points

_ROWS = 20  # spectra printed; the others are in the store
_THINNED = 7  # spectra through which a peak is followed in print
_PEAKS = 10  # peaks printed: those seen in most spectra
_WORST = 5  # of them those with the largest residuals, in the table of the test
_LONGEST_SOURCE = 18  # letters
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
                summary, _heading(summary), lambda row: _name(summary, row), _shown(summary["spectra"])
            ),
        ),
        ("Regularisation", _regularization(summary)),
        (_heading_of_resistances(summary), _resistances(summary)),
        ("Peaks", _peaks(summary)),
        ("Method", table_of_facts(_method(summary))),
        ("Warnings", layout.paragraphs(summary["warnings"], mark="!", style="bold yellow")),
    ]
    return [(prefix + heading, body) for heading, body in found]


def write(summary: Mapping[str, Any], console: Console) -> None:
    """Print the report; to a pipe as plain text."""
    layout.write(render(summary), console)


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


def _shown(rows: Sequence[Any], most: int = _ROWS) -> list[int]:
    return [int(k) for k in evenly_spaced(len(rows), most)]


def _left_out(rows: Sequence[Any], shown: Sequence[int], how: str = "") -> list[Text]:
    if len(shown) == len(rows):
        return []
    return [Text(f"{len(shown)} of {len(rows)} shown{how}; all are in summary.json and results.zarr", style="dim")]


def _heading(summary: Mapping[str, Any]) -> str:
    """Return the heading of the column that names a spectrum."""
    name, _, unit = summary["inputs"]["shown_along"].partition(" / ")
    return f"{name}\n{unit}" if unit else name


def _name(summary: Mapping[str, Any], spectrum: Mapping[str, Any]) -> str:
    """Return the place of a spectrum; where that is a mere number, with its file."""
    if summary["inputs"]["shown_along"] != "spectrum" or len(spectrum["source"]) > _LONGEST_SOURCE:
        return str(spectrum["place"])
    return f"{spectrum['place']} {spectrum['source']}"


def _kramers_kronig(summary: Mapping[str, Any]) -> RenderableType:
    heading = _heading(summary)
    table = layout.columns(heading, "M", "mu", "residual\n%", "M\njudged", "residual\n%", "at", "verdict")
    rows = summary["spectra"]
    shown = _shown(rows)
    if len(rows) > _ROWS:  # those that matter most must not be among the ones left out
        told = [entry["kramers_kronig"]["worst_residual_percent"] for entry in rows]
        residuals = [np.inf if residual is None else residual for residual in told]
        worst = [int(k) for k in np.argsort(residuals)[::-1][:_WORST]]
        shown = sorted({*_shown(rows, _ROWS - _WORST), *worst})
    for k in shown:
        found = rows[k]["kramers_kronig"]
        good = found["consistent"]
        table.add_row(
            _name(summary, rows[k]),
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
    return Group(table, *_left_out(rows, shown, f", the {_WORST} worst among them"), Text(legend))


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
    heading = f"Resistances, {_ohms(summary)[0]}"
    return heading if summary["settings"]["bands"] is None else f"{heading}, with 95 % bands"


def _ohms(summary: Mapping[str, Any]) -> tuple[str, float]:
    """Return the unit of resistances, and the factor from ohm to it, that keeps the largest short."""
    largest = max(entry["resistances"]["polarisation"]["value"] for entry in summary["spectra"])
    return ("Mohm", 1e-6) if largest >= 1e8 else ("kohm", 1e-3) if largest >= 1e5 else ("ohm", 1.0)


def _resistances(summary: Mapping[str, Any]) -> RenderableType:
    rows, (_, factor) = summary["spectra"], _ohms(summary)
    shown = _shown(rows)
    table = layout.columns(_heading(summary), "ohmic", "total", "in window", "misfit\n%")
    for k in shown:
        found = rows[k]["resistances"]
        ohmic, total, windowed = (scaled(found[name], factor) for name in ("ohmic", "polarisation", "windowed"))
        marks = ("" if rows[k]["polarisation_resolved"] else " *") + ("" if rows[k]["represented"] else " !")
        table.add_row(_name(summary, rows[k]), ohmic, total + marks, windowed, decimals(rows[k]["residual_percent"]))
    first, last = (edge["value"] for edge in summary["settings"]["window"])
    legend = (
        f"Total: polarisation resistance, all time constants. In window: tau from {first:g} to {last:g} s. "
        f"Misfit: largest residual over |Z|; rms {_against_floor(rows)}."
    )
    if not all(entry["represented"] for entry in rows):
        legend += " !: the distribution cannot represent the data, the total is wrong."
    if not all(entry["polarisation_resolved"] for entry in rows):
        legend += " *: over a tenth of it lies at time constants that were not measured."
    parts: list[RenderableType] = [table, *_left_out(rows, shown), Text(legend)]
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
    rows, settings, (unit, factor) = summary["spectra"], summary["settings"], _ohms(summary)
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
    table = layout.columns(_heading(summary), *found)
    for k in shown:
        table.add_row(_name(summary, rows[k]), *(text(rows[k]) for text in found.values()))
    return table


def _peaks(summary: Mapping[str, Any]) -> RenderableType:
    if not summary["peaks"]:
        return Text("none inside the range of time constants")
    several = len(summary["spectra"]) > 1
    unit, factor = _ohms(summary)
    headings = ["peak", _heading(summary), "tau", f"resistance\n{unit}", "width\ndecades"]
    table = layout.columns(*headings, *(["shift\ndecades"] if several else []))
    shown = _lasting(summary["peaks"])
    doubtful = 0
    for number, peak in shown:
        rows = peak["through_the_series"]
        kept = sorted({0, len(rows) // 2, len(rows) - 1}) if len(shown) > 2 else evenly_spaced(len(rows), _THINNED)
        for place, k in enumerate(kept):
            row = rows[k]
            doubtful += row["resolved"] is False
            cells = [
                str(number) if place == 0 else "", str(row["place"]),
                duration(row["tau"]) + (" ?" if row["resolved"] is False else ""),
                scaled(row["resistance"], factor),
                decimals(row["width_decades"]),
            ]  # fmt: skip
            table.add_row(*cells, *([f"{row['shift_decades']:+.2f}" if k else ""] if several else []))
    legend = "Resistance between the minima on either side."
    if doubtful:
        legend += " ?: fewer than nine draws of ten have a maximum there, too."
    if not several:
        return Group(table, Text(legend))
    lives = [_life(number, peak, summary["inputs"]["shown_along"]) for number, peak in shown]
    if len(shown) < len(summary["peaks"]):
        left = len(summary["peaks"]) - len(shown)
        lives.append(Text(f"Further peaks, seen in fewer spectra and told in summary.json: {left}."))
    jump = summary["settings"]["largest_jump_decades"]
    legend += f" Followed while it moves less than {jump:g} decades from one spectrum to the next."
    return Group(table, *lives, Text(legend))


def _lasting(peaks: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the peaks seen in most spectra with their numbers: noise makes many that are seen once."""
    numbered = list(enumerate(peaks, start=1))
    lasting = sorted(numbered, key=lambda entry: len(entry[1]["through_the_series"]), reverse=True)[:_PEAKS]
    return sorted(lasting, key=lambda entry: entry[0])


def _life(number: int, peak: Mapping[str, Any], along: str) -> Text:
    name, _, unit = along.partition(" / ")

    def where(place: str) -> str:
        return f"{name} {place} {unit}".rstrip()

    count, span = len(peak["through_the_series"]), peak["last_spectrum"] - peak["first_spectrum"] + 1
    born = "there from the start" if peak["born"] is None else f"born at {where(peak['born'])}"
    died = "there to the end" if peak["died"] is None else f"last seen at {where(peak['died'])}"
    gap = "" if span == count else f", not seen in {span - count} between"
    shift = f", shifts {peak['shift_decades']:+.2f} decades" if count > 1 else ""
    if (held := peak["shift_constant_voltage"]) is not None:
        shift += f", {held['decades']:+.2f} at constant voltage ({name} {held['first']} to {held['last']} {unit})"
    return Text(f"Peak {number}: {born}, {died}, in {count} spectr{'um' if count == 1 else 'a'}{gap}{shift}.")


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
