"""The job of ``iondrift drt``: files of spectra to a folder of results."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from iondrift.errors import collected_warnings
from iondrift.impedance import analysis as impedance_analysis
from iondrift.impedance.options import ImpedanceOptions
from iondrift.progress import Progress, silent
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.series import read_impedance
from iondrift.readers.paths import is_pattern
from iondrift.report.console import impedance as impedance_console
from iondrift.report.figures import drawing
from iondrift.report.figures import impedance as impedance_figures
from iondrift.report.series_axis import Along, series_axis
from iondrift.report.summary import impedance as impedance_summary
from iondrift.runs.options import Figures
from iondrift.runs.record import STAND, Record, changes, files_of, relative
from iondrift.runs.results import publication, read_summary, tell
from iondrift.runs.store import open_results


@dataclass(frozen=True, kw_only=True)
class ImpedanceOutcome:
    """What a finished job leaves: dataset, summary, the folder they were written to, whether they stood already."""

    dataset: xr.Dataset
    summary: Mapping[str, Any]
    folder: Path
    stands: bool = False


def run(
    files: Sequence[Path | str],
    folder: Path,
    *,
    reading: ReadingOptions = ReadingOptions(),
    options: ImpedanceOptions = ImpedanceOptions(),
    along: Along = "auto",
    title: str | None = None,
    csv: bool = False,
    figures: Figures = "png",
    again: bool = False,
    progress: Progress = silent,
) -> ImpedanceOutcome:
    """Read spectra, analyse them as one series and write store, summary, report and figures.

    Results that are there of the same inputs, settings and versions stand. Everything is complete before anything that
    was in the folder is replaced.

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
    csv
        Also write tables into ``csv/``.
    figures
        Which files of figures are drawn.
    again
        Compute even what stands.
    progress
        Told each step as it begins.

    Raises
    ------
    IondriftError
        Whatever the user can put right: files, options, or a folder that cannot be written.
    """
    record = _record(
        files, {"reading": asdict(reading), "options": asdict(options), "along": along, "csv": csv, "figures": figures}
    )
    if not again and not changes(folder, record):
        return ImpedanceOutcome(dataset=open_results(folder), summary=read_summary(folder), folder=folder, stands=True)
    with publication(folder, record) as written:
        notes: list[str] = []
        with collected_warnings(notes):
            progress("reading spectra")
            impedance = read_impedance(list(files), reading=reading)
            axis = series_axis(impedance, along)
            dataset = impedance_analysis.analyse(impedance, options, progress=progress)
        # What the reader warned of stands with the files that were read.
        notes = [note for note in notes if note not in impedance.attrs["cautions"]]
        title = title or _title(files)
        summary = impedance_summary.build(dataset, axis, title=title, warnings=notes)
        progress("writing results")
        written.store(dataset)
        if csv:
            written.tables(dataset)
        progress("drawing figures")
        impedance_figures.draw(dataset, axis, title=title, folder=written.figures, kinds=drawing.KINDS[figures])
        written.report(impedance_console.to_text(summary), summary)
        written.provenance(title, [*impedance.attrs["cautions"], *notes])
    return ImpedanceOutcome(dataset=dataset, summary=summary, folder=folder)


def show(outcome: ImpedanceOutcome, *, as_json: bool, quiet: bool) -> None:
    """Print the report, or the summary as JSON, to stdout."""
    note = STAND if outcome.stands else ""
    if as_json or not quiet:
        tell(outcome.summary, outcome.folder, impedance_console.render, as_text=not as_json, note=note)


def _record(files: Sequence[Path | str], settings: Mapping[str, Any]) -> Record:
    """Return what the results of a series are made of; paths are seen from the first one's folder."""
    base = Path(files[0]).absolute().parent
    named = [relative(file, base) for file in files]
    return Record.of("drt", base, files_of(files, deep=False), {"files": named, **settings})


def _title(files: Sequence[Path | str]) -> str:
    first = Path(files[0]).absolute()
    if len(files) == 1 and not is_pattern(first):
        return first.name if os.path.isdir(first) else first.stem
    return first.parent.name
