"""The job of ``iondrift lineshape``: TopSpin spectra to a folder of results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from iondrift.errors import collected_warnings
from iondrift.experiment.lineshape import measure_lines
from iondrift.nmr.options import LineOptions
from iondrift.progress import Progress, silent
from iondrift.report.console import layout
from iondrift.report.console import lineshape as console
from iondrift.report.figures import drawing
from iondrift.report.figures import lineshape as drawings
from iondrift.report.summary import lineshape as summaries
from iondrift.runs.options import Figures
from iondrift.runs.results import publication, tell


def run(
    folders: Sequence[Path],
    out: Path,
    *,
    options: LineOptions = LineOptions(),
    figures: Figures = "png",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Fit the lines of spectra, write summary, report and figures; return the summary.

    Raises
    ------
    IondriftError
        Whatever the user can put right: files, options, or a folder that cannot be written.
    """
    with publication(out) as written:
        notes: list[str] = []
        with collected_warnings(notes):
            found = measure_lines(folders, options, progress=progress)
        summary = summaries.build(found, title=_title(found), warnings=notes)
        written.store(found)
        progress("drawing figures")
        drawings.draw(found, folder=written.figures, kinds=drawing.KINDS[figures])
        written.report(layout.plain_text(console.render(summary), 100), summary)
    return summary


def show(summary: dict[str, Any], out: Path, *, as_json: bool, quiet: bool) -> None:
    """Print the report, or the summary as JSON, to stdout."""
    if as_json or not quiet:
        tell(summary, out, console.render, as_text=not as_json)


def _title(found: xr.Dataset) -> str:
    names = [str(name) for name in found.source.values]
    return f"Lines: {', '.join(names[:4])}" + (f" and {len(names) - 4} more" if len(names) > 4 else "")
