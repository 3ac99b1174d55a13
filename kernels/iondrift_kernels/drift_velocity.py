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
_TOGETHER = 16  # profiles: their rows stay in the nearest caches from loop to loop

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
    last = min(first + ROWS, profiles.concentration.shape[0])
    for low in range(first, last, _TOGETHER):
        _fill_together(low, min(low + _TOGETHER, last), closure, profiles, law, closing, result)


@kernel
def _fill_together(
    low: int, high: int, closure: int, profiles: Profiles, law: Law, closing: Closing, result: Result
) -> None:
    """Fill profiles low ... high-1: what is the same for all points in loops over all of them, few arrays to a loop."""
    points = profiles.weights.size
    c, D = profiles.concentration[low:high].ravel(), result.diffusivity[low:high].ravel()
    integrated, gradient = profiles.integrated[low:high].ravel(), profiles.gradient[low:high].ravel()
    v, E = result.velocity[low:high].ravel(), result.field[low:high].ravel()
    total, mobility = result.flux[low:high].ravel(), result.mobility[low:high].ravel()
    down, up = result.diffusive[low:high].ravel(), result.migrative[low:high].ravel()
    balance = result.charge_balance[low:high].ravel()
    evaluate_array(law.form, law.argument, law.parameters, c, D)
    _invert(c, v)
    _invert(D, E)  # shared by the integrals and the field: divisions are the cost
    _fall(D, gradient, down)
    _scale(D, 1.0 / closing.thermal_voltage, mobility)
    if closure == VOLTAGE:
        _multiply(v, E, total)
    for k in range(low, high):  # whole tuples would count the references of all their arrays for every row
        first, last = (k - low) * points, (k - low + 1) * points
        if closure == CURRENT:
            _carry(down[first:last], closing.current_density[k] / FARADAY, closing.cation_ratio, up[first:last])
            continue
        row, start = integrated[first:last], closing.origin_flux[k]
        if closure == VOLTAGE:
            start = voltage_origin_flux(
                total[first:last], row, profiles.weights, closing.voltage[k], closing.junction[k],
                closing.thermal_voltage,
            )  # fmt: skip
        _migrate(start, row, down[first:last], up[first:last])
    _add(up, down, total)
    _multiply(v, up, v)
    _fields(v, closing.thermal_voltage, E)
    for k in range(low, high):
        first, last = (k - low) * points, (k - low + 1) * points
        _scale(total[first:last], closing.balanced[k], balance[first:last])


# Rows (N,): the compiler sees of few arrays that they do not overlap, and takes vectors.


@kernel
def _carry(diffusive: FloatArray, imposed: float, cation_ratio: float, out: FloatArray) -> None:
    """Fill the migrative flux that a current density over F, ``imposed``, leaves the anions."""
    for j in range(out.size):
        drive = imposed - (cation_ratio - 1.0) * diffusive[j]
        out[j] = -drive / (1.0 + cation_ratio)


@kernel
def _migrate(start: float, integrated: FloatArray, diffusive: FloatArray, out: FloatArray) -> None:
    for j in range(out.size):
        out[j] = start + integrated[j] - diffusive[j]


@kernel
def _invert(row: FloatArray, out: FloatArray) -> None:
    for j in range(row.size):
        out[j] = 1.0 / row[j]


@kernel
def _fall(diffusivity: FloatArray, slope: FloatArray, out: FloatArray) -> None:
    for j in range(out.size):
        out[j] = -diffusivity[j] * slope[j]


@kernel
def _add(one: FloatArray, other: FloatArray, out: FloatArray) -> None:
    for j in range(out.size):
        out[j] = one[j] + other[j]


@kernel
def _multiply(one: FloatArray, other: FloatArray, out: FloatArray) -> None:
    for j in range(out.size):
        out[j] = one[j] * other[j]


@kernel
def _fields(velocity: FloatArray, thermal_voltage: float, field: FloatArray) -> None:
    """``field`` = -v R T / (F D), from 1 / D."""
    for j in range(field.size):
        field[j] *= -velocity[j] * thermal_voltage


@kernel
def _scale(row: FloatArray, factor: float, out: FloatArray) -> None:
    for j in range(out.size):
        out[j] = row[j] * factor
