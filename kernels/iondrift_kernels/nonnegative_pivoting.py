"""Many non-negative quadratic programmes that share one Hessian, by block principal pivoting.

    minimise x'Hx / 2 + (Q z)'x   subject to x >= 0, for every right-hand side z

H is transformed once by principal pivots on a base passive set (the solution of a typical programme); one matrix
product then gives every programme's base point, and block principal pivoting with a small factor on the indices
that differ from the base finishes it (Judice and Pires, Computers Oper. Res. 21 (1994) 587-596). What does not
settle within twelve rounds goes to the active set, which always ends.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import inlined_kernel, kernel, parallel_kernel
from iondrift_kernels.job_queue import take
from iondrift_kernels.nonnegative_active_set import (
    Scratch,
    Solutions,
    active_set,
    kkt_residual,
    make_scratch,
)
from iondrift_kernels.vector_sums import dot_behind

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

TOLERANCE = 1e-14  # relative to max |q|: what counts as negative
ACCEPTED = 1e-11  # relative KKT residual; anything above goes to the active set
_ENTER, _LEAVE = -2, -3  # marks in ``place`` between finding the violations and exchanging them
BLOCK = 32  # programmes that follow each other's warm start; fixed, so that results do not depend on threads
MAX_ROUNDS = 12


class Programmes(NamedTuple):
    """Programmes that share H and Q, and what was prepared for all of them."""

    rows: FloatArray  # (programmes, m): right-hand sides z
    hessian: FloatArray  # (n, n): H with unit diagonal
    scales: FloatArray  # (n,): what turns its solution into the caller's unit
    combined: FloatArray  # (m, 2 n): transposed base map beside Q', or (m, n) Q' alone without pivoting
    transform: FloatArray  # (n, n): left block of :func:`pivot_transform`
    base: BoolArray  # (n,): its passive set
    pivoting: bool  # False sends every programme to the active set: H too close to singular for pivoting


class Exchange(NamedTuple):
    """Which variables are exchanged with the base: kept from one programme to the next, as its first guess."""

    size: IntArray  # (1,): how many
    order: IntArray  # (n,): which
    place: IntArray  # (n,): each variable's row in ``order``, or -1
    factor: FloatArray  # (n, n): L of their block of the transform, L D L'
    diagonal: FloatArray  # (n,): D
    values: FloatArray  # (n,): what they take
    point: FloatArray  # (n,): the point they lead to, rows outside the base negated


@kernel
def _make_exchange(n: int) -> Exchange:
    """Allocate an empty exchange for programmes of ``n`` unknowns."""
    return Exchange(
        np.zeros(1, np.int64),
        np.empty(n, np.int64),
        np.full(n, -1, np.int64),
        np.empty((n, n)),
        np.empty(n),
        np.empty(n),
        np.empty(n),
    )


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
    """Write rows[first : first + count] @ matrix. Two rows share each load of the matrix (32 GFMA/s a core).

    Parameters
    ----------
    rows, matrix
        (at least ``first + count``, inner) and (inner, width).
    out
        (count, width).
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
            # Four columns of the upper row and of the lower one, against four rows of the matrix.
            u0, u1, u2, u3 = rows[r, k], rows[r, k + 1], rows[r, k + 2], rows[r, k + 3]
            l0, l1, l2, l3 = rows[r + 1, k], rows[r + 1, k + 1], rows[r + 1, k + 2], rows[r + 1, k + 3]
            for i in range(width):
                m0, m1, m2, m3 = matrix[k, i], matrix[k + 1, i], matrix[k + 2, i], matrix[k + 3, i]
                out[c, i] += u0 * m0 + u1 * m1 + u2 * m2 + u3 * m3
                out[c + 1, i] += l0 * m0 + l1 * m1 + l2 * m2 + l3 * m3
    for c in range(count):
        for k in range(quads if c < pairs else 0, inner):
            factor = rows[first + c, k]
            for i in range(width):
                out[c, i] += factor * matrix[k, i]


@kernel
def _factor_rows(transform: FloatArray, exchange: Exchange, first: int, count: int) -> None:
    """Factor rows ``first`` to ``count`` of the exchanged block of the transform (n, n), without pivoting."""
    order, factor, diagonal = exchange.order, exchange.factor, exchange.diagonal
    scaled = exchange.values  # of no use before the next solution: the row of L D
    for row in range(first, count):
        index = order[row]
        for column in range(row):
            scaled[column] = transform[index, order[column]] - dot_behind(scaled, factor[column], column)
            factor[row, column] = scaled[column] / diagonal[column]
        diagonal[row] = transform[index, index] - dot_behind(scaled, factor[row], row)


@kernel
def _solve_exchanged(transform: FloatArray, base_point: FloatArray, exchange: Exchange, count: int) -> None:
    """Solve for the ``count`` exchanged variables and write the point (n) they lead to from ``base_point`` (n)."""
    order, factor, diagonal = exchange.order, exchange.factor, exchange.diagonal
    values, point = exchange.values, exchange.point
    n = point.size
    for row in range(count):
        values[row] = -(base_point[order[row]] + dot_behind(factor[row], values, row))
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


@inlined_kernel
def _mark_violations(base: BoolArray, tolerance: float, exchange: Exchange, count: int) -> tuple[int, int]:
    """Mark in ``place`` which variables must enter or leave the exchange; return how many and the last of them."""
    order, place, values, point = exchange.order, exchange.place, exchange.values, exchange.point
    bad = 0
    last = -1
    for i in range(base.size):
        if place[i] < 0 and (point[i] < -tolerance if base[i] else point[i] > tolerance):
            place[i] = _ENTER
            bad += 1
            last = i
    for k in range(count):
        if values[k] < -tolerance:
            place[order[k]] = _LEAVE
            bad += 1
            last = max(last, order[k])
    return bad, last


