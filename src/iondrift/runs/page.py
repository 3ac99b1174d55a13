"""The command ``iondrift report``: folders of results to one HTML file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iondrift.errors import ConfigurationError, StoreError
from iondrift.ledger import read_ledger
from iondrift.progress import Progress, silent
from iondrift.runs import store
from iondrift.runs.record import Record, relative
from iondrift.runs.results import PARTS, SUMMARY

if TYPE_CHECKING:
    from iondrift.report.page.build import Source


_DRAWN = 10  # cells of a batch with a figure: a page stays below 2 MB


def write(folders: Sequence[Path], file: Path, *, progress: Progress = silent) -> None:
    """Write the page of one cell, or of several with a table that links to them and figures of the first ten.

    Parameters
    ----------
    folders
        Results of ``iondrift run``.
    file
        The page; its folder is made when missing.
    progress
        Told each step as it begins.

    Raises
    ------
    StoreError
        A folder holds no results of a cell, they are damaged, or the page cannot be written.
    """
    from iondrift.report.page import build

    checked(file)
    progress("reading results")
    if len(folders) == 1:
        page = build.cell_page(source_of(folders[0], file.parent, whole=True))
    else:
        sources = [source_of(folder, file.parent, whole=k < _DRAWN) for k, folder in enumerate(folders)]
        page = build.several_page(f"{len(sources)} cells", sources)
    progress("writing the page")
    store.write_text(page, file)


def checked(file: Path) -> None:
    """Refuse a name that is none of a page.

    Raises
    ------
    ConfigurationError
        It is a folder, or ends otherwise.
    """
    if file.is_dir() or file.suffix.lower() not in (".html", ".htm"):
        raise ConfigurationError(f"{file}: a page is a file that ends in .html")


def source_of(folder: Path, base: Path, *, whole: bool = False) -> Source:
    """Return one cell for a page; ``base``: the page's folder; ``whole``: with its labelled results.

    Raises
    ------
    StoreError
        The folder holds no results of a cell, or they are damaged.
    """
    from iondrift.report.page.build import Source

    summary, stores = summary_of(folder), {}
    if whole:
        stores["results"] = store.read(folder / store.RESULTS)
        stores |= {part: store.read(folder / name) for part, name in PARTS.items() if part in summary}
    return Source(summary=summary, folder=relative(folder, base), made=_made(folder, summary), stores=stores)


def summary_of(folder: Path) -> dict[str, Any]:
    """Return the summary of a cell's results.

    Raises
    ------
    StoreError
        There is none, or it is of something else than a cell.
    """
    path = read_ledger(folder).find(folder, SUMMARY)
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StoreError(f"{folder}: no results here; 'iondrift run FILE --out {folder}' writes them") from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); run the analysis again") from error
    if not isinstance(found, dict) or "cell" not in found:
        raise StoreError(f"{folder}: holds no results of a cell, which 'iondrift run' writes")
    if "result" not in found:
        raise StoreError(f"{folder}: written by an earlier version; run the analysis again with --again")
    return found


def _made(folder: Path, summary: dict[str, Any]) -> dict[str, str]:
    """Return what results were made of, for a footer."""
    record = Record.read(folder)
    if record is None:
        return {"iondrift": str(summary["iondrift"])}
    bands = record.settings.get("bands")
    drawn = "none" if not bands else f"{bands['samples']} samples, seed {bands['seed']}, {bands['method']}"
    digest = hashlib.sha256(json.dumps(sorted(record.inputs.items())).encode()).hexdigest()
    return {
        "experiment file": str(record.settings.get("experiment_file")),
        "versions": ", ".join(f"{name} {version}" for name, version in record.versions.items()),
        "bands": drawn,
        "input": f"{len(record.inputs)} files, each by its SHA-256 in the ledger of the results; all of them {digest}",
    }
