"""Profiles against their band-limited truth, through TopSpin folders."""

from __future__ import annotations

import numpy as np
import pytest

import topspin_sets as sets
from iondrift.errors import DataError, IondriftWarning
from iondrift.nmr.nuclei import frequency_per_field
from iondrift.nmr.profile import ProfileProcessing, corrected_magnitude, profiles_of
from iondrift.readers.bruker.data_set import open_data_set
from iondrift.readers.bruker.raw import read_fids
from iondrift.runs.topspin_profiles import ECHO_CENTRE, echo_of, echo_points, turns_per_metre, write_profile

GRADIENT = 0.624
TURNS = turns_per_metre("19F", GRADIENT, sets.WIDTH)
PER_METRE = frequency_per_field("19F") * GRADIENT
BOXES = ((-0.60e-3, 0.55e-3, 1.0), (0.10e-3, 0.30e-3, 0.25))


def echo(points):
    """Return the echo of the boxes, in closed form."""
    total = np.zeros(points.shape, complex)
    for low, high, height in BOXES:
        centre, width = (low + high) / 2, high - low
        total += height * width * np.sinc(TURNS * points * width) * np.exp(2j * np.pi * TURNS * centre * points)
    return total


def written(folder, *, delay=67.9868469238281, noise=0.0, seed=0, phase=0.0, **changes):
    write_profile(
        folder, acquired=sets.acquired(pulse_program="diffprof", group_delay=delay, **changes),
        echo=echo(echo_points(sets.WIDTH)) * np.exp(1j * phase), noise=noise, random=np.random.default_rng(seed),
        gradient=GRADIENT,
    )  # fmt: skip
    data_set = open_data_set(folder)
    return read_fids(data_set) * data_set.scale


def made(fids, delay=67.9868469238281, **how):
    return profiles_of(
        fids, spectral_width=sets.WIDTH, group_delay=delay, frequency_per_metre=PER_METRE,
        processing=ProfileProcessing(**how),
    )  # fmt: skip


def truth(position, count):
    points = np.arange(count) - float(ECHO_CENTRE)
    return (echo(points) * np.exp(-2j * np.pi * TURNS * np.multiply.outer(position, points))).sum(axis=1)


def edges(position, profile):
    half = profile[(position > -0.4e-3) & (position < 0.0)].mean() / 2
    crossing = np.flatnonzero(np.diff(np.sign(profile - half)))[[0, -1]]
    step = (half - profile[crossing]) / (profile[crossing + 1] - profile[crossing])
    return position[crossing] + step * (position[crossing + 1] - position[crossing])


@pytest.mark.parametrize(("delay", "phase"), [(67.9868469238281, 0.0), (76.0, 2.0), (70.02, -1.0)])
def test_a_profile_is_its_band_limited_truth(tmp_path, delay, phase):
    """To 0.3 % of the plateau; edges to 0.1 um; without the digital filter knowing."""
    fids = written(tmp_path / "1", delay=delay, phase=phase, scans=32, receiver_gain=57.0)
    found = made(fids, delay)
    expected = truth(found.position, fids.shape[1] - round(delay)).real
    assert np.abs(found.intensity[0] - expected).max() < 3e-3 * expected.max()
    assert np.abs(edges(found.position, found.intensity[0]) - edges(found.position, expected)).max() < 1e-7
    assert found.echo_centre == pytest.approx(ECHO_CENTRE + delay - round(delay), abs=1e-3)


def test_the_position_axis():
    """No shift by half a point, a step of SW / (gamma G / 2 pi) / points."""
    n = np.arange(-84, 64)
    place = 0.4e-3
    blob = (np.exp(2j * np.pi * TURNS * place * n - (n / 30.0) ** 2))[None, :]
    found = made(blob, 0.0, zero_filling=16)
    assert found.position[np.argmax(found.intensity[0])] == pytest.approx(place, abs=found.field_of_view / 148 / 32)
    assert found.field_of_view == pytest.approx(1e5 / (40.0618e6 * 0.624), rel=1e-6)
    assert np.diff(found.position) == pytest.approx(-found.field_of_view / (16 * 148), rel=1e-9)
    assert found.position[16 * 148 // 2] == pytest.approx(0.0, abs=1e-12)
    shifted = made(blob, 0.0, zero_filling=16, site_offset=place * PER_METRE)
    assert shifted.position[np.argmax(shifted.intensity[0])] == pytest.approx(0.0, abs=found.field_of_view / 148 / 32)


def test_real_profiles_have_no_bias_and_magnitudes_little(tmp_path):
    """At a signal-to-noise ratio of 10; raw magnitudes would lie 5 % of the noise high."""
    clean = made(written(tmp_path / "1")).intensity[0]
    inside = clean > 0.8 * clean.max()
    spread = 0.1 / TURNS / np.sqrt(148)
    noisy = np.concatenate([written(tmp_path / "1", noise=spread * 4.0, seed=k) for k in range(40)])
    real, magnitude = made(noisy), made(noisy, magnitude=True)
    sigma = float(np.median(real.noise))
    assert sigma == pytest.approx(0.1 / TURNS, rel=0.2)
    outside = np.abs(real.position) > 1.2e-3
    assert abs((real.intensity - clean)[:, inside].mean()) < 0.08 * sigma
    assert abs(real.intensity[:, outside].mean() - clean[outside].mean()) < 0.05 * sigma
    assert (
        abs((magnitude.intensity - made(written(tmp_path / "1"), magnitude=True).intensity)[:, inside].mean())
        < 0.1 * sigma
    )


def test_corrected_magnitudes():
    random = np.random.default_rng(1)
    white = random.standard_normal((2, 400, 200))
    signal = np.where(np.arange(200) < 120, 0.0, 3.0) * (np.arange(200) < 160)
    magnitude, noise = corrected_magnitude(np.abs(signal + white[0] + 1j * white[1]))
    assert np.median(noise) == pytest.approx(1.0, rel=0.02)
    assert magnitude[:, 120:160].mean() == pytest.approx(3.0, abs=0.03)


def test_an_echo_near_an_end_and_one_that_is_none_are_told():
    n = np.arange(148)
    positions = np.linspace(-5e-4, 5e-4, 201)
    early = echo_of(positions, np.ones((1, 201)), TURNS, n - 20.0)
    with pytest.warns(IondriftWarning, match=r"point 2\d\.\d of 148, 1\d% from an end"):
        made(early, 0.0)
    noise = np.random.default_rng(0).standard_normal((2, 1, 148))
    with pytest.warns(IondriftWarning, match="imaginary part"):
        made(noise[0] + 1j * noise[1], 0.0)
    with pytest.raises(DataError, match="no echo is left"):
        made(early[:, :60], 67.9)
