"""Steps in time of the forward model: what the current was, and which profile was being acquired."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from iondrift.cast import FloatArray
from iondrift.transport.closed_forms import passed_charge
from iondrift_kernels.constants import FARADAY
from iondrift_kernels.salt_diffusion import Schedule

_STEPS_ACQUIRED = 4  # of one acquisition, and as long ones in the pauses behind it
_STEPS_AFTER_JUMP = 12  # growing with the square of their number
_JUMP = 0.05  # of the greatest current, within a hundredth of an acquisition


def steps(
    start: FloatArray, stop: FloatArray, log_time: FloatArray, log_current: FloatArray, concentration: float
) -> Schedule:
    """Return the schedule.

    Every step has the mean of the logged current over it, so that the charge is exact. Steps end where acquisitions
    begin and end and where the current jumps, and grow behind a jump.

    Parameters
    ----------
    start, stop : (K,)
        Of the acquisitions, s.
    log_time, log_current : (n,)
        s and A m-2, straight between samples.
    concentration
        c0, mol m-3.
    """
    first = min(float(start[0]), float(log_time[0]))
    jumps = _jumps(log_time, log_current, float(np.median(stop - start)))
    inside = jumps[(jumps > first) & (jumps < stop[-1])]
    marks = np.unique(np.concatenate([[first], start, stop, inside]))
    marks = marks[np.concatenate([[True], np.diff(marks) > 1e-6])]
    longest = float(np.median(stop - start)) / _STEPS_ACQUIRED
    edges = [np.array([first])]
    for left, right in pairwise(marks):
        acquired = bool(((start <= left + 1e-6) & (stop >= right - 1e-6)).any())
        count = max(1, round((right - left) / (longest if acquired else 4.0 * longest)))
        shares = np.arange(1, count + 1) / count
        if left == first or np.abs(inside - left).min(initial=np.inf) < 1e-6:
            count = max(count, _STEPS_AFTER_JUMP)
            shares = (np.arange(1, count + 1) / count) ** 2
        edges.append(left + (right - left) * shares)
    times = np.concatenate(edges)
    middle = 0.5 * (times[1:] + times[:-1])
    owner = np.searchsorted(start, middle, side="right") - 1
    owner = np.where((owner >= 0) & (middle < stop[owner]), owner, -1).astype(np.int64)
    durations = np.diff(times)
    lengths = np.bincount(owner[owner >= 0], durations[owner >= 0], minlength=start.size)
    weights = np.where(owner >= 0, durations / lengths[owner], 0.0)
    charge = -np.diff(passed_charge(log_time, log_current, times))
    return Schedule(durations, charge / durations / (FARADAY * concentration), owner, weights)


def _jumps(time: FloatArray, current: FloatArray, duration: float) -> FloatArray:
    """Return where the current changes at once: the ends of the log, and steps between samples close to each other."""
    greatest = float(np.abs(current).max())
    sudden = (np.abs(np.diff(current)) > _JUMP * greatest) & (np.diff(time) < 0.1 * duration)
    sudden[1:] &= ~sudden[:-1]  # a ramp of several samples is one jump
    return np.concatenate([time[:1], time[:-1][sudden], time[-1:]])
