"""Effective number of parameters of a non-negative regularised fit: what the data decide, not the penalty.

tr(H_PP^-1 A_P'W^2 A_P),   H = A'W^2 A + lambda^2 P,   over the passive set of each solution
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import parallel_kernel
from iondrift_kernels.dense import cholesky, inverse_factor

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@parallel_kernel
def effective_parameters(
    transposed: FloatArray,
    weights: FloatArray,
    penalty: FloatArray,
    strength: FloatArray,
    solutions: FloatArray,
    turn: IntArray,
    out: FloatArray,
) -> None:
    """Count for every spectrum.

    Parameters
    ----------
    transposed, penalty
        (n, m) A' and (n, n) P.
    weights, strength, solutions
        (spectra, m) W, (spectra) lambda^2, (spectra, n) x.
    turn
        (spectra) order in which they are taken up.
    out
        (spectra); NaN where H_PP is singular.
    """
    m = transposed.shape[1]
    for t in numba.prange(turn.size):
        s = turn[t]
        passive = np.flatnonzero(solutions[s] > 0.0)
        count = passive.size
        rows = np.empty((count, m))
        for a in range(count):
            for k in range(m):
                rows[a, k] = transposed[passive[a], k] * weights[s, k]
        hessian = np.empty((count, count))
        for a in range(count):
            for b in range(a + 1):
                value = strength[s] * penalty[passive[a], passive[b]]
                for k in range(m):
                    value += rows[a, k] * rows[b, k]
                hessian[a, b] = value
                hessian[b, a] = value
        factor = np.zeros((count, count))
        inverse = np.empty((count, count))
        if count > 0 and not cholesky(hessian, factor) > 0.0:
            out[s] = np.nan
            continue
        inverse_factor(factor, inverse)
        # tr(H^-1 G) = count - lambda^2 tr(H^-1 P), H^-1 = (L^-1)' L^-1
        held = 0.0
        for a in range(count):
            for b in range(a + 1):
                value = 0.0
                for c in range(a + 1):
                    value += inverse[a, c] * penalty[passive[b], passive[c]]
                held += value * inverse[a, b]
        out[s] = count - strength[s] * held
