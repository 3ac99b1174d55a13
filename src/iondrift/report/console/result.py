"""The answer, in at most twelve lines: what the printed report and the page open with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType

from iondrift.report.console import frames, voltage_ledger
from iondrift.report.console.rounding import plain
from iondrift.report.console.texts import STILL, banded, number, scaled, table_of_facts, with_unit

_ENDS = ("x0", "xL")


def section(summary: Mapping[str, Any]) -> RenderableType:
    """Return the answer as names beside their texts."""
    return table_of_facts(facts(summary))


def facts(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return the answer: velocities where the current allows them, what follows from them, and verdicts.

    Parameters
    ----------
    summary
        What :func:`iondrift.report.summary.cell.build` returns.
    """
    return (
        _velocities(summary)
        | _agreement(summary)
        | frames.agreement(summary)
        | _beyond_the_current(summary)
        | _readings(summary)
        | voltage_ledger.in_a_line(summary)
        | _limitation(summary)
        | _interphase(summary.get("impedance"))
    )


def _velocities(summary: Mapping[str, Any]) -> dict[str, str]:
    names, lines = summary["result"]["closures"], {}
    for place in _ENDS:
        entries = [(name, summary["closures"][name][place]) for name in names]
        texts = [
            f"{banded(entry, floor=STILL)}{'' if k else ' um/h'} ({name})" for k, (name, entry) in enumerate(entries)
        ]
        lines[f"v({place})"] = ", ".join(texts)
    bands = "with 68 % bands" if summary["uncertainty"]["computed"] else "without bands"
    lines[""] = f"at the end of {summary['drift_velocity']['at_end']['of']}, {bands}; x0 is on the plating side"
    return lines


def _agreement(summary: Mapping[str, Any]) -> dict[str, str]:
    """Say whether the closures that respect the current tell the same, as far as the bands can tell."""
    difference = summary["result"]["closure_difference"]
    if difference is None or "band_95" not in difference["x0"]:
        return {}
    told = {place: _apart(difference[place]) for place in _ENDS}
    verdict = "differ at " + " and ".join(place for place in _ENDS if told[place]) if any(told.values()) else "agree"
    entry = difference["x0"]
    return {"closures": f"{verdict} by 95 % bands: {entry['high']} less {entry['low']} {banded(entry)} at x0"}


def _apart(entry: Mapping[str, Any]) -> bool:
    low, high = entry["band_95"]
    return low is not None and high is not None and not low <= 0.0 <= high


def _beyond_the_current(summary: Mapping[str, Any]) -> dict[str, str]:
    lines = {}
    for name, ratio in summary["result"]["beyond_the_current"].items():
        entry = summary["closures"][name]
        ends = f"{banded(entry['x0'])} um/h at x0, {banded(entry['xL'])} at xL"
        lines[f"not {name}"] = f"{ends}: {plain(ratio['value'], 2)} times the current"
    return lines


def _readings(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return t- and D as the profiles themselves tell them, where they were read."""
    read = summary.get("readings", ())
    found = {symbol: [banded(entry) for entry in read if entry["symbol"] == symbol] for symbol in ("t-", "D")}
    texts = [f"{symbol} {', '.join(values)}" for symbol, values in found.items() if values]
    given = summary["settings"]["anion_transference_number"]
    beside = "" if given is None or not found["t-"] else f"; t- = {given:g} was given"
    return {"profiles": f"{'; '.join(texts)}, read in closed form{beside}"} if texts else {}


def _limitation(summary: Mapping[str, Any]) -> dict[str, str]:
    ratio, facts = summary["result"]["onset_over_sand_time"], summary["mass_transport"]
    if ratio["value"] is None:
        return {}
    onset = facts["observed_onset"]
    after = f"{number(onset)} +- {number(onset['uncertainty'], 2)} min"
    text = f"onset after {after}: {with_unit(ratio).removesuffix(' 1')} of Sand's time"
    return {"limitation": text}


def _interphase(impedance: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the resistance of the window of time constants, first and last spectrum."""
    if impedance is None:
        return {}
    first, last = impedance["spectra"][0], impedance["spectra"][-1]
    kind = "area" if impedance["settings"]["area"] is not None else "windowed"
    unit = first["resistances"][kind]["unit"]
    values = [scaled(row["resistances"][kind], 1.0) for row in (first, last)]
    text = f"{values[0]} {unit}" if first is last else f"{values[0]} to {values[1]} {unit}, first to last"
    return {"interphase": f"{text} (95 % bands)"}
