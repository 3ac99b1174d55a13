"""Many cells: one plan of independent tasks, each result kept as it comes, what stands passed over."""

from __future__ import annotations

import glob
import os
import tomllib
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from iondrift.errors import (
    BusyError,
    ConfigurationError,
    InputFileError,
    IondriftError,
    collected_warnings,
    out_of_memory,
)
from iondrift.ledger import without_results
from iondrift.progress import Counted, Progress, finish, silent
from iondrift.readers.paths import natural
from iondrift.runs.batch import State
from iondrift.runs.options import DEFAULT_RUN, HERE, ExecutorOptions, RunOptions

_AT_ONCE, _LONG = 0.0, 600.0  # s that a cell waits for another process that computes it


@dataclass(frozen=True, kw_only=True)
class Task:
    """One cell of a batch: all that a worker needs to know."""

    name: str
    file: Path
    folder: Path
    options: RunOptions = DEFAULT_RUN
    again: bool = False
    patience: float = _AT_ONCE


@dataclass(frozen=True, kw_only=True)
class CellResult:
    """What came of one cell.

    Attributes
    ----------
    task
        What was asked.
    state
        None: another process computes it.
    error
        What went wrong, in words.
    notes
        Warnings that belong to no cell's report.
    defect
        The traceback where the program is at fault.
    """

    task: Task
    state: State | None
    error: str | None = None
    notes: tuple[str, ...] = ()
    defect: str | None = None


def tasks_of(named: Sequence[Path], out: Path, *, options: RunOptions = DEFAULT_RUN, again: bool = False) -> list[Task]:
    """Return the tasks of patterns, experiment files and lists of them; results go to ``out/NAME``.

    A list is a TOML file with the section ``[cells]``, lines of ``name = "path/of/experiment.toml"``. Elsewhere the
    name is that of the file, or of the folders where files are named alike.

    Raises
    ------
    InputFileError, ConfigurationError
        A pattern matches nothing, a list cannot be read, or two cells would share a folder.
    """
    files: list[Path] = []
    cells: dict[str, Path] = {}
    for entry in named:
        listed = _listed(entry)
        if listed is None:
            files += _matching(entry)
        elif twice := next((name for name in listed if name in cells), None):
            raise ConfigurationError(f"{entry}: the cell {twice!r} is in another list, too; rename one")
        else:
            cells |= listed
    cells |= _by_names(list(dict.fromkeys(files)), taken=cells)
    places = {name: out.absolute() / name for name in cells}
    _check_names(places)
    return [
        Task(name=name, file=file.absolute(), folder=places[name], options=options, again=again)
        for name, file in cells.items()
    ]


def run_tasks(
    tasks: Sequence[Task],
    *,
    executor: ExecutorOptions = HERE,
    prepare: Callable[[], None] = lambda: None,
    progress: Progress = silent,
) -> list[CellResult]:
    """Do every task that does not stand, and return all results in the order of the tasks.

    Parameters
    ----------
    tasks
        From :func:`tasks_of`.
    executor
        Who computes.
    prepare
        Called first in each process of ours; a module's function.
    progress
        Told every cell as it is over, and the steps of those that are computed here.

    Raises
    ------
    KeyboardInterrupt
        With what is complete, and how to go on.
    """
    found: dict[str, CellResult] = {}
    try:
        for result in _results(tasks, executor, prepare, progress):
            found[result.task.name] = result
            if result.state == "done":
                finish(result.task.folder)
            count = len(found)
            progress(Counted(f"{result.task.name}: {result.state}", count, len(tasks)))
    except KeyboardInterrupt:
        complete = sum(result.state in ("done", "stands") for result in found.values())
        raise KeyboardInterrupt(
            f"interrupted: {complete} of {len(tasks)} cells are complete; start the same command again to go on"
        ) from None
    return [found[task.name] for task in tasks]


def _results(
    tasks: Sequence[Task], executor: ExecutorOptions, prepare: Callable[[], None], progress: Progress
) -> Iterator[CellResult]:
    """Give the results of what stands, of the rest, and of what another process had in hand."""
    from iondrift.runs.executors import Work, execute

    here = executor.executor == "threads"
    left = []
    for task in tasks:
        if not task.again and _stands(task):
            yield CellResult(task=task, state="stands")
        else:
            left.append(task)
    busy = []
    do: Callable[[Task], CellResult] = (lambda task: compute(task, progress)) if here else compute
    work: Work[Task, CellResult] = Work(do=do, lost=_lost, prepare=prepare)
    for result in execute(work, left, executor) if left else ():
        if result.state is None:
            busy.append(result.task)
        else:
            yield result
    for task in busy:
        progress(f"{task.name}: another process computes it; waiting")
        yield compute(replace(task, patience=_LONG), progress)


