"""What derivatives of the restricted likelihood need of every block of modes, after its value."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.banded_lanes import inner, solve_lower, solve_upper, stiffen
from iondrift_kernels.ordered_products import multiply_block
from iondrift_kernels.spline_layout import (
    ARROW,
    ARROW_RIGHT,
    EDGE,
    EXPLAINED,
    GG,
    GP,
    HH,
    IG,
    IGG,
    IGP,
    IH,
    IHH,
    LANES,
    PIVOT,
    RHO,
    VG,
    VP,
    G,
    H,
    Modes,
    Series,
    Work,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@kernel
def respond(series: Series, work: Work, block: int) -> None:
    """After :func:`value`: coefficients, influence and the quadratic forms of a block."""
    lower, answer = work.lower[block], work.influence[block]
    coefficients, rough = work.coefficients[block], work.rough[block]
    scale, sums = work.scale[block], work.sums[:, block * LANES : (block + 1) * LANES]
    pattern = series.kappa > 0.0
    if pattern:
        for k in range(coefficients.size // LANES):
            for m in range(LANES):
                coefficients[k * LANES + m] -= sums[RHO, m] * answer[k * LANES + m]
        inner(coefficients, coefficients, sums[G])  # v'A v
        solve_upper(lower, answer)
    else:
        for m in range(LANES):
            sums[G, m] = sums[EXPLAINED, m]
    solve_upper(lower, coefficients)
    stiffen(series.penalty, coefficients, rough)
    inner(coefficients, rough, sums[H])
    if pattern:
        inner(answer, rough, sums[VP])
        bent = work.bent[block]
        stiffen(series.penalty, answer, bent)
        inner(answer, bent, sums[IH])
        solve_lower(lower, bent)
        inner(bent, bent, sums[IHH])
    for m in range(LANES):
        alpha, gamma = scale[m], scale[LANES + m]
        sums[G, m] = (sums[G, m] - gamma * sums[H, m]) / alpha
        if pattern:
            # i'A v = a'v = a'b - rho a'i
            sums[VG, m] = (sums[ARROW_RIGHT, m] - sums[RHO, m] * sums[ARROW, m] - gamma * sums[VP, m]) / alpha
            sums[IG, m] = (sums[ARROW, m] - gamma * sums[IH, m]) / alpha
            sums[IGP, m] = (sums[IH, m] - gamma * sums[IHH, m]) / alpha
            sums[IGG, m] = (sums[IG, m] - gamma * sums[IGP, m]) / alpha


@kernel
def mix(series: Series, modes: Modes, penalties: FloatArray, work: Work, block: int) -> None:
    """Write a block's columns of X v and P v: G v = (A v - gamma P v) / alpha, A v = B - rho a."""
    right, rough = modes.right[block], work.rough[block]
    scale, rho = work.scale[block], work.sums[RHO]
    for m in range(LANES):
        column = block * LANES + m
        share = penalties[0] / scale[m]
        bend = penalties[2] - share * scale[LANES + m]
        for k in range(series.arrow.size):
            place = (k + EDGE) * LANES + m
            stiff = rough[place]
            work.product[k, column] = stiff
            work.mixed[k, column] = share * (right[place] - rho[column] * series.arrow[k]) + bend * stiff


@kernel
def square(values: FloatArray, products: FloatArray, block: int, out: FloatArray) -> None:
    """Fill a block's rows of ``out`` (M', M') = values' products, from the block's first column on."""
    low, count = block * LANES, products.shape[0]
    whole = count - count % 4
    into = out[low : low + LANES, low:]
    into[:, :] = 0.0
    width = into.shape[1] & -LANES
    for k in range(0, whole, 4):
        first, second = products[k, low:], products[k + 1, low:]
        third, fourth = products[k + 2, low:], products[k + 3, low:]
        w = values[(k + EDGE) * LANES : (k + EDGE + 4) * LANES]
        for i in range(LANES):
            a, b, c, d = w[i], w[LANES + i], w[2 * LANES + i], w[3 * LANES + i]
            line = into[i]
            for m in range(width):
                line[m] = (((line[m] + a * first[m]) + b * second[m]) + c * third[m]) + d * fourth[m]
    for k in range(whole, count):
        first = products[k, low:]
        for i in range(LANES):
            a = values[(k + EDGE) * LANES + i]
            for m in range(width):
                into[i, m] += a * first[m]


@kernel
def curve(series: Series, work: Work, block: int) -> None:
    """Leave L^-1 P v in ``rough`` and fill the second-order forms of a block."""
    rough, sums = work.rough[block], work.sums[:, block * LANES : (block + 1) * LANES]
    solve_lower(work.lower[block], rough)
    inner(rough, rough, sums[HH])
    for m in range(LANES):
        alpha, gamma = work.scale[block, m], work.scale[block, LANES + m]
        sums[GP, m] = (sums[H, m] - gamma * sums[HH, m]) / alpha
        sums[GG, m] = (sums[G, m] - gamma * sums[GP, m]) / alpha
        if series.kappa > 0.0:
            sums[GG, m] += sums[VG, m] * sums[VG, m] / sums[PIVOT, m]
            sums[GP, m] += sums[VG, m] * sums[VP, m] / sums[PIVOT, m]
            sums[HH, m] += sums[VP, m] * sums[VP, m] / sums[PIVOT, m]


@kernel
def move(series: Series, work: Work, block: int) -> None:
    """Fill the block's columns of ``crossed``."""
    low, high = block * LANES, (block + 1) * LANES
    for a in range(3):
        moved = work.moved[a]
        multiply_block(work.mixed, work.turned[a], block, moved)
        inner(work.coefficients[block], moved, work.crossed[a, low:high])
        if series.kappa > 0.0:
            inner(work.influence[block], moved, work.crossed[3 + a, low:high])
        solve_lower(work.lower[block], moved)
        inner(work.rough[block], moved, work.crossed[6 + a, low:high])
    pair = 9
    for a in range(3):
        for b in range(a, 3):
            inner(work.moved[a], work.moved[b], work.crossed[pair, low:high])
            if series.kappa > 0.0:
                for m in range(low, high):
                    work.crossed[pair, m] += work.crossed[3 + a, m] * work.crossed[3 + b, m] / work.sums[PIVOT, m]
            pair += 1
