"""The job of ``iondrift import``: what the data sets in a folder are good for."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from iondrift.progress import Progress, silent
from iondrift.readers.bruker.inventory import Entry, inventory
from iondrift.report.console import data_sets as console
from iondrift.report.console import layout


def read(folder: Path, *, progress: Progress = silent) -> tuple[Entry, ...]:
    """Return what lies in a folder of TopSpin data sets.

    Raises
    ------
    InputFileError
        No such folder, or no data set in it.
    """
    progress("reading data sets")
    return inventory(folder)


def show(folder: Path, entries: tuple[Entry, ...]) -> None:
    """Print the list."""
    rows = [
        {
            "name": str(entry.folder.relative_to(folder)) if entry.folder != folder else folder.resolve().name,
            "pulse_program": entry.pulse_program,
            "nucleus": entry.nucleus,
            "start": f"{entry.start:%Y-%m-%d %H:%M:%S}" if entry.start else "",
            "purpose": entry.purpose,
            "scans": entry.scans,
            "problem": entry.problem,
        }
        for entry in entries
    ]
    layout.write(console.render(str(folder), rows), Console(highlight=False))
