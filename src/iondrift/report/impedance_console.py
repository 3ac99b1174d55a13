"""The printed report of an impedance series, for 80 columns and more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.text import Text

from iondrift.report import layout
from iondrift.report.rounding import plain, with_band
from iondrift.report.texts import table_of_facts

_ROWS = 20  # spectra printed; the others are in the store
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
        What :func:`iondrift.report.impedance_summary.build` returns.
    """
    return layout.sections(summary["title"], *parts(summary))


def parts(summary: Mapping[str, Any], *, prefix: str = "") -> list[tuple[str, RenderableType | None]]:
    """Return headings, each after a prefix, and what stands under them.

    Parameters
    ----------
    summary
        What :func:`iondrift.report.impedance_summary.build` returns.
    prefix
        For a report that holds more than impedance.
    """
    limit = summary["settings"]["kramers_kronig"]["limit"]
    found: list[tuple[str, RenderableType | None]] = [
        ("Read", table_of_facts(_read(summary))),
        (f"Kramers-Kronig test against {100.0 * limit:g} %", _kramers_kronig(summary)),
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
        f"{_si(facts['lowest_frequency'])} to {_si(facts['highest_frequency'])}",
    }
    if facts["time_span"]["value"]:
        start = f" from {facts['started'].replace('T', ' ').split('.')[0]}" if facts["started"] else ""
        lines["time"] = f"{_seconds(facts['time_span']['value'])}{start}"
    else:
        lines["time"] = "not told by the files" if facts["time_span"]["value"] is None else "one moment"
    if facts["lowest_bias"]["value"] is not None:
        lines["bias"] = f"{facts['lowest_bias']['value']:.3f} to {facts['highest_bias']['value']:.3f} V"
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


def _shown(rows: Sequence[Any]) -> list[int]:
    return [int(k) for k in np.unique(np.linspace(0, len(rows) - 1, min(_ROWS, len(rows))).round())]


def _left_out(rows: Sequence[Any]) -> list[Text]:
    if len(rows) <= _ROWS:
        return []
    return [Text(f"{_ROWS} of {len(rows)} shown; all are in summary.json and results.zarr", style="dim")]


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
    table = layout.columns(
        heading, "M", "mu", "worst\nresidual / %", "M\njudged", "worst\nresidual / %", "verdict"
    )  # fmt: skip
    rows = summary["spectra"]
    for k in _shown(rows):
        found = rows[k]["kramers_kronig"]
        good = found["consistent"]
        table.add_row(
            _name(summary, rows[k]),
            str(found["elements"]),
            "-" if found["mu"] is None else f"{found['mu']:.2f}",
            f"{found['residual_at_elements_percent']:.2f}",
            str(found["judged_elements"]),
            f"{found['worst_residual_percent']:.2f}",
            Text("within" if good else "EXCEEDS", style="green" if good else "bold red"),
        )
    facts = summary["settings"]["kramers_kronig"]
    passed = sum(entry["kramers_kronig"]["consistent"] for entry in rows)
    legend = (
        f"{passed} of {len(rows)} within. M: RC elements where mu = 1 - negative over positive resistance fell below "
        f"{facts['mu_limit']:g}. Judged: more elements, one for two frequencies at most, where these few could not "
        "follow; each such model obeys the relations."
    )
    return Group(table, *_left_out(rows), Text(legend))


def _regularization(summary: Mapping[str, Any]) -> RenderableType:
    facts = summary["regularization"]
    order = facts["criteria_order"]
    table = layout.columns("lambda, if one had to choose it", "lowest", "median", "highest")
    for name, values in facts["criteria"].items():
        chosen = facts["chosen_by"] == name
        label = Text(_CRITERIA[name] + (" *" if chosen else ""), style="bold" if chosen else "")
        table.add_row(label, *(f"{v:.2g}" for v in (min(values), float(np.median(values)), max(values))))
    penalty = "identity" if order == 0 else f"difference of order {order}"
    low, high = facts["criteria_range"]
    legend = (
        f"For ||lambda D R||^2, D: {penalty}, weights {facts['criteria_weighting']}, lambda {low:g} to {high:g}: "
        "a choice at an end of this range is none."
    )
    return Group(table_of_facts({"used": _used(summary)}), "", table, Text(legend))


def _used(summary: Mapping[str, Any]) -> str:
    facts = summary["regularization"]
    freedom = [entry["effective_parameters"] for entry in summary["spectra"]]
    counted = f"; {min(freedom):.0f} to {max(freedom):.0f} effective parameters a spectrum"
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
    if summary["settings"]["bands"] is None:
        return "Resistances, ohm"
    return "Resistances, ohm, with 95 % bands"


