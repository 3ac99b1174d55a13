"""Options of relaxation times that do not fit: one clear error, from every function that takes them."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr

import iondrift
from iondrift import cast
from iondrift.errors import ConfigurationError, DataError, IondriftError, ShapeError
from iondrift.reference.relaxation_spectra import measured, zarc

FREQUENCY = np.logspace(5, 0, 31)
Z = xr.DataArray(
    measured(zarc(50.0, 1e-3, 0.85), FREQUENCY, 0.002, [0, 1]), dims=("spectrum", "frequency"),
    coords={"frequency": FREQUENCY},
)  # fmt: skip
FIXED = {"regularization": 0.5, "time_constants": 30}


@pytest.fixture(scope="module")
def distribution() -> xr.Dataset:
    return iondrift.drt(Z, **FIXED)


WRONG = [
    (
        "drt",
        {"time_constants": 92.0},
        "time_constants: 92.0 (float) found; allowed are whole numbers from 4 to 2000",
    ),
    ("drt", {"time_constants": "a"}, "time_constants: 'a' (str) found"),
    ("drt", {"time_constants": None}, "time_constants: None (NoneType) found"),
    ("drt", {"time_constants": 3}, "time_constants: 3 found"),
    ("drt", {"time_constants": 10**9}, "time_constants: 1000000000 found"),
    ("drt", {"weighting": True}, "weighting: True found; allowed are numbers above 0"),
    ("drt", {"weighting": -1.0}, "weighting: -1 found"),
    ("drt_bands", {"noise": None}, "noise: None found; allowed are numbers above 0"),
    ("drt_bands", {"samples": 10**9}, "samples: 1000000000 found"),
    ("drt", {"tau_range": 5}, "tau_range: 5 found; expected two time constants in s, 0 < first < last"),
    ("drt", {"tau_range": (1, 2, 3)}, "tau_range: (1, 2, 3) found; expected two"),
    ("drt", {"tau_range": (1.0, np.inf)}, "tau_range: 1 and inf found"),
    ("drt", {"tau_range": ("a", "b")}, "tau_range: ('a', 'b') found"),
    ("drt", {"window": 3}, "window: 3 found; expected two"),
    ("drt", {"window": (1.0, 0.0)}, "window: 1 and 0 found; expected two"),
    ("drt", {"window": "ab"}, "window: 'ab' found"),
    ("drt", {"window": (1e5, 1e6)}, "window: no time constant lies in 100000 to 1e+06 s; the grid holds 5.03e-07 to"),
    ("drt", {"electrodes": "2"}, "electrodes: '2' (str) found; allowed are whole numbers from 1"),
    ("drt", {"electrodes": 1.5}, "electrodes: 1.5 (float) found"),
    ("drt", {"area": -1.0}, "area: -1 found; allowed are numbers above 0"),
    ("drt", {"area": "1"}, "area: '1' found"),
    ("drt", {"order": 1.0}, "order: 1.0 (float) found; allowed are whole numbers from 0 to 3, like 1"),
    ("drt", {"order": 4}, "order: 4 found; allowed are whole numbers from 0 to 3"),
    ("drt", {"regularization": None}, "regularization: None found; allowed are numbers above 0"),
    ("drt", {"regularization": np.nan}, "regularization: nan found"),
    ("drt", {"regularization": 1e200}, "regularization: 1e+200 found; allowed are numbers above 0 and below 1e+100"),
    ("drt", {"regularization": [1.0, 1e100]}, "regularization: 1e+100 found; allowed are numbers below 1e+100"),
    ("drt", {"inductive": "no"}, "inductive: 'no' found; allowed are True and False"),
    ("drt", {"time_smoothness": -1}, "time_smoothness: -1 found; allowed are numbers from 0"),
    ("drt", {"time_smoothness": "a"}, "time_smoothness: 'a' found"),
    ("drt", {"constraints": 5}, "constraints: expected a list of functions"),
    ("drt", {"constraints": [5]}, "constraints: expected a list of functions"),
    ("drt", {"per": None}, "per: None found; allowed are spectrum, series"),
    ("drt_bands", {"seed": -1}, "seed: -1 found; allowed are whole numbers from 0"),
    ("drt_bands", {"seed": 1.5}, "seed: 1.5 (float) found"),
    ("drt_bands", {"seed": "a"}, "seed: 'a' (str) found"),
    (
        "drt_bands",
        {"samples": 100.0},
        "samples: 100.0 (float) found; allowed are whole numbers from 20",
    ),
    ("drt_bands", {"samples": None}, "samples: None (NoneType) found"),
    ("drt_bands", {"samples": "auto"}, "samples: 'auto' (str) found"),
    ("drt_bands", {"samples": 0}, "samples: 0 found"),
    ("drt_bands", {"level": "0.9"}, "level: '0.9' found; allowed are numbers above 0 and below 1"),
    ("drt_bands", {"level": True}, "level: True found"),
    ("drt_bands", {"threshold": "a"}, "threshold: 'a' found; allowed are numbers above 0 and below 1"),
    ("drt_bands", {"threshold": np.nan}, "threshold: nan found"),
    ("drt_bands", {"threshold": 2}, "threshold: 2 found"),
    ("drt_bands", {"threshold": -1}, "threshold: -1 found"),
    ("drt_bands", {"window": (1e5, 1e6)}, "window: no time constant lies in"),
    ("kramers_kronig", {"max_elements": 1.5}, "max_elements: 1.5 (float) found; allowed are whole numbers from 1"),
    ("kramers_kronig", {"min_elements": "a"}, "min_elements: 'a' (str) found"),
    ("kramers_kronig", {"min_elements": 9, "max_elements": 3}, "min_elements: 9 is more than max_elements, 3"),
    ("kramers_kronig", {"mu_limit": 2}, "mu_limit: 2 found; allowed are numbers above 0 and below 1"),
    ("kramers_kronig", {"limit": "3 %"}, "limit: '3 %' found; allowed are numbers above 0"),
    ("kramers_kronig", {"inductance": "no"}, "inductance: 'no' found"),
    ("track_peaks", {"threshold": 2}, "threshold: 2 found; allowed are numbers above 0 and below 1"),
    ("track_peaks", {"threshold": "a"}, "threshold: 'a' found"),
    ("track_peaks", {"largest_jump": -1}, "largest_jump: -1 found; allowed are numbers above 0"),
    ("track_peaks", {"largest_gap": 1.0}, "largest_gap: 1.0 (float) found"),
    ("track_peaks", {"shortest": 0}, "shortest: 0 found; allowed are whole numbers from 1"),
    ("mask_points", {"frequencies": 1.0}, "frequencies: 1.0 found; expected a list, such as [50.0, (1e5, 1e6)]"),
    ("mask_points", {"frequencies": "50"}, "frequencies: '50' found; expected a list"),
    ("mask_points", {"frequencies": ["50"]}, "frequencies: '50' found; allowed are numbers above 0"),
    ("mask_points", {"frequencies": [(1.0, 2.0, 3.0)]}, "frequencies: (1.0, 2.0, 3.0) found; expected a frequency or"),
    ("mask_points", {"frequencies": [50.0], "spectrum": 1.0}, "spectrum: 1.0 (float) found"),
    ("mask_points", {"frequencies": [50.0], "spectrum": 3}, "mask: spectrum 3 does not exist; there are 1 to 2"),
]


@pytest.mark.parametrize(("function", "options", "message"), WRONG)
def test_options_that_do_not_fit(
    function: str, options: dict[str, object], message: str, distribution: xr.Dataset
) -> None:
    given = {**(FIXED if function == "drt" else {}), **options}
    with pytest.raises(ConfigurationError) as found:
        getattr(iondrift, function)(distribution if function == "track_peaks" else Z, **given)
    assert str(found.value).startswith(message)


def test_numpys_numbers_are_numbers() -> None:
    options = {"time_constants": np.int64(30), "tau_range": np.array([1e-6, 1.0]), "window": [1e-4, np.float32(1.0)]}
    given = iondrift.drt(Z, regularization=np.float64(0.5), electrodes=np.int32(2), area=np.array(1e-4), **options)
    plain = iondrift.drt(Z, regularization=0.5, electrodes=2, area=1e-4, time_constants=30, tau_range=(1e-6, 1.0))
    np.testing.assert_array_equal(given.area_resistance, plain.area_resistance)
    mask = iondrift.mask_points(Z, np.array([1e5, 10.0]), spectrum=np.int64(2))
    assert np.argwhere(mask.values).tolist() == [[1, 0], [1, 24]]
    assert cast.number(xr.DataArray(0.5), "level", below=1.0) == 0.5


@pytest.mark.parametrize("thing", [Z.values, 5.0, Z.drop_vars("frequency"), None])
def test_points_are_masked_in_labelled_data_alone(thing: object) -> None:
    with pytest.raises(ShapeError, match="coordinate 'frequency'"):
        iondrift.mask_points(thing, [50.0])


@pytest.mark.parametrize("sigma", [1e-12, 1e-200, 1e200])
def test_a_deviation_beyond_rounding_is_refused(sigma: float) -> None:
    deviation = re.escape(f"a standard deviation of {sigma:g} ohm beside |Z| = ")
    for weighting in (sigma, np.full(31, sigma)):
        with pytest.raises(DataError, match=f"weighting: {deviation}"):
            iondrift.drt(Z, weighting=weighting)
    for method in ("calibrated", "noise", "prior"):
        with pytest.raises(DataError, match=f"noise: {deviation}"):
            iondrift.drt_bands(Z, noise=sigma, samples=20, method=method)


@pytest.mark.parametrize("sigma", [1e-10, 1e-6, 1e-2, 1e4, 1e8])
def test_what_is_not_refused_is_solved(sigma: float) -> None:
    result = iondrift.drt(Z, weighting=sigma)
    assert result.kkt_residual.max() < 1e-9
    bands = iondrift.drt_bands(Z, noise=sigma, samples=20)
    assert np.isfinite(bands.gamma.values).all()
    assert bands.attrs["largest_kkt_residual"] < 1e-9


def test_what_rounding_destroyed_is_no_result() -> None:
    """Squares of such impedances are no numbers any more; NumPy warns of it, and the result must not hide it."""
    huge = 1e160 * Z
    words = r"spectrum 0 \(\d of 2 like it\): no finite distribution of relaxation times with \|Z\| from .* to .* ohm"
    with np.errstate(all="ignore"):
        for function, options in ((iondrift.drt, {}), (iondrift.drt_bands, {"samples": 20})):
            with pytest.raises(DataError, match=f"{words}; mask"):
                function(huge, **options)
        with pytest.raises(DataError, match=f"{words}, lambda 0.5; mask"):
            iondrift.drt_bands(huge, method="noise", samples=20, **FIXED)
    assert np.isfinite(iondrift.drt(1e140 * Z, **FIXED).gamma).all()


def test_a_window_nobody_asked_for_is_not_measured_where_it_holds_nothing() -> None:
    fast = Z.assign_coords(frequency=FREQUENCY * 1e8)
    result = iondrift.drt(fast, **FIXED)
    assert np.isnan(result.windowed_resistance).all()
    assert np.isfinite(result.polarisation_resistance).all()
    assert np.isnan(iondrift.drt_bands(fast, samples=20, method="noise", **FIXED).windowed_resistance).all()


def test_extras_of_cvxpy_are_public_and_checked() -> None:
    convex = {**FIXED, "solver": "cvxpy"}
    for wrong in (
        lambda: iondrift.known_resistance("50"),
        lambda: iondrift.known_resistance(50.0, tolerance=-1.0),
        lambda: iondrift.known_resistance(50.0, window=(1.0, 0.1)),
        lambda: iondrift.confined((1.0, 0.1)),
        lambda: iondrift.drt(Z, solver="cvxpy", constraints=[iondrift.confined((1e5, 1e6))], **FIXED),
        lambda: iondrift.drt(
            Z, solver="cvxpy", constraints=[iondrift.known_resistance(1.0, window=(1e5, 1e6))], **FIXED
        ),
    ):
        with pytest.raises(IondriftError, match=r"found|no time constant lies in"):
            wrong()
    held = iondrift.drt(Z, constraints=[iondrift.known_resistance(45.0)], **convex)
    np.testing.assert_allclose(held.polarisation_resistance, 45.0, rtol=1e-6)
