"""Monte Carlo bands of the drift velocity: one fused pass per block of time and group of replicates.

Draw the spline coefficients, evaluate c, dc/dx and G, close, take v: nothing but the values of one block of
times is ever held for all replicates, from which :func:`select_quantiles` takes the quantiles.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from iondrift_kernels import lanes
from iondrift_kernels._jit import kernel
from iondrift_kernels.closure_lanes import (
    count_depleted,
    integrate,
    origin_by_blocking,
    origin_by_voltage,
    velocities,
    velocities_by_current,
)
from iondrift_kernels.codes import BLOCKING, CONCENTRATED, CURRENT, VOLTAGE
from iondrift_kernels.concentrated_lanes import solution_properties, velocities_in_solution
from iondrift_kernels.constants import FARADAY
from iondrift_kernels.counter_normal import fill_normals
from iondrift_kernels.diffusivity_lanes import diffusivities
from iondrift_kernels.drift_layout import (
    Block,
    Draws,
    FloatArray,
    IntArray,
    Protocol,
    Solution,
    Space,
    State,
    Summary,
    Task,
)
from iondrift_kernels.job_queue import share, take
from iondrift_kernels.perturbed_refit import Stream, perturbed_block
from iondrift_kernels.quantile import make_workspace, quantiles
from iondrift_kernels.spline_draws import ELECTRICAL, Mixture, Splines, fill_coefficients, substitute_back
from iondrift_kernels.spline_lanes import combine, evaluate_points, rotate

POSTERIOR, PERTURB = 0, 1
_CELLS = 4  # that a thread takes at once to select their quantiles
(
    DRIFT_VELOCITY,
    ELECTRIC_FIELD,
    FLUX,
    FLUX_DIFFUSIVE,
    FLUX_MIGRATIVE,
    MOBILITY,
    DIFFUSIVITY,
    CONCENTRATION,
    CONCENTRATION_GRADIENT,
    CHARGE_BALANCE,
    NET_VELOCITY,
) = range(11)


class Fit(NamedTuple):
    """What is drawn: splines in time, the mixture of fits in which they have coefficients, and splines in space."""

    splines: Splines
    mixture: Mixture
    space: Space


def evaluate_block(
    workers: int, task: Task, block: Block, fit: Fit, protocol: Protocol, draws: Draws, state: State,
    summary: Summary, out: FloatArray,
) -> None:  # fmt: skip
    """Evaluate the profiles of a block for all replicates, last first, drawing the new coefficients they need.

    Blocks are called from the end of the series to its beginning. ``workers``: how many threads take groups of
    replicates from one queue; ``out`` (Q, block, X, R): values of the variables to keep.
    """
    share(workers, _evaluate_groups, task, block, fit, protocol, draws, state, summary, out)


@kernel
def _evaluate_groups(
    queue: IntArray, task: Task, block: Block, fit: Fit, protocol: Protocol, draws: Draws, state: State,
    summary: Summary, out: FloatArray,
) -> None:  # fmt: skip
    """Take groups of replicates from ``queue`` until none is left; the rest as :func:`evaluate_block`."""
    splines, mixture, space = fit
    seed, method, closure, form, argument, wanted = task
    place, begin, stop, first, last = block
    width = lanes.whole(state.ring.shape[3])
    modes, members = state.draws.shape[2], mixture.basis.size
    functions, padded = mixture.rotation.shape[1:]
    noisy = protocol.voltage_noise > 0.0 or protocol.current_noise > 0.0
    ends, flux_ends, penetration, maximum, depleted = summary
    b = take(queue)
    while b < state.ring.shape[0]:
        lane = b * width
        normals = np.empty((4, width))
        electrical = np.zeros((4, width))
        words = np.empty((4, width), dtype=np.uint64)
        fresh = np.empty((last - first + 3, padded, width))
        combined = np.empty((functions, 2, width))
        room = lanes.CONCENTRATED_POINT if closure == CONCENTRATED else lanes.POINT
        points = np.empty((space.start.shape[0], room))
        profile = np.empty(lanes.PROFILE)
        own = group_draws(draws, lane, lane + width)
        for j in range(width):
            profile[lanes.FACTOR + j] = own.concentration[j]
            profile[lanes.SLOPE_FACTOR + j] = own.concentration[j] / own.length[j]
            profile[lanes.INTEGRAL_FACTOR + j] = -own.concentration[j] * own.length[j]
            profile[lanes.HIGHEST + j] = maximum[lane + j]
            profile[lanes.FRICTION + j] = 1.0 if closure == CONCENTRATED else 0.0
        if method == POSTERIOR:
            fill_coefficients(seed, lane, first, last, modes, words, fresh)
        else:
            stream = Stream(seed, lane, normals, words)
            perturbed_block(stream, splines, first, last, state.checkpoints[b, place], state.shift[b], fresh)
        member = b % members
        substitute_back(mixture, member, first, last, state.pattern[b], state.draws[b], fresh)
        rotation = mixture.rotation[mixture.basis[member]]
        following = last - 1
        for t in range(stop - 1, begin - 1, -1):
            lowest = splines.start[t]
            while following >= max(lowest, first):
                rotate(rotation, fresh[following - first], space.level, state.ring[b, following & 3])
                following -= 1
            combine(splines.value, splines.slope, t, lowest, state.ring[b], combined)
            evaluate_points(space, combined, profile, points)
            diffusivities(form, argument, own.parameters, points)
            integrate(space.weights, width, points, profile)
            depleted[b] += count_depleted(width, profile)
            if noisy:
                fill_normals(seed, lane, t, 0, ELECTRICAL, words, electrical)
            apply_protocol(protocol, t, own, electrical, profile)
            if closure == CURRENT:
                velocities_by_current(width, own.cation_ratio, points, profile)
            elif closure == CONCENTRATED:
                solution_properties(own.solution, points)
                velocities_in_solution(own.thermal_voltage, points, profile)
            else:
                if closure == VOLTAGE:
                    origin_by_voltage(own, points, profile)
                elif closure == BLOCKING:
                    origin = draws.origin[t]
                    given = origin if origin.shape[0] == 1 else origin[lane : lane + width]
                    origin_by_blocking(space, own, given, combined, profile)
                velocities(width, points, profile)
            row = protocol.row[t]
            for end in range(2):
                point = points[end * (points.shape[0] - 1)]
                for j in range(width):
                    velocity = point[lanes.VELOCITY + j]
                    penetration[end, lane + j] += protocol.step[t] * velocity
                    if row >= 0:
                        diffusive = point[lanes.DIFFUSIVITY + j] * point[lanes.GRADIENT + j]
                        ends[end, row, lane + j] = velocity
                        flux = point[lanes.CONCENTRATION + j] * velocity - diffusive
                        flux_ends[end, row, lane + j] = flux - profile[lanes.FRICTION + j] * point[lanes.INTEGRATED + j]
            for q in range(wanted.shape[0]):
                keep(wanted[q], own.thermal_voltage, profile, points, lane, out[q, t - begin])
        for j in range(width):
            maximum[lane + j] = profile[lanes.HIGHEST + j]
        b = take(queue)


@kernel
def group_draws(draws: Draws, first: int, last: int) -> Draws:
    """Return the draws of the replicates first ... last-1."""
    return Draws(
        draws.concentration[first:last],
        draws.length[first:last],
        draws.plating_edge[first:last],
        draws.counter_edge[first:last],
        draws.thermal_voltage[first:last],
        draws.cation_ratio[first:last],
        draws.voltage_parts[:, first:last].copy(),
        draws.clock[first:last],
        draws.parameters[:, first:last].copy(),
        draws.origin,
        Solution(
            draws.solution.forms,
            draws.solution.arguments,
            draws.solution.salt_diffusivity[:, first:last].copy(),
            draws.solution.transference[:, first:last].copy(),
            draws.solution.thermodynamic_factor[:, first:last].copy(),
            draws.solution.conductivity[:, first:last].copy(),
        ),
    )


@kernel
def apply_protocol(protocol: Protocol, t: int, draws: Draws, normals: FloatArray, profile: FloatArray) -> None:
    """VOLTAGE and CURRENT of profile t: the log at the drawn clock, its noise, the drawn offset."""
    for j in range(lanes.whole(draws.clock.shape[0])):
        shift = draws.clock[j]
        voltage = protocol.voltage[t] + protocol.voltage_slope[t] * shift
        for part in range(draws.voltage_parts.shape[0]):
            voltage -= protocol.voltage_sensitivity[part, t] * draws.voltage_parts[part, j]
        profile[lanes.VOLTAGE + j] = voltage + protocol.voltage_noise * normals[0, j]
        current = protocol.current[t] + protocol.current_slope[t] * shift
        profile[lanes.CURRENT + j] = current + protocol.current_noise * normals[1, j]


@kernel
def keep(
    code: int, thermal: FloatArray, profile: FloatArray, points: FloatArray, lane: int, replicates: FloatArray
) -> None:
    """``replicates`` (X, R), from ``lane`` on = the variable ``code`` at all points; ``thermal`` (LANES,): R T / F."""
    width = lanes.whole(thermal.shape[0])
    for i in range(points.shape[0]):
        point = points[i]
        out = replicates[i, lane : lane + width]
        if code == DRIFT_VELOCITY:
            for j in range(width):
                out[j] = point[lanes.VELOCITY + j]
        elif code == ELECTRIC_FIELD:
            for j in range(width):
                per_flux = thermal[j] * point[lanes.RESISTANCE + j] * point[lanes.CONCENTRATION + j]
                out[j] = -point[lanes.VELOCITY + j] * per_flux
        elif code == FLUX_DIFFUSIVE:
            for j in range(width):
                out[j] = -point[lanes.DIFFUSIVITY + j] * point[lanes.GRADIENT + j]
        elif code == FLUX_MIGRATIVE:
            for j in range(width):
                out[j] = point[lanes.CONCENTRATION + j] * point[lanes.VELOCITY + j]
        elif code == MOBILITY:
            for j in range(width):
                out[j] = 1.0 / (thermal[j] * point[lanes.RESISTANCE + j] * point[lanes.CONCENTRATION + j])
        elif code == DIFFUSIVITY:
            for j in range(width):
                out[j] = point[lanes.DIFFUSIVITY + j]
        elif code == CONCENTRATION:
            for j in range(width):
                out[j] = point[lanes.CONCENTRATION + j]
        elif code == CONCENTRATION_GRADIENT:
            for j in range(width):
                out[j] = point[lanes.GRADIENT + j]
        else:  # the flux, or what share of the current it carries
            for j in range(width):
                migrative = point[lanes.CONCENTRATION + j] * point[lanes.VELOCITY + j]
                out[j] = migrative - point[lanes.DIFFUSIVITY + j] * point[lanes.GRADIENT + j]
                out[j] -= profile[lanes.FRICTION + j] * point[lanes.INTEGRATED + j]
            if code == NET_VELOCITY:
                for j in range(width):
                    out[j] *= point[lanes.INVERSE + j]
            elif code == CHARGE_BALANCE:
                for j in range(width):
                    out[j] *= -FARADAY / profile[lanes.CURRENT + j]


class Selected(NamedTuple):
    """Where quantiles go: ``bands`` (Q, T, X, L), and ``others`` (N, X, M) of the first variable at some profiles.

    ``place`` (T,): which of the N a profile is, or -1; ``levels`` (L + M,): those of the bands, then the others.
    """

    bands: FloatArray
    others: FloatArray
    place: IntArray
    levels: FloatArray


def select_quantiles(
    workers: int, values: FloatArray, profiles: tuple[int, int], replicates: int, out: Selected
) -> None:
    """Quantiles of ``values`` (Q, block, X, R) over the first ``replicates``, of profiles first ... last-1.

    ``workers``: how many threads take cells from one queue.
    """
    share(workers, _select, values, *profiles, replicates, out)


@kernel
def _select(queue: IntArray, values: FloatArray, first: int, last: int, replicates: int, out: Selected) -> None:
    """Take cells from ``queue`` until none is left; the rest as :func:`select_quantiles`."""
    points, count = values.shape[2], out.bands.shape[3]
    each = (last - first) * points
    workspace = make_workspace(replicates, out.levels.shape[0])
    both = np.empty(out.levels.shape[0])
    begin = take(queue) * _CELLS
    while begin < values.shape[0] * each:
        for n in range(begin, min(begin + _CELLS, values.shape[0] * each)):
            q, t, i = n // each, n % each // points, n % points
            place = out.place[first + t] if q == 0 else -1
            if place < 0:
                quantiles(values[q, t, i], replicates, out.levels[:count], workspace, out.bands[q, first + t, i])
            else:
                quantiles(values[q, t, i], replicates, out.levels, workspace, both)
                out.bands[q, first + t, i] = both[:count]
                out.others[place, i] = both[count:]
        begin = take(queue) * _CELLS
