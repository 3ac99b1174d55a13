"""Forward Nernst-Planck model of an electroneutral binary electrolyte between two lithium electrodes.

Both ions have one charge, the same concentration c, and D+ = D- (1 - t-) / t-. Eliminating the field leaves

    N- = -D_amb dc/dx - t- i / F,   D_amb(c) = 2 (1 - t-) D-(c),   N- = 0 at both electrodes
    V  = -i int dx / kappa + (2 t- - 1) (R T / F) ln(c_L / c_0) - i R_0 (c_ref / c_0)^p + EMF
         + (R T / F) (g ln(c_L / c_ref) - ln(c_0 / c_ref))
    kappa(c) = F c D-(c) / (t- R T / F)

on finite volumes in x. One step in time is TR-BDF2 (Bank et al. 1985: second order, L-stable), so that the
jump of a protocol step is damped, not rung. D is iterated to convergence in each stage; in a stage c is then
linear in i, c = a + i b, which turns constant voltage into one scalar equation for i.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import inlined_kernel, kernel
from iondrift_kernels.constants import FARADAY
from iondrift_kernels.diffusivity import evaluate

Floats = npt.NDArray[np.float64]

CURRENT, VOLTAGE = 0, 1  # what is controlled
DONE, DEPLETED, NOT_CONVERGED, BEYOND_REST = 0, 1, 2, 3  # how a step ended

GAMMA = 2.0 - math.sqrt(2.0)
IMPLICIT = GAMMA / 2.0  # weight of the implicit rate, the same in both stages
FROM_MIDDLE = 1.0 / (GAMMA * (2.0 - GAMMA))
FROM_START = -((1.0 - GAMMA) ** 2) * FROM_MIDDLE

WORK_ROWS = 7
_SWEEPS = 60
_TOLERANCE = 1e-13  # change of c between sweeps over its largest value


class Cell(NamedTuple):
    """What a cell is made of, beside D-(c)."""

    anion_transference: float
    thermal_voltage: float  # R T / F, V
    electromotive_force: float  # V
    interface_resistance: float  # ohm m2, at reference_concentration
    interface_exponent: float
    reference_concentration: float  # mol m-3
    lithium_counter: float  # g: 1 where the counter electrode is lithium, 0 where c_L is in its EMF


class Diffusion(NamedTuple):
    """D-(c): form, argument and parameters as in :mod:`iondrift_kernels.diffusivity`."""

    form: int
    argument: int
    parameters: Floats


class Grid(NamedTuple):
    """Finite volumes: their widths (n,), the distances between their middles (n - 1,), both m."""

    widths: Floats
    gaps: Floats


@inlined_kernel
def _ambipolar(transference: float, diffusion: Diffusion, c: float) -> float:
    """Return D_amb = 2 t+ D-(c), m2 s-1."""
    return 2.0 * (1.0 - transference) * evaluate(diffusion.form, diffusion.argument, diffusion.parameters, c)


@kernel
def _conductances(cell: Cell, grid: Grid, diffusion: Diffusion, c: Floats, out: Floats) -> None:
    """Fill ``out`` (n - 1,) with D_amb / gap of every inner face."""
    for f in range(grid.gaps.size):
        left, right = grid.widths[f], grid.widths[f + 1]
        face = (right * c[f] + left * c[f + 1]) / (left + right)
        out[f] = _ambipolar(cell.anion_transference, diffusion, face) / grid.gaps[f]


@kernel
def _rate(cell: Cell, grid: Grid, conductances: Floats, c: Floats, current: float, out: Floats) -> None:
    """Fill ``out`` (n,) with dc/dt. Every inner flux leaves one volume and enters the next."""
    n = c.size
    driven = cell.anion_transference * current / FARADAY
    before = 0.0
    for j in range(n):
        after = 0.0
        if j < n - 1:
            after = -conductances[j] * (c[j + 1] - c[j]) - driven
        out[j] = (before - after) / grid.widths[j]
        before = after


@kernel
def rates(
    cell: Cell,
    grid: Grid,
    diffusion: Diffusion,
    c: Floats,
    current: float,
    out: Floats,
) -> None:
    """Fill ``out`` (n,) with dc/dt, mol m-3 s-1: the right-hand side of the method of lines."""
    conductances = np.empty(c.size - 1)
    _conductances(cell, grid, diffusion, c, conductances)
    _rate(cell, grid, conductances, c, current, out)


@inlined_kernel
def _surface(
    transference: float,
    width: float,
    side: float,
    diffusion: Diffusion,
    c: float,
    current: float,
) -> float:
    """Return c at an electrode from the volume beside it; side -1 at x = 0, +1 at x = L."""
    gradient = -transference * current / (FARADAY * _ambipolar(transference, diffusion, c))
    return c + side * gradient * width / 2.0


@kernel
def surface_concentrations(
    cell: Cell, grid: Grid, diffusion: Diffusion, c: Floats, current: float
) -> tuple[float, float]:
    """Return c at x = 0 and x = L, mol m-3; zero or negative where the salt has run out."""
    t, n = cell.anion_transference, c.size
    first = _surface(t, grid.widths[0], -1.0, diffusion, c[0], current)
    last = _surface(t, grid.widths[n - 1], 1.0, diffusion, c[n - 1], current)
    return first, last


@kernel
def cell_voltage(cell: Cell, grid: Grid, diffusion: Diffusion, c: Floats, current: float) -> float:
    """Return the cell voltage, V; infinite where the salt has run out."""
    lowest = c[0]
    for j in range(c.size):
        lowest = min(lowest, c[j])
    if not lowest > 0.0:
        return math.inf
    first, last = surface_concentrations(cell, grid, diffusion, c, current)
    if not (first > 0.0 and last > 0.0):
        return math.inf
    t = cell.anion_transference
    resistance: float = cell.interface_resistance * (cell.reference_concentration / first) ** cell.interface_exponent
    scale = t * cell.thermal_voltage / FARADAY
    for j in range(c.size):
        resistance += (
            scale * grid.widths[j] / (evaluate(diffusion.form, diffusion.argument, diffusion.parameters, c[j]) * c[j])
        )
    polarisation = (2.0 * t - 1.0) * cell.thermal_voltage * math.log(last / first)
    return -current * resistance + polarisation + electrode_voltage(cell, first, last) + cell.electromotive_force


@kernel
def electrode_voltage(cell: Cell, first: float, last: float) -> float:
    """Return what the concentrations at the lithium electrodes add to the voltage (Nernst), V."""
    reference = cell.reference_concentration
    counter = cell.lithium_counter * math.log(last / reference)
    return cell.thermal_voltage * (counter - math.log(first / reference))


@kernel
def _solve(weight: float, grid: Grid, conductances: Floats, first: Floats, second: Floats, upper: Floats) -> None:
    """Solve (1 - weight d/dx D d/dx) y = first, and = second, both in place (Thomas)."""
    n = first.size
    pivot = 1.0
    for j in range(n):
        scale = weight / grid.widths[j]
        left = conductances[j - 1] if j > 0 else 0.0
        right = conductances[j] if j < n - 1 else 0.0
        pivot = 1.0 + scale * (left + right)
        if j > 0:
            pivot -= scale * left * upper[j - 1]
            first[j] += scale * left * first[j - 1]
            second[j] += scale * left * second[j - 1]
        inverse = 1.0 / pivot
        first[j] *= inverse
        second[j] *= inverse
        upper[j] = scale * right * inverse
    for j in range(n - 2, -1, -1):
        first[j] += upper[j] * first[j + 1]
        second[j] += upper[j] * second[j + 1]


@kernel
def _current_at_voltage(
    cell: Cell,
    grid: Grid,
    diffusion: Diffusion,
    base: Floats,
    slope: Floats,
    voltage: float,
    guess: float,
    trial: Floats,
) -> tuple[int, float]:
    """Return (status, i <= 0) at which c = base + i slope shows ``voltage``; V falls as i rises.

    Secant steps inside a bracket that starts at no current and at what depletes the electrode.
    """
    high, rest = 0.0, cell_voltage(cell, grid, diffusion, base, 0.0) - voltage
    if rest > 0.0 or math.isnan(rest):
        return BEYOND_REST, 0.0
    low, excess = guess if guess < 0.0 else -1.0, -1.0
    while excess < 0.0:
        for j in range(base.size):
            trial[j] = base[j] + low * slope[j]
        excess = cell_voltage(cell, grid, diffusion, trial, low) - voltage
        if excess < 0.0:
            high, rest = low, excess
            low *= 2.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if excess < math.inf:
            secant = high - rest * (high - low) / (rest - excess)
            # Never closer to an end than a hundredth of the bracket: both ends keep moving.
            margin = 0.01 * (high - low)
            middle = min(max(secant, low + margin), high - margin)
        for j in range(base.size):
            trial[j] = base[j] + middle * slope[j]
        value = cell_voltage(cell, grid, diffusion, trial, middle) - voltage
        if value >= 0.0:
            low, excess = middle, value
        else:
            high, rest = middle, value
        if high - low <= 1e-14 * abs(low):
            break
    return DONE, high


@kernel
def _stage(
    cell: Cell,
    grid: Grid,
    diffusion: Diffusion,
    weight: float,
    right: Floats,
    control: int,
    level: float,
    current: float,
    work: Floats,
    c: Floats,
) -> tuple[int, float]:
    """Solve c - weight dc/dt(c, i) = right; ``c`` holds the guess and becomes the answer."""
    n = c.size
    conductances, base, slope, upper, trial = work[0, : n - 1], work[1], work[2], work[3], work[4]
    driven = weight * cell.anion_transference / FARADAY
    for _ in range(_SWEEPS):
        _conductances(cell, grid, diffusion, c, conductances)
        for j in range(n):
            base[j] = right[j]
            slope[j] = 0.0
        slope[0] = driven / grid.widths[0]
        slope[n - 1] = -driven / grid.widths[n - 1]
        _solve(weight, grid, conductances, base, slope, upper)
        status = DONE
        if control == VOLTAGE:
            status, current = _current_at_voltage(cell, grid, diffusion, base, slope, level, current, trial)
        if status != DONE:
            return status, current
        change, largest, lowest = 0.0, 0.0, math.inf
        for j in range(n):
            new = base[j] + current * slope[j]
            change = max(change, abs(new - c[j]))
            largest = max(largest, abs(new))
            lowest = min(lowest, new)
            c[j] = new
        if not lowest > 0.0:
            return DEPLETED, current
        if change <= _TOLERANCE * largest:
            return DONE, current
    return NOT_CONVERGED, current


@kernel
def step(
    cell: Cell,
    grid: Grid,
    diffusion: Diffusion,
    c: Floats,
    current: float,
    duration: float,
    control: int,
    level: float,
    work: Floats,
    out: Floats,
) -> tuple[int, float, float]:
    """Advance c by one time step and return (status, current density, cell voltage) at its end.

    Parameters
    ----------
    diffusion
        D-(c).
    c : (n,)
        Averages over the volumes, mol m-3, positive.
    current
        At the start of the step, A m-2, negative while plating at x = 0.
    duration
        s.
    control, level
        ``CURRENT`` and A m-2, or ``VOLTAGE`` and V.
    work : (WORK_ROWS, n)
        Overwritten.
    out : (n,)
        c at the end; of no use unless the status is ``DONE``.
    """
    weight = IMPLICIT * duration
    rate, right = work[5], work[6]
    _conductances(cell, grid, diffusion, c, work[0, : c.size - 1])
    start = level if control == CURRENT else current
    _rate(cell, grid, work[0, : c.size - 1], c, start, rate)
    for j in range(c.size):
        right[j] = c[j] + weight * rate[j]
        out[j] = c[j]
    status, middle = _stage(cell, grid, diffusion, weight, right, control, level, start, work, out)
    if status != DONE:
        return status, middle, math.inf
    for j in range(c.size):
        right[j] = FROM_MIDDLE * out[j] + FROM_START * c[j]
    status, end = _stage(cell, grid, diffusion, weight, right, control, level, middle, work, out)
    voltage = cell_voltage(cell, grid, diffusion, out, end) if status == DONE else math.inf
    if status == DONE and voltage == math.inf:
        status = DEPLETED
    return status, end, voltage