def _resistances(summary: Mapping[str, Any]) -> RenderableType:
    heading = _heading(summary)
    rows, settings = summary["spectra"], summary["settings"]
    names = ["ohmic", "polarisation", "windowed"]
    headings = ["ohmic", "total", "in window"]
    if settings["electrodes"] > 1:
        names, headings = [*names, "electrode"], [*headings, "per\nelectrode"]
    if settings["area"] is not None:
        names, headings = [*names, "area"], [*headings, "electrode,\nohm cm2"]
    table = layout.columns(heading, *headings, "misfit\n%")
    for k in _shown(rows):
        values = [banded(rows[k]["resistances"][name]) for name in names]
        table.add_row(_name(summary, rows[k]), *values, f"{rows[k]['residual_percent']:.2f}")
    first, last = (edge["value"] for edge in settings["window"])
    legend = (
        f"Total: polarisation resistance, all time constants. In window: tau from {first:g} to {last:g} s. "
        "Misfit: largest residual over |Z|."
    )
    return Group(table, *_left_out(rows), Text(legend))


def banded(quantity: Mapping[str, Any]) -> str:
    """Return a value with its band, rounded together, or the value alone where it has none.

    Examples
    --------
    >>> banded({"value": 824.5, "unit": "ohm", "band_95": [814.7, 830.9]}), banded({"value": 7.0, "unit": "ohm"})
    ('824 +6/-10', '7.00')
    """
    value = quantity["value"]
    if value is None:
        return "-"
    low, high = quantity.get("band_95", (None, None))
    if low is None or high is None:
        return plain(value)
    return f"under {plain(high, 2)}" if low <= 0.0 < high else with_band(value, low, high)


def _peaks(summary: Mapping[str, Any]) -> RenderableType:
    if not summary["peaks"]:
        return Text("none inside the range of time constants")
    heading = _heading(summary)
    table = layout.columns("peak", heading, "tau", "resistance\nohm", "width\ndecades", "shift\ndecades")
    for number, peak in enumerate(summary["peaks"], start=1):
        rows = peak["through_the_series"]
        kept = sorted({0, len(rows) // 2, len(rows) - 1}) if len(summary["peaks"]) > 2 else _thinned(len(rows))
        for place, k in enumerate(kept):
            row = rows[k]
            table.add_row(
                str(number) if place == 0 else "",
                str(row["place"]),
                _duration(row["tau"]),
                banded(row["resistance"]),
                "-" if row["width_decades"] is None else f"{row['width_decades']:.2f}",
                f"{row['shift_decades']:+.2f}" if k else "",
            )
    lives = [
        _life(number, peak, summary["inputs"]["shown_along"]) for number, peak in enumerate(summary["peaks"], start=1)
    ]
    legend = (
        "Resistance between the minima on either side. Followed while it moves less than "
        f"{summary['settings']['largest_jump_decades']:g} decades from one spectrum to the next."
    )
    return Group(table, *lives, Text(legend))


def _duration(quantity: Mapping[str, Any]) -> str:
    """Return a time constant with its band, in the unit that leaves few zeros."""
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "us"), (1e9, "ns")):
        if quantity["value"] * factor >= 1.0 or unit == "ns":
            break
    scaled = {"value": quantity["value"] * factor, "unit": unit}
    if "band_95" in quantity and None not in quantity["band_95"]:
        scaled["band_95"] = [edge * factor for edge in quantity["band_95"]]
    return f"{banded(scaled)} {unit}"


def _thinned(count: int) -> list[int]:
    return [int(k) for k in np.unique(np.linspace(0, count - 1, min(7, count)).round())]


def _life(number: int, peak: Mapping[str, Any], along: str) -> Text:
    name, _, unit = along.partition(" / ")

    def where(place: str) -> str:
        return f"{name} {place} {unit}".rstrip()

    count, span = len(peak["through_the_series"]), peak["last_spectrum"] - peak["first_spectrum"] + 1
    born = "there from the start" if peak["born"] is None else f"born at {where(peak['born'])}"
    died = "there to the end" if peak["died"] is None else f"last seen at {where(peak['died'])}"
    gap = "" if span == count else f", not seen in {span - count} between"
    shift = f", shifts {peak['shift_decades']:+.2f} decades" if count > 1 else ""
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


def _si(quantity: Mapping[str, Any]) -> str:
    """Return a frequency with a prefix."""
    value = quantity["value"]
    for factor, prefix in ((1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{plain(value / factor)} {prefix}Hz"
    return f"{plain(value)} Hz"


def _seconds(value: float) -> str:
    for factor, unit in ((3600.0, "h"), (60.0, "min")):
        if value >= 2.0 * factor:
            return f"{plain(value / factor)} {unit}"
    return f"{plain(value)} s"