def compute(task: Task, progress: Progress = silent) -> CellResult:
    """Run one cell; whatever goes wrong is its result, so that it stops no other."""
    from iondrift.experiment.file.schema import load
    from iondrift.runs import cell

    notes: list[str] = []
    try:
        with collected_warnings(notes):
            outcome = cell.run(
                load(task.file),
                task.folder,
                options=task.options,
                again=task.again,
                patience=task.patience,
                progress=lambda step: progress(f"{task.name}: {step}"),
            )
    except BusyError as error:
        waited = task.patience > _AT_ONCE
        return CellResult(task=task, state="failed" if waited else None, error=str(error), notes=tuple(notes))
    except IondriftError as error:
        return CellResult(task=task, state="failed", error=str(error), notes=tuple(notes))
    except MemoryError as error:
        return CellResult(task=task, state="failed", error=f"{task.file}: {out_of_memory(error)}", notes=tuple(notes))
    except Exception as error:  # a defect of ours; the other cells are none the worse for it
        said = f"{task.file}: the program failed ({type(error).__name__}: {error}); please report it"
        return CellResult(task=task, state="failed", error=said, notes=tuple(notes), defect=traceback.format_exc())
    return CellResult(task=task, state="stands" if outcome.stands else "done", notes=tuple(notes))


def _stands(task: Task) -> bool:
    """Say whether earlier results of a task stand; what is wrong with it is told when it is computed."""
    from iondrift.experiment.file.schema import load
    from iondrift.runs import cell

    try:
        return cell.standing(load(task.file), task.folder, options=task.options)
    except (IondriftError, OSError):
        return False


def _lost(task: Task, why: str) -> CellResult:
    return CellResult(task=task, state="failed", error=f"{task.file}: not computed: {why}; start it again")


def _listed(path: Path) -> dict[str, Path] | None:
    """Return the cells of a list; None for anything else, experiment files included."""
    if path.suffix.lower() != ".toml" or not path.is_file():
        return None
    try:
        cells = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("cells")
    except (OSError, ValueError):
        return None  # an experiment file with mistakes, which its own reader tells
    if cells is None:
        return None
    if not isinstance(cells, Mapping) or not cells or not all(isinstance(file, str) for file in cells.values()):
        raise ConfigurationError(f'{path}: [cells] takes lines like name = "path/of/experiment.toml"')
    return {str(name): path.parent / Path(file).expanduser() for name, file in cells.items()}


def _matching(entry: Path) -> list[Path]:
    if entry.is_dir():
        raise ConfigurationError(f"{entry}: is a folder; name the experiment files, as in '{entry}/*/experiment.toml'")
    if entry.exists() or not glob.has_magic(str(entry)):
        return [entry]
    found = without_results(natural(map(Path, glob.glob(str(entry.expanduser()), recursive=True))))
    if not found:
        raise InputFileError(f"{entry}: no file matches this pattern; check folder and pattern")
    return found


def _by_names(files: Sequence[Path], taken: Mapping[str, Path]) -> dict[str, Path]:
    """Return files by names of their own: their stems, or the folders in which they differ."""
    stems = [file.stem for file in files]
    if len({stem.casefold() for stem in (*stems, *taken)}) == len(stems) + len(taken):
        return dict(zip(stems, files, strict=True))
    parents = [file.absolute().parent for file in files]
    common = Path(os.path.commonpath(parents))
    alike = len({stem.casefold() for stem in stems}) == 1
    names = [
        "-".join((*parent.relative_to(common).parts, *(() if alike else (stem,))))
        for parent, stem in zip(parents, stems, strict=True)
    ]
    if len({name.casefold() for name in names}) < len(names):
        twice = next(name for k, name in enumerate(names) if name.casefold() in map(str.casefold, names[:k]))
        raise ConfigurationError(f"two cells would be called {twice!r}; name them in a list, a TOML file with [cells]")
    return dict(zip(names, files, strict=True))


def _check_names(places: Mapping[str, Path]) -> None:
    for name in places:
        if not name.strip(". ") or any(sign in name for sign in "/\\\0:") or name.startswith(".iondrift"):
            raise ConfigurationError(f"{name!r} is no name for a folder of results; rename the cell or list it")
