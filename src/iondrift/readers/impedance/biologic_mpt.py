"""BioLogic EC-Lab and BT-Lab text (.mpt, .txt): a header of a stated number of lines, then tab separated columns.

The header block may be missing (an option of the export). The number of points is not declared; the settings plan
the last frequency. Modulus and phase repeat the rectangular parts.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from iondrift.errors import InputFileError
from iondrift.readers import time_stamps
from iondrift.readers.impedance import biologic_mpr
from iondrift.readers.impedance.keyed_text import find_line, number_after, value_after
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.points import Convention, points_of_table
from iondrift.readers.impedance.spectrum import Spectrum
from iondrift.readers.impedance.sweeps import spectra
from iondrift.readers.table import table_below
from iondrift.readers.text import is_number, read_text, split_cells, split_lines

SIGNATURE = r"(?:EC|BT)-Lab ASCII FILE"
# The columns as both programs name them, where the block above them was not exported.
HEADER = r"(?:[^\t\r\n]*\t)*freq/Hz\t(?:[^\t\r\n]*\t)*-Im\(Z\)/Ohm\t"
_COUNT = r"Nb header lines\s*:"
_HERTZ = {"MHz": 1e6, "kHz": 1e3, "Hz": 1.0, "mHz": 1e-3, "µHz": 1e-6, "uHz": 1e-6}
_MONTH_FIRST = {"mm/dd/yyyy": True, "dd/mm/yyyy": False}


def read(path: Path, asked: ReadingOptions) -> list[Spectrum]:
    """Return the spectra of an EC-Lab or BT-Lab file, text or binary, one for each sweep.

    Raises
    ------
    InputFileError
        The header is damaged, the frequency was not exported, or rows are damaged.
    """
    if biologic_mpr.is_mpr(path):
        return biologic_mpr.read(path, asked)
    lines, open_end = split_lines(read_text(path))
    header = _header(lines, path)
    table = table_below(path, lines, header, "\t", open_end=open_end)
    head = lines[:header]
    order = re.search(r"Absolute\s+(\S+)", value_after(head, r"\s*Time format\s*:") or "")
    told = _MONTH_FIRST.get(order[1]) if order else None
    points = points_of_table(table, Convention(month_first=told if asked.day_first is None else not asked.day_first))
    started, cautions = time_stamps.start_told(value_after(head, r"Acquisition started on\s*:"))
    points = replace(
        points, started=points.started or started, planned=_planned(head), cautions=(*points.cautions, *cautions)
    )
    return spectra(points, asked)


def _header(lines: list[str], path: Path) -> int:
    """Return the index of the line that names the columns."""
    if find_line(lines[:1], SIGNATURE) is None and find_line(lines[:5], _COUNT) is None:
        bare = find_line(lines, HEADER)
        if bare is None:
            raise InputFileError(
                f"{path}, line 1: does not begin with 'EC-Lab ASCII FILE', and no line names columns as EC-Lab does; "
                "it is no EC-Lab file or is damaged"
            )
        return bare
    count = number_after(lines[:5], _COUNT)
    if count is None or not 3 <= count <= len(lines):
        raise InputFileError(
            f"{path}, line 2: states no usable number of header lines ({lines[1].strip()!r}, the file has "
            f"{len(lines)} lines)"
            if len(lines) > 1
            else f"{path}, line 2: is missing; the file is cut"
        )
    header = int(count) - 1
    cells = split_cells(lines[header], "\t")
    if not any(re.search("[A-Za-z]", cell) for cell in cells) or all(map(is_number, cells)):
        raise InputFileError(f"{path}, line {header + 1}: is not the line of column names that line 2 announces")
    return header


def _planned(head: list[str]) -> tuple[float, float] | None:
    """Return the frequencies between which the settings sweep, or None where they are not given."""
    limits = []
    for name in ("fi", "ff"):
        value, unit = number_after(head, rf"{name}\s+"), value_after(head, rf"unit {name}\s+")
        if value is None or unit is None or unit not in _HERTZ:
            return None
        limits.append(value * _HERTZ[unit])
    return limits[0], limits[1]
