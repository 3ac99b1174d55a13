"""Scribner ZPlot .z: ``ZPLOT2 ASCII`` with settings, or the older quoted header; both declare their points.

What ZView calculates from a circuit has a quoted header too and declares nothing.

Columns Freq(Hz), Ampl, Bias, Time(Sec), Z'(a), Z''(b): impedance in Ohm as Z'' = Im Z, the bias in V (voltage
controlled) or A (current controlled). The count is that of the points planned: an aborted sweep holds fewer,
as does a cut file.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from iondrift.errors import InputFileError
from iondrift.readers import time_stamps
from iondrift.readers.impedance.keyed_text import find_line, require_count
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.points import Convention, points_of_table
from iondrift.readers.impedance.spectrum import Points, Spectrum
from iondrift.readers.impedance.sweeps import spectra
from iondrift.readers.table import Table, table_below
from iondrift.readers.text import read_text, split_lines

CALCULATED = '"ZView Calculated Data File'
SIGNATURES = ("ZPLOT2 ASCII", '"ZPlotW Data File', CALCULATED)
COLUMNS = ("Freq(Hz)", "Ampl", "Bias", "Time(Sec)", "Z'(a)", "Z''(b)", "GD", "Err", "Range")
_HEADER = re.compile(
    r'"?\s*Freq\s*\(Hz\)\s+Ampl\s+Bias\s+Time\s*\(Sec\)\s+Z\'\s*\(a\)\s+Z\'\'\s*\(b\)\s+GD\s+Err\s+Range\s*"?'
)
_COUNT = re.compile(r"(?:\s*Data Points:\s*)?(\d{1,9})\s*")
# Ohm, Hz and s are fixed by the format: its header names them or the manual does.
CONVENTION = Convention(units={"real": 1.0, "imaginary": 1.0})


def read(path: Path, asked: ReadingOptions) -> list[Spectrum]:
    """Return the spectra of a ZPlot file.

    Raises
    ------
    InputFileError
        The header is not ZPlot's, rows are damaged, or their number is not the declared one.
    """
    return read_z_format(path, SIGNATURES, "ZPlot", asked)


def read_z_format(path: Path, signatures: tuple[str, ...], name: str, asked: ReadingOptions) -> list[Spectrum]:
    """Return the spectra of a file in the layout of ZPlot, whoever wrote it."""
    lines, open_end = split_lines(read_text(path))
    if not lines[0].startswith(signatures):
        raise InputFileError(
            f"{path}, line 1: does not begin with {' or '.join(signatures)}; it is no {name} file or is damaged"
        )
    header = next((index for index, line in enumerate(lines) if _HEADER.fullmatch(line)), None)
    if header is None:
        raise InputFileError(f"{path}: the line of column names (Freq(Hz), Ampl, ... Range) is missing or damaged")
    declared = _COUNT.fullmatch(lines[header - 1])
    if declared is None and not lines[0].startswith(CALCULATED):
        raise InputFileError(f"{path}, line {header}: states no number of points ({lines[header - 1].strip()!r})")
    first = header + 1
    if lines[0].startswith("ZPLOT2"):
        end = find_line(lines, r"End Comments", start=header)
        if end is None:
            raise InputFileError(f"{path}: the line 'End Comments' is missing; the file is cut")
        first = end + 1
    separator = "," if first < len(lines) and "," in lines[first] and "\t" not in lines[first] else "\t"
    table = table_below(path, lines, header, separator, first=first, header=COLUMNS, open_end=open_end)
    count = None if declared is None else int(declared[1])
    whole, words = require_count(path, count, len(table.rows), f"line {header}", asked.incomplete)
    points = _with_bias(points_of_table(table, CONVENTION), table, lines[:header])
    started, unread = _started(lines[:header])
    points = replace(
        points, started=started, cautions=(*points.cautions, *unread, *((words,) if words else ())),
        completeness="cut" if not whole else "undeclared" if count is None else "declared",
    )  # fmt: skip
    return spectra(points, asked)


def _with_bias(points: Points, table: Table, head: list[str]) -> Points:
    """Add the bias; drop time and bias where an exporter that knows neither wrote zeros."""
    amplitude, bias = table.column(1), table.column(2)
    if not np.any(amplitude) and not np.any(bias) and points.elapsed is not None and not np.any(points.elapsed):
        return replace(points, elapsed=None)
    control = re.search(r"Control (Voltage|Current)", "\n".join(head))
    if control is None:
        return points
    return replace(points, voltage=bias) if control[1] == "Voltage" else replace(points, current=bias)


def _started(head: list[str]) -> tuple[time_stamps.Stamp | None, tuple[str, ...]]:
    """Return the moment in the lines ``Date:`` and ``Time:``, which may be one line, and what to say of it."""
    found = [re.sub(r"^\s*(?:Date|Time):", "", line).strip() for line in head if re.match(r"\s*(?:Date|Time):", line)]
    return time_stamps.start_told(" ".join(found))
