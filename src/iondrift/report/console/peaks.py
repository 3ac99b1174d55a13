"""The part of the printed report about peaks of the distribution of relaxation times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from iondrift.cast import evenly_spaced
from iondrift.report.console import layout
from iondrift.report.console.series import heading_of, ohms
from iondrift.report.console.texts import decimals, duration, scaled

_THINNED = 7  # spectra through which a peak is followed in print
_PEAKS = 10  # peaks printed: those seen in most spectra


def section(summary: Mapping[str, Any]) -> RenderableType:
    """Return the table of peaks through a series, and the life of each."""
    if not summary["peaks"]:
        return Text("none inside the range of time constants")
    several = len(summary["spectra"]) > 1
    unit, factor = ohms(summary)
    headings = ["peak", heading_of(summary), "tau", f"resistance\n{unit}", "width\ndecades"]
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
