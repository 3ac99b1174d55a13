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
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LANES = 16  # modes a block: long enough that the latency of one step along time hides behind the others' work
EDGE = 3  # rows of zeros at either end of a block
NULL = 3  # spatial functions without a penalty: 1, x, x^2
DEGREE = 7  # of the table's polynomials
ROW = 4 * LANES  # numbers of a row of a factor

# Sums over time of a mode: explained b'A^-1 b; of the coefficients v = b - rho i: v'Gv, v'Pv and v'G~G, v'G~P, v'P~P
# with ~ = (A~)^-1 the inverse with the arrow; of the influence i the same with ~ = A^-1; v'P i and v'G i.
(EXPLAINED, RHO, PIVOT, ARROW_RIGHT, ARROW, G, H, GG, GP, HH, IG, IH, IGG, IGP, IHH, VP, VG) = range(17)
SUMS = 17


class Table(NamedTuple):
    """``f(r) = ln|G + e^r P|``: at ``first + step i`` begins the polynomial ``pieces[i]`` (DEGREE + 1, lowest first).

    Beyond its ends f goes on as a straight line.
    """

    first: float
    step: float
    pieces: FloatArray


class Series(NamedTuple):
    """What no penalty changes.

    ``gram``, ``penalty`` (K + EDGE, 4): bands of G and P, zeros at their end; ``right`` (K, M): T'W y of the spatial
    functions of the orthonormal design; ``arrow`` (K,) = T'W l; ``held`` (M,) = y'W l; ``loaded`` = l'W l; ``kappa``,
    0 without a pattern; ``total``: weighted sum of squares; ``free``, ``flat``: N and the power of lambda_t; ``table``.
    """

    gram: FloatArray
    penalty: FloatArray
    right: FloatArray
    arrow: FloatArray
    held: FloatArray
    loaded: float
    kappa: float
    total: float
    free: float
    flat: float
    table: Table


class Roughness(NamedTuple):
    """The spatial penalty ``sum_r w_r k_r k_r'`` of one adaptivity.

    ``rows`` (Q, M): k_r, third derivative on an interval between knots. ``places``, ``shares`` (Q, 4): Gauss nodes on
    0..1 and weights; ``weights`` (10, Q): w_r, its three first and its six second derivatives.
    """

    rows: FloatArray
    places: FloatArray
    shares: FloatArray
    weights: FloatArray


class Modes(NamedTuple):
    """The spatial basis of one adaptivity, M filled up to whole blocks with zeros.

    ``spatial`` (M',): eigenvalues s; ``rotation`` (M, M'); ``rough`` (Q, M'): k_r of the modes; ``right``
    (blocks, (K + 2 EDGE) LANES): B; ``held`` (M',).
    """

    spatial: FloatArray
    rotation: FloatArray
    rough: FloatArray
    right: FloatArray
    held: FloatArray


class Work(NamedTuple):
    """Scratch, zeros at first.

    Shapes (blocks, (K + 2 EDGE) LANES): ``coefficients`` v, ``influence`` i, ``rough`` = P v and then L^-1 of it,
    ``bent`` the same of i; ``lower`` with 4 times as many columns: Cholesky factors, inverse diagonal; ``moved``
    (3, (K + 2 EDGE) LANES) = L^-1 U_a, U_a = X v D_a with X = lambda_x G + lambda_xt P. ``mixed``, ``product`` (K, M'):
    X v and P v, a row a time. ``scale`` (blocks, 2 LANES): alpha, gamma; ``sums`` (SUMS, M'); ``squares`` (2, M', M'):
    v'X v, v'P v of two modes; ``turned`` (3, M', M'): D_a; ``crossed`` (15, M'): v'U_a, i'U_a, (L^-1 P v)'L^-1 U_a and
    U_a'A^-1 U_b; ``traces`` (5, M'): t = d (ln|A| - ln|Q|) / ds, t', and t by the log-penalties; ``plane`` (Q, M').
    """

    lower: FloatArray
    coefficients: FloatArray
    influence: FloatArray
    rough: FloatArray
    bent: FloatArray
    moved: FloatArray
    mixed: FloatArray
    product: FloatArray
    scale: FloatArray
    sums: FloatArray
    squares: FloatArray
    turned: FloatArray
    crossed: FloatArray
    traces: FloatArray
    plane: FloatArray


