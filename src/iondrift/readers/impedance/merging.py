"""Join the points of a table to spectra, whatever order their frequencies stand in: overlapping ranges, multisine."""

from __future__ import annotations

import numpy as np

from iondrift.cast import ComplexArray, FloatArray
from iondrift.readers.impedance.spectrum import Points

CLOSE = 0.01  # points at one frequency differ by less in a cell that did not change meanwhile


def repeated_starts(points: Points, fewest: int) -> list[tuple[int, int]]:
    """Return the (start, stop) of each spectrum: a new one starts where the first frequency comes again."""
    frequency = points.frequency
    starts = [0]
    for k in map(int, np.flatnonzero(np.isclose(frequency, frequency[0], rtol=1e-6, atol=0.0))):
        if k - starts[-1] >= fewest and frequency.size - k >= fewest:
            starts.append(k)
    return list(zip(starts, [*starts[1:], frequency.size], strict=True))


def merged(
    frequency: FloatArray, impedance: ComplexArray, tolerance: float
) -> tuple[FloatArray, ComplexArray, tuple[str, ...]]:
    """Return frequencies ascending, means of the impedance at each, and what to say where they differ.

    Frequencies within ``tolerance`` (relative) of the one below are one.

    Examples
    --------
    >>> merged(np.array([10.0, 1.0, 10.0]), np.array([1.0 - 1j, 2.0, 3.0 - 1j]), 1e-3)[1].tolist()
    [(2+0j), (2-1j)]
    """
    order = np.argsort(frequency, kind="stable")
    f, z = frequency[order], impedance[order]
    first = np.concatenate([[True], np.diff(f) > tolerance * f[:-1]])
    group = np.cumsum(first) - 1
    count = np.bincount(group)
    mean_f: FloatArray = np.bincount(group, f) / count
    mean_z = np.zeros(count.size, dtype=np.complex128)
    np.add.at(mean_z, group, z / count[group])
    off = np.abs(z - mean_z[group]) / np.abs(mean_z[group])
    if off.max(initial=0.0) <= CLOSE:
        return mean_f, mean_z, ()
    worst = int(off.argmax())
    words = (
        f"points that were merged at {f[worst]:.5g} Hz lie {100.0 * off[worst]:.2g} % from their mean: the cell "
        "changed between the ranges, or they are no one spectrum"
    )
    return mean_f, mean_z, (words,)
