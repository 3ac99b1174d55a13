"""Linear Kramers-Kronig test of many spectra: RC elements are added until they overfit.

Schoenleber, Klotz and Ivers-Tiffee, Electrochim. Acta 131 (2014) 20-27; one-part fits after Boukamp,
J. Electrochem. Soc. 142 (1995) 1885-1894. Least squares by Householder QR: normal equations square a condition
number that is already large where mu falls through its limit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import inlined_kernel, kernel
from iondrift_kernels.job_queue import share, take

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

BoolArray = npt.NDArray[np.bool_]

COMPLEX, REAL, IMAGINARY = 0, 1, 2
_NEGLIGIBLE = 1e-14  # a column this small beside its original length adds nothing: its coefficient is zero


class Spectra(NamedTuple):
    """What is tested."""

    omega: FloatArray  # (frequency,) rad/s
    real: FloatArray  # (spectra, frequency) ohm: Re Z
    imaginary: FloatArray  # (spectra, frequency) ohm: Im Z
    used: BoolArray  # (spectra, frequency): False leaves a point out


class Rules(NamedTuple):
    """Which circuits are tried, and when it is enough."""

    part: int  # COMPLEX, REAL or IMAGINARY: what is fitted
    inductive: bool  # a series inductance
    capacitive: bool  # a series capacitance
    fewest: int  # RC elements to begin with
    largest: int  # most elements that mu may choose
    furthest: int  # most elements beyond its choice
    mu_limit: float  # mu below which elements are no longer added
    accepted: float  # elements are added beyond mu's choice while the worst residual is above


class Tests(NamedTuple):
    """What is found: the fit where mu stopped, and the last one, which is judged."""

    fit: FloatArray  # (spectra, 2, frequency) ohm: real and imaginary part where mu stopped
    elements: IntArray  # (spectra,): M there
    mu: FloatArray  # (spectra,): mu there
    judged: FloatArray  # (spectra, 2, frequency) ohm: of the last fit
    judged_elements: IntArray  # (spectra,)
    noise: FloatArray  # (spectra,): rms residual over |Z| of the last fit, parameters counted off
    worst: FloatArray  # (spectra,): its worst residual over |Z|


class Points(NamedTuple):
    """The points of one spectrum that count, weighted by 1 / |Z|."""

    omega: FloatArray  # (points,) rad/s
    weight: FloatArray  # (points,): 1 / |Z|
    impedance: FloatArray  # (2, points): Re Z / |Z| and Im Z / |Z|


class Circuit(NamedTuple):
    """R, some RC elements and, where asked for, C and L, in this order."""

    tau: FloatArray  # (width,) s: of the RC elements
    elements: FloatArray  # (width,) ohm: R, R_k, C and L, the last two as what they contribute at most
    highest: float  # rad/s: where L contributes most
    lowest: float  # rad/s: where C does


class Columns(NamedTuple):
    """What the elements are fitted by, a row for each; and scratch of :func:`least_squares`."""

    parts: FloatArray  # (2, width, points): real and imaginary part of each weighted column
    chosen: FloatArray  # (width + 1, 2 points): those that are fitted, and the data; destroyed
    work: FloatArray  # (2, width)


@kernel
def _reflect(columns: FloatArray, j: int, first: int, last: int, m: int, square: float) -> None:
    """Apply reflector j, v'v / 2 = ``square``, to ``first`` to ``last`` of ``columns`` (width + 1, at least m).

    Four at a time: their sums do not wait for each other.
    """
    k = first
    while k + 4 <= last:
        a = b = c = d = 0.0
        for i in range(j, m):
            v = columns[j, i]
            a += v * columns[k, i]
            b += v * columns[k + 1, i]
            c += v * columns[k + 2, i]
            d += v * columns[k + 3, i]
        a, b, c, d = a / square, b / square, c / square, d / square
        for i in range(j, m):
            v = columns[j, i]
            columns[k, i] -= a * v
            columns[k + 1, i] -= b * v
            columns[k + 2, i] -= c * v
            columns[k + 3, i] -= d * v
        k += 4
    while k < last:
        a = 0.0
        for i in range(j, m):
            a += columns[j, i] * columns[k, i]
        a /= square
        for i in range(j, m):
            columns[k, i] -= a * columns[j, i]
        k += 1


@kernel
def least_squares(columns: FloatArray, count: int, m: int, work: FloatArray, out: FloatArray) -> None:
    """Solve min ||C'y - data||; destroys both. Columns lie in rows, so that reflections run along memory.

    Parameters
    ----------
    columns
        (at least ``count`` + 1, at least ``m``) every row one column of the matrix, row ``count`` the data.
    work
        (2, count) scratch.
    out
        (count) y.
    """
    for j in range(count):
        # Scaled to unit length first: columns of very different size meet here.
        length = 0.0
        for i in range(m):
            length += columns[j, i] * columns[j, i]
        length = np.sqrt(length)
        work[1, j] = length
        if length > 0.0:
            inverse = 1.0 / length
            for i in range(m):
                columns[j, i] *= inverse
    for j in range(count):
        norm = 0.0
        for i in range(j, m):
            norm += columns[j, i] * columns[j, i]
        norm = np.sqrt(norm)
        if norm <= _NEGLIGIBLE or j >= m:
            work[0, j] = 0.0
            continue
        if columns[j, j] > 0.0:
            norm = -norm
        # Reflector v = column - norm e_j, kept in place; work[0] is the diagonal of R.
        work[0, j] = norm
        columns[j, j] -= norm
        _reflect(columns, j, j + 1, count + 1, m, -norm * columns[j, j])  # v'v / 2
    for j in range(count - 1, -1, -1):
        if work[0, j] == 0.0:
            out[j] = 0.0
            continue
        value = columns[count, j]
        for k in range(j + 1, count):
            value -= columns[k, j] * out[k]
        out[j] = value / work[0, j]
    for j in range(count):
        if work[1, j] > 0.0:
            out[j] /= work[1, j]


@kernel
def overfitting(elements: FloatArray, first: int, count: int) -> float:
    """Return mu = 1 - sum of negative over sum of positive resistances."""
    negative = 0.0
    positive = 0.0
    for k in range(first, first + count):
        if elements[k] < 0.0:
            negative -= elements[k]
        else:
            positive += elements[k]
    return 1.0 - negative / positive


@kernel
def _keep(spectra: Spectra, s: int) -> Points:
    """Return the points of spectrum ``s`` that count."""
    used = spectra.used[s]
    points = 0
    for i in range(used.size):
        if used[i]:
            points += 1
    omega, weight, impedance = np.empty(points), np.empty(points), np.empty((2, points))
    k = 0
    for i in range(used.size):
        if used[i]:
            omega[k] = spectra.omega[i]
            weight[k] = 1.0 / np.hypot(spectra.real[s, i], spectra.imaginary[s, i])
            impedance[0, k] = spectra.real[s, i] * weight[k]
            impedance[1, k] = spectra.imaginary[s, i] * weight[k]
            k += 1
    return Points(omega, weight, impedance)


@kernel
def _fill(points: Points, rules: Rules, circuit: Circuit, count: int, columns: Columns) -> int:
    """Place ``count`` RC elements and write the weighted columns R, RC ..., C, L; return how many."""
    omega, weight = points.omega, points.weight
    tau, highest, lowest = circuit.tau, circuit.highest, circuit.lowest
    real, imaginary = columns.parts[0], columns.parts[1]
    for k in range(count):
        # One element alone sits at the low-frequency end, as in the published program.
        place = k / (count - 1) if count > 1 else 1.0
        tau[k] = np.exp((1.0 - place) * np.log(1.0 / highest) + place * np.log(1.0 / lowest))
    total = 1 + count
    for i in range(omega.size):
        real[0, i] = weight[i]
        imaginary[0, i] = 0.0
    for k in range(count):
        for i in range(omega.size):
            phase = omega[i] * tau[k]
            value = weight[i] / (1.0 + phase * phase)
            real[1 + k, i] = value
            imaginary[1 + k, i] = -phase * value
    if rules.capacitive:
        for i in range(omega.size):
            real[total, i] = 0.0
            imaginary[total, i] = -lowest / omega[i] * weight[i]
        total += 1
    if rules.inductive:
        for i in range(omega.size):
            real[total, i] = 0.0
            imaginary[total, i] = omega[i] / highest * weight[i]
        total += 1
    return total


@kernel
def _fit_both(points: Points, total: int, columns: Columns, elements: FloatArray) -> None:
    """Fit ``total`` elements (width) to real and imaginary part together."""
    real, imaginary, chosen = columns.parts[0], columns.parts[1], columns.chosen
    m = points.omega.size
    for k in range(total):
        for i in range(m):
            chosen[k, i] = real[k, i]
            chosen[k, m + i] = imaginary[k, i]
    for i in range(m):
        chosen[total, i] = points.impedance[0, i]
        chosen[total, m + i] = points.impedance[1, i]
    least_squares(chosen, total, 2 * m, columns.work, elements)


@kernel
def _fit_real(points: Points, count: int, total: int, columns: Columns, elements: FloatArray) -> None:
    """Fit R and ``count`` RC to the real part, then what only the imaginary part sees to what is left of that."""
    real, imaginary, chosen = columns.parts[0], columns.parts[1], columns.chosen
    m = points.omega.size
    for k in range(1 + count):
        for i in range(m):
            chosen[k, i] = real[k, i]
    for i in range(m):
        chosen[1 + count, i] = points.impedance[0, i]
    least_squares(chosen, 1 + count, m, columns.work, elements)
    rest = total - 1 - count
    for k in range(rest):
        for i in range(m):
            chosen[k, i] = imaginary[1 + count + k, i]
    for i in range(m):
        chosen[rest, i] = points.impedance[1, i]
        for k in range(1 + count):
            chosen[rest, i] -= elements[k] * imaginary[k, i]
    least_squares(chosen, rest, m, columns.work, elements[1 + count :])


@kernel
def _fit_imaginary(points: Points, count: int, total: int, columns: Columns, elements: FloatArray) -> None:
    """Fit all but R to the imaginary part, then R to the real part, weighted by 1 / |Z|^2 (Boukamp, eq. 7)."""
    real, imaginary, chosen = columns.parts[0], columns.parts[1], columns.chosen
    m = points.omega.size
    for k in range(1, total):
        for i in range(m):
            chosen[k - 1, i] = imaginary[k, i]
    for i in range(m):
        chosen[total - 1, i] = points.impedance[1, i]
    least_squares(chosen, total - 1, m, columns.work, elements[1:])
    above = 0.0
    below = 0.0
    for i in range(m):
        value = points.impedance[0, i]
        for k in range(1, 1 + count):
            value -= elements[k] * real[k, i]
        above += value * real[0, i]
        below += real[0, i] * real[0, i]
    elements[0] = above / below


# Inlined: a call counts the references of every array in its records, and there is one a number of elements.
@inlined_kernel
def _fit(points: Points, rules: Rules, circuit: Circuit, count: int, columns: Columns) -> None:
    """Fit the circuit with ``count`` RC elements to the part asked for."""
    total = _fill(points, rules, circuit, count, columns)
    if rules.part == COMPLEX:
        _fit_both(points, total, columns, circuit.elements)
    elif rules.part == REAL:
        _fit_real(points, count, total, columns, circuit.elements)
    else:
        _fit_imaginary(points, count, total, columns, circuit.elements)


@kernel
def _evaluate(
    spectra: Spectra, s: int, rules: Rules, circuit: Circuit, count: int, out: FloatArray
) -> tuple[float, float]:
    """Write the impedance (2, frequency) of a circuit of ``count`` RC; return rms residual and worst, over |Z|.

    Of the points of spectrum ``s`` that count; the rms has the parameters counted off.
    """
    omega, used = spectra.omega, spectra.used[s]
    tau, elements = circuit.tau, circuit.elements
    squares = 0.0
    worst = 0.0
    points = 0
    for i in range(omega.size):
        re = elements[0]
        im = 0.0
        for k in range(count):
            phase = omega[i] * tau[k]
            value = elements[1 + k] / (1.0 + phase * phase)
            re += value
            im -= phase * value
        column = 1 + count
        if rules.capacitive:
            im -= elements[column] * circuit.lowest / omega[i]
            column += 1
        if rules.inductive:
            im += elements[column] * omega[i] / circuit.highest
            column += 1
        out[0, i] = re
        out[1, i] = im
        if used[i]:
            size = np.hypot(spectra.real[s, i], spectra.imaginary[s, i])
            left = abs(spectra.real[s, i] - re) / size
            right = abs(spectra.imaginary[s, i] - im) / size
            squares += left * left + right * right
            worst = max(worst, left, right)
            points += 1
    total = 1 + count + (1 if rules.capacitive else 0) + (1 if rules.inductive else 0)
    return np.sqrt(squares / max(2 * points - total, 1)), worst


@kernel
def _test_one(spectra: Spectra, s: int, rules: Rules, tests: Tests) -> None:
    """Test spectrum ``s``."""
    points = _keep(spectra, s)
    m, width = points.omega.size, max(rules.largest, rules.furthest) + 3
    circuit = Circuit(np.empty(width), np.zeros(width), points.omega.max(), points.omega.min())
    columns = Columns(np.empty((2, width, m)), np.empty((width + 1, 2 * m)), np.empty((2, width)))
    fit, judged = tests.fit[s], tests.judged[s]
    count = rules.fewest
    _fit(points, rules, circuit, count, columns)
    mu = overfitting(circuit.elements, 1, count)
    while count < rules.largest and mu > rules.mu_limit:
        count += 1
        _fit(points, rules, circuit, count, columns)
        mu = overfitting(circuit.elements, 1, count)
    noise, worst = _evaluate(spectra, s, rules, circuit, count, fit)
    tests.elements[s], tests.mu[s] = count, mu
    for i in range(fit.shape[1]):
        judged[0, i] = fit[0, i]
        judged[1, i] = fit[1, i]
    while worst > rules.accepted and count < rules.furthest:
        count += 1
        _fit(points, rules, circuit, count, columns)
        noise, worst = _evaluate(spectra, s, rules, circuit, count, judged)
    tests.judged_elements[s], tests.noise[s], tests.worst[s] = count, noise, worst


@kernel
def _work(queue: IntArray, spectra: Spectra, rules: Rules, tests: Tests) -> None:
    """Test spectra until none is left: one thread's share of :func:`test`."""
    s = take(queue)
    while s < spectra.used.shape[0]:
        _test_one(spectra, s, rules, tests)
        s = take(queue)


def test(workers: int, spectra: Spectra, rules: Rules, tests: Tests) -> None:
    """Test every spectrum; ``workers`` threads take them from one queue."""
    share(workers, _work, spectra, rules, tests)
