"""Princeton Applied Research PARSTAT text: one header line with units, tab separated.

Direct-current rows stand between the sweeps. Nothing declares the number of points, nothing repeats a number:
a file cut between two lines looks whole.
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

SIGNATURE = "Potential (V)\tCurrent (A)\tElapsed Time (s)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)"


def read(path: Path, asked: ReadingOptions) -> list[Spectrum]:
    """Return the spectra of a PARSTAT file; rows without frequency are direct-current samples.

    Raises
    ------
    InputFileError
        The header is not PARSTAT's, or rows are damaged.
    """
    lines, open_end = split_lines(read_text(path))
    if not lines[0].startswith(SIGNATURE):
        raise InputFileError(f"{path}, line 1: is not the header of a PARSTAT file, {SIGNATURE.split(chr(9))}")
    table = table_below(path, lines, 0, "\t", open_end=open_end)
    return spectra(points_of_table(table, Convention()), asked)
