"""The command ``iondrift drt``: its options; science is imported inside."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from iondrift.progress import reporter

_CRITERIA = ("marginal_likelihood", "gcv", "l_curve", "re_im")  # iondrift.regularization.CRITERIA, without numpy
_FORMATS = Literal[
    "auto", "zahner", "gamry", "biologic", "zplot", "autolab", "versastudio", "parstat", "chi", "powersuite", "text"
]


def drt(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Spectra: files, folders, globs; one series.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for results.")] = Path("results"),
    time_constants: Annotated[int, typer.Option(min=4, help="How many time constants.")] = 92,
    regularization: Annotated[
        str, typer.Option(metavar="auto|paper|LAMBDA|CRITERION", help=f"CRITERION: {', '.join(_CRITERIA)}.")
    ] = "auto",
    order: Annotated[int | None, typer.Option(min=0, max=3, help="Of the penalty; 0: identity.")] = None,
    weighting: Annotated[
        str | None, typer.Option(metavar="none|modulus|SIGMA", help="SIGMA: standard deviation of Z in ohm.")
    ] = None,
    capacitive: Annotated[bool, typer.Option("--capacitive", help="A capacitance in series: blocking cells.")] = False,
    window: Annotated[
        tuple[float, float], typer.Option(metavar="LOW HIGH", help="Time constants in s, for the resistance in it.")
    ] = (1e-4, 1.0),
    electrodes: Annotated[int, typer.Option(min=1, help="Equal electrodes in series; 2 in a symmetric cell.")] = 1,
    area_cm2: Annotated[float | None, typer.Option("--area-cm2", help="Area of one electrode.")] = None,
    series: Annotated[bool, typer.Option("--series/--spectrum", help="Choose roughness once, or for each.")] = False,
    samples: Annotated[int, typer.Option(min=20, help="Draws of the bands.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bands.")] = 0,
    method: Annotated[
        Literal["calibrated", "noise", "prior"] | None,
        typer.Option(help="How bands are drawn; calibrated, or prior where lambda is given or chosen."),
    ] = None,
    no_bands: Annotated[bool, typer.Option("--no-bands", help="No uncertainty bands.")] = False,
    largest_jump: Annotated[float, typer.Option(help="Decades a peak may move between spectra.")] = 0.6,
    along: Annotated[
        Literal["auto", "time", "bias", "index"], typer.Option(help="What the series is shown against.")
    ] = "auto",
    format: Annotated[_FORMATS, typer.Option(help="Of the files.")] = "auto",
    header: Annotated[
        str | None, typer.Option(metavar="NAMES", help='Columns of text, such as "freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm".')
    ] = None,
    grid: Annotated[Literal["same", "common"], typer.Option(help="All frequencies, or those in all files.")] = "same",
    incomplete: Annotated[Literal["refuse", "keep", "drop"], typer.Option(help="Sweeps cut short.")] = "refuse",
    origin: Annotated[str | None, typer.Option(metavar="MOMENT", help="t = 0, as 2024-10-25T21:09:58.")] = None,
    day_first: Annotated[bool | None, typer.Option("--day-first/--month-first", help="Dates as 10-12-2018.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON instead of the report.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")] = False,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No progress on stderr.")] = False,
) -> None:
    """Compute distributions of relaxation times of impedance spectra.

    Needs no configuration. Writes results.zarr, summary.json, report.txt and figures to DIR.
    """
    lambda_or_name = _number_or_name(regularization, "--regularization", ("auto", "paper", *_CRITERIA))
    weights = None if weighting is None else _number_or_name(weighting, "--weighting", ("none", "modulus"))
    if area_cm2 is not None and not area_cm2 > 0.0:
        raise typer.BadParameter(f"{area_cm2} found; an area is positive", param_hint="'--area-cm2'")
    from iondrift import impedance_job
    from iondrift.impedance_analysis import ImpedanceOptions

    asked: dict[str, Any] = {"regularization": lambda_or_name, "weighting": weights}
    options = ImpedanceOptions(
        time_constants=time_constants,
        order=order,
        capacitive=capacitive,
        per="series" if series else "spectrum",
        window=window,
        electrodes=electrodes,
        area=None if area_cm2 is None else area_cm2 * 1e-4,
        bands=not no_bands,
        method=method,
        samples=samples,
        seed=seed,
        largest_jump=largest_jump,
        **asked,
    )
    reading: dict[str, Any] = {
        "format": format,
        "header": None if header is None else [name.strip() for name in header.split(",")],
        "grid": grid,
        "incomplete": incomplete,
        "origin": origin,
        "day_first": day_first,
    }
    with reporter(enabled=not (quiet or no_progress)) as progress:
        outcome = impedance_job.run(files, out, reading=reading, options=options, along=along, progress=progress)
    impedance_job.show(outcome, as_json=json, quiet=quiet)


def _number_or_name(text: str, option: str, names: tuple[str, ...]) -> str | float:
    if text in names:
        return text
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not (isfinite(number) and number > 0.0):
        raise typer.BadParameter(
            f"{text!r} found; allowed are {', '.join(names)}, or a positive number", param_hint=f"'{option}'"
        )
    return number
