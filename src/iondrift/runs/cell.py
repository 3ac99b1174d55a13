"""The job of the command line: one experiment file to a folder of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iondrift.experiment.file.data_sets import DataSets
from iondrift.ledger import read_ledger
from iondrift.progress import Progress, silent
from iondrift.runs.lock import PATIENCE
from iondrift.runs.options import DEFAULT_RUN, RunOptions
from iondrift.runs.record import NOTHING, Record, changes, files_of, relative
from iondrift.runs.results import DIFFUSION, IMPEDANCE, LINESHAPE, Publication, publication, read_summary

if TYPE_CHECKING:
    from iondrift.experiment.diffusion import DiffusionSeries
    from iondrift.experiment.file.data_sets import Lineshape
    from iondrift.experiment.file.schema import Experiment
    from iondrift.experiment.results import Analysis, CellImpedance


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a finished job leaves.

    Attributes
    ----------
    summary, folder
        Its headline numbers, and where everything was written.
    analysis
        None where earlier results stand.
    because
        Why earlier results did not stand, in words; empty where there were none.
    """

    summary: Mapping[str, Any]
    folder: Path
    analysis: Analysis | None = None
    because: Sequence[str] = ()

    @property
    def stands(self) -> bool:
        """Whether earlier results are what would be computed, so that nothing was."""
        return self.analysis is None


def run(
    experiment: Experiment,
    folder: Path,
    *,
    options: RunOptions = DEFAULT_RUN,
    again: bool = False,
    patience: float = PATIENCE,
    progress: Progress = silent,
) -> Outcome:
    """Analyse one experiment and write store, summary, report and figures, and its impedance where it names spectra.

    Results that are there of the same inputs, settings and versions stand. Everything is complete before anything that
    was in the folder is replaced.

    Parameters
    ----------
    experiment
        A validated experiment file.
    folder
        Where results go; made when missing.
    options
        What is asked of the run.
    again
        Compute even what stands.
    patience
        How long to wait for another process that writes there, s.
    progress
        Told each step as it begins.

    Raises
    ------
    IondriftError
        Whatever the user can put right: input, configuration, or a folder that cannot be written.
    """
    experiment = experiment.with_options(
        closure=options.closure, smoothing=options.smoothing, keep_outliers=options.keep_outliers
    )
    progress("comparing with what is there")
    record, before = record_of(experiment, options), read_ledger(folder)
    because = ["--again"] if again else changes(folder, record)
    if not because:
        return Outcome(summary=read_summary(folder), folder=folder)
    with publication(folder, record, patience=patience) as files:
        if not again and read_ledger(folder) != before and not changes(folder, record):
            files.abandon()  # another process has computed it meanwhile
            return Outcome(summary=read_summary(folder), folder=folder)
        outcome = _compute(experiment, folder, files, options, progress)
    return replace(outcome, because=[reason for reason in because if reason != NOTHING])


def standing(experiment: Experiment, folder: Path, *, options: RunOptions = DEFAULT_RUN) -> bool:
    """Say whether results in a folder are what :func:`run` would compute; IondriftError as there."""
    experiment = experiment.with_options(closure=options.closure, smoothing=options.smoothing)
    return not changes(folder, record_of(experiment, options))


def record_of(experiment: Experiment, options: RunOptions) -> Record:
    """Return what the results of an experiment are made of, closure and smoothing as they are used."""
    base = Path() if experiment.source is None else experiment.source.parent
    settings, impedance = experiment.model_dump(mode="json"), experiment.impedance
    settings["log"]["file"] = relative(experiment.log.file, base)
    named = [("profiles", experiment.profiles.files), *([("impedance", impedance.files)] if impedance else [])]
    for section, files in named:
        settings[section]["files"] = [relative(file, base) for file in files]
    inputs = [Path(experiment.log.file), *files_of(experiment.profiles.files, deep=True)]
    inputs += files_of(impedance.files, deep=False) if impedance else []
    for section, data_sets in (("diffusivity", experiment.diffusivity), ("lineshape", experiment.lineshape)):
        if isinstance(data_sets, DataSets):
            settings[section]["files"] = relative(data_sets.files, base)
            inputs += files_of(data_sets.folders, deep=True)
    asked = asdict(options)
    for replaced in ("closure", "smoothing", "keep_outliers"):  # they stand with the experiment's
        del asked[replaced]
    file = None if experiment.source is None else experiment.source.name
    return Record.of("run", base, inputs, {"experiment_file": file, "experiment": settings, **asked})


