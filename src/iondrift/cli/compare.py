"""The command ``iondrift compare``: its options; everything heavy is imported inside."""

from __future__ import annotations

from pathlib import Path

import typer

from iondrift.cli.options import NO_PROGRESS, command, parameter
from iondrift.cli.progress import reporter


def compare(results: list[Path], html: Path | None, json: bool, no_progress: bool) -> None:
    """Compare cells with the first of them.

    Velocities and their ratios draw by draw, under every closure; what differs, and what rests on the closure alone.
    """
    from iondrift.report.console import comparison as console
    from iondrift.report.console.layout import console_on
    from iondrift.runs import compare as job
    from iondrift.runs.results import as_json

    with reporter(enabled=not no_progress) as progress:
        found = job.compare(*results, progress=progress)
        if html is not None:
            job.write_page(results, found, html)
    if json:
        print(as_json(found.summary))
        return
    console.write(found.summary, console_on())
    if html is not None:
        typer.echo(f"{html} written")


_JSON = typer.Option("--json", help="Print the comparison as JSON.")
_HTML = typer.Option("--html", metavar="FILE", help="Also write it as a page.")
compare_command = command(
    compare,
    parameter("results", list[Path], typer.Argument(metavar="RESULTS", help="Folders that 'iondrift run' wrote.")),
    parameter("html", Path | None, _HTML, None),
    parameter("json", bool, _JSON, False),
    NO_PROGRESS,
)
