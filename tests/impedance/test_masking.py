"""Which points a list of frequencies and ranges means."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from iondrift import mask_points
from iondrift.errors import ConfigurationError

FREQUENCY = np.array([1e3, 50.0, 49.8, 10.0, 1.0])
Z = xr.DataArray(np.ones((2, 5)), dims=("spectrum", "frequency"), coords={"frequency": FREQUENCY})


@pytest.mark.parametrize(
    ("entry", "masked"),
    [
        (50.0, [50.0]),
        (49.85, [49.8]),  # the nearest alone
        (50.49, [50.0]),
        (10.1, [10.0]),
        (10.099, [10.0]),
        (9.91, [10.0]),
        ((10.0, 50.0), [10.0, 49.8, 50.0]),  # ends included
        ((50.0, 10.0), [10.0, 49.8, 50.0]),
        ((10.0 + 1e-9, 50.0 - 1e-9), [10.0, 49.8, 50.0]),  # to rounding
        ((10.001, 49.999), [49.8]),
        ((1.0, 1.0), [1.0]),
        ([0.5, 5e3], [1.0, 10.0, 49.8, 50.0, 1e3]),
        (np.array([900.0, 2e3]), [1e3]),
        ([10.0], [10.0]),
    ],
)
def test_what_an_entry_means(entry: object, masked: list[float]) -> None:
    mask = mask_points(Z, [entry])
    assert mask.dims == ("spectrum", "frequency")
    for row in mask:
        assert sorted(FREQUENCY[row.values]) == masked


def test_entries_add_up_in_one_spectrum_or_in_all() -> None:
    entries = [1e3, (0.5, 2.0)]
    every = mask_points(Z, entries)
    np.testing.assert_array_equal(every, [[True, False, False, False, True]] * 2)
    for k in (1, 2):
        alone = mask_points(Z, entries, spectrum=k)
        np.testing.assert_array_equal(alone.any("frequency"), np.arange(1, 3) == k)
        np.testing.assert_array_equal(alone[k - 1], every[0])
    single = mask_points(Z[0], [1.0])
    np.testing.assert_array_equal(single, [[False, False, False, False, True]])
    assert not mask_points(Z, []).any()


@pytest.mark.parametrize(
    ("entries", "options", "message"),
    [
        ([11.0], {}, r"within 1 % of 11 Hz; the nearest frequencies are 10 and 49\.8 Hz"),
        ([50.6], {}, r"within 1 % of 50\.6 Hz; the nearest frequencies are 49\.8 and 50 Hz"),
        ([(60.0, 900.0)], {}, r"from 60 to 900 Hz; the nearest frequencies are 49\.8 and 50 Hz"),
        ([50.0], {"spectrum": 3}, "spectrum 3 does not exist; there are 1 to 2"),
        ([50.0], {"spectrum": 0}, "spectrum: 0 found"),
        ([(1.0, 2.0, 3.0)], {}, "expected a frequency or a range"),
        ([()], {}, "expected a frequency or a range"),
        ([0.0], {}, "frequencies: 0 found"),
        ([(-1.0, 5.0)], {}, "frequencies: -1 found"),
        (50.0, {}, "expected a list"),
        (np.float64(50.0), {}, "expected a list"),
        (np.array(50.0), {}, "expected a list"),
        ("50", {}, "expected a list"),
    ],
)
def test_what_means_no_point_is_named(entries: object, options: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        mask_points(Z, entries, **options)
