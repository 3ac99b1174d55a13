"""Distribution of relaxation times with a smooth logarithm: gamma positive by construction, tails free to vanish.

    minimise ||W (A x - z)||^2 / sigma^2 + sum_k a_k (D f)_k^2 + eps ||f - f0||^2,   x = [terms, exp f]

D is a difference of first to third order. Each a_k is inferred with the spectrum (a Student prior on D f,
scale learnt: sharp where the data are sharp), and so is sigma: variational Bayes around the Laplace
approximation. The outer loop follows MacKay, Neural Comp. 4 (1992) 415-447, and Tipping, JMLR 1 (2001)
211-244; the inner one is Levenberg-Marquardt. At its end the problem is the quadratic programme

    minimise ||W (A x - z)||^2 / sigma^2 + (y - c)' P (y - c)   subject to x >= 0,   y = x / exp f, c = 1 - f + f0

whose solution is exp f: it is solved as such, and its KKT residual is the proof of the result.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel, parallel_kernel
from iondrift_kernels.dense import cholesky, cholesky_solve, cross_product, inverse_factor
from iondrift_kernels.drt_potential import curvature, penalty, potential
from iondrift_kernels.job_queue import take
from iondrift_kernels.nonnegative_active_set import active_set, kkt_residual

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PULL = 1e-4  # eps: what holds f where neither data nor differences do; one decade costs 2.6e-4
LONGEST_STEP = 3.0  # of any f in one move: a factor of 20
SMALLEST_NOISE = 1e-6  # of the weighted data: below it, rounding and the model's grid speak, not noise
OUTER_TOLERANCE = 0.03  # relative change of every a_k
MAX_OUTER = 40


NOISE, EFFECTIVE, ROUNDS, CHANGE = 0, 1, 2, 3  # columns of the statistics


class Inference(NamedTuple):
    """What is inferred, and of which model.

    The first ``terms`` columns of a design are series terms, the others time constants; ``coefficients`` of the
    difference: [-1, 1], [1, -2, 1] or [-1, 3, -3, 1]; ``freedom``: nu of the Student prior, inf for one common a;
    ``learn``, ``learn_noise``: infer a_k, infer sigma.
    """

    terms: int
    coefficients: FloatArray
    freedom: float
    learn: bool
    learn_noise: bool


class Spectra(NamedTuple):
    """Data z and weights W (spectra, m), weight zero leaves a point out; first sigma and f0 (spectra,)."""

    data: FloatArray
    weights: FloatArray
    noise: FloatArray
    centre: FloatArray


class Fits(NamedTuple):
    """Start and result of every spectrum.

    ``position`` (spectra, n) [terms, f] and ``precisions`` (spectra, n_tau - order) a_k: start and result;
    ``statistics`` (spectra, 4): NOISE sigma, EFFECTIVE number of parameters, outer ROUNDS, relative CHANGE at the end;
    ``residual`` (spectra,) of the KKT conditions; ``x`` (spectra, n).
    """

    position: FloatArray
    precisions: FloatArray
    statistics: FloatArray
    residual: FloatArray
    x: FloatArray


class _Potential(NamedTuple):
    """Weighted design (m, n) and data (m,), A'A and P (n, n), f0 and the number of series terms."""

    design: FloatArray
    data: FloatArray
    gram: FloatArray
    prior: FloatArray
    centre: float
    terms: int


