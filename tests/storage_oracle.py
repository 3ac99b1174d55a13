"""Standard deviation of the flux that a fitted storage gives, in closed form."""

from __future__ import annotations

import numpy as np

from iondrift.drift.electrode_flux import StorageFit
from iondrift_kernels.spline_layout import EDGE, LANES


def flux_error(fit: StorageFit) -> np.ndarray:
    """Return the standard deviation (time,), mol m-2 s-1, of the mixture: that of its members and that of their means.

    Of one member sigma sqrt(b' A^-1 b), b the slopes of the basis and A the dense precision.
    """
    members = fit.posterior.fits(len(fit.posterior.members)).members
    size = members.arrow.size
    slopes = np.zeros((fit.basis.start.size, size))
    np.put_along_axis(slopes, fit.basis.start[:, None] + np.arange(4), fit.basis.slope, axis=1)
    right = members.right[0].reshape(-1, LANES)[EDGE : EDGE + size, 0]
    means, variances = [], []
    for j, order in enumerate(members.order):
        alpha, gamma = members.scale[j, 0, [0, LANES]]
        A = alpha * _symmetric(members.gram[:size]) + gamma * _symmetric(members.penalties[order, :size])
        mean = np.linalg.solve(A, right)
        variance = (members.total - right @ mean) / members.free[j]
        means.append(slopes @ mean)
        variances.append(variance * np.einsum("tk,kt->t", slopes, np.linalg.solve(A, slopes.T)))
    return np.sqrt(np.mean(variances, axis=0) + np.var(means, axis=0))


def _symmetric(band: np.ndarray) -> np.ndarray:
    lower = sum(np.diag(band[d:, d], -d) for d in range(1, 4))
    return np.diag(band[:, 0]) + lower + np.transpose(lower)
