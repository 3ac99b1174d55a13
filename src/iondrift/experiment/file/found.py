"""What lies in a folder of measurements: the profiles, and the log with its columns."""

from __future__ import annotations

import glob
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from iondrift.errors import IondriftError
from iondrift.ledger import without_results
from iondrift.readers.log import LogLayout, read_log
from iondrift.readers.log_columns import LogColumn, Role, recognise
from iondrift.readers.profiles.topspin_text import looks_like_export
from iondrift.readers.text import (
    SEPARATORS,
    Separator,
    encoding_of,
    is_number,
    read_start,
    split_cells,
    without_empty_tail,
)

_LOOKED_AT = 4096  # bytes of a file
_LOG_SUFFIXES = {".txt", ".csv", ".dat", ".tsv", ".log", ".asc"}


@dataclass(frozen=True, kw_only=True)
class FoundLog:
    """A log: its file, where its columns are, and how long it is.

    ``current`` is None where no current was logged or its unit cannot be used yet; ``open`` says what is left open.
    """

    file: str
    time: int | str = 1
    voltage: int | str = 2
    current: int | str | None = None
    units: tuple[str | None, str | None, str | None] = (None, None, None)
    duration: float | None = None  # s; None where it could not be read
    open: tuple[str, ...] = ()

    @property
    def layout(self) -> LogLayout:
        """As the reader takes it."""
        return LogLayout(
            time_column=self.time, voltage_column=self.voltage, current_density_column=self.current,
            time_unit=self.units[0], voltage_unit=self.units[1], current_density_unit=self.units[2],
        )  # fmt: skip


def find_profiles(folder: Path) -> tuple[str, ...]:
    """Return a pattern for the folder that holds most profiles and for nothing else in it, or their names."""
    exports: dict[Path, list[Path]] = {}
    for file in _candidates(folder):
        if file.suffix in {".nc", ".zarr"}:
            exports.setdefault(file, []).append(file)
        elif looks_like_export(_head(file)):
            exports.setdefault(file.parent, []).append(file)
    if not exports:
        return ()
    most = max(exports, key=lambda place: len(exports[place]))
    files = exports[most]
    names = [file.relative_to(folder).as_posix() for file in files]
    if len(files) == 1 and most == files[0]:
        return (glob.escape(names[0]),)
    place = files[0].parent
    prefix = "" if place == folder else f"{glob.escape(place.relative_to(folder).as_posix())}/"
    for pattern in (f"*{files[0].suffix}", f"{glob.escape(_common_beginning(files))}*{files[0].suffix}"):
        if {file for file in place.glob(pattern) if not file.name.startswith(".")} == set(files):
            return (prefix + pattern,)
    return tuple(map(glob.escape, names))


def find_log(folder: Path) -> FoundLog | None:
    """Return the first file that is read as a log, or the first that looks like one and why it is not read."""
    first: FoundLog | None = None
    for file in _candidates(folder):
        head = _head(file)
        if file.suffix.lower() not in _LOG_SUFFIXES or looks_like_export(head):
            continue
        found = _by_names(file.relative_to(folder).as_posix(), head) or _by_place(
            file.relative_to(folder).as_posix(), head
        )
        if found is None:
            continue
        try:
            time = read_log(file, layout=found.layout).time.values
        except IondriftError as error:
            why = str(error).removeprefix(f"{file}, ").removeprefix(f"{file}: ")
            first = first or replace(found, open=(*found.open, f"{found.file}: {why}"))
            continue
        return replace(found, duration=float(np.ptp(time)))
    return first


def _by_names(file: str, head: str) -> FoundLog | None:
    """Return the log whose header names time and voltage."""
    lines = [line for line in head.splitlines() if line.strip()]
    for separator in ("\t", ";", ","):
        for index, line in enumerate(lines[:-2]):
            header = split_cells(line, separator)
            columns = recognise(header)
            below = {len(split_cells(lines[index + k], separator)) for k in (1, 2)}
            if {"time", "voltage"} <= columns.keys() and below == {len(header)}:
                return _named(file, header, columns)
    return None


def _named(file: str, header: Sequence[str], columns: dict[Role, LogColumn]) -> FoundLog:
    where = {role: c.cell if list(header).count(c.cell) == 1 else c.index + 1 for role, c in columns.items()}
    current = columns.get("current")
    left = []
    if current is not None and current.unit is not None and not current.density:
        left.append(f"{current.cell!r} is a current: give electrode_area_cm2 and current_density_column")
        current = None
    return FoundLog(
        file=file, time=where["time"], voltage=where["voltage"], open=tuple(left),
        current=None if current is None else where["current"],
        units=(columns["time"].unit, columns["voltage"].unit, None if current is None else current.unit),
    )  # fmt: skip


def _by_place(file: str, head: str) -> FoundLog | None:
    """Return the log that is a bare table: time, voltage and perhaps current, in this order."""
    columns = _columns(head)
    return None if columns < 2 else FoundLog(file=file, current=3 if columns >= 3 else None)


def _common_beginning(files: Sequence[Path]) -> str:
    """Return what all names begin with, up to their numbers."""
    alike = itertools.takewhile(
        lambda letters: len(set(letters)) == 1, zip(*(file.name for file in files), strict=False)
    )
    return "".join(letters[0] for letters in alike).rstrip("0123456789")


def _candidates(folder: Path) -> Iterator[Path]:
    """Return what lies in the folder and in the folders directly below it."""
    here = sorted(folder.iterdir())
    below = [entry for sub in here if sub.is_dir() and sub.suffix != ".zarr" for entry in sorted(sub.iterdir())]
    for entry in without_results([*here, *below]):
        if not entry.name.startswith(".") and (entry.is_file() or entry.suffix == ".zarr"):
            yield entry


def _head(file: Path) -> str:
    if file.is_dir():
        return ""
    content = read_start(file, _LOOKED_AT)
    mark, encoding = encoding_of(content)
    return content[len(mark) :].decode(encoding, errors="replace")


def _columns(head: str) -> int:
    """Return how many columns of numbers most lines have; 0 when it is not a table."""
    lines = [line for line in head.splitlines()[:-1] if line.strip() and not line.startswith("#")]
    counts = [len(cells) for cells in map(_cells, lines) if all(map(is_number, cells))]
    return max(set(counts), key=counts.count) if len(counts) > len(lines) / 2 else 0


def _cells(line: str) -> tuple[str, ...]:
    certain: tuple[Separator, ...] = ("tab", "semicolon")
    for name in certain:
        if SEPARATORS[name] in line:
            return without_empty_tail(split_cells(line, SEPARATORS[name]))
    comma = re.search(r"\d,\s*[-+]?\d", line) and "." in line  # a comma beside a decimal point separates
    return split_cells(line, SEPARATORS["comma" if comma else "space"])