@kernel
def multiply(left: FloatArray, right: FloatArray, out: FloatArray) -> None:
    """``out = left @ right``, every sum in the order of its index."""
    rows, inner = left.shape
    columns = right.shape[1]
    whole = inner - inner % 4
    for i in range(rows):
        line = out[i]
        line[:] = 0.0
        for j in range(0, whole, 4):
            a, b, c, d = left[i, j], left[i, j + 1], left[i, j + 2], left[i, j + 3]
            first, second, third, fourth = right[j], right[j + 1], right[j + 2], right[j + 3]
            for m in range(columns):
                line[m] = (((line[m] + a * first[m]) + b * second[m]) + c * third[m]) + d * fourth[m]
        for j in range(whole, inner):
            a = left[i, j]
            first = right[j]
            for m in range(columns):
                line[m] += a * first[m]


@kernel
def cross_rows(rows: FloatArray, weights: FloatArray, out: FloatArray) -> None:
    """``out = rows' diag(weights) rows`` (M, M) for rows (Q, M)."""
    count, size = rows.shape
    for i in range(size):
        out[i, i:] = 0.0
    for r in range(count):
        line = rows[r]
        for i in range(size):
            value = weights[r] * line[i]
            into = out[i]
            for j in range(i, size):
                into[j] += value * line[j]
    for i in range(size):
        for j in range(i):
            out[i, j] = out[j, i]


@kernel
def project_rows(start: IntArray, basis: FloatArray, weights: FloatArray, values: FloatArray, out: FloatArray) -> None:
    """``out = T' diag(weights) values`` (K, M) for values (T, M) and four functions from ``start`` at every time."""
    out[:] = 0.0
    for t in range(start.size):
        line = values[t]
        for d in range(4):
            into = out[start[t] + d]
            factor = weights[t] * basis[t, d]
            for m in range(line.size):
                into[m] += factor * line[m]


@kernel
def triangle(start: IntArray, rows: FloatArray, kind: IntArray, scale: FloatArray, out: FloatArray) -> None:
    """R of the QR decomposition of banded rows by Givens rotations, LANES scalings of the rows side by side.

    Row i (4 numbers from column ``start[i]``, ascending) is multiplied by ``scale[kind[i]]`` (kinds, LANES). ``out``
    ((K + EDGE) 4 LANES), zeros at first: R[k, k + d] of a lane at (k, d, lane).
    """
    width = scale.shape[1] & -LANES
    for i in range(start.size):
        first, second, third, fourth = rows[i, 0], rows[i, 1], rows[i, 2], rows[i, 3]
        factor = scale[kind[i]]
        w = out[start[i] * ROW : (start[i] + 4) * ROW]
        for m in range(width):
            a, b, c, d = first * factor[m], second * factor[m], third * factor[m], fourth * factor[m]
            h = math.sqrt(w[m] * w[m] + a * a)
            cosine = w[m] / h if h > 0.0 else 1.0
            sine = a / h if h > 0.0 else 0.0
            w[m] = h
            old = w[LANES + m]
            w[LANES + m] = cosine * old + sine * b
            b = cosine * b - sine * old
            old = w[2 * LANES + m]
            w[2 * LANES + m] = cosine * old + sine * c
            c = cosine * c - sine * old
            old = w[3 * LANES + m]
            w[3 * LANES + m] = cosine * old + sine * d
            d = cosine * d - sine * old

            h = math.sqrt(w[ROW + m] * w[ROW + m] + b * b)
            cosine = w[ROW + m] / h if h > 0.0 else 1.0
            sine = b / h if h > 0.0 else 0.0
            w[ROW + m] = h
            old = w[ROW + LANES + m]
            w[ROW + LANES + m] = cosine * old + sine * c
            c = cosine * c - sine * old
            old = w[ROW + 2 * LANES + m]
            w[ROW + 2 * LANES + m] = cosine * old + sine * d
            d = cosine * d - sine * old

            h = math.sqrt(w[2 * ROW + m] * w[2 * ROW + m] + c * c)
            cosine = w[2 * ROW + m] / h if h > 0.0 else 1.0
            sine = c / h if h > 0.0 else 0.0
            w[2 * ROW + m] = h
            old = w[2 * ROW + LANES + m]
            w[2 * ROW + LANES + m] = cosine * old + sine * d
            d = cosine * d - sine * old
            w[3 * ROW + m] = math.sqrt(w[3 * ROW + m] * w[3 * ROW + m] + d * d)


