"""Non-negative quadratic programmes of many right-hand sides that share one matrix, by block principal pivoting.

    minimise x'H x / 2 + (Q z)'x   subject to x >= 0

One H serves every right-hand side q = Q z. H is transformed once by
principal pivots on a base passive set (the solution of a typical spectrum); one matrix product then gives
every spectrum's base point, and block principal pivoting with a small factor on the indices that differ from
the base finishes it (Judice and Pires, Computers Oper. Res. 21 (1994) 587-596). What does not settle within
twelve rounds goes to the active set, which always ends.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel, parallel_kernel
from iondrift_kernels.job_queue import take
from iondrift_kernels.nonnegative_active_set import active_set, kkt_residual

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

TOLERANCE = 1e-14  # relative to max |q|: what counts as negative
ACCEPTED = 1e-11  # relative KKT residual; anything above goes to the active set
_ENTER, _LEAVE = -2, -3  # marks in ``place`` between finding the violations and exchanging them
BLOCK = 32  # spectra that follow each other's warm start; fixed, so that results do not depend on threads
MAX_ROUNDS = 12


class Programme(NamedTuple):
    """What all right-hand sides share.

    ``hessian`` (n, n) H with unit diagonal; ``scales`` (n,) what turns its solution into the caller's unit;
    ``combined`` (m, 2 n) transposed base map beside Q', or (m, n) Q' alone without pivoting; ``transform`` (n, n) and
    ``base`` (n,) from :func:`pivot_transform`; ``pivoting`` False sends all to the active set: H is too close to
    singular for pivoting.
    """

    hessian: FloatArray
    scales: FloatArray
    combined: FloatArray
    transform: FloatArray
    base: BoolArray
    pivoting: bool


class Solutions(NamedTuple):
    """Solutions (spectra, n), relative KKT residuals (spectra,) and linear systems solved (spectra,)."""

    x: FloatArray
    residual: FloatArray
    rounds: IntArray


class _Exchange(NamedTuple):
    """The exchange set, kept with its factor from one right-hand side to the next.

    ``state`` (1,) its size; ``order`` (n,) its variables; ``place`` (n,) each variable's row in it, or -1; ``factor``
    (n, n) and ``diagonal`` (n,) L D L'; ``values`` (n,) the exchanged variables; ``point`` (n,) where they lead.
    """

    state: IntArray
    order: IntArray
    place: IntArray
    factor: FloatArray
    diagonal: FloatArray
    values: FloatArray
    point: FloatArray


@kernel
def pivot_transform(hessian: FloatArray, linear_map: FloatArray, base: BoolArray, out: FloatArray) -> None:
    """Write the principal pivot transform of [H | Q] on the set ``base``, by sweeps.

    With w = H x + Q z, exchange w_i and x_i for every i in the base. Rows outside the base are negated, which
    makes the left block symmetric (quasi-definite).

    Parameters
    ----------
    hessian, linear_map, base
        H (n, n), Q (n, m), (n).
    out
        (n, n + m).
    """
    n = base.size
    width = n + linear_map.shape[1]
    for i in range(n):
        for j in range(n):
            out[i, j] = hessian[i, j]
        for j in range(n, width):
            out[i, j] = linear_map[i, j - n]
    for k in range(n):
        if not base[k]:
            continue
        inverse = 1.0 / out[k, k]
        for j in range(width):
            out[k, j] *= -inverse
        out[k, k] = inverse
        for i in range(n):
            if i == k:
                continue
            factor = out[i, k]
            out[i, k] = 0.0
            for j in range(width):
                out[i, j] += factor * out[k, j]
    for i in range(n):
        if not base[i]:
            for j in range(width):
                out[i, j] = -out[i, j]


@kernel
def product(rows: FloatArray, first: int, count: int, matrix: FloatArray, out: FloatArray) -> None:
    """Write rows[first : first + count] @ matrix into ``out`` (count or more, width).

    Two rows, a to e and f to p, share each load of four rows of the matrix, s to v: 32 GFMA/s a core.
    """
    inner, width = matrix.shape
    for c in range(count):
        for i in range(width):
            out[c, i] = 0.0
    quads = inner - inner % 4
    pairs = count - count % 2
    for c in range(0, pairs, 2):
        r = first + c
        for k in range(0, quads, 4):
            a, b, d, e = rows[r, k], rows[r, k + 1], rows[r, k + 2], rows[r, k + 3]
            f, g, h, p = rows[r + 1, k], rows[r + 1, k + 1], rows[r + 1, k + 2], rows[r + 1, k + 3]
            for i in range(width):
                s, t, u, v = matrix[k, i], matrix[k + 1, i], matrix[k + 2, i], matrix[k + 3, i]
                out[c, i] += a * s + b * t + d * u + e * v
                out[c + 1, i] += f * s + g * t + h * u + p * v
    for c in range(count):
        for k in range(quads if c < pairs else 0, inner):
            a = rows[first + c, k]
            for i in range(width):
                out[c, i] += a * matrix[k, i]


@kernel
def _factor_rows(
    transform: FloatArray, order: IntArray, first: int, count: int, factor: FloatArray, diagonal: FloatArray
) -> None:
    """Factor rows ``first`` to ``count`` of the quasi-definite block, L D L', without pivoting."""
    for row in range(first, count):
        index = order[row]
        pivot = transform[index, index]
        for column in range(row):
            value = transform[index, order[column]]
            for k in range(column):
                value -= factor[row, k] * factor[column, k] * diagonal[k]
            value /= diagonal[column]
            factor[row, column] = value
            pivot -= value * value * diagonal[column]
        diagonal[row] = pivot


