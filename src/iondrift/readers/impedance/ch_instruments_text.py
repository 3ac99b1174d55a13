"""CH Instruments text: settings, the header ``Freq/Hz, Z'/ohm, Z"/ohm, Z/ohm, Phase/deg``, then rows.

Nothing declares the number of points; the settings plan the frequencies, and modulus and phase repeat the
rectangular parts.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from iondrift.errors import InputFileError
from iondrift.readers import time_stamps
from iondrift.readers.impedance.keyed_text import find_line, number_after
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.points import Convention, points_of_table
from iondrift.readers.impedance.spectrum import Spectrum
from iondrift.readers.impedance.sweeps import spectra
from iondrift.readers.table import table_below
from iondrift.readers.text import read_text, split_lines

SIGNATURE = r"Instrument Model:\s+CHI"


def read(path: Path, asked: ReadingOptions) -> list[Spectrum]:
    """Return the spectra of a CHI file.

    Raises
    ------
    InputFileError
        It is no A.C. impedance file of CH Instruments, or rows are damaged.
    """
    lines, open_end = split_lines(read_text(path))
    header = find_line(lines, r"Freq/Hz,")
    if find_line(lines, SIGNATURE) is None or find_line(lines, r"A\.C\. Impedance") is None or header is None:
        raise InputFileError(
            f"{path}: is no A.C. impedance file of CH Instruments: 'A.C. Impedance', 'Instrument Model: "
            "CHI...' or the header 'Freq/Hz, ...' is missing"
        )
    table = table_below(path, lines, header, ",", open_end=open_end)
    points = points_of_table(table, Convention())
    low, high = (
        number_after(lines, r"Low Frequency \(Hz\) ="),
        number_after(lines, r"High Frequency \(Hz\) ="),
    )
    bias = number_after(lines, r"Init E \(V\) =")
    started, unread = time_stamps.start_told(lines[0])
    points = replace(
        points, started=started, cautions=(*points.cautions, *unread),
        planned=None if low is None or high is None else (high, low),
        voltage=None if bias is None else np.full(points.frequency.size, bias),
    )  # fmt: skip
    return spectra(points, asked)
