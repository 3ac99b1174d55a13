"""Non-negative regularised least squares, one programme after the other by scipy.optimize.nnls."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from iondrift.cast import FloatArray


def solve(
    design: FloatArray, matrix: FloatArray, rows: FloatArray, weights: FloatArray, target: FloatArray | None = None
) -> FloatArray:
    """Minimise ||W_s (A x - z_s)||^2 + ||K x - k||^2 over x >= 0: K stacked under W_s A.

    Parameters
    ----------
    design, matrix
        (m, n) A and (rows, n) K.
    rows, weights
        (programmes, m) z_s and W_s; weight zero leaves a value out.
    target
        (rows,) k; None is zero.

    Returns
    -------
    (programmes, n) x.
    """
    k = np.zeros(matrix.shape[0]) if target is None else target
    stacked = [(np.vstack([design * w[:, None], matrix]), np.r_[w * z, k]) for z, w in zip(rows, weights, strict=True)]
    return np.array([nnls(system, right)[0] for system, right in stacked])