@kernel
def _exchange(
    transform: FloatArray,
    base_point: FloatArray,
    order: IntArray,
    count: int,
    factor: FloatArray,
    diagonal: FloatArray,
    values: FloatArray,
    point: FloatArray,
) -> None:
    """Solve for the exchanged variables and write the point they lead to (rows outside the base negated)."""
    n = point.size
    for row in range(count):
        value = -base_point[order[row]]
        for k in range(row):
            value -= factor[row, k] * values[k]
        values[row] = value
    for row in range(count):
        values[row] /= diagonal[row]
    for row in range(count - 1, -1, -1):
        value = values[row]
        for k in range(row):
            values[k] -= factor[row, k] * value
    for i in range(n):
        point[i] = base_point[i]
    for k in range(count):
        value = values[k]
        index = order[k]
        for i in range(n):
            point[i] += value * transform[index, i]


@kernel
def _pivot_rounds(
    transform: FloatArray, base: BoolArray, base_point: FloatArray, tolerance: float, exchange: _Exchange
) -> int:
    """Block principal pivoting from the exchange set of the last spectrum; return rounds, or -1 if unsettled."""
    state, order, place, factor, diagonal, values, point = exchange
    n = base.size
    count = state[0]
    fewest = n + 1
    patience = 3
    for rounds in range(1, MAX_ROUNDS + 1):
        _exchange(transform, base_point, order, count, factor, diagonal, values, point)
        bad = 0
        last = -1
        for i in range(n):
            if place[i] < 0 and (point[i] < -tolerance if base[i] else point[i] > tolerance):
                place[i] = _ENTER
                bad += 1
                last = i
        for k in range(count):
            if values[k] < -tolerance:
                place[order[k]] = _LEAVE
                bad += 1
                last = max(last, order[k])
        if bad == 0:
            state[0] = count
            return rounds
        if bad < fewest:
            fewest = bad
            patience = 3
        else:
            patience -= 1
        single = patience < 0  # Murty: the last one alone, so that blocks cannot cycle
        kept = 0
        first = count
        for k in range(count):
            index = order[k]
            if place[index] == _LEAVE and (not single or index == last):
                place[index] = -1
                first = min(first, k)
            else:
                order[kept] = index
                place[index] = kept
                kept += 1
        for i in range(n):
            if place[i] == _ENTER:
                place[i] = -1
                if not single or i == last:
                    order[kept] = i
                    place[i] = kept
                    kept += 1
        first = min(first, kept)
        count = kept
        _factor_rows(transform, order, first, count, factor, diagonal)
    state[0] = count
    return -1


