"""Noise of a series of profiles, estimated from what does not repeat from profile to profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray, labelled
from iondrift.errors import DataError
from iondrift.threads import bounded_threads

_DIFFERENCE = np.array([1.0, -3.0, 3.0, -1.0])  # removes any quadratic in time
_LAGS = 12


@dataclass(frozen=True, kw_only=True)
class NoiseEstimate:
    """Noise of a profile series.

    Attributes
    ----------
    standard_deviation
        Per stored point, in the unit of the profiles.
    autocorrelation
        Along x, lags 0, 1, 2, ... stored points; (1,) for white noise.
    common_mode
        Relative standard deviation of the factor common to all points of a profile.
    """

    standard_deviation: float
    autocorrelation: tuple[float, ...]
    common_mode: float

    def correlation_matrix(self, points: int) -> FloatArray:
        """Return the (points, points) correlation matrix of one profile's noise."""
        lags = np.abs(np.subtract.outer(np.arange(points), np.arange(points)))
        row = np.zeros(points)
        known = min(points, len(self.autocorrelation))
        row[:known] = self.autocorrelation[:known]
        return np.asarray(row[lags], dtype=np.float64)


def _is_signal(difference: FloatArray) -> bool:
    """Tell whether third differences hold signal: those of white noise correlate by -15/20 with the next in time."""
    variance = float((difference**2).mean())
    return variance == 0.0 or float((difference[1:] * difference[:-1]).mean()) > -0.4 * variance


@bounded_threads
def estimate_noise(concentration: xr.DataArray) -> NoiseEstimate:
    """Estimate noise level, spatial autocorrelation and common-mode noise.

    Third differences in time, d_k = c_k - 3 c_(k+1) + 3 c_(k+2) - c_(k+3), hold noise alone where c is smooth in
    time: var(d) = 20 sigma^2. Their mean over x is the common mode, their products along x the
    autocorrelation. Where the differences hold signal instead (noise-free input) their level bounds the noise, which
    is then taken as white. Differences beyond five robust standard deviations (protocol steps) are left out.

    Parameters
    ----------
    concentration
        (time, x), any unit; at least eight profiles and eight points.

    Returns
    -------
    NoiseEstimate

    Raises
    ------
    DataError
        Too few profiles or points.

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> values = 1000.0 + 20.0 * np.random.default_rng(0).standard_normal((80, 40))
    >>> coords = {"time": 500.0 * np.arange(80), "x": 3e-5 * np.arange(40)}
    >>> found = estimate_noise(xr.DataArray(values, coords, ("time", "x")))
    >>> f"{found.standard_deviation:.0f}"
    '20'
    """
    concentration = labelled(concentration, "concentration", ("time", "x"), unit="mol m-3")
    values = concentration.values
    count, points = values.shape
    if count < 8 or points < 8:
        raise DataError(
            f"concentration: the noise needs at least 8 profiles of 8 points, got {count} of {points}; "
            "give noise= instead"
        )
    level = values.mean()
    scale = np.sqrt(_DIFFERENCE @ _DIFFERENCE)
    difference = (
        sum(factor * values[k : count - 3 + k] for k, factor in enumerate(_DIFFERENCE)) / scale
    )  # (count - 3, points), unit of c, variance sigma^2
    robust = 1.4826 * np.median(np.abs(difference - np.median(difference)))
    kept = (np.abs(difference) <= 5.0 * robust).mean(axis=1) > 0.8 if robust > 0.0 else np.ones(count - 3, bool)
    difference = difference[kept] if kept.any() else difference
    if robust > 0.0:
        difference = np.clip(difference, -5.0 * robust, 5.0 * robust)
    if _is_signal(difference):
        return NoiseEstimate(
            standard_deviation=float(np.sqrt((difference**2).mean())), autocorrelation=(1.0,), common_mode=0.0
        )
    mean = difference.mean(axis=1, keepdims=True)
    rest = difference - mean
    lags = min(_LAGS, points // 3)
    covariance = np.array([(rest[:, : points - k] * rest[:, k:]).mean() for k in range(lags + 1)])
    # Taking out the mean of few points takes out part of the noise too; give that part back.
    correlation = covariance / covariance[0]
    length = 1.0 + 2.0 * float(np.sum(np.maximum(correlation[1:3], 0.0)))
    lost = min(length / points, 0.5)
    covariance = covariance + lost / (1.0 - lost) * covariance[0]
    correlation = covariance / covariance[0]
    variance_of_mean = covariance[0] * length / points
    common = max(float((mean**2).mean()) - float(variance_of_mean), 0.0)
    samples = difference.size / 3.5  # third differences of neighbouring profiles share noise
    significant = np.abs(correlation[1:]) > 3.0 / np.sqrt(samples)
    last = int(np.flatnonzero(significant).max()) + 1 if significant.any() else 0
    return NoiseEstimate(
        standard_deviation=float(np.sqrt(covariance[0])),
        autocorrelation=tuple(float(value) for value in correlation[: last + 1]),
        common_mode=float(np.sqrt(common) / abs(level)),
    )