@inlined_kernel
def _follow_marks(exchange: Exchange, count: int, last: int, single: bool) -> tuple[int, int]:
    """Let the marked variables leave and enter, or ``last`` alone; return how many are in and the first row changed."""
    order, place = exchange.order, exchange.place
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
    for i in range(place.size):
        if place[i] == _ENTER:
            place[i] = -1
            if not single or i == last:
                order[kept] = i
                place[i] = kept
                kept += 1
    return kept, min(first, kept)


@kernel
def _pivot_rounds(
    transform: FloatArray, base: BoolArray, base_point: FloatArray, tolerance: float, exchange: Exchange
) -> int:
    """Block principal pivoting from the exchange of the last programme; return rounds, or -1 if unsettled."""
    count = exchange.size[0]
    fewest = base.size + 1
    patience = 3
    for rounds in range(1, MAX_ROUNDS + 1):
        _solve_exchanged(transform, base_point, exchange, count)
        bad, last = _mark_violations(base, tolerance, exchange, count)
        if bad == 0:
            exchange.size[0] = count
            return rounds
        if bad < fewest:
            fewest = bad
            patience = 3
        else:
            patience -= 1
        # Murty: the last one alone, so that blocks cannot cycle.
        count, first = _follow_marks(exchange, count, last, patience < 0)
        _factor_rows(transform, exchange, first, count)
    exchange.size[0] = count
    return -1


@kernel
def _collect(base: BoolArray, exchange: Exchange, passive: BoolArray, x: FloatArray) -> None:
    """Read x (n) and its passive set (n) out of a settled exchange."""
    for i in range(base.size):
        passive[i] = base[i] and exchange.place[i] < 0
        x[i] = max(exchange.point[i], 0.0) if passive[i] else 0.0
    for k in range(exchange.size[0]):
        index = exchange.order[k]
        if not base[index]:
            passive[index] = True
            x[index] = max(exchange.values[k], 0.0)


@kernel
def _solve_in_turn(
    programmes: Programmes,
    first: int,
    points: FloatArray,
    passive: BoolArray,
    exchange: Exchange,
    scratch: Scratch,
    solutions: Solutions,
) -> None:
    """Solve the programmes from ``first`` on, each starting where the one before ended.

    ``points`` (count, n or 2 n): base points beside q, a row each; ``passive`` (n): where the first one starts.
    """
    base, pivoting = programmes.base, programmes.pivoting
    n = base.size
    exchange.size[0] = 0
    exchange.place[:] = -1
    for c in range(points.shape[0]):
        linear, x = points[c, points.shape[1] - n :], solutions.x[first + c]
        spent = 0
        if pivoting:
            scale = 0.0
            for i in range(n):
                scale = max(scale, abs(linear[i]))
            spent = _pivot_rounds(programmes.transform, base, points[c, :n], TOLERANCE * scale, exchange)
            _collect(base, exchange, passive, x)
        if spent <= 0:
            spent += active_set(programmes.hessian, linear, passive, scratch, x)
            if pivoting:  # the exchange led nowhere: the next programme starts from the base
                spent += MAX_ROUNDS + 1
                exchange.size[0] = 0
                exchange.place[:] = -1
        solutions.systems[first + c] = spent


@kernel
def _prove(
    programmes: Programmes,
    first: int,
    points: FloatArray,
    passive: BoolArray,
    scratch: Scratch,
    solutions: Solutions,
) -> None:
    """Check those solutions against H and q themselves, whatever path they came by; mend, and give them their unit.

    ``points`` as above; ``passive`` (n): scratch.
    """
    n, count = passive.size, points.shape[0]
    slopes = np.empty((count, n))
    product(solutions.x, first, count, programmes.hessian, slopes)
    for c in range(count):
        s = first + c
        linear, x = points[c, points.shape[1] - n :], solutions.x[s]
        for i in range(n):
            slopes[c, i] += linear[i]
        residual = kkt_residual(linear, x, slopes[c])
        if not residual <= ACCEPTED:
            for i in range(n):
                passive[i] = x[i] > 0.0
            solutions.systems[s] += active_set(programmes.hessian, linear, passive, scratch, x)
            residual = kkt_residual(linear, x, scratch.slope)
        solutions.kkt_residual[s] = residual
        for i in range(n):
            x[i] *= programmes.scales[i]


@kernel
def _work(queue: IntArray, programmes: Programmes, solutions: Solutions) -> None:
    """Solve blocks until none is left: one thread's share of :func:`solve`."""
    total, n = solutions.x.shape
    exchange, scratch = _make_exchange(n), make_scratch(n)
    first = take(queue) * BLOCK
    while first < total:
        count = min(BLOCK, total - first)
        points = np.empty((count, programmes.combined.shape[1]))
        product(programmes.rows, first, count, programmes.combined, points)
        passive = programmes.base.copy()
        _solve_in_turn(programmes, first, points, passive, exchange, scratch, solutions)
        _prove(programmes, first, points, passive, scratch, solutions)
        first = take(queue) * BLOCK


@parallel_kernel
def solve(workers: int, programmes: Programmes, solutions: Solutions) -> None:
    """Write the solution of every programme; ``workers`` threads take them from one queue."""
    queue = np.zeros(1, np.int64)
    for _ in numba.prange(workers):
        _work(queue, programmes, solutions)
