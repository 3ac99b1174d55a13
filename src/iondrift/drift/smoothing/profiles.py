"""Concentration, its gradient and its integrated rate by each smoothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.drift.names import Smoothing
from iondrift.drift.smoothing.noise import NoiseEstimate
from iondrift.drift.smoothing.penalised_splines import Penalties, SmoothSeries, given_or_fitted
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
    breaks: Sequence[float] = (),
    reference_profiles: int | None = None,
    reference_index: int | None = None,
    noise: NoiseEstimate | None = None,
    penalties: Penalties | None = None,
    orders: tuple[int, int] = (3, 3),
    series: SmoothSeries | None = None,
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

        series = given_or_fitted(
            concentration,
            series,
            breaks=breaks,
            noise=noise,
            reference_profiles=reference_profiles,
            reference_index=reference_index,
            penalties=penalties,
        )
        values, gradient, integrated = series.evaluate()
        weights = cubic_quadrature(x)
        _require_positive(values, time, x)
        junction = np.log(values[:, -1] / values[:, 0])
    else:
        from iondrift_kernels.flux_integration import integrate_flux

        # The paper takes one-sided differences at the ends; parity with it asks for the same.
        edge_order: Literal[1, 2] = 2
        if smoothing == "polynomial":
            from iondrift.polynomial import fit_polynomials

            values = fit_polynomials(values, time, x, orders)
            _require_positive(values, time, x)
            edge_order = 1
        if time.size < 3 or x.size < 3:
            raise DataError(f"concentration: differences need at least 3 profiles of 3 points, got {values.shape}")
        gradient = np.gradient(values, x, axis=1, edge_order=edge_order)
        rate = np.ascontiguousarray(np.gradient(values, time, axis=0, edge_order=edge_order))
        integrated = np.empty_like(rate)
        integrate_flux(rate, x, integrated)
        weights = _trapezoid_weights(x)
        # The sum that goes with this gradient, so that the field sums to -V exactly.
        junction = (gradient / values) @ weights
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
        "posterior_spread": series.spread,
        "breaks_s": str(series.breaks),
    }


def _require_positive(values: FloatArray, time: FloatArray, x: FloatArray) -> None:
    if not (values > 0.0).all():
        k, j = np.unravel_index(int(values.argmin()), values.shape)
        raise DataError(
            f"smoothed concentration: {values[k, j]:g} mol m-3 at time {time[k]:g} s, x {x[j] * 1e6:.1f} um; "
            "leave out the depleted points or profiles there"
        )


def _trapezoid_weights(x: FloatArray) -> FloatArray:
    weights = np.zeros_like(x)
    steps = np.diff(x) / 2.0
    weights[:-1] += steps
    weights[1:] += steps
    return weights
