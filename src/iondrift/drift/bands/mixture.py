"""The fits that replicates draw from, a stretch of time at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray
from iondrift.drift.smoothing.posterior import Fits

_STRETCH = 128  # coefficients in time: twenty fits of 64 modes take 16 MB


class Mixtures:
    """Members of a mixture, swept once; of any block of profiles the stretch it lies in.

    ``borders`` (blocks + 1,): first coefficient of every block. Random parts of replicates are standard normal, to be
    multiplied by ``noise`` times that of their fit, or ``refits``, which bring their noise.
    """

    def __init__(self, fits: Fits, borders: npt.NDArray[np.int64], *, noise: float = 1.0, refits: bool = False) -> None:
        from iondrift_kernels import spline_members as kernels
        from iondrift_kernels.spline_modes import EDGE, LANES, ROW

        self._fits, self._refits, self._now = fits, refits, -1
        first_blocks = _stretches(borders)
        self._borders = borders[[*first_blocks, -1]]
        self._stretch_of = np.repeat(np.arange(len(first_blocks)), np.diff([*first_blocks, borders.size - 1]))
        count, blocks = fits.members.scale.shape[:2]
        modes = fits.members.held.shape[1]
        rows = int(np.diff(self._borders).max()) + 2 * EDGE
        self._stretch = kernels.Stretch(
            lower=np.zeros((count, blocks, rows * ROW)),
            half=np.zeros((count, blocks, rows * LANES)),
            influence=np.zeros((count, blocks, rows * LANES)),
        )
        self._found = kernels.Found(
            checkpoints=np.zeros((count, len(first_blocks), blocks, kernels.CHECKPOINT)),
            sigma=np.empty(count),
            pattern=np.empty((count, modes)),
            deviation=np.empty((count, modes)),
            sums=np.zeros((count, 3, modes)),
        )
        kernels.sweep(fits.members, self._borders, self._stretch, self._found)
        self._noise = np.ones(count) if refits else noise * self._found.sigma

    @property
    def functions(self) -> int:
        """Number of spatial B-splines, filled up."""
        return int(self._fits.rotation.shape[1])

    def of_block(self, n: int) -> Any:
        """Return the mixture as the kernels take it, its stretch that of block n; the one before is overwritten."""
        from iondrift_kernels.spline_draws import Mixture
        from iondrift_kernels.spline_members import restore

        place = int(self._stretch_of[n])
        if place != self._now:
            restore(self._fits.members, self._found, self._borders, place, self._stretch)
            self._now = place
        return Mixture(
            lower=self._stretch.lower,
            half=self._stretch.half,
            influence=self._stretch.influence,
            first=int(self._borders[place]),
            rotation=self._fits.rotation,
            basis=self._fits.members.basis,
            noise=self._noise,
            patterned=self._fits.members.kappa > 0.0,
        )

    def add_patterns(self, seed: int, out: FloatArray) -> None:
        """Add to ``out`` (groups, M, lanes) the reference's pattern in each group's fit; a refit's own is there."""
        from iondrift_kernels.spline_draws import pattern_draw

        if self._fits.members.kappa == 0.0:
            return
        groups, modes, lanes = out.shape
        words, normals, random = np.empty((4, lanes), dtype=np.uint64), np.empty((4, lanes)), np.zeros((modes, lanes))
        for group in range(groups):
            member = group % self._noise.size
            if not self._refits:
                deviation = self._noise[member] * self._found.deviation[member, :modes]
                pattern_draw(seed, group * lanes, deviation, normals, words, random)
            out[group] += self._found.pattern[member, :modes, None] + random


def _stretches(borders: npt.NDArray[np.int64]) -> list[int]:
    """Return the blocks that stretches begin with: as many to a stretch as it holds, one at least."""
    first = [0]
    for n in range(1, borders.size - 1):
        if borders[n + 1] - borders[first[-1]] > _STRETCH:
            first.append(n)
    return first
