"""Points and whole profiles that stand out of a series as no noise and no diffusion does.

What is compared is each point with the same place in the eight profiles around it, without itself: a point has no say
in its own prediction, so that its leverage is nought. A deviation d = c - median of the eight is an outlier where all
of these hold; sigma is the noise at that place, from third differences in time, robustly:

- |d| > 7 sigma;
- |d| is more than twice what the eight spread (their 10th to 90th percentile): concentrations go on, they do not jump
  and return;
- |d| is more than four times that of the four points beside it: diffusion and a gain move neighbours, too.

A whole profile stands out where the root mean square of d / sigma, over the places with sample and counting d beyond
twice the spread, is above 3, and that over all of them four times as large as in the profiles beside it; or where it
lies elsewhere: its position, weighed by the slopes of the usual profile, is half a point and 7 sigma away from those of
the eight around it, and more than twice what these spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray

_AROUND = 4  # profiles to either side, and so many more where the series ends
_NOISE, _SPREAD, _BESIDE, _PROFILE = 7.0, 2.0, 4.0, 3.0
_SHIFT = 0.5  # points
_PASSES = 5
_DIFFERENCE = np.array([1.0, -3.0, 3.0, -1.0])
FEWEST = 12  # profiles: fewer do not tell noise from change


@dataclass(frozen=True, kw_only=True)
class Outliers:
    """What stands out of profiles (time, point), and the profiles without it.

    Attributes
    ----------
    points
        (time, point), truth values; none in profiles that stand out as a whole.
    profiles
        (time,), truth values.
    cleaned
        (time, point), the values with what stands out replaced by those of the nearest profiles before and after.
    """

    points: npt.NDArray[np.bool_]
    profiles: npt.NDArray[np.bool_]
    cleaned: FloatArray


def find_outliers(values: FloatArray) -> Outliers:
    """Find what stands out of a series of profiles (time, point) in any unit; nothing where there are fewer than 12."""
    if len(values) < FEWEST:
        none = np.zeros(values.shape, dtype=np.bool_)
        return Outliers(points=none, profiles=none[:, 0], cleaned=values)
    points, cleaned = np.zeros(values.shape, dtype=np.bool_), values
    for _ in range(_PASSES):  # those that stood beside others show once these are gone
        found = _bad_points(cleaned)
        if not found.any():
            break
        points |= found
        cleaned = _filled(values, points)
    profiles = _bad_profiles(cleaned) | _shifted_profiles(cleaned)
    if profiles.any():
        points[profiles] = False
        cleaned = _filled(values, points | profiles[:, None])
    return Outliers(points=points, profiles=profiles, cleaned=cleaned)


def _deviations(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return deviation and spread (time, point), and the noise (point,)."""
    count = len(values)
    first = np.clip(np.arange(count) - _AROUND, 0, count - 2 * _AROUND - 1)
    others = first[:, None] + np.arange(2 * _AROUND + 1)
    others = others[others != np.arange(count)[:, None]].reshape(count, -1)
    around = np.sort(values[others], axis=1)  # (time, eight, point)
    deviation = values - 0.5 * (around[:, _AROUND - 1] + around[:, _AROUND])
    # of eight values the 10th and 90th percentile lie at 0.7 and 6.3: one bad one among them does no harm
    spread = around[:, -2] - around[:, 1] + 0.3 * (around[:, 1] - around[:, 0] + around[:, -1] - around[:, -2])
    spread = np.minimum(spread, 1.5 * (around[:, -2] - around[:, 1]))
    third = sum(factor * values[k : count - 3 + k] for k, factor in enumerate(_DIFFERENCE))
    noise = 1.4826 * np.median(np.abs(third), axis=0) / np.sqrt(float(_DIFFERENCE @ _DIFFERENCE))
    return deviation, spread, _running_median(noise)


def _bad_points(values: FloatArray) -> npt.NDArray[np.bool_]:
    deviation, spread, noise = _deviations(values)
    size = np.abs(deviation)
    padded = np.pad(size, ((0, 0), (2, 2)), mode="reflect")
    points = values.shape[1]
    beside = np.sort([padded[:, k : k + points] for k in (0, 1, 3, 4)], axis=0)[1:3].mean(axis=0)
    return np.asarray((size > _NOISE * noise) & (size > _SPREAD * spread) & (size > _BESIDE * beside))


def _bad_profiles(values: FloatArray) -> npt.NDArray[np.bool_]:
    usual = np.median(values, axis=0)
    inside = np.flatnonzero(usual > 0.1 * np.quantile(usual, 0.95))  # what holds sample, edges and all
    deviation, spread, noise = _deviations(values[:, inside])
    size = np.abs(deviation) / np.where(noise > 0.0, noise, 1.0)
    apart = np.where(np.abs(deviation) > _SPREAD * spread, size, 0.0)
    strength = np.sqrt((size**2).mean(axis=1))
    padded = np.pad(strength, 2, mode="reflect")
    beside = np.sort([padded[k : k + len(values)] for k in (0, 1, 3, 4)], axis=0)[1:3].mean(axis=0)
    return np.asarray((np.sqrt((apart**2).mean(axis=1)) > _PROFILE) & (strength > _BESIDE * beside))


def _shifted_profiles(values: FloatArray) -> npt.NDArray[np.bool_]:
    usual = np.median(values, axis=0)
    if usual[[0, -1]].max() > 0.5 * np.quantile(usual, 0.95):
        return np.zeros(len(values), dtype=np.bool_)  # the sample's edges, which tell where it lies, are out of view
    slope = np.gradient(usual)
    position = -(values - usual) @ slope / max(float(slope @ slope), np.finfo(float).tiny)  # points
    deviation, spread, noise = _deviations(position[:, None])
    size = np.abs(deviation[:, 0])
    return np.asarray((size > _SHIFT) & (size > _NOISE * noise) & (size > _SPREAD * spread[:, 0]))


def _running_median(values: FloatArray, reach: int = 4) -> FloatArray:
    """Return the median over neighbours: the noise of single places is known to 15 % alone."""
    padded = np.pad(values, reach, mode="reflect" if values.size > reach else "edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1))


def _filled(values: FloatArray, bad: npt.NDArray[np.bool_]) -> FloatArray:
    """Return the values with the bad ones on a line between the nearest good profiles at the same place."""
    result = values.copy()
    at = np.arange(len(values), dtype=np.float64)
    for k in np.flatnonzero(bad.any(axis=0)):
        good = ~bad[:, k]
        result[~good, k] = np.interp(at[~good], at[good], values[good, k])
    return result
