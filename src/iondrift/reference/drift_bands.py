"""Monte Carlo bands in plain NumPy: arrays over all replicates, and one replicate at a time with SciPy.

The algorithm is the kernel's (posterior draws; noise of profiles, voltage, current and storage; D(c) exponential),
with NumPy's own random numbers: bands agree within the Monte Carlo error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import cumulative_trapezoid, simpson
from scipy.interpolate import CubicSpline
from scipy.linalg import solve_banded

from iondrift.cast import FloatArray
from iondrift.drift.electrode_flux import StorageFit
from iondrift.drift.smoothing.penalised_splines import SmoothSeries
from iondrift.drift.smoothing.spline_basis import LocalBasis
from iondrift_kernels.constants import FARADAY


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What the replicates are drawn around, SI.

    Attributes
    ----------
    series
        The fitted profiles.
    weights
        Quadrature along x, (X,), m.
    diffusivity
        A and B of D = A exp(-B c).
    thermal_voltage
        R T / F.
    voltage, voltage_noise
        Effective voltage (T,) and its noise from profile to profile; for closure ``voltage``.
    current, current_noise, cation_ratio
        The same of the current density, and D+ / D-; for closure ``current``.
    storage
        Anions in front of x = 0, fitted; for closure ``blocking``, where J = 0 at x = 0 without it.
    """

    series: SmoothSeries
    weights: FloatArray
    diffusivity: tuple[float, float]
    thermal_voltage: float
    voltage: FloatArray
    voltage_noise: float = 0.0
    current: FloatArray | None = None
    current_noise: float = 0.0
    cation_ratio: float = 0.0
    storage: StorageFit | None = None


def _dense(basis: LocalBasis, weights: FloatArray, size: int) -> FloatArray:
    """Return a time basis as a matrix (T, K)."""
    dense = np.zeros((weights.shape[0], size))
    np.put_along_axis(dense, basis.start[:, None] + np.arange(4), weights, axis=1)
    return dense


def vectorised(cell: Cell, closure: str, samples: int, levels: FloatArray, seed: int = 0) -> FloatArray:
    """Return quantiles (levels, T, X) of v, every operation on arrays over replicates."""
    rng = np.random.default_rng(seed)
    series = cell.series
    coefficients = _draw_coefficients(series, samples, rng)
    size = coefficients.shape[2]
    amplitude = coefficients @ _dense(series.time_basis, series.time_basis.value, size).T  # (R, M, T)
    rate = coefficients @ _dense(series.time_basis, series.time_basis.slope, size).T
    amplitude, rate = np.swapaxes(amplitude, 1, 2), np.swapaxes(rate, 1, 2)
    c, gradient = amplitude @ series.value.T, amplitude @ series.slope.T  # (R, T, X)
    integrated = -(rate @ series.integral.T)
    D = cell.diffusivity[0] * np.exp(-cell.diffusivity[1] * c)
    if closure == "current":
        assert cell.current is not None
        current = cell.current + cell.current_noise * rng.standard_normal((samples, c.shape[1]))
        drive = current[..., None] / FARADAY + (cell.cation_ratio - 1.0) * D * gradient
        velocity = -drive / ((1.0 + cell.cation_ratio) * c)
    else:
        if closure == "voltage":
            voltage = cell.voltage + cell.voltage_noise * rng.standard_normal((samples, c.shape[1]))
            resistance = 1.0 / (D * c)
            junction = np.log(c[..., -1] / c[..., 0])
            drive = voltage / cell.thermal_voltage - junction
            origin = (drive - (resistance * integrated) @ cell.weights) / (resistance @ cell.weights)
        else:
            origin = _draw_flux(cell.storage, samples, rng) if cell.storage else np.zeros(c.shape[:2])
        velocity = (origin[..., None] + integrated + D * gradient) / c
    return np.asarray(np.quantile(velocity, levels, axis=0))


def _draw_coefficients(series: SmoothSeries, samples: int, rng: np.random.Generator) -> FloatArray:
    """Return posterior draws (R, M, K) of the coefficients, that of the reference's pattern among them."""
    modes, size = series.coefficients.shape
    draws = series.standard_deviation * series.spread * rng.standard_normal((samples, modes, size))
    lower = series.lower
    for k in range(size - 1, -1, -1):
        for d in range(1, min(3, size - 1 - k) + 1):
            draws[:, :, k] -= lower[:, k + d, d] * draws[:, :, k + d]
        draws[:, :, k] *= lower[:, k, 0]
    draws += series.coefficients
    if series.kappa > 0.0:
        pattern = series.standard_deviation * series.pattern[:, 1] * rng.standard_normal((samples, modes))
        draws -= pattern[:, :, None] * series.influence
    return np.asarray(draws)


def _draw_flux(storage: StorageFit, samples: int, rng: np.random.Generator) -> FloatArray:
    """Return draws (R, T) of -dS/dt, from the dense covariance of the coefficients of S."""
    size = storage.coefficients.size
    upper = np.zeros((size, size))  # A = U' U
    for k, row in enumerate(storage.factor):
        upper += np.diag(row[3 - k :], 3 - k)
    covariance = storage.standard_deviation**2 * np.linalg.inv(upper.T @ upper)
    draws = rng.multivariate_normal(storage.coefficients, covariance, samples, method="cholesky")
    return -(draws @ _dense(storage.basis, storage.basis.slope, size).T)


def one_by_one(cell: Cell, samples: int, levels: FloatArray, seed: int = 0) -> FloatArray:
    """Return quantiles (levels, T, X) of v under closure ``voltage``, as a user would write it.

    A loop over replicates: each draws its coefficients mode by mode with a banded solve, then differentiates SciPy's
    cubic splines.
    """
    rng = np.random.default_rng(seed)
    series, x, time = cell.series, cell.series.x, cell.series.times
    modes, size = series.coefficients.shape
    basis = _dense(series.time_basis, series.time_basis.value, size)
    velocity = np.empty((samples, time.size, x.size))
    for r in range(samples):
        coefficients = np.empty((modes, size))
        for m in range(modes):
            band: Any = np.zeros((4, size))
            band[3] = 1.0 / series.lower[m, :, 0]
            for d in range(1, 4):
                band[3 - d, d:] = series.lower[m, d:, d]
            coefficients[m] = solve_banded(
                (0, 3), band, series.standard_deviation * series.spread * rng.standard_normal((size,))
            )
        c = (series.value @ (series.coefficients + coefficients) @ basis.T).T
        gradient = CubicSpline(x, c, axis=1)(x, 1)
        rate = CubicSpline(time, c, axis=0)(time, 1)
        integrated = -cumulative_trapezoid(rate, x, axis=1, initial=0)
        D = cell.diffusivity[0] * np.exp(-cell.diffusivity[1] * c)
        resistance = 1.0 / (D * c)
        drive = cell.voltage / cell.thermal_voltage - np.log(c[:, -1] / c[:, 0])
        origin = (drive - simpson(resistance * integrated, x=x, axis=1)) / simpson(resistance, x=x, axis=1)
        velocity[r] = (origin[:, None] + integrated + D * gradient) / c
    return np.asarray(np.quantile(velocity, levels, axis=0))
