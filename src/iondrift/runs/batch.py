"""Several cells one after another: what fails in one does not lose the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from iondrift.drift.bands.options import DEFAULT_DRAWS, DrawOptions
from iondrift.drift.names import Smoothing
from iondrift.errors import ConfigurationError, IondriftError, out_of_memory
from iondrift.experiment.file.schema import load
from iondrift.progress import Progress, silent
from iondrift.runs import cell as job
from iondrift.runs.results import as_json as to_json


@dataclass(frozen=True, kw_only=True)
class Result:
    """One experiment file: what came of it, or the error."""

    file: Path
    folder: Path
    outcome: job.Outcome | None = None
    error: str | None = None


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
    closure: str | None = None,
    smoothing: Smoothing | None = None,
    netcdf: bool = False,
    bands: DrawOptions | None = DEFAULT_DRAWS,
    progress: Progress = silent,
) -> list[Result]:
    """Run every experiment file into its folder; an error stays with its cell.

    Parameters
    ----------
    cells
        Results folder of each experiment file.
    closure, smoothing, netcdf, bands, progress
        As :func:`iondrift.runs.cell.run` takes them.
    """
    results = []
    for file, folder in cells.items():
        try:
            outcome = job.run(
                load(file),
                folder,
                closure=closure,
                smoothing=smoothing,
                netcdf=netcdf,
                bands=bands,
                progress=_named(progress, file.stem),
            )
        except IondriftError as error:
            results.append(Result(file=file, folder=folder, error=str(error)))
        except MemoryError as error:
            results.append(Result(file=file, folder=folder, error=f"{file}: {out_of_memory(error)}"))
        else:
            results.append(Result(file=file, folder=folder, outcome=outcome))
    return results


def _named(progress: Progress, name: str) -> Progress:
    return lambda step: progress(f"{name}: {step}")


def show(results: Sequence[Result], *, as_json: bool, quiet: bool) -> None:
    """Print reports (or JSON) to stdout, errors to stderr, and for several cells a table of how each went.

    Parameters
    ----------
    results
        From :func:`run_all`.
    as_json
        One summary as an object, several as an object keyed by experiment file.
    quiet
        Errors only.
    """
    from rich.console import Console

    from iondrift.report.console.cell import outcome_table, write

    stdout, stderr = Console(highlight=False), Console(stderr=True, highlight=False)
    for result in results:
        if result.error is not None:
            stderr.print(f"error: {result.error}", markup=False, soft_wrap=True)
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
            write(result.outcome.summary, stdout)
            stdout.print(f"Results in {result.folder}", markup=False, soft_wrap=True)
            stdout.print()
    if len(results) > 1:
        stdout.print(
            outcome_table(
                (str(result.file), "failed" if result.error else "done", result.error or str(result.folder))
                for result in results
            )
        )