@kernel
def log_determinants(
    start: IntArray, rows: FloatArray, kind: IntArray, scale: FloatArray, roots: FloatArray, out: FloatArray
) -> None:
    """``out`` (blocks, LANES) = ln|rows' rows| for scalings (blocks, kinds, LANES); ``roots`` is scratch of a block."""
    size = roots.size // ROW - EDGE
    for block in range(scale.shape[0]):
        roots[:] = 0.0
        triangle(start, rows, kind, scale[block], roots)
        for m in range(LANES):
            total = 0.0
            for k in range(size):
                total += math.log(roots[k * ROW + m])
            out[block, m] = 2.0 * total


@kernel
def look_up(table: Table, r: float) -> tuple[float, float, float]:
    """Return f, f' and f'' at r."""
    pieces = table.pieces
    last = pieces.shape[0]
    place = (r - table.first) / table.step
    i = min(max(math.floor(min(max(place, -1.0), last + 1.0)), 0), last - 1)
    length = r - (table.first + table.step * i)
    beyond = 0.0
    if length < 0.0:
        beyond, length = length, 0.0
    elif length > table.step:
        beyond, length = length - table.step, table.step
    value, slope, bend = 0.0, 0.0, 0.0
    for p in range(DEGREE, -1, -1):
        bend = bend * length + 2.0 * slope
        slope = slope * length + value
        value = value * length + pieces[i, p]
    if beyond != 0.0:
        value += slope * beyond
        bend = 0.0
    return value, slope, bend


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
        _times(series.right, rotation, block, modes.right[block])


