"""What may be asked of a drift velocity, by name. Imports nothing, so that the command line can ask at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Smoothing: TypeAlias = Literal["pspline", "polynomial", "none"]
Method: TypeAlias = Literal["posterior", "perturb"]

DEFAULT_SMOOTHING: Smoothing = "pspline"
DEFAULT_METHOD: Method = "posterior"
# Of results, as attributes.
DILUTE = "dilute solution; Nernst-Einstein mobility; one dimension; no convection"
CONCENTRATED = "concentrated solution; f+ = f- in v and E; one dimension; no convection"

DEFAULT_ORDERS = (3, 3)  # of polynomials in x and in t: those of the paper


@dataclass(frozen=True, kw_only=True)
class InTime:
    """How profiles, and what is taken of them, are smoothed in time.

    Attributes
    ----------
    smoothing
        Splines, one polynomial, or differences.
    breaks
        Times at which splines may have a kink, s.
    order
        Of the polynomial.
    """

    smoothing: Smoothing = DEFAULT_SMOOTHING
    breaks: tuple[float, ...] = ()
    order: int = DEFAULT_ORDERS[1]
