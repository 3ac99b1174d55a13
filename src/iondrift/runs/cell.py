"""The job of the command line: one experiment file to a folder of results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iondrift.experiment.results import DEFAULT_BANDS, BandOptions
from iondrift.runs import store

if TYPE_CHECKING:
    from iondrift.experiment.file.schema import Closure, Experiment, Smoothing
    from iondrift.experiment.results import Analysis

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
    from iondrift.experiment import pipeline
    from iondrift.report.console import cell as console
    from iondrift.report.figures import cell as figures
    from iondrift.report.summary import cell as summaries

    analysis = pipeline.analyse(experiment, closure=closure, smoothing=smoothing, bands=bands, progress=progress)
    summary = summaries.build(analysis)
    impedance = None
    if experiment.impedance is not None:
        from iondrift.experiment import impedance as cell_impedance
        from iondrift.report.figures import impedance as impedance_figures
        from iondrift.report.series_axis import series_axis
        from iondrift.report.summary import impedance as impedance_summaries

        impedance = cell_impedance.analyse(
            experiment.impedance, bands=bands, progress=progress, segments=analysis.segments
        )
        axis = series_axis(impedance.dataset, "time")
        summary["impedance"] = impedance_summaries.build(
            impedance.dataset, axis, title=experiment.cell.name, warnings=impedance.notes
        )
    with store.staged(folder) as staging:
        progress("writing results")
        store.write(analysis.dataset, staging / RESULTS)
        if netcdf:
            store.write_netcdf(analysis.dataset, staging / NETCDF)
        progress("drawing figures")
        figures.draw(analysis.dataset, analysis.segments, title=experiment.cell.name, folder=staging / FIGURES)
        if impedance is not None:
            store.write(impedance.dataset, staging / IMPEDANCE)
            impedance_figures.draw(
                impedance.dataset,
                axis,
                title=experiment.cell.name,
                folder=staging / FIGURES / "impedance",
                segments=analysis.segments,
            )
        store.write_text(console.to_text(summary), staging / REPORT)
        store.write_json(summary, staging / SUMMARY)
    return Outcome(analysis=analysis, summary=summary, folder=folder)
