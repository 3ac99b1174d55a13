"""The job of ``iondrift fit``: one experiment file to D(c), t- and what follows, in a folder of results."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from iondrift.errors import collected_warnings
from iondrift.experiment import pipeline
from iondrift.experiment.file.schema import Experiment
from iondrift.experiment.transport import CellFit, fit_cell
from iondrift.progress import Progress, silent
from iondrift.report.console import transport as console
from iondrift.report.figures import drawing
from iondrift.report.figures import transport as drawings
from iondrift.report.summary import transport as summaries
from iondrift.report.summary.readings import readings
from iondrift.runs.options import Figures
from iondrift.runs.results import publication, tell


@dataclass(frozen=True, kw_only=True)
class TransportOutcome:
    """What a finished job leaves."""

    fit: CellFit
    summary: dict[str, Any]
    folder: Path


def run(
    experiment: Experiment,
    out: Path,
    *,
    mcmc: bool = False,
    seed: int = 0,
    figures: Figures = "png",
    progress: Progress = silent,
) -> TransportOutcome:
    """Fit one cell and write store, summary, report and figures.

    Raises
    ------
    IondriftError
        Whatever the user can put right: files, options, or a folder that cannot be written.
    """
    with publication(out) as written:
        found = fit_cell(experiment, mcmc=mcmc, seed=seed, progress=progress)
        progress("reading in closed form")
        notes = list(found.notes)
        with collected_warnings(notes):
            closed_forms = readings(pipeline.read_in_closed_form(found.measured))
        found = replace(found, notes=tuple(dict.fromkeys(notes)))
        summary = summaries.build(found) | {"readings": closed_forms}
        written.store(found.dataset)
        progress("drawing figures")
        folder, kinds = written.figures, drawing.KINDS[figures]
        drawings.draw(found.dataset, title=experiment.cell.name, folder=folder, kinds=kinds)
        written.report(console.to_text(summary), summary)
    return TransportOutcome(fit=found, summary=summary, folder=out)


def show(outcome: TransportOutcome, *, as_json: bool, quiet: bool) -> None:
    """Print the report, or the summary as JSON, to stdout."""
    if as_json or not quiet:
        tell(outcome.summary, outcome.folder, console.render, as_text=not as_json)
