"""Commands that look at results: ``info``, ``export``, ``verify``; science is imported inside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from iondrift.cli.environment import tell
from iondrift.cli.progress import reporter

_Results = Annotated[Path, typer.Argument(metavar="RESULTS", help="A folder of results, or a store in one.")]
_Csv = Annotated[Path | None, typer.Option("--csv", metavar="DIR", help="Tables, and a README.txt that names columns.")]
_NetCdf = Annotated[Path | None, typer.Option("--netcdf", metavar="FILE", help="One NetCDF file.")]


def info(
    results: _Results, as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False
) -> None:
    """Say what results hold and what they were made of."""
    from iondrift.report.console.inspection import write
    from iondrift.report.console.layout import console_on
    from iondrift.runs import inspect
    from iondrift.runs.results import as_json as to_json

    found = inspect.info(results)
    if as_json:
        typer.echo(to_json(found))
    else:
        write(found, console_on())


def export(results: _Results, csv: _Csv = None, netcdf: _NetCdf = None) -> None:
    """Write results as CSV tables or NetCDF."""
    from iondrift.runs import inspect

    for path in inspect.export(results, csv=csv, netcdf=netcdf):
        typer.echo(path)


def verify(
    results: _Results,
    read_only: Annotated[bool, typer.Option("--read-only", help="Read alone; compute nothing.")] = False,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No progress on stderr.")] = False,
) -> None:
    """Read results and inputs again, and compute the cell anew.

    Every file is compared with what was written, every input with what was read, every array bit for bit.
    """
    from iondrift.runs import inspect

    with reporter(enabled=not no_progress) as progress:
        found = inspect.verify(results, recompute=not read_only, progress=progress)
    for fault in found.faults:
        tell(f"error: {fault}")
    if found.faults:
        raise typer.Exit(1)
    computed = f"; {len(found.recomputed)} arrays came out bit for bit again" if found.recomputed else ""
    typer.echo(f"{results}: {found.files} files and {found.inputs} inputs are as they were{computed}")
