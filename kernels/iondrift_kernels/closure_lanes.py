"""Closures and velocities of LANES replicates at once; rows as in :mod:`iondrift_kernels.lanes`."""

from __future__ import annotations

import math

from iondrift_kernels import lanes
from iondrift_kernels._jit import kernel
from iondrift_kernels.constants import FARADAY
from iondrift_kernels.drift_layout import Draws, FloatArray, Space
from iondrift_kernels.elementary import logarithm


@kernel
def integrate(weights: FloatArray, width: int, points: FloatArray, profile: FloatArray) -> None:
    """1 / c and 1 / (D c) at all ``points`` (X, POINT), and what closures need of the whole ``profile``.

    TOTAL and WEIGHTED, the integrals of 1 / (D c) and G / (D c); LOWEST, the lowest concentration (or NaN).
    """
    width = lanes.whole(width)
    for j in range(width):
        profile[lanes.TOTAL + j] = profile[lanes.WEIGHTED + j] = 0.0
        profile[lanes.LOWEST + j] = math.inf
    for i in range(points.shape[0]):
        point, weight = points[i], weights[i]
        for j in range(width):
            c, lowest = point[lanes.CONCENTRATION + j], profile[lanes.LOWEST + j]
            resistance = 1.0 / (c * point[lanes.DIFFUSIVITY + j])
            point[lanes.RESISTANCE + j] = resistance
            point[lanes.INVERSE + j] = resistance * point[lanes.DIFFUSIVITY + j]
            part = weight * resistance
            profile[lanes.TOTAL + j] += part
            profile[lanes.WEIGHTED + j] += part * point[lanes.INTEGRATED + j]
            profile[lanes.LOWEST + j] = c if c < lowest or c != c else lowest


@kernel
def count_depleted(width: int, profile: FloatArray) -> int:
    """How many lanes hold a concentration that is not positive."""
    count = 0
    for j in range(lanes.whole(width)):
        if not profile[lanes.LOWEST + j] > 0.0:
            count += 1
    return count


@kernel
def origin_by_voltage(draws: Draws, points: FloatArray, profile: FloatArray) -> None:
    """ORIGIN = J at x = 0 that lays VOLTAGE across the profile; see :mod:`field_reconstruction`.

    ``points`` (X, POINT); ``draws`` of these replicates alone. The drawn edges move the limits of the integrals; what
    lies beyond is continued from the edge.
    """
    first, last = points[0], points[points.shape[0] - 1]
    for j in range(lanes.whole(draws.length.shape[0])):
        plating, counter, length = draws.plating_edge[j], draws.counter_edge[j], draws.length[j]
        left, right = -plating * first[lanes.RESISTANCE + j], counter * last[lanes.RESISTANCE + j]
        junction = logarithm(last[lanes.CONCENTRATION + j] / first[lanes.CONCENTRATION + j])
        junction += counter * last[lanes.GRADIENT + j] * last[lanes.INVERSE + j]
        junction -= plating * first[lanes.GRADIENT + j] * first[lanes.INVERSE + j]
        whole = length * profile[lanes.TOTAL + j] + left + right
        moved = length * profile[lanes.WEIGHTED + j]
        moved += left * first[lanes.INTEGRATED + j] + right * last[lanes.INTEGRATED + j]
        drive = profile[lanes.VOLTAGE + j] / draws.thermal_voltage[j] - junction
        profile[lanes.ORIGIN + j] = (drive - moved) / whole


@kernel
def origin_by_blocking(
    space: Space, draws: Draws, flux: FloatArray, coefficients: FloatArray, profile: FloatArray
) -> None:
    """ORIGIN = J at x = 0 that makes J equal ``flux`` (LANES,), or (1,) for all, at the drawn plating edge.

    ``coefficients`` (J, 2, LANES) as :func:`iondrift_kernels.spline_lanes.combine` leaves them.
    """
    rates = coefficients[space.start[0] : space.start[0] + 4, 1]
    for j in range(lanes.whole(draws.length.shape[0])):
        rate = 0.0
        for d in range(4):
            rate += space.value[0, d] * rates[d, j]
        beyond = rate * draws.plating_edge[j] * draws.concentration[j]
        profile[lanes.ORIGIN + j] = flux[j if flux.shape[0] > 1 else 0] + beyond


@kernel
def velocities(width: int, points: FloatArray, profile: FloatArray) -> None:
    """VELOCITY = (J0 + G + D dc/dx) / c at all points; HIGHEST keeps the one of largest magnitude, with its sign."""
    width = lanes.whole(width)
    for i in range(points.shape[0]):
        point = points[i]
        for j in range(width):
            highest = profile[lanes.HIGHEST + j]  # read before any write, lest its own becomes a slow masked store
            flux = profile[lanes.ORIGIN + j] + point[lanes.INTEGRATED + j]
            flux += point[lanes.DIFFUSIVITY + j] * point[lanes.GRADIENT + j]
            velocity = flux * point[lanes.INVERSE + j]
            point[lanes.VELOCITY + j] = velocity
            profile[lanes.HIGHEST + j] = velocity if abs(velocity) > abs(highest) else highest


@kernel
def velocities_by_current(width: int, ratio: FloatArray, points: FloatArray, profile: FloatArray) -> None:
    """VELOCITY = -(i / F + (D+ - D-) dc/dx) / ((1 + D+ / D-) c); ``ratio`` (LANES,) = D+ / D-."""
    width = lanes.whole(width)
    for i in range(points.shape[0]):
        point = points[i]
        for j in range(width):
            highest = profile[lanes.HIGHEST + j]  # read before any write, lest its own becomes a slow masked store
            drive = profile[lanes.CURRENT + j] / FARADAY
            drive += (ratio[j] - 1.0) * point[lanes.DIFFUSIVITY + j] * point[lanes.GRADIENT + j]
            velocity = -drive * point[lanes.INVERSE + j] / (1.0 + ratio[j])
            point[lanes.VELOCITY + j] = velocity
            profile[lanes.HIGHEST + j] = velocity if abs(velocity) > abs(highest) else highest
