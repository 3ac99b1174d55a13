"""One smoothing problem in its diagonal basis: restricted likelihood and fit for any penalties.

The algebra of :mod:`iondrift.drift.smoothing.penalised_splines`, whose docstring has the formula.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cholesky, eigh, solve_triangular

from iondrift.cast import FloatArray
from iondrift.drift.smoothing import spline_basis
from iondrift.drift.smoothing.noise import NoiseEstimate
from iondrift.drift.smoothing.series import Penalties, SmoothSeries
from iondrift.errors import DataError

if TYPE_CHECKING:
    from iondrift_kernels.penalised_spline import Smoothing

ORDER_SPACE = ORDER_TIME = 3  # of the derivatives that are penalised: smooth enough for honest bands of dc/dt
MAXIMUM_SPATIAL_FUNCTIONS = 96
_KEPT_NOISE = 0.25  # directions with less than this share of the largest noise variance are interpolation, not data
_CERTAIN = 1e4  # precision of a profile that is known, over that of a measured one
# Profiles change fastest after a step of the protocol: the penalty in time starts at 1/21 there and settles.
_TRANSIENT, _SETTLING = 20.0, 0.1
# Of the bias that a draw from the prior would have, the share that bands allow for: fields that obey a diffusion
# equation are smoother than such draws. Measured in bench/coverage.py.
_BIAS_SHARE = 0.25
_WORTH_THREADS = 30_000  # modes times functions in time
_IMPOSSIBLE = 1e12  # in place of the criterion where the normal equations lose their last digit


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
        self.length, self.duration = x[-1] - x[0], times[-1] - times[0]
        self.scaled_x = (x - x[0]) / self.length
        scaled_t = (times - times[0]) / self.duration
        knots = spline_basis.knots_with_breaks(scaled_t, (np.asarray(breaks) - times[0]) / self.duration)
        self.time_basis = spline_basis.local_basis(knots, scaled_t)
        self.functions = knots.size - spline_basis.DEGREE - 1
        self.precision, self.loading = np.ones(times.size), np.ones(times.size)
        if reference_index is not None:
            self.precision[reference_index], self.loading[reference_index] = _CERTAIN, 0.0
        self.gram = spline_basis.band_gram(self.time_basis, self.functions, self.precision)
        begun = np.concatenate([[0.0], (np.asarray(breaks) - times[0]) / self.duration])

        def settling(t: FloatArray) -> FloatArray:
            since = t - begun[np.searchsorted(begun, t, side="right") - 1]
            return np.asarray(1.0 / (1.0 + _TRANSIENT * np.exp(-since / _SETTLING)))

        self.penalty = spline_basis.band_roughness(knots, ORDER_TIME, settling)
        self.penalty *= self.gram[:, 0].sum() / self.penalty[:, 0].sum()
        self.level = float(np.abs(values).mean())
        whitening = _whitening(noise, values.mean(axis=0))
        self.independent = whitening.shape[0]
        sites = np.linspace(0.0, 1.0, min(self.independent, MAXIMUM_SPATIAL_FUNCTIONS))
        self.knots = spline_basis.knots_at_sites(sites)
        self.basis = spline_basis.dense_basis(self.knots, self.scaled_x)
        self.nodes, self.node_weights, rough = spline_basis.roughness_nodes(self.knots, ORDER_SPACE)
        self.white_basis = whitening @ self.basis[0]
        # Splines are fitted to the deviation from the mean level: numbers near zero keep their digits.
        self.data = whitening @ (values - self.level).T  # (independent, time)
        self.design, triangle = np.linalg.qr(self.white_basis)
        self.triangle = triangle
        self.rough = solve_triangular(triangle, rough.T, trans="T").T
        self.projected = self.design.T @ self.data
        outside = self.data - self.design @ self.projected
        self.outside = float(np.einsum("ij,ij,j->", outside, outside, self.precision))
        if kappa > 0.0:
            loaded = self.precision * self.loading
            total = outside @ loaded
            self.outside -= float(total @ total) * kappa / (1.0 + kappa * float(loaded @ self.loading))
        self.count = times.size
        # Linear in x times, between breaks, linear in t: what no penalty sees.
        self.null_space = ORDER_SPACE * (ORDER_TIME + (ORDER_TIME - 1) * len(breaks))

    def modes(self, penalties: Penalties) -> tuple[FloatArray, FloatArray]:
        """Return penalty eigenvalues and the rotation (functions, modes) of the orthonormal design."""
        weights = self.node_weights
        if penalties.adaptivity is not None:
            plating, counter, extent = penalties.adaptivity
            weights = weights / (
                1.0 + np.exp(plating - self.nodes / extent) + np.exp(counter - (1.0 - self.nodes) / extent)
            )
        root = np.sqrt(weights)[:, None] * self.rough
        eigenvalues, rotation = eigh(root.T @ root)
        eigenvalues[:ORDER_SPACE] = 0.0
        return np.maximum(eigenvalues, 0.0), np.ascontiguousarray(rotation)

    def restricted_likelihood(self, penalties: Penalties) -> float:
        """Return -2 log restricted likelihood up to a constant, noise variance profiled out."""
        from iondrift_kernels import penalised_spline as kernels

        spatial, rotation = self.modes(penalties)
        values = np.ascontiguousarray(rotation.T @ self.projected)
        terms = self._terms(self._smoothing(spatial, values, penalties))
        return self._criterion(terms, self._rest(values, terms[:, kernels.EXPLAINED].sum()), penalties)

    def _criterion(self, terms: FloatArray, rest: float, penalties: Penalties) -> float:
        """Return the restricted likelihood from the modes' terms and the penalised sum of squares."""
        from iondrift_kernels import penalised_spline as kernels

        free = self.independent * self.count - self.null_space
        flat = ORDER_SPACE * self.functions - self.null_space
        criterion = (
            free * np.log(rest / free)
            + terms[:, kernels.DETERMINANT].sum()
            + terms[:, kernels.PIVOT].sum()
            - terms[:, kernels.PRIOR_DETERMINANT].sum()
            - flat * np.log(penalties.time)
        )
        return float(criterion) if np.isfinite(criterion) else _IMPOSSIBLE

    def _freedom(self, smoothing: Smoothing, determinant: float) -> tuple[float, float]:
        """Return tr H and tr H^2 from how log|A| answers to a common factor e^u of all penalties.

        d log|A| / du = p - tr H and d2 log|A| / du2 = tr H - tr H^2 at u = 0, by central differences.
        """
        from iondrift_kernels import penalised_spline as kernels

        step = 0.1
        moved = []
        for factor in (np.exp(-step), np.exp(step)):
            scaled = smoothing._replace(
                lambda_x=smoothing.lambda_x * factor,
                lambda_t=smoothing.lambda_t * factor,
                lambda_xt=smoothing.lambda_xt * factor,
            )
            moved.append(float(self._terms(scaled)[:, kernels.DETERMINANT].sum()))
        total = float(smoothing.spatial.size * self.functions)
        freedom = total - (moved[1] - moved[0]) / (2.0 * step)
        curvature = (moved[1] - 2.0 * determinant + moved[0]) / step**2
        return freedom, min(max(freedom - curvature, 0.0), freedom)

    def _smoothing(self, spatial: FloatArray, values: FloatArray, penalties: Penalties) -> Smoothing:
        """Return the problem as the kernels take it: eigenvalues (M,) and data (M, T) of the modes, and penalties."""
        from iondrift_kernels import penalised_spline as kernels

        return kernels.Smoothing(
            start=self.time_basis.start,
            basis=self.time_basis.value,
            precision=self.precision,
            loading=self.loading,
            gram=self.gram,
            penalty=self.penalty,
            spatial=spatial,
            values=values,
            lambda_x=penalties.space,
            lambda_t=penalties.time,
            lambda_xt=penalties.both,
            kappa=self.kappa,
        )

    def _terms(self, smoothing: Smoothing) -> FloatArray:
        """Return the terms (M, TERMS) of the restricted likelihood."""
        from iondrift_kernels import penalised_spline as kernels

        # Threads cost more than they bring where a call takes less than about a millisecond.
        large = self.functions * self.knots.size > _WORTH_THREADS
        terms = np.empty((smoothing.spatial.size, kernels.TERMS))
        (kernels.reml_terms_parallel if large else kernels.reml_terms)(smoothing, terms)
        return terms

    def _rest(self, values: FloatArray, explained: float) -> float:
        total = float(np.einsum("ij,ij,j->", values, values, self.precision)) + self.outside
        return max(total - explained, total * 1e-26, np.finfo(float).tiny)

    def fit(self, penalties: Penalties) -> SmoothSeries:
        """Solve for the given penalties."""
        from iondrift_kernels import penalised_spline as kernels

        spatial, rotation = self.modes(penalties)
        values = np.ascontiguousarray(rotation.T @ self.projected)
        modes = spatial.size
        coefficients, lower, influence, pattern = found = kernels.Modes(
            coefficients=np.empty((modes, self.functions)),
            lower=np.empty((modes, self.functions, 4)),
            influence=np.empty((modes, self.functions)),
            pattern=np.empty((modes, 2)),
        )
        smoothing = self._smoothing(spatial, values, penalties)
        kernels.fit_modes(smoothing, found)
        if not np.isfinite(coefficients).all():
            raise DataError(f"penalties {penalties} leave the smoothing problem without a unique solution")
        terms = self._terms(smoothing)
        rest = self._rest(values, terms[:, kernels.EXPLAINED].sum())
        free = self.independent * self.count - self.null_space
        freedom, squared = self._freedom(smoothing, float(terms[:, kernels.DETERMINANT].sum()))
        change = solve_triangular(self.triangle, rotation)  # modes in terms of B-splines
        value, slope, integral = (basis @ change for basis in self.basis)
        columns = self.time_basis.start[:, None] + np.arange(4)
        fitted = np.einsum("td,mtd->mt", self.time_basis.value, coefficients[:, columns])
        residuals = self.data - self.design @ (rotation @ (fitted + pattern[:, :1] * self.loading))
        # The mean level returns to the coefficients: constants lie in the span of both bases.
        constant = rotation.T @ (self.design.T @ (self.white_basis @ np.ones(self.white_basis.shape[1])))
        coefficients += self.level * constant[:, None]
        basis = spline_basis.LocalBasis(
            start=self.time_basis.start,
            value=self.time_basis.value,
            slope=self.time_basis.slope / self.duration,
        )
        return SmoothSeries(
            value=np.ascontiguousarray(value),
            slope=slope / self.length,
            integral=integral * self.length,
            time_basis=basis,
            coefficients=coefficients,
            lower=lower,
            influence=influence,
            pattern=pattern,
            standard_deviation=float(np.sqrt(rest / free)),
            effective_parameters=freedom,
            spread=float(np.sqrt(_BIAS_SHARE + (1.0 - _BIAS_SHARE) * squared / freedom)),
            penalties=penalties,
            restricted_likelihood=self._criterion(terms, rest, penalties),
            noise=self.noise,
            nominal_points=self.independent,
            breaks=self.breaks,
            whitened_residuals=residuals.T,
            knots=self.knots,
            rotation=np.ascontiguousarray(change),
            length=float(self.length),
            precision=self.precision,
            loading=self.loading,
            kappa=self.kappa,
            times=self.times,
            x=self.x,
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
