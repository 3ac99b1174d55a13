"""Value and band rounded together."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from iondrift.report.console.rounding import decimal_place, fixed, interval, plain, with_band

SIDES = st.floats(1e-6, 1e6)


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (350.2, 322.1, 380.3, "350 +30/-28"),
        (45.1, 37.4, 53.8, "45 +9/-8"),
        (46.8, 43.1, 50.9, "47 +- 4"),
        (0.8273, 0.8273 - 0.0354, 0.8273 + 0.0354, "0.827 +- 0.035"),
        (0.8273, 0.8273 - 0.0355, 0.8273 + 0.0355, "0.83 +- 0.04"),
        (1234.0, 1234.0 - 960.0, 1234.0 + 960.0, "1200 +- 1000"),
        (5.0, 4.9999, 6.2, "5.0 (5.0 to 6.2)"),
        (-4.8, -5.9, -3.7, "-4.8 +- 1.1"),
        (0.02, -0.04, 0.5, "0.02 +0.48/-0.06"),
        (3.0, 3.0, 3.0, "3.00"),
        (0.0, 0.0, 0.0, "0"),
        (5.0, 7.1, 9.0, "5.0 (7.1 to 9.0)"),
        (math.nan, 1.0, 2.0, "-"),
    ],
)
def test_value_and_band(value: float, low: float, high: float, text: str) -> None:
    assert with_band(value, low, high) == text


def test_a_sign_on_request() -> None:
    assert with_band(6.3, 5.1, 7.5, signed=True) == "+6.3 +- 1.2"
    assert with_band(-6.3, -7.5, -5.1, signed=True) == "-6.3 +- 1.2"


def test_no_minus_zero() -> None:
    assert with_band(-0.1, -8.1, 7.9) == "0 +- 8"
    assert fixed(-0.4, 0) == "0"
    assert plain(-0.0) == "0"


def test_intervals() -> None:
    assert interval(293.4, 406.1) == "293 to 406"
    assert interval(36.21, 54.9) == "36 to 55"
    assert interval(math.nan, 1.0) == "-"


def test_an_interval_is_rounded_by_a_quarter_of_its_width() -> None:
    assert interval(100.4, 242.4) == "100 to 240"  # a quarter of 142 is 35.5, of which one digit stays
    assert interval(100.4, 242.0) == "100 to 242"  # 35.4 keeps two
    assert interval(100.44, 114.60) == "100.4 to 114.6"  # 3.54 keeps two
    assert interval(100.44, 114.65) == "100 to 115"  # 3.55 keeps one
    assert interval(3.0, 3.0) == "3.00 to 3.00"
    assert interval(1.0, math.inf) == "-"


@pytest.mark.parametrize(
    ("spread", "place"),
    [
        (1.0, -1), (3.54, -1), (3.55, 0), (9.49, 0), (9.5, 0), (9.99, 0), (10.0, 0), (35.4, 0), (35.5, 1), (94.9, 1),
        (0.1, -2), (0.0355, -2), (0.0, None), (-1.0, None), (math.inf, None), (math.nan, None),
    ],
)  # fmt: skip
def test_the_last_digit_that_a_spread_allows(spread: float, place: int | None) -> None:
    assert decimal_place(spread) == place


def test_the_smaller_side_sets_the_digit_unless_it_is_a_tenth_of_the_larger() -> None:
    assert with_band(50.0, 47.8, 72.0) == "50.0 +22.0/-2.2"
    assert with_band(50.0, 47.8, 72.1) == "50 +22/-2"
    assert with_band(50.0, 28.0, 52.2) == "50.0 +2.2/-22.0"
    assert with_band(50.0, 27.9, 52.2) == "50 +2/-22"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-2, "0.0100"), (1e-3, "0.001"), (1.23456e-5, "1.23e-05"), (123456.0, "123000"),
        (1.23456e7, "12300000"), (1.23456e8, "1.23e+08"), (-0.5, "-0.500"), (999.6, "1000"),
    ],
)  # fmt: skip
def test_very_large_and_very_small_numbers_have_an_exponent(value: float, text: str) -> None:
    assert plain(value) == text


def test_significant_digits_on_request() -> None:
    assert [plain(371.04, digits) for digits in (1, 2, 4)] == ["400", "370", "371.0"]
    assert plain(2.0, signed=True) == "+2.00"
    assert fixed(12.0, None) == "12.0"


@given(st.floats(-1e6, 1e6), SIDES, SIDES)
def test_rounding_moves_value_and_band_by_less_than_the_band(value: float, below: float, above: float) -> None:
    low, high = value - below, value + above
    assume(low < value < high)
    number, larger = r"(-?[\d.]+)", max(value - low, high - value)
    text = with_band(value, low, high)
    if found := re.fullmatch(rf"{number} \({number} to {number}\)", text):
        plus, minus = float(found[3]) - float(found[1]), float(found[1]) - float(found[2])
        assert min(value - low, high - value) < 0.1 * larger
    elif found := re.fullmatch(rf"{number} \+- {number}", text):
        plus = minus = float(found[2])
    else:
        found = re.fullmatch(rf"{number} \+{number}/-{number}", text)
        assert found is not None
        plus, minus = float(found[2]), float(found[3])
        assert plus > 0.0 < minus
    assert abs(float(found[1]) - value) <= 0.15 * larger
    assert abs(plus - (high - value)) <= 0.15 * larger
    assert abs(minus - (value - low)) <= 0.15 * larger


@given(SIDES)
def test_the_spread_keeps_one_or_two_digits(spread: float) -> None:
    place = decimal_place(spread)
    assert place is not None
    digits = round(spread / 10.0**place)
    assert 4 <= digits <= 35 or digits == 100 or 3.5 <= digits <= 10


@given(st.floats(0.1, 9.99), st.integers(-9, 9))
def test_units_do_not_matter(spread: float, power: int) -> None:
    assume(abs(spread * 100.0 % 1.0 - 0.5) > 1e-6)  # which way an exact half goes may depend on the unit
    place, scaled = decimal_place(spread), decimal_place(spread * 10.0**power)
    assert place is not None
    assert scaled == place + power
