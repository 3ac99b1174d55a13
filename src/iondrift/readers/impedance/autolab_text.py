"""Metrohm Autolab text in the Z60W layout: ZPlot's columns with a declared number of points.

Amplitude, bias and time are written as zeros and therefore left out.
"""

from __future__ import annotations

from pathlib import Path

from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.spectrum import Spectrum
from iondrift.readers.impedance.zplot_z import read_z_format

SIGNATURES = ('"Z60W Data File',)


def read(path: Path, asked: ReadingOptions) -> list[Spectrum]:
    """Return the spectra of an Autolab Z60W file.

    Raises
    ------
    InputFileError
        The header is not Autolab's, rows are damaged, or their number is not the declared one.
    """
    return read_z_format(path, SIGNATURES, "Autolab Z60W", asked)
