"""Quantiles over replicates, a block of profiles at a time."""

from __future__ import annotations

import numpy as np

from iondrift.cast import FloatArray

_SAMPLED = 8  # profiles at which the Monte Carlo error is estimated


class Selection:
    """Quantiles of all variables from the values of one block after another.

    ``bands`` (Q, T, X, levels); at the profiles ``sampled`` also ``neighbours`` (times, X, 4): v, the first variable,
    one binomial standard error below and above the lowest and the highest level.
    """

    def __init__(self, levels: FloatArray, variables: int, time: FloatArray, points: int, samples: int) -> None:
        from iondrift_kernels.drift_bands import Selected

        times, self.samples = time.size, samples
        self.bands = np.empty((variables, times, points, levels.size))
        self.sampled = np.unique(np.linspace(0, times - 1, min(times, _SAMPLED)).astype(int))
        self.neighbours = np.empty((self.sampled.size, points, 4))
        place = np.full(times, -1)
        place[self.sampled] = np.arange(self.sampled.size)
        all_levels = np.concatenate([levels, _neighbours(levels, samples)])
        self._selected = Selected(self.bands, self.neighbours, place, all_levels)

    def take(self, values: FloatArray, begin: int, end: int) -> None:
        """Select from ``values`` (Q, block, X, R) of the profiles ``begin`` to ``end`` - 1."""
        from numba import get_num_threads

        from iondrift_kernels.drift_bands import select_quantiles

        select_quantiles(get_num_threads(), values, (begin, end), self.samples, self._selected)


def _neighbours(levels: FloatArray, samples: int) -> FloatArray:
    """Return one binomial standard error below and above the lowest and the highest level."""
    outer = levels[[0, -1]]
    spread = np.sqrt(np.maximum(outer * (1.0 - outer), 1.0 / samples) / samples)
    return np.asarray(np.clip(np.stack([outer - spread, outer + spread], axis=1).ravel(), 0.0, 1.0))
