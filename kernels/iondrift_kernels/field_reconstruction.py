"""Field reconstruction: the flux at x = 0 that each closure implies, for one profile.

With ``E = -(J0 + G + D dc/dx) / (u c)`` and ``u = D / V_T`` the voltage constraint ``int E dx = -V`` gives

    J0 = [ V - int D dc/dx / (u c) dx - V_T int G / (D c) dx ] / ( V_T int dx / (D c) )
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import inlined_kernel
from iondrift_kernels.vector_sums import dot

FloatArray = npt.NDArray[np.float64]


@inlined_kernel
def voltage_origin_flux(
    resistance: FloatArray,
    flux: FloatArray,
    weights: FloatArray,
    voltage: float,
    junction: float,
    thermal_voltage: float,
) -> float:
    """Flux at x = 0 that lays ``voltage`` across the profile, mol m-2 s-1.

    Parameters
    ----------
    resistance
        1 / (D c), (X,), the integrand that both integrals share; overwritten.
    flux
        G (X,), mol m-2 s-1.
    weights
        Quadrature weights (X,), m.
    voltage, junction, thermal_voltage
        V laid across the profile, int D dc/dx / (u c) dx, and R T / F, in V.
    """
    points = resistance.shape[0]
    total = dot(weights, resistance, points)
    for j in range(points):
        resistance[j] *= flux[j]
    weighted = dot(weights, resistance, points)
    return ((voltage - junction) / thermal_voltage - weighted) / total
