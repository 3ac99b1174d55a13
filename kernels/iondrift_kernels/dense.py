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
    row = np.empty(n)  # apart from the rows it reads, so that the compiler may keep several in registers
    for i in range(n):
        for j in range(n):
            row[j] = 0.0
        fours = i & -4
        for k in range(0, fours, 4):
            a, b, c, d = factor[i, k], factor[i, k + 1], factor[i, k + 2], factor[i, k + 3]
            for j in range(k + 4):
                row[j] -= a * out[k, j] + b * out[k + 1, j] + c * out[k + 2, j] + d * out[k + 3, j]
        for k in range(fours, i):
            value = factor[i, k]
            for j in range(k + 1):
                row[j] -= value * out[k, j]
        inverse = 1.0 / factor[i, i]
        for j in range(i):
            out[i, j] = row[j] * inverse
        out[i, i] = inverse
        for j in range(i + 1, n):
            out[i, j] = 0.0


@kernel
def cross_product(design: FloatArray, out: FloatArray) -> None:
    """Write A'A (n, n) of A (m, n)."""
    m, n = design.shape
    columns = np.empty((n, m))
    for k in range(m):
        for i in range(n):
            columns[i, k] = design[k, i]
    row_products(columns, out)


@kernel
def row_products(rows: FloatArray, out: FloatArray) -> None:
    """Write the products (n, n) of every row with every other of (n, m)."""
    n, m = rows.shape
    for i in range(n):
        for j in range(i + 1):
            out[i, j] = dot(rows[i], rows[j], m)
            out[j, i] = out[i, j]
