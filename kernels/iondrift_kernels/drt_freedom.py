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

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@kernel
def _count(
    transposed: FloatArray, weights: FloatArray, penalty: FloatArray, strength: float, solution: FloatArray
) -> float:
    """Return tr(H_PP^-1 A_P'W^2 A_P) of one spectrum; NaN where H_PP is singular."""
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
            value = strength * penalty[passive[a], passive[b]]
            for k in range(m):
                value += rows[a, k] * rows[b, k]
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
def _work(
    queue: IntArray,
    transposed: FloatArray,
    weights: FloatArray,
    penalty: FloatArray,
    strength: FloatArray,
    solutions: FloatArray,
    out: FloatArray,
) -> None:
    """Count for one spectrum after the other until none is left: one thread's share."""
    s = take(queue)
    while s < out.size:
        out[s] = _count(transposed, weights[s], penalty, strength[s], solutions[s])
        s = take(queue)


@parallel_kernel
def effective_parameters(
    workers: int,
    transposed: FloatArray,
    weights: FloatArray,
    penalty: FloatArray,
    strength: FloatArray,
    solutions: FloatArray,
    out: FloatArray,
) -> None:
    """Count for every spectrum.

    Parameters
    ----------
    workers
        How many threads take spectra from one queue.
    transposed, penalty
        (n, m) A' and (n, n) P.
    weights, strength, solutions
        (spectra, m) W, (spectra) lambda^2, (spectra, n) x.
    out
        (spectra); NaN where H_PP is singular.
    """
    queue = np.zeros(1, np.int64)
    for _ in numba.prange(workers):
        _work(queue, transposed, weights, penalty, strength, solutions, out)
