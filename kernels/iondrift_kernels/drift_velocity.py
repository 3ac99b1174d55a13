"""Drift velocity, field and flux of every profile in one pass, for each closure.

``v = (J + D dc/dx) / c`` and ``E = -v / u``; under the current closure the field comes first,
``E = (i / F + (D+ - D-) dc/dx) / ((u+ + u-) c)``.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import parallel_kernel
from iondrift_kernels.codes import BLOCKING, CURRENT, VOLTAGE
from iondrift_kernels.constants import FARADAY
from iondrift_kernels.field_reconstruction import voltage_origin_flux

FloatArray = npt.NDArray[np.float64]

__all__ = ["BLOCKING", "CURRENT", "VOLTAGE", "Closing", "Profiles", "Result", "drift_velocity"]


class Profiles(NamedTuple):
    """c, dc/dx, G and D (T, X), SI, and quadrature weights along x (X,), m."""

    concentration: FloatArray
    gradient: FloatArray
    integrated: FloatArray
    diffusivity: FloatArray
    weights: FloatArray


class Closing(NamedTuple):
    """What closes.

    Effective ``voltage`` and ``junction`` int D dc/dx / (u c) dx (T,), V, under VOLTAGE; ``origin_flux`` J at x = 0
    (T,), mol m-2 s-1, under BLOCKING; ``current_density`` i (T,), A m-2, negative while plating, and ``cation_ratio``
    D+ / D- under CURRENT; ``thermal_voltage`` R T / F, V.
    """

    voltage: FloatArray
    junction: FloatArray
    origin_flux: FloatArray
    current_density: FloatArray
    cation_ratio: float
    thermal_voltage: float


class Result(NamedTuple):
    """Flux, field and velocity (T, X); the last two hold 1 / D and 1 / c on the way."""

    flux: FloatArray
    field: FloatArray
    velocity: FloatArray


@parallel_kernel
def drift_velocity(closure: int, profiles: Profiles, closing: Closing, result: Result) -> None:
    """Fill ``result`` under ``closure``: VOLTAGE, BLOCKING or CURRENT."""
    concentration, gradient, integrated, diffusivity, weights = profiles
    voltage, junction, origin_flux, current_density, cation_ratio, thermal_voltage = closing
    flux, field, velocity = result
    count, points = concentration.shape
    for k in nb.prange(count):
        # Two divisions a cell are the cost: 1 / D is shared by the integrals and the field.
        for j in range(points):
            velocity[k, j] = 1.0 / concentration[k, j]
            field[k, j] = 1.0 / diffusivity[k, j]
        if closure == CURRENT:
            imposed = current_density[k] / FARADAY
            for j in range(points):
                drive = imposed / diffusivity[k, j] + (cation_ratio - 1.0) * gradient[k, j]
                drift = -diffusivity[k, j] * drive * velocity[k, j] / (1.0 + cation_ratio)
                flux[k, j] = concentration[k, j] * drift - diffusivity[k, j] * gradient[k, j]
                field[k, j] = -drift * field[k, j] * thermal_voltage
                velocity[k, j] = drift
        else:
            start = origin_flux[k]
            if closure == VOLTAGE:
                for j in range(points):
                    flux[k, j] = velocity[k, j] * field[k, j]
                start = voltage_origin_flux(flux[k], integrated[k], weights, voltage[k], junction[k], thermal_voltage)
            for j in range(points):
                total = start + integrated[k, j]
                drift = (total + diffusivity[k, j] * gradient[k, j]) * velocity[k, j]
                flux[k, j] = total
                field[k, j] = -drift * field[k, j] * thermal_voltage
                velocity[k, j] = drift
