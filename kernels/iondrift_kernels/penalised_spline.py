"""Tensor-product penalised splines, one banded system in time per spatial mode.

With the spatial Gram and penalty matrices diagonalised together (Demmler-Reinsch basis), the normal equations
of the smoothing problem split. For mode ``m`` with spatial penalty eigenvalue ``s``

    A b = T' y,    A = (1 + lambda_x s) T'T + (lambda_t + lambda_xt s) P

where ``T`` is the cubic B-spline basis in time and ``P`` its integrated squared third derivative, both banded
with three sub-diagonals. A pattern fixed in time (noise of the reference profile) adds one unknown ``r`` a
mode: ``y = T b + p r + noise``, ``r ~ N(0, kappa sigma^2)``, an arrow on the banded system; ``p`` is the
pattern's loading in time (1, and 0 where the profile does not hold it). Profiles carry precision weights.

Symmetric bands are stored by row: ``band[k, d] = matrix[k, k - d]`` for d = 0..3. Cost and memory are linear
in the number of profiles.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel

FloatArray = npt.NDArray[np.float64]


class Smoothing(NamedTuple):
    """One smoothing problem with its penalties.

    ``start`` (T,), ``basis`` (T, 4): first function in time and four values at every profile; ``precision``,
    ``loading`` (T,): precision of every profile over the usual one, and the loading of the fixed pattern; ``gram``,
    ``penalty`` (K, 4): bands of T' diag(precision) T and of the penalty in time; ``spatial`` (M,): penalty eigenvalues
    of the spatial modes, zeros belong to the null space; ``values`` (M, T): mode coefficients of the data. Penalties in
    space, in time and in both, and variance of the fixed pattern (0: none), over noise variance.
    """

    start: npt.NDArray[np.int64]
    basis: FloatArray
    precision: FloatArray
    loading: FloatArray
    gram: FloatArray
    penalty: FloatArray
    spatial: FloatArray
    values: FloatArray
    lambda_x: float
    lambda_t: float
    lambda_xt: float
    kappa: float


class Modes(NamedTuple):
    """Coefficients and posterior factors.

    ``coefficients`` (M, K); ``lower`` (M, K, 4), the Cholesky factor of A with inverse diagonal; ``influence`` (M, K) =
    A^-1 T'1, the response of the coefficients to the fixed pattern; ``pattern`` (M, 2), the pattern's estimate and its
    posterior standard deviation over sigma.
    """

    coefficients: FloatArray
    lower: FloatArray
    influence: FloatArray
    pattern: FloatArray


@kernel
def factor(band: FloatArray, out: FloatArray) -> float:
    """Banded Cholesky ``matrix = L L'``; the diagonal of ``out`` holds 1 / L[k, k]. Returns log-determinant.

    A pivot that is not positive is returned as NaN, never repaired.
    """
    logarithm = 0.0
    for k in range(band.shape[0]):
        diagonal = band[k, 0]
        for d in range(min(3, k), 0, -1):
            j = k - d
            value = band[k, d]
            for p in range(1, min(3 - d, j) + 1):
                value -= out[k, d + p] * out[j, p]
            value *= out[j, 0]
            out[k, d] = value
            diagonal -= value * value
        if not diagonal > 0.0:
            return math.nan
        out[k, 0] = 1.0 / math.sqrt(diagonal)
        logarithm += math.log(diagonal)
    return logarithm


@kernel
def solve(lower: FloatArray, out: FloatArray) -> None:
    """Solve ``L L' out = out`` in place for the factor of :func:`factor`."""
    n = lower.shape[0]
    for k in range(n):
        value = out[k]
        for d in range(1, min(3, k) + 1):
            value -= lower[k, d] * out[k - d]
        out[k] = value * lower[k, 0]
    for k in range(n - 1, -1, -1):
        value = out[k]
        for d in range(1, min(3, n - 1 - k) + 1):
            value -= lower[k + d, d] * out[k + d]
        out[k] = value * lower[k, 0]


@kernel
def project(start: npt.NDArray[np.int64], basis: FloatArray, values: FloatArray, out: FloatArray) -> None:
    """``out = T' values`` for a basis with four functions from ``start`` at every time."""
    out[:] = 0.0
    for k in range(start.shape[0]):
        for d in range(4):
            out[start[k] + d] += basis[k, d] * values[k]


@kernel
def weigh(precision: FloatArray, values: FloatArray, out: FloatArray) -> None:
    """``out = precision * values``."""
    for k in range(values.shape[0]):
        out[k] = precision[k] * values[k]


@kernel
def fit_modes(smoothing: Smoothing, modes: Modes) -> None:
    """Fill coefficients and posterior factors of every mode."""
    start, basis, precision, loading, gram, penalty, spatial, values, lambda_x, lambda_t, lambda_xt, kappa = smoothing
    coefficients, lower, influence, pattern = modes
    size = gram.shape[0]
    for m in range(spatial.shape[0]):
        band = np.empty((size, 4))
        scaled = np.empty(start.shape[0])
        rough = 1.0 + lambda_x * spatial[m]
        slow = lambda_t + lambda_xt * spatial[m]
        for k in range(size):
            for d in range(4):
                band[k, d] = rough * gram[k, d] + slow * penalty[k, d]
        lower[m] = 0.0
        factor(band, lower[m])
        weigh(precision, values[m], scaled)
        project(start, basis, scaled, coefficients[m])
        solve(lower[m], coefficients[m])
        influence[m] = 0.0
        pattern[m] = 0.0
        if kappa > 0.0:
            arrow = np.empty(size)
            residual = 0.0
            pivot = 1.0 / kappa
            for k in range(start.shape[0]):
                residual += scaled[k] * loading[k]
                pivot += precision[k] * loading[k] * loading[k]
            weigh(precision, loading, scaled)
            project(start, basis, scaled, arrow)
            influence[m] = arrow
            solve(lower[m], influence[m])
            for k in range(size):
                pivot -= arrow[k] * influence[m, k]
                residual -= arrow[k] * coefficients[m, k]
            pattern[m, 0] = residual / pivot
            pattern[m, 1] = 1.0 / math.sqrt(pivot)
            for k in range(size):
                coefficients[m, k] -= pattern[m, 0] * influence[m, k]
