"""Draws of the functions of c that a closure takes: D(c), or the properties of a concentrated solution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from iondrift.cast import FloatArray
from iondrift.drift.bands.systematic import require_positive
from iondrift.transport.uncertain_formula import UncertainFormula


def draw_laws(
    laws: Sequence[UncertainFormula], normals: FloatArray, factor: FloatArray, extremes: tuple[float, float]
) -> list[FloatArray]:
    """Return parameters (n_parameters, replicate) of each law, drawn one behind the other.

    Parameters
    ----------
    laws
        With their uncertainties.
    normals : (row, replicate)
        Standard; the first rows are taken.
    factor : (replicate,)
        Of the concentrations of each replicate.
    extremes
        Lowest and highest smoothed concentration, mol m-3.

    Raises
    ------
    DataError
        A draw is not positive where the profiles are.
    """
    found, row = [], 0
    for law in laws:
        parameters = law.draw_parameters(normals[row : row + law.n_random].T)
        require_positive(law, parameters, factor, *extremes)
        found.append(np.ascontiguousarray(parameters.T))
        row += law.n_random
    return found


def solution_draws(laws: Sequence[UncertainFormula], drawn: Sequence[FloatArray]) -> Any:
    """Return the properties of a solution as the kernels take them; without any, arrays without rows."""
    from iondrift_kernels.drift_layout import Solution

    if not laws:
        none, codes = np.zeros((0, drawn[0].shape[1])), np.zeros(4, dtype=np.int64)
        return Solution(codes, codes, none, none, none, none)
    forms, arguments = (np.array([getattr(law, name) for law in laws]) for name in ("form", "argument_code"))
    return Solution(forms, arguments, *drawn)
