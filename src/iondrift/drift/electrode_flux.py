"""Anion flux into the region of interest when the plating electrode is blocking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.drift.names import InTime
from iondrift.drift.smoothing import time_axis
from iondrift.drift.smoothing.courses import Courses
from iondrift.drift.smoothing.likelihood import Data, Likelihood, Spatial
from iondrift.drift.smoothing.posterior import OtherOrder, Posterior
from iondrift.drift.smoothing.search import choose
from iondrift.drift.smoothing.spline_basis import LocalBasis, usable_breaks
from iondrift.drift.smoothing.time_axis import TimeAxis

_FEWEST_IN_PIECE = 5  # profiles between breaks


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
        return self.exact_flux(systematic)

    def exact_flux(self, systematic: Mapping[str, FloatArray]) -> FloatArray:
        """Return the same."""
        return np.repeat(self.values[:, None], systematic["length"].size, axis=1)


@dataclass(frozen=True, kw_only=True)
class StorageFit:
    """A storage smoothed in time: the reported coefficients, and the fits that draws are made from.

    Attributes
    ----------
    basis
        At the profiles, slope in 1/s.
    coefficients, standard_deviation
        The reported fit's, mol m-2, and the noise it finds.
    posterior
        Fits whose penalties the data leave open, as those of profiles are.
    """

    basis: LocalBasis
    coefficients: FloatArray
    standard_deviation: float
    posterior: Posterior

    @property
    def normals(self) -> int:
        """Standard normal numbers that one draw takes."""
        return self.coefficients.size

    def flux(self) -> FloatArray:
        """Return -dS/dt (time,), mol m-2 s-1."""
        return self._slope(self.coefficients[:, None])[:, 0]

    def draw_flux(self, standard_normals: FloatArray, systematic: Mapping[str, FloatArray]) -> FloatArray:
        """Return posterior draws (time, replicate) of -dS/dt from standard normals (coefficients, replicate).

        Groups of replicates take one fit after another. What is stored goes with the concentration and with the length:
        so does the flux, by their drawn factors.
        """
        from iondrift_kernels.lanes import LANES

        group = np.arange(standard_normals.shape[1]) // LANES
        courses = Courses(self.posterior.fits(int(group[-1]) + 1))
        flux = np.empty((self.basis.start.size, group.size))
        for j in range(courses.count):
            own = group % courses.count == j
            flux[:, own] = self._slope(courses.draw(j, standard_normals[:, own]))
        flux *= systematic["concentration"]  # in place: of long series it is the largest array there is
        flux *= systematic["length"]
        return flux

    def exact_flux(self, systematic: Mapping[str, FloatArray]) -> FloatArray:
        """Return the reported flux (time, replicate) for replicates whose profiles hold no noise."""
        return np.asarray(self.flux()[:, None] * systematic["concentration"] * systematic["length"])

    def _slope(self, coefficients: FloatArray) -> FloatArray:
        """Return -dS/dt (time, R) of coefficients (K, R)."""
        columns = self.basis.start[:, None] + np.arange(4)
        return -np.asarray(np.einsum("td,tdr->tr", self.basis.slope, coefficients[columns]))


def fit_storage(storage: FloatArray, time: FloatArray, breaks: Sequence[float] = ()) -> StorageFit:
    """Smooth S(t) by a cubic spline with kinks at the breaks, as if it were one mode of the profiles.

    Minimised is ``sum (S - s)^2 + lambda int w (d^3 s/dt^3)^2``, lambda by REML: cross-validation on so few points
    follows their noise.
    """
    ones = np.ones(time.size)
    axis = TimeAxis(time, usable_breaks(time, breaks, fewest=_FEWEST_IN_PIECE), ones, ones)
    level = float(storage.mean())
    values = storage - level
    spatial = Spatial(rows=np.zeros((0, 1)), places=np.zeros((0, 4)), shares=np.zeros((0, 4)))
    data = Data(
        right=axis.project(values[:, None]), arrow=np.zeros(axis.functions), held=np.zeros(1), loaded=0.0, kappa=0.0,
        total=float(values @ values), count=time.size,
    )  # fmt: skip

    def likelihood(order: int) -> Likelihood:
        return Likelihood(spatial=spatial, temporal=axis.temporal(order), data=data)

    reported = likelihood(time_axis.ORDER)
    choice = choose(reported, adaptive=False)
    posterior = Posterior(
        likelihood=reported, other=lambda: OtherOrder.of(likelihood(time_axis.OTHER_ORDER), adaptive=False),
        to_splines=np.ascontiguousarray, penalties=choice.reported.penalties, choice=choice, level=level,
    )  # fmt: skip
    course = Courses(posterior.reported)
    return StorageFit(
        basis=axis.physical_basis,
        coefficients=course.draw(0, np.zeros((axis.functions, 1)))[:, 0],
        standard_deviation=float(course.sigma[0]),
        posterior=posterior,
    )
