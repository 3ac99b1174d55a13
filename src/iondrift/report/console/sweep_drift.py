"""The part of the printed report about change within a sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from iondrift.report.console import layout
from iondrift.report.console.rounding import with_band
from iondrift.report.console.texts import decimals, frequency


def section(
    summary: Mapping[str, Any], heading: str, name: Callable[[Mapping[str, Any]], str], shown: Sequence[int]
) -> RenderableType | None:
    """Return the table of how far spectra changed while they were measured; None where none was judged.

    Parameters
    ----------
    summary
        What :func:`iondrift.report.summary.impedance.build` returns.
    heading, name
        Of the column that names a spectrum, and what stands in it.
    shown
        Which spectra are printed.
    """
    rows, facts = summary["spectra"], summary["settings"]["sweep_drift"]
    judged = [row["sweep"] for row in rows if row["sweep"] is not None]
    if facts is None or not judged:
        return None
    table = layout.columns(heading, "change of |Z|\n%", "at", "noise\n%", "K-K rms\nover noise", "verdict")
    for k in shown:
        found = rows[k]["sweep"]
        if found is None:
            table.add_row(name(rows[k]), "-", "-", "-", "-", "not judged")
            continue
        low, high = found["change"]["band_95"]
        table.add_row(
            name(rows[k]),
            with_band(found["change"]["value"], low, high, signed=True),
            frequency(found["at"]),
            decimals(found["noise_percent"]),
            decimals(found["kramers_kronig_rms_over_noise"], 1),
            Text("DRIFTS" if found["drifts"] else "steady", style="bold red" if found["drifts"] else "green"),
        )
    steady = sum(not found["drifts"] for found in judged)
    legend = (
        f"{steady} of {len(judged)} steady: more than 1 % of steady series change as much. Change: from one end of the "
        "sweep to the other, by its neighbours in time, smooth in ln f, where that of Z is largest; its 95 % band. "
        "Noise: around the line between neighbours, over |Z|; beside it the rms residual of a Kramers-Kronig model of "
        f"many elements, near 1 where it leaves noise alone. Durations: {facts['sweep_durations']}; moments of points: "
        f"{facts['sweep_times']}."
    )
    if facts["carried_to"]:
        legend += (
            f" All that follows is of points carried to the {facts['carried_to']} of their sweeps, by at most "
            f"{facts['largest_correction_percent']:.2g} % of |Z|."
        )
    return Group(table, Text(legend))
