"""Posterior draws of whole profiles in plain arrays, for numbers that no kernel of the bands computes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_banded

from iondrift.cast import FloatArray
from iondrift.drift.smoothing.series import SmoothSeries


def draw_profiles(
    series: SmoothSeries, profiles: npt.NDArray[np.int64], count: int, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return draws of c, dc/dx and G from the posterior of the reported fit, each (draw, profile, point).

    Its penalties are taken for known: these draws vary less than those of the bands. ``b = b^ + sigma L'^-1 z - f p``
    mode by mode, with p the drawn pattern of the reference and f its influence.

    Parameters
    ----------
    series
        A fit.
    profiles
        Indices of the profiles wanted.
    count, seed
        Of the draws.
    """
    random = np.random.Generator(np.random.Philox(seed))
    modes, size = series.coefficients.shape
    start = series.time_basis.start[profiles]
    columns = start[:, None] + np.arange(4)
    amplitude, rate = (np.empty((count, profiles.size, modes)) for _ in range(2))
    for m in range(modes):
        upper = np.zeros((4, size))
        upper[3] = 1.0 / series.lower[m, :, 0]
        for d in range(1, 4):
            upper[3 - d, d:] = series.lower[m, d:, d]
        noise = solve_banded((0, 3), upper, random.standard_normal((size, count)))
        if series.kappa > 0.0:
            noise = noise - np.outer(series.influence[m], series.pattern[m, 1] * random.standard_normal(count))
        drawn = (series.coefficients[m][:, None] + series.standard_deviation * noise)[columns]  # (profile, 4, draw)
        amplitude[:, :, m] = np.einsum("td,tdr->rt", series.time_basis.value[profiles], drawn)
        rate[:, :, m] = np.einsum("td,tdr->rt", series.time_basis.slope[profiles], drawn)
    return amplitude @ series.value.T, amplitude @ series.slope.T, -(rate @ series.integral.T)
