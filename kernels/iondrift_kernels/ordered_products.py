"""Products of matrices, each sum in the order of its index: the same bits with any library and any threads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.spline_layout import EDGE, LANES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@kernel
def multiply(left: FloatArray, right: FloatArray, out: FloatArray) -> None:
    """``out = left @ right``, every sum in the order of its index."""
    rows, inner = left.shape
    columns = right.shape[1]
    whole = inner - inner % 4
    for i in range(rows):
        line = out[i]
        line[:] = 0.0
        for j in range(0, whole, 4):
            a, b, c, d = left[i, j], left[i, j + 1], left[i, j + 2], left[i, j + 3]
            first, second, third, fourth = right[j], right[j + 1], right[j + 2], right[j + 3]
            for m in range(columns):
                line[m] = (((line[m] + a * first[m]) + b * second[m]) + c * third[m]) + d * fourth[m]
        for j in range(whole, inner):
            a = left[i, j]
            first = right[j]
            for m in range(columns):
                line[m] += a * first[m]


@kernel
def cross_rows(rows: FloatArray, weights: FloatArray, out: FloatArray) -> None:
    """``out = rows' diag(weights) rows`` (M, M) for rows (Q, M)."""
    count, size = rows.shape
    for i in range(size):
        out[i, i:] = 0.0
    for r in range(count):
        line = rows[r]
        for i in range(size):
            value = weights[r] * line[i]
            into = out[i]
            for j in range(i, size):
                into[j] += value * line[j]
    for i in range(size):
        for j in range(i):
            out[i, j] = out[j, i]


@kernel
def project_rows(start: IntArray, basis: FloatArray, weights: FloatArray, values: FloatArray, out: FloatArray) -> None:
    """``out = T' diag(weights) values`` (K, M) for values (T, M) and four functions from ``start`` at every time."""
    out[:] = 0.0
    for t in range(start.size):
        line = values[t]
        for d in range(4):
            into = out[start[t] + d]
            factor = weights[t] * basis[t, d]
            for m in range(line.size):
                into[m] += factor * line[m]


@kernel
def multiply_block(left: FloatArray, right: FloatArray, block: int, out: FloatArray) -> None:
    """``out`` ((K + 2 EDGE) LANES) = left (K, J) @ the block's columns of right (J, M')."""
    count = right.shape[0]
    whole = count - count % 4
    width = out.size // (left.shape[0] + 2 * EDGE) & -LANES
    low, high = block * LANES, (block + 1) * LANES
    for k in range(left.shape[0]):
        line = out[(k + EDGE) * LANES : (k + EDGE + 1) * LANES]
        line[:] = 0.0
        for j in range(0, whole, 4):
            a, b, c, d = left[k, j], left[k, j + 1], left[k, j + 2], left[k, j + 3]
            first, second = right[j, low:high], right[j + 1, low:high]
            third, fourth = right[j + 2, low:high], right[j + 3, low:high]
            for m in range(width):
                line[m] = (((line[m] + a * first[m]) + b * second[m]) + c * third[m]) + d * fourth[m]
        for j in range(whole, count):
            a = left[k, j]
            first = right[j, low:high]
            for m in range(width):
                line[m] += a * first[m]
