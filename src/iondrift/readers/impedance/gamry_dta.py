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
from iondrift.readers.impedance.points import Convention, points_of_table
from iondrift.readers.impedance.spectrum import Spectrum
from iondrift.readers.impedance.sweeps import spectra
from iondrift.readers.table import Table, table_below
from iondrift.readers.text import read_text, split_cells, split_lines

SIGNATURE = "EXPLAIN"
_CURVE = r"ZCURVE\d*\tTABLE"


def read(path: Path, *, minimum_points: int, incomplete: str = "refuse") -> list[Spectrum]:
    """Return the spectra of a .DTA file.

    Raises
    ------
    InputFileError
        No ZCURVE, damaged rows, or numbers of points that do not count up from 0.
    """
    lines, open_end = split_lines(read_text(path))
    if not lines[0].startswith(SIGNATURE):
        raise InputFileError(f"{path}, line 1: does not begin with {SIGNATURE}; it is no Gamry file or is damaged")
    start = find_line(lines, _CURVE)
    if start is None:
        kind = value_after(lines, r"TAG\t") or "unknown"
        raise InputFileError(
            f"{path}: holds no ZCURVE table (experiment {kind}); it is no impedance experiment, or the file is cut"
        )
    cautions: tuple[str, ...] = ()
    if (aborted := value_after(lines, r"EXPERIMENTABORTED\tTOGGLE\t")) is not None and aborted.startswith("T"):
        cautions = ("the experiment was aborted (EXPERIMENTABORTED): its last frequencies are missing",)
    limits = (number_after(lines, r"FREQINIT\tQUANT\t"), number_after(lines, r"FREQFINAL\tQUANT\t"))
    started = time_stamps.parse(
        f"{value_after(lines, r'DATE	LABEL	') or ''} {value_after(lines, r'TIME	LABEL	') or ''}"
    )
    result: list[Spectrum] = []
    while start is not None:
        stop = next((index for index in range(start + 1, len(lines)) if not lines[index].startswith("\t")), len(lines))
        table = _table(path, lines, start, stop, open_end)
        points = points_of_table(table, Convention())
        points = replace(points, started=started, cautions=(*points.cautions, *cautions))
        if limits[0] is not None and limits[1] is not None:
            points = replace(points, planned=(limits[0], limits[1]))
        result += spectra(points, minimum_points=minimum_points)
        start = find_line(lines, _CURVE, start=stop)
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
    table = table_below(path, lines, start + 1, "\t", first=start + 3, stop=stop, header=header, open_end=open_end)
    if "Pt" in names:
        numbers = table.column(names.index("Pt"))
        wrong = numbers != np.arange(numbers.size)
        if wrong.any():
            k = int(np.argmax(wrong))
            raise InputFileError(
                f"{path}, line {table.lines[k]}: point {numbers[k]:g} where {k} is due; lines are missing or "
                "damaged: export the file again"
            )
    return table
