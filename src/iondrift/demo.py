"""The demonstration: two simulated cells through the same job as measured ones, the truth beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift import simulated_cell, store
from iondrift.analysis import UM_PER_H, Analysis

if TYPE_CHECKING:
    from iondrift.batch import Result

CELLS: tuple[simulated_cell.Cell, ...] = ("li-li", "li-nmc622")


def simulate_cells(out: Path, *, seed: int = 0, progress: Callable[[str], None] = lambda _: None) -> dict[Path, Path]:
    """Write both simulated cells under ``out/simulated``; return the results folder of each experiment file.

    Parameters
    ----------
    out
        Folder of the demonstration.
    seed
        Of the noise.
    progress
        Told each step as it begins.
    """
    return {
        simulated_cell.write(cell, out / "simulated" / cell, seed=seed, progress=progress): out / cell for cell in CELLS
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


def show_truth(results: Sequence[Result]) -> None:
    """Print truth and reconstruction side by side, and draw them into each results folder.

    Parameters
    ----------
    results
        Of the simulated cells.
    """
    from rich import box
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table

    from iondrift.report import figures
    from iondrift.report.texts import number

    console = Console(highlight=False)
    for result in results:
        if result.outcome is None:
            continue
        analysis = result.outcome.analysis
        stored = xr.load_dataset(result.file.parent / simulated_cell.TRUTH, engine="h5netcdf")
        true = truth_on_grid(analysis, stored)
        with store.staged(result.folder) as staging:
            figures.draw_truth(analysis, true, folder=staging / "figures")
        console.print(f"{analysis.experiment.cell.name}: truth and reconstruction at the end of the polarisation")
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        table.add_column("")
        for heading in ("v(x0)\num/h", "v(middle)\num/h", "v(xL)\num/h"):
            table.add_column(heading, justify="right")
        rows = {"truth": true} | {name: data.drift_velocity for name, data in analysis.closures.items()}
        for name, velocity in rows.items():
            ends = velocity.values[analysis.end, [0, velocity.sizes["x"] // 2, -1]] * UM_PER_H
            table.add_row(name, *(number({"value": float(value)}, floor=5e-3) for value in ends))
        console.print(Padding(table, (0, 0, 1, 2), expand=False))
