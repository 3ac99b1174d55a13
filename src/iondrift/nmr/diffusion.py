"""Diffusion coefficients from the attenuation of an echo by gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

import numpy as np
from scipy import optimize
from scipy.special import chdtrc, ndtri, stdtrit

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import DataError
from iondrift.nmr.options import DiffusionModel
from iondrift.threads import bounded_threads

MODELS: Final[tuple[DiffusionModel, ...]] = get_args(DiffusionModel)

_FEWEST_FOR_TWO: Final = 8  # gradients
_BETTER: Final = 6.0  # AICc that a second component has to win by: below 0.5 % of single ones are split then, not 3 %
_ERRORS_ABOVE_ZERO: Final = 3.0  # of either amplitude
_SLOWEST, _FASTEST, _COARSE = 1e-3, 1e3, 48  # D times the largest b: what can be told from 0 and from at once
_CHANCE: Final = 0.05  # of residuals as large as found, below which the noise given is not believed
_APART: Final = 1.5  # ratio of the coefficients


@dataclass(frozen=True, kw_only=True)
class DiffusionFit:
    """Diffusion coefficients, fastest first, with their uncertainty.

    Attributes
    ----------
    coefficients : (component,)
        D, m2 s-1.
    amplitudes : (component,)
        In the unit of the intensities.
    covariance : (2 component, 2 component)
        Of amplitudes, then coefficients.
    fitted, residuals : (row,)
        As measured, whatever the order of the gradients.
    degrees_of_freedom
        Rows less parameters.
    reduced_chi2
        Weighted residuals squared over the degrees of freedom; NaN where no noise was given.
    scale
        What the standard errors were multiplied by: the noise found in the residuals, or sqrt(reduced chi2) where
        chance leaves residuals as large in less than 5 % of experiments with the noise given.
    from_residuals
        Whether the standard errors are the residuals', so that Student's t holds.
    aicc
        Akaike's criterion, corrected; NaN where it is not defined.
    rejected
        The other model where both were tried; None otherwise.
    """

    coefficients: FloatArray
    amplitudes: FloatArray
    covariance: FloatArray
    fitted: FloatArray
    residuals: FloatArray
    degrees_of_freedom: int
    reduced_chi2: float
    scale: float
    from_residuals: bool
    aicc: float
    rejected: DiffusionFit | None = None

    @property
    def standard_errors(self) -> FloatArray:
        """Of the coefficients, m2 s-1."""
        return np.sqrt(np.diag(self.covariance))[self.amplitudes.size :]

    def interval(self, level: float = 0.95) -> FloatArray:
        """Return lower and upper end of the band of each coefficient: (component, 2), m2 s-1."""
        tail = 0.5 + cast.number(level, "level", above=0.0, below=1.0) / 2.0
        quantile = stdtrit(self.degrees_of_freedom, tail) if self.from_residuals else ndtri(tail)
        half = quantile * self.standard_errors
        return np.stack([self.coefficients - half, self.coefficients + half], axis=1)


@bounded_threads
def fit_diffusion(intensity: Any, b: Any, *, noise: Any = None, model: DiffusionModel = "auto") -> DiffusionFit:
    r"""Fit ``I = A exp(-b D)``, or the sum of two, to the attenuation of one line.

    Amplitudes are linear and are projected out; the logarithms of D are found by Levenberg and Marquardt with the
    analytic Jacobian. D has its 95 % band by Student's t with n - 2 degrees of freedom: with the normal quantile
    it would hold 89 % for 8 gradients.

    Parameters
    ----------
    intensity : (row,)
        Phased, real integrals of a line: magnitudes are biased (D by -1.7 % at a signal-to-noise ratio of 30).
    b : (row,)
        Of each, s m-2, in any order; see :func:`iondrift.nmr.gradient_pulses.b_values`.
    noise
        Standard deviation of the integrals, one or (row,); None: all alike and unknown.
    model
        "mono", "bi", or "auto": two components only with 8 gradients or more, where both amplitudes are positive and
        above three standard errors, the coefficients differ by half, and AICc is lower by 6.

    Returns
    -------
    DiffusionFit

    Raises
    ------
    DataError
        Fewer rows than parameters and one, all b alike, negative b, or intensities that do not decay.

    References
    ----------
    G. H. Golub and V. Pereyra, SIAM J. Numer. Anal. 10, 413 (1973).

    Examples
    --------
    >>> b = np.linspace(0.0, 2e10, 8)
    >>> fit = fit_diffusion(3.0 * np.exp(-b * 1.3e-10), b)
    >>> f"{fit.coefficients[0]:.6e}"
    '1.300000e-10'
    """
    cast.one_of(model, "model", MODELS)
    x = cast.array(b, "b", ndim=1)
    y = cast.array(intensity, "intensity", shape=x.shape)
    given = None if noise is None else np.broadcast_to(cast.array(noise, "noise", positive=True), x.shape)
    _check(x, y, 1 if model == "mono" else 2 if model == "bi" else 1)
    weights = np.full_like(x, 1.0 / np.abs(y).max()) if given is None else 1.0 / given
    single = _fit(x, y, weights, 1, known=given is not None)
    if model == "mono" or (model == "auto" and x.size < _FEWEST_FOR_TWO):
        return single
    double = _fit(x, y, weights, 2, known=given is not None)
    if model == "bi":
        return double
    kept, other = (double, single) if _two_are_there(single, double) else (single, double)
    return replace(kept, rejected=other)


def _check(b: FloatArray, intensity: FloatArray, components: int) -> None:
    if b.size < 2 * components + 1:
        raise DataError(f"b: {b.size} gradients for {2 * components} parameters; measure more")
    if (b < 0.0).any() or not np.ptp(b) > 0.0:
        raise DataError("b: values must not be negative, and not all alike; check the gradients")
    order = np.argsort(b)
    half = max(1, b.size // 2)
    first, last = intensity[order[:half]].mean(), intensity[order[half:]].mean()
    if not first > max(last, 0.0):
        raise DataError(
            f"intensity: it does not decay with b (mean {first:g} at weak gradients, {last:g} at strong ones); check "
            "phase, region and gradients"
        )


def _two_are_there(single: DiffusionFit, double: DiffusionFit) -> bool:
    amplitude_errors = np.sqrt(np.diag(double.covariance))[:2]
    return bool(
        np.isfinite(double.covariance).all()
        and (double.amplitudes > _ERRORS_ABOVE_ZERO * amplitude_errors).all()
        and double.coefficients[0] > _APART * double.coefficients[1]
        and double.aicc < single.aicc - _BETTER
    )


def _fit(b: FloatArray, y: FloatArray, weights: FloatArray, components: int, *, known: bool) -> DiffusionFit:
    """Return the best of a few starts."""
    unit = 1.0 / float(b.max())  # D in this unit is of order one

    def basis(logarithms: FloatArray) -> FloatArray:
        return weights[:, None] * np.exp(-np.multiply.outer(b * unit, np.exp(logarithms)))

    def projected(logarithms: FloatArray) -> FloatArray:
        columns = basis(logarithms)
        return np.asarray(weights * y - columns @ _linear(columns, weights * y))

    def jacobian(logarithms: FloatArray) -> FloatArray:
        columns = basis(logarithms)
        amplitudes = _linear(columns, weights * y)
        slopes = columns * np.multiply.outer(b * unit, np.exp(logarithms)) * amplitudes  # minus d column / d ln D
        q, _ = np.linalg.qr(columns)
        return slopes - q @ (q.T @ slopes)

    low, high = np.log(_SLOWEST), np.log(_FASTEST)
    start = _coarsely(np.linspace(low, high, _COARSE)[1:-1], basis, weights * y, components)
    found = optimize.least_squares(
        projected, start, jacobian, bounds=(low, high), x_scale=1.0, xtol=1e-10, ftol=1e-12, gtol=1e-12
    )
    logarithms = np.sort(found.x)[::-1]
    return _described(b, y, weights, logarithms, basis(logarithms), unit, known=known)


def _coarsely(
    places: FloatArray, basis: Callable[[FloatArray], FloatArray], target: FloatArray, components: int
) -> FloatArray:
    """Return the best ln D of a grid, or the best pair of it: no start is guessed, no valley overlooked."""
    columns = basis(places)
    squares, onto = (columns**2).sum(axis=0), columns.T @ target
    if components == 1:
        return places[[int(np.argmax(onto**2 / squares))]]
    cross = columns.T @ columns
    first, second = np.triu_indices(places.size, 2)  # neighbours are the same column but for rounding
    determinant = squares[first] * squares[second] - cross[first, second] ** 2
    explained = (
        onto[first] ** 2 * squares[second]
        - 2.0 * onto[first] * onto[second] * cross[first, second]
        + onto[second] ** 2 * squares[first]
    ) / np.maximum(determinant, 1e-9 * squares[first] * squares[second])
    best = int(np.argmax(explained))
    return places[[second[best], first[best]]]


def _linear(columns: FloatArray, target: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.lstsq(columns, target, rcond=None)[0])


def _described(
    b: FloatArray, y: FloatArray, weights: FloatArray, logarithms: FloatArray, columns: FloatArray, unit: float, *,
    known: bool,
) -> DiffusionFit:  # fmt: skip
    """Return coefficients, covariance and criterion of a solution."""
    amplitudes = _linear(columns, weights * y)
    coefficients = np.exp(logarithms) * unit
    slopes = -columns * amplitudes * b[:, None]
    size = float(np.abs(amplitudes).max())
    full = np.hstack([columns * size, slopes * unit])  # of one order, whatever the receiver's unit is
    fitted = columns @ amplitudes / weights
    left = weights * (y - fitted)
    free = b.size - full.shape[1]
    chi2 = float(left @ left) / free
    # Scaling whenever chi2 exceeds 1 makes every second band too wide: they hold 98 % for 8 gradients.
    believed = known and float(chdtrc(free, chi2 * free)) > _CHANCE
    scale = 1.0 if believed else chi2
    normal = full.T @ full
    inverse = np.linalg.inv(normal) if np.linalg.cond(normal) < 1e14 else np.full_like(normal, np.inf)
    to_si = np.repeat([size, unit], amplitudes.size)
    return DiffusionFit(
        coefficients=coefficients,
        amplitudes=amplitudes,
        covariance=inverse * scale * np.outer(to_si, to_si),
        fitted=fitted,
        residuals=y - fitted,
        degrees_of_freedom=free,
        reduced_chi2=chi2 if known else float("nan"),
        scale=float(np.sqrt(scale)),
        from_residuals=not believed,
        aicc=corrected_criterion(float(left @ left), b.size, full.shape[1] + 1),
    )


def corrected_criterion(squares: float, count: int, parameters: int) -> float:
    """Return AICc = n ln(RSS / n) + 2 k + 2 k (k + 1) / (n - k - 1); NaN where n - k - 1 is not positive.

    Parameters
    ----------
    squares
        Sum of (weighted) residuals squared.
    count
        n.
    parameters
        k; the variance of the noise counts as one.
    """
    if count - parameters - 1 <= 0:
        return float("nan")
    fit = count * np.log(max(squares, np.finfo(np.float64).tiny) / count)
    return float(fit + 2 * parameters + 2 * parameters * (parameters + 1) / (count - parameters - 1))
