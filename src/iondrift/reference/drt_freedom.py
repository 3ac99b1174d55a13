"""Effective number of parameters by its definition, the trace of the smoother on the passive set."""

from __future__ import annotations

import numpy as np

from iondrift.cast import FloatArray


def effective_parameters(
    design: FloatArray, matrix: FloatArray, weights: FloatArray, strength: FloatArray, solutions: FloatArray
) -> FloatArray:
    """Return tr(H_PP^-1 A_P'W^2 A_P), H = A'W^2 A + lambda^2 K'K, over the passive set of each solution.

    Parameters
    ----------
    design, matrix
        (m, n) A and (rows, n) K.
    weights, strength, solutions
        (spectra, m) W, (spectra,) lambda^2, (spectra, n) x.
    """
    counts = []
    for w, value, x in zip(weights, strength, solutions, strict=True):
        system, penalty = w[:, None] * design[:, x > 0.0], matrix[:, x > 0.0]
        normal = system.T @ system
        counts.append(np.trace(np.linalg.solve(normal + value * penalty.T @ penalty, normal)))
    return np.array(counts)
