"""Diffusion coefficient D(c) of one cell, or another function of c, from flat parameters.

The parameter vector, as :class:`iondrift.transport.diffusivity.Diffusivity` lays it out::

    [0] 1 / V_EO          mol m-3   EO:Li ratio n = [0] / c - [1] (additive molar volumes)
    [1] V_salt / V_EO     1         molality m = 1 / ([0] / c - [1]) with both times kg of EO a mole
    [2] lowest argument             the argument is held within [2] and [3]; infinite where D is
    [3] highest argument            extrapolated
    [4:]                            the form's own numbers, for an argument a in SI (mol m-3) or EO:Li

    form 0, polynomial:   coefficients, highest power first
    form 1, exponential:  A, B of D = A exp(-B a)
    form 2, table:        m, then m + 1 knots, then m rows (k3, k2, k1, k0) of
                          D = ((k3 t + k2) t + k1) t + k0, t = a - knot below
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import inlined_kernel, kernel
from iondrift_kernels.codes import CONCENTRATION, EXPONENTIAL, MOLALITY, POLYNOMIAL
from iondrift_kernels.elementary import exponential

Floats = npt.NDArray[np.float64]

_VECTOR_RANGE = 700.0  # of the exponential that vectorises


@inlined_kernel
def evaluate(form: int, argument: int, parameters: Floats, c: float) -> float:
    """Return D in m2 s-1 at the concentration ``c`` in mol m-3.

    ``form`` and ``argument`` do not vary inside a loop, so the compiler lifts their branches out of it.
    NaN stays NaN.
    """
    a = c if argument == CONCENTRATION else parameters[0] / c - parameters[1]
    a = 1.0 / a if argument == MOLALITY else a
    a = parameters[2] if a < parameters[2] else a
    a = parameters[3] if a > parameters[3] else a
    if form == POLYNOMIAL:
        value: float = parameters[4]
        for k in range(5, parameters.size):
            value = value * a + parameters[k]
    elif form == EXPONENTIAL:
        value = parameters[4] * math.exp(-parameters[5] * a)
    else:
        intervals = int(parameters[4])
        low = 0
        high = intervals
        while high - low > 1:
            middle = (low + high) // 2
            if parameters[5 + middle] <= a:
                low = middle
            else:
                high = middle
        t = a - parameters[5 + low]
        row = 6 + intervals + 4 * low
        value = ((parameters[row] * t + parameters[row + 1]) * t + parameters[row + 2]) * t + parameters[row + 3]
    return value


@kernel
def evaluate_array(form: int, argument: int, parameters: Floats, c: Floats, out: Floats) -> None:
    """Fill ``out`` with D of every entry of the flat ``c``; exponentials are computed as vectors where they can be."""
    if form == EXPONENTIAL and exponents(argument, parameters, c, out) == 0:
        for k in range(c.size):
            out[k] = parameters[4] * exponential(out[k])
    else:
        for k in range(c.size):
            out[k] = evaluate(form, argument, parameters, c[k])


@kernel
def exponents(argument: int, parameters: Floats, c: Floats, out: Floats) -> int:
    """Fill ``out`` with -B a of every entry of ``c``; return how many the exponential in vectors cannot take."""
    beyond = 0
    for k in range(c.size):
        a = c[k] if argument == CONCENTRATION else parameters[0] / c[k] - parameters[1]
        a = 1.0 / a if argument == MOLALITY else a
        a = parameters[2] if a < parameters[2] else a
        a = parameters[3] if a > parameters[3] else a
        out[k] = -parameters[5] * a
        beyond += 0 if abs(out[k]) < _VECTOR_RANGE else 1
    return beyond


@kernel
def evaluate_each(form: int, argument: int, parameters: Floats, c: Floats, out: Floats) -> None:
    """Fill ``out`` (R,) with D of every entry of ``c`` (R,), each with its own row of ``parameters`` (R, P)."""
    for k in range(c.size):
        out[k] = evaluate(form, argument, parameters[k], c[k])
