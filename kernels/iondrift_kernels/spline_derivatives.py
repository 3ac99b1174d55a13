"""Gradient and Hessian of the restricted likelihood of :mod:`iondrift_kernels.spline_modes`, in six log-penalties.

Source: Wood 2011 (Newton in log-penalties); Daleckii and Krein 1965 (derivative of a function of a matrix).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.determinant_table import look_up
from iondrift_kernels.ordered_products import cross_rows, multiply
from iondrift_kernels.spline_layout import (
    GG,
    GP,
    HH,
    IG,
    IGG,
    IGP,
    IH,
    IHH,
    LANES,
    NULL,
    PIVOT,
    SUMS,
    VG,
    VP,
    G,
    H,
    Modes,
    Roughness,
    Series,
    Table,
    Work,
)
from iondrift_kernels.spline_responses import curve, mix, move, respond, square

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@kernel
def _scales(penalties: FloatArray, s: float, first: FloatArray, second: FloatArray) -> None:
    """Fill first (2, 3) and second (2, 3, 3) derivatives of alpha and gamma by the three log-penalties."""
    slow, both = penalties[0] * s, penalties[2] * s
    second[:] = 0.0
    first[0, 0], first[0, 1], first[0, 2] = slow, 0.0, 0.0
    first[1, 0], first[1, 1], first[1, 2] = both, penalties[1], both
    second[0, 0, 0] = slow
    second[1, 0, 0] = second[1, 0, 2] = second[1, 2, 0] = second[1, 2, 2] = both
    second[1, 1, 1] = penalties[1]


@kernel
def _form(x: FloatArray, y: FloatArray, i: int, j: int, gg: float, gp: float, hh: float) -> float:
    """Return the form (gg, gp, hh) of derivative i of (alpha, gamma) = x and derivative j of y."""
    form: float = x[0, i] * y[0, j] * gg + (x[0, i] * y[1, j] + x[1, i] * y[0, j]) * gp + x[1, i] * y[1, j] * hh
    return form


@kernel
def _determinant(
    functions: float, table: Table, scale: FloatArray, first: FloatArray, second: FloatArray,
    sign: float, gradient: FloatArray, hessian: FloatArray,
) -> tuple[float, float]:  # fmt: skip
    """Add the derivatives of sign ln|alpha G + gamma P|; return f' and f''."""
    _, slope, bend = look_up(table, math.log(scale[1]) - math.log(scale[0]))
    for i in range(3):
        la, lg = first[0, i] / scale[0], first[1, i] / scale[1]
        gradient[i] += sign * (functions * la + slope * (lg - la))
        for j in range(3):
            ka, kg = first[0, j] / scale[0], first[1, j] / scale[1]
            dda, ddg = second[0, i, j] / scale[0] - la * ka, second[1, i, j] / scale[1] - lg * kg
            hessian[i, j] += sign * (functions * dda + slope * (ddg - dda) + bend * (lg - la) * (kg - ka))
    return slope, bend


@kernel
def _trace(
    functions: float, scale: FloatArray, first: FloatArray, speeds: tuple[float, float],
    curves: tuple[float, float], sign: float, out: FloatArray,
) -> None:  # fmt: skip
    """Add to t, t' and d t (5,) of a mode those of sign ln|alpha G + gamma P|; ``speeds``: d alpha, d gamma / ds."""
    slope, bend = curves
    x, y = speeds[0] / scale[0], speeds[1] / scale[1]
    e = y - x
    out[0] += sign * (functions * x + slope * e)
    out[1] += sign * (-functions * x * x + bend * e * e + slope * (x * x - y * y))
    for i in range(3):
        la, lg = first[0, i] / scale[0], first[1, i] / scale[1]
        dx = (x if i == 0 else 0.0) - x * la
        dy = (0.0 if i == 1 else y) - y * lg
        out[2 + i] += sign * (functions * dx + bend * (lg - la) * e + slope * (dy - dx))


