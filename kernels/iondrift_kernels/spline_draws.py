"""Random spline coefficients, a block of time at a time, for many replicates side by side.

Posterior draws are ``b = A^-1 T'y + sigma L^-T z``: with the Cholesky factor of the banded A at hand they follow by
back substitution, from the last coefficient to the first, three coefficients being all that is remembered.
Perturbed refits are ``b = A^-1 T'(y + noise)``: a forward sweep over time, remembered at the borders of the blocks
alone, is repeated inside each block before the back substitution.

Replicates lie along the last axis, in groups of fixed length, so that the same draw takes the same operations
in the same order whatever the number of threads or the size of a block.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.counter_normal import fill_normals
from iondrift_kernels.lanes import LANES, whole

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint64]

COEFFICIENTS, PATTERN, ELECTRICAL, SYSTEMATIC, PROFILES = range(5)  # sources of random numbers


class Splines(NamedTuple):
    """A fitted series; arrays as :func:`iondrift_kernels.penalised_spline.fit_modes` leaves them.

    ``start`` (T,), ``value`` and ``slope`` (T, 4): time basis. ``precision``, ``loading`` (T,).
    ``mean`` (M, K), ``lower`` (M, K, 4), ``influence`` (M, K), ``spread`` (M,): posterior of the modes; ``spread`` is
    the posterior standard deviation of the pattern. ``sigma``: noise, ``kappa``: pattern variance over sigma^2.
    """

    start: IntArray
    value: FloatArray
    slope: FloatArray
    precision: FloatArray
    loading: FloatArray
    mean: FloatArray
    lower: FloatArray
    influence: FloatArray
    spread: FloatArray
    sigma: float
    kappa: float


@kernel
def substitute_back(splines: Splines, factor: float, first: int, last: int, state: FloatArray, out: FloatArray) -> None:
    """Solve ``L' e = factor right`` for coefficients last-1 ... first, in place in ``out``.

    ``out`` (last - first + 3, M or more, LANES); ``state`` (3, M, LANES) holds the three coefficients above and is
    left for the block below.
    """
    width = whole(out.shape[2])
    modes, size = splines.mean.shape
    count = last - first
    for m in range(modes):  # mode by mode: the four coefficients that meet stay in the first-level cache
        for row in range(3):
            for j in range(width):
                out[count + row, m, j] = state[row, m, j]
        for row in range(count - 1, -1, -1):
            k = first + row
            scale = splines.lower[m, k, 0]
            one = splines.lower[m, k + 1, 1] * scale if k + 1 < size else 0.0
            two = splines.lower[m, k + 2, 2] * scale if k + 2 < size else 0.0
            three = splines.lower[m, k + 3, 3] * scale if k + 3 < size else 0.0
            own = scale * factor
            for j in range(width):
                above = one * out[row + 1, m, j] + two * out[row + 2, m, j] + three * out[row + 3, m, j]
                out[row, m, j] = own * out[row, m, j] - above
        for row in range(3):
            for j in range(width):
                state[row, m, j] = out[row, m, j]


@kernel
def posterior_block(
    seed: int,
    replicate: int,
    splines: Splines,
    first: int,
    last: int,
    state: FloatArray,
    words: WordArray,
    out: FloatArray,
) -> None:
    """Draw deviations of the coefficients first ... last-1 from their posterior.

    ``words`` is a workspace; ``out`` (last - first + 3, M filled up to a whole multiple of 4, LANES): beyond M it is
    left with normals that mean nothing.
    """
    for k in range(first, last):
        for m in range(0, splines.mean.shape[0], 4):
            fill_normals(seed, replicate, k, m // 4, COEFFICIENTS, words, out[k - first, m : m + 4])
    substitute_back(splines, splines.sigma, first, last, state, out)


@kernel
def pattern_draw(
    seed: int, replicate: int, scale: FloatArray, normals: FloatArray, words: WordArray, out: FloatArray
) -> None:
    """``out`` (M, LANES) = scale (M,) times one normal a mode and replicate."""
    width = whole(out.shape[1])
    modes = scale.shape[0]
    for m in range(0, modes, 4):
        fill_normals(seed, replicate, 0, m // 4, PATTERN, words, normals)
        for p in range(min(4, modes - m)):
            for j in range(width):
                out[m + p, j] = scale[m + p] * normals[p, j]


@kernel
def systematic_normals(seed: int, words: WordArray, out: FloatArray) -> None:
    """``out`` (N, R), N and R whole multiples of 4 and LANES: one normal per quantity and replicate."""
    for n in range(0, out.shape[0], 4):
        for lane in range(0, out.shape[1], LANES):
            fill_normals(seed, lane, 0, n // 4, SYSTEMATIC, words, out[n : n + 4, lane : lane + LANES])
