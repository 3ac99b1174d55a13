"""Series of profiles from TopSpin data sets: order, clock, scale, what is left out and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import topspin_sets as sets
from iondrift.errors import ConfigurationError, DataError, InputFileError, IondriftWarning
from iondrift.experiment import pipeline
from iondrift.experiment.file.schema import load
from iondrift.experiment.read import read_series
from iondrift.experiment.topspin_profiles import read_topspin_profiles
from iondrift.runs import simulated_cell
from iondrift.runs.topspin_profiles import echo_of, echo_points, turns_per_metre, write_profile

GRADIENT = 0.624
PLACES = np.linspace(-6e-4, 6e-4, 401)


def write(folder, number, *, minutes=None, height=1.0, scans=16, gain=101.0, processed=False):
    echo = height * echo_of(
        PLACES, np.ones((1, PLACES.size)), turns_per_metre("19F", GRADIENT, sets.WIDTH), echo_points(sets.WIDTH)
    )
    write_profile(
        folder / str(number), echo=echo[0], noise=1e-7, random=np.random.default_rng(number), gradient=GRADIENT,
        processed=processed, acquired=sets.acquired(
            pulse_program="diffprof", scans=scans, receiver_gain=gain,
            started=sets.later(9 * number if minutes is None else minutes),
        ),
    )  # fmt: skip
    return folder / str(number)


def read(folder, **options):
    return read_topspin_profiles(folder, gradient=GRADIENT, **options)


def plateau(series):
    inside = np.abs(series.profiles.position.values) < 4e-4
    return series.profiles.intensity.values[:, inside].mean(axis=1)


def test_profiles_are_in_order_of_time_and_on_one_scale(tmp_path):
    """Scans are divided out; the number of the expno does not decide."""
    for number, minutes, scans in ((5, 20, 64), (6, 0, 16), (12, 10, 8)):
        write(tmp_path, number, minutes=minutes, scans=scans)
    sets.rows(tmp_path / "30")  # no profile
    series = read(tmp_path)
    assert series.profiles.number.values.tolist() == [6, 12, 5]
    assert plateau(series) == pytest.approx(plateau(series)[0], rel=1e-3)
    assert [(start - sets.STARTED).total_seconds() for start in series.start] == [0.0, 600.0, 1200.0]
    assert (series.stop[0] - series.start[0]).total_seconds() == 444.0
    assert series.profiles.attrs["field_of_view"] == pytest.approx(4.0002e-3, rel=1e-5)


def test_receiver_gains_that_differ_are_divided_out_and_told(tmp_path):
    for number, gain in ((1, 101.0), (2, 57.0)):
        write(tmp_path, number, gain=gain)
    with pytest.warns(IondriftWarning, match="Receiver gains from 57 to 101"):
        assert plateau(read(tmp_path)) == pytest.approx(plateau(read(tmp_path, expnos=[1]))[0], rel=1e-3)


def test_what_was_never_acquired_is_left_out_and_told(tmp_path):
    write(tmp_path, 1)
    empty = write(tmp_path, 2)
    (empty / "audita.txt").unlink()
    (empty / "fid").unlink()
    sets.set_parameter(empty / "acqus", "DATE", "0")
    with pytest.warns(IondriftWarning, match="2 never acquired"):
        assert read(tmp_path).profiles.sizes["profile"] == 1


def test_overlaps_differences_and_rows_are_refused(tmp_path):
    write(tmp_path, 1, minutes=0)
    write(tmp_path, 2, minutes=3)
    with pytest.raises(DataError, match="before 1 ended at"):
        read(tmp_path)
    other = write(tmp_path, 2, minutes=30)
    sets.set_parameter(other / "acqus", "SW_h", "50000")
    with pytest.raises(DataError, match="SW_h is 50000, but 100000 in 1"):
        read(tmp_path)
    sets.rows(tmp_path / "3")
    with pytest.raises(InputFileError, match="holds rows, no single profile"):
        read(tmp_path, expnos=[1, 3])
    with pytest.raises(InputFileError, match="holds no acqus"):
        read(tmp_path, expnos=[1, 17])


def test_a_profile_without_its_start_needs_a_duration(tmp_path):
    folder = write(tmp_path, 1)
    (folder / "audita.txt").unlink()
    with pytest.raises(InputFileError, match="nothing says when its acquisition began"):
        read(tmp_path)
    series = read(tmp_path, duration=444.0)
    assert (series.stop[0] - series.start[0]).total_seconds() == 444.0


def test_stored_magnitudes_stand_in_where_raw_data_are_missing(tmp_path):
    raw = plateau(read(write(tmp_path / "raw", 1).parent))
    folder = write(tmp_path / "stored", 1, processed=True)
    (folder / "fid").unlink()
    assert plateau(read(tmp_path / "stored")) == pytest.approx(raw, rel=0.02)


SECTION = """
[cell]
name = "cell"
[profiles]
files = "nmr"
format = "topspin"
{profiles}
[profiles.topspin]
gradient_T_per_m = 0.624
{topspin}
[log]
file = "log.txt"
[electrolyte]
concentration_mol_per_L = 1.0
temperature_K = 313.15
[diffusivity]
kind = "constant"
diffusion_coefficient_m2_per_s = 1e-12
"""
CLOCK = 'log_started = "2024-03-01T13:00:00"\ntime_zone = "{zone}"'


def experiment(folder, *, profiles="reverse = false", topspin=""):
    path = folder / "experiment.toml"
    path.write_text(SECTION.format(profiles=profiles, topspin=topspin))
    return load(path)


@pytest.mark.parametrize(("zone", "start"), [("+01:00", 540.0), ("Europe/Berlin", 540.0), ("+00:00", -3060.0)])
def test_the_time_zone_of_the_potentiostat_places_the_log(tmp_path, zone, start):
    for number in (1, 2, 3):
        write(tmp_path / "nmr", number)
    series = read_series(experiment(tmp_path, topspin=CLOCK.format(zone=zone)))
    assert series.start.tolist() == [start, start + 540.0, start + 1080.0]
    assert series.stop - series.start == pytest.approx(444.0)
    assert series.format == "topspin"


def test_start_s_places_the_first_profile_instead(tmp_path):
    for number in (1, 2, 3):
        write(tmp_path / "nmr", number)
    told = experiment(tmp_path, profiles="reverse = true\nstart_s = 30.0", topspin='expnos = "2-3"')
    assert read_series(told).start.tolist() == [30.0, 570.0]


@pytest.mark.parametrize(
    ("profiles", "topspin", "said"),
    [
        ("", CLOCK.format(zone="+01:00"), "profiles.reverse is not given"),
        ("reverse = false", "", "nothing places the log on the spectrometer's clock"),
    ],
)
def test_orientation_and_clock_are_asked_for(tmp_path, profiles, topspin, said):
    write(tmp_path / "nmr", 1)
    with pytest.raises(ConfigurationError, match=said):
        read_series(experiment(tmp_path, profiles=profiles, topspin=topspin))


@pytest.mark.parametrize(
    ("topspin", "said"),
    [
        ('expnos = "5-2"', "numbers and ranges such as 10-55,60"),
        ('log_started = "2024-03-01T13:00:00"', "give both"),
        (CLOCK.format(zone="Mars/Olympus"), "no time zone known here"),
        ('time_zone = "+01:00"\nlog_started = "2024-03-01T13:00:00+01:00"', "a key of its own"),
    ],
)
def test_mistakes_in_the_section_are_told(tmp_path, topspin, said):
    with pytest.raises(ConfigurationError, match=said):
        experiment(tmp_path, topspin=topspin)


@pytest.mark.parametrize("cell", ["li-li", "li-nmc622"])
def test_a_simulated_cell_of_folders_is_read_the_right_way_round(tmp_path, cell):
    """Profiles, clock and orientation come back: salt is depleted where lithium is plated."""
    told = load(simulated_cell.write(cell, tmp_path / "cell", layout="bruker"))
    measured = pipeline.measure(told)
    assert not any("check profiles.reverse" in note for note in measured.notes)
    relative = measured.concentration.values / measured.concentration.values[0].mean()
    polarised = np.flatnonzero(measured.polarised)[-5:]
    assert relative[polarised, :4].mean() < 0.9 < 1.1 < relative[polarised, -4:].mean()
