"""The demonstration: two simulated cells through the same job as measured ones, the truth beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from rich import box
from rich.padding import Padding
from rich.table import Table

from iondrift.experiment.results import UM_PER_H, Analysis
from iondrift.ledger import RESULTS_SET
from iondrift.progress import Progress, silent
from iondrift.report.console import layout
from iondrift.report.console.texts import STILL, banded, number
from iondrift.runs import simulated_cell
from iondrift.runs.demo_transport import transport_table
from iondrift.runs.publication import published
from iondrift.runs.results import FIGURES

if TYPE_CHECKING:
    from rich.console import Console

    from iondrift.cast import FloatArray
    from iondrift.runs.batch import Result

COMPARISON = "comparison.html"
CELLS: tuple[simulated_cell.Cell, ...] = ("li-li", "li-nmc622")


def simulate_cells(
    out: Path, *, seed: int = 0, layout: simulated_cell.Layout = "text", progress: Progress = silent
) -> dict[Path, Path]:  # fmt: skip
    """Write both simulated cells under ``out/simulated``; return the results folder of each experiment file.

    Parameters
    ----------
    out
        Folder of the demonstration.
    seed
        Of the noise.
    layout
        As :func:`iondrift.runs.simulated_cell.write` takes it.
    progress
        Told each step as it begins.
    """
    return {
        simulated_cell.write(cell, out / "simulated" / cell, seed=seed, layout=layout, progress=progress): out / cell
        for cell in CELLS
    }


def truth_on_grid(analysis: Analysis, truth: xr.Dataset) -> xr.DataArray:
    """Return the true drift velocity at the times and places of a reconstruction, (time, x) in m s-1.

    Parameters
    ----------
    analysis
        Of a simulated cell.
    truth
        As the simulator wrote it; x from the plating electrode.
    """
    grid = analysis.dataset
    places = grid.x.values + (analysis.measured.calibration.plating_gap or 0.0)
    rows = [np.interp(places, truth.x.values, row) for row in truth.drift_velocity.values]
    true: xr.DataArray = grid.drift_velocity.copy(data=np.asarray(rows)).rename("true_drift_velocity")
    return true


def show_truth(results: Sequence[Result], out: Path) -> None:
    """Print truth and reconstruction side by side, draw them into each results folder, and compare the cells.

    Parameters
    ----------
    results
        Of the simulated cells.
    out
        Folder of the demonstration: the comparison's page goes there.
    """
    from iondrift.report.figures import cell as figures

    console = layout.console_on()
    folders: list[Path] = []
    ends: list[FloatArray] = []
    for result in results:
        if result.outcome is None or result.outcome.analysis is None:
            continue
        analysis = result.outcome.analysis
        stored = xr.load_dataset(result.file.parent / simulated_cell.TRUTH, engine="h5netcdf")
        true = truth_on_grid(analysis, stored)
        folders.append(result.folder)
        ends.append(true.values[analysis.end, [0, -1]])
        with published(result.folder, RESULTS_SET, adds=True) as staging:
            figures.draw_truth(analysis, true, folder=staging / FIGURES)
        console.print(f"{analysis.experiment.cell.name}: truth and reconstruction at the end of the polarisation")
        console.print(Padding(_truth_table(analysis, true, result.outcome.summary), (0, 0, 1, 2), expand=False))
        if analysis.readings:
            console.print(f"{analysis.experiment.cell.name}: D and t-, truth and findings (68 % bands)")
            console.print(Padding(transport_table(analysis, stored), (0, 0, 1, 2), expand=False))
    if len(folders) > 1:
        _compare(folders, ends, out / COMPARISON, console)


def _compare(folders: Sequence[Path], ends: Sequence[FloatArray], page: Path, console: Console) -> None:
    """Print the comparison with the true ratios beside it, and write it as a page."""
    from iondrift.report.console.comparison import write
    from iondrift.runs.compare import compare, write_page

    found = compare(*folders)
    beside = ("Truth beside the estimate", _true_ratios(found.summary, ends))
    write(found.summary, console, beside)
    write_page(folders, found, page, beside)
    console.print(f"Comparison in {page}", markup=False, soft_wrap=True)


def _true_ratios(comparison: Mapping[str, Any], ends: Sequence[FloatArray]) -> Table:
    """Return the ratios of v at both ends over the first cell: true, and under each closure."""
    table = layout.columns("from", "cell", "v(x0) over\nfirst", "v(xL) over\nfirst", left=2)
    for k, row in enumerate(comparison["cells"][1:], start=1):
        ratios = ends[k] / ends[0]
        table.add_row("truth", row["name"], *(number({"value": float(ratio)}) for ratio in ratios))
        for name, rows in comparison["closures"].items():
            table.add_row(name, "", *(banded(rows[k][f"{place}_ratio"]) for place in ("x0", "xL")))
    return table


def _truth_table(analysis: Analysis, true: xr.DataArray, summary: Mapping[str, Any]) -> Table:
    """Return v at both ends under each closure beside the truth, and how much of it the bands hold."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("", max_width=16)
    for heading in ("v(x0)\num/h", "v(xL)\num/h", "95 % band\nholds", "68 % band\nholds"):
        table.add_column(heading, justify="right")
    ends = true.values[analysis.end, [0, -1]] * UM_PER_H
    table.add_row("truth", *(number({"value": float(value)}, floor=STILL) for value in ends), "", "")
    for name in analysis.closures:
        entry = summary["closures"][name]
        held = [f"{share:.0%}" if share is not None else "-" for share in shares_held(analysis, true, name)]
        table.add_row(name, banded(entry["x0"], floor=STILL), banded(entry["xL"], floor=STILL), *held)
    return table


def shares_held(analysis: Analysis, true: xr.DataArray, closure: str) -> tuple[float | None, float | None]:
    """Return the share of times under polarisation and places at which the 95 and the 68 % band hold the truth.

    Parameters
    ----------
    analysis
        Of a simulated cell.
    true
        From :func:`truth_on_grid`.
    closure
        Name of a closure; without bands there are no shares.
    """
    found = None if analysis.bands is None else analysis.bands.by_closure.get(closure)
    if found is None:
        return None, None
    flowing = analysis.measured.polarised
    edges, truth = found.drift_velocity.values[:, flowing], true.values[flowing]
    wide, narrow = ((truth >= edges[low]) & (truth <= edges[high]) for low, high in ((0, 4), (1, 3)))
    return float(wide.mean()), float(narrow.mean())