@kernel
def _arrow_terms(
    penalties: FloatArray, first: FloatArray, second: FloatArray, sums: FloatArray,
    gradient: FloatArray, hessian: FloatArray, out: FloatArray,
) -> None:  # fmt: skip
    """Add the derivatives of ln pivot of a mode, and its part of t, t' and d t; ``sums`` (SUMS,)."""
    pivot, ig, ih = sums[PIVOT], sums[IG], sums[IH]
    igg, igp, ihh = sums[IGG], sums[IGP], sums[IHH]
    speed = np.empty((2, 1))  # X by alpha and gamma
    speed[0, 0], speed[1, 0] = penalties[0], penalties[2]
    tilt = (speed[0, 0] * ig + speed[1, 0] * ih) / pivot
    out[0] += tilt
    out[1] -= 2.0 * _form(speed, speed, 0, 0, igg, igp, ihh) / pivot + tilt * tilt
    for i in range(3):
        rate = (first[0, i] * ig + first[1, i] * ih) / pivot
        gradient[i] += rate
        own = 0.0  # X by the log-penalty
        if i == 0:
            own = tilt
        elif i == 2:
            own = penalties[2] * ih / pivot
        out[2 + i] += own - 2.0 * _form(first, speed, i, 0, igg, igp, ihh) / pivot - tilt * rate
        for j in range(3):
            other = (first[0, j] * ig + first[1, j] * ih) / pivot
            hessian[i, j] += (
                second[0, i, j] * ig + second[1, i, j] * ih - 2.0 * _form(first, first, i, j, igg, igp, ihh)
            ) / pivot - rate * other


