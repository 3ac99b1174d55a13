"""What people ask of a :class:`Diffusivity`: is it positive, was it measured there, how does it read."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import DataError, DiffusivityError, IondriftWarning

if TYPE_CHECKING:
    from iondrift.transport.diffusivity import Diffusivity

_GRID = 2001  # places looked at for D <= 0, besides the roots and extrema of a polynomial


def check(diffusivity: Diffusivity, c_min: float, c_max: float) -> None:
    """See :meth:`iondrift.transport.diffusivity.Diffusivity.check`."""
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
            f"[{describe(diffusivity)}]"
        )
    _warn_outside(diffusivity, low, high)


def _places_to_look(diffusivity: Diffusivity, low: float, high: float) -> FloatArray:
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


def _place(diffusivity: Diffusivity, c: float) -> str:
    return f"{c * 1e-3:.4g} mol/L (EO:Li {float(diffusivity.ratio_of(np.asarray(c))):.3g})"


def _remedy(diffusivity: Diffusivity, c: FloatArray) -> str:
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
            f"It was measured for {_range_text(diffusivity)} alone: use outside='hold', a monotone table, or "
            "leave those concentrations out."
        )
    return (
        "Check the coefficients, their order (highest power first) and units; if they fit, state valid_range "
        "and outside='hold', or use a monotone table."
    )


def _warn_outside(diffusivity: Diffusivity, low: float, high: float) -> None:
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
            f"D(c) was measured for {_range_text(diffusivity)} but is needed from "
            f"{_place(diffusivity, low)} to {_place(diffusivity, high)}, "
            f"up to {' and '.join(beyond)}; outside it is {treatment}",
            IondriftWarning,
            stacklevel=4,
        )


def _range_text(diffusivity: Diffusivity) -> str:
    if diffusivity.valid_range is None:
        return "an unstated range"
    low, high = diffusivity.valid_range
    return f"EO:Li {low:g} to {high:g}" if diffusivity.unit == "1" else f"{low:g} to {high:g} {diffusivity.unit}"


def describe(diffusivity: Diffusivity) -> str:
    """See :meth:`iondrift.transport.diffusivity.Diffusivity.describe`."""
    name = "n" if diffusivity.argument == "eo_li_ratio" else "c"
    values = diffusivity.values
    if diffusivity.kind == "constant":
        text = f"constant {values[0]:g} m2/s"
    elif diffusivity.kind == "polynomial":
        text = f"polynomial {_polynomial_text(values, name)} m2/s, {diffusivity.argument_text()}"
    elif diffusivity.kind == "exponential":
        text = f"{values[0]:g} exp(-{values[1]:g} ({name}/{diffusivity.places[0]:g} - 1)) m2/s, "
        text += diffusivity.argument_text()
    else:
        text = f"monotone table of {values.size} values, {values.min():g} to {values.max():g} m2/s, "
        text += diffusivity.argument_text()
    if diffusivity.valid_range is not None:
        text += f"; measured for {_range_text(diffusivity)}"
        text += ", held outside" if diffusivity.outside == "hold" else ", extrapolated outside"
    if diffusivity.covariance is not None:
        text += "; covariance of its parameters known"
    elif diffusivity.relative_uncertainty:
        text += f"; uncertainty {100 * diffusivity.relative_uncertainty:g} %"
    return text


def _polynomial_text(coefficients: FloatArray, name: str) -> str:
    text = ""
    for k, coefficient in enumerate(coefficients):
        power = coefficients.size - 1 - k
        factor = "" if power == 0 else f" {name}" if power == 1 else f" {name}^{power}"
        sign = ("-" if coefficient < 0 else "") if not text else (" - " if coefficient < 0 else " + ")
        text += f"{sign}{abs(coefficient):g}{factor}"
    return text
