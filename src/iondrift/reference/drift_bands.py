"""Monte Carlo bands in plain NumPy: arrays over all replicates, and one replicate at a time with SciPy.

The algorithm is the kernel's (posterior draws from a mixture of fits; noise of profiles, voltage, current and storage;
D(c) exponential), with NumPy's own random numbers: bands agree within the Monte Carlo error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import cumulative_trapezoid, simpson
from scipy.interpolate import CubicSpline
from scipy.linalg import solve_banded, solve_triangular

from iondrift.cast import FloatArray
from iondrift.drift.electrode_flux import StorageFit
from iondrift.drift.smoothing.penalised_splines import SmoothSeries
from iondrift.drift.smoothing.posterior import Fits
from iondrift.drift.smoothing.spline_basis import LocalBasis, dense_basis
from iondrift_kernels.constants import FARADAY
from iondrift_kernels.spline_layout import EDGE, LANES


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
    coefficients = draw_coefficients(series, samples, rng)
    size = coefficients.shape[2]
    amplitude = coefficients @ _dense(series.time_basis, series.time_basis.value, size).T  # (R, J, T)
    rate = coefficients @ _dense(series.time_basis, series.time_basis.slope, size).T
    amplitude, rate = np.swapaxes(amplitude, 1, 2), np.swapaxes(rate, 1, 2)
    value, slope, integral = dense_basis(series.knots, (series.x - series.x[0]) / series.length)
    c, gradient = amplitude @ value.T, amplitude @ slope.T / series.length  # (R, T, X)
    integrated = -(rate @ integral.T) * series.length
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


def draw_coefficients(series: SmoothSeries, samples: int, rng: np.random.Generator) -> FloatArray:
    """Return posterior draws (R, J, K) of the B-splines' coefficients, replicates in turns from every member."""
    count = len(series.posterior.members)
    fits = series.posterior.fits(count)
    parts = [draw_member(fits, j, len(range(j, samples, count)), rng) for j in range(min(count, samples))]
    return np.concatenate(parts)[:, : series.rotation.shape[0]]


def draw_member(fits: Fits, j: int, samples: int, rng: np.random.Generator) -> FloatArray:
    """Return draws (R, J, K) of one member, from dense Cholesky factors of its modes; J filled up to fours."""
    members, basis = fits.members, int(fits.members.basis[j])
    size = members.arrow.size
    modes = np.flatnonzero(np.any(fits.rotation[basis] != 0.0, axis=0)).size
    right = _by_mode(members.right[basis], size)
    scale = members.scale[j].reshape(-1, 2, LANES)
    alpha, gamma = scale[:, 0].ravel(), scale[:, 1].ravel()
    gram, penalty = _symmetric(members.gram[:size]), _symmetric(members.penalties[members.order[j], :size])
    means, roots, rest = [], [], members.total
    for m in range(modes):
        A, b = alpha[m] * gram + gamma[m] * penalty, right[m]
        if members.kappa > 0.0:  # the pattern is one unknown more
            corner = np.array([[members.loaded + 1.0 / members.kappa]])
            A = np.block([[A, members.arrow[:, None]], [members.arrow[None], corner]])
            b = np.append(b, members.held[basis, m])
        mean = np.linalg.solve(A, b)
        rest -= b @ mean
        means.append(mean[:size])
        roots.append(np.linalg.cholesky(A))
    sigma = np.sqrt(rest / members.free[j])
    draws = np.empty((samples, modes, size))
    for m, (mean, root) in enumerate(zip(means, roots, strict=True)):
        shift = solve_triangular(root, rng.standard_normal((root.shape[0], samples)), trans="T", lower=True)
        draws[:, m] = mean + sigma * shift[:size].T
    return np.asarray(fits.level + fits.rotation[basis, :, :modes] @ draws)


def _by_mode(blocks: FloatArray, size: int) -> FloatArray:
    """Return (modes, K) from blocks of LANES modes."""
    rows = blocks.reshape(blocks.shape[0], -1, LANES)[:, EDGE : EDGE + size]
    return np.swapaxes(rows, 1, 2).reshape(-1, size)


def _symmetric(band: FloatArray) -> FloatArray:
    """Return the symmetric matrix (K, K) of a band (K, 4)."""
    lower = sum(np.diag(band[d:, d], -d) for d in range(1, 4))
    return np.asarray(np.diag(band[:, 0]) + lower + np.transpose(lower))


def _draw_flux(storage: StorageFit, samples: int, rng: np.random.Generator) -> FloatArray:
    """Return draws (R, T) of -dS/dt, from dense precisions of the coefficients of S, all members in turns."""
    count = len(storage.posterior.members)
    fits = storage.posterior.fits(count)
    parts = [draw_member(fits, j, len(range(j, samples, count)), rng)[:, 0] for j in range(min(count, samples))]
    draws = np.concatenate(parts)
    return -(draws @ _dense(storage.basis, storage.basis.slope, draws.shape[1]).T)


def one_by_one(cell: Cell, samples: int, levels: FloatArray, seed: int = 0) -> FloatArray:
    """Return quantiles (levels, T, X) of v under closure ``voltage``, as a user would write it.

    A loop over replicates: each draws its coefficients about the reported fit, mode by mode with a banded solve, then
    differentiates SciPy's cubic splines.
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
            coefficients[m] = solve_banded((0, 3), band, series.standard_deviation * rng.standard_normal((size,)))
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
