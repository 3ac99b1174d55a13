"""Quantities of the summary as the report words them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from iondrift.report.console import texts


def entry(value: float | None, *edges: float | None, level: int = 95) -> dict[str, Any]:
    return {"value": value, "unit": "u"} | ({f"band_{level}": list(edges)} if edges else {})


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (entry(None), "-"),
        (entry(12.34), "12.3"),
        (entry(46.8, 43.1, 50.9, level=68), "47 +- 4"),
        (entry(0.25, 0.15, 0.45, level=68), "0.25 +0.20/-0.10"),
        (entry(46.8, None, None, level=68), "46.8"),
        (entry(20.0, 15.0, None, level=68), "20 (over 15)"),
        (entry(None, 1.0, 2.0, level=68), "-"),
    ],
)
def test_a_value_with_its_narrow_band(quantity: dict[str, Any], text: str) -> None:
    assert texts.banded(quantity) == text
    assert texts.with_unit(quantity) == f"{text} u"


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (0.004, -0.001, 0.004, "0"),  # neither the value nor its band exceeds the floor
        (0.0051, 0.0051, 0.0052, "0.0051 (0.0051 to 0.0052)"),
        (0.001, -0.005, 0.001, "0.001 (-0.005 to 0.001)"),
    ],
)
def test_what_does_not_move_is_zero(value: float, low: float, high: float, text: str) -> None:
    found = texts.banded(entry(value, low, high, level=68), floor=5e-3)
    assert (found == "0") == (text == "0"), found


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (entry(1.0, 293.4, 406.1), "293 to 406"),
        (entry(1.0), "-"),
        (entry(1.0, None, 2.0), "-"),
        (entry(1.0, 2.0, None), "-"),
        (entry(1.0, 0.0, math.inf), "-"),
        (entry(1.0, 0.0, 0.0), "0 to 0"),
    ],
)
def test_the_edges_of_the_wide_band(quantity: dict[str, Any], text: str) -> None:
    assert texts.wide(quantity) == text


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (entry(None, 1.0, 2.0), "-"),
        (entry(7.0), "7.00"),
        (entry(7.0, None, 8.0), "7.00"),
        (entry(7.0, 6.0, None), "7.00"),
        (entry(824.5, 814.7, 830.9), "824 +6/-10"),
        (entry(7.0, 0.0, 21.4), "under 21"),  # known as an upper limit alone
        (entry(7.0, -1.0, 21.4), "under 21"),
        (entry(0.0, 0.0, 0.0), "0"),
    ],
)
def test_a_resistance_with_its_band_or_its_limit(quantity: dict[str, Any], text: str) -> None:
    assert texts.limited(quantity) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.0, "2.00 s"), (1.0, "1.00 s"), (0.999, "999 ms"), (1e-3, "1.00 ms"), (9.99e-4, "999 us"), (1e-6, "1.00 us"),
     (2.5e-8, "25.0 ns"), (2.5e-11, "0.0250 ns")],
)  # fmt: skip
def test_a_duration_in_the_unit_that_leaves_few_zeros(value: float, text: str) -> None:
    assert texts.duration(entry(value)) == text


def test_a_duration_takes_its_band_along() -> None:
    assert texts.duration(entry(8.245e-4, 8.147e-4, 8.309e-4)) == "824 +6/-10 us"
    assert texts.duration(entry(8.245e-4, 8.147e-4, None)) == "824 us"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.5e6, "2.50 MHz"),
        (1e6, "1.00 MHz"),
        (9.99e5, "999 kHz"),
        (1e3, "1.00 kHz"),
        (999.0, "999 Hz"),
        (0.1, "0.100 Hz"),
    ],
)
def test_a_frequency_with_a_prefix(value: float, text: str) -> None:
    assert texts.frequency(entry(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(7200.0, "2.00 h"), (7199.0, "120 min"), (120.0, "2.00 min"), (119.0, "119 s"), (0.5, "0.500 s")],
)
def test_a_time_in_the_unit_that_leaves_few_digits(value: float, text: str) -> None:
    assert texts.seconds(value) == text


def test_decimals_or_a_dash() -> None:
    assert [texts.decimals(value) for value in (None, 1.005, -2.0)] == ["-", "1.00", "-2.00"]
    assert texts.decimals(3.14159, 4) == "3.1416"
