"""The command line. Thin: science is imported inside the commands, so that help is immediate.

Results go to stdout, progress and errors to stderr. Exit status: 0 good, 1 something the user can put right,
2 wrong usage, 5 some cells of a batch failed, 130 interrupted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import typer
from typer.core import TyperGroup

from iondrift.cli import options
from iondrift.cli.batch import batch_command
from iondrift.cli.compare import compare_command
from iondrift.cli.diffusion import diffusion_command
from iondrift.cli.drt import drt_command
from iondrift.cli.environment import check_surroundings, open_streams, tell, told_warnings, watched_output
from iondrift.cli.fit import fit_command
from iondrift.cli.lineshape import lineshape_command
from iondrift.cli.options import command, parameter, parameters_of, read
from iondrift.cli.progress import reporter
from iondrift.cli.report import report_command
from iondrift.cli.results import export, info, verify
from iondrift.cli.run import RUN_PARAMETERS, run_options
from iondrift.drift.bands.options import DrawOptions
from iondrift.errors import IondriftError, of_surroundings, out_of_memory
from iondrift.progress import finished_folders
from iondrift.resources import address_space
from iondrift.runs.options import RunOptions
from iondrift.version import __version__

_TIGHT = 3e8  # bytes of address space, with less of which neither threads start nor libraries load


class _PlainErrors(TyperGroup):
    """Turn what the user can put right into one message and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        with finished_folders() as finished:
            try:
                check_surroundings()
                with told_warnings(), watched_output(finished):
                    return super().invoke(ctx)
            except IondriftError as error:
                tell(f"error: {error}")
                raise typer.Exit(1) from error
            except MemoryError as error:
                tell(f"error: {out_of_memory(error)}")
                raise typer.Exit(1) from error
            except (ImportError, OSError, RuntimeError) as error:
                told = of_surroundings(error) if isinstance(error, OSError) else None
                if told is not None:
                    tell(f"error: {told}")
                    raise typer.Exit(1) from error
                if address_space() > _TIGHT:
                    raise
                why = " ".join(str(error).split())
                tell(f"error: not enough memory ({why}); raise the limit of the address space (ulimit -v)")
                raise typer.Exit(1) from error
            except KeyboardInterrupt as error:
                tell(str(error) or _interrupted(finished))
                raise typer.Exit(130) from error


def _interrupted(finished: Sequence[Path]) -> str:
    """Return what an interrupted command leaves."""
    if not finished:
        return "interrupted; earlier results are as they were"
    complete = ", ".join(map(str, dict.fromkeys(finished)))
    return f"interrupted; new and complete: {complete}; any other earlier results are as they were"


app = typer.Typer(
    cls=_PlainErrors,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Anion drift velocities from operando 19F MRI profiles and a voltage log.",
    epilog="Start with: iondrift demo, or iondrift init FOLDER",
)

_Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for results.")]
_NoProgress = Annotated[bool, typer.Option("--no-progress", help="No progress on stderr.")]
Layout: TypeAlias = Literal["text", "bruker"]
_AS = "Profiles as exported text; or TopSpin folders of profiles, PFG and 7Li, and impedance."
_Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the simulated noise.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"iondrift {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    pass


def _run(files: list[Path], out: Path, **values: Any) -> None:
    """Compute drift velocities of one or more cells.

    Writes results.zarr, summary.json, report.txt and figures to DIR; with several files to DIR/NAME each.
    What the same inputs and settings made is not computed again.
    """
    asked, quiet = run_options(values), values["quiet"]
    from iondrift.runs import batch

    folders = batch.folders(files, out)
    with reporter(enabled=not (quiet or values["no_progress"])) as progress:
        results = batch.run_all(folders, options=asked, again=values["again"], progress=progress)
    batch.show(results, as_json=values["json"], quiet=quiet, brief=values["brief"])
    if any(result.error for result in results):
        raise typer.Exit(1)


