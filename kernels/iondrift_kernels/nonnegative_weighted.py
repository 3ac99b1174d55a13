"""Non-negative regularised least squares where every programme has its own weights, and so its own Hessian.

minimise ||W_s (A x - z_s)||^2 + lambda_s^2 x'Px   subject to x >= 0
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.dense import row_products
from iondrift_kernels.job_queue import share, take
from iondrift_kernels.nonnegative_active_set import Solutions, active_set, kkt_residual, make_scratch
from iondrift_kernels.nonnegative_pivoting import BLOCK

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class Hessians(NamedTuple):
    """What makes H_s = A'W_s^2 A + lambda_s^2 P."""

    transposed: FloatArray  # (n, m): A'
    penalty: FloatArray  # (n, n): P
    weights: FloatArray  # (programmes, m): W_s; zero leaves a value out
    strength: FloatArray  # (programmes,): lambda_s^2


class Programme(NamedTuple):
    """One programme, minimise x'Hx / 2 + q'x, scaled to unit diagonal; and scratch for the weighted design."""

    hessian: FloatArray  # (n, n): H
    linear: FloatArray  # (n,): q
    scales: FloatArray  # (n,): what turns its solution into that of the unscaled one
    design_rows: FloatArray  # (n, m): A'W


@kernel
def _make_programme(n: int, m: int) -> Programme:
    """Allocate a programme of ``n`` unknowns and ``m`` values."""
    return Programme(np.empty((n, n)), np.empty(n), np.empty(n), np.empty((n, m)))


@kernel
def _assemble(hessians: Hessians, s: int, values: FloatArray, programme: Programme) -> None:
    """Write programme ``s``, of which z is ``values`` (m)."""
    hessian, linear, scales, rows = programme
    transposed, penalty, weights, strength = (
        hessians.transposed,
        hessians.penalty,
        hessians.weights[s],
        hessians.strength[s],
    )
    n, m = transposed.shape
    for i in range(n):
        value = 0.0
        for k in range(m):
            weighted = transposed[i, k] * weights[k]
            rows[i, k] = weighted
            value -= weighted * weights[k] * values[k]
        linear[i] = value
    row_products(rows, hessian)
    for i in range(n):
        for j in range(n):
            hessian[i, j] += strength * penalty[i, j]
    for i in range(n):
        scales[i] = 1.0 / np.sqrt(hessian[i, i]) if hessian[i, i] > 0.0 else 0.0
    for i in range(n):
        linear[i] *= scales[i]
        for j in range(n):
            hessian[i, j] *= scales[i] * scales[j]
        hessian[i, i] = 1.0


@kernel
def _work(queue: IntArray, hessians: Hessians, rows: FloatArray, start: BoolArray, solutions: Solutions) -> None:
    """Solve blocks until none is left: one thread's share of :func:`solve`."""
    total, m = rows.shape
    n = start.size
    programme, scratch = _make_programme(n, m), make_scratch(n)
    first = take(queue) * BLOCK
    while first < total:
        passive = start.copy()
        for s in range(first, min(first + BLOCK, total)):
            x = solutions.x[s]
            _assemble(hessians, s, rows[s], programme)
            solutions.systems[s] = active_set(programme.hessian, programme.linear, passive, scratch, x)
            solutions.kkt_residual[s] = kkt_residual(programme.linear, x, scratch.slope)
            for i in range(n):
                x[i] *= programme.scales[i]
        first = take(queue) * BLOCK


def solve(workers: int, hessians: Hessians, rows: FloatArray, start: BoolArray, solutions: Solutions) -> None:
    """Write the solution of every programme, by the active set started from its neighbour's passive set.

    Parameters
    ----------
    workers
        How many threads take programmes from one queue.
    hessians, rows
        H_s, and z_s (programmes, m).
    start
        (n) passive set that the first programme of a block starts from.
    solutions
        The result.
    """
    share(workers, _work, hessians, rows, start, solutions)
