"""The log-smooth distribution of relaxation times, one spectrum at a time: an evidence loop in plain NumPy.

scipy.optimize.least_squares finds the minimum of U with sigma and a_k held and series terms not negative; then, with
C the covariance of the Laplace approximation there,

    sigma^2 = ||A x - z||^2 / (m - gamma),   gamma = n - tr C P
    a_k = (nu + 1) / (nu s^2 + (D f)_k^2 + (D C D')_kk),   1 / s^2 = mean a_k,   or for nu = inf 1 / mean square

until nothing changes. MacKay, Neural Comp. 4 (1992) 415-447; Tipping, JMLR 1 (2001) 211-244.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import least_squares

from iondrift.cast import FloatArray
from iondrift.reference.drt_potential import (
    Spectrum,
    State,
    difference,
    jacobian,
    penalty_root,
    residual,
)


def fit(
    spectrum: Spectrum,
    start: State,
    *,
    freedom: float,
    learn_noise: bool = True,
    tolerance: float = 1e-7,
    most: int = 3000,
) -> tuple[State, float]:
    """Return where no hyperparameter changes by more than ``tolerance`` of itself, and gamma there.

    Parameters
    ----------
    spectrum, start
        Data, and any state.
    freedom
        nu of the Student prior; inf gives all differences one precision.
    learn_noise
        Whether sigma is inferred.
    tolerance, most
        Where to stop, and after how many rounds to give up.

    Raises
    ------
    RuntimeError
        The loop did not settle.
    """
    state = start
    for _ in range(most):
        found, gamma = update(spectrum, state, freedom, learn_noise)
        change = np.abs(np.r_[found.precisions / state.precisions, found.noise / state.noise] - 1.0).max()
        if change <= tolerance:
            return found, gamma
        state = found
    raise RuntimeError(f"evidence loop: hyperparameters still change by {change:.1e} after {most} rounds")


def update(spectrum: Spectrum, start: State, freedom: float, learn_noise: bool) -> tuple[State, float]:
    """Return the minimum for the hyperparameters of ``start`` with those it asks for; and gamma."""
    state, m, D = minimum(spectrum, start), spectrum.data.size, difference(spectrum)
    free = np.r_[state.position[: spectrum.terms] > 0.0, np.ones(state.position.size - spectrum.terms, dtype=bool)]
    J, K = jacobian(spectrum, state)[:, free], penalty_root(spectrum, state)[:, free]
    covariance = np.linalg.inv(J.T @ J)
    gamma = float(free.sum() - np.trace(covariance @ K.T @ K))
    misfit = state.noise * residual(spectrum, state)[:m]
    noise = float(np.sqrt(misfit @ misfit / (m - gamma))) if learn_noise else state.noise
    squares = (D @ state.position) ** 2 + np.diag(D[:, free] @ covariance @ D[:, free].T)
    if np.isinf(freedom):
        precisions = np.full(squares.size, 1.0 / squares.mean())
    else:
        precisions = (freedom + 1.0) / (freedom / state.precisions.mean() + squares)
    return replace(state, noise=noise, precisions=precisions), gamma


def minimum(spectrum: Spectrum, start: State) -> State:
    """Return the state of least U, hyperparameters held."""
    lowest = np.where(np.arange(start.position.size) < spectrum.terms, 0.0, -np.inf)

    def at(position: FloatArray) -> State:
        return replace(start, position=position)

    def stacked(position: FloatArray) -> FloatArray:
        return residual(spectrum, at(position))

    def slope(position: FloatArray) -> FloatArray:
        return jacobian(spectrum, at(position))

    found = least_squares(
        stacked, start.position, slope, bounds=(lowest, np.inf), method="dogbox", xtol=1e-15, ftol=1e-15, gtol=1e-12,
        max_nfev=1000,
    )  # fmt: skip
    return at(np.asarray(found.x))
