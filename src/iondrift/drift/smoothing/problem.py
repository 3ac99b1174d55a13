"""One smoothing problem in its diagonal basis: data for the restricted likelihood, and fit for any penalties.

The algebra of :mod:`iondrift.drift.smoothing.penalised_splines`, whose docstring has the formula.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cholesky, eigh, solve_triangular

from iondrift.cast import FloatArray
from iondrift.drift.smoothing import spline_basis, time_axis
from iondrift.drift.smoothing.likelihood import Data, Likelihood, Spatial
from iondrift.drift.smoothing.noise import NoiseEstimate
from iondrift.drift.smoothing.penalties import Penalties
from iondrift.drift.smoothing.posterior import OtherOrder, Posterior
from iondrift.drift.smoothing.search import Choice
from iondrift.drift.smoothing.series import SmoothSeries
from iondrift.drift.smoothing.time_axis import TimeAxis
from iondrift.errors import DataError

if TYPE_CHECKING:
    from iondrift_kernels.penalised_spline import Smoothing

ORDER_SPACE = 3  # of the derivative that is penalised
MAXIMUM_SPATIAL_FUNCTIONS = 96
_KEPT_NOISE = 0.25  # directions with less than this share of the largest noise variance are interpolation, not data
_CERTAIN = 1e4  # precision of a profile that is known, over that of a measured one


class Problem:
    """One smoothing problem: whitened data and bases, ready for any penalties."""

    def __init__(
        self,
        *,
        values: FloatArray,
        times: FloatArray,
        x: FloatArray,
        breaks: tuple[float, ...],
        noise: NoiseEstimate,
        kappa: float,
        reference_index: int | None,
    ) -> None:
        self.noise, self.breaks, self.kappa = noise, breaks, kappa
        self.times, self.x = times, x
        self.length = x[-1] - x[0]
        self.scaled_x = (x - x[0]) / self.length
        self.precision, self.loading = np.ones(times.size), np.ones(times.size)
        if reference_index is not None:
            self.precision[reference_index], self.loading[reference_index] = _CERTAIN, 0.0
        self.axis = TimeAxis(times, breaks, self.precision, self.loading)
        self.temporal = self.axis.temporal(time_axis.ORDER)
        self.level, self.mean = float(np.abs(values).mean()), float(values.mean())
        whitening = _whitening(noise, values.mean(axis=0))
        self.independent = whitening.shape[0]
        sites = np.linspace(0.0, 1.0, min(self.independent, MAXIMUM_SPATIAL_FUNCTIONS))
        self.knots = spline_basis.knots_at_sites(sites)
        self.basis = spline_basis.dense_basis(self.knots, self.scaled_x)
        self.white_basis = _product(whitening, self.basis[0])
        # Splines are fitted to the deviation from the mean level: numbers near zero keep their digits.
        self.data = _product(whitening, np.ascontiguousarray((values - self.level).T))  # (independent, time)
        self.design, self.triangle = _orthonormal(self.white_basis)
        self.projected = _product(np.ascontiguousarray(self.design.T), self.data)
        outside = self.data - _product(self.design, self.projected)
        loaded = self.precision * self.loading
        total = _weighted_squares(outside, self.precision) + _weighted_squares(self.projected, self.precision)
        if kappa > 0.0:
            held = (outside * loaded).sum(axis=1)
            total -= float((held * held).sum()) * kappa / (1.0 + kappa * float((loaded * self.loading).sum()))
        self._data = self._projected_data(total)
        self.likelihood = Likelihood(spatial=self._spatial(), temporal=self.temporal, data=self._data)

    def likelihood_of_order(self, order: int) -> Likelihood:
        """Return the restricted likelihood where the penalty in time is of another derivative, 2 or 3."""
        return Likelihood(spatial=self._spatial(), temporal=self.axis.temporal(order), data=self._data)

    def other_order(self, *, adaptive: bool) -> OtherOrder:
        """Search the penalties where the one in time is of the other derivative."""
        return OtherOrder.of(self.likelihood_of_order(time_axis.OTHER_ORDER), adaptive=adaptive)

    def _to_splines(self, rotation: FloatArray) -> FloatArray:
        """Return spatial modes in terms of B-splines (functions, modes)."""
        return np.ascontiguousarray(solve_triangular(self.triangle, rotation))

    def _spatial(self) -> Spatial:
        places, shares, rough = spline_basis.roughness_nodes(self.knots, ORDER_SPACE)
        intervals = places.size // 4
        return Spatial(
            # The third derivative of a cubic is the same at the four nodes of an interval.
            rows=np.ascontiguousarray(solve_triangular(self.triangle, rough[::4].T, trans="T").T),
            places=places.reshape(intervals, -1),
            shares=shares.reshape(intervals, -1),
        )

    def _projected_data(self, total: float) -> Data:
        """Return what the likelihood knows of the data; the time axis is summed over here, once."""
        loaded = self.precision * self.loading
        return Data(
            right=self.axis.project(self.projected.T),
            arrow=self.axis.project(self.loading[:, None])[:, 0].copy(),
            held=(self.projected * loaded).sum(axis=1),
            loaded=float((loaded * self.loading).sum()),
            kappa=self.kappa,
            total=total,
            count=self.independent * self.times.size,
        )

    def _smoothing(self, spatial: FloatArray, values: FloatArray, penalties: Penalties) -> Smoothing:
        """Return the problem as the kernels take it: eigenvalues (M,) and data (M, T) of the modes, and penalties."""
        from iondrift_kernels import penalised_spline as kernels

        return kernels.Smoothing(
            start=self.axis.basis.start,
            basis=self.axis.basis.value,
            precision=self.precision,
            loading=self.loading,
            gram=self.temporal.gram,
            penalty=self.temporal.penalty,
            spatial=spatial,
            values=values,
            lambda_x=penalties.space,
            lambda_t=penalties.time,
            lambda_xt=penalties.both,
            kappa=self.kappa,
        )

    def fit(self, penalties: Penalties, choice: Choice | None = None, other: OtherOrder | None = None) -> SmoothSeries:
        """Solve for the given penalties, which a choice, if any, found to be the best; ``other``: if known already."""
        from iondrift_kernels import penalised_spline as kernels

        criterion, rest = self.likelihood.of(penalties)
        diagonal = self.likelihood.modes(penalties.adaptivity)
        modes = self.knots.size - spline_basis.DEGREE - 1
        spatial, rotation = diagonal.spatial[:modes].copy(), diagonal.rotation[:, :modes].copy()
        values = _product(np.ascontiguousarray(rotation.T), self.projected)
        coefficients, lower, influence, pattern = found = kernels.Modes(
            coefficients=np.empty((modes, self.axis.functions)),
            lower=np.empty((modes, self.axis.functions, 4)),
            influence=np.empty((modes, self.axis.functions)),
            pattern=np.empty((modes, 2)),
        )
        smoothing = self._smoothing(spatial, values, penalties)
        kernels.fit_modes(smoothing, found)
        if not np.isfinite(coefficients).all():
            raise DataError(f"penalties {penalties} leave the smoothing problem without a unique solution")
        change = self._to_splines(rotation)
        value, slope, integral = (basis @ change for basis in self.basis)
        columns = self.axis.basis.start[:, None] + np.arange(4)
        fitted = np.einsum("td,mtd->mt", self.axis.basis.value, coefficients[:, columns])
        everything = _product(rotation, fitted + pattern[:, :1] * self.loading)
        residuals = self.data - _product(self.design, everything)
        # The mean level returns to the coefficients: constants lie in the span of both bases.
        constant = rotation.T @ (self.design.T @ (self.white_basis @ np.ones(self.white_basis.shape[1])))
        coefficients += self.level * constant[:, None]
        return SmoothSeries(
            value=np.ascontiguousarray(value),
            slope=slope / self.length,
            integral=integral * self.length,
            time_basis=self.axis.physical_basis,
            coefficients=coefficients,
            lower=lower,
            influence=influence,
            pattern=pattern,
            standard_deviation=float(np.sqrt(rest / self.likelihood.free)),
            effective_parameters=self.likelihood.freedom(penalties),
            posterior=Posterior(
                likelihood=self.likelihood,
                other=lambda: other or self.other_order(adaptive=choice is not None and choice.adaptive is not None),
                to_splines=self._to_splines,
                penalties=penalties,
                choice=choice,
                level=self.level,
            ),
            penalties=penalties,
            restricted_likelihood=criterion,
            noise=self.noise,
            nominal_points=self.independent,
            breaks=self.breaks,
            whitened_residuals=residuals.T,
            knots=self.knots,
            rotation=change,
            length=float(self.length),
            level=self.level,
            precision=self.precision,
            loading=self.loading,
            kappa=self.kappa,
            times=self.times,
            x=self.x,
            mean=self.mean,
        )


def _whitening(noise: NoiseEstimate, mean_profile: FloatArray) -> FloatArray:
    """Return Z (independent, points) with Z R Z' = 1 on the directions that hold noise."""
    correlation = noise.correlation_matrix(mean_profile.size)
    variances, directions = eigh(correlation)
    kept = variances > _KEPT_NOISE * variances[-1]
    basis = directions[:, kept].T
    covariance = np.diag(variances[kept])
    if noise.common_mode > 0.0 and noise.standard_deviation > 0.0:
        shared = basis @ mean_profile * (noise.common_mode / noise.standard_deviation)
        covariance += np.outer(shared, shared)
    return np.asarray(solve_triangular(cholesky(covariance, lower=True), basis, lower=True))


def _orthonormal(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Q and R of ``columns``, the diagonal of R positive: no sign is left to the library."""
    design, triangle = np.linalg.qr(columns)
    signs = np.where(np.diag(triangle) < 0.0, -1.0, 1.0)
    return design * signs, triangle * signs[:, None]


def _product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return left @ right, summed in one order whatever the library of linear algebra and its threads."""
    from iondrift_kernels.ordered_products import multiply

    out = np.empty((left.shape[0], right.shape[1]))
    multiply(np.ascontiguousarray(left), np.ascontiguousarray(right), out)
    return out


def _weighted_squares(values: FloatArray, precision: FloatArray) -> float:
    """Return the sum of squares of values (points, time) at the precision of each time."""
    return float((values * values * precision).sum())
