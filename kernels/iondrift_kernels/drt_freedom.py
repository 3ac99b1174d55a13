"""Effective number of parameters of a non-negative regularised fit: what the data decide, not the penalty.

tr(H_PP^-1 A_P'W^2 A_P),   H = A'W^2 A + lambda^2 P,   over the passive set of each solution
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.dense import cholesky, inverse_factor, row_products
from iondrift_kernels.job_queue import share, take
from iondrift_kernels.nonnegative_weighted import Hessians

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@kernel
def _bandwidth(penalty: FloatArray) -> int:
    """Return how far from the diagonal of P (n, n) entries are not zero."""
    widest = 0
    for i in range(penalty.shape[0]):
        for j in range(i):
            if penalty[i, j] != 0.0:
                widest = max(widest, i - j)
    return widest


@kernel
def _count(gram: FloatArray, penalty: FloatArray, bandwidth: int, strength: float, solution: FloatArray) -> float:
    """Return tr(H_PP^-1 G_PP), H = G + lambda^2 P, for a solution x (n); NaN where H_PP is singular."""
    passive = np.flatnonzero(solution > 0.0)
    count = passive.size
    hessian, factor, inverse = np.empty((count, count)), np.empty((count, count)), np.empty((count, count))
    for a in range(count):
        for b in range(count):
            hessian[a, b] = gram[passive[a], passive[b]] + strength * penalty[passive[a], passive[b]]
    if count > 0 and not cholesky(hessian, factor) > 0.0:
        return np.nan
    inverse_factor(factor, inverse)
    # tr(H^-1 G) = count - lambda^2 tr(H^-1 P), H^-1 = (L^-1)' L^-1
    held = 0.0
    for a in range(count):
        for b in range(a + 1):
            value = 0.0
            for c in range(max(0, b - bandwidth), min(a, b + bandwidth) + 1):
                value += inverse[a, c] * penalty[passive[b], passive[c]]
            held += value * inverse[a, b]
    return count - strength * held


@kernel
def _work(queue: IntArray, hessians: Hessians, solutions: FloatArray, out: FloatArray) -> None:
    """Count for one spectrum after the other until none is left: one thread's share."""
    transposed, penalty, weights = hessians.transposed, hessians.penalty, hessians.weights
    n, m = transposed.shape
    rows, gram = np.empty((n, m)), np.empty((n, n))
    bandwidth = _bandwidth(penalty)
    last = -1  # whose weights the Gram matrix was made with: a series may share them
    s = take(queue)
    while s < out.size:
        if last < 0 or (weights[s] != weights[last]).any():
            for i in range(n):
                for k in range(m):
                    rows[i, k] = transposed[i, k] * weights[s, k]
            row_products(rows, gram)
            last = s
        out[s] = _count(gram, penalty, bandwidth, hessians.strength[s], solutions[s])
        s = take(queue)


def effective_parameters(workers: int, hessians: Hessians, solutions: FloatArray, out: FloatArray) -> None:
    """Count for every spectrum.

    Parameters
    ----------
    workers
        How many threads take spectra from one queue.
    hessians
        H of every spectrum.
    solutions
        (spectra, n) x.
    out
        (spectra); NaN where H_PP is singular.
    """
    share(workers, _work, hessians, solutions, out)
