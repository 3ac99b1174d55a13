"""Layout of the Monte Carlo kernels: replicates side by side, every quantity of one point in one row of memory.

A row is reached once and its quantities by offsets of known length, so that the compiler sees that they do not
overlap and turns the loops over replicates into vector instructions. Those loops read their length from an array:
one known to the compiler would be unrolled into scalar operations first.
"""

from __future__ import annotations

from iondrift_kernels._jit import inlined_kernel

LANES = 64  # replicates a group: eight AVX-512 registers

# Offsets in the row of one point (POINT,).
CONCENTRATION, GRADIENT, INTEGRATED, DIFFUSIVITY, INVERSE, RESISTANCE, VELOCITY = (n * LANES for n in range(7))
POINT = 7 * LANES

# Behind them under the concentrated closure: properties of the solution.
SALT_DIFFUSIVITY, TRANSFERENCE, THERMODYNAMIC_FACTOR, CONDUCTIVITY = (n * LANES for n in range(7, 11))
CONCENTRATED_POINT = 11 * LANES

# Offsets in the row of one profile (PROFILE,): factors of c, dc/dx and G, sums over points, and what closes it;
# FRICTION, 0 or 1: how much of INTEGRATED is taken off the flux c v - D dc/dx.
FACTOR, SLOPE_FACTOR, INTEGRAL_FACTOR, BELOW, TOTAL, WEIGHTED, LOWEST, VOLTAGE, CURRENT, ORIGIN, HIGHEST, FRICTION = (
    n * LANES for n in range(12)
)
PROFILE = 12 * LANES


@inlined_kernel
def whole(length: int) -> int:
    """Return ``length``, a whole multiple of LANES, in a way that shows the compiler that it is one.

    Loops over it have no remainder, whose scalars would hold the registers that the vectors need.
    """
    return length & -LANES
