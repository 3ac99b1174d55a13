"""PowerSuite text: the header ``Frequency<tab> Zre<tab> Zimg`` in Hz and Ohm, lines ended by CR CR LF.

Nothing declares the number of points, nothing repeats a number: a file cut between two lines looks whole.
"""

from __future__ import annotations

from pathlib import Path

from iondrift.errors import InputFileError
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.points import Convention, points_of_table
from iondrift.readers.impedance.spectrum import Spectrum
from iondrift.readers.impedance.sweeps import spectra
from iondrift.readers.table import table_below
from iondrift.readers.text import read_text, split_lines

SIGNATURE = "Frequency\t Zre\t Zimg"
# The header states no unit; the program writes Hz and Ohm.
CONVENTION = Convention(units={"frequency": 1.0, "real": 1.0, "imaginary": 1.0})


def read(path: Path, asked: ReadingOptions) -> list[Spectrum]:
    """Return the spectra of a PowerSuite file.

    Raises
    ------
    InputFileError
        The header is not PowerSuite's, or rows are damaged.
    """
    lines, open_end = split_lines(read_text(path))
    if lines[0].rstrip() != SIGNATURE:
        raise InputFileError(f"{path}, line 1: is not the header {SIGNATURE!r} of a PowerSuite file")
    table = table_below(path, lines, 0, "\t", open_end=open_end)
    return spectra(points_of_table(table, CONVENTION), asked)
