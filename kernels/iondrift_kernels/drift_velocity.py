"""Drift velocity, field and fluxes of every profile in one pass, for each closure.

``J = J_diffusive + c v``, ``J_diffusive = -D dc/dx``, ``E = -v / u``. The migrative flux is what closes:
``c v = J0 + G + D dc/dx``, or ``c v = -(i / F + (D+ - D-) dc/dx) / (1 + D+ / D-)`` under CURRENT.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.codes import BLOCKING, CURRENT, VOLTAGE
from iondrift_kernels.constants import FARADAY
from iondrift_kernels.diffusivity import evaluate_array
from iondrift_kernels.field_reconstruction import voltage_origin_flux
from iondrift_kernels.job_queue import ROWS, share, take, workers_for

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

__all__ = ["BLOCKING", "CURRENT", "VOLTAGE", "Closing", "Law", "Profiles", "Result", "drift_velocity"]


class Profiles(NamedTuple):
    """c, dc/dx and G (T, X), SI, and quadrature weights along x (X,), m."""

    concentration: FloatArray
    gradient: FloatArray
    integrated: FloatArray
    weights: FloatArray


class Law(NamedTuple):
    """D(c): codes of form and argument, and parameters, as :mod:`iondrift_kernels.diffusivity` lays them out."""

    form: int
    argument: int
    parameters: FloatArray


class Closing(NamedTuple):
    """What closes.

    Effective ``voltage`` and ``junction`` int D dc/dx / (u c) dx (T,), V, under VOLTAGE; ``origin_flux`` J at x = 0
    (T,), mol m-2 s-1, under BLOCKING; ``current_density`` i (T,), A m-2, negative while plating, and ``cation_ratio``
    D+ / D- under CURRENT; ``thermal_voltage`` R T / F, V. ``balanced`` (T,), m2 mol-1 s: -F / i, NaN without current.
    """

    voltage: FloatArray
    junction: FloatArray
    origin_flux: FloatArray
    current_density: FloatArray
    balanced: FloatArray
    cation_ratio: float
    thermal_voltage: float


class Result(NamedTuple):
    """Every variable (T, X), SI; ``velocity`` and ``field`` hold 1 / c and 1 / D on the way."""

    diffusivity: FloatArray
    velocity: FloatArray
    field: FloatArray
    flux: FloatArray
    diffusive: FloatArray
    migrative: FloatArray
    mobility: FloatArray
    charge_balance: FloatArray


def drift_velocity(closure: int, profiles: Profiles, law: Law, closing: Closing, result: Result) -> None:
    """Fill ``result`` under ``closure``: VOLTAGE, BLOCKING or CURRENT."""
    jobs = -(-profiles.concentration.shape[0] // ROWS)
    share(workers_for(jobs), _fill_profiles, closure, profiles, law, closing, result)


@kernel
def _fill_profiles(
    queue: IntArray, closure: int, profiles: Profiles, law: Law, closing: Closing, result: Result
) -> None:
    """Take ROWS profiles from ``queue`` until none is left; the rest as :func:`drift_velocity`."""
    first = take(queue) * ROWS
    while first < profiles.concentration.shape[0]:
        _fill_rows(first, closure, profiles, law, closing, result)
        first = take(queue) * ROWS


@kernel
def _fill_rows(first: int, closure: int, profiles: Profiles, law: Law, closing: Closing, result: Result) -> None:
    """Fill up to ROWS profiles of ``result`` from the ``first`` on."""
    concentration, gradient, integrated, weights = profiles
    form, argument, parameters = law
    voltage, junction, origin_flux, current_density, balanced, cation_ratio, thermal_voltage = closing
    diffusivity, velocity, field, flux, diffusive, migrative, mobility, charge_balance = result
    count, points = concentration.shape
    per_thermal = 1.0 / thermal_voltage
    for k in range(first, min(first + ROWS, count)):
        evaluate_array(form, argument, parameters, concentration[k], diffusivity[k])
        # Two divisions a cell are the cost: 1 / D is shared by the integrals and the field.
        for j in range(points):
            velocity[k, j] = 1.0 / concentration[k, j]
            field[k, j] = 1.0 / diffusivity[k, j]
            diffusive[k, j] = -diffusivity[k, j] * gradient[k, j]
            mobility[k, j] = diffusivity[k, j] * per_thermal
        if closure == CURRENT:
            imposed = current_density[k] / FARADAY
            for j in range(points):
                drive = imposed - (cation_ratio - 1.0) * diffusive[k, j]
                migrative[k, j] = -drive / (1.0 + cation_ratio)
        else:
            start = origin_flux[k]
            if closure == VOLTAGE:
                for j in range(points):
                    flux[k, j] = velocity[k, j] * field[k, j]
                start = voltage_origin_flux(flux[k], integrated[k], weights, voltage[k], junction[k], thermal_voltage)
            for j in range(points):
                migrative[k, j] = start + integrated[k, j] - diffusive[k, j]
        for j in range(points):
            flux[k, j] = migrative[k, j] + diffusive[k, j]
            velocity[k, j] *= migrative[k, j]
            field[k, j] *= -velocity[k, j] * thermal_voltage
            charge_balance[k, j] = flux[k, j] * balanced[k]
