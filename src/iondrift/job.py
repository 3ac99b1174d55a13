"""The job of the command line: one experiment file to a folder of results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iondrift import store
from iondrift.analysis import DEFAULT_BANDS, BandOptions

if TYPE_CHECKING:
    from iondrift.analysis import Analysis
    from iondrift.experiment import Closure, Experiment, Smoothing

RESULTS = "results.zarr"
SUMMARY = "summary.json"
REPORT = "report.txt"
FIGURES = "figures"
NETCDF = "results.nc"
IMPEDANCE = "impedance.zarr"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a finished job leaves: the analysis, its summary, the folder it was written to."""

    analysis: Analysis
    summary: Mapping[str, Any]
    folder: Path


def silent(_: str) -> None:
    """Take a progress message and do nothing."""


def run(
    experiment: Experiment,
    folder: Path,
    *,
    closure: Closure | None = None,
    smoothing: Smoothing | None = None,
    netcdf: bool = False,
    bands: BandOptions | None = DEFAULT_BANDS,
    progress: Callable[[str], None] = silent,
) -> Outcome:
    """Analyse one experiment and write store, summary, report and figures, and its impedance where it names spectra.

    Everything is complete before anything that was in the folder is replaced.

    Parameters
    ----------
    experiment
        A validated experiment file.
    folder
        Where results go; made when missing.
    closure, smoothing
        Instead of those in the file.
    netcdf
        Also write one NetCDF file.
    bands
        How to draw uncertainty bands; None for no bands.
    progress
        Told each step as it begins.

    Raises
    ------
    IondriftError
        Whatever the user can put right: input, configuration, or a folder that cannot be written.
    """
    from iondrift import pipeline
    from iondrift.report import console, figures
    from iondrift.report import summary as summaries

    analysis = pipeline.analyse(experiment, closure=closure, smoothing=smoothing, bands=bands, progress=progress)
    summary = summaries.build(analysis)
    impedance = None
    if experiment.impedance is not None:
        from iondrift import cell_impedance

        impedance = cell_impedance.analyse(
            experiment.impedance, title=experiment.cell.name, bands=bands, progress=progress, segments=analysis.segments
        )
        summary["impedance"] = impedance.summary
    with store.staged(folder) as staging:
        progress("writing results")
        store.write(analysis.dataset, staging / RESULTS)
        if netcdf:
            store.write_netcdf(analysis.dataset, staging / NETCDF)
        progress("drawing figures")
        figures.draw(analysis.dataset, analysis.segments, title=experiment.cell.name, folder=staging / FIGURES)
        if impedance is not None:
            store.write(impedance.dataset, staging / IMPEDANCE)
            impedance.draw(analysis.segments, title=experiment.cell.name, folder=staging / FIGURES / "impedance")
        store.write_text(console.to_text(summary), staging / REPORT)
        store.write_json(summary, staging / SUMMARY)
    return Outcome(analysis=analysis, summary=summary, folder=folder)
