"""One frequency axis for a series of spectra: that of all together, what all have in common, or the same in all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from iondrift.cast import ComplexArray, FloatArray
from iondrift.errors import ConfigurationError, InputFileError
from iondrift.readers.impedance.options import Grid
from iondrift.readers.impedance.spectrum import Spectrum
from iondrift.settings import setting

_NAMED = 3  # spectra told one by one


def align(
    spectra: Sequence[Spectrum], *, grid: Grid, tolerance: float
) -> tuple[FloatArray, ComplexArray, tuple[str, ...]]:
    """Return the frequencies, the impedance (spectrum, frequency), NaN where there is none, and notes.

    Frequencies are one where they differ by less than ``tolerance`` (relative); they are called as in the spectrum
    that has them first.

    Raises
    ------
    InputFileError
        The grids differ (grid "same"), or nothing is common to all (grid "common").
    """
    if not 0.0 < tolerance < 0.1:
        raise ConfigurationError(f"grid_tolerance={tolerance:g} must lie between 0 and 0.1")
    reference = spectra[0].frequency
    if grid == "union":
        reference = _union(spectra, tolerance)
    nearest = np.array([_nearest(reference, spectrum.frequency, tolerance) for spectrum in spectra])
    if grid == "same":
        for spectrum, found in zip(spectra, nearest, strict=True):
            if spectrum.frequency.size != reference.size or (found < 0).any():
                raise InputFileError(_difference(spectra[0], spectrum, found))
    there = nearest >= 0
    notes = _lacking(spectra, reference, there) if grid == "union" else ()
    if grid == "common":
        chosen = there.all(axis=0)
        notes = _left_out(spectra, int(chosen.sum()), tolerance)
        reference, nearest, there = reference[chosen], nearest[:, chosen], there[:, chosen]
    impedance = np.full(there.shape, np.nan + 1j * np.nan)
    for row, spectrum, found, known in zip(impedance, spectra, nearest, there, strict=True):
        row[known] = spectrum.impedance[found[known]]
    return reference, impedance, notes


def _union(spectra: Sequence[Spectrum], tolerance: float) -> FloatArray:
    """Return every frequency of any spectrum, once."""
    reference = spectra[0].frequency
    for spectrum in spectra[1:]:
        if spectrum.frequency is not reference and not np.array_equal(spectrum.frequency, reference):
            # One frequency of the reference may be the like of one frequency only.
            taken = _nearest(reference, spectrum.frequency, tolerance)
            new = np.setdiff1d(np.arange(spectrum.frequency.size), taken)
            reference = np.sort(np.concatenate([reference, spectrum.frequency[new]]))
    return reference


def _lacking(spectra: Sequence[Spectrum], reference: FloatArray, there: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    """Return which spectra lack frequencies that others have."""
    lacking = np.flatnonzero(~there.all(axis=1))
    if not lacking.size:
        return ()
    if lacking.size > _NAMED:
        few = int((~there).sum(axis=1)[lacking].max())
        return (
            f"{lacking.size} of {len(spectra)} spectra lack up to {few} of the {reference.size} frequencies of all "
            "together; those points are masked",
        )
    return tuple(
        f"{spectra[s].path.name}, sweep {spectra[s].sweep}: lacks {int((~there[s]).sum())} of {reference.size} "
        f"frequencies, {reference[~there[s]][0]:.4g} to {reference[~there[s]][-1]:.4g} Hz; those points are masked"
        for s in map(int, lacking)
    )


def _left_out(spectra: Sequence[Spectrum], kept: int, tolerance: float) -> tuple[str, ...]:
    if not kept:
        raise InputFileError(
            f"{spectra[0].path} to {spectra[-1].path}: no frequency is common to all {len(spectra)} spectra within "
            f"{tolerance:g}; read them apart, or keep all frequencies with {setting('grid', 'union')}"
        )
    most = max(spectrum.frequency.size for spectrum in spectra)
    return (f"{most - kept} of up to {most} frequencies are not in all spectra and left out",) if most > kept else ()


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
        f"{first.frequency[-1]:g} Hz ({detail}); set {setting('grid', 'union')} to mask what a spectrum lacks, or "
        f"{setting('grid', 'common')} to keep what all have"
    )
