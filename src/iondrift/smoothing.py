"""Tensor-product penalised splines for a series of profiles, with penalties chosen by REML.

The concentration is ``c(x, t) = sum_jk a_jk B_j(x) T_k(t)`` with cubic B-splines. Minimised is

    || R^-1/2 (c_measured - c - pattern(x)) ||^2 + lambda_x int int w c_xxx^2 + lambda_t int int c_ttt^2 +
      lambda_xt int int w c_xxxttt^2

R is the measured correlation of the noise along x (zero filling, common mode), restricted to the directions
that hold noise at all; the pattern is the noise of the reference profile, common to all times. The weight w(x)
falls towards the electrodes where a thin depletion layer asks for it. All of the lambdas and w are
chosen by restricted maximum likelihood. Source: Wahba 1983, Nychka 1988, Wood 2017 (posterior); Demmler and
Reinsch 1975 (diagonal basis).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy.linalg import cholesky, eigh, solve_triangular
from scipy.optimize import OptimizeResult, minimize

from iondrift import spline_basis
from iondrift.cast import FloatArray
from iondrift.errors import DataError
from iondrift.noise import NoiseEstimate, estimate_noise

ORDER_SPACE = ORDER_TIME = 3  # of the derivatives that are penalised: smooth enough for honest bands of dc/dt
MAXIMUM_SPATIAL_FUNCTIONS = 96
_KEPT_NOISE = 0.25  # directions with less than this share of the largest noise variance are interpolation, not data
_CERTAIN = 1e4  # precision of a profile that is known, over that of a measured one
_FEWEST_PROFILES = 3  # in a piece between breaks
# Natural logarithms: penalties in space, in time, in both over that in space; two adaptivities and their extent.
_BOUNDS = ((-45.0, 20.0), (-30.0, 21.0), (-20.0, 21.0), (-8.0, 10.0), (-8.0, 10.0), (np.log(0.03), np.log(0.5)))
_ADAPTIVITY_STARTS = ((6.0, 6.0, np.log(0.05)), (6.0, 6.0, np.log(0.15)))
# Profiles change fastest after a step of the protocol: the penalty in time starts at 1/21 there and settles.
_TRANSIENT, _SETTLING = 20.0, 0.1
# Of the bias that a draw from the prior would have, the share that bands allow for: fields that obey a diffusion
# equation are smoother than such draws. Measured in bench/coverage.py.
_BIAS_SHARE = 0.25
_WORTH_THREADS = 30_000  # modes times functions in time
_IMPOSSIBLE = 1e12  # in place of the criterion where the normal equations lose their last digit


@dataclass(frozen=True, kw_only=True)
class Penalties:
    """Smoothing penalties in space, in time and in both over the noise variance, on axes scaled to 0..1.

    ``adaptivity`` are (plating, counter, length): w(x) = 1 / (1 + e^plating exp(-x/length) + e^counter
    exp(-(L - x)/length)), length as a fraction of L; None for w = 1.
    """

    space: float
    time: float
    both: float = 0.0
    adaptivity: tuple[float, float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class SmoothSeries:
    """A fitted series in mode form; everything that evaluation and posterior draws need.

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
    spread
        Standard deviation of posterior draws over that of the prior's posterior: sqrt(b + (1 - b) tr H^2 / tr H), with b
        the share of the prior's bias that bands allow for.
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
    knots, rotation, length
        Spatial knots on 0..1, the modes in terms of B-splines (functions, modes), and L in m.
    precision, loading, kappa
        Of the profiles and the fixed pattern, see :mod:`iondrift_kernels.penalised_spline`.
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
    spread: float
    penalties: Penalties
    restricted_likelihood: float
    noise: NoiseEstimate
    nominal_points: int
    breaks: tuple[float, ...]
    whitened_residuals: FloatArray
    knots: FloatArray
    rotation: FloatArray
    length: float
    precision: FloatArray
    loading: FloatArray
    kappa: float

    def evaluate(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return c (mol m-3), dc/dx (mol m-4) and G = -int_0^x dc/dt dx' (mol m-2 s-1), each (time, x)."""
        amplitude = self._in_time(self.time_basis.value)
        rate = self._in_time(self.time_basis.slope)
        return amplitude @ self.value.T, amplitude @ self.slope.T, -(rate @ self.integral.T)

    def rate_at_origin(self) -> FloatArray:
        """Return dc/dt at x = 0 (time,), mol m-3 s-1."""
        return self._in_time(self.time_basis.slope) @ self.value[0]

    def _in_time(self, weights: FloatArray) -> FloatArray:
        columns = self.time_basis.start[:, None] + np.arange(4)
        return np.asarray(np.einsum("td,mtd->tm", weights, self.coefficients[:, columns]))


def smooth(
    concentration: xr.DataArray,
    *,
    breaks: Sequence[float] = (),
    noise: NoiseEstimate | None = None,
    reference_profiles: int | None = None,
    reference_index: int | None = None,
    penalties: Penalties | None = None,
    adaptive: bool = True,
) -> SmoothSeries:
    """Fit the penalised tensor-product spline.

    Parameters
    ----------
    concentration
        (time, x), mol m-3, coordinates in s and m, checked by the caller.
    breaks
        Times (s) of protocol steps: continuity there, but a kink is allowed.
    noise
        Autocorrelation and common mode along x; estimated from the data where None.
    reference_profiles
        How many profiles were averaged in the reference that the series was divided by; its noise is then
        fitted as a pattern common to all times. None: the reference holds no noise.
    reference_index
        Index of the profile in the series that alone was the reference: it equals c0 by definition, and its noise is
        minus the pattern.
    penalties
        Given penalties; chosen by REML where None.
    adaptive
        Let the spatial penalty fall towards the electrodes where REML prefers it.

    Raises
    ------
    DataError
        Fewer than 4 profiles or 6 points.
    """
    times, x = concentration["time"].values, concentration["x"].values
    if times.size < 4 or x.size < 6:
        raise DataError(
            f"concentration: penalised splines need at least 4 profiles of 6 points, got {times.size} of {x.size}; "
            "use smoothing='none'"
        )
    if noise is None:
        enough = times.size >= 8 and x.size >= 8
        noise = (
            estimate_noise(concentration)
            if enough
            else NoiseEstimate(standard_deviation=np.nan, autocorrelation=(1.0,), common_mode=0.0)
        )
    kept_breaks = _usable_breaks(times, breaks)

    def problem_of(values: FloatArray) -> _Problem:
        return _Problem(
            values=values,
            times=times,
            x=x,
            breaks=kept_breaks,
            noise=noise,
            kappa=0.0 if reference_profiles is None else 1.0 / reference_profiles,
            reference_index=reference_index,
        )

    problem = problem_of(concentration.values)
    if reference_profiles is not None:
        first = problem.fit(_choose(problem, adaptive) if penalties is None else penalties)
        problem = problem_of(_additive(concentration.values, first, reference_index or 0))
    return problem.fit(_choose(problem, adaptive) if penalties is None else penalties)


def _additive(values: FloatArray, fit: SmoothSeries, reference_index: int) -> FloatArray:
    """Return the series with the reference's noise additive: c (1 + r) = (c + r c_ref) + r (c - c_ref).

    A ratio multiplies by the reference's noise r; the model adds a pattern. The last term, small where c stays near
    that of the reference, is taken off with r from the first fit.
    """
    smooth_values = fit.evaluate()[0]
    held = fit.loading > 0.0
    count = float(held.sum()) * fit.kappa
    level = float(values[reference_index].mean())
    relative = (values - smooth_values)[held].mean(axis=0) / level * count / (1.0 + count)
    return values - relative * (smooth_values - level)


def _usable_breaks(times: FloatArray, breaks: Sequence[float]) -> tuple[float, ...]:
    """Drop breaks that would leave a piece with too few profiles to carry a kink."""
    kept: list[float] = []
    left = times[0] - 1.0
    for moment in sorted(breaks):
        before = np.count_nonzero((times > left) & (times <= moment))
        after = np.count_nonzero(times > moment)
        if before >= _FEWEST_PROFILES and after >= _FEWEST_PROFILES and times[0] < moment < times[-1]:
            kept.append(float(moment))
            left = moment
    return tuple(kept)


class _Problem:
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
        # Singular values keep the small eigenvalues that forming the product would lose.
        eigenvalues, rotation = eigh(root.T @ root)
        eigenvalues[:ORDER_SPACE] = 0.0
        return np.maximum(eigenvalues, 0.0), np.ascontiguousarray(rotation)

    def restricted_likelihood(self, penalties: Penalties) -> float:
        """Return -2 log restricted likelihood up to a constant, noise variance profiled out."""
        from iondrift_kernels import penalised_spline as kernels

        spatial, rotation = self.modes(penalties)
        values = np.ascontiguousarray(rotation.T @ self.projected)
        terms = np.empty((spatial.size, kernels.TERMS))
        self._terms(
            self.time_basis.start,
            self.time_basis.value,
            self.precision,
            self.loading,
            self.gram,
            self.penalty,
            spatial,
            values,
            penalties.space,
            penalties.time,
            penalties.both,
            self.kappa,
            terms,
        )
        free = self.independent * self.count - self.null_space
        rest = self._rest(values, terms[:, 2].sum())
        flat = ORDER_SPACE * self.functions - self.null_space
        criterion = (
            free * np.log(rest / free)
            + terms[:, 0].sum()
            + terms[:, 3].sum()
            - terms[:, 1].sum()
            - flat * np.log(penalties.time)
        )
        return float(criterion) if np.isfinite(criterion) else _IMPOSSIBLE

    def _freedom(self, arguments: tuple[Any, ...], determinant: float) -> tuple[float, float]:
        """Return tr H and tr H^2 from how log|A| answers to a common factor e^u of all penalties.

        d log|A| / du = p - tr H and d2 log|A| / du2 = tr H - tr H^2 at u = 0, by central differences.
        """
        *data, space, time, both, kappa = arguments
        step = 0.1
        moved = []
        for factor in (np.exp(-step), np.exp(step)):
            terms = np.empty((data[6].size, 4))
            self._terms(*data, space * factor, time * factor, both * factor, kappa, terms)
            moved.append(float(terms[:, 0].sum()))
        total = float(data[6].size * self.functions)
        freedom = total - (moved[1] - moved[0]) / (2.0 * step)
        curvature = (moved[1] - 2.0 * determinant + moved[0]) / step**2
        return freedom, min(max(freedom - curvature, 0.0), freedom)

    def _terms(self, *arguments: Any) -> None:
        from iondrift_kernels import penalised_spline as kernels

        # Threads cost more than they bring where a call takes less than about a millisecond.
        large = self.functions * self.knots.size > _WORTH_THREADS
        (kernels.reml_terms_parallel if large else kernels.reml_terms)(*arguments)

    def _rest(self, values: FloatArray, explained: float) -> float:
        total = float(np.einsum("ij,ij,j->", values, values, self.precision)) + self.outside
        return max(total - explained, total * 1e-26, np.finfo(float).tiny)

    def fit(self, penalties: Penalties) -> SmoothSeries:
        """Solve for the given penalties."""
        from iondrift_kernels import penalised_spline as kernels

        spatial, rotation = self.modes(penalties)
        values = np.ascontiguousarray(rotation.T @ self.projected)
        modes = spatial.size
        coefficients = np.empty((modes, self.functions))
        lower = np.empty((modes, self.functions, 4))
        influence = np.empty((modes, self.functions))
        pattern = np.empty((modes, 2))
        arguments = (
            self.time_basis.start,
            self.time_basis.value,
            self.precision,
            self.loading,
            self.gram,
            self.penalty,
            spatial,
            values,
            penalties.space,
            penalties.time,
            penalties.both,
            self.kappa,
        )
        kernels.fit_modes(*arguments, coefficients, lower, influence, pattern)
        if not np.isfinite(coefficients).all():
            raise DataError(f"penalties {penalties} leave the smoothing problem without a unique solution")
        terms = np.empty((modes, kernels.TERMS))
        self._terms(*arguments, terms)
        rest = self._rest(values, terms[:, 2].sum())
        free = self.independent * self.count - self.null_space
        freedom, squared = self._freedom(arguments, float(terms[:, 0].sum()))
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
            restricted_likelihood=self.restricted_likelihood(penalties),
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


def _choose(problem: _Problem, adaptive: bool) -> Penalties:
    """Minimise the restricted likelihood, first with w = 1, then with w falling towards the electrodes."""

    def criterion(parameters: FloatArray) -> float:
        return problem.restricted_likelihood(_penalties(parameters))

    def search(extra: Sequence[float]) -> OptimizeResult:
        grid = [np.array([space, time, time, *extra]) for space in range(-36, 1, 6) for time in range(-16, 22, 4)]
        return _descend(criterion, min(grid, key=criterion))

    plain = search(())
    if not adaptive:
        return _penalties(plain.x)
    best = min((search(extra) for extra in _ADAPTIVITY_STARTS), key=lambda result: float(result.fun))
    # Three more parameters must earn their place (Schwarz): a free edge follows noise all too gladly.
    price = 3.0 * np.log(problem.independent * problem.count)
    return _penalties(best.x if best.fun + price < plain.fun else plain.x)


def _descend(criterion: Callable[[FloatArray], float], start: FloatArray) -> OptimizeResult:
    # The criterion is flat to a tenth near its minimum: differences of a twentieth resolve it.
    options = {"eps": 0.05, "gtol": 0.05, "ftol": 1e-7, "maxiter": 40}
    bounds = _BOUNDS[: start.size]
    best = minimize(criterion, start, method="L-BFGS-B", bounds=bounds, options=options)
    for _ in range(3):  # a line search that broke off starts afresh with a new metric
        again = minimize(criterion, best.x, method="L-BFGS-B", bounds=bounds, options=options)
        gained = best.fun - again.fun
        best = again if gained > 0.0 else best
        if gained < 0.2:
            break
    return best


def _penalties(parameters: FloatArray) -> Penalties:
    space, time, both = np.exp([parameters[0], parameters[1], parameters[0] + parameters[2]])
    adaptivity = None
    if parameters.size > 3:
        adaptivity = (float(parameters[3]), float(parameters[4]), float(np.exp(parameters[5])))
    return Penalties(space=float(space), time=float(time), both=float(both), adaptivity=adaptivity)
