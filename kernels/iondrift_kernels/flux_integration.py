"""Flux integration: ``G(x) = -int_0^x dc/dt dx'`` by differences and cumulative trapezoids, one profile a row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.job_queue import ROWS, share, take, workers_for

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Grid(NamedTuple):
    """Where profiles were measured.

    ``time`` (T,), s; ``x`` (X,), m; ``weights`` (X,): quadrature along x, m. ``end_points``: how many points a
    difference takes at the ends, 3 (second order, as inside) or 2 (first order).
    """

    time: FloatArray
    x: FloatArray
    weights: FloatArray
    end_points: int


class Slopes(NamedTuple):
    """``gradient`` dc/dx and ``integrated`` G (T, X), ``junction`` int (dc/dx) / c dx (T,); SI."""

    gradient: FloatArray
    integrated: FloatArray
    junction: FloatArray


@kernel
def integrate_flux_row(x: FloatArray, row: FloatArray) -> None:
    """Replace dc/dt of one profile, ``row`` (X,) mol m-3 s-1, by G, mol m-2 s-1; ``x`` (X,) m."""
    total = 0.0
    before = row[0]
    row[0] = 0.0
    for j in range(1, x.shape[0]):
        rate = row[j]
        total -= 0.5 * (x[j] - x[j - 1]) * (rate + before)
        row[j] = total
        before = rate


@kernel
def relative_difference(weights: FloatArray, gradient: FloatArray, concentration: FloatArray) -> float:
    """Return int (dc/dx) / c dx of one profile, arrays (X,)."""
    total = 0.0
    for j in range(weights.shape[0]):
        total += weights[j] * gradient[j] / concentration[j]
    return total


@kernel
def differentiate_row(along_x: FloatArray, concentration: FloatArray, gradient: FloatArray) -> None:
    """Fill dc/dx of one profile; arrays (X,), ``along_x`` (X, 3)."""
    last = concentration.shape[0] - 1
    for j in range(last - 1):
        slope = along_x[j + 1, 0] * concentration[j] + along_x[j + 1, 1] * concentration[j + 1]
        gradient[j + 1] = slope + along_x[j + 1, 2] * concentration[j + 2]
    for j, low in ((0, 0), (last, last - 2)):
        slope = along_x[j, 0] * concentration[low] + along_x[j, 1] * concentration[low + 1]
        gradient[j] = slope + along_x[j, 2] * concentration[low + 2]


@kernel
def rate_row(in_time: FloatArray, concentration: FloatArray, row: FloatArray) -> None:
    """Fill dc/dt of one profile, ``row`` (X,), from three profiles (3, X) with their weights (3,)."""
    for j in range(row.shape[0]):
        rate = in_time[0] * concentration[0, j] + in_time[1] * concentration[1, j]
        row[j] = rate + in_time[2] * concentration[2, j]


@kernel
def difference_weights(places: FloatArray, i: int, end_points: int, weights: FloatArray) -> None:
    """Fill ``weights`` (3,) of the entries i - 1, i, i + 1, held inside, that differentiate at ``places[i]``."""
    last = places.shape[0] - 1
    low = min(max(i - 1, 0), last - 2)
    a, b, c = places[low] - places[i], places[low + 1] - places[i], places[low + 2] - places[i]
    if end_points == 2 and i == 0:
        weights[0], weights[1], weights[2] = -1.0 / b, 1.0 / b, 0.0
    elif end_points == 2 and i == last:
        weights[0], weights[1], weights[2] = 0.0, 1.0 / b, -1.0 / b
    else:  # of the parabola through three places
        weights[0] = -(b + c) / ((a - b) * (a - c))
        weights[1] = -(a + c) / ((b - a) * (b - c))
        weights[2] = -(a + b) / ((c - a) * (c - b))


@kernel
def all_difference_weights(places: FloatArray, end_points: int, weights: FloatArray) -> None:
    """Fill ``weights`` (X, 3) with those of :func:`difference_weights` at every place."""
    for i in range(places.shape[0]):
        difference_weights(places, i, end_points, weights[i])


def integrate_flux(concentration: FloatArray, grid: Grid, slopes: Slopes) -> None:
    """Fill ``slopes`` from profiles (T, X), at least 3 of 3 points, by differences and trapezoids."""
    along_x = np.empty((grid.x.shape[0], 3))
    all_difference_weights(grid.x, grid.end_points, along_x)
    jobs = -(-concentration.shape[0] // ROWS)
    share(workers_for(jobs), _integrate_profiles, concentration, grid, along_x, slopes)


@kernel
def _integrate_profiles(
    queue: IntArray, concentration: FloatArray, grid: Grid, along_x: FloatArray, slopes: Slopes
) -> None:
    """Take ROWS profiles from ``queue`` until none is left; the rest as :func:`_integrate_rows`."""
    first = take(queue) * ROWS
    while first < concentration.shape[0]:
        _integrate_rows(first, concentration, grid, along_x, slopes)
        first = take(queue) * ROWS


@kernel
def _integrate_rows(first: int, concentration: FloatArray, grid: Grid, along_x: FloatArray, slopes: Slopes) -> None:
    """Fill up to ROWS profiles of ``slopes`` from the ``first`` of ``concentration`` (T, X) on.

    ``along_x`` (X, 3): weights of differences.
    """
    time, x, weights, end_points = grid
    gradient, integrated, junction = slopes
    count = concentration.shape[0]
    in_time = np.empty(3)
    for k in range(first, min(first + ROWS, count)):
        low = min(max(k - 1, 0), count - 3)
        difference_weights(time, k, end_points, in_time)
        rate_row(in_time, concentration[low : low + 3], integrated[k])
        integrate_flux_row(x, integrated[k])
        differentiate_row(along_x, concentration[k], gradient[k])
        junction[k] = relative_difference(weights, gradient[k], concentration[k])
