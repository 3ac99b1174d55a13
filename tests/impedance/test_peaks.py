"""Peaks of distributions made of Gaussians in ln tau: found, measured, followed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr

from iondrift.errors import ConfigurationError, ShapeError
from iondrift.impedance.drt.peaks import find_peaks, presence
from iondrift.impedance.drt.tracks import shift_between, track_peaks

TAU = np.geomspace(1e-6, 1e1, 141)
WIDTH = 0.15  # standard deviation, decades


def bell(place: float, resistance: float) -> np.ndarray:
    decades = np.log10(TAU / place)
    return resistance / (WIDTH * np.log(10.0) * np.sqrt(2.0 * np.pi)) * np.exp(-0.5 * (decades / WIDTH) ** 2)


def distribution(rows) -> xr.Dataset:
    coords = {"tau": TAU, "time": ("spectrum", 60.0 * np.arange(len(rows)))}
    return xr.Dataset({"gamma": (("spectrum", "tau"), np.array(rows))}, coords=coords)


def test_peak_is_measured():
    peaks = find_peaks(TAU, bell(1.3e-4, 30.0) + bell(2e-2, 50.0))
    assert [p.tau for p in peaks] == pytest.approx([1.3e-4, 2e-2], rel=0.01)
    assert [p.resistance for p in peaks] == pytest.approx([30.0, 50.0], rel=0.01)
    assert [p.width for p in peaks] == pytest.approx([2.3548 * WIDTH] * 2, rel=0.02)
    assert peaks[0].height == pytest.approx(bell(1.3e-4, 30.0).max(), rel=0.01)


def test_basins_share_out_the_whole_resistance():
    """A minimum between two peaks is divided; the ends of the grid belong to the outer ones."""
    gamma = 3.0 + bell(2e-6, 20.0) + bell(1e-5, 30.0) + bell(1e-3, 10.0) + bell(5.0, 50.0)
    peaks = find_peaks(TAU, gamma)
    assert [p.tau for p in peaks] == pytest.approx([2e-6, 1e-5, 1e-3, 5.0], rel=0.1)
    assert (peaks[0].first, peaks[-1].last) == (0, TAU.size - 1)
    assert all(before.last == after.first for before, after in pairwise(peaks))
    assert sum(p.resistance for p in peaks) == pytest.approx(gamma.sum() * np.log(TAU[1] / TAU[0]), rel=1e-12)


def test_ripples_plateaus_and_ends():
    main = bell(1e-3, 50.0)
    assert len(find_peaks(TAU, main + bell(1e-1, 0.3))) == 1
    assert len(find_peaks(TAU, main + bell(1e-1, 0.3), threshold=1e-3)) == 2
    assert len(find_peaks(TAU, np.minimum(main, 0.8 * main.max()))) == 1
    assert find_peaks(TAU, np.zeros_like(TAU)) == []
    assert find_peaks(TAU, TAU) == []
    ripple = main * (1.0 + 0.004 * np.cos(np.arange(TAU.size) * 2.0))
    assert len(find_peaks(TAU, ripple)) == 1
    assert np.isnan(find_peaks(TAU, 1.0 + bell(1e-3, 0.5))[0].width)


def test_a_tail_of_diffusion_hides_no_peak():
    peak = bell(1e-3, 50.0)
    tail = 60.0 * peak.max() * (TAU / TAU[-1]) ** 2
    (found,) = find_peaks(TAU, peak + tail)
    assert found.tau == pytest.approx(1e-3, rel=0.02)
    assert find_peaks(TAU, 1e-3 * peak + tail) == []  # a ripple beside it is still none


def test_presence_counts_the_draws_that_have_the_peak_too():
    main, weak = bell(1e-3, 50.0), bell(3e-1, 5.0)
    tail = 60.0 * main.max() * (TAU / TAU[-1]) ** 4
    for background in (np.zeros_like(TAU), tail):
        estimate = main + weak + background
        peaks = find_peaks(TAU, estimate)
        assert len(peaks) == 2
        draws = np.array([main + background + (weak if k < 7 else 0.0) for k in range(10)])
        assert presence(draws, estimate, peaks, 0.02).tolist() == [1.0, 0.7]


@pytest.mark.parametrize("turned", [False, True])
def test_a_draw_that_only_rises_towards_an_end_of_the_basin_has_no_peak(turned):
    """Whichever end: what counts is the rise above the higher one."""
    estimate = bell(1e-3, 50.0)
    (peak,) = find_peaks(TAU, estimate)
    slope = np.linspace(0.0, estimate.max(), TAU.size)
    draws = np.array([slope[::-1] if turned else slope, estimate])
    assert presence(draws, estimate, [peak], 0.02).tolist() == [0.5]


def test_births_deaths_gaps_and_shifts():
    rows = []
    for s in range(8):
        row = bell(1e-3 * 10 ** (-0.1 * s), 20.0 + 5.0 * s)  # moves to shorter tau as it grows
        if s != 3:
            row = row + bell(1.0, 15.0)  # missing once
        if s >= 5:
            row = row + bell(1e-5, 10.0)  # born late
        rows.append(row)
    tracks = track_peaks(distribution(rows))
    assert tracks.sizes["peak"] == 3
    assert tracks.born.values.tolist() == [0, 0, 5]
    assert tracks.died.values.tolist() == [7, 7, 7]
    np.testing.assert_allclose(tracks.peak_shift[0], -0.1 * np.arange(8), atol=0.01)
    np.testing.assert_allclose(tracks.peak_resistance[0], 20.0 + 5.0 * np.arange(8), rtol=0.02)
    assert np.flatnonzero(np.isnan(tracks.peak_tau[1])).tolist() == [3]
    assert tracks.time.values.tolist() == [60.0 * s for s in range(8)]
    strict = track_peaks(distribution(rows), largest_gap=0)
    assert strict.sizes["peak"] == 4
    assert track_peaks(distribution(rows), shortest=4).sizes["peak"] == 2


def test_crossing_pairs_minimise_the_distance():
    rows = [bell(1e-4, 20.0) + bell(1e-3, 20.0), bell(1.5e-4, 20.0) + bell(1.5e-3, 20.0)]
    tracks = track_peaks(distribution(rows))
    np.testing.assert_allclose(tracks.peak_shift[:, 1], np.log10(1.5), atol=0.02)
    far = track_peaks(distribution([bell(1e-4, 20.0), bell(1e-2, 20.0)]))
    assert far.sizes["peak"] == 2
    assert track_peaks(distribution([np.zeros_like(TAU)])).sizes["peak"] == 0


def test_shift_between_two_times():
    rows = [bell(1e-3 * 10 ** (-0.1 * s), 20.0) + (bell(1.0, 15.0) if s != 3 else 0.0) for s in range(8)]
    tracks = track_peaks(distribution(rows))
    shift = shift_between(tracks, 150.0, 360.0)  # spectra 3 to 6
    expected = np.full(8, np.nan)
    expected[3:7] = [0.0, -0.1, -0.2, -0.3]
    np.testing.assert_allclose(shift[0], expected, atol=0.01)
    assert np.flatnonzero(np.isfinite(shift[1])).tolist() == [4, 5, 6]  # from its own first one
    assert np.isnan(shift_between(tracks, 1e3, 2e3)).all()
    nothing = track_peaks(distribution([np.zeros_like(TAU)]))
    assert shift_between(nothing, 0.0, 1.0).shape == (0, 1)


def test_bad_input():
    with pytest.raises(ShapeError, match="dataset of drt"):
        track_peaks(xr.Dataset())
    with pytest.raises(ShapeError, match="dims"):
        track_peaks(distribution([TAU]).isel(spectrum=0))
    with pytest.raises(ConfigurationError, match="largest_jump"):
        track_peaks(distribution([TAU]), largest_jump=0.0)
