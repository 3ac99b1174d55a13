"""The command ``iondrift drt``: its options; science is imported inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeAlias

import typer

from iondrift.cli.options import AGAIN, CSV, JSON, NO_PROGRESS, QUIET, command, out, parameter, parameters_of, read
from iondrift.cli.progress import reporter
from iondrift.cli.run import FIGURES
from iondrift.impedance.options import ImpedanceOptions, Masked, positive
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.settings import on_command_line

Along: TypeAlias = Literal["auto", "time", "bias", "index"]
_SWITCHES = {("day_first", True): "--day-first", ("day_first", False): "--month-first"}


def drt(files: list[Path], out: Path, **values: Any) -> None:
    """Compute distributions of relaxation times of impedance spectra.

    Needs no configuration. Writes results.zarr, summary.json, report.txt and figures to DIR.
    """
    options = ImpedanceOptions(
        **read(ImpedanceOptions, values), mask=tuple(map(_masked, values["mask"] or ())), bands=not values["no_bands"]
    )
    reading = ReadingOptions(**read(ReadingOptions, values))
    quiet = values["quiet"]
    from iondrift.runs import impedance as impedance_job

    with reporter(enabled=not (quiet or values["no_progress"])) as progress, on_command_line(_SWITCHES):
        outcome = impedance_job.run(
            files, out, reading=reading, options=options, along=values["along"], csv=values["csv"],
            figures=values["figures"],
            again=values["again"], progress=progress,
        )  # fmt: skip
    impedance_job.show(outcome, as_json=values["json"], quiet=quiet)


_FILES = typer.Argument(metavar="FILE", help="Spectra: files, folders, globs; one series.")
_MASK = typer.Option(
    metavar="[N@]HZ[:HZ]",
    help="Points that must not count: 50, a range 1e5:1e6, or in spectrum 3 alone 3@50. May be repeated.",
)
drt_command = command(
    drt,
    parameter("files", list[Path], _FILES),
    out(Path("results")),
    parameter("mask", list[str] | None, _MASK, None),
    *parameters_of(ImpedanceOptions),
    parameter("no_bands", bool, typer.Option("--no-bands", help="No uncertainty bands."), False),
    parameter("along", Along, typer.Option(help="What the series is shown against."), "auto"),
    *parameters_of(ReadingOptions),
    CSV,
    AGAIN,
    FIGURES,
    JSON,
    QUIET,
    NO_PROGRESS,
)


def _masked(text: str) -> Masked:
    """Return what ``50``, ``1e5:1e6``, ``3@50`` or ``3@1e5:1e6`` means."""
    before, at, rest = text.rpartition("@")
    edges = [positive(edge) for edge in rest.split(":")]
    spectrum = int(before) if before.isascii() and before.isdecimal() else 0
    known = [edge for edge in edges if edge is not None]
    if len(known) != len(edges) or len(edges) > 2 or known != sorted(known) or (at and spectrum < 1):
        raise typer.BadParameter(
            f"{text!r} found; allowed are a frequency in Hz such as 50, a range such as 1e5:1e6, or either in one "
            "spectrum, counted from 1, such as 3@50",
            param_hint="'--mask'",
        )
    return Masked(low=known[0], high=known[-1], spectrum=spectrum if at else None)