@kernel
def _descend(
    of: _Potential,
    noise: float,
    moves: int,
    damping: float,
    position: FloatArray,
    work: FloatArray,
    matrix: FloatArray,
    factor: FloatArray,
    residual: FloatArray,
) -> float:
    """Levenberg-Marquardt of ``position`` (n,); return the damping it ended with.

    ``work`` (5, n), ``matrix``, ``factor`` (n, n) and ``residual`` (m,) are scratch; x ends in ``work[0]``.
    """
    design, data, gram, prior, centre, terms = of
    n = position.size
    x, slope, step, trial, other = work[0], work[1], work[2], work[3], work[4]
    energy = potential(design, data, prior, centre, terms, noise, position, x, residual, slope)
    for _ in range(moves):
        curvature(gram, prior, x, terms, noise, matrix)
        for j in range(terms):
            if position[j] <= 0.0 and slope[j] >= 0.0:  # a series term held at zero
                for k in range(n):
                    matrix[j, k] = 0.0
                    matrix[k, j] = 0.0
                matrix[j, j] = 1.0
                slope[j] = 0.0
        lowered = False
        fall = 0.0
        fraction = 1.0
        for _attempt in range(16):
            for j in range(terms, n):
                matrix[j, j] += damping
            if cholesky(matrix, factor) > 0.0:
                cholesky_solve(factor, slope, step)
                longest = 0.0
                for j in range(terms, n):
                    longest = max(longest, abs(step[j]))
                fraction = 1.0 if longest <= LONGEST_STEP else LONGEST_STEP / longest
                for j in range(n):
                    trial[j] = position[j] - fraction * step[j]
                    if j < terms and trial[j] < 0.0:
                        trial[j] = 0.0
                lower = potential(design, data, prior, centre, terms, noise, trial, x, residual, other)
                if lower <= energy:
                    fall = energy - lower
                    energy = lower
                    lowered = True
                    break
            for j in range(terms, n):
                matrix[j, j] -= damping
            damping = max(8.0 * damping, 1e-6)
        if not lowered:
            potential(design, data, prior, centre, terms, noise, position, x, residual, slope)
            break
        for j in range(n):
            position[j] = trial[j]
            slope[j] = other[j]
        damping *= 0.2
        if fraction == 1.0 and fall <= 1e-9 * (1.0 + energy):
            break
    return damping


@kernel
def _infer_precisions(
    inverse: FloatArray,
    coefficients: FloatArray,
    position: FloatArray,
    terms: int,
    freedom: float,
    scratch: FloatArray,
    precisions: FloatArray,
) -> float:
    """Update a_k from the mean and variance of (D f)_k; return the largest relative change.

    a_k = (nu + 1) / (nu s^2 + (D f)_k^2 + var), 1 / s^2 = mean a. nu = inf shares one a: 1 / mean square.
    """
    n = position.size
    width = coefficients.size
    count = precisions.size
    for k in range(count):
        scratch[k] = 0.0
    for row in range(n):
        for k in range(count):
            value = 0.0
            for a in range(width):
                value += coefficients[a] * inverse[row, terms + k + a]
            scratch[k] += value * value
    mean = 0.0
    total = 0.0
    for k in range(count):
        value = 0.0
        for a in range(width):
            value += coefficients[a] * position[terms + k + a]
        scratch[k] += value * value
        total += scratch[k]
        mean += precisions[k]
    spread = count / mean
    change = 0.0
    for k in range(count):
        fresh = count / total if np.isinf(freedom) else (freedom + 1.0) / (freedom * spread + scratch[k])
        change = max(change, abs(fresh / precisions[k] - 1.0))
        precisions[k] = fresh
    return change


@kernel
def fit_one(
    design: FloatArray,
    data: FloatArray,
    inference: Inference,
    noise: float,
    centre: float,
    observations: int,
    position: FloatArray,
    precisions: FloatArray,
    statistics: FloatArray,
) -> None:
    """Fit one weighted spectrum in place: W A (m, n), W z (m,), ``observations`` rows of which carry weight.

    ``noise``: first sigma; ``centre``: f0; ``position``, ``precisions``, ``statistics``: a row of :class:`Fits`.
    """
    terms, coefficients, freedom, learn, learn_noise = inference
    m, n = design.shape
    gram = np.empty((n, n))
    cross_product(design, gram)
    prior = np.empty((n, n))
    matrix = np.empty((n, n))
    factor = np.zeros((n, n))
    inverse = np.empty((n, n))
    work = np.empty((5, n))
    residual = np.empty(m)
    scratch = np.empty(n)
    of = _Potential(design, data, gram, prior, centre, terms)
    damping = 1e-3
    change = np.inf
    effective = np.nan
    rounds = 0
    while rounds < MAX_OUTER:
        rounds += 1
        penalty(coefficients, precisions, PULL, terms, prior)
        last = change < OUTER_TOLERANCE or rounds == MAX_OUTER or not (learn or learn_noise)
        damping = _descend(of, noise, 200 if last else 3, damping, position, work, matrix, factor, residual)
        curvature(gram, prior, work[0], terms, noise, matrix)
        for j in range(terms):
            matrix[j, j] *= 1.0 + 1e-10
            if position[j] <= 0.0:
                matrix[j, j] += 1e10 * matrix[j, j]  # held at zero
        cholesky(matrix, factor)
        inverse_factor(factor, inverse)
        # Effective parameters n - trace(C P): what the data, not the penalty, decide.
        effective = float(n)
        for j in range(terms):
            if position[j] <= 0.0:
                effective -= 1.0
        for row in range(n):
            for i in range(terms, n):
                value = 0.0
                for j in range(max(terms, i - 3), min(n, i + 4)):
                    value += prior[i, j] * inverse[row, j]
                effective -= value * inverse[row, i]
        if last:
            break
        change = 0.0
        if learn_noise:
            squares = 0.0
            for i in range(m):
                squares += residual[i] * residual[i]
            fresh = max(np.sqrt(squares / max(observations - effective, 1.0)), SMALLEST_NOISE)
            change = abs(fresh / noise - 1.0)
            noise = fresh
        if learn:
            change = max(
                change, _infer_precisions(inverse, coefficients, position, terms, freedom, scratch, precisions)
            )
    statistics[NOISE] = noise
    statistics[EFFECTIVE] = effective
    statistics[ROUNDS] = rounds
    statistics[CHANGE] = change


