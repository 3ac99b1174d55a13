"""Potential of the log-smooth distribution of relaxation times, its slope and its curvature.

    U = ||A x - z||^2 / (2 sigma^2) + (f - f0)' P (f - f0) / 2,   x = [terms, exp f],   P = D' diag(a) D + eps I

A and z carry their weights; D is a difference of at most third order, so that P has a band of three.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.vector_sums import dot

FloatArray = npt.NDArray[np.float64]


class Spectrum(NamedTuple):
    """One spectrum, its weights in A and z, and the prior of its f."""

    design: FloatArray  # (m, n): A
    data: FloatArray  # (m,): z
    gram: FloatArray  # (n, n): A'A
    prior: FloatArray  # (n, n): P in the block of f, zeros elsewhere
    terms: int  # how many of x are series terms; the others are exp f
    centre: float  # f0


@kernel
def penalty(coefficients: FloatArray, precisions: FloatArray, pull: float, terms: int, out: FloatArray) -> None:
    """Write D' diag(a) D + eps I into the block of f; zeros for the series terms.

    Parameters
    ----------
    coefficients
        One row of D without its zeros: [-1, 1], [1, -2, 1] or [-1, 3, -3, 1].
    precisions, pull, terms
        (n - terms - order) a; eps; how many series terms.
    out
        (n, n) P.
    """
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
    spectrum: Spectrum, noise: float, position: FloatArray, x: FloatArray, residual: FloatArray, slope: FloatArray
) -> float:
    """Return U of one spectrum at ``position``; write x, the residual and the slope.

    Parameters
    ----------
    spectrum, noise
        Data and prior; sigma.
    position
        (n) [terms, f].
    x, residual, slope
        (n) [terms, exp f], (m) A x - z, (n) dU / d[terms, f].
    """
    design, data, prior, terms, centre = (
        spectrum.design, spectrum.data, spectrum.prior, spectrum.terms, spectrum.centre,
    )  # fmt: skip
    m, n = design.shape
    for j in range(n):
        x[j] = position[j] if j < terms else np.exp(position[j])
        slope[j] = 0.0
    scale = 1.0 / (noise * noise)
    energy = 0.0
    for i in range(m):
        value = dot(design[i], x, n) - data[i]
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
def curvature(spectrum: Spectrum, noise: float, x: FloatArray, out: FloatArray) -> None:
    """Write J'J / sigma^2 + P (n, n), J the derivative of A x with respect to [terms, f] at x (n)."""
    gram, prior, terms = spectrum.gram, spectrum.prior, spectrum.terms
    n = x.size
    scale = 1.0 / (noise * noise)
    for i in range(n):
        left = scale * (x[i] if i >= terms else 1.0)
        for j in range(n):
            right = x[j] if j >= terms else 1.0
            out[i, j] = left * right * gram[i, j] + prior[i, j]
