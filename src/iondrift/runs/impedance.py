"""The job of ``iondrift drt``: files of spectra to a folder of results."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from iondrift.errors import collected_warnings
from iondrift.impedance import analysis as impedance_analysis
from iondrift.impedance.options import ImpedanceOptions
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.series import read_impedance
from iondrift.report.console import impedance as impedance_console
from iondrift.report.figures import impedance as impedance_figures
from iondrift.report.series_axis import Along, series_axis
from iondrift.report.summary import impedance as impedance_summary
from iondrift.runs import store
from iondrift.runs.cell import FIGURES, REPORT, RESULTS, SUMMARY, silent


@dataclass(frozen=True, kw_only=True)
class ImpedanceOutcome:
    """What a finished job leaves: the dataset, its summary, the folder it was written to."""

    dataset: xr.Dataset
    summary: Mapping[str, Any]
    folder: Path


def run(
    files: Sequence[Path | str],
    folder: Path,
    *,
    reading: ReadingOptions = ReadingOptions(),
    options: ImpedanceOptions = ImpedanceOptions(),
    along: Along = "auto",
    title: str | None = None,
    progress: Callable[[str], None] = silent,
) -> ImpedanceOutcome:
    """Read spectra, analyse them as one series and write store, summary, report and figures.

    Everything is complete before anything that was in the folder is replaced.

    Parameters
    ----------
    files
        Files, folders or globs, as :func:`iondrift.read_impedance` takes them.
    folder
        Where results go; made when missing.
    reading
        How the files are read.
    options
        What is computed.
    along
        What the series is shown against.
    title
        Name of the series; None: that of the file or of the folder.
    progress
        Told each step as it begins.

    Raises
    ------
    IondriftError
        Whatever the user can put right: files, options, or a folder that cannot be written.
    """
    notes: list[str] = []
    with collected_warnings(notes):
        progress("reading spectra")
        impedance = read_impedance(list(files), **reading.keywords)
        axis = series_axis(impedance, along)
        dataset = impedance_analysis.analyse(impedance, options, progress=progress)
    # What the reader warned of stands with the files that were read.
    notes = [note for note in notes if note not in impedance.attrs["cautions"]]
    title = title or _title(files)
    summary = impedance_summary.build(dataset, axis, title=title, warnings=notes)
    with store.staged(folder) as staging:
        progress("writing results")
        store.write(dataset, staging / RESULTS)
        progress("drawing figures")
        impedance_figures.draw(dataset, axis, title=title, folder=staging / FIGURES)
        store.write_text(impedance_console.to_text(summary), staging / REPORT)
        store.write_json(summary, staging / SUMMARY)
    return ImpedanceOutcome(dataset=dataset, summary=summary, folder=folder)


def show(outcome: ImpedanceOutcome, *, as_json: bool, quiet: bool) -> None:
    """Print the report, or the summary as JSON, to stdout."""
    from rich.console import Console

    if as_json:
        print(json.dumps(outcome.summary, indent=2, ensure_ascii=False, allow_nan=False))
    elif not quiet:
        stdout = Console(highlight=False)
        impedance_console.write(outcome.summary, stdout)
        stdout.print(f"Results in {outcome.folder}", markup=False, soft_wrap=True)


def _title(files: Sequence[Path | str]) -> str:
    first = Path(files[0]).absolute()
    if len(files) == 1 and not any(sign in first.name for sign in "*?["):
        return first.name if first.is_dir() else first.stem
    return first.parent.name
