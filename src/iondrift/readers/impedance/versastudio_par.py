"""Princeton Applied Research VersaStudio .par: tagged sections, the data in ``<SegmentN>``.

``Definition=`` names the columns. A segment closes with its tag, so that a cut file is seen; its points are
numbered; E and I (complex) repeat Z.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from iondrift.errors import InputFileError
from iondrift.readers import time_stamps
from iondrift.readers.impedance.keyed_text import find_line, number_after, value_after
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.points import Convention, points_of_table
from iondrift.readers.impedance.spectrum import Points, Spectrum
from iondrift.readers.impedance.sweeps import spectra
from iondrift.readers.table import Table, table_below
from iondrift.readers.text import read_text, split_lines

SIGNATURE = "<Application>"
CONVENTION = Convention(units={"real": 1.0, "imaginary": 1.0})
# Z and the E, I it was made of are printed with seven digits.
QUOTIENT_MARGIN = 2e-3


def read(path: Path, asked: ReadingOptions) -> list[Spectrum]:
    """Return the spectra of a VersaStudio file; segments without frequency are passed over.

    Raises
    ------
    InputFileError
        No segment holds impedance, a segment is not closed, or rows are damaged.
    """
    lines, _ = split_lines(read_text(path))
    if not lines[0].startswith(SIGNATURE) or find_line(lines, "Name=VersaStudio") is None:
        raise InputFileError(f"{path}, line 1: is no VersaStudio file: {SIGNATURE} and Name=VersaStudio are missing")
    started, unread = time_stamps.start_told(
        f"{value_after(lines, 'DateAcquired=') or ''} {value_after(lines, 'TimeAcquired=') or ''}"
    )
    planned = _planned(lines)
    result: list[Spectrum] = []
    start = find_line(lines, r"<Segment\d+>")
    while start is not None:
        tag = lines[start].strip().strip("<>")
        stop = find_line(lines, f"</{tag}>", start=start)
        if stop is None:
            raise InputFileError(f"{path}, line {start + 1}: <{tag}> is not closed; the file is cut: copy it again")
        points = _points(path, lines, start, stop)
        if points is not None:
            points = replace(points, started=started, planned=planned, cautions=(*points.cautions, *unread))
            if planned is None:
                points = replace(points, completeness="declared")
            result += spectra(points, asked)
        start = find_line(lines, r"<Segment\d+>", start=stop)
    if not result:
        raise InputFileError(
            f"{path}: no segment holds Frequency(Hz), Z Real and Z Imag; it is no impedance experiment"
        )
    return [replace(spectrum, sweep=number) for number, spectrum in enumerate(result, start=1)]


def _points(path: Path, lines: list[str], start: int, stop: int) -> Points | None:
    header = find_line(lines[:stop], "Definition=", start=start)
    if header is None:
        raise InputFileError(f"{path}, line {start + 1}: the segment names no columns (Definition= is missing)")
    names = tuple(name.strip() for name in lines[header].removeprefix("Definition=").split(","))
    if names[-1] == "0":  # closes the definition, is no column
        names = names[:-1]
    if not {"Frequency(Hz)", "Z Real", "Z Imag"} <= set(names):
        return None
    table = table_below(path, lines, header, ",", stop=stop, header=names)
    if not np.any(table.column(names.index("Frequency(Hz)"))):
        return None
    _check_numbers(table)
    _check_quotient(table)
    return points_of_table(table, CONVENTION)


def _check_numbers(table: Table) -> None:
    if "Point #" not in table.header:
        return
    numbers = table.column(table.header.index("Point #"))
    wrong = np.diff(numbers) != 1
    if wrong.any():
        k = int(np.argmax(wrong)) + 1
        raise InputFileError(
            f"{table.path}, line {table.lines[k]}: point {numbers[k]:g} follows point {numbers[k - 1]:g}; "
            "lines are missing or damaged: copy the file again"
        )


def _check_quotient(table: Table) -> None:
    """Compare Z with E / I, row by row."""
    names = table.header
    if not {"E Real", "E Imag", "I Real", "I Imag"} <= set(names):
        return
    voltage, current, impedance = (
        table.column(names.index(f"{name} Real")) + 1j * table.column(names.index(f"{name} Imag")) for name in "EIZ"
    )
    wrong = np.abs(voltage - impedance * current) > QUOTIENT_MARGIN * np.abs(voltage)
    if wrong.any():
        k = int(np.argmax(wrong))
        raise InputFileError(
            f"{table.path}, line {table.lines[k]}: Z = {impedance[k]:.6g} Ohm is not E / I "
            f"({int(wrong.sum())} of {wrong.size} lines differ so); the line is damaged: copy the file again"
        )


def _planned(lines: list[str]) -> tuple[float, float] | None:
    """Return the planned frequencies where exactly one action sweeps."""
    if sum(bool(re.match(r"End Frequency \(Hz\)=", line)) for line in lines) != 1:
        return None
    high, low = number_after(lines, r"Start Frequency \(Hz\)="), number_after(lines, r"End Frequency \(Hz\)=")
    return None if high is None or low is None else (high, low)
