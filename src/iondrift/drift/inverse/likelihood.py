"""The likelihood of log intensities: one factor per place and one per profile are taken out exactly.

ln I_kj = alpha_j + eta_k + ln M_kj + e_kj,  sd(e_kj) = 1 / W_kj,  alpha_j free,  eta_k ~ N(0, common_mode^2)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from iondrift.cast import FloatArray

_THIRD_DIFFERENCES = 20.0  # 1 + 9 + 9 + 1: their variance over that of white noise


def noise_in_time(values: FloatArray, *, shared: bool) -> float:
    """Return the standard deviation of white noise in values (K, J), from third differences in time.

    ``shared``: what all places have in common is no noise of theirs.
    """
    third = np.diff(values, 3, axis=0)
    if shared and values.shape[1] > 1:
        third = (third - third.mean(axis=1, keepdims=True)) * np.sqrt(values.shape[1] / (values.shape[1] - 1.0))
    return float(np.sqrt(np.mean(third**2) / _THIRD_DIFFERENCES))


@dataclass(frozen=True)
class Projection:
    """What is left of residuals (K, J) when both kinds of factors have been taken out.

    Attributes
    ----------
    weights : (K, J)
        W.
    common_mode
        Standard deviation of eta.
    """

    weights: FloatArray
    common_mode: float

    @cached_property
    def _sums(self) -> FloatArray:
        found: FloatArray = (self.weights**2).sum(axis=0)
        return found

    @cached_property
    def _shares(self) -> FloatArray:
        return np.asarray(self.weights**2 / self._sums)

    @cached_property
    def _whitening(self) -> FloatArray:
        """Lc^-1 of Lc Lc^T, the normal equations (K, K) of eta."""
        squares = self.weights**2
        common = np.diag(squares.sum(axis=1) + self.common_mode**-2) - self._shares @ squares.T
        return np.asarray(np.linalg.inv(np.linalg.cholesky(common)))

    def without_places(self, columns: FloatArray) -> FloatArray:
        """Return Z (..., K, J): weighted columns, their weighted means over time taken off."""
        found: FloatArray = self.weights * (columns - (self._shares * columns).sum(axis=-2, keepdims=True))
        return found

    def common_part(self, projected: FloatArray) -> FloatArray:
        """Return Lc^-1 b (..., K) of columns Z (..., K, J)."""
        found: FloatArray = (self.weights * projected).sum(axis=-1) @ self._whitening.T
        return found

    def cost(self, residuals: FloatArray) -> float:
        """Return the square of what no factor explains."""
        return float(self.costs(residuals[None])[0])

    def costs(self, residuals: FloatArray) -> FloatArray:
        """Return the same of many residuals (R, K, J), (R,)."""
        z = self.without_places(residuals)
        return np.asarray((z * z).sum(axis=(1, 2)) - (self.common_part(z) ** 2).sum(axis=1))

    def normal_equations(self, residuals: FloatArray, columns: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return cost, J'r (p,) and J'J (p, p) of residuals (K, J) and columns (p, K, J)."""
        z = self.without_places(np.concatenate([residuals[None], columns]))
        common = self.common_part(z)
        flat = z.reshape(z.shape[0], -1)
        gram = flat @ flat.T - common @ common.T
        return float(gram[0, 0]), gram[1:, 0], gram[1:, 1:]

    def whitened(self, residuals: FloatArray) -> FloatArray:
        """Return residuals (..., K, J) over their standard deviations, factors of both kinds taken off."""
        return self.without_places(residuals - self._eta(residuals)[..., None])

    def factors(self, residuals: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return alpha (J,) and eta (K,) at their estimates, of residuals (K, J)."""
        eta = self._eta(residuals)
        return np.asarray((self._shares * (residuals - eta[:, None])).sum(axis=0)), eta

    def _eta(self, residuals: FloatArray) -> FloatArray:
        return self.common_part(self.without_places(residuals)) @ self._whitening

    def log_volume(self) -> float:
        """Return the logarithm of what weights and integrals over the factors contribute to a likelihood."""
        determinants = 0.5 * np.log(self._sums).sum() - np.log(np.diag(self._whitening)).sum()
        return float(np.log(self.weights).sum() - determinants)
