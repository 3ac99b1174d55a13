"""Non-negative least squares where every right-hand side has its own weights, and so its own Gram matrix.

minimise ||W_s (A x - z_s)||^2 + lambda_s^2 ||D x||^2   subject to x >= 0
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel, parallel_kernel
from iondrift_kernels.job_queue import take
from iondrift_kernels.nonnegative_active_set import active_set, kkt_residual
from iondrift_kernels.nonnegative_pivoting import BLOCK, Solutions, product

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class Weighted(NamedTuple):
    """The problems.

    ``rows``, ``weights`` (spectra, m) z and W, weight zero leaves a point out; ``transposed`` (n, m) A'; ``penalty``
    (n, n) D'D; ``strength`` (spectra,) lambda^2; ``start`` (n,) where the first spectrum of a block starts.
    """

    rows: FloatArray
    weights: FloatArray
    transposed: FloatArray
    penalty: FloatArray
    strength: FloatArray
    start: BoolArray


@kernel
def assemble(
    transposed: FloatArray,
    values: FloatArray,
    weights: FloatArray,
    penalty: FloatArray,
    strength: float,
    rows: FloatArray,
    columns: FloatArray,
    hessian: FloatArray,
    linear: FloatArray,
    scales: FloatArray,
) -> None:
    """Write H and q of one spectrum, scaled to unit diagonal, and the scales that turn x back.

    ``rows`` (n, m) and ``columns`` (m, n) are scratch for the weighted design.
    """
    n, m = transposed.shape
    for i in range(n):
        value = 0.0
        for k in range(m):
            weighted = transposed[i, k] * weights[k]
            rows[i, k] = weighted
            columns[k, i] = weighted
            value -= weighted * weights[k] * values[k]
        linear[i] = value
    product(rows, 0, n, columns, hessian)
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
def _work(queue: IntArray, problems: Weighted, solutions: Solutions) -> None:
    """Solve blocks until none is left: one thread's share of :func:`solve`."""
    rows, weights, transposed, penalty, strength, start = problems
    out, residual, rounds = solutions
    spectra, m = rows.shape
    n = transposed.shape[0]
    order = np.empty(n, np.int64)
    weighted_rows = np.empty((n, m))
    weighted_columns = np.empty((m, n))
    hessian = np.empty((n, n))
    linear = np.empty(n)
    scales = np.empty(n)
    factor = np.empty((n, n))
    step = np.empty(n)
    slope = np.empty(n)
    first = take(queue) * BLOCK
    while first < spectra:
        passive = start.copy()
        for c in range(first, min(first + BLOCK, spectra)):
            assemble(
                transposed, rows[c], weights[c], penalty, strength[c], weighted_rows, weighted_columns, hessian,
                linear, scales,
            )  # fmt: skip
            rounds[c] = active_set(hessian, linear, passive, order, factor, step, slope, out[c])
            residual[c] = kkt_residual(linear, out[c], slope)
            for i in range(n):
                out[c, i] *= scales[i]
        first = take(queue) * BLOCK


@parallel_kernel
def solve(workers: int, problems: Weighted, solutions: Solutions) -> None:
    """Solve every spectrum by the active set, started from its neighbour's passive set.

    ``workers``: how many threads take blocks of spectra from one queue.
    """
    queue = np.zeros(1, np.int64)
    for _ in numba.prange(workers):
        _work(queue, problems, solutions)
