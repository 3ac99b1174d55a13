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

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.dense import cholesky, cholesky_solve, cross_product, inverse_factor
from iondrift_kernels.drt_potential import Spectrum, curvature, penalty, potential
from iondrift_kernels.job_queue import share, take
from iondrift_kernels.nonnegative_active_set import active_set, kkt_residual, make_scratch

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PULL = 1e-4  # eps: what holds f where neither data nor differences do; one decade costs 2.6e-4
LONGEST_STEP = 3.0  # of any f in one move: a factor of 20
SMALLEST_NOISE = 1e-6  # of the weighted data: below it, rounding and the model's grid speak, not noise
OUTER_TOLERANCE = 0.03  # relative change of every a_k
MAX_OUTER = 40


class Model(NamedTuple):
    """What all spectra share."""

    design: FloatArray  # (m, n): A, unweighted; the series terms first
    terms: int  # how many series terms
    coefficients: FloatArray  # (order + 1,): one row of D without its zeros
    freedom: float  # nu of the Student prior; inf for one common a
    learn: bool  # infer a_k
    learn_noise: bool  # infer sigma


class Series(NamedTuple):
    """What every spectrum brings."""

    data: FloatArray  # (spectra, m): z
    weights: FloatArray  # (spectra, m): W; zero leaves a value out
    centre: FloatArray  # (spectra,): f0


class Fits(NamedTuple):
    """One fit a spectrum. The first three are start and result, the others result alone."""

    position: FloatArray  # (spectra, n): [terms, f], the centre of the last quadratic programme
    precisions: FloatArray  # (spectra, n_tau - order): a_k
    noise: FloatArray  # (spectra,): sigma of W z
    x: FloatArray  # (spectra, n): [terms, exp f], solution of the last quadratic programme
    kkt_residual: FloatArray  # (spectra,): relative
    effective: FloatArray  # (spectra,): number of parameters the data decide
    rounds: IntArray  # (spectra,): of the outer loop
    change: FloatArray  # (spectra,): largest relative change of sigma and a_k in the last round that changed them


class Scratch(NamedTuple):
    """What one fit is computed in."""

    x: FloatArray  # (n,): [terms, exp f] at the position
    slope: FloatArray  # (n,): dU there
    residual: FloatArray  # (m,): A x - z there
    step: FloatArray  # (n,)
    trial: FloatArray  # (n,): position after a step
    trial_slope: FloatArray  # (n,): dU there
    matrix: FloatArray  # (n, n): curvature of U
    factor: FloatArray  # (n, n): its Cholesky factor L
    inverse: FloatArray  # (n, n): L^-1, so that the covariance is (L^-1)' L^-1
    variances: FloatArray  # (n,): of (D f)_k, the last entries unused


@kernel
def _make_scratch(m: int, n: int) -> Scratch:
    """Allocate scratch for ``m`` values and ``n`` unknowns."""
    return Scratch(
        np.empty(n),
        np.empty(n),
        np.empty(m),
        np.empty(n),
        np.empty(n),
        np.empty(n),
        np.empty((n, n)),
        np.zeros((n, n)),
        np.empty((n, n)),
        np.empty(n),
    )


@kernel
def _hold_at_zero(terms: int, position: FloatArray, matrix: FloatArray, slope: FloatArray) -> None:
    """Take series terms that are zero and want to be negative out of the Newton system (n, n), (n)."""
    n = position.size
    for j in range(terms):
        if position[j] <= 0.0 and slope[j] >= 0.0:
            for k in range(n):
                matrix[j, k] = 0.0
                matrix[k, j] = 0.0
            matrix[j, j] = 1.0
            slope[j] = 0.0


@kernel
def _step_down(
    spectrum: Spectrum, noise: float, energy: float, damping: float, position: FloatArray, scratch: Scratch
) -> tuple[float, float, float]:
    """Raise the damping until a step from ``position`` (n) lowers U; return the new U, damping, share of the step.

    The share is zero where no step does. ``scratch`` holds the curvature and the slope there and gets the trial.
    """
    matrix, slope, step, trial = scratch.matrix, scratch.slope, scratch.step, scratch.trial
    terms, n = spectrum.terms, position.size
    for _attempt in range(16):
        for j in range(terms, n):
            matrix[j, j] += damping
        if cholesky(matrix, scratch.factor) > 0.0:
            cholesky_solve(scratch.factor, slope, step)
            longest = 0.0
            for j in range(terms, n):
                longest = max(longest, abs(step[j]))
            fraction = 1.0 if longest <= LONGEST_STEP else LONGEST_STEP / longest
            for j in range(n):
                trial[j] = position[j] - fraction * step[j]
                if j < terms and trial[j] < 0.0:
                    trial[j] = 0.0
            lower = potential(spectrum, noise, trial, scratch.x, scratch.residual, scratch.trial_slope)
            if lower <= energy:
                return lower, damping, fraction
        for j in range(terms, n):
            matrix[j, j] -= damping
        damping = max(8.0 * damping, 1e-6)
    return energy, damping, 0.0