@kernel
def _penalty_terms(
    series: Series, modes: Modes, penalties: FloatArray, work: Work, gradients: FloatArray, hessians: FloatArray
) -> None:
    """Add the derivatives by the three log-penalties of the sum of squares [0] and the determinants [1]."""
    functions = float(series.arrow.size)
    first, second, sums = np.empty((2, 3)), np.empty((2, 3, 3)), np.empty(SUMS)
    scale = np.empty(2)
    for m in range(modes.rotation.shape[0]):
        s = modes.spatial[m]
        for i in range(SUMS):
            sums[i] = work.sums[i, m]
        scale[0], scale[1] = work.scale[m // LANES, m % LANES], work.scale[m // LANES, LANES + m % LANES]
        _scales(penalties, s, first, second)
        for i in range(3):
            gradients[0, i] += first[0, i] * sums[G] + first[1, i] * sums[H]
            for j in range(3):
                hessians[0, i, j] += (
                    second[0, i, j] * sums[G] + second[1, i, j] * sums[H]
                    - 2.0 * _form(first, first, i, j, sums[GG], sums[GP], sums[HH])
                )  # fmt: skip
        trace = np.zeros(5)
        curves = _determinant(functions, series.table, scale, first, second, 1.0, gradients[1], hessians[1])
        _trace(functions, scale, first, (penalties[0], penalties[2]), curves, 1.0, trace)
        if series.kappa > 0.0:
            _arrow_terms(penalties, first, second, sums, gradients[1], hessians[1], trace)
        slow = penalties[0] * s
        if slow > 0.0:
            scale[0] = slow  # alpha without its 1; the derivatives are the same
            curves = _determinant(functions, series.table, scale, first, second, -1.0, gradients[1], hessians[1])
            _trace(functions, scale, first, (penalties[0], penalties[2]), curves, -1.0, trace)
        for i in range(5):
            work.traces[i, m] = trace[i]


@kernel
def _planes(work: Work, rough: FloatArray, square: FloatArray, out: FloatArray) -> None:
    """``out`` (Q,) = diagonal of rough square rough'."""
    multiply(rough, square, work.plane)
    for r in range(rough.shape[0]):
        total = 0.0
        for m in range(rough.shape[1]):
            total += work.plane[r, m] * rough[r, m]
        out[r] = total


@kernel
def _adaptive_terms(
    modes: Modes, roughness: Roughness, penalties: FloatArray, work: Work, gradients: FloatArray, hessians: FloatArray
) -> None:
    """Add the derivatives that contain an adaptivity, as :func:`_penalty_terms`, its gradients at hand."""
    rough, weights = modes.rough, roughness.weights
    size, count = modes.rotation.shape[0], rough.shape[0]
    each = np.zeros((3, count))  # of the intervals: (k v'X v k'), (k v'P v k'), (k t k')
    _planes(work, rough, work.squares[0], each[0])
    _planes(work, rough, work.squares[1], each[1])
    for r in range(count):
        for m in range(size):
            each[2, r] += rough[r, m] * rough[r, m] * work.traces[0, m]
    pair = 0
    for a in range(3):
        for r in range(count):
            gradients[0, 3 + a] += weights[1 + a, r] * each[0, r]
            gradients[1, 3 + a] += weights[1 + a, r] * each[2, r]
            hessians[0, 2, 3 + a] += weights[1 + a, r] * penalties[2] * each[1, r]
        hessians[0, 0, 3 + a] += gradients[0, 3 + a]
        for i in range(3):
            for m in range(size):
                hessians[1, i, 3 + a] += work.turned[a, m, m] * work.traces[2 + i, m]
        for b in range(a, 3):
            for r in range(count):
                hessians[0, 3 + a, 3 + b] += weights[4 + pair, r] * each[0, r]
                hessians[1, 3 + a, 3 + b] += weights[4 + pair, r] * each[2, r]
            for m in range(size):
                hessians[0, 3 + a, 3 + b] -= 2.0 * work.crossed[9 + pair, m]
            hessians[1, 3 + a, 3 + b] += _divided(modes, work, work.turned[a], work.turned[b])
            pair += 1
    first, second = np.empty((2, 3)), np.empty((2, 3, 3))
    for m in range(size):
        alpha, gamma = work.scale[m // LANES, m % LANES], work.scale[m // LANES, LANES + m % LANES]
        _scales(penalties, modes.spatial[m], first, second)
        for a in range(3):
            stiff = work.crossed[6 + a, m]
            level = (work.crossed[a, m] - gamma * stiff) / alpha
            if work.sums[PIVOT, m] > 0.0:
                share = work.crossed[3 + a, m] / work.sums[PIVOT, m]
                stiff += work.sums[VP, m] * share
                level += work.sums[VG, m] * share
            for i in range(3):
                hessians[0, i, 3 + a] -= 2.0 * (first[0, i] * level + first[1, i] * stiff)


@kernel
def _divided(modes: Modes, work: Work, one: FloatArray, other: FloatArray) -> float:
    """Return the sum over m, n of D_a D_b (t_m - t_n) / (s_m - s_n), t' where the two hardly differ."""
    s, t = modes.spatial, work.traces
    total = 0.0
    for m in range(NULL, modes.rotation.shape[0]):
        total += one[m, m] * other[m, m] * t[1, m]
        for n in range(m):
            if abs(s[m] - s[n]) > 1e-5 * (s[m] + s[n]):
                share = (t[0, m] - t[0, n]) / (s[m] - s[n])
            else:
                share = (t[1, m] + t[1, n]) / 2.0
            total += 2.0 * one[m, n] * other[m, n] * share
    return total


@kernel
def derivatives(
    series: Series, modes: Modes, roughness: Roughness, penalties: FloatArray, rest: float, work: Work,
    gradient: FloatArray, hessian: FloatArray,
) -> None:  # fmt: skip
    """Fill gradient (n,) and Hessian (n, n) of V where :func:`value` was called last; n = 3 (w = 1) or 6.

    By ln lambda_x, ln lambda_t, ln(lambda_xt / lambda_x), plating, counter and ln length.
    """
    blocks, adaptive = modes.right.shape[0], gradient.size > 3
    for block in range(blocks):
        respond(series, work, block)
        if adaptive:
            mix(series, modes, penalties, work, block)
        curve(series, work, block)
    gradients, hessians = np.zeros((2, 6)), np.zeros((2, 6, 6))
    _penalty_terms(series, modes, penalties, work, gradients, hessians)
    gradients[1, 1] -= series.flat
    if adaptive:
        for a in range(3):
            cross_rows(modes.rough, roughness.weights[1 + a], work.turned[a])
        for block in range(blocks):
            move(series, work, block)
            square(work.coefficients[block], work.mixed, block, work.squares[0])
            square(work.coefficients[block], work.product, block, work.squares[1])
        for kind in range(2):
            for m in range(modes.spatial.size):
                for n in range(m):
                    work.squares[kind, m, n] = work.squares[kind, n, m]
        _adaptive_terms(modes, roughness, penalties, work, gradients, hessians)
    share = series.free / rest
    for i in range(gradient.size):
        gradient[i] = share * gradients[0, i] + gradients[1, i]
        for j in range(i, gradient.size):
            hessian[i, j] = hessian[j, i] = (
                share * (hessians[0, i, j] - gradients[0, i] * gradients[0, j] / rest) + hessians[1, i, j]
            )


@kernel
def roughness(modes: Modes, work: Work) -> float:
    """Return what penalties add to the penalised sum of squares where :func:`derivatives` was called last."""
    total = 0.0
    for m in range(modes.rotation.shape[0]):
        alpha, gamma = work.scale[m // LANES, m % LANES], work.scale[m // LANES, LANES + m % LANES]
        total += (alpha - 1.0) * work.sums[G, m] + gamma * work.sums[H, m]
    return total
