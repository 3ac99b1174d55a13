"""Find the one number in a spectrum that does not belong: damage that no format's redundancy shows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iondrift.cast import ComplexArray, FloatArray

# Measured on some forty spectra of ten instruments: a point lies within 4 % (noisy ones 9 %) of the line
# between its neighbours, and within 8 times the usual distance around it. A lone point is beyond both.
SHARE_OF_MODULUS = 0.05
TIMES_USUAL = 8.0
# The line is prolonged to the first and last point, which doubles its error and more.
AT_THE_ENDS = 4.0
WINDOW = 4  # points on either side that tell what is usual


def lone_points(frequency: FloatArray, impedance: ComplexArray) -> npt.NDArray[np.int64]:
    """Return the indices of points far off the line through their neighbours while these are not.

    ``|Z_k - line| / |Z|`` over the logarithm of the frequency, against its median in the neighbourhood (the
    point and its neighbours, which it disturbs, left out). Of several in a row the worst is returned.
    """
    if frequency.size < 2 * WINDOW + 1:
        return np.empty(0, dtype=np.int64)
    distance = _distances(np.log(frequency), impedance)
    allowed = np.full(frequency.size, 1.0)
    allowed[[0, -1]] = AT_THE_ENDS
    excess = np.minimum(distance / SHARE_OF_MODULUS, distance / (TIMES_USUAL * _usual(distance))) / allowed
    worst_of_three = excess >= np.max([_shifted(excess, -1), excess, _shifted(excess, 1)], axis=0)
    return np.flatnonzero((excess > 1.0) & worst_of_three)


def displaced_frequency(frequency: FloatArray) -> int | None:
    """Return the index of the one frequency off an otherwise even logarithmic grid."""
    steps = np.diff(np.log(frequency))
    usual = float(np.median(steps))
    # A long step and a short one, together two usual steps.
    unevenness = float(np.median(np.abs(steps - usual)))
    odd = np.flatnonzero(np.abs(steps - usual) > max(0.05 * usual, 10.0 * unevenness))
    if odd.size == 1 and odd[0] in (0, steps.size - 1) and steps[odd[0]] > 1.5 * usual:
        # The last step of a sweep may be short, where the limit cuts it; it is never long.
        return 0 if odd[0] == 0 else steps.size
    if odd.size != 2 or odd[1] != odd[0] + 1:
        return None
    return int(odd[1]) if abs(steps[odd].sum() - 2.0 * usual) < 0.1 * usual else None


def _distances(logarithm: FloatArray, impedance: ComplexArray) -> FloatArray:
    """Return the relative distance of every point from the line through two neighbours."""
    last = logarithm.size - 1
    inner = np.arange(1, last)
    places = (
        (inner - 1, inner, inner + 1),
        (np.array([1]), np.array([0]), np.array([2])),
        (np.array([last - 2]), np.array([last]), np.array([last - 1])),
    )
    distance = np.empty(logarithm.size)
    for left, here, right in places:
        weight = (logarithm[here] - logarithm[left]) / (logarithm[right] - logarithm[left])
        line = (1.0 - weight) * impedance[left] + weight * impedance[right]
        # The median modulus of the three: a spike must not shrink its own distance.
        modulus = np.median(np.abs([impedance[left], impedance[here], impedance[right]]), axis=0)
        distance[here] = np.abs(impedance[here] - line) / modulus
    return distance


def _usual(distance: FloatArray) -> FloatArray:
    """Return the median distance around every point, without the point and its neighbours."""
    padded = np.pad(distance, WINDOW, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * WINDOW + 1)
    around = np.sort(np.delete(windows, [WINDOW - 1, WINDOW, WINDOW + 1], axis=1), axis=1)  # NaN last
    count, each = np.isfinite(around).sum(axis=1), np.arange(distance.size)
    median: FloatArray = 0.5 * (around[each, (count - 1) // 2] + around[each, count // 2])
    return np.asarray(np.maximum(median, np.finfo(np.float64).tiny))


def _shifted(values: FloatArray, by: int) -> FloatArray:
    result = np.roll(values, by)
    result[0 if by > 0 else -1] = -np.inf
    return result
