"""Salt diffusion between electrodes that pass no anions, and its exact derivatives by the parameters of the fit.

    u_t = ( D(u) u_x )_x,   D = exp(q0 + q1 s + q2 s^2),   s = u - 1,   u = c / c0
    D u_x = -(t- + k) I at x = 0 and -t- I at x = L,   I = i / (F c0)

on finite volumes of the unit interval x / L. One step in time is SDIRK2 (Alexander 1977: second order, L-stable), its
stages solved by Newton's method. The derivatives are those of the discrete scheme: the same two linear systems with one
right-hand side a parameter. Profiles are means over their acquisition (trapezoids).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel
from iondrift_kernels.elementary import exponential
from iondrift_kernels.job_queue import IntArray, share, take, workers_for

Floats = npt.NDArray[np.float64]

Q0, Q1, Q2, TRANSFERENCE, SINK, LENGTH = range(6)  # places in the vector of parameters
PARAMETERS = 6
OK, NOT_CONVERGED = 0, 1

GAMMA = 1.0 - 1.0 / math.sqrt(2.0)
_ONWARD = (1.0 - GAMMA) / GAMMA
_SWEEPS = 25
_TOLERANCE = 1e-9  # last correction of u; Newton's next one would be its square
_LARGEST_EXPONENT = 600.0
_WORK_ROWS = 6


class Grid(NamedTuple):
    """Finite volumes of the unit interval."""

    widths: Floats  # (n,)
    gaps: Floats  # (n - 1,) between middles
    shares: Floats  # (n - 1,) of the left volume in the value at a face


class Schedule(NamedTuple):
    """Steps in time; the mean current of each, so that the charge is exact."""

    durations: Floats  # (m,) s
    drives: Floats  # (m,) I, m s-1
    profiles: IntArray  # (m,) the profile that is being acquired, -1 for none
    weights: Floats  # (m,) duration over that of the acquisition


@kernel
def _faces(theta: Floats, grid: Grid, u: Floats, face: Floats) -> None:
    """Fill ``face`` (4, n): flow A of each inner face, its derivatives by u on the left and on the right, and s."""
    q0, q1, q2 = theta[Q0], theta[Q1], theta[Q2]
    scale = 1.0 / (theta[LENGTH] * theta[LENGTH])
    flow, left, right, place = face[0], face[1], face[2], face[3]
    for f in range(grid.gaps.size):
        share = grid.shares[f]
        s = share * u[f] + (1.0 - share) * u[f + 1] - 1.0
        exponent = q0 + s * (q1 + s * q2)
        if exponent > _LARGEST_EXPONENT:
            exponent = _LARGEST_EXPONENT
        if exponent < -_LARGEST_EXPONENT:
            exponent = -_LARGEST_EXPONENT
        conductance = exponential(exponent) * scale / grid.gaps[f]
        step = u[f + 1] - u[f]
        bent = conductance * (q1 + 2.0 * q2 * s) * step
        flow[f] = conductance * step
        left[f] = share * bent - conductance
        right[f] = (1.0 - share) * bent + conductance
        place[f] = s


@kernel
def rates(theta: Floats, grid: Grid, drive: float, u: Floats, out: Floats) -> None:
    """Fill ``out`` (n,) with du/dt, s-1: the right-hand side of the method of lines."""
    n, t, sink, length = u.size, theta[TRANSFERENCE], theta[SINK], theta[LENGTH]
    face = np.empty((4, n))
    _faces(theta, grid, u, face)
    before = -(t + sink) * drive / length
    for j in range(n):
        after = face[0, j] if j < n - 1 else -t * drive / length
        out[j] = (after - before) / grid.widths[j]
        before = after


@kernel
def _stage(theta: Floats, grid: Grid, weight: float, drive: float, right: Floats, u: Floats, work: Floats) -> bool:
    """Solve u - weight du/dt(u) = right (n,) by Newton's method; ``u`` (n,) holds the guess and becomes the answer."""
    n, t, length = u.size, theta[TRANSFERENCE], theta[LENGTH]
    face, upper, correction = work[:4], work[4], work[5]
    flow, by_left, by_right = face[0], face[1], face[2]
    for _ in range(_SWEEPS):
        _faces(theta, grid, u, face)
        before = -(t + theta[SINK]) * drive / length
        from_left, from_middle = 0.0, 0.0
        above, carried = 0.0, 0.0
        for j in range(n):
            scale = weight / grid.widths[j]
            after, to_middle, to_right = -t * drive / length, 0.0, 0.0
            if j < n - 1:
                after, to_middle, to_right = flow[j], by_left[j], by_right[j]
            excess = right[j] + scale * (after - before) - u[j]
            lower = scale * from_left
            inverse = 1.0 / (1.0 - scale * (to_middle - from_middle) - lower * above)
            above = -scale * to_right * inverse
            carried = (excess - lower * carried) * inverse
            upper[j], correction[j] = above, carried
            before, from_left, from_middle = after, to_middle, to_right
        change, last = 0.0, 0.0
        for j in range(n - 1, -1, -1):
            last = correction[j] - upper[j] * last
            u[j] += last
            if not abs(last) <= change:  # NaN, too
                change = abs(last)
        if not change < math.inf:
            return False
        if change <= _TOLERANCE:
            return True
    return False


