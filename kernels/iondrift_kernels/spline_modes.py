"""Restricted likelihood of a penalised tensor-product spline, with its gradient and Hessian in six log-penalties.

In the basis where the spatial Gram matrix is 1 and the spatial penalty ``sum_r w_r k_r k_r'`` diagonal (eigenvalues s),
the coefficients in time of mode m solve ``A_m b = B_m``, A_m = alpha G + gamma P, alpha = 1 + lambda_x s,
gamma = lambda_t + lambda_xt s; G and P are banded with three sub-diagonals. With R the penalised sum of squares

    V = N ln(R / N) + sum_m ln|A_m| + ln(kappa pivot_m) - sum_(m > 3) ln|lambda_x s G + gamma P| - flat ln lambda_t

is -2 log restricted likelihood. Every determinant comes from one table of f(r) = ln|G + e^r P|, made of banded QR
decompositions of the matrices' roots, which keep their digits where a Cholesky decomposition loses them. The pattern of
a reference profile (kappa > 0) appends one unknown a mode, an arrow on the banded system: with ``a = T'W l``,
``A i = a`` and ``pivot = 1/kappa + l'Wl - a'i``, the coefficients are b - rho i with rho = (l'Wy - a'b) / pivot.

Modes (or the table's nodes) lie side by side, LANES in a block: recursions run along time, their inner loops over a
block's lanes are vector instructions. Sums have one order, whatever the number of threads: nothing is reassociated or
contracted. Three rows of zeros at either end of a block spare the recursions their special cases.

Source: Demmler and Reinsch 1975 (basis); Elden 1977 (QR of roots); Wood 2011 (Newton in log-penalties); Daleckii and
Krein 1965 (derivative of a function of a matrix).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.banded_lanes import factor_rows, inner, solve_lower
from iondrift_kernels.determinant_table import look_up
from iondrift_kernels.ordered_products import multiply, multiply_block
from iondrift_kernels.spline_layout import (
    ARROW,
    ARROW_RIGHT,
    EDGE,
    EXPLAINED,
    LANES,
    NULL,
    PIVOT,
    RHO,
    Modes,
    Roughness,
    Series,
    Work,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@kernel
def adaptive_weights(adaptivity: tuple[float, float, float], rough: Roughness) -> None:
    """Fill the weights of ``rough`` for (plating, counter, length): w = 1 / (1 + E1 + E2), each an exponential."""
    plating, counter, length = adaptivity
    places, shares, out = rough.places, rough.shares, rough.weights
    for r in range(places.shape[0]):
        out[:, r] = 0.0
        for q in range(places.shape[1]):
            near, far = places[r, q] / length, (1.0 - places[r, q]) / length
            left, right = math.exp(plating - near), math.exp(counter - far)
            inverse = 1.0 / (1.0 + left + right)
            share = shares[r, q] * inverse
            single, double = share * inverse, 2.0 * share * inverse * inverse
            both = left * near + right * far
            out[0, r] += share
            out[1, r] -= single * left
            out[2, r] -= single * right
            out[3, r] -= single * both
            out[4, r] += double * left * left - single * left
            out[5, r] += double * left * right
            out[6, r] += double * left * both - single * left * near
            out[7, r] += double * right * right - single * right
            out[8, r] += double * right * both - single * right * far
            out[9, r] += double * both * both - single * (left * (near * near - near) + right * (far * far - far))


@kernel
def rotate(series: Series, rows: FloatArray, modes: Modes) -> None:
    """Turn the data and the rows (Q, M) of the spatial penalty into the basis of ``modes.rotation``."""
    rotation = modes.rotation
    size = rotation.shape[0]
    multiply(rows, rotation, modes.rough)
    modes.rough[:, :NULL] = 0.0
    modes.held[:] = 0.0
    for j in range(size):
        for m in range(rotation.shape[1]):
            modes.held[m] += series.held[j] * rotation[j, m]
    for block in range(modes.right.shape[0]):
        multiply_block(series.right, rotation, block, modes.right[block])


@kernel
def _explain(series: Series, modes: Modes, scale: FloatArray, work: Work, block: int) -> None:
    """Factor a block; leave L^-1 B in ``coefficients``, L^-1 a in ``influence``, and the sums a value needs."""
    low, high = block * LANES, (block + 1) * LANES
    lower, half, sums = work.lower[block], work.coefficients[block], work.sums[:, low:high]
    factor_rows(series.gram, series.penalty, scale, lower)
    right = modes.right[block]
    for i in range(half.size):  # a loop: NumPy's way to copy compiles for seconds, its error messages included
        half[i] = right[i]
    solve_lower(lower, half)
    inner(half, half, sums[EXPLAINED])
    if series.kappa > 0.0:
        answer = work.influence[block]
        for k in range(series.arrow.size):
            answer[(k + EDGE) * LANES : (k + EDGE + 1) * LANES] = series.arrow[k]
        answer[(series.arrow.size + EDGE) * LANES :] = 0.0
        solve_lower(lower, answer)
        inner(half, answer, sums[ARROW_RIGHT])
        inner(answer, answer, sums[ARROW])
        for m in range(LANES):
            pivot = 1.0 / series.kappa + series.loaded - sums[ARROW, m]
            held = modes.held[low + m] - sums[ARROW_RIGHT, m]
            sums[PIVOT, m] = pivot
            sums[RHO, m] = held / pivot
            sums[EXPLAINED, m] += held * held / pivot


@kernel
def value(series: Series, modes: Modes, penalties: FloatArray, work: Work) -> tuple[float, float]:
    """Return V and the penalised sum of squares for lambda_x, lambda_t, lambda_xt; ``work`` keeps what it took."""
    lambda_x, lambda_t, lambda_xt = penalties[0], penalties[1], penalties[2]
    size, functions = modes.rotation.shape[0], series.arrow.size
    rest, total = series.total, -series.flat * math.log(lambda_t)
    for block in range(modes.right.shape[0]):
        scale = work.scale[block]
        for m in range(LANES):
            scale[m] = 1.0 + lambda_x * modes.spatial[block * LANES + m]
            scale[LANES + m] = lambda_t + lambda_xt * modes.spatial[block * LANES + m]
        _explain(series, modes, scale, work, block)
    for m in range(size):
        alpha, gamma = work.scale[m // LANES, m % LANES], work.scale[m // LANES, LANES + m % LANES]
        rest -= work.sums[EXPLAINED, m]
        total += functions * math.log(alpha) + look_up(series.table, math.log(gamma) - math.log(alpha))[0]
        if series.kappa > 0.0:
            total += math.log(work.sums[PIVOT, m] * series.kappa)
        slow = lambda_x * modes.spatial[m]
        if slow > 0.0:
            total -= functions * math.log(slow) + look_up(series.table, math.log(gamma) - math.log(slow))[0]
    rest = max(rest, series.total * 1e-26)
    return total + series.free * math.log(rest / series.free), rest
