"""Monte Carlo bands in plain NumPy: arrays over all replicates, and one replicate at a time with SciPy.

The algorithm is the kernel's (posterior draws, profile noise, D(c) exponential, voltage closure), with
NumPy's own random numbers: bands agree within the Monte Carlo error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.integrate import cumulative_trapezoid, simpson
from scipy.interpolate import CubicSpline
from scipy.linalg import solve_banded

from iondrift.cast import FloatArray
from iondrift.drift.smoothing.penalised_splines import SmoothSeries


def _basis(series: SmoothSeries, weights: FloatArray) -> FloatArray:
    """Return the time basis as a dense matrix (T, K)."""
    dense = np.zeros((weights.shape[0], series.coefficients.shape[1]))
    columns = series.time_basis.start[:, None] + np.arange(4)
    np.put_along_axis(dense, columns, weights, axis=1)
    return dense


def vectorised(
    series: SmoothSeries,
    weights: FloatArray,
    voltage: FloatArray,
    diffusivity: tuple[float, float],
    thermal_voltage: float,
    samples: int,
    levels: FloatArray,
    seed: int = 0,
) -> FloatArray:
    """Return quantiles (levels, T, X) of v, every operation on arrays over replicates.

    ``diffusivity`` are A and B of D = A exp(-B c); ``weights`` (X,) the quadrature.
    """
    rng = np.random.default_rng(seed)
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
    amplitude = np.swapaxes(draws @ _basis(series, series.time_basis.value).T, 1, 2)  # (R, T, M)
    rate = np.swapaxes(draws @ _basis(series, series.time_basis.slope).T, 1, 2)
    c, gradient = amplitude @ series.value.T, amplitude @ series.slope.T
    integrated = -(rate @ series.integral.T)
    D = diffusivity[0] * np.exp(-diffusivity[1] * c)
    resistance = 1.0 / (D * c)
    total = resistance @ weights
    junction = np.log(c[..., -1] / c[..., 0])
    origin = (voltage / thermal_voltage - junction - (resistance * integrated) @ weights) / total
    velocity = (origin[..., None] + integrated + D * gradient) / c
    return np.asarray(np.quantile(velocity, levels, axis=0))


def one_by_one(
    measured: FloatArray,
    series: SmoothSeries,
    x: FloatArray,
    time: FloatArray,
    voltage: FloatArray,
    diffusivity: tuple[float, float],
    thermal_voltage: float,
    samples: int,
    levels: FloatArray,
    seed: int = 0,
) -> FloatArray:
    """Return quantiles (levels, T, X) of v by a loop over replicates with SciPy's splines, as a user would write it.

    Each replicate draws its coefficients mode by mode with a banded solve, then differentiates cubic splines.
    """
    rng = np.random.default_rng(seed)
    modes, size = series.coefficients.shape
    basis = _basis(series, series.time_basis.value)
    velocity = np.empty((samples, *measured.shape))
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
        D = diffusivity[0] * np.exp(-diffusivity[1] * c)
        resistance = 1.0 / (D * c)
        junction = np.log(c[:, -1] / c[:, 0])
        origin = (voltage / thermal_voltage - junction - simpson(resistance * integrated, x=x, axis=1)) / simpson(
            resistance, x=x, axis=1
        )
        velocity[r] = (origin[:, None] + integrated + D * gradient) / c
    return np.asarray(np.quantile(velocity, levels, axis=0))
