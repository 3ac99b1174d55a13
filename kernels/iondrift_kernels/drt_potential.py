"""Potential of the log-smooth distribution of relaxation times, its slope and its curvature.

    U = ||A x - z||^2 / (2 sigma^2) + (f - f0)' P (f - f0) / 2,   x = [terms, exp f],   P = D' diag(a) D + eps I

A and z carry their weights; D is a difference of at most third order, so that P has a band of three.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel

FloatArray = npt.NDArray[np.float64]


@kernel
def penalty(coefficients: FloatArray, precisions: FloatArray, pull: float, terms: int, out: FloatArray) -> None:
    """Write D' diag(a) D + eps I into the block of f; zeros for the series terms."""
    n = out.shape[0]
    width = coefficients.size
    for i in range(n):
        for j in range(n):
            out[i, j] = 0.0
    for i in range(terms, n):
        out[i, i] = pull
    for k in range(precisions.size):
        for a in range(width):
            for b in range(width):
                out[terms + k + a, terms + k + b] += precisions[k] * coefficients[a] * coefficients[b]


@kernel
def potential(
    design: FloatArray,
    data: FloatArray,
    prior: FloatArray,
    centre: float,
    terms: int,
    noise: float,
    position: FloatArray,
    x: FloatArray,
    residual: FloatArray,
    slope: FloatArray,
) -> float:
    """Return U = ||A x - z||^2 / (2 sigma^2) + (f - f0)' P (f - f0) / 2; write x, the residual and dU."""
    m, n = design.shape
    for j in range(n):
        x[j] = position[j] if j < terms else np.exp(position[j])
        slope[j] = 0.0
    scale = 1.0 / (noise * noise)
    energy = 0.0
    for i in range(m):
        value = -data[i]
        for j in range(n):
            value += design[i, j] * x[j]
        residual[i] = value
        energy += value * value * scale
        value *= scale
        for j in range(n):
            slope[j] += value * design[i, j]
    for j in range(terms, n):
        slope[j] *= x[j]
    for i in range(terms, n):
        # The penalty is banded, but its band is short enough not to matter beside the design.
        value = 0.0
        for j in range(max(terms, i - 3), min(n, i + 4)):
            value += prior[i, j] * (position[j] - centre)
        slope[i] += value
        energy += value * (position[i] - centre)
    return 0.5 * energy


@kernel
def curvature(gram: FloatArray, prior: FloatArray, x: FloatArray, terms: int, noise: float, out: FloatArray) -> None:
    """Write J' J / sigma^2 + P, J the derivative of A x with respect to [terms, f]."""
    n = x.size
    scale = 1.0 / (noise * noise)
    for i in range(n):
        left = scale * (x[i] if i >= terms else 1.0)
        for j in range(n):
            right = x[j] if j >= terms else 1.0
            out[i, j] = left * right * gram[i, j] + prior[i, j]
