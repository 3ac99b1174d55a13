"""D(c) of many replicates at once, each with its own parameters; layout as in :mod:`iondrift_kernels.diffusivity`."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.spline_draws import LANES

FloatArray = npt.NDArray[np.float64]


@kernel
def exponential(work: FloatArray, out: FloatArray) -> None:
    """``out = exp(out)`` (X, LANES), to two units in the last place for |out| < 700, vectorised.

    The library's exponential is called number by number; here 2^k is written as bits and the rest is a polynomial.
    ``work`` (LANES,).
    """
    bits = work.view(np.int64)
    for i in range(out.shape[0]):
        for j in range(LANES):
            power = math.floor(out[i, j] * 1.4426950408889634 + 0.5)
            r = (out[i, j] - power * 0.6931471803691238) - power * 1.9082149292705877e-10
            p = 1.6059043836821613e-10
            p = p * r + 2.08767569878681e-09
            p = p * r + 2.505210838544172e-08
            p = p * r + 2.755731922398589e-07
            p = p * r + 2.7557319223985893e-06
            p = p * r + 2.48015873015873e-05
            p = p * r + 1.984126984126984e-04
            p = p * r + 1.3888888888888889e-03
            p = p * r + 8.333333333333333e-03
            p = p * r + 4.1666666666666664e-02
            p = p * r + 1.6666666666666666e-01
            p = p * r + 0.5
            out[i, j] = (p * r * r + r) + 1.0
            bits[j] = (np.int64(power) + 1023) << 52
        for j in range(LANES):
            out[i, j] *= work[j]


@kernel
def diffusivities(
    form: int,
    argument: int,
    parameters: FloatArray,
    c: FloatArray,
    a: FloatArray,
    inverse: FloatArray,
    work: FloatArray,
    out: FloatArray,
) -> None:
    """D and 1 / c of all points (X, LANES); ``parameters`` (P, LANES) as in :mod:`iondrift_kernels.diffusivity`.

    ``a`` (X, LANES) and ``work`` (LANES,) are workspaces; ``inverse`` is filled where the argument needs it.
    """
    points = c.shape[0]
    for i in range(points):
        if argument == 1:
            for j in range(LANES):
                inverse[i, j] = 1.0 / c[i, j]
            for j in range(LANES):
                a[i, j] = parameters[0, j] * inverse[i, j] - parameters[1, j]
        else:
            for j in range(LANES):
                a[i, j] = c[i, j]
        for j in range(LANES):
            low = parameters[2, j]
            a[i, j] = low if a[i, j] < low else a[i, j]
        for j in range(LANES):
            high = parameters[3, j]
            a[i, j] = high if a[i, j] > high else a[i, j]
    if form == 0:
        for i in range(points):
            for j in range(LANES):
                out[i, j] = parameters[4, j]
            for p in range(5, parameters.shape[0]):
                for j in range(LANES):
                    out[i, j] = out[i, j] * a[i, j] + parameters[p, j]
    elif form == 1:
        for i in range(points):
            for j in range(LANES):
                out[i, j] = -parameters[5, j] * a[i, j]
        exponential(work, out)
        for i in range(points):
            for j in range(LANES):
                out[i, j] *= parameters[4, j]
    else:
        for i in range(points):
            for j in range(LANES):
                table_value(parameters, j, a[i, j], i, j, out)


@kernel
def table_value(parameters: FloatArray, column: int, a: float, i: int, j: int, out: FloatArray) -> None:
    """``out[i, j]`` = the piecewise cubic of replicate ``column`` at the argument ``a``."""
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
    value = (parameters[row, column] * t + parameters[row + 1, column]) * t + parameters[row + 2, column]
    out[i, j] = value * t + parameters[row + 3, column]
