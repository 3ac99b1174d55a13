"""The least squares of the inverse model: from parameters to log intensities, with derivatives, priors and weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from iondrift.cast import FloatArray
from iondrift.drift.inverse.likelihood import Projection, noise_in_time
from iondrift.drift.inverse.observation import VOLUMES, Places
from iondrift.drift.inverse.options import FormName
from iondrift_kernels import salt_diffusion as model

LOG_D, SLOPE, CURVATURE, TRANSFERENCE, SINK, PLATING_GAP, COUNTER_GAP = range(7)
PARAMETERS = (
    "log_diffusivity", "diffusivity_slope", "diffusivity_curvature", "anion_transference", "sink", "plating_gap",
    "counter_gap",
)  # fmt: skip
LOWEST_TRANSFERENCE, HIGHEST_TRANSFERENCE = 0.02, 3.0
FREE: dict[FormName, tuple[int, ...]] = {
    "constant": (LOG_D, TRANSFERENCE, PLATING_GAP, COUNTER_GAP),
    "exponential": (LOG_D, SLOPE, TRANSFERENCE, PLATING_GAP, COUNTER_GAP),
    "log-parabola": (LOG_D, SLOPE, CURVATURE, TRANSFERENCE, PLATING_GAP, COUNTER_GAP),
}
SLOPE_PRIOR, CURVATURE_PRIOR, SINK_PRIOR = 3.0, 5.0, 0.5  # standard deviations about zero
WALL = 0.005  # c / c0 below which a fit is pushed back: an exponential D would let it through zero
_NARROWEST = 1e-6  # m, of a gap
_LOWEST_SEEN = 1e-3  # c / c0 whose logarithm is still taken


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What parameters predict.

    Attributes
    ----------
    seen : (K, J)
        M, c / c0 as observed.
    columns : (7, K, J)
        d ln M by each parameter.
    wall : (K,), by_parameters : (7, K)
        c / c0 in the volume at the plating electrode, and its derivatives.
    """

    seen: FloatArray
    columns: FloatArray
    wall: FloatArray
    wall_columns: FloatArray


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Everything that a fit needs beside its parameters.

    Attributes
    ----------
    intensity : (K, J)
        As acquired; points between the electrodes, then sums beside them.
    places
        Of the J.
    schedule
        Of the K.
    gaps, gap_uncertainty
        Prior of the electrodes' places, m.
    common_mode
        Standard deviation of one factor per profile.
    """

    intensity: FloatArray
    places: Places
    schedule: model.Schedule
    gaps: tuple[float, float]
    gap_uncertainty: float
    common_mode: float

    @cached_property
    def noise(self) -> FloatArray:
        """Standard deviation (J,) of the intensities: one for all points, each sum its own."""
        count = self.places.x.size
        points = noise_in_time(self.intensity[:, :count], shared=True)
        sums = [
            noise_in_time(self.intensity[:, j : j + 1], shared=False) for j in range(count, self.intensity.shape[1])
        ]
        return np.array([points] * count + sums)

    @cached_property
    def prior(self) -> tuple[FloatArray, FloatArray]:
        """Means and standard deviations (7,); infinite where it is flat."""
        mean = np.array([0.0, 0.0, 0.0, 0.0, 0.0, *self.gaps])
        spread = [np.inf, SLOPE_PRIOR, CURVATURE_PRIOR, np.inf, SINK_PRIOR, self.gap_uncertainty, self.gap_uncertainty]
        return mean, np.array(spread)

    def first(self, count: int) -> Problem:
        """Return the problem of the first profiles alone."""
        if count == self.intensity.shape[0]:
            return self
        steps = int(np.flatnonzero(self.schedule.profiles == count - 1)[-1]) + 1
        schedule = model.Schedule(
            self.schedule.durations[:steps], self.schedule.drives[:steps], self.schedule.profiles[:steps],
            self.schedule.weights[:steps],
        )  # fmt: skip
        return replace(self, intensity=self.intensity[:count], schedule=schedule)

    def allowed(self, x: FloatArray) -> bool:
        """Whether parameters (7,) are within their bounds."""
        within = LOWEST_TRANSFERENCE < x[TRANSFERENCE] < HIGHEST_TRANSFERENCE
        return bool(np.isfinite(x).all() and within and min(x[PLATING_GAP], x[COUNTER_GAP]) > _NARROWEST)

    def kernel_parameters(self, x: FloatArray) -> FloatArray:
        """Return what the forward model takes (..., 6) of parameters (..., 7)."""
        length = x[..., PLATING_GAP] + self.places.span + x[..., COUNTER_GAP]
        return np.concatenate([x[..., :PLATING_GAP], length[..., None]], axis=-1)

    def volumes(self, x: FloatArray, *, tangents: bool) -> tuple[FloatArray, FloatArray] | None:
        """Return u (K, n) and its derivatives (K, n, 6), none of them on request; None where it cannot be solved."""
        count = self.intensity.shape[0]
        u = np.empty((count, VOLUMES))
        derivatives = np.empty((count if tangents else 0, VOLUMES, model.PARAMETERS))
        ended = model.run(self.kernel_parameters(x), self.places.grid, self.schedule, u, derivatives)
        return (u, derivatives) if ended == model.OK else None

    def predict(self, x: FloatArray) -> Prediction | None:
        """Return what parameters (7,) predict; None where the forward model cannot be solved."""
        found = self.volumes(x, tangents=True)
        if found is None or not self.allowed(x):
            return None
        u, derivatives = found
        maps = self.places.sampling(x[PLATING_GAP], x[COUNTER_GAP])
        seen = u @ maps.value.T
        along = np.moveaxis(maps.value @ derivatives, -1, 0)  # (6, K, J)
        columns = np.concatenate([along, along[model.LENGTH :]])
        columns[PLATING_GAP] += u @ maps.by_plating.T
        columns[COUNTER_GAP] += u @ maps.by_counter.T
        columns /= np.maximum(seen, _LOWEST_SEEN)
        wall = derivatives[:, 0].T
        return Prediction(seen=seen, columns=columns, wall=u[:, 0], wall_columns=np.vstack([wall, wall[-1:]]))

    def residuals(self, prediction: Prediction) -> FloatArray:
        """Return ln I - ln M (K, J)."""
        return np.asarray(np.log(self.intensity) - np.log(np.maximum(prediction.seen, _LOWEST_SEEN)))

    def projection(self, prediction: Prediction) -> Projection:
        """Return the weights that a prediction gives, and what takes out the factors."""
        seen = np.maximum(prediction.seen, _LOWEST_SEEN)
        plateau = (self.intensity / seen).mean(axis=0)
        return Projection(weights=seen * plateau / self.noise, common_mode=self.common_mode)

    def cost(self, x: FloatArray, prediction: Prediction, projection: Projection) -> float:
        """Return what is minimised."""
        mean, spread = self.prior
        wall = np.minimum(prediction.wall - WALL, 0.0) / WALL
        return projection.cost(self.residuals(prediction)) + float((((x - mean) / spread) ** 2).sum() + wall @ wall)

    def normal_equations(
        self, x: FloatArray, prediction: Prediction, projection: Projection, free: list[int]
    ) -> tuple[float, FloatArray, FloatArray]:
        """Return cost, descent (p,) and Hessian (p, p) over two, for the free parameters."""
        mean, spread = self.prior
        columns, beyond = prediction.columns[free], prediction.wall < WALL
        cost, right, hessian = projection.normal_equations(self.residuals(prediction), columns)
        away = ((mean - x) / spread)[free]
        wall = np.where(beyond, prediction.wall - WALL, 0.0) / WALL
        slopes = np.where(beyond, prediction.wall_columns[free], 0.0) / WALL
        right = right + away / spread[free] - slopes @ wall
        hessian = hessian + np.diag(spread[free] ** -2.0) + slopes @ slopes.T
        return cost + float(away @ away + wall @ wall), right, hessian
