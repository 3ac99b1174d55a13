"""Potential of the log-smooth distribution of relaxation times: half the square of one stacked residual.

U = ||r||^2 / 2,   r = [(A x - z) / sigma, sqrt(a_k) (D f)_k, sqrt(eps) (f - f0)],   x = [terms, exp f]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iondrift.cast import FloatArray

PULL = 1e-4  # eps


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """One spectrum, its weights in A and z, and what is assumed of it."""

    design: FloatArray  # (m, n) A, rows that carry weight
    data: FloatArray  # (m,) z
    terms: int  # how many of x are series terms
    order: int  # of the difference D
    centre: float  # f0


@dataclass(frozen=True, kw_only=True)
class State:
    """Unknowns and hyperparameters."""

    position: FloatArray  # (n,) [terms, f]
    precisions: FloatArray  # (n_tau - order,) a_k
    noise: float  # sigma


def difference(spectrum: Spectrum) -> FloatArray:
    """Return D (n_tau - order, n), zeros for the series terms."""
    tau = spectrum.design.shape[1] - spectrum.terms
    return np.diff(np.eye(tau, tau + spectrum.terms, spectrum.terms), spectrum.order, axis=0)


def penalty_root(spectrum: Spectrum, state: State) -> FloatArray:
    """Return K (rows, n), K'K = P = D' diag(a) D + eps I in the block of f."""
    tau = spectrum.design.shape[1] - spectrum.terms
    identity = np.eye(tau, tau + spectrum.terms, spectrum.terms)
    return np.vstack([np.sqrt(state.precisions)[:, None] * difference(spectrum), np.sqrt(PULL) * identity])


def solution(spectrum: Spectrum, position: FloatArray) -> FloatArray:
    """Return x = [terms, exp f] (n)."""
    return np.concatenate([position[: spectrum.terms], np.exp(position[spectrum.terms :])])


def residual(spectrum: Spectrum, state: State) -> FloatArray:
    """Return r (m + rows)."""
    series = np.arange(state.position.size) < spectrum.terms
    misfit = (spectrum.design @ solution(spectrum, state.position) - spectrum.data) / state.noise
    return np.concatenate(
        [misfit, penalty_root(spectrum, state) @ (state.position - np.where(series, 0.0, spectrum.centre))]
    )


def jacobian(spectrum: Spectrum, state: State) -> FloatArray:
    """Return dr / d[terms, f] (m + rows, n)."""
    x = solution(spectrum, state.position)
    slope = np.where(np.arange(x.size) < spectrum.terms, 1.0, x)
    return np.vstack([spectrum.design * slope / state.noise, penalty_root(spectrum, state)])
