"""One frequency axis for a series of spectra: the same in all, or what all have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from iondrift.cast import ComplexArray, FloatArray
from iondrift.errors import ConfigurationError, InputFileError
from iondrift.readers.impedance.spectrum import Spectrum
from iondrift.settings import setting


def align(
    spectra: Sequence[Spectrum], *, grid: Literal["same", "common"], tolerance: float
) -> tuple[FloatArray, ComplexArray, tuple[str, ...]]:
    """Return the frequencies (those of the first spectrum), the impedance (spectrum, frequency) and notes.

    Frequencies are one where they differ by less than ``tolerance`` (relative).

    Raises
    ------
    InputFileError
        The grids differ (grid "same"), or nothing is common to all.
    """
    if not 0.0 < tolerance < 0.1:
        raise ConfigurationError(f"grid_tolerance={tolerance:g} must lie between 0 and 0.1")
    reference = spectra[0].frequency
    chosen = np.ones(reference.size, dtype=bool)
    nearest = [_nearest(reference, spectrum.frequency, tolerance) for spectrum in spectra]
    for spectrum, found in zip(spectra, nearest, strict=True):
        if grid == "same" and not (spectrum.frequency.size == reference.size and (found >= 0).all()):
            raise InputFileError(_difference(spectra[0], spectrum, found))
        chosen &= found >= 0
    if not chosen.any():
        raise InputFileError(
            f"{spectra[0].path} to {spectra[-1].path}: no frequency is common to all {len(spectra)} spectra within "
            f"{tolerance:g}; read them apart"
        )
    impedance = np.array([spectrum.impedance[found[chosen]] for spectrum, found in zip(spectra, nearest, strict=True)])
    most = max(spectrum.frequency.size for spectrum in spectra)
    left_out = most - int(chosen.sum())
    notes = (f"{left_out} of up to {most} frequencies are not in all spectra and left out",) if left_out else ()
    return reference[chosen], impedance, notes


def _nearest(reference: FloatArray, frequency: FloatArray, tolerance: float) -> npt.NDArray[np.int64]:
    """Return for every reference frequency the index of its like, or -1."""
    right = np.clip(np.searchsorted(frequency, reference), 1, frequency.size - 1)
    left_is_nearer = reference - frequency[right - 1] < frequency[right] - reference
    index = np.where(left_is_nearer, right - 1, right)
    return np.where(np.abs(frequency[index] - reference) <= tolerance * reference, index, -1)


def _difference(first: Spectrum, other: Spectrum, found: npt.NDArray[np.int64]) -> str:
    missing = first.frequency[found < 0]
    detail = f"it has no {missing[-1]:g} Hz" if missing.size else "it has further frequencies"
    return (
        f"{other.path}, sweep {other.sweep}: {other.frequency.size} frequencies from {other.frequency[0]:g} to "
        f"{other.frequency[-1]:g} Hz, {first.path.name} has {first.frequency.size} from {first.frequency[0]:g} to "
        f"{first.frequency[-1]:g} Hz ({detail}); set {setting('grid', 'common')} to keep what all have, or read the "
        "files apart"
    )
