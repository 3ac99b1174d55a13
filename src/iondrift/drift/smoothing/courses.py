"""Courses in time: a mixture with one mode, drawn by banded substitution."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_banded

from iondrift.cast import FloatArray
from iondrift.drift.smoothing.posterior import Fits


class Courses:
    """The members of a mixture with one mode, swept once; ``sigma`` (count,) is the noise that each finds."""

    def __init__(self, fits: Fits) -> None:
        from iondrift_kernels.spline_layout import EDGE, LANES

        self.count, size = fits.members.order.size, fits.members.arrow.size
        stretch, found = fits.sweep(np.array([0, size]))
        self.sigma, self._level = found.sigma, fits.level
        lower = stretch.lower.reshape(self.count, -1, 4, LANES)[:, EDGE:-EDGE, :, 0]
        self._half = stretch.half.reshape(self.count, -1, LANES)[:, EDGE:-EDGE, 0]
        self._upper = np.zeros((self.count, 4, size))  # L' as SciPy lays out bands
        self._upper[:, 3] = 1.0 / lower[:, :, 0]
        for d in range(1, 4):
            self._upper[:, 3 - d, d:] = lower[:, d:, d]

    def draw(self, j: int, standard_normals: FloatArray) -> FloatArray:
        """Return coefficients (K, R) of member j from standard normals (K, R)."""
        right = self._half[j][:, None] + self.sigma[j] * standard_normals
        # B-splines sum to one: the level is added to every coefficient.
        return np.asarray(self._level + solve_banded((0, 3), self._upper[j], right))
