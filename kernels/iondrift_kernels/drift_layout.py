"""What the kernels of the drift bands read and keep: tuples of arrays, one entry a replicate or a group of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Space(NamedTuple):
    """Spatial basis.

    ``start`` (X,), ``value``, ``slope``, ``partial`` (X, 4): B-splines, their derivatives and their integrals up to x;
    ``whole`` (J,): integrals of whole B-splines; ``weights`` (X,): quadrature; ``level``: what all coefficients are
    counted from.
    """

    start: IntArray
    value: FloatArray
    slope: FloatArray
    partial: FloatArray
    whole: FloatArray
    weights: FloatArray
    level: float


class Protocol(NamedTuple):
    """Voltage and current (T,) with their slopes in time, and standard deviations of their noise.

    ``voltage_sensitivity`` (P, T): volts by a unit of what each part of the voltage hangs on.
    ``step`` (T,): weights that integrate v over time; ``row`` (T,): where the ends of a profile are kept, or -1.
    """

    voltage: FloatArray
    voltage_slope: FloatArray
    voltage_sensitivity: FloatArray
    voltage_noise: float
    current: FloatArray
    current_slope: FloatArray
    current_noise: float
    step: FloatArray
    row: IntArray


class Solution(NamedTuple):
    """Properties of a concentrated solution: ``forms`` and ``arguments`` (4,), and parameters (P, R) of each."""

    forms: IntArray
    arguments: IntArray
    salt_diffusivity: FloatArray
    transference: FloatArray
    thermodynamic_factor: FloatArray
    conductivity: FloatArray


class Draws(NamedTuple):
    """Systematic draws, one a replicate (R,).

    Factors of concentration and length, shifts of the two edges (m), R T / F (V), D+ / D-; ``voltage_parts`` (P, R):
    how far what the parts of the voltage hang on is off; clock offset (s); ``parameters`` (P, R) of D(c); ``origin``
    (T, R), or (T, 1) for all replicates: J at x = 0 under BLOCKING; ``solution``: under CONCENTRATED, (0, R) else.
    """

    concentration: FloatArray
    length: FloatArray
    plating_edge: FloatArray
    counter_edge: FloatArray
    thermal_voltage: FloatArray
    cation_ratio: FloatArray
    voltage_parts: FloatArray
    clock: FloatArray
    parameters: FloatArray
    origin: FloatArray
    solution: Solution


class Task(NamedTuple):
    """What is computed: seed, codes of method, closure, form and argument of D(c), of the variables to keep (Q,)."""

    seed: int
    method: int
    closure: int
    form: int
    argument: int
    wanted: IntArray


class Block(NamedTuple):
    """Profiles of one block, the coefficients in time that are new in it, and its place among the blocks."""

    place: int
    first_time: int
    last_time: int
    first_coefficient: int
    last_coefficient: int


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
    """What is kept of every replicate: all sizes are independent of the number of profiles.

    v and flux at both ends of the profiles to keep (2, N, R), the integrals of v over time there (2, R), the v of
    largest magnitude over all cells (R,), and how many concentrations were not positive in a group (B,).
    """

    ends: FloatArray
    flux_ends: FloatArray
    penetration: FloatArray
    maximum: FloatArray
    depleted: IntArray
