"""The command ``iondrift drt``: its options; science is imported inside."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from iondrift.cli.progress import reporter
from iondrift.impedance.options import CRITERIA, REGULARIZATIONS, WEIGHTINGS, ImpedanceOptions, Masked, Method, Per
from iondrift.readers._text import Separator
from iondrift.readers.impedance.options import Format, Grid, Incomplete, ReadingOptions
from iondrift.settings import on_command_line

_SWITCHES = {("day_first", True): "--day-first", ("day_first", False): "--month-first"}


def drt(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Spectra: files, folders, globs; one series.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for results.")] = Path("results"),
    mask: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[N@]HZ[:HZ]",
            help="Points that must not count: 50, a range 1e5:1e6, or in spectrum 3 alone 3@50. May be repeated.",
        ),
    ] = None,
    frequency_range: Annotated[
        tuple[float, float] | None, typer.Option(metavar="LOW HIGH", help="Frequencies in Hz to read.")
    ] = None,
    time_constants: Annotated[int, typer.Option(min=4, help="How many time constants.")] = 92,
    tau_range: Annotated[
        tuple[float, float] | None, typer.Option(metavar="LOW HIGH", help="Time constants in s; from the frequencies.")
    ] = None,
    regularization: Annotated[
        str, typer.Option(metavar="auto|paper|LAMBDA|CRITERION", help=f"CRITERION: {', '.join(CRITERIA)}.")
    ] = "auto",
    order: Annotated[int | None, typer.Option(min=0, max=3, help="Of the penalty; 0: identity.")] = None,
    weighting: Annotated[
        str | None, typer.Option(metavar="none|modulus|SIGMA", help="SIGMA: standard deviation of Z in ohm.")
    ] = None,
    inductive: Annotated[bool, typer.Option("--inductive/--no-inductive", help="An inductance in series.")] = True,
    capacitive: Annotated[bool, typer.Option("--capacitive", help="A capacitance in series: blocking cells.")] = False,
    per: Annotated[Per, typer.Option(help="Choose roughness for each spectrum, or once for the series.")] = "spectrum",
    window: Annotated[
        tuple[float, float], typer.Option(metavar="LOW HIGH", help="Time constants in s, for the resistance in it.")
    ] = (1e-4, 1.0),
    electrodes: Annotated[int, typer.Option(min=1, help="Equal electrodes in series; 2 in a symmetric cell.")] = 1,
    area_cm2: Annotated[float | None, typer.Option("--area-cm2", help="Area of one electrode.")] = None,
    samples: Annotated[int, typer.Option(min=20, help="Draws of the bands.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bands.")] = 0,
    method: Annotated[
        Method | None,
        typer.Option(help="How bands are drawn; calibrated, or prior where lambda is given or chosen."),
    ] = None,
    no_bands: Annotated[bool, typer.Option("--no-bands", help="No uncertainty bands.")] = False,
    largest_jump: Annotated[float, typer.Option(help="Decades a peak may move between spectra.")] = 0.6,
    along: Annotated[
        Literal["auto", "time", "bias", "index"], typer.Option(help="What the series is shown against.")
    ] = "auto",
    format: Annotated[Format, typer.Option(help="Of the files.")] = "auto",
    header: Annotated[
        str | None, typer.Option(metavar="NAMES", help='Columns of text, such as "freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm".')
    ] = None,
    separator: Annotated[Separator | None, typer.Option(help="Of the columns of text; found out.")] = None,
    decimal: Annotated[Literal[".", ","] | None, typer.Option(help="Decimal sign of text; found out.")] = None,
    grid: Annotated[Grid, typer.Option(help="All frequencies, or those in all files.")] = "same",
    incomplete: Annotated[Incomplete, typer.Option(help="Sweeps cut short.")] = "refuse",
    minimum_points: Annotated[int, typer.Option(min=3, help="Fewest points of a sweep.")] = 5,
    times: Annotated[
        str | None, typer.Option(metavar="S,S,...", help="Start of every spectrum in s, where the files do not tell.")
    ] = None,
    origin: Annotated[str | None, typer.Option(metavar="MOMENT", help="t = 0, as 2024-10-25T21:09:58.")] = None,
    day_first: Annotated[bool | None, typer.Option("--day-first/--month-first", help="Dates as 10-12-2018.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON instead of the report.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No progress on stderr.")] = False,
) -> None:
    """Compute distributions of relaxation times of impedance spectra.

    Needs no configuration. Writes results.zarr, summary.json, report.txt and figures to DIR.
    """
    named: dict[str, Any] = {
        "regularization": _number_or_name(regularization, "--regularization", REGULARIZATIONS),
        "weighting": None if weighting is None else _number_or_name(weighting, "--weighting", WEIGHTINGS),
    }
    if area_cm2 is not None and not area_cm2 > 0.0:
        raise typer.BadParameter(f"{area_cm2} found; an area is positive", param_hint="'--area-cm2'")
    options = ImpedanceOptions(
        mask=tuple(map(_masked, mask or ())),
        time_constants=time_constants,
        tau_range=tau_range,
        order=order,
        inductive=inductive,
        capacitive=capacitive,
        per=per,
        window=window,
        electrodes=electrodes,
        area=None if area_cm2 is None else area_cm2 * 1e-4,
        bands=not no_bands,
        method=method,
        samples=samples,
        seed=seed,
        largest_jump=largest_jump,
        **named,
    )
    reading = ReadingOptions(
        format=format,
        header=None if header is None else tuple(name.strip() for name in header.split(",")),
        separator=separator,
        decimal=decimal,
        grid=grid,
        frequency_range=frequency_range,
        incomplete=incomplete,
        times=None if times is None else tuple(map(_seconds, times.split(","))),
        origin=origin,
        day_first=day_first,
        minimum_points=minimum_points,
    )
    from iondrift.runs import impedance as impedance_job

    with reporter(enabled=not (quiet or no_progress)) as progress, on_command_line(_SWITCHES):
        outcome = impedance_job.run(files, out, reading=reading, options=options, along=along, progress=progress)
    impedance_job.show(outcome, as_json=json, quiet=quiet)


def _number_or_name(text: str, option: str, names: tuple[str, ...]) -> str | float:
    if text in names:
        return text
    number = _positive(text)
    if number is None:
        raise typer.BadParameter(
            f"{text!r} found; allowed are {', '.join(names)}, or a positive number", param_hint=f"'{option}'"
        )
    return number


def _masked(text: str) -> Masked:
    """Return what ``50``, ``1e5:1e6``, ``3@50`` or ``3@1e5:1e6`` means."""
    before, at, rest = text.rpartition("@")
    edges = [_positive(edge) for edge in rest.split(":")]
    spectrum = int(before) if before.isascii() and before.isdecimal() else 0
    known = [edge for edge in edges if edge is not None]
    if len(known) != len(edges) or len(edges) > 2 or known != sorted(known) or (at and spectrum < 1):
        raise typer.BadParameter(
            f"{text!r} found; allowed are a frequency in Hz such as 50, a range such as 1e5:1e6, or either in one "
            "spectrum, counted from 1, such as 3@50",
            param_hint="'--mask'",
        )
    return Masked(low=known[0], high=known[-1], spectrum=spectrum if at else None)


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise typer.BadParameter(f"{text!r} found; allowed are numbers such as 0,600,1200", param_hint="'--times'")
    return number


def _positive(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) and number > 0.0 else None
