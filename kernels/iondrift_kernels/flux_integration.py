"""Flux integration: ``G(x) = -int_0^x dc/dt dx'``, cumulative trapezoids, one profile a row."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import inlined_kernel, parallel_kernel

FloatArray = npt.NDArray[np.float64]


@inlined_kernel
def integrate_flux_row(rate: FloatArray, x: FloatArray, out: FloatArray) -> None:
    """Integrate one profile: ``rate`` (X,) mol m-3 s-1, ``x`` (X,) m, ``out`` (X,) mol m-2 s-1."""
    total = 0.0
    out[0] = 0.0
    for j in range(1, x.shape[0]):
        total -= 0.5 * (x[j] - x[j - 1]) * (rate[j] + rate[j - 1])
        out[j] = total


@parallel_kernel
def integrate_flux(rate: FloatArray, x: FloatArray, out: FloatArray) -> None:
    """Integrate every profile: ``rate`` and ``out`` (T, X)."""
    for k in nb.prange(rate.shape[0]):
        integrate_flux_row(rate[k], x, out[k])
