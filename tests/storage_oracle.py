"""Standard error of the flux that a fitted storage gives, in closed form."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve_banded

from iondrift.drift.electrode_flux import StorageFit


def flux_error(fit: StorageFit) -> np.ndarray:
    """Return sigma sqrt(b' A^-1 b) (time,), mol m-2 s-1, b the slopes of the basis and A the precision."""
    rows = np.zeros((fit.coefficients.size, fit.basis.start.size))
    columns = fit.basis.start[:, None] + np.arange(4)
    np.add.at(rows, (columns.T, np.arange(fit.basis.start.size)), fit.basis.slope.T)
    solved = cho_solve_banded((fit.factor, False), rows)
    return fit.standard_deviation * np.sqrt(np.einsum("jt,jt->t", rows, solved))
