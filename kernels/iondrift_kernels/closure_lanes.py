"""Closures and velocities of LANES replicates at once, at all points of one profile."""

from __future__ import annotations

import math

from iondrift_kernels._jit import kernel
from iondrift_kernels.constants import FARADAY
from iondrift_kernels.drift_layout import Draws, FloatArray, Space
from iondrift_kernels.spline_draws import LANES


@kernel
def resistances(argument: int, c: FloatArray, diffusivity: FloatArray, inverse: FloatArray, out: FloatArray) -> None:
    """``out = 1 / (D c)`` (X, LANES), and ``inverse = 1 / c`` where it is not there yet: one division a cell."""
    for i in range(c.shape[0]):
        if argument == 1:
            for j in range(LANES):
                out[i, j] = inverse[i, j] / diffusivity[i, j]
        else:
            for j in range(LANES):
                out[i, j] = 1.0 / (c[i, j] * diffusivity[i, j])
            for j in range(LANES):
                inverse[i, j] = diffusivity[i, j] * out[i, j]


@kernel
def count_depleted(c: FloatArray, lowest: FloatArray) -> int:
    """How many lanes hold a concentration that is not positive; ``lowest`` (LANES,) is a workspace."""
    for j in range(LANES):
        lowest[j] = math.inf
    for i in range(c.shape[0]):
        for j in range(LANES):
            lowest[j] = lowest[j] if c[i, j] > lowest[j] else c[i, j]
    count = 0
    for j in range(LANES):
        if not lowest[j] > 0.0:
            count += 1
    return count


@kernel
def origin_by_voltage(
    space: Space,
    draws: Draws,
    lane: int,
    voltage: FloatArray,
    c: FloatArray,
    gradient: FloatArray,
    integrated: FloatArray,
    inverse: FloatArray,
    resistance: FloatArray,
    total: FloatArray,
    weighted: FloatArray,
    out: FloatArray,
) -> None:
    """J at x = 0 (LANES,) that lays ``voltage`` (LANES,) across the profile; see :mod:`field_reconstruction`.

    The drawn edges move the limits of the integrals; what lies beyond is continued from the edge.
    """
    last = c.shape[0] - 1
    for j in range(LANES):
        total[j] = 0.0
        weighted[j] = 0.0
    for i in range(last + 1):
        weight = space.weights[i]
        for j in range(LANES):
            total[j] += weight * resistance[i, j]
        for j in range(LANES):
            weighted[j] += weight * resistance[i, j] * integrated[i, j]
    for j in range(LANES):
        plating, counter = draws.plating_edge[lane + j], draws.counter_edge[lane + j]
        left, right = -plating * resistance[0, j], counter * resistance[last, j]
        junction = math.log(c[last, j] / c[0, j])
        junction += counter * gradient[last, j] * inverse[last, j] - plating * gradient[0, j] * inverse[0, j]
        whole = draws.length[lane + j] * total[j] + left + right
        moved = draws.length[lane + j] * weighted[j] + left * integrated[0, j] + right * integrated[last, j]
        out[j] = (voltage[j] / draws.thermal_voltage[lane + j] - junction - moved) / whole


@kernel
def velocities(
    start: FloatArray,
    gradient: FloatArray,
    integrated: FloatArray,
    diffusivity: FloatArray,
    inverse: FloatArray,
    out: FloatArray,
) -> None:
    """``out = (J0 + G + D dc/dx) / c`` (X, LANES)."""
    for i in range(out.shape[0]):
        for j in range(LANES):
            out[i, j] = (start[j] + integrated[i, j] + diffusivity[i, j] * gradient[i, j]) * inverse[i, j]


@kernel
def velocities_by_current(
    current: FloatArray,
    ratio: FloatArray,
    lane: int,
    gradient: FloatArray,
    diffusivity: FloatArray,
    inverse: FloatArray,
    out: FloatArray,
) -> None:
    """``out = -(i / F + (D+ - D-) dc/dx) / ((1 + D+ / D-) c)`` (X, LANES)."""
    for i in range(out.shape[0]):
        for j in range(LANES):
            drive = current[j] / FARADAY + (ratio[lane + j] - 1.0) * diffusivity[i, j] * gradient[i, j]
            out[i, j] = -drive * inverse[i, j] / (1.0 + ratio[lane + j])
