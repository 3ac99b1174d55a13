"""Draws of a distribution of relaxation times: three ways to be uncertain about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from iondrift.cast import FloatArray
from iondrift.impedance.drt.logarithmic import LogarithmicFit, fit_logarithmic
from iondrift.impedance.drt.model import difference_coefficients
from iondrift.impedance.drt.nonnegative import Solution, gram, solve_shared, solve_signed

if TYPE_CHECKING:
    from iondrift.impedance.drt.problem import DrtProblem, DrtSolution


# The calibrated band mixes two priors on ln gamma. The smooth one (second differences, Student) is sharper but
# rules out jumps; the rough one (first differences) allows them. The share was fixed by the coverage of gamma over nine
# families of spectra with jumps among them, and over random sums of arcs (other seeds than bench/drt_coverage.py's):
# none 90 and 95 % of tau points inside a 95 % band, a twentieth 92 and 97, a tenth 94 and 99, a fifth 97 and 99.
ROUGH_SHARE = 0.05
ROUGH_ORDER = 1


def generator(seed: int, spectrum: int) -> np.random.Generator:
    """Return the random numbers of one spectrum: the same whatever else is in the series."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, spectrum])))


def perturbed_solutions(
    problem: DrtProblem,
    regularization: float,
    spectrum: int,
    level: FloatArray,
    samples: int,
    random: np.random.Generator,
    *,
    prior: bool,
) -> Solution:
    """Return solutions of the quadratic problem with perturbed data, and with perturbed penalty where asked.

    minimise ||W (A x - z - sigma e)||^2 + ||lambda D x - s e'||^2 subject to x >= 0; e, e' standard normal, s the
    standard deviation of W z, e' = 0 without the prior. All replicates share one factorisation.

    Parameters
    ----------
    level
        (2 frequencies) sigma in ohm; masked points are not perturbed.
    """
    weights = problem.weights[spectrum]
    weighted = problem.model.design * weights[:, None]
    rows = problem.rows[spectrum] + level * random.standard_normal((samples, level.size))
    matrix = regularization * problem.difference
    hessian = gram(weighted) + gram(matrix)
    linear_map = -(weighted * weights[:, None]).T
    if prior:
        used = weights > 0.0
        spread = float(np.sqrt(np.mean((weights[used] * level[used]) ** 2)))
        rows = np.hstack([rows, spread * random.standard_normal((samples, matrix.shape[0]))])
        linear_map = np.hstack([linear_map, -matrix.T])
    if problem.free is not None:
        return solve_signed(hessian, linear_map, rows, problem.free)
    return solve_shared(hessian, linear_map, rows)


def gaussian_draws(
    problem: DrtProblem, fit: LogarithmicFit, spectrum: int, random: np.random.Generator, out: FloatArray
) -> None:
    """Write draws (samples, n) around the automatic solution, in ohm.

    The quadratic programme it ended at is a Gaussian in x; x >= 0 is left out of the draws, because cutting them
    there would push resistance into every tail and bias its sum. Student factors carry the uncertainty of sigma.
    """
    from iondrift_kernels.dense import cholesky, inverse_factor
    from iondrift_kernels.drt_logarithmic import PULL
    from iondrift_kernels.drt_potential import penalty

    model = problem.model
    columns = np.ones(model.design.shape[1])
    columns[model.count :] = np.exp(fit.position[spectrum, model.count :])
    prior = np.empty((columns.size, columns.size))  # of x in units of the solution: well scaled
    penalty(difference_coefficients(fit.order), fit.precisions[spectrum], PULL, model.count, prior)
    hessian = gram(model.design * problem.weights[spectrum][:, None] * columns) + fit.noise[spectrum] ** 2 * prior
    scales = 1.0 / np.sqrt(np.diag(hessian))
    hessian *= scales * scales[:, None]
    factor, inverse = np.zeros_like(hessian), np.empty_like(hessian)
    # A series term the data hardly see: hold it no more than rounding does.
    hessian[np.diag_indices_from(hessian)] *= 1.0 + 1e-12
    if not cholesky(hessian, factor) > 0.0:
        hessian[np.diag_indices_from(hessian)] *= 1.0 + 1e-9
        cholesky(hessian, factor)
    inverse_factor(factor, inverse)
    sigma = fit.noise[spectrum] * fit.scale[spectrum]
    np.matmul(random.standard_normal(out.shape), inverse * (scales * columns), out=out)
    free = max(float((problem.weights[spectrum] > 0.0).sum()) - fit.effective[spectrum], 2.0)
    student = np.sqrt(free / random.chisquare(free, (out.shape[0], 1)))
    # Where sigma is known there is nothing to be uncertain about.
    out *= sigma * (student if problem.noise is None else 1.0)
    out += fit.x[spectrum] * fit.scale[spectrum]


class MixedDraws:
    """Draws (samples, n) from both priors, in ohm, spectrum by spectrum."""

    def __init__(self, problem: DrtProblem, solution: DrtSolution) -> None:
        if solution.fit is None:
            raise ValueError("MixedDraws needs a solution of the automatic choice")
        self.problem = problem
        self.smooth = replace(solution.fit, x=solution.x / solution.fit.scale[:, None])
        self.rough = fit_logarithmic(
            problem.model, problem.rows, problem.weights, order=ROUGH_ORDER, freedom=np.inf, noise=problem.noise,
            together=problem.together,
        )  # fmt: skip

    def __call__(self, spectrum: int, samples: int, random: np.random.Generator) -> FloatArray:
        """Return the draws of one spectrum."""
        draws = np.empty((samples, self.smooth.x.shape[1]))
        few = round(ROUGH_SHARE * samples)
        gaussian_draws(self.problem, self.smooth, spectrum, random, draws[: samples - few])
        gaussian_draws(self.problem, self.rough, spectrum, random, draws[samples - few :])
        return draws
