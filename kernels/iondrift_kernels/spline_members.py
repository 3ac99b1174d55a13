"""Posterior of a series whose penalties are uncertain: fits that differ in them, its members.

Member j solves ``A_m b = B_m`` with A_m = alpha G + gamma P as :mod:`iondrift_kernels.spline_modes` has it, with
penalties, an order of the penalty in time and a spatial basis of its own. With A = L L' and the arrow ``a`` of a
pattern (kappa > 0) a draw of its coefficients is one back substitution,

    b = L'^-1 (L^-1 B + sigma z - p L^-1 a),   p = rho + sigma z_p / sqrt(pivot)

so L, ``L^-1 B`` and ``L^-1 a`` are all that is needed, a stretch of coefficients at a time: one sweep forward leaves
the three rows below every stretch, from which :func:`restore` repeats it. Memory is that of one stretch.

Members and blocks of modes are independent; sums over time keep their order: the same bits for any number of threads.
Source: Rue, Martino and Chopin 2009 (mixture over hyperparameters).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.banded_lanes import factor_rows, solve_lower
from iondrift_kernels.job_queue import share, take, workers_for
from iondrift_kernels.spline_layout import EDGE, LANES, ROW

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CHECKPOINT = EDGE * (ROW + 2 * LANES)  # numbers below a stretch: rows of L, L^-1 B and L^-1 a


class Members(NamedTuple):
    """J fits of one series of K coefficients in time and M modes, M' = blocks LANES with zeros.

    ``gram`` (K + EDGE, 4) and ``penalties`` (orders, K + EDGE, 4): bands, zeros at their end; ``order``, ``basis``
    (J,): which penalty and which spatial basis; ``scale`` (J, blocks, 2 LANES): alpha, gamma; ``right``
    (bases, blocks, (K + 2 EDGE) LANES): B; ``held`` (bases, M') = y'W l; ``arrow`` (K,) = T'W l; ``loaded`` = l'W l;
    ``kappa``; ``total``: weighted sum of squares; ``free`` (J,): degrees of freedom of the noise.
    """

    gram: FloatArray
    penalties: FloatArray
    order: IntArray
    basis: IntArray
    scale: FloatArray
    right: FloatArray
    held: FloatArray
    arrow: FloatArray
    loaded: float
    kappa: float
    total: float
    free: FloatArray


class Found(NamedTuple):
    """What a sweep leaves.

    ``checkpoints`` (J, stretches, blocks, CHECKPOINT); ``sigma`` (J,): noise; ``pattern``, ``deviation`` (J, M'): the
    pattern rho and its posterior standard deviation over sigma; ``sums`` (J, 3, M'), scratch.
    """

    checkpoints: FloatArray
    sigma: FloatArray
    pattern: FloatArray
    deviation: FloatArray
    sums: FloatArray


class Stretch(NamedTuple):
    """Coefficients ``first`` ... of all members, for C of them at most.

    ``lower`` (J, blocks, (C + 2 EDGE) ROW), ``half`` = L^-1 B and ``influence`` = L^-1 a
    (J, blocks, (C + 2 EDGE) LANES); three rows of the stretches below and above stand at either end.
    """

    lower: FloatArray
    half: FloatArray
    influence: FloatArray


def sweep(members: Members, borders: IntArray, stretch: Stretch, found: Found) -> None:
    """Go forward through all stretches, which begin at ``borders`` (N + 1,); ``stretch`` is scratch."""
    tasks = members.order.size * members.scale.shape[1]
    share(workers_for(tasks), _sweep_blocks, members, borders, stretch, found)
    _conclude(members, found)


@kernel
def _sweep_blocks(queue: IntArray, members: Members, borders: IntArray, stretch: Stretch, found: Found) -> None:
    """Take blocks of modes from ``queue`` until none is left; the rest as :func:`sweep`."""
    blocks = members.scale.shape[1]
    task = take(queue)
    while task < members.order.size * blocks:
        _sweep_block(members, borders, stretch, found, task // blocks, task % blocks)
        task = take(queue)


@kernel
def _sweep_block(members: Members, borders: IntArray, stretch: Stretch, found: Found, j: int, block: int) -> None:
    """Sweep one block of modes of member j."""
    sums = found.sums[j, :, block * LANES : (block + 1) * LANES]
    sums[:] = 0.0
    below = found.checkpoints[j, 0, block]
    below[:] = 0.0
    half, influence = stretch.half[j, block], stretch.influence[j, block]
    width = half.size // (stretch.lower.shape[2] // ROW) & -LANES
    for n in range(borders.size - 1):
        first, last = borders[n], borders[n + 1]
        _advance(members, found.checkpoints[j, n, block], first, last, stretch, j, block)
        for k in range(EDGE, last - first + EDGE):
            explained, response = half[k * LANES : (k + 1) * LANES], influence[k * LANES : (k + 1) * LANES]
            for m in range(width):
                sums[0, m] += explained[m] * explained[m]
                sums[1, m] += explained[m] * response[m]
                sums[2, m] += response[m] * response[m]
        if n < borders.size - 2:
            _remember(stretch, j, block, last - first, found.checkpoints[j, n + 1, block])


@kernel
def _remember(stretch: Stretch, j: int, block: int, count: int, out: FloatArray) -> None:
    """``out`` (CHECKPOINT,) = the last three of ``count`` rows."""
    for i in range(EDGE * ROW):
        out[i] = stretch.lower[j, block, count * ROW + i]
    for i in range(EDGE * LANES):
        out[EDGE * ROW + i] = stretch.half[j, block, count * LANES + i]
        out[EDGE * (ROW + LANES) + i] = stretch.influence[j, block, count * LANES + i]


@kernel
def _conclude(members: Members, found: Found) -> None:
    """Noise and pattern of every member."""
    for j in range(members.order.size):
        rest = members.total
        for m in range(members.held.shape[1]):
            rest -= found.sums[j, 0, m]
            found.pattern[j, m] = found.deviation[j, m] = 0.0
            if members.kappa > 0.0:
                pivot = 1.0 / members.kappa + members.loaded - found.sums[j, 2, m]
                held = members.held[members.basis[j], m] - found.sums[j, 1, m]
                found.pattern[j, m] = held / pivot
                found.deviation[j, m] = 1.0 / math.sqrt(pivot)
                rest -= held * held / pivot
        found.sigma[j] = math.sqrt(max(rest, members.total * 1e-26) / members.free[j])


@kernel
def _advance(
    members: Members, below: FloatArray, first: int, last: int, stretch: Stretch, j: int, block: int
) -> None:  # fmt: skip
    """Fill the coefficients first ... last-1 of a block, and the three rows of L above them."""
    size, count = members.arrow.size, last - first
    stop = min(last + EDGE, size)
    lower = stretch.lower[j, block]
    half = stretch.half[j, block, : (count + 2 * EDGE) * LANES]
    influence = stretch.influence[j, block, : (count + 2 * EDGE) * LANES]
    for i in range(EDGE * ROW):
        lower[i] = below[i]
    for i in range(EDGE * LANES):
        half[i] = below[EDGE * ROW + i]
        influence[i] = below[EDGE * (ROW + LANES) + i]
    right = members.right[members.basis[j], block]
    for i in range(EDGE * LANES, (count + EDGE) * LANES):
        half[i] = right[first * LANES + i]
    factor_rows(
        members.gram[first : stop + EDGE],
        members.penalties[members.order[j], first : stop + EDGE],
        members.scale[j, block],
        lower[: (stop - first + EDGE) * ROW],
    )
    lower[(stop - first + EDGE) * ROW : (count + 2 * EDGE) * ROW] = 0.0
    known = lower[: (count + 2 * EDGE) * ROW]
    solve_lower(known, half)
    if members.kappa > 0.0:
        for k in range(count):
            influence[(k + EDGE) * LANES : (k + EDGE + 1) * LANES] = members.arrow[first + k]
        solve_lower(known, influence)
    else:
        influence[:] = 0.0


def restore(members: Members, found: Found, borders: IntArray, n: int, stretch: Stretch) -> None:
    """Fill stretch n."""
    tasks = members.order.size * members.scale.shape[1]
    share(workers_for(tasks), _restore_blocks, members, found, borders, n, stretch)


@kernel
def _restore_blocks(
    queue: IntArray, members: Members, found: Found, borders: IntArray, n: int, stretch: Stretch
) -> None:
    """Take blocks of modes from ``queue`` until none is left; the rest as :func:`restore`."""
    blocks = members.scale.shape[1]
    task = take(queue)
    while task < members.order.size * blocks:
        j, block = task // blocks, task % blocks
        _advance(members, found.checkpoints[j, n, block], borders[n], borders[n + 1], stretch, j, block)
        task = take(queue)
