"""Determinants ln|G + e^r P| of banded matrices from QR decompositions of their roots, and the table of them.

Source: Elden 1977 (QR of roots, which keep their digits where a Cholesky decomposition loses them).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.spline_layout import DEGREE, EDGE, LANES, ROW, Table

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@kernel
def triangle(start: IntArray, rows: FloatArray, kind: IntArray, scale: FloatArray, out: FloatArray) -> None:
    """R of the QR decomposition of banded rows by Givens rotations, LANES scalings of the rows side by side.

    Row i (4 numbers from column ``start[i]``, ascending) is multiplied by ``scale[kind[i]]`` (kinds, LANES). ``out``
    ((K + EDGE) 4 LANES), zeros at first: R[k, k + d] of a lane at (k, d, lane).
    """
    width = scale.shape[1] & -LANES
    for i in range(start.size):
        first, second, third, fourth = rows[i, 0], rows[i, 1], rows[i, 2], rows[i, 3]
        factor = scale[kind[i]]
        w = out[start[i] * ROW : (start[i] + 4) * ROW]
        for m in range(width):
            a, b, c, d = first * factor[m], second * factor[m], third * factor[m], fourth * factor[m]
            h = math.sqrt(w[m] * w[m] + a * a)
            cosine = w[m] / h if h > 0.0 else 1.0
            sine = a / h if h > 0.0 else 0.0
            w[m] = h
            old = w[LANES + m]
            w[LANES + m] = cosine * old + sine * b
            b = cosine * b - sine * old
            old = w[2 * LANES + m]
            w[2 * LANES + m] = cosine * old + sine * c
            c = cosine * c - sine * old
            old = w[3 * LANES + m]
            w[3 * LANES + m] = cosine * old + sine * d
            d = cosine * d - sine * old

            h = math.sqrt(w[ROW + m] * w[ROW + m] + b * b)
            cosine = w[ROW + m] / h if h > 0.0 else 1.0
            sine = b / h if h > 0.0 else 0.0
            w[ROW + m] = h
            old = w[ROW + LANES + m]
            w[ROW + LANES + m] = cosine * old + sine * c
            c = cosine * c - sine * old
            old = w[ROW + 2 * LANES + m]
            w[ROW + 2 * LANES + m] = cosine * old + sine * d
            d = cosine * d - sine * old

            h = math.sqrt(w[2 * ROW + m] * w[2 * ROW + m] + c * c)
            cosine = w[2 * ROW + m] / h if h > 0.0 else 1.0
            sine = c / h if h > 0.0 else 0.0
            w[2 * ROW + m] = h
            old = w[2 * ROW + LANES + m]
            w[2 * ROW + LANES + m] = cosine * old + sine * d
            d = cosine * d - sine * old
            w[3 * ROW + m] = math.sqrt(w[3 * ROW + m] * w[3 * ROW + m] + d * d)


@kernel
def log_determinants(
    start: IntArray, rows: FloatArray, kind: IntArray, scale: FloatArray, roots: FloatArray, out: FloatArray
) -> None:
    """``out`` (blocks, LANES) = ln|rows' rows| for scalings (blocks, kinds, LANES); ``roots`` is scratch of a block."""
    size = roots.size // ROW - EDGE
    for block in range(scale.shape[0]):
        roots[:] = 0.0
        triangle(start, rows, kind, scale[block], roots)
        for m in range(LANES):
            total = 0.0
            for k in range(size):
                total += math.log(roots[k * ROW + m])
            out[block, m] = 2.0 * total


@kernel
def look_up(table: Table, r: float) -> tuple[float, float, float]:
    """Return f, f' and f'' at r."""
    pieces = table.pieces
    last = pieces.shape[0]
    place = (r - table.first) / table.step
    i = min(max(math.floor(min(max(place, -1.0), last + 1.0)), 0), last - 1)
    length = r - (table.first + table.step * i)
    beyond = 0.0
    if length < 0.0:
        beyond, length = length, 0.0
    elif length > table.step:
        beyond, length = length - table.step, table.step
    value, slope, bend = 0.0, 0.0, 0.0
    for p in range(DEGREE, -1, -1):
        bend = bend * length + 2.0 * slope
        slope = slope * length + value
        value = value * length + pieces[i, p]
    if beyond != 0.0:
        value += slope * beyond
        bend = 0.0
    return value, slope, bend