@kernel
def _collect(
    base: BoolArray,
    order: IntArray,
    place: IntArray,
    count: int,
    values: FloatArray,
    point: FloatArray,
    passive: BoolArray,
    x: FloatArray,
) -> None:
    """Read x and its passive set out of a settled pivot point."""
    for i in range(base.size):
        passive[i] = base[i] and place[i] < 0
        x[i] = max(point[i], 0.0) if passive[i] else 0.0
    for k in range(count):
        index = order[k]
        if not base[index]:
            passive[index] = True
            x[index] = max(values[k], 0.0)


@kernel
def _solve_block(rows: FloatArray, first: int, count: int, programme: Programme, solutions: Solutions) -> None:
    """Solve spectra ``first`` to ``first + count`` of ``rows`` (spectra, m) one after the other."""
    hessian, scales, combined, transform, base, pivoting = programme
    out, residual, rounds = solutions
    n = base.size
    points = np.empty((count, combined.shape[1]))
    product(rows, first, count, combined, points)
    offset = combined.shape[1] - n
    passive = base.copy()
    order = np.empty(n, np.int64)
    place = np.full(n, -1, np.int64)
    exchanged = np.empty(n, np.int64)
    state = np.zeros(1, np.int64)
    factor = np.empty((n, n))
    diagonal = np.empty(n)
    values = np.empty(n)
    point = np.empty(n)
    slope = np.empty(n)
    exchange = _Exchange(state, exchanged, place, factor, diagonal, values, point)
    for c in range(count):
        linear = points[c, offset:]
        spent = 0
        if pivoting:
            scale = 0.0
            for i in range(n):
                scale = max(scale, abs(linear[i]))
            spent = _pivot_rounds(transform, base, points[c, :n], TOLERANCE * scale, exchange)
            _collect(base, exchanged, place, state[0], values, point, passive, out[first + c])
        if spent <= 0:
            spent += active_set(hessian, linear, passive, order, factor, values, slope, out[first + c])
            if pivoting:  # the small factor is gone: the next spectrum starts from the base
                spent += MAX_ROUNDS + 1
                state[0] = 0
                for i in range(n):
                    place[i] = -1
        rounds[first + c] = spent
    # Every solution is checked against H and q themselves, whatever path it came by.
    slopes = np.empty((count, n))
    product(out, first, count, hessian, slopes)
    for c in range(count):
        linear = points[c, offset:]
        x = out[first + c]
        for i in range(n):
            slopes[c, i] += linear[i]
        residual[first + c] = kkt_residual(linear, x, slopes[c])
        if not residual[first + c] <= ACCEPTED:
            for i in range(n):
                passive[i] = x[i] > 0.0
            rounds[first + c] += active_set(hessian, linear, passive, order, factor, values, slope, x)
            residual[first + c] = kkt_residual(linear, x, slope)
        for i in range(n):
            x[i] *= scales[i]


@kernel
def _work(queue: IntArray, rows: FloatArray, programme: Programme, solutions: Solutions) -> None:
    """Solve blocks until none is left: one thread's share of :func:`solve`."""
    spectra = rows.shape[0]
    first = take(queue) * BLOCK
    while first < spectra:
        _solve_block(rows, first, min(BLOCK, spectra - first), programme, solutions)
        first = take(queue) * BLOCK


@parallel_kernel
def solve(workers: int, rows: FloatArray, programme: Programme, solutions: Solutions) -> None:
    """Solve for every right-hand side z of ``rows`` (spectra, m); ``workers`` threads take blocks from one queue."""
    queue = np.zeros(1, np.int64)
    for _ in numba.prange(workers):
        _work(queue, rows, programme, solutions)
