"""Small dense linear algebra in one thread.

Matrices here are about 100 x 100 and there are thousands of them: a threaded BLAS spends longer waking its
threads (milliseconds on a busy machine) than computing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.vector_sums import dot, dot_behind

FloatArray = npt.NDArray[np.float64]


@kernel
def cholesky(matrix: FloatArray, out: FloatArray) -> float:
    """Write the lower Cholesky factor; return its smallest pivot, not positive where it had to stop."""
    n = matrix.shape[0]
    smallest = np.inf
    for j in range(n):  # column by column: what a row's sums read was written long before
        pivot = matrix[j, j] - dot(out[j], out[j], j)
        if not pivot > 0.0:
            return 0.0
        smallest = min(smallest, pivot)
        root = np.sqrt(pivot)
        out[j, j] = root
        for i in range(j + 1, n):
            out[i, j] = (matrix[i, j] - dot(out[i], out[j], j)) / root
    return smallest


@kernel
def cholesky_solve(factor: FloatArray, right: FloatArray, out: FloatArray) -> None:
    """Write the solution of L L' y = right."""
    n = right.size
    for i in range(n):
        out[i] = (right[i] - dot_behind(factor[i], out, i)) / factor[i, i]
    for i in range(n - 1, -1, -1):
        out[i] /= factor[i, i]
        value = out[i]
        for k in range(i):
            out[k] -= factor[i, k] * value


@kernel
def inverse_factor(factor: FloatArray, out: FloatArray) -> None:
    """Write L^-1 (lower), so that the covariance is (L^-1)' L^-1."""
    n = factor.shape[0]
    for i in range(n):
        for j in range(n):
            out[i, j] = 0.0
        inverse = 1.0 / factor[i, i]
        for k in range(i):
            value = factor[i, k] * inverse
            for j in range(k + 1):
                out[i, j] -= value * out[k, j]
        out[i, i] = inverse


@kernel
def cross_product(design: FloatArray, out: FloatArray) -> None:
    """Write A'A, summed row by row of A: the inner loop is contiguous."""
    m, n = design.shape
    for i in range(n):
        for j in range(n):
            out[i, j] = 0.0
    for k in range(m):
        for i in range(n):
            value = design[k, i]
            for j in range(n):
                out[i, j] += value * design[k, j]
