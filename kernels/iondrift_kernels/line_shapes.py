"""Sums of spectral lines on a polynomial baseline, fitted by Levenberg and Marquardt with the analytic Jacobian.

Per line, pseudo-Voigt: x0, ln w, logit e, height. Voigt: x0, ln s, ln g, real and imaginary area (the second only
where phases are free). Widths and the mixing are transformed, so that no bound is ever met. The Faddeeva function is
Weideman's rational approximation (SIAM J. Numer. Anal. 31, 1497, 1994) with 40 terms: 1e-13 in the upper half plane.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import inlined_kernel, kernel
from iondrift_kernels.dense import cholesky, cholesky_solve
from iondrift_kernels.job_queue import share, take, workers_for
from iondrift_kernels.vector_sums import dot

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PSEUDO_VOIGT, VOIGT = 0, 1
_TERMS = 40
_SCALE = math.sqrt(_TERMS / math.sqrt(2.0))
_ROOT_PI = math.sqrt(math.pi)
_LN2 = math.log(2.0)
_SCREENED = 12  # steps that tell a good start from a bad one


def _weideman(terms: int) -> FloatArray:
    """Return the coefficients, highest power first."""
    count = 2 * terms
    theta = np.arange(-count + 1, count) * math.pi / count
    t = _SCALE * np.tan(theta / 2.0)
    values = np.concatenate([[0.0], np.exp(-(t**2)) * (_SCALE**2 + t**2)])
    found = np.real(np.fft.fft(np.fft.fftshift(values))) / (2 * count)
    return np.ascontiguousarray(found[terms:0:-1])


_WEIDEMAN = _weideman(_TERMS)


class Lines(NamedTuple):
    """What is fitted: ``x`` (n,), baseline columns (m, n), kind and number of lines, free phases or not, magnitudes."""

    x: FloatArray
    baseline: FloatArray
    shape: int
    number: int
    phases: bool
    magnitude: bool


@inlined_kernel
def faddeeva(z: complex) -> complex:
    """w(z) for Im z >= 0."""
    below = _SCALE - 1j * z
    ratio = (_SCALE + 1j * z) / below
    total = 0j
    for coefficient in _WEIDEMAN:
        total = total * ratio + coefficient
    return 2.0 * total / (below * below) + (1.0 / _ROOT_PI) / below


@kernel
def per_line(lines: Lines) -> int:
    """Return how many parameters a line has."""
    return 5 if lines.shape == VOIGT and lines.phases else 4


@kernel
def pseudo_voigt(lines: Lines, parameters: FloatArray, first: int, model: FloatArray, jacobian: FloatArray) -> None:
    """Add one line to ``model`` (n,) and write its four rows of ``jacobian`` (p, n)."""
    place, width = parameters[first], math.exp(parameters[first + 1])
    mixing, height = 1.0 / (1.0 + math.exp(-parameters[first + 2])), parameters[first + 3]
    slope = height * mixing * (1.0 - mixing)
    for i in range(lines.x.size):
        u = (lines.x[i] - place) / width
        lorentz = 1.0 / (1.0 + 4.0 * u * u)
        gauss = math.exp(-4.0 * _LN2 * u * u)
        value = mixing * lorentz + (1.0 - mixing) * gauss
        along = -8.0 * height * u * (mixing * lorentz * lorentz + _LN2 * (1.0 - mixing) * gauss)
        model[i] += height * value
        jacobian[first, i] = -along / width
        jacobian[first + 1, i] = -u * along
        jacobian[first + 2, i] = slope * (lorentz - gauss)
        jacobian[first + 3, i] = value


@kernel
def voigt(
    lines: Lines, parameters: FloatArray, first: int, total: npt.NDArray[np.complex128],
    slopes: npt.NDArray[np.complex128],
) -> None:  # fmt: skip
    """Add one complex line to ``total`` (n,) and write its rows of ``slopes`` (p, n): the derivatives, complex."""
    place, s, g = parameters[first], math.exp(parameters[first + 1]), math.exp(parameters[first + 2])
    area = complex(parameters[first + 3], parameters[first + 4] if lines.phases else 0.0)
    root, unit = s * math.sqrt(2.0), 1.0 / (s * math.sqrt(2.0 * math.pi))
    for i in range(lines.x.size):
        z = complex((lines.x[i] - place) / root, g / root)
        value = faddeeva(z)
        slope = -2.0 * z * value + 2j / _ROOT_PI
        shape = value * unit
        total[i] += area * shape
        slopes[first, i] = -area * slope * (unit / root)
        slopes[first + 1, i] = -area * (value + slope * z) * unit
        slopes[first + 2, i] = area * slope * 1j * (g * unit / root)
        slopes[first + 3, i] = shape
        if lines.phases:
            slopes[first + 4, i] = 1j * shape


@kernel
def evaluate(lines: Lines, parameters: FloatArray, model: FloatArray, jacobian: FloatArray) -> None:
    """Write ``model`` (n,) and ``jacobian`` (p, n): lines, then baseline."""
    n, step = lines.x.size, per_line(lines)
    model[:] = 0.0
    if lines.shape == PSEUDO_VOIGT:
        for k in range(lines.number):
            pseudo_voigt(lines, parameters, k * step, model, jacobian)
    else:
        total = np.zeros(n, np.complex128)
        slopes = np.empty((lines.number * step, n), np.complex128)
        for k in range(lines.number):
            voigt(lines, parameters, k * step, total, slopes)
        for i in range(n):
            size = abs(total[i])
            turn = total[i].conjugate() / max(size, 1e-300) if lines.magnitude else 1.0 + 0j
            model[i] = size if lines.magnitude else total[i].real
            for p in range(lines.number * step):
                jacobian[p, i] = (turn * slopes[p, i]).real
    for b in range(lines.baseline.shape[0]):
        at = lines.number * step + b
        for i in range(n):
            model[i] += parameters[at] * lines.baseline[b, i]
            jacobian[at, i] = lines.baseline[b, i]


@kernel
def normal_equations(jacobian: FloatArray, residual: FloatArray, normal: FloatArray, right: FloatArray) -> None:
    """Write J J' (p, p) and J r (p,) of a ``jacobian`` (p, n)."""
    p, n = jacobian.shape
    for a in range(p):
        right[a] = dot(jacobian[a], residual, n)
        for b in range(a + 1):
            normal[a, b] = dot(jacobian[a], jacobian[b], n)
            normal[b, a] = normal[a, b]


