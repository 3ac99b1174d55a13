"""Draws of the posterior, and what each says of profiles, velocities and the salt at the plating electrode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iondrift.cast import FloatArray
from iondrift.drift.bands.systematic import systematic_normals
from iondrift.drift.inverse.anion import AnionSource, drawn, normals_needed
from iondrift.drift.inverse.minimum import Minimum
from iondrift.drift.inverse.observation import VOLUMES, Places, cubic_weights
from iondrift.drift.inverse.problem import (
    COUNTER_GAP,
    CURVATURE,
    HIGHEST_TRANSFERENCE,
    LOG_D,
    LOWEST_TRANSFERENCE,
    PLATING_GAP,
    SLOPE,
    TRANSFERENCE,
    Problem,
)  # fmt: skip
from iondrift.errors import DataError
from iondrift_kernels import salt_diffusion as model

_NARROWEST = 1e-6  # m, of a drawn gap
_STRAIGHT = 1e-8  # change of ln D below which it is none
_SMALLEST = 1e-3  # c / c0 by which a velocity is still divided


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Draws (R) of what follows from the parameters, at the times (K) and points (J) of the profiles.

    Attributes
    ----------
    x : (R, 7)
        Parameters.
    normals : (n, R)
        Of D-.
    relative, salt_diffusivity : (R, K, J)
        c / c0 and D(c), m2 s-1.
    net_velocity, velocity : (R, K, J)
        J / c, and v (None without D-), m s-1.
    at_electrode : (R, K)
        c(0) / c0.
    """

    x: FloatArray
    normals: FloatArray
    relative: FloatArray
    salt_diffusivity: FloatArray
    net_velocity: FloatArray
    velocity: FloatArray | None
    at_electrode: FloatArray


def draw(problem: Problem, minimum: Minimum, source: AnionSource, concentration: float, count: int, seed: int) -> Draws:
    """Draw parameters about the minimum and run the forward model with each.

    Raises
    ------
    DataError
        The forward model fails for a draw.
    """
    free = minimum.free
    normals = systematic_normals(seed, len(free) + normals_needed(source), count)
    x = np.tile(minimum.x, (count, 1))
    x[:, free] += (np.linalg.cholesky(minimum.covariance) @ normals[: len(free)]).T
    x[:, TRANSFERENCE] = np.clip(x[:, TRANSFERENCE], LOWEST_TRANSFERENCE, HIGHEST_TRANSFERENCE)
    x[:, [PLATING_GAP, COUNTER_GAP]] = np.maximum(x[:, [PLATING_GAP, COUNTER_GAP]], _NARROWEST)
    return _consequences(problem, x, normals[len(free) :], source, concentration)


def at_minimum(problem: Problem, minimum: Minimum, source: AnionSource, concentration: float) -> Draws:
    """Return the same of the best parameters alone, R = 1."""
    return _consequences(problem, minimum.x[None], np.zeros((normals_needed(source), 1)), source, concentration)


def _consequences(
    problem: Problem, x: FloatArray, normals: FloatArray, source: AnionSource, concentration: float
) -> Draws:
    count, profiles = x.shape[0], problem.intensity.shape[0]
    u = np.empty((count, profiles, VOLUMES))
    none = np.empty((0, profiles, VOLUMES, model.PARAMETERS))
    ended = model.run_each(problem.kernel_parameters(x), problem.places.grid, problem.schedule, u, none)
    if (ended != model.OK).any():
        raise DataError(
            f"{np.count_nonzero(ended)} of {count} draws of the posterior have no solution: the salt runs out; "
            "the data do not fix this form of D(c)"
        )
    relative, gradient = _seen(problem.places, x, u)
    s = relative - 1.0
    of = {p: x[:, p, None, None] for p in (LOG_D, SLOPE, CURVATURE, TRANSFERENCE)}
    D = np.exp(of[LOG_D] + s * (of[SLOPE] + s * of[CURVATURE]))
    drive = mean_drive(problem.schedule, profiles)[:, None]
    flux = -D * gradient - of[TRANSFERENCE] * drive
    c = np.maximum(relative, _SMALLEST)
    velocity = None
    if source is not None:
        velocity = (flux + drawn(source, x, normals, D, relative, concentration) * gradient) / c
    return Draws(
        x=x, normals=normals, relative=relative, salt_diffusivity=D, net_velocity=flux / c, velocity=velocity,
        at_electrode=_at_plating_electrode(problem, x, u[:, :, 0], drive[:, 0]),
    )  # fmt: skip


def mean_drive(schedule: model.Schedule, profiles: int) -> FloatArray:
    """Return I = i / (F c0), mean over each acquisition (K,), m s-1."""
    inside = schedule.profiles >= 0
    weighted = (schedule.drives * schedule.weights)[inside]
    return np.bincount(schedule.profiles[inside], weighted, minlength=profiles).astype(np.float64)


def _seen(places: Places, x: FloatArray, u: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return c / c0 and its gradient (m-1) at the points, (R, K, J) each."""
    length = x[:, PLATING_GAP] + places.span + x[:, COUNTER_GAP]
    xi = (x[:, PLATING_GAP, None] + places.x) / length[:, None]
    maps = (weights.reshape(*xi.shape, VOLUMES) for weights in cubic_weights(places.volumes[1], xi.ravel()))
    relative, gradient = (u @ weights.transpose(0, 2, 1) for weights in maps)
    return relative, gradient / length[:, None, None]


def _at_plating_electrode(problem: Problem, x: FloatArray, first: FloatArray, drive: FloatArray) -> FloatArray:
    """Return c(0) / c0 (R, K) from the first volume's (R, K): the flux to the wall is that of the current.

    The integral of D over c falls by flux times distance, D = exp(...) with its slope in the volume; none where that
    leaves no salt.
    """
    q0, q1, q2, t, k, length = (column[:, None] for column in problem.kernel_parameters(x).T)
    s = first - 1.0
    slope = q1 + 2.0 * q2 * s
    fall = -(t + k) * drive * 0.5 * problem.places.grid.widths[0] * length / np.exp(q0 + s * (q1 + s * q2))
    straight = np.abs(slope * fall) < _STRAIGHT
    bent = np.where(straight, 1.0, slope)
    inner = np.maximum(1.0 - bent * fall, np.finfo(float).tiny)
    return np.asarray(np.maximum(np.where(straight, first - fall, first + np.log(inner) / bent), 0.0))
