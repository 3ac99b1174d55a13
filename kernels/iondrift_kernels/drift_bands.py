"""Monte Carlo bands of the drift velocity: one fused pass per block of time and group of replicates.

Draw the spline coefficients, evaluate c, dc/dx and G, close, take v: nothing but the values of one block of
times is ever held for all replicates, from which :func:`quantile_block` selects the quantiles.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel, parallel_kernel
from iondrift_kernels.constants import FARADAY
from iondrift_kernels.counter_normal import fill_normals
from iondrift_kernels.field_reconstruction import BLOCKING, CURRENT, VOLTAGE
from iondrift_kernels.perturbed_refit import perturbed_block
from iondrift_kernels.quantile import make_workspace, quantiles
from iondrift_kernels.spline_draws import CURRENT as CURRENT_NOISE
from iondrift_kernels.spline_draws import LANES, Splines, posterior_block
from iondrift_kernels.spline_draws import VOLTAGE as VOLTAGE_NOISE

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

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


class Space(NamedTuple):
    """Spatial basis.

    ``rotation`` (J, M) from modes to B-splines; ``start`` (X,), ``value``, ``slope``, ``partial`` (X, 4): B-splines,
    their derivatives and their integrals up to x; ``whole`` (J,): integrals of whole B-splines; ``weights`` (X,):
    quadrature.
    """

    rotation: FloatArray
    start: IntArray
    value: FloatArray
    slope: FloatArray
    partial: FloatArray
    whole: FloatArray
    weights: FloatArray


class Protocol(NamedTuple):
    """Voltage and current (T,) with their slopes in time, and standard deviations of their noise."""

    voltage: FloatArray
    voltage_slope: FloatArray
    voltage_noise: float
    current: FloatArray
    current_slope: FloatArray
    current_noise: float


class Draws(NamedTuple):
    """Systematic draws, one a replicate (R,).

    Factors of concentration and length, shifts of the two edges (m), R T / F (V), D+ / D-, voltage offset (V), clock
    offset (s); ``parameters`` (P, R) of D(c).
    """

    concentration: FloatArray
    length: FloatArray
    plating_edge: FloatArray
    counter_edge: FloatArray
    thermal_voltage: FloatArray
    cation_ratio: FloatArray
    voltage_offset: FloatArray
    clock: FloatArray
    parameters: FloatArray


class State(NamedTuple):
    """What a group of replicates remembers between blocks.

    ``draws`` (B, 3, M, LANES), ``ring`` (B, 4, J, LANES), ``pattern`` (B, M, LANES); for perturbed refits the true
    pattern ``shift`` and ``checkpoints`` (B, blocks, 3, M, LANES).
    """

    draws: FloatArray
    ring: FloatArray
    pattern: FloatArray
    shift: FloatArray
    checkpoints: FloatArray


class Summary(NamedTuple):
    """What is kept of every replicate.

    v at both ends (2, T, R), its maximum over all cells (R,), v of the last profile (X, R), flux at both ends (2, T,
    R), and how many concentrations were not positive in a group (B,).
    """

    ends: FloatArray
    maximum: FloatArray
    final: FloatArray
    flux_ends: FloatArray
    depleted: IntArray


@kernel
def rotate(rotation: FloatArray, modes: FloatArray, out: FloatArray) -> None:
    """``out`` (J, LANES) = rotation (J, M) modes (M, LANES); four modes a sweep keep the sums in registers."""
    count = modes.shape[0]
    for i in range(rotation.shape[0]):
        for j in range(LANES):
            out[i, j] = 0.0
        m = 0
        while m + 4 <= count:
            r0, r1, r2, r3 = rotation[i, m], rotation[i, m + 1], rotation[i, m + 2], rotation[i, m + 3]
            for j in range(LANES):
                out[i, j] += (r0 * modes[m, j] + r1 * modes[m + 1, j]) + (r2 * modes[m + 2, j] + r3 * modes[m + 3, j])
            m += 4
        while m < count:
            r0 = rotation[i, m]
            for j in range(LANES):
                out[i, j] += r0 * modes[m, j]
            m += 1


@kernel
def exponential(values: FloatArray, work: FloatArray, out: FloatArray) -> None:
    """``out = exp(values)``, to two units in the last place for |values| < 700, vectorised.

    The library's exponential is called number by number; here 2^k is written as bits and the rest is a polynomial.
    """
    bits = work.view(np.int64)
    for j in range(LANES):
        power = math.floor(values[j] * 1.4426950408889634 + 0.5)
        r = (values[j] - power * 0.6931471803691238) - power * 1.9082149292705877e-10
        p = 1.6059043836821613e-10
        p = p * r + 2.08767569878681e-09
        p = p * r + 2.505210838544172e-08
        p = p * r + 2.755731922398589e-07
        p = p * r + 2.7557319223985893e-06
        p = p * r + 2.48015873015873e-05
        p = p * r + 1.984126984126984e-04
        p = p * r + 1.3888888888888889e-03
        p = p * r + 8.333333333333333e-03
        p = p * r + 4.1666666666666664e-02
        p = p * r + 1.6666666666666666e-01
        p = p * r + 0.5
        out[j] = (p * r * r + r) + 1.0
        bits[j] = (np.int64(power) + 1023) << 52
    for j in range(LANES):
        out[j] *= work[j]


@kernel
def diffusivities(
    form: int,
    argument: int,
    parameters: FloatArray,
    c: FloatArray,
    inverse: FloatArray,
    work: FloatArray,
    out: FloatArray,
) -> None:
    """D of LANES concentrations with ``parameters`` (P, LANES); layout as in :mod:`iondrift_kernels.diffusivity`.

    ``inverse`` holds 1 / c; ``work`` (2, LANES).
    """
    a = work[0]
    for j in range(LANES):
        a[j] = parameters[0, j] * inverse[j] - parameters[1, j] if argument == 1 else c[j]
        a[j] = min(max(a[j], parameters[2, j]), parameters[3, j])
    if form == 0:
        for j in range(LANES):
            out[j] = parameters[4, j]
        for p in range(5, parameters.shape[0]):
            for j in range(LANES):
                out[j] = out[j] * a[j] + parameters[p, j]
    elif form == 1:
        for j in range(LANES):
            a[j] = -parameters[5, j] * a[j]
        exponential(a, work[1], out)
        for j in range(LANES):
            out[j] *= parameters[4, j]
    else:
        for j in range(LANES):
            intervals = int(parameters[4, j])
            low = 0
            high = intervals
            while high - low > 1:
                middle = (low + high) // 2
                if parameters[5 + middle, j] <= a[j]:
                    low = middle
                else:
                    high = middle
            t = a[j] - parameters[5 + low, j]
            row = 6 + intervals + 4 * low
            value = (parameters[row, j] * t + parameters[row + 1, j]) * t + parameters[row + 2, j]
            out[j] = value * t + parameters[row + 3, j]


@kernel
def evaluate_profile(
    space: Space,
    amplitude: FloatArray,
    rate: FloatArray,
    concentration_factor: FloatArray,
    length_factor: FloatArray,
    shrink: FloatArray,
    total: FloatArray,
    c: FloatArray,
    gradient: FloatArray,
    integrated: FloatArray,
) -> None:
    """c, dc/dx and G (X, LANES) of one profile from B-spline coefficients and their rates (J, LANES).

    ``shrink`` is 1 / length_factor; ``total`` (LANES,) a workspace: the integral of the B-splines wholly below x.
    """
    for j in range(LANES):
        total[j] = 0.0
    below = 0
    for i in range(space.start.shape[0]):
        s = space.start[i]
        while below < s:
            for j in range(LANES):
                total[j] += space.whole[below] * rate[below, j]
            below += 1
        v0, v1, v2, v3 = space.value[i, 0], space.value[i, 1], space.value[i, 2], space.value[i, 3]
        d0, d1, d2, d3 = space.slope[i, 0], space.slope[i, 1], space.slope[i, 2], space.slope[i, 3]
        p0, p1, p2, p3 = space.partial[i, 0], space.partial[i, 1], space.partial[i, 2], space.partial[i, 3]
        for j in range(LANES):
            a0, a1, a2, a3 = amplitude[s, j], amplitude[s + 1, j], amplitude[s + 2, j], amplitude[s + 3, j]
            scale = concentration_factor[j]
            c[i, j] = scale * ((v0 * a0 + v1 * a1) + (v2 * a2 + v3 * a3))
            gradient[i, j] = scale * shrink[j] * ((d0 * a0 + d1 * a1) + (d2 * a2 + d3 * a3))
            inside = (p0 * rate[s, j] + p1 * rate[s + 1, j]) + (p2 * rate[s + 2, j] + p3 * rate[s + 3, j])
            integrated[i, j] = -scale * length_factor[j] * (total[j] + inside)


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

    Blocks are called from the end of the series to its beginning. ``origin`` (T,): J at x = 0 under BLOCKING;
    ``wanted`` (Q,): codes of the variables to keep; ``out`` (Q, block, X, R): their values.
    """
    groups = state.ring.shape[0]
    points = space.start.shape[0]
    modes = splines.mean.shape[0]
    functions = space.rotation.shape[0]
    # Numba 0.68 loses writes through a tuple inside prange: name the arrays outside.
    ends, maximum, final, flux_ends, depleted = summary
    for b in nb.prange(groups):
        normals = np.empty((4, LANES))
        words = np.empty((4, LANES), dtype=np.uint64)
        work = np.empty((2, LANES))
        fresh = np.empty((max(coefficients[1] - coefficients[0], 1), modes, LANES))
        amplitude = np.empty((functions, LANES))
        rate = np.empty((functions, LANES))
        c = np.empty((points, LANES))
        gradient = np.empty((points, LANES))
        integrated = np.empty((points, LANES))
        diffusivity = np.empty((points, LANES))
        inverse = np.empty((points, LANES))
        resistance = np.empty((points, LANES))
        shrink = np.empty(LANES)
        start = np.empty(LANES)
        total = np.empty(LANES)
        weighted = np.empty(LANES)
        current = np.empty(LANES)
        lane = b * LANES
        parameters = draws.parameters[:, lane : lane + LANES]
        factor = draws.concentration[lane : lane + LANES]
        length = draws.length[lane : lane + LANES]
        plating = draws.plating_edge[lane : lane + LANES]
        counter = draws.counter_edge[lane : lane + LANES]
        thermal = draws.thermal_voltage[lane : lane + LANES]
        ratio = draws.cation_ratio[lane : lane + LANES]
        for j in range(LANES):
            shrink[j] = 1.0 / length[j]
        if method == POSTERIOR:
            posterior_block(
                seed, lane, splines, coefficients[0], coefficients[1], state.draws[b], normals, words, fresh
            )
        else:
            perturbed_block(
                seed, lane, splines, coefficients[0], coefficients[1], state.checkpoints[b, block],
                state.shift[b], state.draws[b], normals, words, fresh,
            )  # fmt: skip
        for k in range(coefficients[0], coefficients[1]):
            for m in range(modes):
                mean, influence = splines.mean[m, k], splines.influence[m, k]
                for j in range(LANES):
                    fresh[k - coefficients[0], m, j] += mean - influence * state.pattern[b, m, j]
        following = coefficients[1] - 1
        for t in range(times[1] - 1, times[0] - 1, -1):
            first = splines.start[t]
            while following >= max(first, coefficients[0]):
                rotate(space.rotation, fresh[following - coefficients[0]], state.ring[b, following & 3])
                following -= 1
            for i in range(functions):
                for j in range(LANES):
                    amplitude[i, j] = 0.0
                    rate[i, j] = 0.0
            for d in range(4):
                row = state.ring[b, (first + d) & 3]
                value, slope = splines.value[t, d], splines.slope[t, d]
                for i in range(functions):
                    for j in range(LANES):
                        amplitude[i, j] += value * row[i, j]
                        rate[i, j] += slope * row[i, j]
            evaluate_profile(space, amplitude, rate, factor, length, shrink, total, c, gradient, integrated)
            for i in range(points):
                for j in range(LANES):
                    if not c[i, j] > 0.0:
                        depleted[b] += 1
                if argument == 1:
                    for j in range(LANES):
                        inverse[i, j] = 1.0 / c[i, j]
                    diffusivities(form, argument, parameters, c[i], inverse[i], work, diffusivity[i])
                    for j in range(LANES):
                        resistance[i, j] = inverse[i, j] / diffusivity[i, j]
                else:
                    diffusivities(form, argument, parameters, c[i], inverse[i], work, diffusivity[i])
                    for j in range(LANES):
                        resistance[i, j] = 1.0 / (c[i, j] * diffusivity[i, j])
                        inverse[i, j] = diffusivity[i, j] * resistance[i, j]
            fill_normals(seed, lane, t, 0, CURRENT_NOISE, words, normals)
            for j in range(LANES):
                shift = draws.clock[lane + j]
                current[j] = protocol.current[t] + protocol.current_slope[t] * shift
                current[j] += protocol.current_noise * normals[0, j]
            if closure == VOLTAGE:
                fill_normals(seed, lane, t, 0, VOLTAGE_NOISE, words, normals)
                for j in range(LANES):
                    volts = protocol.voltage[t] + protocol.voltage_slope[t] * draws.clock[lane + j]
                    volts += protocol.voltage_noise * normals[0, j] - draws.voltage_offset[lane + j]
                    # The edges move the limits of the integrals; what lies beyond is continued from the edge.
                    junction = math.log(c[points - 1, j] / c[0, j])
                    junction += counter[j] * gradient[points - 1, j] * inverse[points - 1, j]
                    junction -= plating[j] * gradient[0, j] * inverse[0, j]
                    start[j] = volts / thermal[j] - junction
                    left, right = -plating[j] * resistance[0, j], counter[j] * resistance[points - 1, j]
                    total[j] = left + right
                    weighted[j] = left * integrated[0, j] + right * integrated[points - 1, j]
                for i in range(points):
                    weight = space.weights[i]
                    for j in range(LANES):
                        share = weight * length[j] * resistance[i, j]
                        total[j] += share
                        weighted[j] += share * integrated[i, j]
                for j in range(LANES):
                    start[j] = (start[j] - weighted[j]) / total[j]
            elif closure == BLOCKING:
                s = space.start[0]
                for j in range(LANES):
                    local = 0.0
                    for d in range(4):
                        local += space.value[0, d] * rate[s + d, j]
                    start[j] = origin[t] + plating[j] * factor[j] * local
            for i in range(points):
                # weighted: v, total: J
                for j in range(LANES):
                    flow = diffusivity[i, j] * gradient[i, j]
                    if closure == CURRENT:
                        drive = current[j] / FARADAY + (ratio[j] - 1.0) * flow
                        weighted[j] = -drive * inverse[i, j] / (1.0 + ratio[j])
                        total[j] = c[i, j] * weighted[j] - flow
                    else:
                        total[j] = start[j] + integrated[i, j]
                        weighted[j] = (total[j] + flow) * inverse[i, j]
                for j in range(LANES):
                    maximum[lane + j] = max(maximum[lane + j], weighted[j])
                if i == 0 or i == points - 1:
                    end = 0 if i == 0 else 1
                    for j in range(LANES):
                        ends[end, t, lane + j] = weighted[j]
                        flux_ends[end, t, lane + j] = total[j]
                if t == splines.start.shape[0] - 1:
                    for j in range(LANES):
                        final[i, lane + j] = weighted[j]
                for q in range(wanted.shape[0]):
                    target = out[q, t - times[0], i, lane : lane + LANES]
                    keep(
                        wanted[q], weighted, total, c[i], gradient[i], diffusivity[i], inverse[i], resistance[i],
                        thermal, current, target,
                    )  # fmt: skip


