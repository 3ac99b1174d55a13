"""Gamry Framework .DTA: tab separated tables, each ``NAME<tab>TABLE``; impedance is in ZCURVE.

A ZCURVE does not declare its length. Its points are numbered, modulus and phase repeat the rectangular parts,
the header plans the last frequency, and an aborted experiment says so.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from iondrift.errors import InputFileError
from iondrift.readers import time_stamps
from iondrift.readers.impedance.keyed_text import find_line, number_after, value_after
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.points import Convention, points_of_table
from iondrift.readers.impedance.spectrum import Spectrum
from iondrift.readers.impedance.sweeps import spectra
from iondrift.readers.table import Table, table_below
from iondrift.readers.text import number, read_text, split_cells, split_lines

SIGNATURE = "EXPLAIN"
DATE, TIME = r"DATE\tLABEL\t", r"TIME\tLABEL\t"
CURVE = r"ZCURVE\d*\tTABLE"


def read(path: Path, asked: ReadingOptions) -> list[Spectrum]:
    """Return the spectra of a .DTA file.

    Raises
    ------
    InputFileError
        No ZCURVE, or damaged rows.
    """
    lines, open_end = split_lines(read_text(path))
    start = find_line(lines, CURVE)
    if start is None and not lines[0].startswith(SIGNATURE):
        raise InputFileError(f"{path}, line 1: does not begin with {SIGNATURE}; it is no Gamry file or is damaged")
    if start is None:
        kind = value_after(lines, r"TAG\t") or "unknown"
        raise InputFileError(
            f"{path}: holds no ZCURVE table (experiment {kind}); it is no impedance experiment, or the file is cut"
        )
    cautions: tuple[str, ...] = ()
    if (aborted := value_after(lines, r"EXPERIMENTABORTED\tTOGGLE\t")) is not None and aborted.startswith("T"):
        cautions = ("the experiment was aborted (EXPERIMENTABORTED): its last frequencies are missing",)
    limits = (number_after(lines, r"FREQINIT\tQUANT\t"), number_after(lines, r"FREQFINAL\tQUANT\t"))
    started, unread = time_stamps.start_told(
        f"{_first_cell(value_after(lines, DATE))} {_first_cell(value_after(lines, TIME))}"
    )
    cautions += unread
    result: list[Spectrum] = []
    while start is not None:
        stop = next((index for index in range(start + 1, len(lines)) if not lines[index].startswith("\t")), len(lines))
        if stop < len(lines) and lines[stop].count("\t") >= lines[start + 1].count("\t") - 1:
            raise InputFileError(
                f"{path}, line {stop + 1}: a row of the ZCURVE without its leading tab; the line is damaged: "
                "export the file again"
            )
        table = _table(path, lines, start, stop, open_end)
        points = points_of_table(table, Convention())
        points = replace(points, started=started, cautions=(*points.cautions, *_gaps(table), *cautions))
        if limits[0] is not None and limits[1] is not None:
            points = replace(points, planned=(limits[0], limits[1]))
        result += spectra(points, asked)
        start = find_line(lines, CURVE, start=stop)
    return [replace(spectrum, sweep=number) for number, spectrum in enumerate(result, start=1)]


def _table(path: Path, lines: list[str], start: int, stop: int, open_end: bool) -> Table:
    if stop - start < 4:
        raise InputFileError(
            f"{path}, line {start + 1}: the ZCURVE holds no point; the file is cut or was aborted at once"
        )
    names, units = split_cells(lines[start + 1], "\t"), split_cells(lines[start + 2], "\t")
    if len(names) != len(units):
        raise InputFileError(
            f"{path}, line {start + 3}: {len(units)} units for {len(names)} columns; the header of the "
            "ZCURVE is damaged"
        )
    # The degree sign does not survive every copy: phases are in degrees in all of them.
    units = tuple(
        "deg" if name == "Zphz" and not unit.isascii() else unit for name, unit in zip(names, units, strict=True)
    )
    header = [f"{name}/{unit}" if unit.strip("#") else name for name, unit in zip(names, units, strict=True)]
    return table_below(path, lines, start + 1, "\t", first=start + 3, stop=stop, header=header, open_end=open_end)


def _gaps(table: Table) -> tuple[str, ...]:
    """Return a caution where the numbers of the points do not count up from 0: points were deleted or lost."""
    if "Pt" not in table.header:
        return ()
    tokens = [number(row[table.header.index("Pt")], table.decimal) for row in table.rows]
    if any(token is None for token in tokens):
        return ("the column 'Pt' is not read: it does not hold a number in every line",)
    numbers = np.array(tokens, dtype=np.float64)
    due = np.concatenate([[0.0], numbers[:-1] + 1.0])
    wrong = np.flatnonzero(numbers != due)
    if not wrong.size:
        return ()
    k = int(wrong[0])
    more = f", and {wrong.size - 1} more such places" if wrong.size > 1 else ""
    return (f"line {table.lines[k]}: point {numbers[k]:g} where {due[k]:g} is due{more}; points were deleted or lost",)


def _first_cell(text: str | None) -> str:
    return (text or "").split("\t")[0]
