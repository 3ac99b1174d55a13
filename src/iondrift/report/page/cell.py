"""The figures of one cell's page, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import xarray as xr

from iondrift.cast import evenly_spaced
from iondrift.experiment.log.protocol import Segment
from iondrift.experiment.results import HOUR
from iondrift.report.figures import bands, cell, diffusion, drawing, impedance, ledger, lineshape, relaxation
from iondrift.report.page.drawn import Drawn, drawn
from iondrift.report.series_axis import series_axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_Figures = Iterator[tuple[str, str, Callable[[], "Figure"]]]
_MOST_PROFILES, _MOST_SPECTRA = 300, 3  # drawn: a page stays below 2 MB
_BANDED = "Lines with 68 and 95 % bands."


def figures(summary: Mapping[str, Any], stores: Mapping[str, xr.Dataset]) -> list[Drawn]:
    """Return what a run draws, for a page.

    Parameters
    ----------
    summary
        Of one cell.
    stores
        Its labelled results: ``results`` and, where there are such measurements, ``impedance``, ``diffusion`` and
        ``lineshape``.
    """
    title = drawing.literal(summary["cell"]["name"])
    with drawing.style():
        found = [*_of_cell(*_drawable(stores["results"]), segments_of(summary), title)]
        for part, of in _PARTS.items():
            found += of(stores[part], title) if part in stores else ()
        return [drawn(make(), name, caption) for name, caption, make in found]


def first_figure(summary: Mapping[str, Any], dataset: xr.Dataset, *, prefix: str) -> Drawn:
    """Return the figure that a cell is told by among others; ``prefix`` sets its names apart from theirs."""
    with drawing.style():
        name, caption, make = next(
            _of_cell(*_drawable(dataset), segments_of(summary), drawing.literal(summary["cell"]["name"]))
        )
        return drawn(make(), name, caption, prefix=prefix)


def segments_of(summary: Mapping[str, Any]) -> list[Segment]:
    """Return the protocol that a summary tells."""
    found = []
    for step in summary["protocol"]:
        level = step["level"]["value"] * (-10.0 if step["kind"] == "constant_current" else 1.0)
        start, stop = (step[edge]["value"] * HOUR for edge in ("start", "stop"))
        found.append(Segment(kind=step["kind"], start=start, stop=stop, level=level))
    return found


def _drawable(dataset: xr.Dataset) -> tuple[xr.Dataset, str]:
    """Return results of no more profiles than a page has room for, and a sentence about it."""
    count = dataset.sizes["time"]
    if count <= _MOST_PROFILES:
        return dataset, ""
    return dataset.isel(time=evenly_spaced(count, _MOST_PROFILES)), f" {_MOST_PROFILES} of {count} profiles are drawn."


def _of_cell(dataset: xr.Dataset, note: str, segments: Sequence[Segment], title: str) -> _Figures:
    for name, caption, make in _of_profiles(dataset, segments, title):
        yield name, caption + note, make


def _of_profiles(dataset: xr.Dataset, segments: Sequence[Segment], title: str) -> _Figures:
    if "drift_velocity_band" in dataset:
        caption = f"Drift velocity against time. {_BANDED}"
        yield "bands_through_time", caption, partial(bands.through_time, dataset, segments, title=title)
        yield "bands_along_x", f"Drift velocity along x. {_BANDED}", partial(bands.along_x, dataset, title=title)
    caption = "Voltage, current, field and drift velocity against time."
    yield "time_series", caption, partial(cell.time_series, dataset, segments, title=title)
    yield "profiles", "Concentration along x, measured and smoothed.", partial(cell.profiles, dataset, title=title)
    yield (
        "concentration",
        "Concentration over time and x.",
        partial(cell.concentration_map, dataset, segments, title=title),
    )
    yield (
        "drift_velocity",
        "Drift velocity over time and x.",
        partial(cell.drift_velocity_map, dataset, segments, title=title),
    )
    if "voltage_part" in dataset:
        caption = "Parts of the voltage, and what is not accounted for."
        yield "voltage_ledger", caption, partial(ledger.voltage_ledger, dataset, segments, title=title)
    if "budget_share" in dataset:
        caption = "What the bands consist of, and what the choice of the closure does."
        yield "error_budget", caption, partial(bands.error_budget, dataset, title=title)


def _of_impedance(dataset: xr.Dataset, title: str) -> _Figures:
    axis = series_axis(dataset, "time")
    caption = "Distributions of relaxation times."
    yield "relaxation_times", caption, partial(relaxation.relaxation_times, dataset, axis, title=title)
    if dataset.sizes["spectrum"] > 1:
        yield (
            "resistances",
            "Resistances through the series.",
            partial(impedance.resistances, dataset, axis, title=title),
        )
    caption = "Residuals of the Kramers-Kronig test."
    yield "kramers_kronig", caption, partial(impedance.kramers_kronig, dataset, axis, title=title)


def _of_diffusion(dataset: xr.Dataset, title: str) -> _Figures:
    caption = "Diffusion experiments: decays, fits and residuals."
    yield "decays", caption, partial(diffusion.decays, dataset, title=title)
    if "diffusivity" in dataset:
        caption = f"D(c) and the experiments with their 95 % bands. {_BANDED}"
        yield "diffusivity", caption, partial(diffusion.diffusivity, dataset, title=title)


def _of_lines(dataset: xr.Dataset, title: str) -> _Figures:
    for k, one in enumerate(lineshape.shown(dataset, _MOST_SPECTRA), start=1):
        caption = f"Spectrum {one.source.item()} of {title}, its fitted lines and the residual."
        yield f"lines_{k}", caption, partial(lineshape.spectrum, one)


_PARTS = {"impedance": _of_impedance, "diffusion": _of_diffusion, "lineshape": _of_lines}
