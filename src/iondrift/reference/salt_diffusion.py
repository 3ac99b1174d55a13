"""The salt diffusion of :mod:`iondrift_kernels.salt_diffusion` by dense matrices, and by a stiff solver of scipy.

The scheme is written for complex numbers: its derivatives are the imaginary parts of runs beside the real axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray

GAMMA = 1.0 - np.sqrt(0.5)
_ASIDE = 1e-40  # of the real axis: its square vanishes


def grid(faces: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return widths (n,), gaps (n - 1,) and shares (n - 1,) of volumes between ``faces`` (n + 1,) of (0, 1)."""
    widths = np.diff(faces)
    return widths, np.diff(0.5 * (faces[1:] + faces[:-1])), widths[1:] / (widths[:-1] + widths[1:])


def rates(theta: npt.NDArray[Any], faces: FloatArray, drive: float, u: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return du/dt (n,), s-1, of u_t = (D u_x)_x with D u_x = -(t- + k) I and -t- I at the walls.

    Parameters
    ----------
    theta : (6,)
        q0, q1, q2, t-, k, L.
    faces : (n + 1,)
        Of the unit interval.
    drive
        I = i / (F c0), m s-1.
    u : (n,)
        Averages over volumes.
    """
    q0, q1, q2, t, k, length = theta
    widths, gaps, shares = grid(faces)
    s = shares * u[:-1] + (1.0 - shares) * u[1:] - 1.0
    inner = np.exp(q0 + q1 * s + q2 * s**2) / length**2 * np.diff(u) / gaps
    ends = np.array([-(t + k) * drive / length]), np.array([-t * drive / length])
    found: npt.NDArray[Any] = np.diff(np.concatenate([ends[0], inner, ends[1]])) / widths
    return found


def _stage(
    theta: npt.NDArray[Any], faces: FloatArray, weight: float, drive: float, right: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """Solve u - weight du/dt(u) = right by Newton's method, its matrix from differences beside the real axis."""
    u = right.copy()
    size = u.size
    for _ in range(40):
        slope = np.empty((size, size))
        for j in range(size):
            aside = u.real + 1j * _ASIDE * (np.arange(size) == j)
            slope[:, j] = rates(theta.real, faces, drive, aside).imag / _ASIDE
        change = np.linalg.solve(np.eye(size) - weight * slope, right + weight * rates(theta, faces, drive, u) - u)
        u = u + change
        if np.abs(change.real).max() < 1e-13 and np.abs(change.imag).max() < 1e-11 * _ASIDE:
            return u
    raise ArithmeticError("Newton's method does not converge")


def run(
    theta: npt.NDArray[Any],
    faces: FloatArray,
    durations: FloatArray,
    drives: FloatArray,
    profiles: npt.NDArray[np.int64],
    weights: FloatArray,
) -> npt.NDArray[Any]:
    """Return u (K, n), means over the acquisitions, by SDIRK2; arguments as for the kernel, theta may be complex."""
    u = np.ones(faces.size - 1, dtype=theta.dtype)
    found = np.zeros((int(profiles.max()) + 1, u.size), dtype=theta.dtype)
    for h, drive, profile, share in zip(durations, drives, profiles, weights, strict=True):
        middle = _stage(theta, faces, GAMMA * h, drive, u)
        after = _stage(theta, faces, GAMMA * h, drive, u + (1.0 - GAMMA) / GAMMA * (middle - u))
        if profile >= 0:
            found[profile] += 0.5 * share * (u + after)
        u = after
    return found


def tangents(theta: FloatArray, *schedule: Any) -> FloatArray:
    """Return the derivatives (K, n, 6) of :func:`run` by theta."""
    aside = [theta + 1j * _ASIDE * (np.arange(theta.size) == p) for p in range(theta.size)]
    return np.stack([run(one, *schedule).imag / _ASIDE for one in aside], axis=-1)


def solve(
    theta: FloatArray, faces: FloatArray, times: FloatArray, drives: FloatArray, *, tolerance: float = 1e-9
) -> FloatArray:
    """Return u (m + 1, n) at ``times`` (m + 1,), drives (m,) constant in between, by BDF with a sparse Jacobian."""
    from scipy.integrate import solve_ivp
    from scipy.sparse import diags

    size = faces.size - 1
    ones: Any = np.ones(size)
    pattern: Any = diags([ones[1:], ones, ones[1:]], [-1, 0, 1])

    def rate(_: float, u: FloatArray, drive: float) -> FloatArray:
        return rates(theta, faces, drive, u)

    found = [np.ones(size)]
    for start, stop, drive in zip(times[:-1], times[1:], drives, strict=True):
        solution: Any = solve_ivp(
            rate, (start, stop), found[-1], method="BDF", rtol=tolerance, atol=tolerance, jac_sparsity=pattern,
            args=(float(drive),),
        )  # fmt: skip
        found.append(solution.y[:, -1])
    return np.array(found)
