"""The Nernst-Planck model handed to a stiff solver of scipy: slow, and obviously the same equations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from iondrift.cast import FloatArray
from iondrift_kernels.constants import FARADAY


def rates(
    c: FloatArray,
    current: float,
    D_minus: Callable[[FloatArray], FloatArray],
    faces: FloatArray,
    t_minus: float,
) -> FloatArray:
    """Return dc/dt = -dN-/dx, N- = -2 (1 - t-) D-(c) dc/dx - t- i / F, zero at both electrodes.

    Parameters
    ----------
    c : (n,)
        mol m-3, averages over volumes.
    current
        A m-2.
    faces : (n + 1,)
        m.

    Returns
    -------
    (n,)
        mol m-3 s-1.
    """
    widths = np.diff(faces)
    middles = 0.5 * (faces[1:] + faces[:-1])
    at_faces = np.interp(faces[1:-1], middles, c)
    inner = -2.0 * (1.0 - t_minus) * D_minus(at_faces) * np.diff(c) / np.diff(middles) - t_minus * current / FARADAY
    return -np.diff(np.concatenate([[0.0], inner, [0.0]])) / widths


def voltage(
    c: FloatArray,
    current: float,
    D_minus: Callable[[FloatArray], FloatArray],
    faces: FloatArray,
    t_minus: float,
    thermal_voltage: float,
    interface_resistance: float = 0.0,
) -> float:
    """Return V = -i int dx / kappa + 2 t- (R T/F) ln(c_L/c_0) - i R between lithium, kappa = F c D- / (t- R T/F)."""
    widths = np.diff(faces)
    slope = -t_minus * current / FARADAY / (2.0 * (1.0 - t_minus) * D_minus(c[[0, -1]]))
    first, last = c[0] - slope[0] * widths[0] / 2.0, c[-1] + slope[1] * widths[-1] / 2.0
    ohmic = np.sum(widths * t_minus * thermal_voltage / (FARADAY * D_minus(c) * c)) + interface_resistance
    return float(-current * ohmic + 2.0 * t_minus * thermal_voltage * np.log(last / first))


def at_current(
    c: FloatArray,
    current: float,
    times: FloatArray,
    D_minus: Callable[[FloatArray], FloatArray],
    faces: FloatArray,
    t_minus: float,
) -> FloatArray:
    """Return c (time, n) at ``times`` (s), the first of which is the start, under constant current."""
    solution = solve_ivp(
        lambda _, c: rates(c, current, D_minus, faces, t_minus),
        (times[0], times[-1]),
        c,
        method="BDF",
        t_eval=times,
        rtol=1e-10,
        atol=1e-8,
    )
    return np.asarray(solution.y.T, dtype=np.float64)


def at_voltage(
    c: FloatArray,
    level: float,
    times: FloatArray,
    D_minus: Callable[[FloatArray], FloatArray],
    faces: FloatArray,
    t_minus: float,
    thermal_voltage: float,
    interface_resistance: float,
) -> tuple[FloatArray, FloatArray]:
    """Return (c (time, n), current density (time,)) at ``times`` under constant voltage.

    The current of every evaluation is the root of V(c, i) = level between 0 and what would deplete x = 0.
    """

    def current(c: FloatArray) -> float:
        def excess(i: float) -> float:
            return voltage(c, i, D_minus, faces, t_minus, thermal_voltage, interface_resistance) - level

        ambipolar = 2.0 * (1.0 - t_minus) * float(D_minus(c[:1])[0])
        depleting = -2.0 * c[0] * FARADAY * ambipolar / (t_minus * (faces[1] - faces[0]))
        return float(brentq(excess, depleting * (1.0 - 1e-12), 0.0, xtol=1e-14, rtol=1e-14))

    solution = solve_ivp(
        lambda _, c: rates(c, current(c), D_minus, faces, t_minus),
        (times[0], times[-1]),
        c,
        method="BDF",
        t_eval=times,
        rtol=1e-8,
        atol=1e-6,
    )
    profiles = np.asarray(solution.y.T, dtype=np.float64)
    return profiles, np.array([current(profile) for profile in profiles])