@kernel
def _descend(
    spectrum: Spectrum, noise: float, moves: int, damping: float, position: FloatArray, scratch: Scratch
) -> float:
    """Levenberg-Marquardt from ``position`` (n), moved; return the damping it ended with."""
    x, slope, residual = scratch.x, scratch.slope, scratch.residual
    energy = potential(spectrum, noise, position, x, residual, slope)
    for _ in range(moves):
        curvature(spectrum, noise, x, scratch.matrix)
        _hold_at_zero(spectrum.terms, position, scratch.matrix, slope)
        lower, damping, fraction = _step_down(spectrum, noise, energy, damping, position, scratch)
        if fraction == 0.0:
            potential(spectrum, noise, position, x, residual, slope)
            break
        fall = energy - lower
        energy = lower
        for j in range(position.size):
            position[j] = scratch.trial[j]
            slope[j] = scratch.trial_slope[j]
        damping *= 0.2
        if fraction == 1.0 and fall <= 1e-9 * (1.0 + energy):
            break
    return damping


@kernel
def _invert_curvature(spectrum: Spectrum, noise: float, position: FloatArray, scratch: Scratch) -> None:
    """Write L^-1 of the curvature at ``position`` (n): L L' = J'J / sigma^2 + P, terms at zero held there."""
    matrix = scratch.matrix
    curvature(spectrum, noise, scratch.x, matrix)
    for j in range(spectrum.terms):
        matrix[j, j] *= 1.0 + 1e-10
        if position[j] <= 0.0:
            matrix[j, j] += 1e10 * matrix[j, j]  # held at zero
    cholesky(matrix, scratch.factor)
    inverse_factor(scratch.factor, scratch.inverse)


@kernel
def _variances(coefficients: FloatArray, terms: int, inverse: FloatArray, out: FloatArray) -> float:
    """Write the variance of every (D f)_k, ``out`` (at least n_tau - order), return the sum of those of f.

    They are sums of squares over the rows of L^-1 (n, n), which are zero behind the diagonal.
    """
    n = inverse.shape[0]
    width = coefficients.size
    count = n - terms - width + 1
    # Orders below three have zeros behind: one loop without branches for all.
    c0, c1 = coefficients[0], coefficients[1]
    c2 = coefficients[2] if width > 2 else 0.0
    c3 = coefficients[3] if width > 3 else 0.0
    padded, squares = np.zeros(n + 3), np.zeros(n)
    out[:count] = 0.0
    for row in range(terms, n):
        for j in range(terms, row + 1):
            padded[j] = inverse[row, j]
            squares[j] += padded[j] * padded[j]
        for k in range(min(count, row + 1 - terms)):
            j = terms + k
            value = c0 * padded[j] + c1 * padded[j + 1] + c2 * padded[j + 2] + c3 * padded[j + 3]
            out[k] += value * value
    return float(squares.sum())


@kernel
def _effective_parameters(
    model: Model, position: FloatArray, precisions: FloatArray, variances: FloatArray, total: float
) -> float:
    """Return n - trace(C P), terms at zero not counted: what the data, not the penalty, decide.

    trace(C P) = sum_k a_k var (D f)_k + eps sum_j var f_j; ``precisions`` and ``variances`` (n_tau - order).
    """
    effective = position.size - PULL * total
    for j in range(model.terms):
        if position[j] <= 0.0:
            effective -= 1.0
    for k in range(precisions.size):
        effective -= precisions[k] * variances[k]
    return effective


@kernel
def _infer_noise(residual: FloatArray, observations: int, effective: float) -> float:
    """Return sigma from the residual (m) of the values observed, the effective parameters counted off."""
    squares = 0.0
    for i in range(residual.size):
        squares += residual[i] * residual[i]
    noise: float = np.sqrt(squares / max(observations - effective, 1.0))
    return max(noise, SMALLEST_NOISE)


@kernel
def _infer_precisions(model: Model, position: FloatArray, variances: FloatArray, precisions: FloatArray) -> float:
    """Update a_k from the mean and variance of (D f)_k; return the largest relative change.

    a_k = (nu + 1) / (nu s^2 + (D f)_k^2 + var), 1 / s^2 = mean a. nu = inf shares one a: 1 / mean square.
    ``position`` (n) [terms, f]; ``variances``, which become mean squares, and ``precisions`` (n_tau - order).
    """
    coefficients, terms, freedom = model.coefficients, model.terms, model.freedom
    count = precisions.size
    mean = 0.0
    total = 0.0
    for k in range(count):
        value = 0.0
        for a in range(coefficients.size):
            value += coefficients[a] * position[terms + k + a]
        variances[k] += value * value
        total += variances[k]
        mean += precisions[k]
    spread = count / mean
    change = 0.0
    for k in range(count):
        fresh = count / total if np.isinf(freedom) else (freedom + 1.0) / (freedom * spread + variances[k])
        change = max(change, abs(fresh / precisions[k] - 1.0))
        precisions[k] = fresh
    return change


