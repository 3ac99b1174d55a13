"""Peaks of one distribution: where they lie, what they hold, how wide they are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray
from iondrift.impedance.options import PEAK_THRESHOLD

_BESIDE_A_TAIL = 0.05  # of the largest gamma, where that lies at an end of the grid


@dataclass(frozen=True, kw_only=True)
class Peak:
    """One maximum of gamma and the basin between the minima on either side."""

    tau: float  # s, vertex of the parabola through the maximum
    height: float  # gamma at the vertex, ohm
    resistance: float  # ohm, over the basin; a shared minimum is divided
    width: float  # full width at half maximum, decades; NaN where the basin never falls to half
    index: int
    first: int  # of the basin
    last: int


def find_peaks(tau: FloatArray, gamma: FloatArray, *, threshold: float = PEAK_THRESHOLD) -> list[Peak]:
    """Return the peaks of gamma (tau), in ascending tau.

    Parameters
    ----------
    tau, gamma
        s, log-spaced; ohm.
    threshold
        Smallest height and smallest rise above the higher minimum beside it, as a fraction of the highest peak.
        Maxima that rise less are ripples: they are joined to their higher neighbour. A rise towards an end of the
        grid, such as the tail of diffusion, is no peak; beside it maxima count from a twentieth of that fraction.
    """
    if float(gamma.max(initial=0.0)) <= 0.0:
        return []
    padded = np.concatenate([[-np.inf], gamma, [-np.inf]])
    # The second comparison is strict, so that a plateau counts once.
    tops = [int(i) for i in np.flatnonzero((gamma >= padded[:-2]) & (gamma > padded[2:]))]
    # An end of the grid is no maximum: what lies beyond is not known.
    tops = [i for i in tops if 0 < i < gamma.size - 1]
    largest = max([_BESIDE_A_TAIL * float(gamma.max()), *(float(gamma[i]) for i in tops)])
    valleys = _valleys(gamma, tops)
    while len(tops) > 1:
        rise = [gamma[i] - max(gamma[valleys[k]], gamma[valleys[k + 1]]) for k, i in enumerate(tops)]
        k = int(np.argmin(rise))
        if rise[k] >= threshold * largest:
            break
        del tops[k]
        valleys = _valleys(gamma, tops)
    step = float(np.log(tau[-1] / tau[0]) / (tau.size - 1))
    return [
        _measure(tau, gamma, i, valleys[k], valleys[k + 1], step)
        for k, i in enumerate(tops)
        if gamma[i] >= threshold * largest
    ]


def _valleys(gamma: FloatArray, tops: list[int]) -> list[int]:
    """Return the minima before, between and after the maxima."""
    if not tops:
        return []
    inner = [a + int(np.argmin(gamma[a : b + 1])) for a, b in pairwise(tops)]
    before = int(np.argmin(gamma[: tops[0] + 1]))
    after = tops[-1] + int(np.argmin(gamma[tops[-1] :]))
    return [before, *inner, after]


def vertex(gamma: FloatArray, index: npt.NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Return the offset in steps and the height of the parabola through each row's maximum and its neighbours."""
    row = np.arange(gamma.shape[0])
    middle = np.clip(index, 1, gamma.shape[1] - 2)
    a, b, c = gamma[row, middle - 1], gamma[row, middle], gamma[row, middle + 1]
    bend = a - 2.0 * b + c
    peaked = (bend < 0.0) & (middle == index)
    offset = np.where(peaked, 0.5 * (a - c) / np.where(peaked, bend, 1.0), 0.0)
    height = np.where(peaked, b - 0.25 * (a - c) * offset, gamma[row, index])
    return offset, height


def presence(draws: FloatArray, gamma: FloatArray, peaks: list[Peak], threshold: float) -> FloatArray:
    """Return for each peak in what share of draws (draws, tau) gamma rises inside its basin above both ends.

    By at least as much as :func:`find_peaks` asked of the estimate ``gamma`` that the peaks were found in.
    """
    largest = max([_BESIDE_A_TAIL * float(gamma.max()), *(float(gamma[peak.index]) for peak in peaks)])
    found = np.empty(len(peaks))
    for k, peak in enumerate(peaks):
        basin = draws[:, peak.first : peak.last + 1]
        rise = basin.max(axis=1) - np.maximum(basin[:, 0], basin[:, -1])
        found[k] = (rise >= threshold * largest).mean()
    return found


def basin_resistance(gamma: FloatArray, first: int, last: int, step: float) -> FloatArray:
    """Return the resistance of each row of gamma (any, tau) from bin ``first`` to ``last``.

    A minimum shared with a neighbour is divided between both.
    """
    held = gamma[:, first : last + 1].sum(axis=1)
    if first > 0:
        held = held - 0.5 * gamma[:, first]
    if last < gamma.shape[1] - 1:
        held = held - 0.5 * gamma[:, last]
    return np.asarray(held * step)


def _measure(tau: FloatArray, gamma: FloatArray, index: int, first: int, last: int, step: float) -> Peak:
    offset, height = (float(v[0]) for v in vertex(gamma[None], np.array([index])))
    half = 0.5 * height
    return Peak(
        tau=float(tau[index] * np.exp(offset * step)),
        height=height,
        resistance=float(basin_resistance(gamma[None], first, last, step)[0]),
        width=(_crossing(gamma, index, last, 1, half) - _crossing(gamma, index, first, -1, half)) * step / np.log(10.0),
        index=index,
        first=first,
        last=last,
    )


def _crossing(gamma: FloatArray, start: int, stop: int, direction: int, level: float) -> float:
    """Return the fractional index where gamma falls through ``level`` on the way, NaN where it does not."""
    for i in range(start, stop, direction):
        here, there = gamma[i], gamma[i + direction]
        if there <= level < here:
            return float(i + direction * (here - level) / (here - there))
    return float("nan")
