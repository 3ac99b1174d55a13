"""Polynomial smoothing in x and t, as the paper did (third order each); it smears thin layers."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import polynomial, polyutils

from iondrift.cast import FloatArray
from iondrift.errors import DataError


def fit_polynomials(values: FloatArray, time: FloatArray, x: FloatArray, orders: tuple[int, int]) -> FloatArray:
    """Return ``values`` (time, x) replaced by polynomials fitted in x, then in t.

    Raises
    ------
    DataError
        An order is not below the number of points.
    """
    if not (0 <= orders[0] < x.size and 0 <= orders[1] < time.size):
        raise DataError(
            f"polynomial orders {orders} need more than {orders[0]} points and {orders[1]} profiles, "
            f"got {x.size} and {time.size}"
        )
    scaled_x, scaled_t = _scale(x), _scale(time)
    # Fitting x and then t at every point is one fit in the product basis: the projections commute.
    along_x = polynomial.polyfit(scaled_x, values.T, orders[0])  # (order_x + 1, time)
    coefficients = polynomial.polyfit(scaled_t, along_x.T, orders[1])  # (order_t + 1, order_x + 1)
    return np.asarray(polynomial.polygrid2d(scaled_t, scaled_x, coefficients))


def _scale(axis: FloatArray) -> FloatArray:
    """Map an axis to -1..1, where powers stay well conditioned."""
    return np.asarray(polyutils.mapdomain(axis, (axis[0], axis[-1]), (-1.0, 1.0)))
