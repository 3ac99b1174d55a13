"""What a fit must not be taken to say, in plain words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from iondrift.cast import FloatArray
from iondrift.drift.inverse.anion import NERNST_EINSTEIN, AnionSource
from iondrift.drift.inverse.consistency import STATISTICS, Consistency
from iondrift.drift.inverse.minimum import Minimum
from iondrift.drift.inverse.options import FormName
from iondrift.drift.inverse.problem import CURVATURE, SLOPE, TRANSFERENCE

ASSUMPTIONS = (
    "electroneutral binary electrolyte; t- constant; no anions pass the electrodes; one dimension; t- stands for "
    "t- (c0 given / c0) (electrode area given / area) (share of the current that does ionic work)"
)
_AT_WALL = 0.02  # c / c0 at the plating electrode: the fit leans on the bound there, not on data
_TOO_NEAR_ONE = 0.75  # t-, above which D / (2 (1 - t-)) amplifies every error of t- fourfold and more
_UNLIKELY = 0.05
_APART = 2.0  # standard deviations
_KNOTS = (-0.3, 0.2)  # c / c0 - 1 between which a log-parabola was measured


def of_form(minimum: Minimum, found: Consistency, halves: FloatArray, source: AnionSource) -> list[str]:
    """Return the caveats of one form of D(c)."""
    name, x = minimum.form, minimum.x
    t, spread = x[TRANSFERENCE], minimum.spread(TRANSFERENCE)
    notes = []
    if minimum.prediction.wall.min() < _AT_WALL:
        notes.append(
            "the salt at the plating electrode nearly runs out: the fit leans on c > 0 there, and its bands are too "
            "narrow; compare --mcmc"
        )
    if t > 1.0 or t < 0.1:
        notes.append(
            f"t- {t:.2f} is no transference number of a dilute salt: look at c0, electrode area, current, and the "
            "electrodes' places"
        )
    if source == NERNST_EINSTEIN and t + spread > _TOO_NEAR_ONE:
        notes.append(f"D- = D / (2 (1 - t-)) at t- {t:.2f} +- {spread:.2f} says little: v needs a measured D-")
    if name == "exponential" and minimum.spread(SLOPE) > 0.5 * max(1.0, abs(x[SLOPE])):
        notes.append(f"the slope of ln D, {x[SLOPE]:.1f} +- {minimum.spread(SLOPE):.1f}, is not fixed by one cell")
    if name == "log-parabola":
        slopes = [x[SLOPE] + 2.0 * x[CURVATURE] * s for s in _KNOTS]
        bent = "; D(c) is not monotone" if slopes[0] * slopes[1] < 0.0 else ""
        notes.append(f"three coefficients of D(c) from one cell: q2 +- {minimum.spread(CURVATURE):.1f}{bent}")
    unlikely = [label for label, p in zip(STATISTICS, found.probability, strict=True) if p < _UNLIKELY]
    if unlikely:
        notes.append(f"the model is not all that is in the residuals: {', '.join(unlikely).replace('_', ' ')}")
    difference = abs(halves[0, 2] - halves[1, 2]) / np.hypot(halves[0, 3], halves[1, 3])
    if difference > _APART:
        notes.append(f"the halves of the cell give t- {halves[0, 2]:.2f} and {halves[1, 2]:.2f}")
    return [f"{name}: {note}" for note in notes]


def of_all(evidence: Mapping[FormName, float], ends: Mapping[FormName, FloatArray]) -> list[str]:
    """Return the caveats that concern more than one form.

    Parameters
    ----------
    evidence
        Logarithm, by form.
    ends
        The outermost quantiles (2,) of v at x0 at the end, by form; empty without v.
    """
    notes = []
    best = max(evidence, key=lambda name: evidence[name])
    for name, value in evidence.items():
        if name != best and evidence[best] - value > 3.0:
            notes.append(f"the evidence prefers {best} over {name} by {evidence[best] - value:.0f} in ln Z")
    if len(ends) > 1:
        low, high = max(band[0] for band in ends.values()), min(band[1] for band in ends.values())
        if low > high:
            notes.append(
                "the forms of D(c) disagree on v beyond their bands: the form, not the noise, decides; see both"
            )
    return notes
