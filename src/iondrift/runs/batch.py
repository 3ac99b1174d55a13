"""Several cells one after another: what fails in one does not lose the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from iondrift.errors import ConfigurationError, IondriftError, of_surroundings, out_of_memory, plain
from iondrift.experiment.file.schema import load
from iondrift.progress import Progress, silent
from iondrift.runs import cell as job
from iondrift.runs.options import DEFAULT_RUN, RunOptions
from iondrift.runs.record import STAND
from iondrift.runs.results import as_json as to_json

State: TypeAlias = Literal["done", "stands", "failed"]
_FEW = 3  # reasons that are told


@dataclass(frozen=True, kw_only=True)
class Result:
    """One experiment file: what came of it, or the error."""

    file: Path
    folder: Path
    outcome: job.Outcome | None = None
    error: str | None = None

    @property
    def state(self) -> State:
        """How it went."""
        if self.outcome is None:
            return "failed"
        return "stands" if self.outcome.stands else "done"


def folders(files: Sequence[Path], out: Path) -> dict[Path, Path]:
    """Return the results folder of each file: ``out`` for one, ``out/NAME`` for several.

    Raises
    ------
    ConfigurationError
        Two files would write to one folder, or the name of one is dots, which lead elsewhere.
    """
    if len(files) == 1:
        return {files[0]: out}
    nameless = next((file for file in files if not file.stem.strip(". ")), None)
    if nameless is not None:
        raise ConfigurationError(
            f"{nameless}: its name gives no name for a folder in {out}; rename it, or run it alone"
        )
    names = Counter(file.stem.casefold() for file in files)
    twice = next((file.stem for file in files if names[file.stem.casefold()] > 1), None)
    if twice is not None:
        raise ConfigurationError(
            f"{names[twice.casefold()]} experiment files are named {twice!r} and would share {out / twice}; "
            "rename one, or run them with different --out"
        )
    return {file: out / file.stem for file in files}


def run_all(
    cells: Mapping[Path, Path],
    *,
    options: RunOptions = DEFAULT_RUN,
    again: bool = False,
    progress: Progress = silent,
) -> list[Result]:
    """Run every experiment file into its folder; an error stays with its cell.

    Parameters
    ----------
    cells
        Results folder of each experiment file.
    options, again, progress
        As :func:`iondrift.runs.cell.run` takes them.
    """
    return [_run(file, folder, options, again, progress) for file, folder in cells.items()]


def _run(file: Path, folder: Path, options: RunOptions, again: bool, progress: Progress) -> Result:
    """Run one experiment file; what the user can put right is its result."""
    try:
        named = _named(progress, file.stem)
        outcome = job.run(load(file), folder, options=options, again=again, progress=named)
    except IondriftError as error:
        return Result(file=file, folder=folder, error=str(error))
    except MemoryError as error:
        return Result(file=file, folder=folder, error=f"{file}: {out_of_memory(error)}")
    except OSError as error:
        told = of_surroundings(error)
        if told is None:
            raise
        return Result(file=file, folder=folder, error=told)
    return Result(file=file, folder=folder, outcome=outcome)


def _named(progress: Progress, name: str) -> Progress:
    return lambda step: progress(f"{name}: {step}")


def show(results: Sequence[Result], *, as_json: bool, quiet: bool, brief: bool = False) -> None:
    """Print reports (or JSON) to stdout, errors to stderr, and for several cells a table of how each went.

    Parameters
    ----------
    results
        From :func:`run_all`.
    as_json
        One summary as an object, several as an object keyed by experiment file.
    quiet
        Errors only.
    brief
        Of each report the answer and the warnings alone.
    """
    from iondrift.report.console.cell import outcome_table, write
    from iondrift.report.console.layout import console_on

    stdout, stderr = console_on(), console_on(stderr=True)
    for result in results:
        if result.error is not None:
            stderr.print(f"error: {plain(result.error)}", soft_wrap=True)
    done = [result for result in results if result.outcome is not None]
    if as_json:
        summaries = {str(result.file): result.outcome.summary for result in done if result.outcome}
        content = next(iter(summaries.values()), None) if len(results) == 1 else summaries
        if content is not None:
            print(to_json(content))
        return
    if quiet:
        return
    for result in done:
        if result.outcome is not None:
            write(result.outcome.summary, stdout, brief=brief)
            stdout.print(f"Results in {plain(result.folder)}{_how(result.outcome)}", soft_wrap=True)
            stdout.print()
    if len(results) > 1:
        rows = ((plain(result.file), result.state, plain(result.error or result.folder)) for result in results)
        stdout.print(outcome_table(rows))


def _how(outcome: job.Outcome) -> str:
    """Return how results came about, where there were earlier ones."""
    if outcome.stands:
        return STAND
    because = list(outcome.because)
    if not because or because == ["--again"]:
        return ""
    more = f" and {len(because) - _FEW} more changes" if len(because) > _FEW else ""
    return f", computed anew: {'; '.join(because[:_FEW])}{more}"
