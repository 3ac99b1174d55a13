"""Linear Kramers-Kronig test of many spectra: RC elements are added until they overfit.

Schoenleber, Klotz and Ivers-Tiffee, Electrochim. Acta 131 (2014) 20-27; one-part fits after Boukamp,
J. Electrochem. Soc. 142 (1995) 1885-1894. Least squares by Householder QR: normal equations square a condition
number that is already large where mu falls through its limit.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel, parallel_kernel
from iondrift_kernels.job_queue import take

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

COMPLEX, REAL, IMAGINARY = 0, 1, 2
MU, NOISE, WORST = 0, 1, 2  # columns of the statistics
STOPPED, JUDGED = 0, 1  # columns of the numbers of elements
_NEGLIGIBLE = 1e-14  # a column this small beside its original length adds nothing: its coefficient is zero


class Spectra(NamedTuple):
    """Z (spectra, frequency), ohm, in parts; ``used`` False leaves a point out of the fit."""

    real: FloatArray
    imaginary: FloatArray
    used: npt.NDArray[np.bool_]


class Rule(NamedTuple):
    """What is fitted, and when it is enough.

    ``part``: COMPLEX, REAL or IMAGINARY; ``inductive``, ``capacitive``: series terms. Elements are added, ``fewest`` at
    first, until mu is below ``limit`` or they are ``largest``; then, while the worst residual is above ``accepted``, up
    to ``furthest``.
    """

    part: int
    inductive: bool
    capacitive: bool
    limit: float
    accepted: float
    fewest: int
    largest: int
    furthest: int


class Results(NamedTuple):
    """What the test leaves.

    ``fit`` and ``judged`` (spectra, 2, frequency): real and imaginary parts of the fit where mu stopped, and of the
    last one; ``statistics`` (spectra, 3): MU, and of the last fit NOISE, the rms residual over |Z| with the parameters
    counted off, and WORST, the worst residual; ``elements`` (spectra, 2): M where mu STOPPED, and of the fit JUDGED.
    """

    fit: FloatArray
    judged: FloatArray
    statistics: FloatArray
    elements: IntArray


class _Terms(NamedTuple):
    """Series terms, and the angular frequencies that scale them."""

    inductive: bool
    capacitive: bool
    highest: float
    lowest: float


@kernel
def _reflect(columns: FloatArray, j: int, first: int, last: int, m: int, square: float) -> None:
    """Apply reflector j to rows ``first`` to ``last``, four at a time: their sums do not wait for each other."""
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
def _fill(
    omega: FloatArray,
    inverse: FloatArray,
    tau: FloatArray,
    count: int,
    terms: _Terms,
    real: FloatArray,
    imaginary: FloatArray,
) -> int:
    """Write the weighted columns R, RC ..., C, L one a row; return how many.

    ``omega``, ``inverse`` 1 / |Z| (points,), ``tau`` (count or more,); ``real``, ``imaginary`` (total or more, points).
    """
    inductive, capacitive, highest, lowest = terms
    points = omega.size
    total = 1 + count
    for i in range(points):
        real[0, i] = inverse[i]
        imaginary[0, i] = 0.0
    for k in range(count):
        for i in range(points):
            phase = omega[i] * tau[k]
            value = inverse[i] / (1.0 + phase * phase)
            real[1 + k, i] = value
            imaginary[1 + k, i] = -phase * value
    if capacitive:
        for i in range(points):
            real[total, i] = 0.0
            imaginary[total, i] = -lowest / omega[i] * inverse[i]
        total += 1
    if inductive:
        for i in range(points):
            real[total, i] = 0.0
            imaginary[total, i] = omega[i] / highest * inverse[i]
        total += 1
    return total


@kernel
def _fit(
    real: FloatArray,
    imaginary: FloatArray,
    z_real: FloatArray,
    z_imaginary: FloatArray,
    count: int,
    total: int,
    part: int,
    columns: FloatArray,
    work: FloatArray,
    elements: FloatArray,
) -> None:
    """Fit one number of RC elements; data are weighted by 1 / |Z|.

    Columns and data as :func:`_fill` writes them; ``columns`` (total + 1 or more, 2 points), ``work`` (2, total or
    more) scratch; ``elements`` (total or more,) the result.
    """
    points = z_real.size
    if part == COMPLEX:
        for k in range(total):
            for i in range(points):
                columns[k, i] = real[k, i]
                columns[k, points + i] = imaginary[k, i]
        for i in range(points):
            columns[total, i] = z_real[i]
            columns[total, points + i] = z_imaginary[i]
        least_squares(columns, total, 2 * points, work, elements)
        return
    if part == REAL:
        for k in range(1 + count):
            for i in range(points):
                columns[k, i] = real[k, i]
        for i in range(points):
            columns[1 + count, i] = z_real[i]
        least_squares(columns, 1 + count, points, work, elements)
        # What only the imaginary part sees, from what is left of it.
        rest = total - 1 - count
        for k in range(rest):
            for i in range(points):
                columns[k, i] = imaginary[1 + count + k, i]
        for i in range(points):
            columns[rest, i] = z_imaginary[i]
            for k in range(1 + count):
                columns[rest, i] -= elements[k] * imaginary[k, i]
        least_squares(columns, rest, points, work, elements[1 + count :])
        return
    for k in range(1, total):
        for i in range(points):
            columns[k - 1, i] = imaginary[k, i]
    for i in range(points):
        columns[total - 1, i] = z_imaginary[i]
    least_squares(columns, total - 1, points, work, elements[1:])
    # The series resistance from the real part, weighted by 1 / |Z|^2 (Boukamp, eq. 7).
    above = 0.0
    below = 0.0
    for i in range(points):
        value = z_real[i]
        for k in range(1, 1 + count):
            value -= elements[k] * real[k, i]
        above += value * real[0, i]
        below += real[0, i] * real[0, i]
    elements[0] = above / below


@kernel
def _evaluate(
    omega: FloatArray, elements: FloatArray, tau: FloatArray, count: int, terms: _Terms, z_real: FloatArray,
    z_imaginary: FloatArray, used: npt.NDArray[np.bool_], fit: FloatArray, statistics: FloatArray,
) -> float:  # fmt: skip
    """Write the fit (2, frequency) and its residuals; return the worst of the points that count, all (frequency,)."""
    inductive, capacitive, highest, lowest = terms
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
        if capacitive:
            im -= elements[column] * lowest / omega[i]
            column += 1
        if inductive:
            im += elements[column] * omega[i] / highest
            column += 1
        fit[0, i] = re
        fit[1, i] = im
        if used[i]:
            size = np.hypot(z_real[i], z_imaginary[i])
            left = abs(z_real[i] - re) / size
            right = abs(z_imaginary[i] - im) / size
            squares += left * left + right * right
            worst = max(worst, left, right)
            points += 1
    total = 1 + count + (1 if capacitive else 0) + (1 if inductive else 0)
    statistics[NOISE] = np.sqrt(squares / max(2 * points - total, 1))
    statistics[WORST] = worst
    return worst


@kernel
def test_one(
    omega: FloatArray, z_real: FloatArray, z_imaginary: FloatArray, used: npt.NDArray[np.bool_], rule: Rule,
    fit: FloatArray, judged: FloatArray, statistics: FloatArray, out: IntArray,
) -> None:  # fmt: skip
    """Test one spectrum (frequency,); one row of :class:`Results` is filled."""
    part, inductive, capacitive, limit, accepted, fewest, largest, furthest = rule
    points = 0
    for i in range(omega.size):
        if used[i]:
            points += 1
    width = max(largest, furthest) + 3
    kept = np.empty(points)
    inverse = np.empty(points)
    left = np.empty(points)
    right = np.empty(points)
    k = 0
    for i in range(omega.size):
        if used[i]:
            kept[k] = omega[i]
            inverse[k] = 1.0 / np.hypot(z_real[i], z_imaginary[i])
            left[k] = z_real[i] * inverse[k]
            right[k] = z_imaginary[i] * inverse[k]
            k += 1
    highest = kept.max()
    lowest = kept.min()
    terms = _Terms(inductive, capacitive, highest, lowest)
    real = np.empty((width, points))
    imaginary = np.empty((width, points))
    columns = np.empty((width + 1, 2 * points))
    work = np.empty((2, width))
    elements = np.zeros(width)
    tau = np.empty(width)
    count = fewest - 1
    mu = np.inf
    worst = np.inf
    settled = False
    while not settled or (worst > accepted and count < furthest):
        count += 1
        for k in range(count):
            # One element alone sits at the low-frequency end, as in the published program.
            place = k / (count - 1) if count > 1 else 1.0
            tau[k] = np.exp((1.0 - place) * np.log(1.0 / highest) + place * np.log(1.0 / lowest))
        total = _fill(kept, inverse, tau, count, terms, real, imaginary)
        _fit(real, imaginary, left, right, count, total, part, columns, work, elements)
        if settled:
            worst = _evaluate(omega, elements, tau, count, terms, z_real, z_imaginary, used, judged, statistics)
            continue
        mu = overfitting(elements, 1, count)
        if not (count < largest and mu > limit):
            settled = True
            out[STOPPED] = count
            worst = _evaluate(omega, elements, tau, count, terms, z_real, z_imaginary, used, fit, statistics)
            for i in range(omega.size):
                judged[0, i] = fit[0, i]
                judged[1, i] = fit[1, i]
    statistics[MU] = mu
    out[JUDGED] = count


@kernel
def _work(queue: IntArray, omega: FloatArray, spectra: Spectra, rule: Rule, results: Results) -> None:
    """Test spectra until none is left: one thread's share of :func:`test`."""
    s = take(queue)
    while s < spectra.used.shape[0]:
        test_one(
            omega, spectra.real[s], spectra.imaginary[s], spectra.used[s], rule, results.fit[s], results.judged[s],
            results.statistics[s], results.elements[s],
        )  # fmt: skip
        s = take(queue)


@parallel_kernel
def test(workers: int, omega: FloatArray, spectra: Spectra, rule: Rule, results: Results) -> None:
    """Test every spectrum at ``omega`` (frequency,) rad/s; ``workers``: how many threads take them from one queue."""
    queue = np.zeros(1, np.int64)
    for _ in numba.prange(workers):
        _work(queue, omega, spectra, rule, results)
