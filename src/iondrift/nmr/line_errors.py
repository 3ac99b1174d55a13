"""Errors of fitted lines that hold where the noise is correlated."""

from __future__ import annotations

from typing import Final

import numpy as np

from iondrift.cast import FloatArray
from iondrift_kernels import line_shapes as kernels

_FAR: Final = 0.01  # of the highest point of the lines: what is below is free of signal
_FEWEST_FREE: Final = 60  # points that a correlation is estimated from
_LONGEST: Final = 64  # points of correlation
_CHANCE: Final = 2.0  # standard errors of an autocorrelation


def noise_correlation(lines: kernels.Lines, left: FloatArray, model: FloatArray, parameters: FloatArray) -> FloatArray:
    """Return the autocorrelation of residuals from lag 0 to before its first zero, where no signal is.

    Of white noise that at lag 1 has a standard error of 1 / sqrt(pairs); within two of them the noise is taken
    as white, else every second white spectrum would count as correlated.
    """
    signal = np.abs(model - parameters[-lines.baseline.shape[0] :] @ lines.baseline)
    free = signal < _FAR * signal.max()
    if free.sum() < _FEWEST_FREE:
        free = np.ones_like(free)
    values = np.where(free, left - left[free].mean(), 0.0)
    variance = float((values**2).sum() / free.sum())
    found = [1.0]
    for lag in range(1, min(_LONGEST, left.size // 4)):
        pairs = float((free[lag:] & free[:-lag]).sum())
        value = float(values[lag:] @ values[:-lag]) / pairs / variance if pairs and variance > 0.0 else 0.0
        if value <= (_CHANCE / np.sqrt(max(pairs, 1.0)) if lag == 1 else 0.0):
            break
        found.append(value)
    return np.array(found)


def sandwich_covariance(jacobian: FloatArray, left: FloatArray, correlation: FloatArray) -> FloatArray:
    """Return H^-1 (J' R J) H^-1 s^2 of a Jacobian (p, n)."""
    size = np.sqrt((jacobian**2).sum(axis=1))
    size[size == 0.0] = 1.0
    unit = jacobian / size[:, None]
    middle = unit @ unit.T
    inverse = np.linalg.pinv(middle, rcond=1e-12, hermitian=True)
    for lag, value in enumerate(correlation[1:], 1):
        product = unit[:, lag:] @ unit[:, :-lag].T
        middle = middle + value * (product + product.T)
    variance = float(left @ left) / max(1, left.size - len(jacobian))
    return np.asarray(inverse @ middle @ inverse * variance / np.outer(size, size))
