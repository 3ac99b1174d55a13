"""Restricted likelihood of a penalised tensor-product spline by dense matrices, and its minimum by differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from iondrift.cast import FloatArray
from iondrift.drift.smoothing.likelihood import Likelihood
from iondrift.drift.smoothing.search import BOUNDS

_ADAPTIVITIES = ((6.0, 6.0, np.log(0.05)), (6.0, 6.0, np.log(0.15)), (2.0, 2.0, np.log(0.15)))

_IMPOSSIBLE = 1e12  # where the normal equations lose their last digit


@dataclass(frozen=True, kw_only=True)
class DenseLikelihood:
    """V of :mod:`iondrift_kernels.spline_modes` from matrices ``gram`` and ``penalty`` (K, K), other data alike."""

    gram: FloatArray
    penalty: FloatArray
    right: FloatArray
    arrow: FloatArray
    held: FloatArray
    loaded: float
    kappa: float
    total: float
    free: float
    flat: float
    rows: FloatArray
    places: FloatArray
    shares: FloatArray

    def value(self, place: Sequence[float] | FloatArray) -> float:
        """Return -2 log restricted likelihood up to a constant for 3 or 6 log-penalties."""
        space, time, both = np.exp([place[0], place[1], place[0] + place[2]])
        weights = self.shares
        if len(place) > 3:
            extent = np.exp(place[5])
            layers = np.exp(place[3] - self.places / extent) + np.exp(place[4] - (1.0 - self.places) / extent)
            weights = weights / (1.0 + layers)
        spatial, rotation = np.linalg.eigh(self.rows.T @ (weights.sum(axis=1)[:, None] * self.rows))
        spatial[:3] = 0.0
        right, held = rotation.T @ self.right.T, rotation.T @ self.held
        rest, total = self.total, -self.flat * np.log(time)
        for m, s in enumerate(spatial):
            A = (1.0 + space * s) * self.gram + (time + both * s) * self.penalty
            b = right[m]
            if self.kappa > 0.0:
                corner = np.array([[self.loaded + 1.0 / self.kappa]])
                A = np.block([[A, self.arrow[:, None]], [self.arrow[None], corner]])
                b = np.append(b, held[m])
                total += np.log(self.kappa)
            rest -= b @ np.linalg.solve(A, b)
            total += np.linalg.slogdet(A)[1]
            if s > 0.0:
                total -= np.linalg.slogdet(space * s * self.gram + (time + both * s) * self.penalty)[1]
        found = float(total + self.free * np.log(max(rest, 1e-26 * self.total) / self.free))
        return found if np.isfinite(found) else _IMPOSSIBLE

    def lowest(self) -> tuple[float, float]:
        """Return the lowest V for w = 1 and for an adaptive w: a grid, then L-BFGS-B with finite differences."""
        return self._search(()), min(self._search(extra) for extra in _ADAPTIVITIES)

    def _search(self, extra: Sequence[float]) -> float:
        grid = [(space, time, time, *extra) for space in range(-36, 1, 6) for time in range(-16, 22, 4)]
        place = np.array(min(grid, key=self.value))
        options = {"eps": 0.05, "gtol": 0.05, "ftol": 1e-7, "maxiter": 40}
        lowest = np.inf
        for _ in range(4):  # a line search that broke off starts afresh with a new metric
            bounds = BOUNDS[: place.size]
            found = minimize(self.value, place, method="L-BFGS-B", bounds=bounds, options=options)  # type: ignore[call-overload]  # the stubs know no float64 criterion
            if lowest - found.fun < 0.2 and np.isfinite(lowest):
                return min(lowest, float(found.fun))
            place, lowest = found.x, float(found.fun)
        return lowest


def dense(likelihood: Likelihood) -> DenseLikelihood:
    """Return the dense twin of a likelihood."""
    series, roughness = likelihood.series, likelihood.roughness
    functions = series.arrow.size
    return DenseLikelihood(
        gram=_matrix(series.gram[:functions]),
        penalty=_matrix(series.penalty[:functions]),
        right=series.right,
        arrow=series.arrow,
        held=series.held,
        loaded=series.loaded,
        kappa=series.kappa,
        total=series.total,
        free=series.free,
        flat=series.flat,
        rows=roughness.rows,
        places=roughness.places,
        shares=roughness.shares,
    )


def _matrix(band: FloatArray) -> FloatArray:
    matrix = np.zeros((band.shape[0], band.shape[0]))
    for k in range(band.shape[0]):
        for d in range(min(3, k) + 1):
            matrix[k, k - d] = matrix[k - d, k] = band[k, d]
    return matrix
