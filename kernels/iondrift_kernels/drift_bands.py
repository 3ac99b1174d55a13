"""Monte Carlo bands of the drift velocity: one fused pass per block of time and group of replicates.

Draw the spline coefficients, evaluate c, dc/dx and G, close, take v: nothing but the values of one block of
times is ever held for all replicates, from which :func:`quantile_block` selects the quantiles.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from iondrift_kernels._jit import kernel, parallel_kernel
from iondrift_kernels.closure_lanes import (
    count_depleted,
    origin_by_voltage,
    resistances,
    velocities,
    velocities_by_current,
)
from iondrift_kernels.constants import FARADAY
from iondrift_kernels.counter_normal import fill_normals
from iondrift_kernels.diffusivity_lanes import diffusivities
from iondrift_kernels.drift_layout import Draws, FloatArray, IntArray, Protocol, Space, State, Summary
from iondrift_kernels.field_reconstruction import BLOCKING, CURRENT, VOLTAGE
from iondrift_kernels.perturbed_refit import perturbed_block
from iondrift_kernels.quantile import make_workspace, quantiles
from iondrift_kernels.spline_draws import ELECTRICAL, LANES, Splines, posterior_block
from iondrift_kernels.spline_lanes import add_whole, at_points, combine, rotate

POSTERIOR, PERTURB = 0, 1
_CELLS = 16  # that share one workspace of the selection
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
) = range(10)


@parallel_kernel
def evaluate_block(
    seed: int,
    method: int,
    block: int,
    times: tuple[int, int],
    coefficients: tuple[int, int],
    splines: Splines,
    space: Space,
    protocol: Protocol,
    draws: Draws,
    closure: int,
    form: int,
    argument: int,
    origin: FloatArray,
    wanted: IntArray,
    state: State,
    summary: Summary,
    out: FloatArray,
) -> None:
    """Evaluate the profiles ``times`` of all replicates, last first, drawing the new ``coefficients`` they need.

    Blocks are called from the end of the series to its beginning. ``origin`` (T, R), or (T, 1) for all
    replicates: J at x = 0 under BLOCKING; ``wanted`` (Q,): codes of the variables to keep;
    ``out`` (Q, block, X, R): their values.
    """
    points = space.start.shape[0]
    modes = splines.mean.shape[0]
    functions = space.rotation.shape[0]
    # Numba 0.68 loses writes through a tuple inside prange: name the arrays outside.
    ends, maximum, final, flux_ends, depleted = summary
    for b in nb.prange(state.ring.shape[0]):
        lane = b * LANES
        normals = np.empty((4, LANES))
        words = np.empty((4, LANES), dtype=np.uint64)
        fresh = np.empty((coefficients[1] - coefficients[0] + 3, modes, LANES))
        amplitude = np.empty((functions, LANES))
        rate = np.empty((functions, LANES))
        c = np.empty((points, LANES))
        gradient = np.empty((points, LANES))
        integrated = np.empty((points, LANES))
        diffusivity = np.empty((points, LANES))
        inverse = np.empty((points, LANES))
        resistance = np.empty((points, LANES))
        velocity = np.empty((points, LANES))
        slope_factor = np.empty(LANES)
        integral_factor = np.empty(LANES)
        factor = np.empty(LANES)
        start = np.empty(LANES)
        total = np.empty(LANES)
        weighted = np.empty(LANES)
        current = np.empty(LANES)
        voltage = np.empty(LANES)
        # Slices, not offsets: an index that might be negative keeps a loop from becoming vector instructions.
        parameters = draws.parameters[:, lane : lane + LANES]
        thermal = draws.thermal_voltage[lane : lane + LANES]
        for j in range(LANES):
            factor[j] = draws.concentration[lane + j]
            slope_factor[j] = factor[j] / draws.length[lane + j]
            integral_factor[j] = -factor[j] * draws.length[lane + j]
        first, last = coefficients
        if method == POSTERIOR:
            posterior_block(seed, lane, splines, first, last, state.draws[b], normals, words, fresh)
        else:
            perturbed_block(
                seed, lane, splines, first, last, state.checkpoints[b, block],
                state.shift[b], state.draws[b], normals, words, fresh,
            )  # fmt: skip
        for k in range(first, last):
            for m in range(modes):
                mean, influence = splines.mean[m, k], splines.influence[m, k]
                for j in range(LANES):
                    fresh[k - first, m, j] += mean - influence * state.pattern[b, m, j]
        ring = state.ring[b]
        following = last - 1
        for t in range(times[1] - 1, times[0] - 1, -1):
            lowest = splines.start[t]
            while following >= max(lowest, first):
                rotate(space.rotation, fresh[following - first], ring[following & 3])
                following -= 1
            combine(splines.value, t, lowest, ring, amplitude)
            combine(splines.slope, t, lowest, ring, rate)
            at_points(space.start, space.value, amplitude, factor, c)
            at_points(space.start, space.slope, amplitude, slope_factor, gradient)
            at_points(space.start, space.partial, rate, integral_factor, integrated)
            add_whole(space.start, space.whole, rate, integral_factor, total, integrated)
            depleted[b] += count_depleted(c, total)
            diffusivities(form, argument, parameters, c, velocity, inverse, total, diffusivity)
            resistances(argument, c, diffusivity, inverse, resistance)
            fill_normals(seed, lane, t, 0, ELECTRICAL, words, normals)
            for j in range(LANES):
                shift = draws.clock[lane + j]
                current[j] = protocol.current[t] + protocol.current_slope[t] * shift
                current[j] += protocol.current_noise * normals[1, j]
                voltage[j] = protocol.voltage[t] + protocol.voltage_slope[t] * shift
                voltage[j] += protocol.voltage_noise * normals[0, j] - draws.voltage_offset[lane + j]
            if closure == CURRENT:
                velocities_by_current(current, draws.cation_ratio, lane, gradient, diffusivity, inverse, velocity)
            else:
                if closure == VOLTAGE:
                    origin_by_voltage(
                        space, draws, lane, voltage, c, gradient, integrated, inverse, resistance, total, weighted,
                        start,
                    )  # fmt: skip
                elif closure == BLOCKING:  # J = 0 at the drawn edge, not at x = 0
                    at = space.start[0]
                    for j in range(LANES):
                        local = 0.0
                        for d in range(4):
                            local += space.value[0, d] * rate[at + d, j]
                        own = lane + j if origin.shape[1] > 1 else 0
                        start[j] = origin[t, own] + draws.plating_edge[lane + j] * factor[j] * local
                velocities(start, gradient, integrated, diffusivity, inverse, velocity)
            for j in range(LANES):
                total[j] = maximum[lane + j]
            for i in range(points):
                for j in range(LANES):
                    total[j] = velocity[i, j] if velocity[i, j] > total[j] else total[j]
            for j in range(LANES):
                maximum[lane + j] = total[j]
            for end in range(2):
                i = 0 if end == 0 else points - 1
                for j in range(LANES):
                    flux_ends[end, t, lane + j] = c[i, j] * velocity[i, j] - diffusivity[i, j] * gradient[i, j]
                    ends[end, t, lane + j] = velocity[i, j]
            if t == splines.start.shape[0] - 1:
                for i in range(points):
                    for j in range(LANES):
                        final[i, lane + j] = velocity[i, j]
            for q in range(wanted.shape[0]):
                target = out[q, t - times[0], :, lane : lane + LANES]
                keep(wanted[q], velocity, c, gradient, diffusivity, resistance, thermal, current, target)


@kernel
def keep(
    code: int,
    velocity: FloatArray,
    c: FloatArray,
    gradient: FloatArray,
    diffusivity: FloatArray,
    resistance: FloatArray,
    thermal: FloatArray,
    current: FloatArray,
    out: FloatArray,
) -> None:
    """``out`` (X, LANES) = the variable ``code`` at all points of one profile."""
    for i in range(velocity.shape[0]):
        if code == DRIFT_VELOCITY:
            for j in range(LANES):
                out[i, j] = velocity[i, j]
        elif code == ELECTRIC_FIELD:
            for j in range(LANES):
                out[i, j] = -velocity[i, j] * thermal[j] * resistance[i, j] * c[i, j]
        elif code == FLUX:
            for j in range(LANES):
                out[i, j] = c[i, j] * velocity[i, j] - diffusivity[i, j] * gradient[i, j]
        elif code == FLUX_DIFFUSIVE:
            for j in range(LANES):
                out[i, j] = -diffusivity[i, j] * gradient[i, j]
        elif code == FLUX_MIGRATIVE:
            for j in range(LANES):
                out[i, j] = c[i, j] * velocity[i, j]
        elif code == MOBILITY:
            for j in range(LANES):
                out[i, j] = diffusivity[i, j] / thermal[j]
        elif code == DIFFUSIVITY:
            for j in range(LANES):
                out[i, j] = diffusivity[i, j]
        elif code == CONCENTRATION:
            for j in range(LANES):
                out[i, j] = c[i, j]
        elif code == CONCENTRATION_GRADIENT:
            for j in range(LANES):
                out[i, j] = gradient[i, j]
        else:
            for j in range(LANES):
                flux = c[i, j] * velocity[i, j] - diffusivity[i, j] * gradient[i, j]
                out[i, j] = -FARADAY * flux / current[j]


@parallel_kernel
def quantile_block(values: FloatArray, replicates: int, levels: FloatArray, out: FloatArray) -> None:
    """Quantiles of ``values`` (cells, R) over the first ``replicates``, into ``out`` (cells, levels)."""
    chunks = -(-values.shape[0] // _CELLS)
    for chunk in nb.prange(chunks):
        workspace = make_workspace(replicates, levels.shape[0])
        for n in range(chunk * _CELLS, min((chunk + 1) * _CELLS, values.shape[0])):
            quantiles(values[n], replicates, levels, workspace, out[n])
