"""The analysis of a series says what its parts say, without computing anything twice."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from iondrift import drt, drt_bands, kramers_kronig, mask_points
from iondrift.errors import ConfigurationError
from iondrift.impedance.analysis import analyse
from iondrift.impedance.options import ImpedanceOptions, Masked
from iondrift.reference.relaxation_spectra import measured, zarc

FREQUENCY = np.logspace(0, 5, 31)


def series(spectra: int = 3) -> xr.Dataset:
    z = measured(zarc(40.0, 1e-4, 0.9) + zarc(60.0, 1e-2, 0.9), FREQUENCY, 0.003, list(range(spectra)))
    return xr.Dataset({"impedance": (("spectrum", "frequency"), z)}, coords={"frequency": FREQUENCY})


@pytest.mark.parametrize("options", [{}, {"regularization": 0.05}, {"method": "noise"}])
def test_it_is_the_sum_of_its_parts(options: dict[str, object]) -> None:
    z = series()
    asked = ImpedanceOptions(samples=40, seed=3, mask=(Masked(low=50.0, high=200.0, spectrum=2),), **options)
    found = analyse(z, asked)
    mask = mask_points(z, [(50.0, 200.0)], spectrum=2)
    regularization = options.get("regularization", "marginal_likelihood" if "method" in options else "auto")
    alone = drt(z, regularization=regularization, mask=mask)
    for name in ("gamma", "windowed_resistance", "kkt_residual", "relative_residual"):
        np.testing.assert_array_equal(found[name], alone[name])
    bands = drt_bands(z, regularization=regularization, method=asked.band_method, samples=40, seed=3, mask=mask)
    for name in ("gamma", "polarisation_resistance"):
        np.testing.assert_array_equal(found[f"{name}_band"], bands[name])
    np.testing.assert_array_equal(found["kk_worst"], kramers_kronig(z, mask=mask).kk_worst)
    np.testing.assert_array_equal(found["used"], ~mask)


def test_of_a_long_series_a_hundred_spectra_are_asked_what_criteria_would_choose() -> None:
    z = series(130)
    found = analyse(z, ImpedanceOptions(bands=False))
    asked = np.flatnonzero(np.isfinite(found.criterion_choice.values).all(axis=0))
    assert asked.size == 100
    assert asked[[0, -1]].tolist() == [0, 129]
    one = drt(z.isel(spectrum=asked[50:51]), regularization="marginal_likelihood")
    np.testing.assert_array_equal(found.criterion_choice[:, asked[50]], one.criterion_choice[:, 0])
    np.testing.assert_array_equal(np.isfinite(found.criterion_choice).all("criterion"), np.isin(range(130), asked))


def test_a_point_is_the_measured_one_nearest_and_must_be_near() -> None:
    z = series()
    mask = mask_points(z, [FREQUENCY[7] * 1.009, (1.0, FREQUENCY[2])])
    assert np.flatnonzero(mask[0]).tolist() == [0, 1, 2, 7]
    assert mask.all("spectrum").sum() == 4
    with pytest.raises(ConfigurationError, match=r"mask: nothing was measured within 1 % of 12 Hz; .* 10 and 14.678"):
        mask_points(z, [12.0])
    with pytest.raises(ConfigurationError, match=r"nothing was measured from 1e\+06 to 1e\+07 Hz"):
        mask_points(z, [(1e6, 1e7)])
    with pytest.raises(ConfigurationError, match="spectrum 4 does not exist; there are 1 to 3"):
        mask_points(z, [10.0], spectrum=4)
