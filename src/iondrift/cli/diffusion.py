"""The command ``iondrift diffusion``: its options; science is imported inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from iondrift.cli.options import JSON, NO_PROGRESS, QUIET, command, out, parameter, parameters_of, read
from iondrift.cli.progress import reporter
from iondrift.cli.run import FIGURES
from iondrift.nmr.options import DiffusionOptions, DiffusivityForm
from iondrift.readers.bruker.options import GradientOptions
from iondrift.settings import on_command_line
from iondrift.units import CONCENTRATION_UNITS

_SWITCHES = {("shape_included", True): "--shape-included", ("shape_included", False): "--no-shape-included"}


def diffusion(folders: list[Path], out: Path, **values: Any) -> None:
    """Fit diffusion coefficients to PFG experiments.

    Takes TopSpin data sets; with their concentrations, D(c) is fitted as well. Writes results.zarr,
    summary.json, report.txt and figures to DIR.
    """
    options, gradients = (
        DiffusionOptions(**read(DiffusionOptions, values)),
        GradientOptions(**read(GradientOptions, values)),
    )
    concentrations = _concentrations(values["concentrations"])
    quiet = values["quiet"]
    from iondrift.runs import diffusion as job

    with reporter(enabled=not (quiet or values["no_progress"])) as progress, on_command_line(_SWITCHES):
        outcome = job.run(
            folders, out, concentrations=concentrations, form=values["form"], options=options, gradients=gradients,
            figures=values["figures"], progress=progress,
        )  # fmt: skip
    job.show(outcome, as_json=values["json"], quiet=quiet)


def _concentrations(text: str | None) -> list[float] | None:
    """Return concentrations in mol m-3 from ``0.5,1.0,1.5`` in mol/L."""
    if text is None:
        return None
    try:
        found = [float(part) * CONCENTRATION_UNITS["mol/L"] for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(0.0 < value < 1e6 for value in found):
        raise typer.BadParameter(
            f"{text!r} found; allowed are concentrations in mol/L such as 0.5,1.0,1.5", param_hint="'--concentrations'"
        )
    return found


_CONCENTRATIONS = typer.Option(metavar="C,C,...", help="Of each data set, mol/L; D(c) is fitted.")
diffusion_command = command(
    diffusion,
    parameter("folders", list[Path], typer.Argument(metavar="DIR", help="TopSpin data sets, one an experiment.")),
    out(Path("results")),
    parameter("concentrations", str | None, _CONCENTRATIONS, None),
    parameter("form", DiffusivityForm, typer.Option(help="Form of D(c)."), "auto"),
    *parameters_of(DiffusionOptions),
    *parameters_of(GradientOptions),
    FIGURES,
    JSON,
    QUIET,
    NO_PROGRESS,
)
