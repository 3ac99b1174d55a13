"""D(c) of many replicates at all points, each with its own parameters; as :mod:`iondrift_kernels.diffusivity`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iondrift_kernels import lanes
from iondrift_kernels._jit import inlined_kernel, kernel
from iondrift_kernels.codes import EO_LI_RATIO, EXPONENTIAL, MOLALITY, POLYNOMIAL
from iondrift_kernels.elementary import exponential
from iondrift_kernels.lanes import LANES

FloatArray = npt.NDArray[np.float64]


@inlined_kernel
def within(a: float, low: float, high: float) -> float:
    """Return ``a`` held between ``low`` and ``high``; NaN stays NaN."""
    raised = low if a < low else a
    return high if raised > high else raised


@kernel
def diffusivities(form: int, argument: int, parameters: FloatArray, points: FloatArray) -> None:
    """D at all ``points`` (X, POINT); ``parameters`` (P, LANES)."""
    count, width = parameters.shape[0], lanes.whole(parameters.shape[1])
    given = parameters.reshape(-1)
    for i in range(points.shape[0]):
        point = points[i]
        if argument == EO_LI_RATIO:
            for j in range(width):
                a = given[j] / point[lanes.CONCENTRATION + j] - given[LANES + j]
                # RESISTANCE holds the argument until its place is needed.
                point[lanes.RESISTANCE + j] = within(a, given[2 * LANES + j], given[3 * LANES + j])
        elif argument == MOLALITY:
            for j in range(width):
                a = 1.0 / (given[j] / point[lanes.CONCENTRATION + j] - given[LANES + j])
                point[lanes.RESISTANCE + j] = within(a, given[2 * LANES + j], given[3 * LANES + j])
        else:
            for j in range(width):
                a = point[lanes.CONCENTRATION + j]
                point[lanes.RESISTANCE + j] = within(a, given[2 * LANES + j], given[3 * LANES + j])
        if form == POLYNOMIAL:
            for j in range(width):
                point[lanes.DIFFUSIVITY + j] = given[4 * LANES + j]
            for p in range(5, count):
                coefficient = given[p * LANES : (p + 1) * LANES]
                for j in range(width):
                    value = point[lanes.DIFFUSIVITY + j] * point[lanes.RESISTANCE + j]
                    point[lanes.DIFFUSIVITY + j] = value + coefficient[j]
        elif form == EXPONENTIAL:
            for j in range(width // 2):  # two at a time: they share the loads of the exponential's constants
                k = j + LANES // 2
                first = exponential(-given[5 * LANES + j] * point[lanes.RESISTANCE + j])
                second = exponential(-given[5 * LANES + k] * point[lanes.RESISTANCE + k])
                point[lanes.DIFFUSIVITY + j] = given[4 * LANES + j] * first
                point[lanes.DIFFUSIVITY + k] = given[4 * LANES + k] * second
        else:
            for j in range(width):
                point[lanes.DIFFUSIVITY + j] = table_value(parameters, j, point[lanes.RESISTANCE + j])


@kernel
def table_value(parameters: FloatArray, column: int, a: float) -> float:
    """Return the piecewise cubic of replicate ``column`` at the argument ``a``."""
    intervals = int(parameters[4, column])
    low = 0
    high = intervals
    while high - low > 1:
        middle = (low + high) // 2
        if parameters[5 + middle, column] <= a:
            low = middle
        else:
            high = middle
    t = a - parameters[5 + low, column]
    row = 6 + intervals + 4 * low
    value: float = (parameters[row, column] * t + parameters[row + 1, column]) * t + parameters[row + 2, column]
    result: float = value * t + parameters[row + 3, column]
    return result
