"""Anion flux into the region of interest when the plating electrode is blocking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve_banded, cholesky_banded, solve_banded
from scipy.optimize import minimize_scalar

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.drift.names import InTime
from iondrift.drift.smoothing import spline_basis
from iondrift.drift.smoothing.spline_basis import LocalBasis, usable_breaks

_ORDER = 3  # of the penalised derivative
_BOUNDS = (-16.0, 16.0)  # natural logarithms of the penalty, which is scaled to the data
_FEWEST_IN_PIECE = 5  # profiles between breaks
_LEAST = 1e-14  # of the sum of squares: rounding


def flux_from_storage(
    storage: FloatArray,
    time: FloatArray,
    *,
    smoothing: str,
    breaks: Sequence[float] = (),
    order: int = 3,
) -> FloatArray:
    """Return J at x = 0 if no anions cross the plating electrode, -dS/dt.

    S holds the noise of the few points it sums, and a difference from profile to profile would print that
    on every velocity; so it is smoothed in time in the way the profiles are.

    Parameters
    ----------
    storage : (time,)
        S, anions between the plating electrode and x = 0, mol m-2.
    time : (time,)
        s, strictly increasing, at least 3.
    smoothing
        ``pspline``: a cubic smoothing spline with kinks at breaks, its penalty by restricted maximum likelihood;
        ``polynomial``: one polynomial over all times; ``none``: second-order differences.
    breaks
        Times of protocol steps, s, where dS/dt may jump.
    order
        Of the polynomial.

    Returns
    -------
    (time,)
        mol m-2 s-1, positive away from the plating electrode.

    Raises
    ------
    ShapeError, DataError
        Lengths differ, a value is not finite, or time does not increase.

    Examples
    --------
    >>> flux_from_storage(np.array([9.0, 7.0, 5.0]), np.array([0.0, 1.0, 2.0]), smoothing="none").tolist()
    [2.0, 2.0, 2.0]
    """
    t = cast.increasing(time, "time")
    s = cast.array(storage, "electrode_storage", shape=t.shape)
    if smoothing == "none":
        return np.asarray(-np.gradient(s, t, edge_order=2))
    if smoothing == "polynomial":
        fit = np.polynomial.Polynomial.fit(t, s, min(order, t.size - 1))
        return np.asarray(-fit.deriv()(t))
    return fit_storage(s, t, breaks).flux()


def storage_origin(storage: FloatArray, time: FloatArray, smoothing: InTime) -> StorageFit | FixedFlux:
    """Return -dS/dt of a storage (time,), mol m-2, smoothed as the profiles are; splines have a posterior."""
    if smoothing.smoothing == "pspline":
        return fit_storage(storage, time, smoothing.breaks)
    return FixedFlux(flux_from_storage(storage, time, smoothing=smoothing.smoothing, order=smoothing.order))


@dataclass(frozen=True)
class FixedFlux:
    """A flux (time,), mol m-2 s-1, that is taken as it is."""

    values: FloatArray
    normals = 0

    def flux(self) -> FloatArray:
        """Return the flux (time,)."""
        return self.values

    def draw_flux(self, standard_normals: FloatArray, systematic: Mapping[str, FloatArray]) -> FloatArray:
        """Return it (time, replicate) for every replicate of standard normals (0, replicate)."""
        return np.repeat(self.values[:, None], standard_normals.shape[1], axis=1)


@dataclass(frozen=True)
class StorageFit:
    """A storage smoothed in time: spline coefficients with their posterior.

    Attributes
    ----------
    basis
        At the profiles, slope in 1/s.
    coefficients, factor, standard_deviation
        Mean, banded upper Cholesky factor of the precision over the noise variance, and the noise, mol m-2.
    """

    basis: LocalBasis
    coefficients: FloatArray
    factor: FloatArray
    standard_deviation: float

    @property
    def normals(self) -> int:
        """Standard normal numbers that one draw takes."""
        return self.coefficients.size

    def flux(self) -> FloatArray:
        """Return -dS/dt (time,), mol m-2 s-1."""
        return self._slope(self.coefficients)

    def draw_flux(self, standard_normals: FloatArray, systematic: Mapping[str, FloatArray]) -> FloatArray:
        """Return posterior draws (time, replicate) of -dS/dt from standard normals (coefficients, replicate).

        What is stored goes with the concentration and with the length: so does the flux, by their drawn factors.
        """
        shift = solve_banded((0, self.factor.shape[0] - 1), self.factor, standard_normals)
        columns = self.basis.start[:, None] + np.arange(4)
        change = np.einsum("td,tdr->tr", self.basis.slope, shift[columns])
        flux = self.flux()[:, None] - self.standard_deviation * change
        return np.asarray(flux * systematic["concentration"] * systematic["length"])

    def _slope(self, coefficients: FloatArray) -> FloatArray:
        columns = self.basis.start[:, None] + np.arange(4)
        return -np.asarray(np.einsum("td,td->t", self.basis.slope, coefficients[columns]))


def fit_storage(storage: FloatArray, time: FloatArray, breaks: Sequence[float] = ()) -> StorageFit:
    """Smooth S(t) by a cubic spline with kinks at the breaks; penalty of the third derivative by REML.

    Minimised is ``sum (S - s)^2 + lambda int (s''')^2``; cross-validation on so few points follows their noise.
    """
    span = time[-1] - time[0]
    scaled = (time - time[0]) / span
    inside = (np.asarray(usable_breaks(time, breaks, fewest=_FEWEST_IN_PIECE)) - time[0]) / span
    knots = spline_basis.knots_with_breaks(scaled, inside)
    basis = spline_basis.local_basis(knots, scaled)
    functions = knots.size - spline_basis.DEGREE - 1
    gram = _upper(spline_basis.band_gram(basis, functions, np.ones(time.size)))
    rough = _upper(spline_basis.band_roughness(knots, _ORDER))
    rough *= gram[-1].sum() / rough[-1].sum()
    level = float(storage.mean())
    values = storage - level
    columns = basis.start[:, None] + np.arange(4)
    right = np.zeros(functions)
    np.add.at(right, columns, basis.value * values[:, None])
    flat = _ORDER * (1 + inside.size) - inside.size  # polynomials by pieces, continuous
    free = max(time.size - flat, 1)

    def solved(penalty: float) -> tuple[FloatArray, FloatArray, float]:
        factor = cholesky_banded(gram + penalty * rough)
        coefficients = cho_solve_banded((factor, False), right)
        rest = max(float(values @ values - coefficients @ right), _LEAST * float(values @ values), 1e-300)
        return factor, coefficients, rest

    def criterion(logarithm: float) -> float:
        factor, _, rest = solved(float(np.exp(logarithm)))
        return float(free * np.log(rest) + 2.0 * np.log(factor[-1]).sum() - (functions - flat) * logarithm)

    grid = np.linspace(*_BOUNDS, 25)
    best = int(np.argmin([criterion(value) for value in grid]))
    bracket = (grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)])
    penalty = float(np.exp(minimize_scalar(criterion, bounds=bracket, method="bounded").x))
    factor, coefficients, rest = solved(penalty)
    scaled_basis = LocalBasis(start=basis.start, value=basis.value, slope=basis.slope / span)
    return StorageFit(scaled_basis, coefficients, factor, float(np.sqrt(rest / free)))


def _upper(band: FloatArray) -> FloatArray:
    """Return the (4, n) upper form of scipy from rows of ``band[k, d]``, element (k, k - d)."""
    return np.ascontiguousarray(band.T[::-1])
