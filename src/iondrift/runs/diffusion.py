"""The job of ``iondrift diffusion``: folders of diffusion experiments to a folder of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iondrift.errors import collected_warnings
from iondrift.experiment.diffusion import DiffusionSeries, measure_series
from iondrift.experiment.diffusion_labels import label_series
from iondrift.nmr.options import DiffusionOptions, DiffusivityForm
from iondrift.progress import Progress, silent
from iondrift.readers.bruker.options import GradientOptions
from iondrift.report.console import diffusion as console
from iondrift.report.figures import diffusion as drawings
from iondrift.report.figures import drawing
from iondrift.report.summary import diffusion as summaries
from iondrift.runs.options import Figures
from iondrift.runs.results import publication, tell


@dataclass(frozen=True, kw_only=True)
class DiffusionOutcome:
    """What a finished job leaves."""

    series: DiffusionSeries
    summary: Mapping[str, Any]
    folder: Path


def run(
    folders: Sequence[Path],
    out: Path,
    *,
    concentrations: Sequence[float] | None = None,
    form: DiffusivityForm = "auto",
    options: DiffusionOptions = DiffusionOptions(),
    gradients: GradientOptions = GradientOptions(),
    figures: Figures = "png",
    progress: Progress = silent,
) -> DiffusionOutcome:
    """Measure diffusion experiments and write summary, report and figures; see :func:`measure_series`.

    Raises
    ------
    IondriftError
        Whatever the user can put right: files, options, or a folder that cannot be written.
    """
    with publication(out) as written:
        notes: list[str] = []
        with collected_warnings(notes):
            series = measure_series(
                folders, concentrations=concentrations, form=form, options=options, gradients=gradients,
                progress=progress,
            )  # fmt: skip
        title = f"Diffusion: {', '.join(experiment.name for experiment in series.experiments[:4])}"
        title += "" if len(folders) <= 4 else f" and {len(folders) - 4} more"
        summary = summaries.build(series, title=title, warnings=notes)
        found = label_series(series)
        written.store(found)
        progress("drawing figures")
        drawings.draw(found, title=title, folder=written.figures, kinds=drawing.KINDS[figures])
        written.report(console.to_text(summary), summary)
    return DiffusionOutcome(series=series, summary=summary, folder=out)


def show(outcome: DiffusionOutcome, *, as_json: bool, quiet: bool) -> None:
    """Print the report, or the summary as JSON, to stdout."""
    if as_json or not quiet:
        tell(outcome.summary, outcome.folder, console.render, as_text=not as_json)
