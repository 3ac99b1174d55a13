"""The job of ``iondrift import``: what the data sets in a folder are good for."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from iondrift.errors import plain
from iondrift.experiment.file.template import DataSets
from iondrift.progress import Progress, silent
from iondrift.readers.bruker.inventory import DIFFUSION, PROFILE, SPECTRUM, Entry, inventory
from iondrift.report.console import data_sets as console
from iondrift.report.console import layout
from iondrift.runs import init


def read(folder: Path, *, progress: Progress = silent) -> tuple[Entry, ...]:
    """Return what lies in a folder of TopSpin data sets.

    Raises
    ------
    InputFileError
        No such folder, or no data set in it.
    """
    progress("reading data sets")
    return inventory(folder)


def write_skeleton(folder: Path, entries: tuple[Entry, ...], *, force: bool = False) -> str:
    """Write ``experiment.toml`` for the data sets of a folder; return a line that says so, empty without profiles.

    One that is there stays, unless ``force`` replaces it.

    Raises
    ------
    StoreError
        The folder cannot be written.
    """
    found = DataSets(
        profiles=_expnos(folder, entries, PROFILE),
        diffusion=_expnos(folder, entries, DIFFUSION),
        spectra=_expnos(folder, entries, SPECTRUM),
    )
    if not found.profiles:
        return ""
    path = folder / init.EXPERIMENT
    if path.exists() and not force:
        return f"{path} is there already; --force replaces it\n"
    init.write_template(folder, force=force, data_sets=found)
    return f"{path} written; fill in what is marked, then: iondrift check {path}\n"


def _expnos(folder: Path, entries: tuple[Entry, ...], purpose: str) -> str:
    """Return the sound data sets directly in a folder that serve a purpose, as ranges."""
    sound = [entry for entry in entries if entry.purpose == purpose and not entry.problem]
    numbers = sorted(int(entry.folder.name) for entry in sound if entry.folder.parent == folder and _numbered(entry))
    return _ranges(numbers) if numbers else ""


def _numbered(entry: Entry) -> bool:
    return entry.folder.name.isascii() and entry.folder.name.isdigit()


def _ranges(numbers: list[int]) -> str:
    """Return numbers as ranges: 10-55,60.

    >>> _ranges([1, 2, 3, 7, 9, 10])
    '1-3,7,9-10'
    """
    breaks = [k for k in range(1, len(numbers)) if numbers[k] != numbers[k - 1] + 1]
    runs = [numbers[i:j] for i, j in pairwise([0, *breaks, len(numbers)])]
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


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
    shown = [{key: plain(value) if isinstance(value, str) else value for key, value in row.items()} for row in rows]
    layout.write(console.render(plain(folder), shown), layout.console_on())
