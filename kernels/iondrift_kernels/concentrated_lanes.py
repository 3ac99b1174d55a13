"""Velocities of LANES replicates in a concentrated solution; rows as in :mod:`iondrift_kernels.lanes`.

``J = -D_s dc/dx - t- i / F``, ``c v = -t- i / F + (R T / F) u- (2 t- - 1) chi dc/dx``, ``u- = t- kappa / (F c)``.
"""

from __future__ import annotations

from iondrift_kernels import lanes
from iondrift_kernels._jit import kernel
from iondrift_kernels.constants import FARADAY
from iondrift_kernels.diffusivity_lanes import diffusivities
from iondrift_kernels.drift_layout import FloatArray, Solution


@kernel
def solution_properties(solution: Solution, points: FloatArray) -> None:
    """Fill the four properties at all ``points`` (X, CONCENTRATED_POINT); DIFFUSIVITY and RESISTANCE are scratch."""
    forms, arguments = solution.forms, solution.arguments
    diffusivities(forms[0], arguments[0], solution.salt_diffusivity, points)
    _keep(points, lanes.SALT_DIFFUSIVITY)
    diffusivities(forms[1], arguments[1], solution.transference, points)
    _keep(points, lanes.TRANSFERENCE)
    diffusivities(forms[2], arguments[2], solution.thermodynamic_factor, points)
    _keep(points, lanes.THERMODYNAMIC_FACTOR)
    diffusivities(forms[3], arguments[3], solution.conductivity, points)
    _keep(points, lanes.CONDUCTIVITY)


@kernel
def _keep(points: FloatArray, offset: int) -> None:
    """Copy DIFFUSIVITY of all ``points`` (X, CONCENTRATED_POINT) to another place of the row."""
    for i in range(points.shape[0]):
        for j in range(lanes.LANES):
            points[i, offset + j] = points[i, lanes.DIFFUSIVITY + j]


@kernel
def velocities_in_solution(thermal: FloatArray, points: FloatArray, profile: FloatArray) -> None:
    """VELOCITY and HIGHEST at all ``points`` (X, CONCENTRATED_POINT); ``thermal`` (LANES,): R T / F.

    So that flux, field and mobility follow as under other closures: DIFFUSIVITY becomes (R T / F) u- chi, RESISTANCE
    1 / ((R T / F) u- c), INTEGRATED the friction X.
    """
    width = lanes.whole(thermal.shape[0])
    for i in range(points.shape[0]):
        point = points[i]
        for j in range(width):
            highest = profile[lanes.HIGHEST + j]  # read before any write, lest its own becomes a slow masked store
            t, chi = point[lanes.TRANSFERENCE + j], point[lanes.THERMODYNAMIC_FACTOR + j]
            inverse, slope = point[lanes.INVERSE + j], point[lanes.GRADIENT + j]
            drift = thermal[j] * t * point[lanes.CONDUCTIVITY + j] * inverse / FARADAY
            by_current = -t * profile[lanes.CURRENT + j] / FARADAY
            migrative = by_current + drift * (2.0 * t - 1.0) * chi * slope
            velocity = migrative * inverse
            flux = by_current - point[lanes.SALT_DIFFUSIVITY + j] * slope
            point[lanes.DIFFUSIVITY + j] = drift * chi
            point[lanes.RESISTANCE + j] = inverse / drift
            point[lanes.INTEGRATED + j] = migrative - flux - drift * chi * slope
            point[lanes.VELOCITY + j] = velocity
            profile[lanes.HIGHEST + j] = velocity if abs(velocity) > abs(highest) else highest
