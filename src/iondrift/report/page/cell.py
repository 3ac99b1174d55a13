"""The figures of one cell's page, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import xarray as xr

from iondrift.experiment.log.protocol import Segment
from iondrift.experiment.results import HOUR
from iondrift.report.figures import bands, cell, drawing, impedance, ledger
from iondrift.report.page.drawn import Drawn, drawn
from iondrift.report.series_axis import series_axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BANDED = "Lines with 68 and 95 % bands."


def figures(summary: Mapping[str, Any], stores: Mapping[str, xr.Dataset], *, prefix: str = "") -> list[Drawn]:
    """Return what a run draws, for a page.

    Parameters
    ----------
    summary
        Of one cell.
    stores
        Its labelled results: ``results`` and, where spectra were analysed, ``impedance``.
    prefix
        Sets names apart from those of another cell on the page.
    """
    title, segments = summary["cell"]["name"], segments_of(summary)
    with drawing.style():
        found = [*_of_cell(stores["results"], segments, title)]
        if "impedance" in stores:
            found += _of_impedance(stores["impedance"], title)
        return [drawn(make(), name, caption, prefix=prefix) for name, caption, make in found]


def segments_of(summary: Mapping[str, Any]) -> list[Segment]:
    """Return the protocol that a summary tells."""
    found = []
    for step in summary["protocol"]:
        level = step["level"]["value"] * (-10.0 if step["kind"] == "constant_current" else 1.0)
        start, stop = (step[edge]["value"] * HOUR for edge in ("start", "stop"))
        found.append(Segment(kind=step["kind"], start=start, stop=stop, level=level))
    return found


def _of_cell(
    dataset: xr.Dataset, segments: Sequence[Segment], title: str
) -> Iterator[tuple[str, str, Callable[[], Figure]]]:
    if "drift_velocity_band" in dataset:
        yield (
            "bands_through_time", f"Drift velocity against time. {_BANDED}",
            lambda: bands.through_time(dataset, segments, title=title),
        )  # fmt: skip
        yield (
            "bands_along_x", f"Drift velocity along x. {_BANDED}", lambda: bands.along_x(dataset, title=title)
        )  # fmt: skip
    yield (
        "time_series", "Voltage, current, field and drift velocity against time.",
        lambda: cell.time_series(dataset, segments, title=title),
    )  # fmt: skip
    yield "profiles", "Concentration along x, measured and smoothed.", lambda: cell.profiles(dataset, title=title)
    yield (
        "concentration", "Concentration over time and x.",
        lambda: cell.concentration_map(dataset, segments, title=title),
    )  # fmt: skip
    yield (
        "drift_velocity", "Drift velocity over time and x.",
        lambda: cell.drift_velocity_map(dataset, segments, title=title),
    )  # fmt: skip
    if "voltage_part" in dataset:
        yield (
            "voltage_ledger", "Parts of the voltage, and what is not accounted for.",
            lambda: ledger.voltage_ledger(dataset, segments, title=title),
        )  # fmt: skip
    if "budget_share" in dataset:
        yield (
            "error_budget", "What the bands consist of, and what the choice of the closure does.",
            lambda: bands.error_budget(dataset, title=title),
        )  # fmt: skip


def _of_impedance(dataset: xr.Dataset, title: str) -> Iterator[tuple[str, str, Callable[[], Figure]]]:
    axis = series_axis(dataset, "time")
    yield (
        "relaxation_times", "Distributions of relaxation times.",
        lambda: impedance.relaxation_times(dataset, axis, title=title),
    )  # fmt: skip
    if dataset.sizes["spectrum"] > 1:
        yield (
            "resistances", "Resistances through the series.",
            lambda: impedance.resistances(dataset, axis, title=title),
        )  # fmt: skip
    yield (
        "kramers_kronig", "Residuals of the Kramers-Kronig test.",
        lambda: impedance.kramers_kronig(dataset, axis, title=title),
    )  # fmt: skip
