"""Numbers of the printed impedance report: value and band rounded together, in the unit that keeps them short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iondrift.report.console.rounding import plain, with_band


def fixed(value: float | None, digits: int = 2) -> str:
    """Return a number with so many decimals; a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def banded(quantity: Mapping[str, Any]) -> str:
    """Return a value with its band, rounded together, or the value alone where it has none.

    Examples
    --------
    >>> banded({"value": 824.5, "unit": "ohm", "band_95": [814.7, 830.9]}), banded({"value": 7.0, "unit": "ohm"})
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
    return banded({"value": times(quantity["value"]), **edges})


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