@kernel
def keep(
    code: int,
    velocity: FloatArray,
    flux: FloatArray,
    c: FloatArray,
    gradient: FloatArray,
    diffusivity: FloatArray,
    inverse: FloatArray,
    resistance: FloatArray,
    thermal: FloatArray,
    current: FloatArray,
    out: FloatArray,
) -> None:
    """Write the variable ``code`` of LANES replicates at one cell."""
    if code == DRIFT_VELOCITY:
        for j in range(LANES):
            out[j] = velocity[j]
    elif code == ELECTRIC_FIELD:
        for j in range(LANES):
            out[j] = -velocity[j] * thermal[j] * resistance[j] * c[j]
    elif code == FLUX:
        for j in range(LANES):
            out[j] = flux[j]
    elif code == FLUX_DIFFUSIVE:
        for j in range(LANES):
            out[j] = -diffusivity[j] * gradient[j]
    elif code == FLUX_MIGRATIVE:
        for j in range(LANES):
            out[j] = c[j] * velocity[j]
    elif code == MOBILITY:
        for j in range(LANES):
            out[j] = diffusivity[j] / thermal[j]
    elif code == DIFFUSIVITY:
        for j in range(LANES):
            out[j] = diffusivity[j]
    elif code == CONCENTRATION:
        for j in range(LANES):
            out[j] = c[j]
    elif code == CONCENTRATION_GRADIENT:
        for j in range(LANES):
            out[j] = gradient[j]
    else:
        for j in range(LANES):
            out[j] = -FARADAY * flux[j] / current[j]


@parallel_kernel
def quantile_block(values: FloatArray, replicates: int, levels: FloatArray, out: FloatArray) -> None:
    """Quantiles of ``values`` (cells, R) over the first ``replicates``, into ``out`` (cells, levels)."""
    chunks = -(-values.shape[0] // _CELLS)
    for chunk in nb.prange(chunks):
        workspace = make_workspace(replicates, levels.shape[0])
        for n in range(chunk * _CELLS, min((chunk + 1) * _CELLS, values.shape[0])):
            quantiles(values[n], replicates, levels, workspace, out[n])