@kernel
def finish_one(
    design: FloatArray,
    data: FloatArray,
    inference: Inference,
    centre: float,
    noise: float,
    position: FloatArray,
    precisions: FloatArray,
    x: FloatArray,
) -> float:
    """Solve the quadratic programme the fit ended at, shapes as there; write x (n,), return its KKT residual."""
    terms, coefficients = inference.terms, inference.coefficients
    m, n = design.shape
    scaled = np.empty((m, n))
    scales = np.empty(n)
    prior = np.empty((n, n))
    hessian = np.empty((n, n))
    linear = np.empty(n)
    unit = np.empty(n)
    penalty(coefficients, precisions, PULL, terms, prior)
    for j in range(n):
        scales[j] = np.exp(position[j]) if j >= terms else 1.0
        for i in range(m):
            scaled[i, j] = design[i, j] * scales[j] / noise
    cross_product(scaled, hessian)
    for i in range(n):
        value = 0.0
        for k in range(m):
            value -= scaled[k, i] * data[k] / noise
        for j in range(terms, n):
            hessian[i, j] += prior[i, j]
            value -= prior[i, j] * (1.0 - position[j] + centre)
        linear[i] = value
    for i in range(n):
        unit[i] = 1.0 / np.sqrt(hessian[i, i])  # to a diagonal of ones
    for i in range(n):
        linear[i] *= unit[i]
        scales[i] *= unit[i]
        for j in range(n):
            hessian[i, j] *= unit[i] * unit[j]
    slope = np.empty(n)
    passive = np.ones(n, np.bool_)
    for j in range(terms):
        passive[j] = position[j] > 0.0
    active_set(hessian, linear, passive, np.empty(n, np.int64), np.empty((n, n)), np.empty(n), slope, x)
    error = kkt_residual(linear, x, slope)
    for i in range(n):
        x[i] *= scales[i]
    return error


@kernel
def _work(queue: IntArray, design: FloatArray, spectra: Spectra, inference: Inference, fits: Fits) -> None:
    """Fit one spectrum after the other until none is left: one thread's share of :func:`fit`."""
    data, weights, noise, centre = spectra
    position, precisions, statistics, residual, out = fits
    m, n = design.shape
    weighted = np.empty((m, n))
    values = np.empty(m)
    s = take(queue)
    while s < data.shape[0]:
        observations = 0
        for i in range(m):
            values[i] = data[s, i] * weights[s, i]
            if weights[s, i] > 0.0:
                observations += 1
            for j in range(n):
                weighted[i, j] = design[i, j] * weights[s, i]
        fit_one(
            weighted, values, inference, noise[s], centre[s], observations, position[s], precisions[s], statistics[s]
        )
        residual[s] = finish_one(
            weighted, values, inference, centre[s], statistics[s, NOISE], position[s], precisions[s], out[s]
        )
        s = take(queue)


@parallel_kernel
def fit(workers: int, design: FloatArray, spectra: Spectra, inference: Inference, fits: Fits) -> None:
    """Fit every spectrum by itself with the unweighted ``design`` A (m, n): :func:`fit_one`, then :func:`finish_one`.

    ``workers``: how many threads take spectra from one queue.
    """
    queue = np.zeros(1, np.int64)
    for _ in numba.prange(workers):
        _work(queue, design, spectra, inference, fits)
