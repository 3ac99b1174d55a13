"""Quantiles over replicates, a block of profiles at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from iondrift.cast import FloatArray

_SAMPLED = 8  # profiles at which the Monte Carlo error is estimated


class Selection:
    """Quantiles of all variables from the values of one block after another.

    ``bands`` (Q, T, X, levels); at the profiles ``sampled`` also ``neighbours`` (times, X, 4): v one binomial standard
    error below and above the lowest and the highest level.
    """

    def __init__(self, levels: FloatArray, variables: int, time: FloatArray, points: int, samples: int) -> None:
        times = time.size
        self.levels, self.samples = levels, samples
        self.with_neighbours = np.concatenate([levels, _neighbours(levels, samples)])
        self.bands = np.empty((variables, times, points, levels.size))
        self.sampled = np.unique(np.linspace(0, times - 1, min(times, _SAMPLED)).astype(int))
        self.neighbours = np.empty((self.sampled.size, points, 4))

    def take(self, values: FloatArray, begin: int, end: int) -> None:
        """Select from ``values`` (Q, block, X, R) of the profiles ``begin`` to ``end`` - 1."""
        inside = (self.sampled >= begin) & (self.sampled < end)
        both = self.sampled[inside] - begin  # v, the first variable, is selected here with its neighbours
        everything = np.arange(end - begin)
        for q in range(1, self.bands.shape[0]):
            self.bands[q, begin:end] = _select(values[q], everything, self.samples, self.levels)
        others = np.delete(everything, both)
        self.bands[0, begin + others] = _select(values[0], others, self.samples, self.levels)
        selected = _select(values[0], both, self.samples, self.with_neighbours)
        self.bands[0, begin + both] = selected[..., : self.levels.size]
        self.neighbours[inside] = selected[..., self.levels.size :]


def _select(values: FloatArray, profiles: Any, samples: int, levels: FloatArray) -> FloatArray:
    """Return quantiles (profiles, points, levels) over the first ``samples`` of ``values`` (times, points, R)."""
    from numba import get_num_threads

    from iondrift_kernels.drift_bands import quantile_block

    selected = np.empty((profiles.size, values.shape[1], levels.size))
    quantile_block(get_num_threads(), values, profiles, samples, levels, selected)
    return selected


def _neighbours(levels: FloatArray, samples: int) -> FloatArray:
    """Return one binomial standard error below and above the lowest and the highest level."""
    outer = levels[[0, -1]]
    spread = np.sqrt(np.maximum(outer * (1.0 - outer), 1.0 / samples) / samples)
    return np.asarray(np.clip(np.stack([outer - spread, outer + spread], axis=1).ravel(), 0.0, 1.0))
