"""A second simulator of salt between two electrodes, on nodes, by the potential of diffusion and a solver of scipy.

It shares nothing with the package: phi(u) is the integral of D = D0 exp(k (u - 1)), fluxes are differences of phi.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline
from scipy.sparse import diags

FARADAY = 96485.33212


def potential(u, D0, k):
    return D0 * (u if k == 0.0 else np.expm1(k * (u - 1.0)) / k)


def nodes(length, count):
    """Return places from wall to wall, dense at both, m."""
    z = np.linspace(0.0, np.pi, count)
    return length * (0.15 * z / np.pi + 0.85 * 0.5 * (1.0 - np.cos(z)))


def profiles(x, windows, current, breaks, *, D0, k, transference, length, concentration, count=600, fine=40):
    """Return c / c0 (K, x.size), means over the acquisitions.

    ``windows`` (K, 2), s; ``current(t)``, A m-2, negative while plating at x = 0, smooth between ``breaks``.
    """
    place = nodes(length, count)
    gaps = np.diff(place)
    cells = np.concatenate([[gaps[0] / 2], 0.5 * (gaps[1:] + gaps[:-1]), [gaps[-1] / 2]])

    def rate(t, u):
        wall = -transference * current(t) / (FARADAY * concentration)
        flow = np.concatenate([[wall], np.diff(potential(u, D0, k)) / gaps, [wall]])
        return np.diff(flow) / cells

    def jacobian(_, u):
        slope = D0 * np.exp(k * (u - 1.0))
        from_left = np.concatenate([[0.0], 1.0 / gaps])
        from_right = np.concatenate([1.0 / gaps, [0.0]])
        return diags(
            [slope[:-1] / gaps / cells[1:], -slope * (from_left + from_right) / cells, slope[1:] / gaps / cells[:-1]],
            [-1, 0, 1], format="csc",
        )  # fmt: skip

    last = windows.max()
    ends = np.unique(np.minimum(np.concatenate([[0.0], breaks, [last]]), last))
    wanted = np.linspace(windows[:, 0], windows[:, 1], fine + 1, axis=1)
    state, found = np.ones(count), np.empty((*wanted.shape, x.size))
    for start, stop in pairwise(ends):
        done = solve_ivp(rate, (start, stop), state, method="BDF", jac=jacobian, rtol=1e-8, atol=1e-10,
                         dense_output=True)  # fmt: skip
        state = done.y[:, -1]
        inside = (wanted >= start) & (wanted <= stop)
        if inside.any():
            found[inside] = CubicSpline(place, done.sol(wanted[inside]).T, axis=1)(x)
    return np.trapezoid(found, wanted[..., None], axis=1) / np.diff(windows, axis=1)
