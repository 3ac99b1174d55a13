"""Banded Cholesky factors, solutions and products, LANES modes side by side."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.spline_layout import EDGE, LANES, ROW

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@kernel
def factor_rows(gram: FloatArray, penalty: FloatArray, scale: FloatArray, lower: FloatArray) -> None:
    """Banded Cholesky of alpha G + gamma P, bands with EDGE rows more; a pivot that is not positive leaves NaN.

    ``lower`` (at least K + EDGE rows of 4 LANES) begins with the three rows before the first.
    """
    width = scale.size // 2 & -LANES
    for k in range(gram.shape[0] - EDGE):
        g0, g1, g2, g3 = gram[k, 0], gram[k, 1], gram[k, 2], gram[k, 3]
        p0, p1, p2, p3 = penalty[k, 0], penalty[k, 1], penalty[k, 2], penalty[k, 3]
        w = lower[k * ROW : (k + 4) * ROW]
        for m in range(width):
            al, ga = scale[m], scale[LANES + m]
            third = (al * g3 + ga * p3) * w[m]
            second = (al * g2 + ga * p2 - third * w[ROW + LANES + m]) * w[ROW + m]
            first = (al * g1 + ga * p1 - third * w[2 * ROW + 2 * LANES + m] - second * w[2 * ROW + LANES + m]) * w[
                2 * ROW + m
            ]
            pivot = al * g0 + ga * p0 - third * third - second * second - first * first
            w[3 * ROW + m] = 1.0 / math.sqrt(pivot)
            w[3 * ROW + LANES + m] = first
            w[3 * ROW + 2 * LANES + m] = second
            w[3 * ROW + 3 * LANES + m] = third


@kernel
def solve_lower(lower: FloatArray, out: FloatArray) -> None:
    """``out = L^-1 out``; both begin with the three rows before the first."""
    count = out.size // LANES - 2 * EDGE
    width = lower.size // (4 * (count + 2 * EDGE)) & -LANES
    for k in range(count):
        line = lower[(k + EDGE) * ROW : (k + EDGE + 1) * ROW]
        w = out[k * LANES : (k + 4) * LANES]
        for m in range(width):
            value = w[3 * LANES + m] - line[3 * LANES + m] * w[m] - line[2 * LANES + m] * w[LANES + m]
            w[3 * LANES + m] = (value - line[LANES + m] * w[2 * LANES + m]) * line[m]


@kernel
def solve_upper(lower: FloatArray, out: FloatArray) -> None:
    """``out = L'^-1 out``."""
    count = out.size // LANES - 2 * EDGE
    width = lower.size // (4 * (count + 2 * EDGE)) & -LANES
    for k in range(count - 1, -1, -1):
        line = lower[(k + EDGE) * ROW : (k + EDGE + 4) * ROW]
        w = out[(k + EDGE) * LANES : (k + EDGE + 4) * LANES]
        for m in range(width):
            value = w[m] - line[3 * ROW + 3 * LANES + m] * w[3 * LANES + m]
            value = value - line[2 * ROW + 2 * LANES + m] * w[2 * LANES + m]
            w[m] = (value - line[ROW + LANES + m] * w[LANES + m]) * line[m]


@kernel
def inner(one: FloatArray, other: FloatArray, out: FloatArray) -> None:
    """``out`` (LANES) = sums over time of the products of a block's columns."""
    width = out.size & -LANES
    out[:] = 0.0
    for k in range(EDGE, one.size // LANES - EDGE):
        left, right = one[k * LANES : (k + 1) * LANES], other[k * LANES : (k + 1) * LANES]
        for m in range(width):
            out[m] += left[m] * right[m]


@kernel
def stiffen(penalty: FloatArray, values: FloatArray, out: FloatArray) -> None:
    """``out = P values``."""
    count = penalty.shape[0] - EDGE
    width = values.size // (count + 2 * EDGE) & -LANES
    for k in range(count):
        a, b, c, d = penalty[k, 3], penalty[k, 2], penalty[k, 1], penalty[k, 0]
        e, f, g = penalty[k + 1, 1], penalty[k + 2, 2], penalty[k + 3, 3]
        w = values[k * LANES : (k + 7) * LANES]
        line = out[(k + EDGE) * LANES : (k + EDGE + 1) * LANES]
        for m in range(width):
            line[m] = (
                a * w[m] + b * w[LANES + m] + c * w[2 * LANES + m] + d * w[3 * LANES + m]
                + e * w[4 * LANES + m] + f * w[5 * LANES + m] + g * w[6 * LANES + m]
            )  # fmt: skip
