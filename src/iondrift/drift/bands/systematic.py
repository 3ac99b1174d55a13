"""Draws that bands and Sand's time share: normals of the systematic sources, and D(c) with drawn parameters."""

from __future__ import annotations

import numpy as np

from iondrift.cast import FloatArray
from iondrift.errors import DataError
from iondrift.transport.uncertain_formula import UncertainFormula

_PLACES = 33  # concentrations at which a drawn D(c) is looked at


def systematic_normals(seed: int, rows: int, replicates: int) -> FloatArray:
    """Return standard normals (rows, replicates), a function of seed, row and replicate alone."""
    from iondrift_kernels import spline_draws
    from iondrift_kernels.lanes import LANES

    words = np.empty((4, LANES), dtype=np.uint64)
    normals = np.empty((-(-rows // 4) * 4, -(-replicates // LANES) * LANES))
    spline_draws.systematic_normals(seed, words, normals)
    return normals[:rows, :replicates]


def evaluate_each(diffusivity: UncertainFormula, parameters: FloatArray, concentration: FloatArray) -> FloatArray:
    """Return D (replicate,), m2 s-1, of drawn parameters (replicate, n) at a concentration each, mol m-3."""
    from iondrift_kernels import diffusivity as kernels

    out = np.empty(concentration.size)
    parameters, concentration = np.ascontiguousarray(parameters), np.ascontiguousarray(concentration)
    kernels.evaluate_each(diffusivity.form, diffusivity.argument_code, parameters, concentration, out)
    return out


def require_positive(
    diffusivity: UncertainFormula, parameters: FloatArray, factor: FloatArray, lowest: float, highest: float
) -> None:
    """Refuse a covariance so wide that a drawn D(c) is not positive where it is needed.

    Parameters
    ----------
    diffusivity
        What was drawn from.
    parameters
        (replicate, n).
    factor
        (replicate,), of the concentrations of each.
    lowest, highest
        Of the smoothed concentrations, mol m-3.

    Raises
    ------
    DataError
        One is not; the message counts them.
    """
    if diffusivity.covariance is None:
        return  # a factor common to all of D(c) cannot turn its sign
    positive = np.ones(factor.size, dtype=bool)
    for c in np.linspace(lowest, highest, _PLACES):
        positive &= evaluate_each(diffusivity, parameters, c * factor) > 0.0
    if not positive.all():
        raise DataError(
            f"{np.count_nonzero(~positive)} of {positive.size} draws of D(c) are not positive between {lowest:.4g} and "
            f"{highest:.4g} mol m-3: its covariance is too wide for that; check its units, or give "
            "diffusivity_relative instead"
        )
