"""Numbers and facts of the summary as text for the printed report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from iondrift.report.console.rounding import interval, plain, with_band

STILL = 5e-3  # um/h: rounding errors, not motion


def number(quantity: Mapping[str, Any] | None, digits: int = 3, *, floor: float = 0.0) -> str:
    """Return a value to some significant digits, without its unit; a dash where there is none.

    Below ``floor`` in magnitude it is shown as 0.

    Examples
    --------
    >>> number({"value": 371.04, "unit": "um/h"}), number({"value": 0.02384, "unit": "mA/cm2"}, 2)
    ('371', '0.024')
    >>> number({"value": None, "unit": "h"})
    '-'
    """
    if quantity is None or quantity["value"] is None:
        return "-"
    if abs(quantity["value"]) <= floor:
        return "0"  # without a minus
    text = f"{quantity['value']:.{digits}g}"
    if "e" not in text:
        return text
    return f"{float(text):.0f}" if 1.0 <= abs(float(text)) < 1e6 else text


def plain_with_unit(quantity: Mapping[str, Any], digits: int = 3) -> str:
    """Return value and unit, without the band."""
    return f"{number(quantity, digits)} {quantity['unit']}"


def banded(quantity: Mapping[str, Any], *, signed: bool = False, floor: float = 0.0) -> str:
    """Return a value with its 68 % band, rounded together, or the value alone where it has none.

    Examples
    --------
    >>> banded({"value": 347.2, "unit": "um/h", "band_68": [319.6, 377.4], "band_95": [290.0, 410.0]})
    '347 +30/-28'
    >>> banded({"value": 20.0, "unit": "h", "band_68": [15.0, None], "band_95": [12.0, None]})
    '20 (over 15)'
    """
    value = quantity["value"]
    if value is None or "band_68" not in quantity:
        return number(quantity, floor=floor)
    low, high = quantity["band_68"]
    if low is None:
        return number(quantity)
    if high is None:
        return f"{number(quantity)} (over {number({'value': low})})"
    if max(abs(value), high - low) <= floor:
        return "0"
    return with_band(value, low, high, signed=signed)


def with_unit(quantity: Mapping[str, Any], *, signed: bool = False) -> str:
    """Return a value with its 68 % band and unit."""
    return f"{banded(quantity, signed=signed)} {quantity['unit']}"


def wide(quantity: Mapping[str, Any]) -> str:
    """Return the edges of the 95 % band; a dash where there is none."""
    low, high = quantity.get("band_95", (None, None))
    return "-" if low is None or high is None or not math.isfinite(high - low) else interval(low, high)


def decimals(value: float | None, digits: int = 2) -> str:
    """Return a number with so many decimals; a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def limited(quantity: Mapping[str, Any]) -> str:
    """Return a resistance or time with its 95 % band, rounded together, or the value alone where it has none.

    Examples
    --------
    >>> limited({"value": 824.5, "unit": "ohm", "band_95": [814.7, 830.9]}), limited({"value": 7.0, "unit": "ohm"})
    ('824 +6/-10', '7.00')
    """
    value = quantity["value"]
    if value is None:
        return "-"
    low, high = quantity.get("band_95", (None, None))
    if low is None or high is None:
        return plain(value)
    return f"under {plain(high, 2)}" if low <= 0.0 < high else with_band(value, low, high)


def scaled(quantity: Mapping[str, Any], factor: float) -> str:
    """Return a value with its band in another unit."""

    def times(value: float | None) -> float | None:
        return None if value is None else value * factor

    edges = {"band_95": [times(edge) for edge in quantity["band_95"]]} if "band_95" in quantity else {}
    return limited({"value": times(quantity["value"]), **edges})


def duration(quantity: Mapping[str, Any]) -> str:
    """Return a time constant with its band, in the unit that leaves few zeros."""
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "us"), (1e9, "ns")):
        if quantity["value"] * factor >= 1.0 or unit == "ns":
            break
    return f"{scaled(quantity, factor)} {unit}"


def frequency(quantity: Mapping[str, Any]) -> str:
    """Return a frequency with a prefix."""
    value = quantity["value"]
    for factor, prefix in ((1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{plain(value / factor)} {prefix}Hz"
    return f"{plain(value)} Hz"


def seconds(value: float) -> str:
    """Return a time in the unit that leaves few digits."""
    for factor, unit in ((3600.0, "h"), (60.0, "min")):
        if value >= 2.0 * factor:
            return f"{plain(value / factor)} {unit}"
    return f"{plain(value)} s"


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence holds them.

    Examples
    --------
    >>> listed(["voltage", "blocking", "current"])
    'voltage, blocking and current'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def table_of_facts(facts: Mapping[str, str]) -> Table:
    """Return names beside their texts."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in facts.items():
        table.add_row(name, Text(text))
    return table