app.command()(
    command(
        _run,
        parameter("files", list[Path], typer.Argument(metavar="FILE", help="Experiment files, one a cell.")),
        options.out(Path("results")),
        *RUN_PARAMETERS,
        options.BRIEF,
        options.JSON,
        options.QUIET,
        options.NO_PROGRESS,
    )
)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the measurements of one cell.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an experiment.toml that is there.")] = False,
) -> None:
    """Write a commented experiment.toml into a folder.

    Profiles and log that are found there are filled in.
    """
    from iondrift.runs.init import left_open, write_template

    path = write_template(folder, force=force)
    for line in left_open(path):
        typer.echo(f"left open: {line}")
    typer.echo(f"{path} written; look at the lines marked CHECK, then: iondrift check {path}")


@app.command("import")
def import_folder(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A TopSpin data set, or a folder of them.")],
    list_only: Annotated[bool, typer.Option("--list", help="List alone; write no experiment.toml.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an experiment.toml that is there.")] = False,
    no_progress: _NoProgress = False,
) -> None:
    """List the TopSpin data sets in a folder.

    Each one with what it could serve as and what is wrong with it. Writes the skeleton of an experiment file
    for profiles.
    """
    from iondrift.runs import data_sets

    with reporter(enabled=not no_progress) as progress:
        entries = data_sets.read(folder, progress=progress)
    data_sets.show(folder, entries)
    if not list_only:
        typer.echo(data_sets.write_skeleton(folder, entries, force=force), nl=False)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An experiment file.")],
    no_progress: _NoProgress = False,
) -> None:
    """Read everything, try it, say what would be computed and what it costs.

    What would stop a run stops this; nothing is written.
    """
    from iondrift.report.console import cell as console
    from iondrift.report.console.layout import console_on
    from iondrift.runs.check import plan_of

    with reporter(enabled=not no_progress) as progress:
        plan = plan_of(file, progress=progress)
    console.write_plan(plan, console_on())


def _demo(out: Path, seed: int, layout: Layout, **values: Any) -> None:
    """Run on two simulated cells and show the truth.

    A Li||Li and a Li||NMC622 cell are simulated, then analysed by the same job as `run`.
    """
    draws = DrawOptions(**read(DrawOptions, values))
    from iondrift.runs import batch
    from iondrift.runs import demo as demonstration

    quiet, as_json = values["quiet"], values["json"]
    with reporter(enabled=not (quiet or values["no_progress"])) as progress:
        cells = demonstration.simulate_cells(out, seed=seed, layout=layout, progress=progress)
        # the truth is laid beside an analysis, so there has to be one
        results = batch.run_all(cells, options=RunOptions(bands=draws), again=True, progress=progress)
    batch.show(results, as_json=as_json, quiet=quiet, brief=values["brief"])
    if not (as_json or quiet):
        demonstration.show_truth(results, out)
    if any(result.error for result in results):
        raise typer.Exit(1)


app.command()(
    command(
        _demo,
        options.out(Path("iondrift-demo")),
        *parameters_of(DrawOptions, "samples"),
        parameter("seed", int, typer.Option("--seed", min=0, help="Seed of the simulated noise."), 0),
        parameter("layout", Layout, typer.Option("--as", help=_AS), "text"),
        options.BRIEF,
        options.JSON,
        options.QUIET,
        options.NO_PROGRESS,
    )
)


@app.command()
def simulate(
    out: _Out,
    cell: Annotated[Literal["li-li", "li-nmc622"], typer.Option(help="Which cell.")] = "li-li",
    layout: Annotated[Layout, typer.Option("--as", help=_AS)] = "text",
    seed: _Seed = 0,
    no_progress: _NoProgress = False,
) -> None:
    """Write a simulated cell that `run` works on.

    Profiles, log, experiment file, and the truth in truth.nc.
    """
    from iondrift.runs import simulated_cell

    with reporter(enabled=not no_progress) as progress:
        file = simulated_cell.write(cell, out, seed=seed, layout=layout, progress=progress)
    typer.echo(f"{file} written; now: iondrift run {file}")


app.command()(compare_command)
app.command()(report_command)
app.command()(batch_command)
app.command()(drt_command)
app.command()(diffusion_command)
app.command()(fit_command)
app.command()(lineshape_command)
app.command()(info)
app.command()(export)
app.command()(verify)


def main() -> None:
    """Run the command line."""
    open_streams()
    with watched_output():
        app(prog_name="iondrift")
