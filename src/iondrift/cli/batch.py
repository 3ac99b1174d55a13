"""The command ``iondrift batch``: its options; science is imported inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from iondrift.cli.environment import check_surroundings
from iondrift.cli.options import JSON, NO_PROGRESS, QUIET, command, out, parameter, parameters_of, read
from iondrift.cli.progress import reporter
from iondrift.cli.run import RUN_PARAMETERS, run_options
from iondrift.runs.options import ExecutorOptions
from iondrift.settings import on_command_line

SOME_FAILED = 5


def batch(cells: list[Path], out: Path, **values: Any) -> None:
    """Compute drift velocities of many cells.

    Results of each go to DIR/NAME, a table over all to DIR/summary.csv and summary.json. What the same inputs and
    settings made is not computed again: a batch that was interrupted is simply started again. Exit status 5: some
    cells failed.
    """
    options, quiet = run_options(values), values["quiet"]
    with on_command_line():
        executor = ExecutorOptions(**read(ExecutorOptions, values))
        from iondrift.runs import many, overview

        tasks = many.tasks_of(cells, out, options=options, again=values["again"])
        with reporter(enabled=not (quiet or values["no_progress"])) as progress:
            results = many.run_tasks(tasks, executor=executor, prepare=check_surroundings, progress=progress)
    found = overview.overview(results)
    overview.write(found, out)
    overview.show(results, found, out, as_json=values["json"], quiet=quiet)
    if any(result.state == "failed" for result in results):
        raise typer.Exit(SOME_FAILED)


_CELLS = typer.Argument(metavar="PATTERN|LIST", help="Experiment files, patterns, or a TOML file with [cells].")
batch_command = command(
    batch,
    parameter("cells", list[Path], _CELLS),
    out(Path("results")),
    *RUN_PARAMETERS,
    *parameters_of(ExecutorOptions),
    JSON,
    QUIET,
    NO_PROGRESS,
)