@kernel
def _tangent(theta: Floats, grid: Grid, weight: float, drive: float, u: Floats, columns: Floats, work: Floats) -> None:
    """Replace ``columns`` (n, 6) by (1 - weight f_u)^-1 (columns + weight f_theta) at u (n,)."""
    n, t, sink, length = u.size, theta[TRANSFERENCE], theta[SINK], theta[LENGTH]
    face, upper = work[:4], work[4]
    _faces(theta, grid, u, face)
    flow, by_left, by_right, place = face[0], face[1], face[2], face[3]
    from_left, from_middle, above = 0.0, 0.0, 0.0
    # What flows through the face before a volume, and its derivatives by q1 and q2; the walls' know only t-, k and L.
    flow_before, first_before, second_before = 0.0, 0.0, 0.0
    for j in range(n):
        scale = weight / grid.widths[j]
        to_middle, to_right, flow_after, first_after, second_after = 0.0, 0.0, 0.0, 0.0, 0.0
        if j < n - 1:
            to_middle, to_right, flow_after = by_left[j], by_right[j], flow[j]
            first_after = flow_after * place[j]
            second_after = first_after * place[j]
        net = flow_after - flow_before
        row = columns[j]
        row[Q0] += scale * net
        row[Q1] += scale * (first_after - first_before)
        row[Q2] += scale * (second_after - second_before)
        row[LENGTH] -= scale * 2.0 * net / length
        if j == 0:
            row[TRANSFERENCE] += scale * drive / length
            row[SINK] += scale * drive / length
            row[LENGTH] -= scale * (t + sink) * drive / (length * length)
        if j == n - 1:
            row[TRANSFERENCE] -= scale * drive / length
            row[LENGTH] += scale * t * drive / (length * length)
        lower = scale * from_left
        inverse = 1.0 / (1.0 - scale * (to_middle - from_middle) - lower * above)
        above = -scale * to_right * inverse
        upper[j] = above
        if j == 0:
            for p in range(PARAMETERS):
                row[p] *= inverse
        else:
            for p in range(PARAMETERS):
                row[p] = (row[p] - lower * columns[j - 1, p]) * inverse
        flow_before, first_before, second_before = flow_after, first_after, second_after
        from_left, from_middle = to_middle, to_right
    for j in range(n - 2, -1, -1):
        for p in range(PARAMETERS):
            columns[j, p] -= upper[j] * columns[j + 1, p]


@kernel
def _add(weight: float, values: Floats, total: Floats) -> None:
    """Add ``weight`` times one array to another of the same length."""
    for j in range(values.size):
        total[j] += weight * values[j]


@kernel
def run(theta: Floats, grid: Grid, schedule: Schedule, profiles: Floats, tangents: Floats) -> int:
    """Run the cell from u = 1 through its schedule; return whether every stage was solved.

    Parameters
    ----------
    theta : (6,)
        q0, q1, q2 (of D in m2 s-1), t-, k, L (m).
    grid, schedule
        See there.
    profiles : (K, n)
        Filled with u, means over the acquisitions and volumes.
    tangents : (K, n, 6), or (0, n, 6) for none
        Filled with their derivatives by theta.
    """
    n = grid.widths.size
    with_tangents = tangents.shape[0] > 0
    profiles[:] = 0.0
    tangents[:] = 0.0
    work, u, middle, right = np.empty((_WORK_ROWS, n)), np.ones(n), np.empty(n), np.empty(n)
    rows = n if with_tangents else 0
    columns, stage = np.zeros((rows, PARAMETERS)), np.empty((rows, PARAMETERS))
    flat = columns.reshape(columns.size)
    for m in range(schedule.durations.size):
        weight, drive, profile = GAMMA * schedule.durations[m], schedule.drives[m], schedule.profiles[m]
        share = 0.5 * schedule.weights[m]
        if profile >= 0:
            _add(share, u, profiles[profile])
            if with_tangents:
                _add(share, flat, tangents[profile].reshape(flat.size))
        middle[:] = u
        if not _stage(theta, grid, weight, drive, u, middle, work):
            return NOT_CONVERGED
        for j in range(n):
            right[j] = u[j] + _ONWARD * (middle[j] - u[j])
            u[j] += (middle[j] - u[j]) / GAMMA
        if with_tangents:
            stage[:] = columns
            _tangent(theta, grid, weight, drive, middle, stage, work)
            for j in range(n):
                for p in range(PARAMETERS):
                    columns[j, p] += _ONWARD * (stage[j, p] - columns[j, p])
        if not _stage(theta, grid, weight, drive, right, u, work):
            return NOT_CONVERGED
        if with_tangents:
            _tangent(theta, grid, weight, drive, u, columns, work)
        if profile >= 0:
            _add(share, u, profiles[profile])
            if with_tangents:
                _add(share, flat, tangents[profile].reshape(flat.size))
    return OK


@kernel
def _run_jobs(
    queue: IntArray, thetas: Floats, grid: Grid, schedule: Schedule, profiles: Floats, tangents: Floats, out: IntArray
) -> None:
    """Run the cells that this thread takes."""
    job = take(queue)
    while job < out.size:
        own = tangents[job] if tangents.shape[0] > 0 else tangents.reshape((0, grid.widths.size, PARAMETERS))
        out[job] = run(thetas[job], grid, schedule, profiles[job], own)
        job = take(queue)


def run_each(thetas: Floats, grid: Grid, schedule: Schedule, profiles: Floats, tangents: Floats) -> IntArray:
    """Run one schedule with many parameters, threads sharing them; return how each ended.

    Parameters
    ----------
    thetas : (R, 6)
        As for :func:`run`.
    grid, schedule
        The same for all.
    profiles : (R, K, n)
        Filled.
    tangents : (R, K, n, 6), or (0, K, n, 6) for none
        Filled.
    """
    ended = np.empty(thetas.shape[0], dtype=np.int64)
    share(workers_for(ended.size), _run_jobs, thetas, grid, schedule, profiles, tangents, ended)
    return ended
