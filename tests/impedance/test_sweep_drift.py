"""Change within a sweep: found where there is some, told where there is none, and taken out on request."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import iondrift
from iondrift.errors import ConfigurationError, DataError
from iondrift.impedance.analysis import analyse
from iondrift.impedance.options import ImpedanceOptions
from iondrift.report.summary import sweep_drift as summary

FREQUENCY = np.logspace(5, -1, 37)
DURATION = 120.0


def moments() -> np.ndarray:
    """Return when each point is measured, three periods each and the rest evenly, s from the start of its sweep."""
    asked = 3.0 / FREQUENCY
    each = asked + (DURATION - asked.sum()) / FREQUENCY.size
    return np.cumsum(each) - 0.5 * each


def impedance(time: np.ndarray, rate: float) -> np.ndarray:
    """Return Z at moments that reach along frequency: two arcs whose resistances change by ``rate`` in a sweep."""
    omega, grown = 2.0 * np.pi * FREQUENCY, 1.0 + rate * time / DURATION
    return 10.0 + grown * (50.0 / (1.0 + (1j * omega * 1e-3) ** 0.9) + 100.0 / (1.0 + (1j * omega * 0.05) ** 0.85))


def series(rate: float, *, spectra: int = 10, pause: float = 0.0, noise: float = 2e-3, seed: int = 0) -> xr.DataArray:
    random = np.random.default_rng(seed)
    start = np.arange(spectra) * (DURATION + pause)
    z = impedance(start[:, None] - start.mean() + moments(), rate)
    z = z + noise * np.abs(z) * (random.standard_normal(z.shape) + 1j * random.standard_normal(z.shape))
    coords = {"frequency": FREQUENCY, "time": ("spectrum", start), "duration": ("spectrum", np.full(spectra, DURATION))}
    return xr.DataArray(z, dims=("spectrum", "frequency"), coords=coords)


@pytest.mark.parametrize("pause", [0.0, 600.0])
@pytest.mark.parametrize("rate", [0.03, -0.03])
def test_three_percent_in_a_sweep_are_found(rate, pause):
    found = [iondrift.sweep_drift(series(rate, pause=pause, seed=seed)) for seed in range(10)]
    assert np.mean([each.sweep_drifts.mean() for each in found]) > 0.95
    change = np.mean([each.largest_sweep_change[4:6].mean() for each in found])
    assert change == pytest.approx(rate, rel=0.2)  # of |Z|, of which 10 ohm are steady
    assert np.mean([each.series_noise.mean() for each in found]) == pytest.approx(2e-3, rel=0.25)


def test_a_steady_series_is_called_steady():
    found = [iondrift.sweep_drift(series(0.0, seed=seed)) for seed in range(30)]
    assert np.mean([each.sweep_drifts.mean() for each in found]) < 0.05
    # and the band of the change holds zero where it was not chosen for being largest
    inside = [np.abs(each.sweep_change.real) < 1.96 * each.sweep_change_error for each in found]
    assert np.mean([each.mean() for each in inside]) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize(("moment", "share"), [("start", 0.0), ("middle", 0.5), ("end", 1.0)])
def test_points_are_carried_to_one_moment(moment, share):
    data = series(0.1, noise=1e-5)
    start = data.time.values
    truth = impedance((start - start.mean() + share * DURATION)[:, None], 0.1)
    found = iondrift.sweep_drift(data, moment=moment).impedance_at_moment
    error = np.abs(found.values - truth) / np.abs(truth)
    before = np.abs(data.values - truth) / np.abs(truth)
    assert error[1:-1].max() < 0.25 * before[1:-1].max()


def test_neighbours_of_another_bias_are_no_drift_and_a_lone_spectrum_is_not_judged():
    data = series(0.0, spectra=4).assign_coords(bias_voltage=("spectrum", [0.0, 0.1, 0.2, 0.3]))
    assert np.isnan(iondrift.sweep_drift(data).sweep_change_probability).all()
    lone = iondrift.sweep_drift(series(0.0, spectra=1))
    assert np.isnan(lone.sweep_change_probability).all()
    assert not lone.sweep_drifts.any()
    np.testing.assert_array_equal(lone.impedance_at_moment, series(0.0, spectra=1))


def test_masked_points_say_nothing():
    data = series(0.0)
    spoiled = data.copy()
    spoiled[:, 5] = 1e6 * np.arange(1.0, 11.0)
    mask = np.arange(FREQUENCY.size) == 5
    assert iondrift.sweep_drift(spoiled, mask=mask).sweep_drifts.mean() <= 0.2
    unmasked = iondrift.sweep_drift(data, mask=mask)
    np.testing.assert_array_equal(
        unmasked.sweep_change_probability, iondrift.sweep_drift(spoiled, mask=mask).sweep_change_probability
    )


def test_times_are_needed():
    with pytest.raises(DataError, match="needs the coordinate time"):
        iondrift.sweep_drift(series(0.0).drop_vars("time"))
    with pytest.raises(ConfigurationError, match="moment: 'noon' found; allowed are start, middle, end"):
        iondrift.sweep_drift(series(0.0), moment="noon")


def test_a_report_tells_change_and_correction():
    data = series(0.05).to_dataset(name="impedance")
    data["bias_voltage"], data["source"] = ("spectrum", np.full(10, np.nan)), ("spectrum", ["made"] * 10)
    plain = analyse(data, ImpedanceOptions(bands=False))
    (told,) = summary.cautions(plain)
    assert "in 10 of 10 spectra |Z| changed during the sweep" in told
    assert 'moment="middle"' in told
    assert plain.kk_consistent.all()  # the limit of 3 % does not see it
    carried = analyse(data, ImpedanceOptions(bands=False, moment="middle"))
    assert "carried to the middle" in summary.cautions(carried)[0]
    assert 0.5 < summary.settings(carried)["largest_correction_percent"] < 5.0
    np.testing.assert_array_equal(carried.impedance_measured, data.impedance)
    assert (carried.kk_floor < plain.kk_floor).mean() > 0.8
