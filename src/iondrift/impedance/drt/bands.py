"""Bands of a distribution of relaxation times, of resistances and of peak positions."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast, variables
from iondrift.cast import FloatArray, choose, number
from iondrift.errors import ConfigurationError
from iondrift.impedance.drt.draws import MixedDraws, generator, perturbed_solutions
from iondrift.impedance.drt.estimate import solve
from iondrift.impedance.drt.labels import (
    check_reading,
    conventions,
    effective_parameters,
    noise_of,
    resistances,
    resolution,
)
from iondrift.impedance.drt.peaks import Peak, basin_resistance, find_peaks, presence, vertex
from iondrift.impedance.drt.problem import DrtProblem, DrtSolution, Regularization, check_solved, pose
from iondrift.impedance.kramers_kronig import kramers_kronig
from iondrift.impedance.spectra import Weighting, attach, check_deviation, series_coordinates, weights_of
from iondrift.settings import setting, subject

Noise = Literal["inferred", "kramers_kronig", "repeats"] | npt.ArrayLike

METHODS = {
    "calibrated": "two log-smooth priors mixed, roughness and noise inferred",
    "noise": "noise only, at fixed lambda; covers the estimate's own scatter, not its bias",
    "prior": "perturb and optimise: noise and the zero target of the penalty",
}
# Share of truths inside a nominal 95 % band over nine families of spectra and over random sums of arcs, the lower
# first; peaks without those flagged (bench/drt_coverage.py). What "calibrated" mixes was set by other draws of both.
COVERAGE = {
    "calibrated": "known truths inside 95 % bands: gamma 92 to 97 %, total R 90 to 95 %, in window 91 to 95 %, "
    "peaks 94 to 97 %",
    "noise": "known truths inside 95 % bands: gamma 73 to 77 %, total R 71 to 76 %, in window 78 to 81 %, "
    "peaks 73 to 82 %",
    "prior": "known truths inside 95 % bands: gamma 93 to 94 %, total R 52 to 69 %, in window 67 to 84 %, "
    "peaks 89 to 94 %",
}
PRESENT = 0.9  # share of draws from which on a peak counts as resolved
_PEAK_REACH = 0.9  # decades to either side of a peak within which a draw's maximum is sought


def drt_bands(
    impedance: xr.DataArray | xr.Dataset,
    *,
    method: Literal["calibrated", "noise", "prior"] = "calibrated",
    samples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    noise: Noise = "inferred",
    time_constants: int = 92,
    tau_range: tuple[float, float] | None = None,
    regularization: Regularization = "auto",
    order: int | None = None,
    weighting: Weighting | None = None,
    ohmic: bool = True,
    inductive: bool = True,
    capacitive: bool = False,
    per: Literal["spectrum", "series"] = "spectrum",
    window: tuple[float, float] = (1e-4, 1.0),
    electrodes: int = 1,
    area: float | None = None,
    threshold: float = 0.02,
    mask: npt.ArrayLike | None = None,
) -> xr.Dataset:
    """Distribution of relaxation times with pointwise bands.

    Parameters
    ----------
    impedance
        As for :func:`iondrift.drt`.
    method
        "calibrated": draws from the Gaussian of the automatic choice under two priors; the default because its
        coverage measured best (``bench/drt_coverage.py``). "noise": bootstrap at fixed lambda, what others report;
        too narrow. "prior": data and penalty perturbed, then optimised, at fixed lambda. What share of truths each
        covered is attribute ``coverage``: 90 to 97 % with "calibrated", over all spectra; jumps and singularities of
        gamma (finite Warburg, Gerischer) are covered less often.
    samples, seed
        Draws, from 20 to 100,000; the same seed gives the same band, for every spectrum on its own.
    level
        Probability inside the band.
    noise
        Standard deviation of Re Z and of Im Z: "inferred" with the fit; "kramers_kronig", from the residuals of
        that test; "repeats", from the scatter between the spectra, which must then be repetitions; or given in ohm
        (a number, per frequency, or per point).
    regularization
        "auto" means the marginal likelihood for the methods that need one lambda; "calibrated" takes nothing else.
    threshold
        Peaks below this fraction of the highest are not followed.
    time_constants, tau_range, order, weighting, ohmic, inductive, capacitive, per, window, electrodes, area, mask
        As for :func:`iondrift.drt`.

    Returns
    -------
    Dataset with dim quantile ((1 - level)/2, 0.5, (1 + level)/2): gamma (quantile, spectrum, tau) ohm;
    polarisation_resistance, windowed_resistance, electrode_resistance, ohmic_resistance (quantile, spectrum);
    peak_tau s and peak_resistance (quantile, peak, spectrum), peaks in ascending tau of each spectrum; the estimates
    without quantile as gamma_estimate and ..._estimate; noise; the measured coverage in attrs. A peak's band includes
    half a step of the grid. What not to trust: polarisation_resolved (spectrum) is False where more than a tenth of the
    polarisation resistance (unmeasured_fraction) lies at time constants that were not measured; peak_resolved
    (peak, spectrum) where fewer than nine draws of ten have a maximum there, too (peak_presence). Arcs too close to
    make two maxima are one peak, whose band is for the maximum of their sum.

    Raises
    ------
    ShapeError, DataError, ConfigurationError
        As :func:`iondrift.drt`.

    References
    ----------
    Mixture of Laplace approximations: MacKay, Neural Comp. 4 (1992) 415-447. Perturb and optimise: Bardsley et al.,
    SIAM J. Sci. Comput. 36 (2014) A1895-A1910.
    """
    began = perf_counter()
    check_method(method, regularization)
    check_draws(samples, seed, level, threshold)
    if method != "calibrated" and isinstance(regularization, str) and regularization == "auto":
        regularization = "marginal_likelihood"
    problem = pose(
        impedance, time_constants=time_constants, tau_range=tau_range, regularization=regularization, order=order,
        weighting=weighting, ohmic=ohmic, inductive=inductive, capacitive=capacitive, per=per, mask=mask,
    )  # fmt: skip
    check_reading(problem.model.tau, window, electrodes, area)
    problem = with_noise(problem, noise, reweigh=method == "calibrated" and weighting is None)
    result = bands_of_solution(
        problem, solve(problem), method=method, samples=samples, seed=seed, level=level, window=window,
        electrodes=electrodes, area=area, threshold=threshold,
    )  # fmt: skip
    result.attrs |= {"noise_from": noise if isinstance(noise, str) else "given", "seconds": perf_counter() - began}
    return result


def check_method(method: str, regularization: Regularization) -> None:
    """Refuse a method that does not exist or does not go with the regularisation.

    Raises
    ------
    ConfigurationError
        "calibrated" infers the roughness itself; it takes "auto" alone.
    """
    choose("method", method, tuple(METHODS))
    if method == "calibrated" and not (isinstance(regularization, str) and regularization == "auto"):
        raise ConfigurationError(
            f"{setting('method', 'calibrated')} infers the roughness; leave {setting('regularization', 'auto')} or use "
            f"{setting('method', 'noise')} or {setting('method', 'prior')}"
        )


def bands_of_solution(
    problem: DrtProblem,
    solution: DrtSolution,
    *,
    method: Literal["calibrated", "noise", "prior"],
    samples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    window: tuple[float, float] = (1e-4, 1.0),
    electrodes: int = 1,
    area: float | None = None,
    threshold: float = 0.02,
) -> xr.Dataset:
    """Return the bands of a problem that is solved already; as :func:`drt_bands`, which poses and solves it first."""
    check_draws(samples, seed, level, threshold)
    spread = noise_of(problem, solution, effective_parameters(problem, solution))
    probabilities = np.array([0.5 * (1.0 - level), 0.5, 0.5 * (1.0 + level)])
    bands = _Bands(problem, solution, probabilities, window, electrodes, area, threshold)
    spectra = range(problem.values.shape[0])
    worst = float(solution.kkt_residual.max())
    if method == "calibrated":
        draw = MixedDraws(problem, solution)
        check_solved(problem, draw.rough.x, draw.rough.kkt_residual)
        worst = max(worst, float(draw.rough.kkt_residual.max()))

        def add(s: int) -> None:
            random = generator(seed, s)
            drawn = draw(s, samples, random)
            _check_draws_of(problem, s, drawn)
            bands.add(s, drawn, random)

        _for_each(add, spectra)
    else:  # the threads are inside the solver
        for s in spectra:
            random = generator(seed, s)
            sigma = np.nan_to_num(np.tile(spread[s], 2))
            answer = perturbed_solutions(
                problem, float(solution.regularization[s]), s, sigma, samples, random, prior=method == "prior"
            )
            _check_draws_of(problem, s, answer.x, answer.kkt_residual)
            bands.add(s, answer.x, random)
            worst = max(worst, float(answer.kkt_residual.max()))
    result = bands.label()
    result["noise"] = variables.dataarray("noise", spread, series_coordinates(problem.impedance))
    result.attrs = {
        **conventions(problem),
        "band": METHODS[method],
        "coverage": COVERAGE[method],
        "method": method,
        "samples": samples,
        "seed": seed,
        "level": level,
        "noise_from": "inferred",
        "largest_kkt_residual": worst,
        "window_s": tuple(map(float, window)),
    }
    return result


def _check_draws_of(
    problem: DrtProblem, spectrum: int, draws: FloatArray, kkt_residual: FloatArray | None = None
) -> None:
    """Refuse draws (samples, n) of one spectrum that rounding destroyed: sorted quantiles would hide it."""
    x, residual = np.zeros((problem.values.shape[0], draws.shape[1])), np.zeros(problem.values.shape[0])
    x[spectrum] = draws.sum(axis=0)  # not finite where any of them is not
    residual[spectrum] = 0.0 if kkt_residual is None else kkt_residual.sum()
    check_solved(problem, x, residual)


def _for_each(work: Callable[[int], None], spectra: range) -> None:
    """Do independent work on as many threads as the kernels would use; random numbers, products and sorts let go."""
    import numba

    threads = min(numba.get_num_threads(), len(spectra))
    if threads < 2:
        for s in spectra:
            work(s)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, spectra))  # the list raises what a thread raised


def with_noise(problem: DrtProblem, noise: Noise, *, reweigh: bool) -> DrtProblem:
    """Return the problem with a known standard deviation; weighted by it where nothing else was asked for."""
    if isinstance(noise, str):
        choose("noise", noise, ("inferred", "kramers_kronig", "repeats"))
        if noise == "inferred":
            return problem
        if noise == "kramers_kronig":
            test = kramers_kronig(problem.impedance, mask=~problem.used)
            sigma = test["kk_noise"].values[:, None] * np.where(problem.used, np.abs(problem.values), 1.0)
        else:
            sigma = _scatter(problem)
    else:
        if np.ndim(noise) == 0:
            number(noise, "noise", above=0.0)
        given = cast.array(noise, subject("noise"), positive=True)
        if given.shape not in ((), problem.values.shape[1:], problem.values.shape):
            raise ConfigurationError(
                f"{subject('noise')}: expected one standard deviation, one per frequency, or shape "
                f"{problem.values.shape}, got shape {given.shape}"
            )
        sigma = np.broadcast_to(given, problem.values.shape)
    check_deviation(sigma, problem.values, problem.used, "noise")
    if reweigh:
        weights, name, _ = weights_of(sigma, problem.values, problem.used)
        problem = replace(problem, weights=weights, weighting=name)
    half = problem.values.shape[1]
    squares = (problem.weights[:, :half] * sigma) ** 2
    return replace(problem, noise=np.sqrt(squares.sum(axis=1) / problem.used.sum(axis=1)))


def _scatter(problem: DrtProblem) -> FloatArray:
    """Return the standard deviation between repeated spectra, real and imaginary parts pooled."""
    count = problem.values.shape[0]
    if count < 3 or not problem.used.all():
        raise ConfigurationError(
            f'noise="repeats" needs at least 3 repetitions without masked points, got {count} spectra'
        )
    pooled = 0.5 * (problem.values.real.var(axis=0, ddof=1) + problem.values.imag.var(axis=0, ddof=1))
    if not (pooled > 0.0).all():
        raise ConfigurationError('noise="repeats": the repetitions are identical at some frequency')
    return np.broadcast_to(np.sqrt(pooled), problem.values.shape)


def quantiles(draws: FloatArray, probabilities: FloatArray) -> FloatArray:
    """Return quantiles along the first axis, linear between order statistics.

    Sorting whole columns is quicker than three partial sorts.
    """
    columns = np.sort(np.ascontiguousarray(draws.T), axis=-1)
    place = probabilities * (columns.shape[-1] - 1)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, columns.shape[-1] - 1)
    part = place - below
    return np.ascontiguousarray(((1.0 - part) * columns[..., below] + part * columns[..., above]).T)


class _Bands:
    """Collects the quantiles of everything, spectrum by spectrum."""

    def __init__(
        self,
        problem: DrtProblem,
        solution: DrtSolution,
        probabilities: FloatArray,
        window: tuple[float, float],
        electrodes: int,
        area: float | None,
        threshold: float,
    ) -> None:
        self.problem, self.probabilities = problem, probabilities
        self.options = (window, electrodes, area)
        self.threshold = threshold
        model = problem.model
        self.gamma_estimate = solution.x[:, model.count :] / model.step
        self.estimates = resistances(problem, solution.x, *self.options)
        self.peaks: list[list[Peak]] = [find_peaks(model.tau, row, threshold=threshold) for row in self.gamma_estimate]
        spectra, count = len(self.peaks), max(map(len, self.peaks), default=0)
        self.resolution = resolution(problem, solution.x)
        self.gamma = np.empty((3, *self.gamma_estimate.shape))
        self.resistances = {name: np.empty((3, spectra)) for name in self.estimates}
        self.peak_tau = np.full((3, count, spectra), np.nan)
        self.peak_resistance = np.full((3, count, spectra), np.nan)
        self.peak_presence = np.full((count, spectra), np.nan)

    def add(self, spectrum: int, draws: FloatArray, random: np.random.Generator) -> None:
        model = self.problem.model
        gamma = draws[:, model.count :] / model.step
        self.gamma[:, spectrum] = np.maximum(quantiles(gamma, self.probabilities), 0.0)
        read = resistances(self.problem, draws, *self.options)
        pooled = quantiles(np.stack(list(read.values()), axis=1), self.probabilities)
        for k, name in enumerate(read):
            # As the estimate itself: x >= 0.
            self.resistances[name][:, spectrum] = np.maximum(pooled[:, k], 0.0)
        reach = max(1, round(_PEAK_REACH * np.log(10.0) / model.step))
        # Within one step of the grid a position is not resolved.
        blur = random.uniform(-0.5, 0.5, gamma.shape[0])
        peaks = self.peaks[spectrum]
        self.peak_presence[: len(peaks), spectrum] = presence(
            gamma, self.gamma_estimate[spectrum], peaks, self.threshold
        )
        for k, peak in enumerate(peaks):
            first, last = max(peak.first, peak.index - reach), min(peak.last, peak.index + reach)
            basin = gamma[:, first : last + 1]
            top = basin.argmax(axis=1)
            offset = vertex(basin, top)[0] if basin.shape[1] > 2 else np.zeros(top.size)
            place = np.log(model.tau[first]) + model.step * (top + offset + blur)
            held = basin_resistance(gamma, peak.first, peak.last, model.step)
            both = quantiles(np.stack([place, held], axis=1), self.probabilities)
            self.peak_tau[:, k, spectrum] = np.exp(both[:, 0])
            self.peak_resistance[:, k, spectrum] = both[:, 1]

    def label(self) -> xr.Dataset:
        series = series_coordinates(self.problem.impedance)
        coords: dict[str, Any] = {
            **series,
            "tau": ("tau", self.problem.model.tau),
            "quantile": ("quantile", self.probabilities),
            "peak": ("peak", np.arange(self.peak_tau.shape[1])),
        }
        banded = ("quantile", "spectrum")
        result = xr.Dataset(
            {
                "gamma": variables.dataarray("gamma", self.gamma, coords, dims=(*banded, "tau")),
                "gamma_estimate": variables.dataarray("gamma", self.gamma_estimate, coords),
            }
        )
        for name, values in self.resistances.items():
            result[name] = variables.dataarray(name, values, coords, dims=banded)
            result[f"{name}_estimate"] = variables.dataarray(name, self.estimates[name], coords)
        for name, flag in self.resolution.items():
            result[name] = variables.dataarray(name, flag, coords)
        result["peak_presence"] = variables.dataarray("peak_presence", self.peak_presence, coords)
        resolved = self.peak_presence >= PRESENT  # False where there is no peak
        result["peak_resolved"] = variables.dataarray("peak_resolved", resolved, coords)
        dims = ("quantile", "peak", "spectrum")
        result["peak_tau"] = variables.dataarray("peak_tau", self.peak_tau, coords, dims=dims)
        result["peak_resistance"] = variables.dataarray("peak_resistance", self.peak_resistance, coords, dims=dims)
        return attach(result, series)


FEWEST_DRAWS, MOST_DRAWS = 20, 100_000  # of one spectrum: these take a gigabyte at once


def check_draws(samples: Any, seed: Any, level: Any = 0.95, threshold: Any = 0.02) -> None:
    """Refuse draws that make no band.

    Raises
    ------
    ConfigurationError
        An option is out of its range.
    """
    cast.whole(samples, subject("samples"), lowest=FEWEST_DRAWS, highest=MOST_DRAWS)
    cast.whole(seed, subject("seed"), lowest=0)
    number(level, "level", above=0.0, below=1.0)
    check_threshold(threshold)


def check_threshold(threshold: Any) -> None:
    """Refuse a smallest peak that is no fraction of the highest.

    Raises
    ------
    ConfigurationError
        It does not lie between 0 and 1.
    """
    number(threshold, "threshold", above=0.0, below=1.0)
