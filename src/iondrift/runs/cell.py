"""The job of the command line: one experiment file to a folder of results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iondrift.drift.bands.options import DEFAULT_DRAWS, DrawOptions
from iondrift.progress import Progress, silent
from iondrift.runs.results import IMPEDANCE, LINESHAPE, Publication, publication

if TYPE_CHECKING:
    from iondrift.drift.names import Smoothing
    from iondrift.experiment.diffusion import DiffusionSeries
    from iondrift.experiment.file.data_sets import Lineshape
    from iondrift.experiment.file.impedance import Impedance
    from iondrift.experiment.file.schema import Experiment
    from iondrift.experiment.results import Analysis


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a finished job leaves: the analysis, its summary, the folder it was written to."""

    analysis: Analysis
    summary: Mapping[str, Any]
    folder: Path


def run(
    experiment: Experiment,
    folder: Path,
    *,
    closure: str | None = None,
    smoothing: Smoothing | None = None,
    netcdf: bool = False,
    bands: DrawOptions | None = DEFAULT_DRAWS,
    progress: Progress = silent,
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

    with publication(folder) as files:
        analysis = pipeline.analyse(experiment, closure=closure, smoothing=smoothing, bands=bands, progress=progress)
        summary = summaries.build(analysis)
        progress("writing results")
        files.store(analysis.dataset)
        if netcdf:
            files.netcdf(analysis.dataset)
        progress("drawing figures")
        figures.draw(analysis.dataset, analysis.segments, title=experiment.cell.name, folder=files.figures)
        if experiment.impedance is not None:
            summary["impedance"] = _add_impedance(files, analysis, experiment.impedance, bands, progress)
        if analysis.measured.diffusion is not None:
            summary["diffusion"] = _add_diffusion(files, analysis.measured.diffusion, experiment.cell.name)
        if experiment.lineshape is not None:
            summary["lineshape"] = _add_lines(files, experiment.lineshape, experiment.cell.name, progress)
        files.report(console.to_text(summary), summary)
    return Outcome(analysis=analysis, summary=summary, folder=folder)


def _add_impedance(
    files: Publication, analysis: Analysis, settings: Impedance, bands: DrawOptions | None, progress: Progress
) -> Mapping[str, Any]:
    """Analyse the spectra that the experiment file names, write and draw them, and return their summary."""
    from iondrift.experiment import impedance
    from iondrift.report.figures import impedance as figures
    from iondrift.report.series_axis import series_axis
    from iondrift.report.summary import impedance as summaries

    found = impedance.analyse(settings, bands=bands, progress=progress, segments=analysis.segments)
    axis, title = series_axis(found.dataset, "time"), analysis.experiment.cell.name
    files.store(found.dataset, IMPEDANCE)
    figures.draw(found.dataset, axis, title=title, folder=files.figures / "impedance", segments=analysis.segments)
    return summaries.build(found.dataset, axis, title=title, warnings=found.notes)


def _add_diffusion(files: Publication, series: DiffusionSeries, title: str) -> Mapping[str, Any]:
    """Draw the diffusion experiments that D(c) was fitted to, and return their summary."""
    from iondrift.report.figures import diffusion as figures
    from iondrift.report.summary import diffusion as summaries

    figures.draw(series, title=title, folder=files.figures / "diffusion")
    return summaries.build(series, title=title)


def _add_lines(files: Publication, settings: Lineshape, title: str, progress: Progress) -> Mapping[str, Any]:
    """Fit the lines of the spectra that the experiment file names, write and draw them, and return their summary."""
    from iondrift.experiment.cell_data_sets import cell_lines
    from iondrift.report.figures import lineshape as figures
    from iondrift.report.summary import lineshape as summaries

    found = cell_lines(settings, progress=progress)
    files.store(found.dataset, LINESHAPE)
    figures.draw(found.dataset, folder=files.figures / "lineshape")
    return summaries.build(found.dataset, title=title, warnings=found.notes)