def _compute(
    experiment: Experiment, folder: Path, files: Publication, options: RunOptions, progress: Progress
) -> Outcome:
    """Analyse, and write everything into the publication."""
    from iondrift.experiment import pipeline
    from iondrift.report.console import cell as console
    from iondrift.report.figures import cell as figures
    from iondrift.report.figures import drawing
    from iondrift.report.summary import cell as summaries

    analysis = pipeline.analyse(experiment, bands=options.bands, progress=progress)
    summary = summaries.build(analysis)
    progress("writing results")
    files.store(analysis.dataset)
    if options.netcdf:
        files.netcdf(analysis.dataset)
    if options.csv:
        files.tables(analysis.dataset)
    progress("drawing figures")
    title, kinds = experiment.cell.name, drawing.KINDS[options.figures]
    figures.draw(analysis.dataset, analysis.segments, title=title, folder=files.figures, kinds=kinds)
    if analysis.impedance is not None:
        summary["impedance"] = _add_impedance(files, analysis, analysis.impedance, kinds, csv=options.csv)
    if analysis.measured.diffusion is not None:
        summary["diffusion"] = _add_diffusion(files, analysis.measured.diffusion, title, kinds)
    if experiment.lineshape is not None:
        summary["lineshape"] = _add_lines(files, experiment.lineshape, title, kinds, progress)
    files.report(console.to_text(summary), summary)
    files.provenance(experiment.cell.name, summary["warnings"])
    return Outcome(analysis=analysis, summary=summary, folder=folder)


def _add_impedance(
    files: Publication, analysis: Analysis, found: CellImpedance, kinds: Sequence[str], *, csv: bool
) -> Mapping[str, Any]:
    """Write and draw what the spectra that the experiment file names gave, and return their summary."""
    from iondrift.report.figures import impedance as figures
    from iondrift.report.series_axis import series_axis
    from iondrift.report.summary import impedance as summaries

    axis, title = series_axis(found.dataset, "time"), analysis.experiment.cell.name
    files.store(found.dataset, IMPEDANCE)
    if csv:
        files.tables(found.dataset, "impedance")
    folder = files.figures / "impedance"
    figures.draw(found.dataset, axis, title=title, folder=folder, segments=analysis.segments, kinds=kinds)
    return summaries.build(found.dataset, axis, title=title, warnings=found.notes)


def _add_diffusion(files: Publication, series: DiffusionSeries, title: str, kinds: Sequence[str]) -> Mapping[str, Any]:
    """Write and draw the diffusion experiments that D(c) was fitted to, and return their summary."""
    from iondrift.experiment.diffusion_labels import label_series
    from iondrift.report.figures import diffusion as figures
    from iondrift.report.summary import diffusion as summaries

    found = label_series(series)
    files.store(found, DIFFUSION)
    figures.draw(found, title=title, folder=files.figures / "diffusion", kinds=kinds)
    return summaries.build(series, title=title)


def _add_lines(
    files: Publication, settings: Lineshape, title: str, kinds: Sequence[str], progress: Progress
) -> Mapping[str, Any]:
    """Fit the lines of the spectra that the experiment file names, write and draw them, and return their summary."""
    from iondrift.experiment.cell_data_sets import cell_lines
    from iondrift.report.figures import lineshape as figures
    from iondrift.report.summary import lineshape as summaries

    found = cell_lines(settings, progress=progress)
    files.store(found.dataset, LINESHAPE)
    figures.draw(found.dataset, folder=files.figures / "lineshape", kinds=kinds)
    return summaries.build(found.dataset, title=title, warnings=found.notes)
