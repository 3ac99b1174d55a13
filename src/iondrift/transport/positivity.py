"""Is D(c) positive where it is needed, and was it measured there."""

from __future__ import annotations

import warnings

import numpy as np

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import DataError, DiffusivityError, IondriftWarning
from iondrift.transport.formula import Formula

_USUAL = (1e-17, 5e-9)  # m2 s-1: anions in solids far below room temperature, hydroxide in water
_GRID = 2001  # places looked at for D <= 0, besides the roots and extrema of a polynomial


def require_positive_range(diffusivity: Formula, c_min: float, c_max: float, *, description: str) -> None:
    """Make sure that D(c) > 0 from ``c_min`` to ``c_max`` (mol m-3), and that it was measured there.

    Raises
    ------
    DataError, DiffusivityError
        See :meth:`iondrift.Diffusivity.check`; the message quotes the description.
    """
    low = cast.scalar(c_min, "c_min", positive=True)
    high = cast.scalar(c_max, "c_max", positive=True)
    if low > high:
        raise DataError(f"c_min {low:g} is above c_max {high:g} mol/m3; exchange them")
    c = _places_to_look(diffusivity, low, high)
    D = diffusivity(c)
    if not (D > 0.0).all():
        worst = int(np.argmin(D))
        raise DiffusivityError(
            f"D(c) is {D[worst]:.4g} m2/s at {_place(diffusivity, c[worst])}; it must be positive from "
            f"{_place(diffusivity, low)} to {_place(diffusivity, high)}. {_remedy(diffusivity, c)} "
            f"[{description}]"
        )
    _warn_unusual(c, D, diffusivity)
    _warn_outside(diffusivity, low, high)


def _places_to_look(diffusivity: Formula, low: float, high: float) -> FloatArray:
    grid = np.linspace(low, high, _GRID)
    if diffusivity.kind != "polynomial" or diffusivity.values.size < 2:
        return grid
    coefficients = diffusivity.values
    # A double root comes out of numpy.roots as a pair with a small imaginary part: look at the real part of
    # every root, a place too many does no harm.
    candidates = np.concatenate([np.roots(coefficients), np.roots(np.polyder(coefficients))]).real
    edges = diffusivity.argument_of(np.array([low, high]))
    inside = candidates[(candidates > edges.min()) & (candidates < edges.max())]
    return np.concatenate([grid, diffusivity.concentration_of(inside)])


def _place(diffusivity: Formula, c: float) -> str:
    return f"{c * 1e-3:.4g} mol/L (EO:Li {float(diffusivity.ratio_of(np.asarray(c))):.3g})"


def _remedy(diffusivity: Formula, c: FloatArray) -> str:
    if diffusivity.kind == "polynomial":
        readings = (
            ("eo_li_ratio", "1", diffusivity.ratio_of(c)),
            ("concentration", "mol/L", c * 1e-3),
            ("concentration", "mol m-3", c),
        )
        for argument, unit, a in readings:
            if (argument, unit) == (diffusivity.argument, diffusivity.unit):
                continue
            if (np.polyval(diffusivity.values, a) > 0.0).all():
                also = f" and concentration_unit={unit!r}" if argument == "concentration" else ""
                return (
                    f"The argument may be wrong: the polynomial takes {diffusivity.argument_text()}; with "
                    f"argument={argument!r}{also} D is positive throughout."
                )
    if diffusivity.valid_range is not None and diffusivity.outside == "extrapolate":
        return (
            f"It was measured for {diffusivity.range_text()} alone: use outside='hold', a monotone table, or "
            "leave those concentrations out."
        )
    return (
        "Check the coefficients, their order (highest power first) and units; if they fit, state valid_range "
        "and outside='hold', or use a monotone table."
    )


def _warn_unusual(c: FloatArray, D: FloatArray, diffusivity: Formula) -> None:
    """Warn of a D that no electrolyte has: another unit is more likely."""
    ratio = np.maximum(D / _USUAL[1], _USUAL[0] / D)
    worst = int(np.argmax(ratio))
    if ratio[worst] > 1.0:
        warnings.warn(
            f"D(c) is {D[worst]:.3g} m2/s at {_place(diffusivity, c[worst])}; anions in electrolytes have "
            f"{_USUAL[0]:g} to {_USUAL[1]:g} m2/s, in polymers about 1e-12 (1e-8 cm2/s): look at the unit",
            IondriftWarning,
            stacklevel=4,
        )


def _warn_outside(diffusivity: Formula, low: float, high: float) -> None:
    if diffusivity.valid_range is None:
        return
    first, last = diffusivity.valid_range
    a = np.sort(diffusivity.argument_of(np.array([low, high])))
    slack = 1e-9 * (last - first)  # an end that was computed from the same number
    unit = "" if diffusivity.unit == "1" else f" {diffusivity.unit}"
    beyond = [
        f"{gap:.3g}{unit} {side} it" for gap, side in ((first - a[0], "below"), (a[1] - last, "above")) if gap > slack
    ]
    if beyond:
        treatment = "held at its edges" if diffusivity.outside == "hold" else "extrapolated"
        warnings.warn(
            f"D(c) was measured for {diffusivity.range_text()} but is needed from "
            f"{_place(diffusivity, low)} to {_place(diffusivity, high)}, "
            f"up to {' and '.join(beyond)}; outside it is {treatment}",
            IondriftWarning,
            stacklevel=4,
        )
