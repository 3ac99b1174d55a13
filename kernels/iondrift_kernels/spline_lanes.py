"""Profiles of many replicates from their spline coefficients: rotate, combine in time, evaluate along x.

Replicates lie along the last axis, LANES of them; every loop over them writes one array and reads few, so that it
becomes vector instructions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.spline_draws import LANES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@kernel
def rotate(rotation: FloatArray, modes: FloatArray, out: FloatArray) -> None:
    """``out`` (J, LANES) = rotation (J, M) modes (M, LANES); four modes a sweep spare loads and stores of the sums."""
    count = rotation.shape[1]
    for i in range(rotation.shape[0]):
        for j in range(LANES):
            out[i, j] = 0.0
        m = 0
        while m + 4 <= count:
            r0, r1, r2, r3 = rotation[i, m], rotation[i, m + 1], rotation[i, m + 2], rotation[i, m + 3]
            for j in range(LANES):
                out[i, j] += (r0 * modes[m, j] + r1 * modes[m + 1, j]) + (r2 * modes[m + 2, j] + r3 * modes[m + 3, j])
            m += 4
        while m < count:
            r0 = rotation[i, m]
            for j in range(LANES):
                out[i, j] += r0 * modes[m, j]
            m += 1


@kernel
def combine(weights: FloatArray, t: int, first: int, ring: FloatArray, out: FloatArray) -> None:
    """``out`` (J, LANES) = the four coefficients of profile t, held at ``ring`` (4, J, LANES), by their weights."""
    w0, w1, w2, w3 = weights[t, 0], weights[t, 1], weights[t, 2], weights[t, 3]
    zero, one, two, three = first & 3, (first + 1) & 3, (first + 2) & 3, (first + 3) & 3
    for i in range(out.shape[0]):
        for j in range(LANES):
            out[i, j] = (w0 * ring[zero, i, j] + w1 * ring[one, i, j]) + (w2 * ring[two, i, j] + w3 * ring[three, i, j])


@kernel
def at_points(
    start: IntArray, basis: FloatArray, coefficients: FloatArray, factor: FloatArray, out: FloatArray
) -> None:
    """``out`` (X, LANES) = factor (LANES,) times the local sum of four coefficients (J, LANES) at every point."""
    for i in range(start.shape[0]):
        s = start[i]
        b0, b1, b2, b3 = basis[i, 0], basis[i, 1], basis[i, 2], basis[i, 3]
        for j in range(LANES):
            left = b0 * coefficients[s, j] + b1 * coefficients[s + 1, j]
            right = b2 * coefficients[s + 2, j] + b3 * coefficients[s + 3, j]
            out[i, j] = factor[j] * (left + right)


@kernel
def add_whole(
    start: IntArray, whole: FloatArray, rate: FloatArray, factor: FloatArray, total: FloatArray, out: FloatArray
) -> None:
    """Add to ``out`` (X, LANES) the integrals of the B-splines that lie wholly below each point.

    ``total`` (LANES,) is a workspace.
    """
    for j in range(LANES):
        total[j] = 0.0
    below = 0
    for i in range(start.shape[0]):
        while below < start[i]:
            for j in range(LANES):
                total[j] += whole[below] * rate[below, j]
            below += 1
        for j in range(LANES):
            out[i, j] += factor[j] * total[j]
