"""A smoothed series: spline coefficients with their posterior."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from iondrift.cast import FloatArray
from iondrift.drift.smoothing import spline_basis
from iondrift.drift.smoothing.noise import NoiseEstimate
from iondrift.drift.smoothing.penalties import Penalties
from iondrift.threads import bounded_threads

if TYPE_CHECKING:
    from iondrift.drift.smoothing.posterior import Posterior


@dataclass(frozen=True, kw_only=True)
class SmoothSeries:
    """A fitted series in mode form; everything that evaluation and posterior draws need.

    What many bands of one series have in common is worked out once and kept.

    Attributes
    ----------
    value, slope, integral
        Spatial modes at the stored points (points, modes): phi, dphi/dx (1/m), int_0^x phi (m).
    time_basis
        The time basis at the profiles (slope in 1/s).
    coefficients
        (modes, K), mol m-3.
    lower, influence, pattern
        Posterior factors, see :func:`iondrift_kernels.penalised_spline.fit_modes`.
    standard_deviation
        Noise per independent point that REML finds, mol m-3.
    effective_parameters
        Trace of the smoother H.
    posterior
        Fits with other penalties that the data allow as well: what draws of the coefficients are made of.
    penalties, restricted_likelihood
        The choice, and -2 log likelihood up to a constant.
    noise
        The noise description that was used for whitening.
    nominal_points
        Number of independent points of one profile.
    breaks
        Times at which a kink was allowed, s.
    whitened_residuals
        (time, independent points), mol m-3.
    knots, rotation, length, level
        Spatial knots on 0..1, the modes in terms of B-splines (functions, modes), L in m, and the mean concentration.
    precision, loading, kappa
        Of the profiles and the fixed pattern, see :mod:`iondrift_kernels.penalised_spline`.
    times, x, mean
        Of the profiles that were fitted, s, m and mol m-3: a fit of others on the same grid is told by its mean.
    """

    value: FloatArray
    slope: FloatArray
    integral: FloatArray
    time_basis: spline_basis.LocalBasis
    coefficients: FloatArray
    lower: FloatArray
    influence: FloatArray
    pattern: FloatArray
    standard_deviation: float
    effective_parameters: float
    posterior: Posterior
    penalties: Penalties
    restricted_likelihood: float
    noise: NoiseEstimate
    nominal_points: int
    breaks: tuple[float, ...]
    whitened_residuals: FloatArray
    knots: FloatArray
    rotation: FloatArray
    length: float
    level: float
    precision: FloatArray
    loading: FloatArray
    kappa: float
    times: FloatArray
    x: FloatArray
    mean: float

    @bounded_threads
    def evaluate(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return c (mol m-3), dc/dx (mol m-4) and G = -int_0^x dc/dt dx' (mol m-2 s-1), each (time, x)."""
        amplitude = self._in_time(self.time_basis.value)
        rate = self._in_time(self.time_basis.slope)
        return amplitude @ self.value.T, amplitude @ self.slope.T, -(rate @ self.integral.T)

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """Lowest and highest concentration, mol m-3."""
        concentration = self.evaluate()[0]
        return float(concentration.min()), float(concentration.max())

    @cached_property
    def space(self) -> Any:
        """The spatial basis at the stored points, as the kernels of the bands take it."""
        from iondrift_kernels.drift_layout import Space

        places = (self.x - self.x[0]) / self.length
        local = spline_basis.local_basis(self.knots, places)
        return Space(
            start=local.start,
            value=local.value,
            slope=local.slope / self.length,
            partial=spline_basis.local_integrals(self.knots, places, local) * self.length,
            whole=(self.knots[4:] - self.knots[:-4]) / 4.0 * self.length,
            weights=spline_basis.cubic_quadrature(self.x),
            level=self.level,
        )

    def _in_time(self, weights: FloatArray) -> FloatArray:
        columns = self.time_basis.start[:, None] + np.arange(4)
        return np.asarray(np.einsum("td,mtd->tm", weights, self.coefficients[:, columns]))
