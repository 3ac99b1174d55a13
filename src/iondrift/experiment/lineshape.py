"""From TopSpin spectra to lines: one axis for all, as TopSpin processed them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift.cast import ComplexArray, FloatArray
from iondrift.errors import DataError, InputFileError, plain
from iondrift.experiment.diffusion import processing_of
from iondrift.nmr.lines import fit_lineshape
from iondrift.nmr.options import LineOptions
from iondrift.nmr.spectrum import chemical_shifts, frequencies, spectrum_of
from iondrift.progress import Progress, silent
from iondrift.readers.bruker.data_set import DataSet, open_data_set
from iondrift.readers.bruker.processed import read_processing
from iondrift.readers.bruker.raw import read_fids

# Shifts of lithium metal in ppm as the literature reads them; a reading, not a measurement: see CAVEATS.
READINGS: Final = (
    (235.0, 250.0, "bulk"),
    (250.0, 257.0, "dense"),
    (257.0, 266.0, "mossy"),
    (266.0, 285.0, "dendritic"),
)
CAVEATS: Final = (
    "Words for shifts of lithium metal are a reading: the shift depends on the orientation to the field (245 ppm of "
    "the bulk holds for discs with their axis along it), on susceptibility and packing.",
    "Areas are not amounts of metal: the field enters the bulk by its skin depth alone (17 um at 78 MHz), deposits "
    "thinner than that count in full, and the ratio depends on the flip angle.",
)


def measure_lines(
    folders: Sequence[str | Path], options: LineOptions = LineOptions(), *, progress: Progress = silent
) -> xr.Dataset:
    """Process single FIDs with the parameters of ``pdata/1`` and fit their lines as one series.

    Parameters
    ----------
    folders
        One expno a spectrum.
    options
        As :func:`iondrift.fit_lineshape` takes them; with ``magnitude`` the magnitude is fitted, else the real part.
    progress
        Told how far it is.

    Returns
    -------
    xarray.Dataset
        Of :func:`iondrift.fit_lineshape`, coordinates ``source`` (spectrum), and ``reading`` (spectrum, line) for 7Li.

    Raises
    ------
    InputFileError
        A data set is damaged, holds rows, or was never processed.
    DataError
        Spectra have different axes, or do not suit the options.
    """
    shifts, spectra, nuclei = read_spectra(folders, progress=progress)
    found = fit_lineshape(shifts, np.abs(spectra) if options.magnitude else spectra.real, options, progress=progress)
    found = found.assign_coords(source=("spectrum", [plain(Path(folder).resolve().name) for folder in folders]))
    if nuclei == {"7Li"}:
        found["reading"] = (("spectrum", "line"), _readings(found.position.values))
    return found


def read_spectra(
    folders: Sequence[str | Path], *, progress: Progress = silent
) -> tuple[FloatArray, ComplexArray, set[str]]:  # fmt: skip
    """Return chemical shifts in ppm, spectra (spectrum, point) on them, and the nuclei observed.

    Raises
    ------
    InputFileError
        A data set is damaged, holds rows, or was never processed.
    DataError
        Spectra have different axes.
    """
    shifts, rows, nuclei = None, [], set()
    for folder in folders:
        progress(f"spectrum {Path(folder).name}")
        data_set = open_data_set(folder)
        axis, spectrum = _spectrum(data_set)
        if shifts is not None and (axis.shape != shifts.shape or not np.allclose(axis, shifts, rtol=0.0, atol=1e-3)):
            raise DataError(f"{folder}: its axis is another than that of {folders[0]}; process all with one SI and SF")
        shifts = axis
        nuclei.add(data_set.nucleus)
        rows.append(spectrum)
    if shifts is None:
        raise InputFileError("no spectrum named; name the folder of an expno")
    return shifts, np.stack(rows), nuclei


def _spectrum(data_set: DataSet) -> tuple[np.ndarray, np.ndarray]:
    if data_set.rows is not None:
        raise InputFileError(f"{data_set.folder}: holds rows, no single spectrum; name the expno of one")
    how = read_processing(data_set)
    processing = processing_of(how)
    width = data_set.spectral_width
    spectrum = spectrum_of(
        read_fids(data_set) * data_set.scale, spectral_width=width, group_delay=data_set.group_delay,
        processing=processing,
    )  # fmt: skip
    shifts = chemical_shifts(
        frequencies(width, processing), carrier_frequency=data_set.carrier_frequency,
        reference_frequency=how.reference_frequency,
    )  # fmt: skip
    return shifts, spectrum[0]


def _readings(positions: FloatArray) -> npt.NDArray[np.str_]:
    words = [[_reading(float(position)) for position in row] for row in positions]
    return np.array(words, dtype=str)


def _reading(position: float) -> str:
    return next((word for low, high, word in READINGS if low <= position < high), "")
