"""What a series is shown against."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from iondrift.errors import ConfigurationError
from iondrift.report.series_axis import series_axis

NAN = float("nan")


def series(time: list[float], bias: list[float]) -> xr.Dataset:
    count = len(time)
    coords = {
        "time": ("spectrum", time),
        "bias_voltage": ("spectrum", bias),
        "source": ("spectrum", [f"cell_{k}.ism" for k in range(count)]),
        "sweep": ("spectrum", [1] * count),
    }
    return xr.Dataset({"impedance": (("spectrum", "frequency"), np.ones((count, 2), complex))}, coords=coords)


@pytest.mark.parametrize(
    ("time", "bias", "name"),
    [
        ([0.0, 900.0, 1800.0], [0.1, 0.2, 0.3], "bias"),  # set by hand: even steps
        ([0.0, 900.0, 1800.0], [0.1, 0.11, 0.3], "time"),  # what the cell did
        ([0.0, 900.0, 1800.0], [0.1, 0.1, 0.1], "time"),
        ([0.0, 900.0, 1800.0], [NAN, NAN, NAN], "time"),
        ([NAN, 900.0, 1800.0], [NAN, NAN, NAN], "spectrum"),
        ([0.0], [0.1], "spectrum"),
    ],
)
def test_the_axis_is_what_changes(time: list[float], bias: list[float], name: str) -> None:
    assert series_axis(series(time, bias)).name == name


@pytest.mark.parametrize(("longest", "unit", "last"), [(60.0, "s", 60.0), (1800.0, "min", 30.0), (7200.0, "h", 2.0)])
def test_time_is_shown_in_a_unit_that_suits_it(longest: float, unit: str, last: float) -> None:
    axis = series_axis(series([0.0, longest], [NAN, NAN]), "time")
    assert (axis.unit, axis.values[-1], axis.label) == (unit, last, f"time / {unit}")


@pytest.mark.parametrize("along", ["time", "bias"])
def test_what_is_not_known_cannot_be_shown(along: str) -> None:
    with pytest.raises(ConfigurationError, match=f"do not tell the {along}"):
        series_axis(series([NAN, 1.0], [NAN, 0.1]), along)
