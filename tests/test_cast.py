"""The door: what is let in, and what is said to the rest."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift import cast, errors


@pytest.mark.parametrize("value", [40, np.int64(40), np.uint8(40)])
def test_integers_of_python_and_numpy_are_whole(value):
    found = cast.whole(value, "samples", lowest=40, highest=40)
    assert found == 40
    assert type(found) is int


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (100.0, "100.0 (float) found; allowed are whole numbers from 40 to 200, like 100"),
        (np.float32(100.0), "100.0 (float32) found; allowed are whole numbers from 40 to 200"),
        (100.5, "100.5 (float) found; allowed are whole numbers from 40 to 200"),
        (float("nan"), "nan (float) found"),
        (float("inf"), "inf (float) found"),
        (True, "True (bool) found"),
        (np.True_, "True (bool) found"),
        (None, "None (NoneType) found"),
        ("100", "'100' (str) found"),
        ([100], "[100] (list) found"),
        (np.array([100]), "array([100]) (ndarray) found"),
        ("x" * 999, "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx... (str) found"),
        (39, "39 found; allowed are whole numbers from 40 to 200"),
        (np.int64(201), "201 found; allowed are whole numbers from 40 to 200"),
    ],
)
def test_what_is_not_whole_or_beyond_a_limit_is_refused(value, message):
    with pytest.raises(errors.ConfigurationError) as found:
        cast.whole(value, "samples", lowest=40, highest=200)
    assert str(found.value).startswith(f"samples: {message}")


def test_without_limits_none_are_named():
    assert cast.whole(-5, "count") == -5
    with pytest.raises(errors.ConfigurationError, match=r"allowed are whole numbers$"):
        cast.whole(1.5, "count")


def test_the_first_place_that_does_not_increase_is_named_by_its_index():
    assert cast.increasing([0.0, 1.0, 1.5], "time").tolist() == [0.0, 1.0, 1.5]
    for values, message in (
        ([0.0, 2.0, 1.0, 0.5], "time must increase strictly: entry 2 is 1 after 2; sort it or remove duplicates"),
        ([3.0, 3.0, 4.0], "time must increase strictly: entry 1 is 3 after 3"),
    ):
        with pytest.raises(errors.DataError) as found:
            cast.increasing(values, "time")
        assert str(found.value).startswith(message)