@kernel
def step_to(normal: FloatArray, right: FloatArray, damping: float, parameters: FloatArray, out: FloatArray) -> bool:
    """Write the parameters after a damped step; False where the damped equations have no solution."""
    p = right.size
    damped, factor, step = normal.copy(), np.zeros((p, p)), np.empty(p)
    for a in range(p):
        damped[a, a] += damping * max(normal[a, a], 1e-12)
    if not cholesky(damped, factor) > 0.0:
        return False
    cholesky_solve(factor, right, step)
    for a in range(p):
        out[a] = parameters[a] + step[a]
    return True


@kernel
def fit(lines: Lines, y: FloatArray, limits: FloatArray, most: int, parameters: FloatArray) -> float:
    """Fit y (n,) from ``parameters`` (p,) on, which become the solution; return the sum of squares.

    ``limits`` (p, 2) keep places in the window and widths between a fraction of a point and many windows, where a
    step would leave them for good; transformed parameters end there, too, and are then called unresolved.
    """
    p, n = parameters.size, y.size
    model, jacobian = np.empty(n), np.empty((p, n))
    other_model, other_jacobian, trial = np.empty(n), np.empty((p, n)), np.empty(p)
    normal, right = np.empty((p, p)), np.empty(p)
    evaluate(lines, parameters, model, jacobian)
    squares = np.sum((y - model) ** 2)
    damping, growth, fresh = 1e-3, 2.0, True
    for _ in range(most):
        if fresh:
            normal_equations(jacobian, y - model, normal, right)
        fresh = False
        if step_to(normal, right, damping, parameters, trial):
            for a in range(p):
                trial[a] = min(max(trial[a], limits[a, 0]), limits[a, 1])
            evaluate(lines, trial, other_model, other_jacobian)
            found = np.sum((y - other_model) ** 2)
            if found < squares:
                gained = (squares - found) / squares
                parameters[:] = trial
                model, other_model = other_model, model
                jacobian, other_jacobian = other_jacobian, jacobian
                squares, damping, growth, fresh = found, max(damping * 0.2, 1e-12), 2.0, True
                if gained < 1e-11:
                    break
                continue
        if damping > 1e10:
            break
        damping *= growth
        growth *= 2.0
    return float(squares)


@kernel
def best_of(lines: Lines, y: FloatArray, starts: FloatArray, limits: FloatArray, most: int, out: FloatArray) -> float:
    """Fit a few steps from every one of ``starts`` (start, p), then the best to its end; return its sum of squares."""
    lowest = np.inf
    for k in range(starts.shape[0]):
        parameters = starts[k].copy()
        squares = fit(lines, y, limits, _SCREENED, parameters)
        if squares < lowest:
            lowest = squares
            out[:] = parameters
    return fit(lines, y, limits, most, out)


@kernel
def _work(
    queue: IntArray, lines: Lines, spectra: FloatArray, starts: FloatArray, limits: FloatArray, most: int,
    out: FloatArray, squares: FloatArray,
) -> None:  # fmt: skip
    """Take spectra from ``queue`` until none is left; the rest as :func:`fit_series`."""
    s = take(queue)
    while s < squares.size:
        squares[s] = best_of(lines, spectra[s], starts[s], limits, most, out[s])
        s = take(queue)


def fit_series(
    lines: Lines, spectra: FloatArray, starts: FloatArray, limits: FloatArray, most: int, out: FloatArray,
    squares: FloatArray,
) -> None:  # fmt: skip
    """Fit every one of ``spectra`` (s, n) from ``starts`` (s, start, p); write ``out`` (s, p) and ``squares`` (s,)."""
    share(workers_for(squares.size), _work, lines, spectra, starts, limits, most, out, squares)
