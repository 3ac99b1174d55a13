"""Profiles of many replicates from their spline coefficients: rotate, combine in time, evaluate along x."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iondrift_kernels import lanes
from iondrift_kernels._jit import kernel
from iondrift_kernels.drift_layout import Space
from iondrift_kernels.lanes import LANES

FloatArray = npt.NDArray[np.float64]

_ONE, _TWO, _THREE = np.uint64(LANES), np.uint64(2 * LANES), np.uint64(3 * LANES)  # rows further


@kernel
def rotate(rotation: FloatArray, modes: FloatArray, level: float, out: FloatArray) -> None:
    """``out`` (J, LANES) = level + rotation (J, M) modes (M, LANES), J and M whole multiples of 4.

    Sixteen products a sweep: each mode loaded and each sum loaded and stored serves four of them. Two flat arrays,
    whose indices are unsigned and hence not asked whether they count from the end, leave little to do before a sweep.
    """
    width = np.uint64(lanes.whole(modes.shape[1]))
    source, target = modes.reshape(-1), out.reshape(-1)
    for i in range(0, rotation.shape[0], 4):
        row = np.uint64(i) * _ONE
        for j in range(width):
            k = row + j
            target[k] = target[k + _ONE] = target[k + _TWO] = target[k + _THREE] = level
        zero, one, two, three = rotation[i], rotation[i + 1], rotation[i + 2], rotation[i + 3]
        for m in range(0, rotation.shape[1], 4):
            r00, r01, r02, r03 = zero[m], zero[m + 1], zero[m + 2], zero[m + 3]
            r10, r11, r12, r13 = one[m], one[m + 1], one[m + 2], one[m + 3]
            r20, r21, r22, r23 = two[m], two[m + 1], two[m + 2], two[m + 3]
            r30, r31, r32, r33 = three[m], three[m + 1], three[m + 2], three[m + 3]
            column = np.uint64(m) * _ONE
            for j in range(width):
                k, n = row + j, column + j
                a0, a1, a2, a3 = source[n], source[n + _ONE], source[n + _TWO], source[n + _THREE]
                target[k] += (r00 * a0 + r01 * a1) + (r02 * a2 + r03 * a3)
                target[k + _ONE] += (r10 * a0 + r11 * a1) + (r12 * a2 + r13 * a3)
                target[k + _TWO] += (r20 * a0 + r21 * a1) + (r22 * a2 + r23 * a3)
                target[k + _THREE] += (r30 * a0 + r31 * a1) + (r32 * a2 + r33 * a3)


@kernel
def combine(value: FloatArray, slope: FloatArray, t: int, first: int, ring: FloatArray, out: FloatArray) -> None:
    """``out`` (J, 2, LANES) = the coefficients of profile t and their rates of change.

    ``value`` and ``slope`` (T, 4): weights of the four coefficients from ``first``, held at ``ring`` (4, J, LANES)
    in the slots that their numbers have modulo 4.
    """
    width = lanes.whole(ring.shape[2])
    target = out.reshape((-1, 2 * LANES))
    zero, one, two, three = -first & 3, (1 - first) & 3, (2 - first) & 3, (3 - first) & 3
    v0, v1, v2, v3 = value[t, zero], value[t, one], value[t, two], value[t, three]
    s0, s1, s2, s3 = slope[t, zero], slope[t, one], slope[t, two], slope[t, three]
    for i in range(ring.shape[1]):
        row = target[i]
        for j in range(width):
            a0, a1, a2, a3 = ring[0, i, j], ring[1, i, j], ring[2, i, j], ring[3, i, j]
            row[j] = (v0 * a0 + v1 * a1) + (v2 * a2 + v3 * a3)
            row[LANES + j] = (s0 * a0 + s1 * a1) + (s2 * a2 + s3 * a3)


@kernel
def evaluate_points(space: Space, coefficients: FloatArray, profile: FloatArray, points: FloatArray) -> None:
    """c, dc/dx and G at all ``points`` (X, POINT) from ``coefficients`` (J, 2, LANES), see :func:`combine`."""
    width = lanes.whole(coefficients.shape[2])
    source = coefficients.reshape(-1)
    for j in range(width):
        profile[lanes.BELOW + j] = 0.0
    below = 0
    for i in range(points.shape[0]):
        start = space.start[i]
        while below < start:  # B-splines wholly below the point
            whole = space.whole[below]
            rate = source[(2 * below + 1) * LANES : (2 * below + 2) * LANES]
            for j in range(width):
                profile[lanes.BELOW + j] += whole * rate[j]
            below += 1
        a = source[2 * start * LANES : (2 * start + 8) * LANES]
        point = points[i]
        v0, v1, v2, v3 = space.value[i, 0], space.value[i, 1], space.value[i, 2], space.value[i, 3]
        s0, s1, s2, s3 = space.slope[i, 0], space.slope[i, 1], space.slope[i, 2], space.slope[i, 3]
        p0, p1, p2, p3 = space.partial[i, 0], space.partial[i, 1], space.partial[i, 2], space.partial[i, 3]
        for j in range(width):
            a0, a1, a2, a3 = a[j], a[2 * LANES + j], a[4 * LANES + j], a[6 * LANES + j]
            r0, r1, r2, r3 = a[LANES + j], a[3 * LANES + j], a[5 * LANES + j], a[7 * LANES + j]
            c = profile[lanes.FACTOR + j] * ((v0 * a0 + v1 * a1) + (v2 * a2 + v3 * a3))
            gradient = profile[lanes.SLOPE_FACTOR + j] * ((s0 * a0 + s1 * a1) + (s2 * a2 + s3 * a3))
            rates = profile[lanes.BELOW + j] + ((p0 * r0 + p1 * r1) + (p2 * r2 + p3 * r3))
            point[lanes.CONCENTRATION + j] = c
            point[lanes.GRADIENT + j] = gradient
            point[lanes.INTEGRATED + j] = profile[lanes.INTEGRAL_FACTOR + j] * rates