@kernel
def _fit_one(
    model: Model, spectrum: Spectrum, observations: int, noise: float, position: FloatArray, precisions: FloatArray,
    scratch: Scratch,
) -> tuple[float, float, int, float]:  # fmt: skip
    """Fit one weighted spectrum; return sigma, the effective parameters, the rounds and the last relative change.

    ``observations``: how many values carry weight. ``noise``, ``position`` (n) and ``precisions`` (n_tau - order):
    start, and the last two the result; ``spectrum.prior`` follows the precisions.
    """
    damping = 1e-3
    change = np.inf
    effective = np.nan
    rounds = 0
    while rounds < MAX_OUTER:
        rounds += 1
        penalty(model.coefficients, precisions, PULL, model.terms, spectrum.prior)
        last = change < OUTER_TOLERANCE or rounds == MAX_OUTER or not (model.learn or model.learn_noise)
        damping = _descend(spectrum, noise, 200 if last else 3, damping, position, scratch)
        _invert_curvature(spectrum, noise, position, scratch)
        total = _variances(model.coefficients, model.terms, scratch.inverse, scratch.variances)
        effective = _effective_parameters(model, position, precisions, scratch.variances, total)
        if last:
            break
        change = 0.0
        if model.learn_noise:
            fresh = _infer_noise(scratch.residual, observations, effective)
            change = abs(fresh / noise - 1.0)
            noise = fresh
        if model.learn:
            change = max(change, _infer_precisions(model, position, scratch.variances, precisions))
    return noise, effective, rounds, change


@kernel
def _finish_one(spectrum: Spectrum, noise: float, position: FloatArray, x: FloatArray) -> float:
    """Solve the quadratic programme the fit ended at; write x (n), return its relative KKT residual.

    ``position`` (n): where the fit ended; ``spectrum.prior``: with its last precisions.
    """
    design, data, prior = spectrum.design, spectrum.data, spectrum.prior
    terms, centre = spectrum.terms, spectrum.centre
    m, n = design.shape
    scaled = np.empty((m, n))
    scales = np.empty(n)
    unit = np.empty(n)
    hessian = np.empty((n, n))
    linear = np.empty(n)
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
        unit[i] = 1.0 / np.sqrt(hessian[i, i])  # what gives H a unit diagonal
    for i in range(n):
        linear[i] *= unit[i]
        scales[i] *= unit[i]
        for j in range(n):
            hessian[i, j] *= unit[i] * unit[j]
    passive = np.ones(n, np.bool_)
    for j in range(terms):
        passive[j] = position[j] > 0.0
    scratch = make_scratch(n)
    active_set(hessian, linear, passive, scratch, x)
    error = kkt_residual(linear, x, scratch.slope)
    for i in range(n):
        x[i] *= scales[i]
    return error


@kernel
def _weigh(model: Model, series: Series, s: int, design: FloatArray, data: FloatArray) -> int:
    """Write W A (m, n) and W z (m) of spectrum ``s``; return how many values carry weight."""
    m, n = design.shape
    observations = 0
    for i in range(m):
        weight = series.weights[s, i]
        data[i] = series.data[s, i] * weight
        if weight > 0.0:
            observations += 1
        for j in range(n):
            design[i, j] = model.design[i, j] * weight
    return observations


@kernel
def _work(queue: IntArray, model: Model, series: Series, fits: Fits) -> None:
    """Fit one spectrum after the other until none is left: one thread's share of :func:`fit`."""
    m, n = model.design.shape
    design, data, gram, prior = np.empty((m, n)), np.empty(m), np.empty((n, n)), np.empty((n, n))
    scratch = _make_scratch(m, n)
    s = take(queue)
    while s < series.data.shape[0]:
        observations = _weigh(model, series, s, design, data)
        cross_product(design, gram)
        spectrum = Spectrum(design, data, gram, prior, model.terms, series.centre[s])
        noise, effective, rounds, change = _fit_one(
            model, spectrum, observations, fits.noise[s], fits.position[s], fits.precisions[s], scratch
        )
        fits.noise[s], fits.effective[s], fits.rounds[s], fits.change[s] = noise, effective, rounds, change
        fits.kkt_residual[s] = _finish_one(spectrum, noise, fits.position[s], fits.x[s])
        s = take(queue)


def fit(workers: int, model: Model, series: Series, fits: Fits) -> None:
    """Fit every spectrum by itself; ``workers`` threads take them from one queue."""
    share(workers, _work, model, series, fits)