@kernel
def _times(left: FloatArray, right: FloatArray, block: int, out: FloatArray) -> None:
    """``out`` ((K + 2 EDGE) LANES) = left (K, J) @ the block's columns of right (J, M')."""
    count = right.shape[0]
    whole = count - count % 4
    width = out.size // (left.shape[0] + 2 * EDGE) & -LANES
    low, high = block * LANES, (block + 1) * LANES
    for k in range(left.shape[0]):
        line = out[(k + EDGE) * LANES : (k + EDGE + 1) * LANES]
        line[:] = 0.0
        for j in range(0, whole, 4):
            a, b, c, d = left[k, j], left[k, j + 1], left[k, j + 2], left[k, j + 3]
            first, second = right[j, low:high], right[j + 1, low:high]
            third, fourth = right[j + 2, low:high], right[j + 3, low:high]
            for m in range(width):
                line[m] = (((line[m] + a * first[m]) + b * second[m]) + c * third[m]) + d * fourth[m]
        for j in range(whole, count):
            a = left[k, j]
            first = right[j, low:high]
            for m in range(width):
                line[m] += a * first[m]


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
def _backward(lower: FloatArray, out: FloatArray) -> None:
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
def _inner(one: FloatArray, other: FloatArray, out: FloatArray) -> None:
    """``out`` (LANES) = sums over time of the products of a block's columns."""
    width = out.size & -LANES
    out[:] = 0.0
    for k in range(EDGE, one.size // LANES - EDGE):
        left, right = one[k * LANES : (k + 1) * LANES], other[k * LANES : (k + 1) * LANES]
        for m in range(width):
            out[m] += left[m] * right[m]


@kernel
def _stiffen(penalty: FloatArray, values: FloatArray, out: FloatArray) -> None:
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
    _inner(half, half, sums[EXPLAINED])
    if series.kappa > 0.0:
        answer = work.influence[block]
        for k in range(series.arrow.size):
            answer[(k + EDGE) * LANES : (k + EDGE + 1) * LANES] = series.arrow[k]
        answer[(series.arrow.size + EDGE) * LANES :] = 0.0
        solve_lower(lower, answer)
        _inner(half, answer, sums[ARROW_RIGHT])
        _inner(answer, answer, sums[ARROW])
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


@kernel
def _respond(series: Series, work: Work, block: int) -> None:
    """After :func:`value`: coefficients, influence and the quadratic forms of a block."""
    lower, answer = work.lower[block], work.influence[block]
    coefficients, rough = work.coefficients[block], work.rough[block]
    scale, sums = work.scale[block], work.sums[:, block * LANES : (block + 1) * LANES]
    pattern = series.kappa > 0.0
    if pattern:
        for k in range(coefficients.size // LANES):
            for m in range(LANES):
                coefficients[k * LANES + m] -= sums[RHO, m] * answer[k * LANES + m]
        _inner(coefficients, coefficients, sums[G])  # v'A v
        _backward(lower, answer)
    else:
        for m in range(LANES):
            sums[G, m] = sums[EXPLAINED, m]
    _backward(lower, coefficients)
    _stiffen(series.penalty, coefficients, rough)
    _inner(coefficients, rough, sums[H])
    if pattern:
        _inner(answer, rough, sums[VP])
        bent = work.bent[block]
        _stiffen(series.penalty, answer, bent)
        _inner(answer, bent, sums[IH])
        solve_lower(lower, bent)
        _inner(bent, bent, sums[IHH])
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
def _mix(series: Series, modes: Modes, penalties: FloatArray, work: Work, block: int) -> None:
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
def _square(values: FloatArray, products: FloatArray, block: int, out: FloatArray) -> None:
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
def _curve(series: Series, work: Work, block: int) -> None:
    """Leave L^-1 P v in ``rough`` and fill the second-order forms of a block."""
    rough, sums = work.rough[block], work.sums[:, block * LANES : (block + 1) * LANES]
    solve_lower(work.lower[block], rough)
    _inner(rough, rough, sums[HH])
    for m in range(LANES):
        alpha, gamma = work.scale[block, m], work.scale[block, LANES + m]
        sums[GP, m] = (sums[H, m] - gamma * sums[HH, m]) / alpha
        sums[GG, m] = (sums[G, m] - gamma * sums[GP, m]) / alpha
        if series.kappa > 0.0:
            sums[GG, m] += sums[VG, m] * sums[VG, m] / sums[PIVOT, m]
            sums[GP, m] += sums[VG, m] * sums[VP, m] / sums[PIVOT, m]
            sums[HH, m] += sums[VP, m] * sums[VP, m] / sums[PIVOT, m]


@kernel
def _move(series: Series, work: Work, block: int) -> None:
    """Fill the block's columns of ``crossed``."""
    low, high = block * LANES, (block + 1) * LANES
    for a in range(3):
        moved = work.moved[a]
        _times(work.mixed, work.turned[a], block, moved)
        _inner(work.coefficients[block], moved, work.crossed[a, low:high])
        if series.kappa > 0.0:
            _inner(work.influence[block], moved, work.crossed[3 + a, low:high])
        solve_lower(work.lower[block], moved)
        _inner(work.rough[block], moved, work.crossed[6 + a, low:high])
    pair = 9
    for a in range(3):
        for b in range(a, 3):
            _inner(work.moved[a], work.moved[b], work.crossed[pair, low:high])
            if series.kappa > 0.0:
                for m in range(low, high):
                    work.crossed[pair, m] += work.crossed[3 + a, m] * work.crossed[3 + b, m] / work.sums[PIVOT, m]
            pair += 1


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
        _respond(series, work, block)
        if adaptive:
            _mix(series, modes, penalties, work, block)
        _curve(series, work, block)
    gradients, hessians = np.zeros((2, 6)), np.zeros((2, 6, 6))
    _penalty_terms(series, modes, penalties, work, gradients, hessians)
    gradients[1, 1] -= series.flat
    if adaptive:
        for a in range(3):
            cross_rows(modes.rough, roughness.weights[1 + a], work.turned[a])
        for block in range(blocks):
            _move(series, work, block)
            _square(work.coefficients[block], work.mixed, block, work.squares[0])
            _square(work.coefficients[block], work.product, block, work.squares[1])
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
