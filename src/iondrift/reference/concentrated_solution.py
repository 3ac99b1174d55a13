"""Concentrated-solution theory written out once more, and its transport equation solved by collocation.

Source: Newman and Balsara, Electrochemical Systems, ch. 12; Trefethen, Spectral Methods in MATLAB, ch. 6 (matrix).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.integrate import solve_ivp

from iondrift.cast import FloatArray

FARADAY, GAS_CONSTANT = 96485.33212331001, 8.31446261815324
Function = Callable[[FloatArray], FloatArray]


class Solution(NamedTuple):
    """D_s (m2 s-1), t-, chi and kappa (S m-1) as functions of c (mol m-3)."""

    salt_diffusivity: Function
    transference: Function
    thermodynamic_factor: Function
    conductivity: Function


def velocity(solution: Solution, c: FloatArray, gradient: FloatArray, i: FloatArray, temperature: float) -> FloatArray:
    """Return v = -t- i / (F c) + t- (2 t- - 1) chi R T kappa (dc/dx) / (F c)^2, m s-1."""
    t, chi, kappa = solution.transference(c), solution.thermodynamic_factor(c), solution.conductivity(c)
    return (
        -t * i / (FARADAY * c)
        + t * (2 * t - 1) * chi * GAS_CONSTANT * temperature * kappa * gradient / (FARADAY * c) ** 2
    )


def flux(solution: Solution, c: FloatArray, gradient: FloatArray, i: FloatArray) -> FloatArray:
    """Return J = -D_s dc/dx - t- i / F, mol m-2 s-1."""
    return -solution.salt_diffusivity(c) * gradient - solution.transference(c) * i / FARADAY


def chebyshev(count: int, length: float) -> tuple[FloatArray, FloatArray]:
    """Return ``count`` + 1 nodes on 0..length, ascending, and the matrix that differentiates there."""
    k = np.arange(count + 1)
    y = -np.cos(np.pi * k / count)
    weight = np.where((k == 0) | (k == count), 2.0, 1.0) * (-1.0) ** k
    difference = y[:, None] - y[None, :] + np.eye(count + 1)
    matrix = np.outer(weight, 1.0 / weight) / difference
    matrix -= np.diag(matrix.sum(axis=1))
    return (y + 1.0) * length / 2.0, matrix * 2.0 / length


def between_walls(
    solution: Solution, start: float, current: float, length: float, duration: float, count: int = 40
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return x, c, dc/dx and dc/dt after ``duration`` at constant current, no anions through either wall.

    The flux is differentiated, its values at the walls replaced by the zero that they are.
    """
    x, matrix = chebyshev(count, length)

    def rate(_: float, c: FloatArray) -> FloatArray:
        J = flux(solution, c, matrix @ c, np.full(c.size, current))
        J[[0, -1]] = 0.0
        return -(matrix @ J)

    found = solve_ivp(
        rate, (0.0, duration), np.full(count + 1, start), method="BDF", rtol=1e-8, atol=1e-6, t_eval=[duration]
    )
    c = found.y[:, -1]
    return x, c, matrix @ c, rate(duration, c)
