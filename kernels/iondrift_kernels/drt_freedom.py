"""Effective number of parameters of a non-negative regularised fit: what the data decide, not the penalty.

tr(H_PP^-1 A_P'W^2 A_P),   H = A'W^2 A + lambda^2 P,   over the passive set of each solution
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel, parallel_kernel
from iondrift_kernels.dense import cholesky, inverse_factor
from iondrift_kernels.job_queue import take
from iondrift_kernels.nonnegative_weighted import Hessians
from iondrift_kernels.vector_sums import dot

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@kernel
def _count(hessians: Hessians, s: int, solution: FloatArray) -> float:
    """Return tr(H_PP^-1 A_P'W^2 A_P) of spectrum ``s``, whose x is ``solution`` (n); NaN where H_PP is singular."""
    transposed, penalty = hessians.transposed, hessians.penalty
    weights = hessians.weights[s]
    strength: float = hessians.strength[s]
    m = transposed.shape[1]
    passive = np.flatnonzero(solution > 0.0)
    count = passive.size
    rows = np.empty((count, m))
    for a in range(count):
        for k in range(m):
            rows[a, k] = transposed[passive[a], k] * weights[k]
    hessian = np.empty((count, count))
    for a in range(count):
        for b in range(a + 1):
            value = strength * penalty[passive[a], passive[b]] + dot(rows[a], rows[b], m)
            hessian[a, b] = value
            hessian[b, a] = value
    factor = np.zeros((count, count))
    inverse = np.empty((count, count))
    if count > 0 and not cholesky(hessian, factor) > 0.0:
        return np.nan
    inverse_factor(factor, inverse)
    # tr(H^-1 G) = count - lambda^2 tr(H^-1 P), H^-1 = (L^-1)' L^-1
    held = 0.0
    for a in range(count):
        for b in range(a + 1):
            value = 0.0
            for c in range(a + 1):
                value += inverse[a, c] * penalty[passive[b], passive[c]]
            held += value * inverse[a, b]
    return count - strength * held


@kernel
def _work(queue: IntArray, hessians: Hessians, solutions: FloatArray, out: FloatArray) -> None:
    """Count for one spectrum after the other until none is left: one thread's share."""
    s = take(queue)
    while s < out.size:
        out[s] = _count(hessians, s, solutions[s])
        s = take(queue)


@parallel_kernel
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
    queue = np.zeros(1, np.int64)
    for _ in numba.prange(workers):
        _work(queue, hessians, solutions, out)
