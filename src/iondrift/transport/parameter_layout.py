"""From the uncertain parameters of D(c) to the vectors that its kernel takes."""

from __future__ import annotations

import numpy as np

from iondrift.cast import FloatArray
from iondrift.errors import DataError
from iondrift_kernels import codes


def layout(
    values: FloatArray,
    *,
    form: int,
    places: FloatArray,
    per_si: float,
    edges: tuple[float, float],
    volumes: tuple[float, float],
    mass: float = 1.0,
) -> FloatArray:
    """Return kernel parameters (replicate, n_parameters) of uncertain parameters (replicate, n).

    ``places``: what is exact, in units of the argument, of which there are ``per_si`` to the SI unit; ``edges``: the
    argument is held between them, in its unit; ``volumes``: of EO and salt, m3 mol-1; ``mass``: kg of EO
    a mole, where the argument is the molality.
    """
    ethylene_oxide, salt = volumes
    ratio = mass * np.array([1.0, salt]) / ethylene_oxide
    header = np.concatenate([ratio, np.array(edges) / per_si])
    if form == codes.POLYNOMIAL:
        body = values * per_si ** np.arange(values.shape[1] - 1, -1, -1.0)
    elif form == codes.EXPONENTIAL:
        D0, k = values.T
        body = np.column_stack([D0 * np.exp(k), k * per_si / places[0]])
    else:
        body = _piecewise_cubics(places / per_si, values)
    return np.column_stack([np.tile(header, (values.shape[0], 1)), body])


def square_root(covariance: FloatArray) -> FloatArray:
    """Return L with L L' = covariance; semidefinite (an exact parameter) is allowed."""
    variances = np.diag(covariance)
    # Coefficients differ by orders of magnitude: factor the correlation, then scale.
    scale = np.sqrt(np.where(variances > 0.0, variances, 1.0))
    correlation = covariance / np.outer(scale, scale)
    if (variances < 0.0).any() or not np.allclose(correlation, correlation.T, atol=1e-6):
        raise DataError("covariance of D(c): must be symmetric, with no negative variance on its diagonal")
    try:
        root = np.linalg.cholesky(correlation)
    except np.linalg.LinAlgError:
        eigenvalues, vectors = np.linalg.eigh(correlation)
        if eigenvalues[0] < -1e-6 * eigenvalues[-1]:
            raise DataError(
                f"covariance of D(c): not positive semidefinite (eigenvalue {eigenvalues[0]:.3g} of its "
                "correlations); check the order and units of its entries"
            ) from None
        # Symmetric: draws depend neither on the signs of eigenvectors nor on how those of one eigenvalue are turned.
        root = (vectors * np.sqrt(np.clip(eigenvalues, 0.0, None))) @ vectors.T
    return np.asarray(scale[:, np.newaxis] * root, dtype=np.float64)


def _piecewise_cubics(knots: FloatArray, values: FloatArray) -> FloatArray:
    """Return (replicate, 1 + n + 4 (n - 1)): number of intervals, knots, cubic coefficients of each."""
    from scipy.interpolate import PchipInterpolator

    replicates, n = values.shape
    cubics = np.asarray(PchipInterpolator(knots, values, axis=1).c)  # (4, n - 1, replicate)
    rows = cubics.transpose(2, 1, 0).reshape(replicates, 4 * (n - 1))
    exact = np.concatenate([[n - 1.0], knots])
    return np.column_stack([np.tile(exact, (replicates, 1)), rows])
