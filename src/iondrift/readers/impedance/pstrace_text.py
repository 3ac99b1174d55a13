"""PalmSens PSTrace text: one block of columns after another, each below lines that tell what was measured.

``Date and time:,2024-05-17 10:01:00`` above ``freq / Hz,neg. Phase / °,Idc / uA,Z / Ohm,Z' / Ohm,Z'' / Ohm,Cs / F,``;
Z'' holds -Im Z, as the phase beside it tells. Some versions put quotes around every line. An older export has one
table, ``Frequency, Zdash, Zdashneg, Z, Phase``, in Hz, Ohm and degrees without saying so. Nothing declares the
number of points.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from math import pi
from pathlib import Path

from iondrift.errors import InputFileError
from iondrift.readers import time_stamps
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.points import Convention, points_of_table
from iondrift.readers.impedance.spectrum import Spectrum
from iondrift.readers.impedance.sweeps import spectra
from iondrift.readers.table import Table, table_below
from iondrift.readers.text import (
    claims_number,
    read_text,
    split_cells,
    split_lines,
    without_empty_tail,
    without_whole_line_quotes,
)

HEADER = r"\"?freq / Hz(?P<mark>[,;\t])[^\r\n]*Z' / |Frequency(?P<tab>\t)Zdash\tZdashneg\b"
_STARTED = re.compile(r"Date and time:[,;\t]?\s*(.*)")
_CONVENTION = Convention(
    units={"frequency": 1.0, "real": 1.0, "imaginary": 1.0, "modulus": 1.0, "phase": pi / 180.0},
    imaginary_as_named=False,
)


def read(path: Path, asked: ReadingOptions) -> list[Spectrum]:
    """Return the spectra of a PSTrace file, one for each sweep of each block.

    Raises
    ------
    InputFileError
        No line names the columns as PSTrace does, or rows are damaged.
    """
    lines, open_end = split_lines(read_text(path))
    lines = without_whole_line_quotes(lines)
    headers = [index for index, line in enumerate(lines) if re.match(HEADER, line)]
    if not headers:
        raise InputFileError(f"{path}: no line names columns as PSTrace does ('freq / Hz, ...'); it is another format")
    result: list[Spectrum] = []
    for k, header in enumerate(headers):
        table = _table(path, lines, header, ([*headers, len(lines)])[k + 1], open_end)
        above = lines[headers[k - 1] if k else 0 : header]
        told = next((found[1] for line in reversed(above) if (found := _STARTED.match(line))), None)
        started, unread = time_stamps.start_told(told)
        points = points_of_table(table, _CONVENTION)
        points = replace(points, started=points.started or started, cautions=(*points.cautions, *unread))
        result += spectra(points, asked)
    return [replace(spectrum, sweep=number) for number, spectrum in enumerate(result, start=1)]


def _table(path: Path, lines: Sequence[str], header: int, stop: int, open_end: bool) -> Table:
    """Return the table below a header: up to the first line after it that begins with no number."""
    found = re.match(HEADER, lines[header])
    separator = (found["mark"] or found["tab"]) if found else ","
    filled = [index for index in range(header + 1, stop) if lines[index].strip()]
    numeric = [index for index in filled if claims_number(split_cells(lines[index], separator)[0])]
    end = numeric[-1] + 1 if numeric else stop  # a line of text between rows is damage, and refused as such
    names = without_empty_tail(split_cells(lines[header], separator))
    return table_below(path, lines, header, separator, stop=end, header=names, open_end=open_end)
