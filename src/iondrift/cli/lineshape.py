"""The command ``iondrift lineshape``: its options; science is imported inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from iondrift.cli.options import JSON, NO_PROGRESS, QUIET, command, out, parameter, parameters_of, read
from iondrift.cli.progress import reporter
from iondrift.cli.run import FIGURES
from iondrift.nmr.options import LineOptions
from iondrift.settings import on_command_line


def lineshape(folders: list[Path], out: Path, **values: Any) -> None:
    """Fit lines to spectra of TopSpin.

    Single FIDs, processed with the parameters of pdata/1. Writes summary.json, report.txt and figures to DIR.
    """
    options = LineOptions(**read(LineOptions, values))
    quiet = values["quiet"]
    from iondrift.runs import lineshape as job

    with reporter(enabled=not (quiet or values["no_progress"])) as progress, on_command_line():
        summary = job.run(folders, out, options=options, figures=values["figures"], progress=progress)
    job.show(summary, out, as_json=values["json"], quiet=quiet)


lineshape_command = command(
    lineshape,
    parameter("folders", list[Path], typer.Argument(metavar="DIR", help="TopSpin data sets, one a spectrum.")),
    out(Path("results")),
    *parameters_of(LineOptions),
    FIGURES,
    JSON,
    QUIET,
    NO_PROGRESS,
)
