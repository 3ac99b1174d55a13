"""Perturb and refit: new noise on every profile, the same penalties, the whole smoothing again.

``b = A^-1 T' Omega y`` needs a forward and a backward sweep over time. The forward sweep is run once to leave
checkpoints at the borders of the blocks (and the estimate of the fixed pattern, a plain sum over time); each
block then repeats its part of it from the checkpoint, with the same random numbers, before it substitutes
back. Memory stays that of a block and the checkpoints.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel, parallel_kernel
from iondrift_kernels.counter_normal import fill_normals
from iondrift_kernels.lanes import whole
from iondrift_kernels.spline_draws import PROFILES, Splines, pattern_draw

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
WordArray = npt.NDArray[np.uint64]


class Stream(NamedTuple):
    """Where random numbers come from: seed and first replicate of the lanes; the arrays (4, LANES) are scratch."""

    seed: int
    replicate: int
    normals: FloatArray
    words: WordArray


@kernel
def perturb_profile(stream: Stream, splines: Splines, t: int, shift: FloatArray, out: FloatArray) -> None:
    """``out`` (M, LANES) = new noise of profile t plus the reference's pattern ``shift`` (M, LANES)."""
    width = whole(out.shape[1])
    modes = splines.lower.shape[0]
    scale = splines.sigma / math.sqrt(splines.precision[t])
    for m in range(0, modes, 4):
        fill_normals(stream.seed, stream.replicate, t, m // 4, PROFILES, stream.words, stream.normals)
        for p in range(min(4, modes - m)):
            for j in range(width):
                out[m + p, j] = scale * stream.normals[p, j] + splines.loading[t] * shift[m + p, j]


@kernel
def forward_block(
    stream: Stream,
    splines: Splines,
    first: int,
    last: int,
    shift: FloatArray,
    state: FloatArray,
    noise: FloatArray,
    out: FloatArray,
) -> None:
    """Forward substitution of coefficients first ... last-1 into ``out`` (at least last - first, M, LANES).

    ``state`` (3, M, LANES) holds the three coefficients below and is left for the block above; ``shift`` is the
    reference's true pattern; ``noise`` (M, LANES) a workspace.
    """
    width = whole(out.shape[2])
    modes = splines.lower.shape[0]
    out[: last - first] = 0.0
    low = np.searchsorted(splines.start, first - 3)
    for t in range(low, splines.start.shape[0]):
        if splines.start[t] >= last:
            break
        perturb_profile(stream, splines, t, shift, noise)
        for d in range(4):
            k = splines.start[t] + d
            if first <= k < last:
                weight = splines.value[t, d] * splines.precision[t]
                for m in range(modes):
                    for j in range(width):
                        out[k - first, m, j] += weight * noise[m, j]
    for k in range(first, last):
        for m in range(modes):
            lower = splines.lower[m, k]
            for j in range(width):
                value = out[k - first, m, j]
                value -= lower[1] * state[0, m, j] + lower[2] * state[1, m, j] + lower[3] * state[2, m, j]
                state[2, m, j] = state[1, m, j]
                state[1, m, j] = state[0, m, j]
                state[0, m, j] = value * lower[0]
                out[k - first, m, j] = state[0, m, j]


@parallel_kernel
def sweep_forward(
    seed: int, splines: Splines, borders: IntArray, checkpoints: FloatArray, shift: FloatArray, pattern: FloatArray
) -> None:
    """Leave the forward state at every border, and what the refit takes for the pattern.

    ``borders`` (N + 1,): first coefficient of every block, ascending, the last being K. ``checkpoints`` (B, N, 3, M,
    LANES); ``shift`` (B, M, LANES), the true pattern drawn; ``pattern`` (B, M, LANES), its estimate from the data.
    """
    width = whole(shift.shape[2])
    modes = splines.lower.shape[0]
    longest = 0
    for n in range(borders.shape[0] - 1):
        longest = max(longest, borders[n + 1] - borders[n])
    for b in nb.prange(checkpoints.shape[0]):
        normals = np.empty((4, width))
        words = np.empty((4, width), dtype=np.uint64)
        noise = np.empty((modes, width))
        out = np.empty((longest, modes, width))
        state = np.zeros((3, modes, width))
        stream = Stream(seed, b * width, normals, words)
        pattern_draw(
            seed, b * width, np.full(modes, splines.sigma * math.sqrt(splines.kappa)), normals, words, shift[b]
        )
        for n in range(borders.shape[0] - 1):
            checkpoints[b, n] = state
            forward_block(stream, splines, borders[n], borders[n + 1], shift[b], state, noise, out)
        pattern[b] = 0.0
        if splines.kappa > 0.0:
            for t in range(splines.start.shape[0]):
                perturb_profile(stream, splines, t, shift[b], noise)
                for m in range(modes):
                    response = splines.loading[t]
                    for d in range(4):
                        response -= splines.value[t, d] * splines.influence[m, splines.start[t] + d]
                    response *= splines.precision[t] * splines.deviation[m] * splines.deviation[m]
                    for j in range(width):
                        pattern[b, m, j] += response * noise[m, j]


@kernel
def perturbed_block(
    stream: Stream, splines: Splines, first: int, last: int, checkpoint: FloatArray, shift: FloatArray, out: FloatArray
) -> None:
    """``L^-1 T' Omega noise`` of coefficients first ... last-1 from the ``checkpoint`` (3, M, LANES) of this block."""
    noise = np.empty(checkpoint.shape[1:])
    forward_block(stream, splines, first, last, shift, checkpoint.copy(), noise, out)
