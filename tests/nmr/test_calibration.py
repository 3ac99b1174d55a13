"""Region of interest, electrodes, ratio calibration and what happens to the total of the anions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erf

from iondrift.errors import ConfigurationError, DataError, ShapeError
from iondrift.nmr.calibration import calibrate
from iondrift.nmr.region import find_region
from iondrift.readers.profiles.topspin_text import read_profiles

FIELD = 4e-3
SPACING = FIELD / 256
POSITION = np.arange(256) * SPACING

Floats = npt.NDArray[np.float64]


def blurred(content: Any, left: float, right: float, *, width: float = 40e-6, background: float = 0.0) -> Floats:
    """Return content (x) between two electrodes, seen with a point spread of a given width."""
    edges = 0.5 * (erf((POSITION - left) / width) - erf((POSITION - right) / width))
    return np.asarray(1e5 * (content(POSITION) * edges + background), dtype=np.float64)


def uniform(x: Floats) -> Floats:
    return np.ones_like(x)


def run(profiles: Any, **options: Any) -> xr.Dataset:
    settings = {"field_of_view": FIELD, "concentration": 1650.0, "time": np.arange(len(profiles)) * 513.0, **options}
    return calibrate(profiles, **settings)


@given(st.floats(0.8e-3, 1.2e-3), st.floats(2.2e-3, 2.9e-3), st.floats(0.0, 0.1), st.floats(1e-3, 1e6))
def test_electrodes_are_found_between_the_points(left: float, right: float, background: float, scale: float) -> None:
    region = find_region(scale * blurred(uniform, left, right, background=background), field_of_view=FIELD)
    found = np.array(region.electrodes) + region.first * SPACING
    # half of plateau and background together lies a little outside the electrode
    outward = 40e-6 * background
    np.testing.assert_allclose(found, [left, right], atol=0.1 * SPACING + outward)
    assert region.background == pytest.approx(background / (1.0 + background), abs=1e-6)
    assert region.length == pytest.approx((region.last - region.first) * SPACING)
    assert region.electrode_distance == pytest.approx(right - left, abs=0.2 * SPACING + 2 * outward)
    assert sum(region.edge_distances) + region.length == pytest.approx(region.electrode_distance)
    assert all(0.0 < gap < 80e-6 for gap in region.edge_distances)
    assert region.sample[0] * SPACING < left < right < region.sample[1] * SPACING


def test_noise_does_not_cut_the_region_short_but_a_hole_does() -> None:
    profile = blurred(uniform, 1.2e-3, 2.4e-3)
    whole = find_region(profile, field_of_view=FIELD)
    profile[[90, 91, 92]] *= 0.9
    assert find_region(profile, field_of_view=FIELD).first == whole.first
    profile[93] *= 0.9
    assert find_region(profile, field_of_view=FIELD).first == 94


def test_a_glitch_outside_and_steep_edges_do_not_move_the_centre() -> None:
    steep = np.where((POSITION > 1.0e-3) & (POSITION < 2.2e-3), 1e5, 9e3)
    steep[240] = 1e5
    region = find_region(steep, field_of_view=FIELD)
    assert (region.first, region.last) == (65, 140)
    assert region.plateau == 1e5


def test_the_tolerance_widens_the_region() -> None:
    profile = blurred(uniform, 1.2e-3, 2.4e-3, width=100e-6)
    narrow, wide = (find_region(profile, field_of_view=FIELD, tolerance=share) for share in (0.02, 0.2))
    assert wide.first < narrow.first < narrow.last < wide.last


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        (np.zeros(256), "no point is above half its maximum"),
        (np.where(np.arange(256) % 9 < 4, 1.0, 0.4), "no point lies within 5% of its plateau|only"),
        (np.full(256, np.nan), "value nan at index 0"),
        (np.ones(256), "beyond the plating electrode, so the field of view cuts the sample off"),
        (np.where(POSITION < 2.4e-3, 1.0, 0.0), "beyond the plating electrode"),
        (np.where(POSITION > 1.2e-3, 1.0, 0.0), "beyond the counter electrode"),
        (np.where(np.abs(POSITION - 1.9e-3) < 50e-6, 1.0, 0.2), "no point lies within 5%"),
        (np.where(POSITION < 0.2e-3, 1.0, 0.0), "too near an end"),
    ],
)
def test_a_profile_without_region_is_refused(profile: Floats, message: str) -> None:
    with pytest.raises(DataError, match=message):
        find_region(profile, field_of_view=FIELD)


def test_the_ratio_cancels_the_coil_and_keeps_the_concentration() -> None:
    def coil(x: Floats) -> Floats:
        return 1.0 + 0.04 * np.sin(3e3 * x)

    def later(x: Floats) -> Floats:
        return coil(x) * (1.0 + 0.2 * (x - 1.8e-3) / 1.2e-3)

    profiles = np.array([blurred(coil, 1.2e-3, 2.4e-3), blurred(later, 1.2e-3, 2.4e-3)])
    result = run(profiles, zero_filling=2.0)
    x = result.x.values + result.attrs["roi_first"] * SPACING
    np.testing.assert_allclose(result.concentration.values[0], 1650.0, rtol=1e-12)
    np.testing.assert_allclose(result.concentration.values[1], 1650.0 * (1.0 + 0.2 * (x - 1.8e-3) / 1.2e-3), rtol=1e-12)
    assert result.concentration.dims == ("time", "x")
    assert result.concentration.attrs["units"] == "mol m-3"
    assert result.x.values[0] == 0.0
    assert np.diff(result.x.values) == pytest.approx(SPACING)
    assert result.attrs["nominal_spacing"] == 2.0 * SPACING
    assert run(profiles).attrs["nominal_spacing"] == SPACING  # as acquired, where nobody says otherwise


def test_reverse_mirrors_the_result() -> None:
    profiles = np.array([blurred(uniform, 1.2e-3, 2.4e-3), blurred(lambda x: 0.5 + 300.0 * x, 1.2e-3, 2.4e-3)])
    forward, mirrored = run(profiles), run(profiles[:, ::-1], reverse=True)
    xr.testing.assert_identical(forward.drop_attrs(), mirrored.drop_attrs())
    assert mirrored.attrs["reversed"] == 1


def test_storage_is_what_leaves_through_the_edge() -> None:
    """Anions pushed from the layer at the plating electrode to the far half: what the edge has seen pass."""

    def depleted(x: Floats) -> Floats:
        return 1.0 - 0.5 * np.exp(-(((x - 1.2e-3) / 30e-6) ** 2))

    profiles = np.array([blurred(uniform, 1.2e-3, 2.4e-3), blurred(depleted, 1.2e-3, 2.4e-3)])
    result = run(profiles)
    edge = result.attrs["roi_first"] * SPACING
    assert result.attrs["electrode_positions"][0] == pytest.approx(1.2e-3 - edge, abs=1e-7)
    fine = np.linspace(1.2e-3 - 0.3e-3, edge, 20001)
    lost = np.trapezoid(np.interp(fine, POSITION, profiles[0] - profiles[1]), fine) / 1e5 * 1650.0
    assert float(result.electrode_storage[0] - result.electrode_storage[1]) == pytest.approx(lost, rel=1e-3)
    assert result.electrode_storage.attrs["units"] == "mol m-2"
    assert float(result.total_anions[1]) < 1.0


def test_a_loss_of_anions_is_measured_with_its_error() -> None:
    rng = np.random.default_rng(11)
    factors = 1.0 - 0.03 * np.linspace(0.0, 1.0, 40) + 0.003 * rng.standard_normal(40)
    result = run(np.outer(factors, blurred(uniform, 1.2e-3, 2.4e-3)))
    drift, error = result.attrs["anion_drift"], result.attrs["anion_drift_error"]
    assert drift * factors[0] == pytest.approx(-0.03, abs=3.0 * error)
    assert error == pytest.approx(0.003 * np.sqrt(12.0 / 40.0), rel=0.35)
    assert result.attrs["anion_scatter"] == pytest.approx(0.003, rel=0.35)


def test_several_references_are_averaged_and_counted() -> None:
    shape = blurred(uniform, 1.2e-3, 2.4e-3)
    profiles = np.array([0.98 * shape, 1.02 * shape, 1.1 * shape])
    result = run(profiles, reference=[0, 1])
    assert result.concentration.values[2] == pytest.approx(1.1 * 1650.0)
    assert (result.attrs["reference_profiles"], result.attrs["reference_indices"]) == (2, [0, 1])
    assert result.attrs["reference_note"] == "mean of the profiles given"
    assert "current may have flowed" in run(profiles).attrs["reference_note"]


def test_background_comes_off_on_request() -> None:
    shapes = [blurred(content, 1.2e-3, 2.4e-3, background=0.1) for content in (uniform, lambda x: 1.2 + 0.0 * x)]
    with_it, without = run(np.array(shapes)), run(np.array(shapes), subtract_background=True)
    assert with_it.concentration.values[1].mean() == pytest.approx(1650.0 * 1.3 / 1.1, rel=1e-3)
    np.testing.assert_allclose(without.concentration.values[1], 1650.0 * 1.2, rtol=1e-9)
    assert with_it.attrs["background"] == pytest.approx(0.1 / 1.1, rel=1e-3)


def test_labels_of_the_files_come_along() -> None:
    shape = blurred(uniform, 1.2e-3, 2.4e-3)
    named = xr.DataArray([shape, shape], dims=("profile", "point"), coords={"number": ("profile", [5, 7])})
    result = run(named.to_dataset(name="intensity").transpose("point", "profile"), time=[0.0, 513.0])
    assert result.number.values.tolist() == [5, 7]
    assert result.number.dims == ("time",)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"profiles": xr.Dataset({"signal": 1})}, ShapeError, r"holds no intensity \(variables: signal\)"),
        ({"profiles": xr.DataArray(np.ones((2, 256)))}, ShapeError, r"expected dims \('profile', 'point'\)"),
        ({"profiles": np.ones(256)}, ShapeError, "profiles: expected 2 dimension"),
        ({"profiles": np.ones((0, 256)), "time": []}, ShapeError, "profiles: is empty"),
        ({"profiles": np.ones((2, 32))}, ShapeError, "reference profile: 32 points"),
        ({"time": [0.0]}, ShapeError, "time: 1 given for 2 profiles"),
        ({"time": [1.0, 0.0]}, DataError, "time of the profiles must increase"),
        ({"concentration": 0.0}, DataError, "concentration: value 0"),
        ({"field_of_view": -1.0}, DataError, "field_of_view: value -1"),
        ({"zero_filling": 0.5}, ConfigurationError, "zero_filling: 0.5"),
        ({"tolerance": 0.0}, ConfigurationError, "region tolerance: 0.0"),
        ({"reference": []}, ConfigurationError, "reference: an empty list"),
        ({"reference": [2]}, ConfigurationError, r"reference: profile 2 \(from 0\) is not among the 2"),
        ({"reference": [-1]}, ConfigurationError, "reference: profile -1"),
        ({"reference": [0, 0]}, ConfigurationError, "stands twice"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], error: type[Exception], message: str) -> None:
    shape = blurred(uniform, 1.2e-3, 2.4e-3)
    arguments: dict[str, Any] = {"profiles": np.array([shape, shape]), "time": [0.0, 513.0], **change}
    with pytest.raises(error, match=message):
        run(arguments.pop("profiles"), **arguments)


def test_a_vanished_intensity_is_named_with_profile_and_point() -> None:
    shape = blurred(uniform, 1.2e-3, 2.4e-3)
    profiles = np.array([shape, shape])
    profiles[1, 120] = 0.0
    with pytest.raises(DataError, match=r"intensity over reference: value 0 at index \(1, \d+\)"):
        run(profiles)


@pytest.fixture(scope="module")
def real(measurements: Path) -> xr.Dataset:
    return read_profiles(measurements / "thienenkamp-li-li" / "profiles")


def test_the_real_cell(real: xr.Dataset) -> None:
    result = run(real.intensity.values[:46], reverse=True)
    attrs = result.attrs
    assert (attrs["roi_first"], attrs["roi_last"]) == (82, 147)
    assert attrs["roi_length"] == pytest.approx(1.015625e-3, rel=1e-12)
    assert attrs["plateau"] == pytest.approx(278421.0720988948, rel=1e-12)
    assert attrs["electrode_distance"] == pytest.approx(1.203e-3, abs=SPACING)
    assert attrs["background"] == pytest.approx(0.09, abs=0.01)
    assert -0.012 < attrs["anion_drift"] < -0.004
    assert attrs["anion_scatter"] == pytest.approx(0.0037, abs=3e-4)
    near, far = result.concentration.values[-6:, :6].mean(), result.concentration.values[-6:, -6:].mean()
    assert near < 1500.0 < 1700.0 < far  # depleted at the plating electrode, enriched at the other
    storage = result.electrode_storage.values
    assert storage[-6:].mean() < 0.8 * storage[:3].mean()


def test_other_references_give_nearly_the_same_region(real: xr.Dataset) -> None:
    for count in (2, 3, 5):
        mean = real.intensity.values[:count, ::-1].mean(axis=0)
        region = find_region(mean, field_of_view=FIELD)
        assert abs(region.first - 82) <= 1
        assert region.last == 147
