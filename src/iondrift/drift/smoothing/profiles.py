"""Concentration, its gradient and its integrated rate by each smoothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

import numpy as np
import xarray as xr
from numpy.polynomial import polynomial, polyutils

from iondrift.cast import FloatArray
from iondrift.drift.names import DEFAULT_ORDERS, Smoothing
from iondrift.drift.smoothing.penalised_splines import SmoothSeries, SplineOptions, given_or_fitted
from iondrift.errors import DataError


@dataclass(frozen=True, kw_only=True)
class SmoothedProfiles:
    """Concentration and what follows from it alone, arrays (time, x) in SI.

    ``junction`` (time,) is int D dc/dx / (u c) dx over R T / F, i.e. ln(c_L / c_0) or its trapezoid sum.
    """

    concentration: FloatArray
    gradient: FloatArray
    integrated: FloatArray
    junction: FloatArray
    weights: FloatArray
    series: SmoothSeries | None = None


def smooth_profiles(
    concentration: xr.DataArray,
    smoothing: Smoothing,
    *,
    orders: tuple[int, int] = DEFAULT_ORDERS,
    series: SmoothSeries | None = None,
    **options: Unpack[SplineOptions],
) -> SmoothedProfiles:
    """Return c, dc/dx and G by the named smoothing.

    Raises
    ------
    DataError
        Too few profiles or points, or a smoothed concentration that is not positive.
    """
    values, time, x = concentration.values, concentration["time"].values, concentration["x"].values
    if smoothing == "pspline":
        from iondrift.drift.smoothing.spline_basis import cubic_quadrature

        series = given_or_fitted(concentration, series, **options)
        values, gradient, integrated = series.evaluate()
        weights = cubic_quadrature(x)
        _require_positive(values, time, x)
        junction = np.log(values[:, -1] / values[:, 0])
    else:
        if time.size < 3 or x.size < 3:
            raise DataError(f"concentration: differences need at least 3 profiles of 3 points, got {values.shape}")
        # The paper takes one-sided differences of two points at the ends; parity with it asks for the same.
        end_points = 3
        if smoothing == "polynomial":
            values = _fit_polynomials(values, time, x, orders)
            _require_positive(values, time, x)
            end_points = 2
        values, weights = np.ascontiguousarray(values), _trapezoid_weights(x)
        gradient, integrated, junction = _differences(values, time, x, weights, end_points)
    return SmoothedProfiles(
        concentration=np.ascontiguousarray(values),
        gradient=np.ascontiguousarray(gradient),
        integrated=np.ascontiguousarray(integrated),
        junction=junction,
        weights=weights,
        series=series if smoothing == "pspline" else None,
    )


def smoothing_attributes(series: SmoothSeries) -> dict[str, float | int | str]:
    """Return what the smoothing chose, as attributes."""
    return {
        "penalty_space": series.penalties.space,
        "penalty_time": series.penalties.time,
        "penalty_both": series.penalties.both,
        "penalty_adaptivity": str(series.penalties.adaptivity),
        "noise_standard_deviation": series.standard_deviation,
        "noise_autocorrelation": str(tuple(round(value, 3) for value in series.noise.autocorrelation)),
        "independent_points": series.nominal_points,
        "effective_parameters": series.effective_parameters,
        "breaks_s": str(series.breaks),
    }


def _require_positive(values: FloatArray, time: FloatArray, x: FloatArray) -> None:
    if not (values > 0.0).all():
        k, j = np.unravel_index(int(values.argmin()), values.shape)
        raise DataError(
            f"smoothed concentration: {values[k, j]:g} mol m-3 at time {time[k]:g} s, x {x[j] * 1e6:.1f} um; "
            "leave out the depleted points or profiles there"
        )


def _differences(
    values: FloatArray, time: FloatArray, x: FloatArray, weights: FloatArray, end_points: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return dc/dx, G (time, x) and the junction (time,), the sum with the same gradient: the field sums to -V exactly.

    ``end_points``: how many points a difference takes at the ends, 2 or 3.
    """
    from iondrift_kernels import flux_integration as kernels

    grid = kernels.Grid(time, x, weights, end_points)
    slopes = kernels.Slopes(np.empty_like(values), np.empty_like(values), np.empty(time.size))
    kernels.integrate_flux(values, grid, slopes)
    return slopes.gradient, slopes.integrated, slopes.junction


def _trapezoid_weights(x: FloatArray) -> FloatArray:
    weights = np.zeros_like(x)
    steps = np.diff(x) / 2.0
    weights[:-1] += steps
    weights[1:] += steps
    return weights


def _fit_polynomials(values: FloatArray, time: FloatArray, x: FloatArray, orders: tuple[int, int]) -> FloatArray:
    """Return ``values`` (time, x) replaced by polynomials fitted in x, then in t; the paper did so. It smears layers.

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
    scaled_x, scaled_t = _centred(x), _centred(time)
    # Fitting x and then t at every point is one fit in the product basis: the projections commute.
    along_x = polynomial.polyfit(scaled_x, values.T, orders[0])  # (order_x + 1, time)
    coefficients = polynomial.polyfit(scaled_t, along_x.T, orders[1])  # (order_t + 1, order_x + 1)
    return np.asarray(polynomial.polygrid2d(scaled_t, scaled_x, coefficients))


def _centred(axis: FloatArray) -> FloatArray:
    """Return an axis mapped to -1..1, where powers stay well conditioned."""
    return np.asarray(polyutils.mapdomain(axis, (axis[0], axis[-1]), (-1.0, 1.0)))
