"""Non-negative quadratic programme by an active set with appended Cholesky rows.

minimise 1/2 x'Hx + q'x subject to x >= 0, H symmetric positive definite. Bro and de Jong, J. Chemometrics
11 (1997) 393-401, started from any passive set. Every accepted step lowers the objective, so that it ends.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import inlined_kernel, kernel
from iondrift_kernels.vector_sums import dot_behind

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_DEPENDENT = 1e-14  # a pivot this small, relative to the diagonal, is rounding: the column adds nothing


class Solutions(NamedTuple):
    """What every solver of many programmes writes."""

    x: FloatArray  # (programmes, n), >= 0
    kkt_residual: FloatArray  # (programmes,) relative
    systems: IntArray  # (programmes,): linear systems solved


class Scratch(NamedTuple):
    """What one programme of n unknowns is solved in."""

    order: IntArray  # (n,): the passive variables, in the order of the factor's rows
    factor: FloatArray  # (n, n): lower Cholesky factor of H_PP
    step: FloatArray  # (n,): the minimum over the passive set, in the same order
    slope: FloatArray  # (n,): H x + q, also of the solution


@kernel
def make_scratch(n: int) -> Scratch:
    """Allocate scratch for programmes of ``n`` unknowns."""
    return Scratch(np.empty(n, np.int64), np.empty((n, n)), np.empty(n), np.empty(n))


@inlined_kernel
def _append_row(hessian: FloatArray, order: IntArray, row: int, index: int, factor: FloatArray) -> float:
    """Write row ``row`` of the factor (n, n) of H (n, n) for variable ``index``; return its pivot before the root."""
    pivot: float = hessian[index, index]
    for column in range(row):
        value = hessian[index, order[column]] - dot_behind(factor[row], factor[column], column)
        value /= factor[column, column]
        factor[row, column] = value
        pivot -= value * value
    return pivot


@inlined_kernel
def _refactor(hessian: FloatArray, order: IntArray, first: int, count: int, factor: FloatArray) -> int:
    """Factor rows ``first`` to ``count`` of H_PP, dropping dependent variables; return how many are left."""
    kept = first
    for source in range(first, count):
        index = order[source]
        pivot = _append_row(hessian, order, kept, index, factor)
        if pivot > _DEPENDENT * hessian[index, index]:
            factor[kept, kept] = np.sqrt(pivot)
            order[kept] = index
            kept += 1
    return kept


@inlined_kernel
def _solve(factor: FloatArray, order: IntArray, count: int, linear: FloatArray, step: FloatArray) -> None:
    """Solve H_PP s = -q_P, q (n); the step (n) follows ``order``, ``count`` of it."""
    for row in range(count):
        step[row] = -(linear[order[row]] + dot_behind(factor[row], step, row)) / factor[row, row]
    for row in range(count - 1, -1, -1):
        step[row] /= factor[row, row]
        value = step[row]
        for k in range(row):
            step[k] -= factor[row, k] * value


@kernel
def gradient(hessian: FloatArray, linear: FloatArray, x: FloatArray, out: FloatArray) -> None:
    """Write H x + q (n), skipping zeros of x."""
    n = linear.size
    for i in range(n):
        out[i] = linear[i]
    for k in range(n):
        value = x[k]
        if value != 0.0:
            for i in range(n):
                out[i] += value * hessian[k, i]


@kernel
def kkt_residual(linear: FloatArray, x: FloatArray, slope: FloatArray) -> float:
    """Return max |min(x_i, (H x + q)_i)| / max |q|, diagonal of H one: zero at the solution and only there.

    ``linear`` q, ``x`` and ``slope`` H x + q: (n).
    """
    worst = 0.0
    scale = 0.0
    for i in range(linear.size):
        smaller = x[i] if x[i] < slope[i] else slope[i]
        if np.isnan(x[i]) or np.isnan(slope[i]):  # must not pass for solved
            return np.nan
        worst = max(worst, abs(smaller))
        if abs(linear[i]) > scale:
            scale = abs(linear[i])
    return worst / scale if scale > 0.0 else worst


@inlined_kernel
def _reach(scratch: Scratch, count: int, x: FloatArray) -> tuple[float, bool]:
    """Return what share of the way to the step leaves x (n) non-negative, and whether the step does not."""
    length = 1.0
    blocked = False
    for k in range(count):
        step = scratch.step[k]
        if step <= 0.0:
            here = x[scratch.order[k]]
            reach = here / (here - step) if here > 0.0 else 0.0
            blocked = True
            if reach < length:
                length = reach
    return length, blocked


@inlined_kernel
def _move(scratch: Scratch, count: int, length: float, x: FloatArray) -> tuple[int, int]:
    """Move x (n) that share of the way and drop what reached zero; return how many stay and the first row changed."""
    kept = 0
    first = count
    for k in range(count):
        index = scratch.order[k]
        step = scratch.step[k]
        rounding = 1e-15 * (x[index] + abs(step))
        x[index] += length * (step - x[index])
        if step <= 0.0 and x[index] <= rounding:
            x[index] = 0.0
            if k < first:
                first = k
        else:
            scratch.order[kept] = index
            kept += 1
    return kept, first


@inlined_kernel
def _steepest(slope: FloatArray, passive: BoolArray, tolerance: float) -> int:
    """Return which variable at zero has the most negative slope, or -1 where none is below the tolerance."""
    newest = -1
    steepest = -tolerance
    for i in range(slope.size):
        if not passive[i] and slope[i] < steepest:
            steepest = slope[i]
            newest = i
    return newest


@kernel
def active_set(hessian: FloatArray, linear: FloatArray, passive: BoolArray, scratch: Scratch, x: FloatArray) -> int:
    """Solve one programme; return the number of linear systems solved.

    Parameters
    ----------
    hessian, linear
        H (n, n) and q (n).
    passive
        (n) where to start: variables believed positive. On return the passive set of the solution.
    scratch
        From :func:`make_scratch`. On return its ``slope`` is H x + q.
    x
        (n) the solution.
    """
    order, factor, step, slope = scratch
    n = linear.size
    scale = 0.0
    for i in range(n):
        x[i] = 0.0
        if abs(linear[i]) > scale:
            scale = abs(linear[i])
    tolerance = 1e-13 * scale
    count = 0
    for i in range(n):
        if passive[i]:
            order[count] = i
            count += 1
    count = _refactor(hessian, order, 0, count, factor)
    rounds = 0
    newest = -1
    limit = 30 * n + 30
    while rounds < limit:
        # Walk to the minimum over the passive set, dropping what would turn negative on the way.
        while count > 0:
            rounds += 1
            _solve(factor, order, count, linear, step)
            length, blocked = _reach(scratch, count, x)
            if not blocked:
                break
            kept, first = _move(scratch, count, length, x)
            count = _refactor(hessian, order, first, kept, factor)
            if rounds >= limit:
                break
        for i in range(n):
            x[i] = 0.0
            passive[i] = False
        for k in range(count):
            x[order[k]] = step[k]
            passive[order[k]] = True
        gradient(hessian, linear, x, slope)
        if newest >= 0 and not passive[newest]:
            # Rounding: it was let in on a slope too small to hold it. Accept its slope as zero.
            tolerance = max(tolerance, -2.0 * slope[newest])
        newest = _steepest(slope, passive, tolerance)
        if newest < 0:
            break
        pivot = _append_row(hessian, order, count, newest, factor)
        if pivot > _DEPENDENT * hessian[newest, newest]:
            factor[count, count] = np.sqrt(pivot)
            order[count] = newest
            count += 1
        else:
            tolerance = max(tolerance, -2.0 * slope[newest])
            newest = -1
    return rounds
