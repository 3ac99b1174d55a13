"""The command ``iondrift fit``: its options; science is imported inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from iondrift.cli.options import JSON, NO_PROGRESS, QUIET, command, out, parameter
from iondrift.cli.progress import reporter
from iondrift.cli.run import FIGURES


def fit(file: Path, out: Path, **values: Any) -> None:
    """Fit D(c) and t- to the profiles of one cell.

    Takes an experiment file with a logged current. Writes results.zarr, summary.json, report.txt and figures to DIR.
    """
    quiet = values["quiet"]
    from iondrift.experiment.file.schema import load
    from iondrift.runs import transport as job

    with reporter(enabled=not (quiet or values["no_progress"])) as progress:
        outcome = job.run(
            load(file), out, mcmc=values["mcmc"], seed=values["seed"], figures=values["figures"], progress=progress
        )
    job.show(outcome, as_json=values["json"], quiet=quiet)


_MCMC = typer.Option("--mcmc", help="Check the bands by a random walk through the posterior.")
_SEED = typer.Option("--seed", min=0, help="Seed of draws and walks.")
fit_command = command(
    fit,
    parameter("file", Path, typer.Argument(metavar="FILE", help="An experiment file.")),
    out(Path("results")),
    parameter("mcmc", bool, _MCMC, False),
    parameter("seed", int, _SEED, 0),
    FIGURES,
    JSON,
    QUIET,
    NO_PROGRESS,
)
