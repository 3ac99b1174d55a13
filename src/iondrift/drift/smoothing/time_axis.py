"""The splines along time: kinks at protocol steps, penalties of either order, what data weigh."""

from __future__ import annotations

import numpy as np

from iondrift.cast import FloatArray
from iondrift.drift.smoothing import spline_basis
from iondrift.drift.smoothing.likelihood import Temporal

ORDER = 3  # of the derivative that is penalised: smooth enough for honest bands of dc/dt
OTHER_ORDER = 2  # of the fits that bands are drawn from besides
# Shares of the duration: so long after a step of the protocol concentrations go like its root, and from when on.
_SETTLING, _RISE = 0.1, 0.01


class TimeAxis:
    """Cubic splines over the times of profiles (T,), s, on 0..1, with kinks at ``breaks``.

    ``precision`` and ``loading`` (T,): of every profile, see :mod:`iondrift_kernels.penalised_spline`.
    """

    def __init__(
        self, times: FloatArray, breaks: tuple[float, ...], precision: FloatArray, loading: FloatArray
    ) -> None:
        self.precision, self.loading = precision, loading
        self.duration = float(times[-1] - times[0])
        self._breaks = (np.asarray(breaks) - times[0]) / self.duration
        scaled = (times - times[0]) / self.duration
        self._knots = spline_basis.knots_with_breaks(scaled, self._breaks)
        self.basis = spline_basis.local_basis(self._knots, scaled)
        self.functions = self._knots.size - spline_basis.DEGREE - 1
        self._gram_rows = np.sqrt(precision)[:, None] * self.basis.value
        self.gram = spline_basis.band_of_rows(self.basis.start, self._gram_rows, self.functions)

    @property
    def physical_basis(self) -> spline_basis.LocalBasis:
        """The basis with its slope in 1/s."""
        return spline_basis.LocalBasis(
            start=self.basis.start, value=self.basis.value, slope=self.basis.slope / self.duration
        )

    def temporal(self, order: int) -> Temporal:
        """Return Gram and penalty bands with their roots; the penalty is as large as the Gram matrix.

        After a step of the current c goes like sqrt(t) near an electrode, whose derivative squared falls like
        t^(1 - 2 order): the penalty's weight undoes that while it lasts.
        """
        begun = np.concatenate([[0.0], self._breaks])

        def settling(t: FloatArray) -> FloatArray:
            since = t - begun[np.searchsorted(begun, t, side="right") - 1] + _RISE
            return np.asarray((since / (since + _SETTLING)) ** (2 * order - 1))

        start, rows = spline_basis.roughness_rows(self._knots, order, settling)
        rows *= np.sqrt(self.gram[:, 0].sum() / (rows * rows).sum())
        return Temporal(
            gram=self.gram,
            penalty=spline_basis.band_of_rows(start, rows, self.functions),
            starts=(self.basis.start, start),
            roots=(self._gram_rows, rows),
            # Between breaks a polynomial, continuous: what no penalty sees.
            null_space=order + (order - 1) * self._breaks.size,
            weakest=(_RISE / (_RISE + _SETTLING)) ** (2 * order - 1),
        )

    def project(self, values: FloatArray) -> FloatArray:
        """Return T' W values (functions, M) of values (T, M)."""
        from iondrift_kernels.ordered_products import project_rows

        out = np.empty((self.functions, values.shape[1]))
        project_rows(self.basis.start, self.basis.value, self.precision, np.ascontiguousarray(values), out)
        return out
