"""BioLogic EC-Lab text (.mpt, .txt): a header of a stated number of lines, then tab separated columns.

The number of points is not declared; the settings plan the last frequency. Modulus and phase repeat the
rectangular parts.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from iondrift.errors import InputFileError
from iondrift.readers import time_stamps
from iondrift.readers.impedance.keyed_text import number_after, value_after
from iondrift.readers.impedance.points import Convention, points_of_table
from iondrift.readers.impedance.spectrum import Spectrum
from iondrift.readers.impedance.sweeps import spectra
from iondrift.readers.table import table_below
from iondrift.readers.text import is_number, read_text, split_cells, split_lines

SIGNATURE = "EC-Lab ASCII FILE"
_HERTZ = {"MHz": 1e6, "kHz": 1e3, "Hz": 1.0, "mHz": 1e-3, "µHz": 1e-6, "uHz": 1e-6}


def read(path: Path, *, minimum_points: int, incomplete: str = "refuse") -> list[Spectrum]:
    """Return the spectra of an EC-Lab text file, one for each sweep.

    Raises
    ------
    InputFileError
        The header is damaged, the frequency was not exported, or rows are damaged.
    """
    lines, open_end = split_lines(read_text(path))
    if not lines[0].startswith(SIGNATURE):
        raise InputFileError(f"{path}, line 1: does not begin with {SIGNATURE!r}; it is no EC-Lab file or is damaged")
    count = number_after(lines[:5], r"Nb header lines\s*:")
    if count is None or not 3 <= count <= len(lines):
        raise InputFileError(
            f"{path}, line 2: states no usable number of header lines ({lines[1].strip()!r}, the file has "
            f"{len(lines)} lines)"
            if len(lines) > 1
            else f"{path}, line 2: is missing; the file is cut"
        )
    header = int(count) - 1
    if not any(re.search("[A-Za-z]", cell) for cell in split_cells(lines[header], "\t")) or all(
        map(is_number, split_cells(lines[header], "\t"))
    ):
        raise InputFileError(f"{path}, line {header + 1}: is not the line of column names that line 2 announces")
    table = table_below(path, lines, header, "\t", open_end=open_end)
    points = points_of_table(table, Convention(rest_rows=True))
    head = lines[:header]
    started = value_after(head, r"Acquisition started on\s*:")
    points = replace(points, started=time_stamps.parse(started) if started else None, planned=_planned(head))
    return spectra(points, minimum_points=minimum_points)


def _planned(head: list[str]) -> tuple[float, float] | None:
    """Return the frequencies between which the settings sweep, or None where they are not given."""
    limits = []
    for name in ("fi", "ff"):
        value, unit = number_after(head, rf"{name}\s+"), value_after(head, rf"unit {name}\s+")
        if value is None or unit is None or unit not in _HERTZ:
            return None
        limits.append(value * _HERTZ[unit])
    return limits[0], limits[1]
