"""The command ``iondrift report``: its options; everything heavy is imported inside."""

from __future__ import annotations

from pathlib import Path

import typer

from iondrift.cli.options import NO_PROGRESS, command, parameter
from iondrift.cli.progress import reporter


def report(results: list[Path], html: Path, no_progress: bool) -> None:
    """Make one HTML page of results.

    Figures with their data are inside; nothing is fetched. Several results make a page with a table of the cells.
    """
    from iondrift.runs import page

    with reporter(enabled=not no_progress) as progress:
        page.write(results, html, progress=progress)
    typer.echo(f"{html} written")


report_command = command(
    report,
    parameter("results", list[Path], typer.Argument(metavar="RESULTS", help="Folders that 'iondrift run' wrote.")),
    parameter("html", Path, typer.Option("--html", metavar="FILE", help="The page."), Path("report.html")),
    NO_PROGRESS,
)
