"""Bands of a distribution of relaxation times, of resistances and of peak positions."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast, variables
from iondrift.cast import FloatArray, number, one_of
from iondrift.errors import ConfigurationError
from iondrift.impedance.drt.band_collector import BandCollector
from iondrift.impedance.drt.draws import MixedDraws, generator, perturbed_solutions
from iondrift.impedance.drt.estimate import solve
from iondrift.impedance.drt.labels import check_readout, conventions, effective_parameters, noise_of
from iondrift.impedance.drt.noise_model import Noise, with_noise
from iondrift.impedance.drt.problem import DrtProblem, DrtSolution, check_solved, pose
from iondrift.impedance.options import (
    FEWEST_DRAWS,
    MOST_DRAWS,
    BandDraws,
    DrawKeywords,
    DrtModel,
    ModelKeywords,
    Readout,
    ReadoutKeywords,
)
from iondrift.impedance.spectra import series_coordinates
from iondrift.settings import setting, split_keywords, subject
from iondrift.threads import bounded_threads

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


# The same of gamma of either sign: random sums of arcs with a loop at low frequency (bench/drt_signed.py).
COVERAGE_SIGNED = {
    "noise": "not measured",
    "prior": "known total R inside 95 % bands: 99 %, of loops that gamma >= 0 cannot represent",
}


class DrtBandKeywords(ModelKeywords, ReadoutKeywords, DrawKeywords, total=False):
    """Options of :func:`drt_bands` beside those of its signature, described there."""


@bounded_threads
def drt_bands(
    impedance: xr.DataArray | xr.Dataset,
    *,
    model: DrtModel = DrtModel(),
    noise: Noise = "inferred",
    mask: npt.ArrayLike | None = None,
    **options: Unpack[DrtBandKeywords],
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
    negative, negative_range
        As for :func:`iondrift.drt`; the default method is then "prior".
    threshold
        Peaks below this fraction of the highest are not followed.
    model, mask, time_constants, tau_range, order, weighting, ohmic, inductive, capacitive, per, window, electrodes
        As for :func:`iondrift.drt`; so is area.

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

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> f = np.logspace(5.0, -1.0, 37)
    >>> noise = 1.0 + 1e-3 * np.random.default_rng(0).standard_normal(f.size)
    >>> Z = xr.DataArray((5.0 + 50.0 / (1.0 + 2j * np.pi * f * 1e-3)) * noise, {"frequency": f}, ("frequency",))
    >>> bands = drt_bands(Z, samples=100)
    >>> low, _, high = bands.polarisation_resistance.values[:, 0]
    >>> bool(low < 50.0 < high), bands.gamma.dims
    (True, ('quantile', 'spectrum', 'tau'))
    """
    began = perf_counter()
    changes, read, drawn = split_keywords("drt_bands", options, DrtModel, Readout, BandDraws)
    asked, readout = replace(model, **changes), Readout(**read)
    draws = BandDraws(**{"method": "prior" if asked.signed else "calibrated", **drawn})
    check_method(draws.method, asked)
    check_draws(draws)
    inferred = draws.method == "calibrated"
    problem = pose(impedance, asked if inferred else with_one_lambda(asked), mask)
    check_readout(problem.model.tau, readout)
    problem = with_noise(problem, noise, reweigh=inferred and asked.weighting is None)
    result = bands_of_solution(problem, solve(problem), readout, draws)
    result.attrs |= {"noise_from": noise if isinstance(noise, str) else "given", "seconds": perf_counter() - began}
    return result


def with_one_lambda(model: DrtModel) -> DrtModel:
    """Return the model for bands that need one lambda: in place of the automatic choice the marginal likelihood's."""
    automatic = isinstance(model.regularization, str) and model.regularization == "auto"
    return replace(model, regularization="marginal_likelihood") if automatic else model


def check_method(method: object, model: DrtModel) -> None:
    """Refuse a method that does not exist or does not go with the regularisation.

    Raises
    ------
    ConfigurationError
        "calibrated" infers the roughness itself; it takes "auto" alone.
    """
    one_of(method, "method", tuple(METHODS))
    if method == "calibrated" and model.signed:
        raise ConfigurationError(
            f"{setting('method', 'calibrated')} draws ln gamma, which has no sign; with {subject('negative')} use "
            f"{setting('method', 'prior')} or {setting('method', 'noise')}"
        )
    if method == "calibrated" and not (isinstance(model.regularization, str) and model.regularization == "auto"):
        raise ConfigurationError(
            f"{setting('method', 'calibrated')} infers the roughness; leave {setting('regularization', 'auto')} or use "
            f"{setting('method', 'noise')} or {setting('method', 'prior')}"
        )


def bands_of_solution(problem: DrtProblem, solution: DrtSolution, readout: Readout, draws: BandDraws) -> xr.Dataset:
    """Return the bands of a problem that is solved already; as :func:`drt_bands`, which poses and solves it first."""
    check_draws(draws)
    spread = noise_of(problem, solution, effective_parameters(problem, solution))
    bands = BandCollector(problem, solution, readout, draws)
    method, samples, seed = draws.method or "calibrated", draws.samples, draws.seed
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
        "coverage": COVERAGE[method] if problem.free is None else COVERAGE_SIGNED[method],
        "method": method,
        "samples": samples,
        "seed": seed,
        "level": draws.level,
        "noise_from": "inferred",
        "largest_kkt_residual": worst,
        "window_s": tuple(map(float, readout.window)),
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


def check_draws(draws: BandDraws) -> None:
    """Refuse draws that make no band.

    Raises
    ------
    ConfigurationError
        An option is out of its range.
    """
    cast.whole(draws.samples, subject("samples"), lowest=FEWEST_DRAWS, highest=MOST_DRAWS)
    cast.whole(draws.seed, subject("seed"), lowest=0)
    number(draws.level, "level", above=0.0, below=1.0)
    check_threshold(draws.threshold)


def check_threshold(threshold: Any) -> None:
    """Refuse a smallest peak that is no fraction of the highest.

    Raises
    ------
    ConfigurationError
        It does not lie between 0 and 1.
    """
    number(threshold, "threshold", above=0.0, below=1.0)
