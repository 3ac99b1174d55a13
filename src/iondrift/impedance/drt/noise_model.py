"""The noise that bands of a distribution are drawn with: inferred, from a test, from repetitions, or given."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from iondrift import cast
from iondrift.cast import FloatArray, number, one_of
from iondrift.errors import ConfigurationError
from iondrift.impedance.drt.problem import DrtProblem
from iondrift.impedance.kramers_kronig import kramers_kronig
from iondrift.impedance.spectra import aligned, check_deviation, weights_of
from iondrift.settings import subject

Noise: TypeAlias = Literal["inferred", "kramers_kronig", "repeats"] | npt.ArrayLike


def with_noise(problem: DrtProblem, noise: Noise, *, reweigh: bool) -> DrtProblem:
    """Return the problem with a known standard deviation; weighted by it where nothing else was asked for."""
    if isinstance(noise, str):
        one_of(noise, "noise", ("inferred", "kramers_kronig", "repeats"))
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
        given = cast.array(aligned(noise, "noise", problem.impedance, "ohm"), subject("noise"), positive=True)
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
