"""Value and band rounded together: the band keeps one or two digits, the value as many as the band allows."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Rounded:
    """A value and its band as text, all to the same decimal place.

    Attributes
    ----------
    value, plus, minus
        Digits; ``plus`` and ``minus`` without sign, empty where there is no band.
    """

    value: str
    plus: str = ""
    minus: str = ""

    def __str__(self) -> str:
        if not self.plus:
            return self.value
        if self.plus == self.minus:
            return f"{self.value} +- {self.plus}"
        return f"{self.value} +{self.plus}/-{self.minus}"


def with_band(value: float, low: float, high: float, *, signed: bool = False) -> str:
    """Return value and band edges as text: ``350 +30/-28``, or ``47 +- 4`` where both sides round to the same.

    The smaller side sets the last digit: of its first three, 100 to 354 keep two, 355 to 949 keep one, 950 and more
    round up to 1000 and keep two. A larger side of over ten times the smaller one sets it instead. Where the value
    lies outside the band, or so near an edge that a side would round to nothing, both edges are shown instead.

    Parameters
    ----------
    value, low, high
        The estimate and the edges of its band, in one unit.
    signed
        With a plus sign where the value is positive.

    Notes
    -----
    Source: Particle Data Group, Review of Particle Physics, introduction, section 5.3.

    Examples
    --------
    >>> with_band(347.2, 319.6, 377.4), with_band(46.8, 42.6, 51.1), with_band(1234.0, 1106.0, 1362.0)
    ('347 +30/-28', '47 +- 4', '1230 +- 130')
    >>> with_band(5.0, 7.14, 9.01), with_band(5.0, 4.999, 6.2)
    ('5.0 (7.1 to 9.0)', '5.0 (5.0 to 6.2)')
    """
    if not all(map(math.isfinite, (value, low, high))):
        return "-"
    if low <= value <= high:
        place = band_place(value, low, high)
        if place is None:
            return plain(value, signed=signed)
        plus, minus = fixed(high - value, place), fixed(value - low, place)
        if float(plus) > 0.0 and float(minus) > 0.0:
            return str(Rounded(fixed(value, place, signed=signed), plus, minus))
    place = decimal_place((high - low) / 3.0)
    return f"{fixed(value, place, signed=signed)} ({fixed(low, place)} to {fixed(high, place)})"


def interval(low: float, high: float) -> str:
    """Return both edges, rounded to the place that a quarter of their distance allows.

    Examples
    --------
    >>> interval(293.4, 406.1)
    '293 to 406'
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return "-"
    place = decimal_place((high - low) / 4.0)
    return f"{fixed(low, place)} to {fixed(high, place)}"


def band_place(value: float, low: float, high: float) -> int | None:
    """Return the power of ten of the last digit to keep; None for a band without width."""
    sides = sorted((value - low, high - value))
    if sides[1] <= 0.0:
        return None
    return decimal_place(sides[0] if sides[0] > 0.1 * sides[1] else sides[1])


def decimal_place(spread: float) -> int | None:
    """Return the power of ten of the last digit that a spread allows; None for no spread.

    Examples
    --------
    >>> decimal_place(28.2), decimal_place(8.4), decimal_place(96.0), decimal_place(0.36)
    (0, 0, 1, -1)
    """
    if spread <= 0.0 or not math.isfinite(spread):
        return None
    exponent = math.floor(math.log10(spread))
    leading = round(spread / 10.0 ** (exponent - 2))  # its first three digits
    if leading >= 950:
        return exponent  # rounds up to 10^(exponent + 1), of which two digits stay
    return exponent if leading >= 355 else exponent - 1


def fixed(value: float, place: int | None, *, signed: bool = False) -> str:
    """Return a number rounded to a power of ten, zeros included, never as minus zero.

    Examples
    --------
    >>> fixed(1234.0, 1), fixed(-0.004, -1), fixed(6.25, -1, signed=True)
    ('1230', '0.0', '+6.2')
    """
    if place is None:
        return plain(value, signed=signed)
    rounded = round(value, -place) + 0.0
    return f"{rounded:{'+' if signed and rounded > 0.0 else ''}.{max(-place, 0)}f}"


def plain(value: float, digits: int = 3, *, signed: bool = False) -> str:
    """Return a number to some significant digits, for what has no band.

    Examples
    --------
    >>> plain(371.04), plain(0.0), plain(1420.0)
    ('371', '0', '1420')
    """
    if value == 0.0:
        return "0"
    place = math.floor(math.log10(abs(value))) - digits + 1
    return fixed(value, place, signed=signed) if -4 <= place < 6 else f"{value:.{digits}g}"
