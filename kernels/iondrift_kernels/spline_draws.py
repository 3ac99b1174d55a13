"""Random spline coefficients, a block of time at a time, for many replicates side by side.

Posterior draws are ``b = L'^-1 (L^-1 T'y + sigma z)``: with the Cholesky factor of the banded A at hand they follow by
back substitution, from the last coefficient to the first, three coefficients being all that is remembered. A group of
replicates draws from one member of a mixture of fits.
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
from iondrift_kernels.spline_layout import EDGE, ROW
from iondrift_kernels.spline_layout import LANES as MODES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint64]

COEFFICIENTS, PATTERN, ELECTRICAL, SYSTEMATIC, PROFILES = range(5)  # sources of random numbers


class Splines(NamedTuple):
    """A fitted series; arrays as :func:`iondrift_kernels.penalised_spline.fit_modes` leaves them.

    ``start`` (T,), ``value`` and ``slope`` (T, 4): time basis. ``precision``, ``loading`` (T,). For perturbed refits:
    ``lower`` (M, K, 4), ``influence`` (M, K), ``deviation`` (M,): posterior standard deviation of the pattern over
    ``sigma``, the noise; ``kappa``: pattern variance over sigma^2.
    """

    start: IntArray
    value: FloatArray
    slope: FloatArray
    precision: FloatArray
    loading: FloatArray
    lower: FloatArray
    influence: FloatArray
    deviation: FloatArray
    sigma: float
    kappa: float


class Mixture(NamedTuple):
    """What draws of coefficients are made of: J members, a stretch of time at a time.

    ``lower``, ``half``, ``influence``: :class:`iondrift_kernels.spline_members.Stretch` from coefficient ``first`` on;
    ``rotation`` (bases, B-splines, M) from modes to B-splines, filled up
    with zeros to whole multiples of 4; ``basis`` (J,): which of them; ``noise`` (J,): factor of a replicate's random
    part, which is standard normal or a perturbed refit; ``patterned``: whether a reference's pattern is drawn.
    """

    lower: FloatArray
    half: FloatArray
    influence: FloatArray
    first: int
    rotation: FloatArray
    basis: IntArray
    noise: FloatArray
    patterned: bool


@kernel
def substitute_back(
    mixture: Mixture, member: int, first: int, last: int, pattern: FloatArray, state: FloatArray, out: FloatArray
) -> None:
    """Solve ``L' b = half + noise right - pattern influence`` for coefficients last-1 ... first, in place in ``out``.

    ``out`` (last - first + 3, M or more, LANES); ``pattern`` (M, LANES); ``state`` (3, M, LANES) holds the three
    coefficients above and is left for the block below.
    """
    width = whole(out.shape[2])
    noise = mixture.noise[member]
    count = last - first
    for m in range(state.shape[1]):  # mode by mode: the four coefficients that meet stay in the first-level cache
        block, lane = m // MODES, m % MODES
        lower, half = mixture.lower[member, block], mixture.half[member, block]
        influence, level = mixture.influence[member, block], pattern[m]
        for row in range(3):
            for j in range(width):
                out[count + row, m, j] = state[row, m, j]
        for row in range(count - 1, -1, -1):
            k = first - mixture.first + row + EDGE
            scale = lower[k * ROW + lane]
            one = lower[(k + 1) * ROW + MODES + lane] * scale
            two = lower[(k + 2) * ROW + 2 * MODES + lane] * scale
            three = lower[(k + 3) * ROW + 3 * MODES + lane] * scale
            own, mean, share = scale * noise, scale * half[k * MODES + lane], scale * influence[k * MODES + lane]
            if mixture.patterned:
                for j in range(width):
                    above = one * out[row + 1, m, j] + two * out[row + 2, m, j] + three * out[row + 3, m, j]
                    out[row, m, j] = (own * out[row, m, j] + mean) - share * level[j] - above
            else:
                for j in range(width):
                    above = one * out[row + 1, m, j] + two * out[row + 2, m, j] + three * out[row + 3, m, j]
                    out[row, m, j] = (own * out[row, m, j] + mean) - above
        for row in range(3):
            for j in range(width):
                state[row, m, j] = out[row, m, j]


@kernel
def fill_coefficients(
    seed: int, replicate: int, first: int, last: int, modes: int, words: WordArray, out: FloatArray
) -> None:
    """One normal a coefficient first ... last-1, mode and replicate.

    ``words`` is a workspace; ``out`` (at least last - first, M filled up to a whole multiple of 4, LANES): beyond M it
    is left with normals that mean nothing.
    """
    for k in range(first, last):
        for m in range(0, modes, 4):
            fill_normals(seed, replicate, k, m // 4, COEFFICIENTS, words, out[k - first, m : m + 4])


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
