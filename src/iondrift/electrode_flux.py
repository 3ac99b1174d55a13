"""Anion flux into the region of interest when the plating electrode is blocking."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from iondrift import cast
from iondrift.cast import FloatArray

_FEWEST_FOR_SPLINE = 5  # points, asked for by scipy


def flux_from_storage(
    storage: FloatArray,
    time: FloatArray,
    *,
    smoothing: str,
    breaks: Sequence[float] = (),
    order: int = 3,
) -> FloatArray:
    """Return J at x = 0 if no anions cross the plating electrode, -dS/dt.

    S holds the noise of the few points it sums, and a difference from profile to profile would print that
    on every velocity; so it is smoothed in time in the way the profiles are.

    Parameters
    ----------
    storage : (time,)
        S, anions between the plating electrode and x = 0, mol m-2.
    time : (time,)
        s, strictly increasing, at least 3.
    smoothing
        ``pspline``: a cubic smoothing spline between breaks, its penalty by generalised cross-validation;
        ``polynomial``: one polynomial over all times; ``none``: second-order differences.
    breaks
        Times of protocol steps, s, where dS/dt may jump.
    order
        Of the polynomial.

    Returns
    -------
    (time,)
        mol m-2 s-1, positive away from the plating electrode.

    Raises
    ------
    ShapeError, DataError
        Lengths differ, a value is not finite, or time does not increase.

    Examples
    --------
    >>> flux_from_storage(np.array([9.0, 7.0, 5.0]), np.array([0.0, 1.0, 2.0]), smoothing="none").tolist()
    [2.0, 2.0, 2.0]
    """
    t = cast.increasing(time, "time")
    s = cast.array(storage, "electrode_storage", shape=t.shape)
    if smoothing == "none":
        return np.asarray(-np.gradient(s, t, edge_order=2))
    if smoothing == "polynomial":
        fit = np.polynomial.Polynomial.fit(t, s, min(order, t.size - 1))
        return np.asarray(-fit.deriv()(t))
    edges = np.unique([0, *np.searchsorted(t, breaks), t.size])
    return np.concatenate([_slope(t[a:b], s[a:b]) for a, b in pairwise(edges)]) * -1.0


def _slope(t: FloatArray, s: FloatArray) -> FloatArray:
    """Return the smoothed dS/dt of one stretch between breaks; a straight line's where points are few."""
    from scipy.interpolate import make_smoothing_spline

    if t.size == 1:
        return np.zeros(1)
    if t.size < _FEWEST_FOR_SPLINE:
        return np.full(t.size, np.polynomial.Polynomial.fit(t, s, 1).deriv()(t[0]))
    span = t[-1] - t[0]
    spline = make_smoothing_spline((t - t[0]) / span, s)
    return np.asarray(spline.derivative()((t - t[0]) / span) / span)
