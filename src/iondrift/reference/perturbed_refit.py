"""One perturbed refit by dense matrices: new noise on every profile, then the normal equations as they are written."""

from __future__ import annotations

import numpy as np

from iondrift.cast import FloatArray
from iondrift.reference.counter_normal import normals
from iondrift_kernels.penalised_spline import Smoothing
from iondrift_kernels.spline_draws import PATTERN, PROFILES


def refit(smoothing: Smoothing, sigma: float, seed: int, replicate: int) -> FloatArray:
    """Return what the noise of one replicate adds to the coefficients (M, K) of every mode.

    With the noise ``e = sigma (Omega^-1/2 z + sqrt(kappa) p z_p)`` of the profiles and of the pattern ``p``, which all
    profiles that hold it share, coefficients ``b`` and pattern ``r`` solve ::

        [ A           T' Omega p              ] [b]   [T' Omega e]
        [ p' Omega T  p' Omega p + 1 / kappa  ] [r] = [p' Omega e],   A = (1 + lambda_x s) T' Omega T
                                                                        + (lambda_t + lambda_xt s) P
    """
    T = _design(smoothing)
    p, precision = smoothing.loading, smoothing.precision
    penalty = _symmetric(smoothing.penalty)
    found = np.empty((smoothing.spatial.size, T.shape[1]))
    for m, s in enumerate(smoothing.spatial):
        z = normals(seed, replicate, np.arange(p.size), m // 4, PROFILES)[m % 4]
        e = sigma * z / np.sqrt(precision)
        A = (1.0 + smoothing.lambda_x * s) * _symmetric(smoothing.gram)
        A += (smoothing.lambda_t + smoothing.lambda_xt * s) * penalty
        right = T.T @ (precision * e)
        if smoothing.kappa > 0.0:
            z = normals(seed, replicate, np.zeros(1), m // 4, PATTERN)[m % 4]
            e = e + sigma * np.sqrt(smoothing.kappa) * p * z
            column = T.T @ (precision * p)
            corner = p @ (precision * p) + 1.0 / smoothing.kappa
            A = np.block([[A, column[:, None]], [column[None], np.array([[corner]])]])
            right = np.append(T.T @ (precision * e), p @ (precision * e))
        found[m] = np.linalg.solve(A, right)[: T.shape[1]]
    return found


def _design(smoothing: Smoothing) -> FloatArray:
    """Return the time basis as a matrix (T, K)."""
    dense = np.zeros((smoothing.start.size, smoothing.gram.shape[0]))
    np.put_along_axis(dense, smoothing.start[:, None] + np.arange(4), smoothing.basis, axis=1)
    return dense


def _symmetric(band: FloatArray) -> FloatArray:
    """Return the symmetric matrix (K, K) of a band (K, 4)."""
    lower = sum(np.diag(band[d:, d], -d) for d in range(1, 4))
    return np.asarray(np.diag(band[:, 0]) + lower + np.transpose(lower))
