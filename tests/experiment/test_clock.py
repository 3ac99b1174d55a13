"""Windows, averages, the protocol read off the log, and the onset of mass-transport limitation."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import curve_fit

from iondrift.errors import ConfigurationError, DataError, ShapeError
from iondrift.experiment.log.clock import (
    Segment,
    average_over_windows,
    locate_onset,
    log_cadence,
    profile_windows,
    segment_protocol,
    windows_within,
)
from iondrift.readers.log import read_log

Floats = npt.NDArray[np.float64]


def log_of(voltage: Any, current: Any = None, *, time: Any = None, begin: float = 9205.0) -> xr.Dataset:
    time = np.arange(len(voltage)) * 20.0 if time is None else np.asarray(time)
    data = {"voltage": ("time", np.asarray(voltage, dtype=float))}
    if current is not None:
        data["current_density"] = ("time", np.asarray(current, dtype=float))
    return xr.Dataset(data, {"time": begin + time})


@pytest.fixture(scope="module")
def real(measurements: Path) -> xr.Dataset:
    return read_log(measurements / "thienenkamp-li-li" / "polarisation.txt")


def test_windows_follow_one_another() -> None:
    start, stop = profile_windows(3, interval=513.0, duration=444.0, start=10.0)
    assert start.tolist() == [10.0, 523.0, 1036.0]
    assert (stop - start).tolist() == [444.0] * 3
    assert profile_windows(2, interval=513, duration=444, anchor="end", start=444)[0].tolist() == [0.0, 513.0]


def test_a_missing_number_closes_or_keeps_its_place() -> None:
    options: dict[str, Any] = {"interval": 513.0, "duration": 444.0, "numbers": [5, 7, 8]}
    assert profile_windows(3, **options)[0].tolist() == [0.0, 513.0, 1026.0]
    assert profile_windows(3, gaps="keep", **options)[0].tolist() == [0.0, 1026.0, 1539.0]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"count": 0}, ConfigurationError, "count: 0 is no number of profiles"),
        ({"count": 2.5}, ConfigurationError, "count: 2.5"),
        ({"interval": 0.0}, DataError, "interval: value 0 .*positive"),
        ({"duration": 600.0}, ConfigurationError, "duration: 600 s exceeds the interval of 513 s"),
        ({"start": np.nan}, DataError, "start: value nan"),
        ({"anchor": "middle"}, ConfigurationError, "anchor: 'middle'"),
        ({"gaps": "maybe"}, ConfigurationError, "gaps: 'maybe'"),
        ({"gaps": "keep"}, ConfigurationError, "'keep' needs the numbers"),
        ({"gaps": "keep", "numbers": [1, 2]}, ShapeError, "numbers: 2 given for 3 profiles"),
        ({"gaps": "keep", "numbers": [1, 3, 3]}, DataError, "numbers of the profiles must increase"),
    ],
)
def test_wrong_windows_are_named(change: dict[str, Any], error: type[Exception], message: str) -> None:
    options: dict[str, Any] = {"count": 3, "interval": 513.0, "duration": 444.0, **change}
    with pytest.raises(error, match=message):
        profile_windows(options.pop("count"), **options)


@given(st.lists(st.floats(0.5, 40.0), min_size=3, max_size=60), st.integers(1, 4), st.floats(0.3, 1.0))
def test_means_agree_with_a_plain_loop(steps: list[float], count: int, share: float) -> None:
    time = np.concatenate([[0.0], np.cumsum(steps)])
    voltage = np.cos(time)
    interval = (time[-1] + 1.0) / count
    start, stop = profile_windows(count, interval=interval, duration=share * interval)
    log = log_of(voltage, -voltage, time=time, begin=0.0)
    inside = [(time >= a) & (time < b) for a, b in zip(start, stop, strict=True)]
    if not all(mask.any() for mask in inside):
        k = next(k for k, mask in enumerate(inside) if not mask.any())
        with pytest.raises(DataError, match=rf"profile {k + 1}: its window, .* holds no sample"):
            average_over_windows(log, start, stop)
        return
    result = average_over_windows(log, start, stop)
    np.testing.assert_allclose(result.voltage.values, [voltage[mask].mean() for mask in inside], rtol=1e-12)
    np.testing.assert_allclose(result.current_density.values, -result.voltage.values, rtol=1e-12)
    assert result.samples.values.tolist() == [int(mask.sum()) for mask in inside]
    np.testing.assert_allclose(result.time.values, start + 0.5 * (stop - start))


def test_a_window_beyond_the_log_is_named_with_what_to_do() -> None:
    start, stop = profile_windows(4, interval=200.0, duration=150.0)
    with pytest.raises(DataError, match=r"profile 3: its window, 400.0 to 550.0 s, .* spans 0 to 380.0 s \(2 profile"):
        average_over_windows(log_of(np.ones(20)), start, stop)
    with pytest.raises(ShapeError, match="stop of the windows: expected shape"):
        average_over_windows(log_of(np.ones(20)), start, stop[:2])


def test_a_log_without_current_averages_without() -> None:
    result = average_over_windows(log_of(np.arange(20.0)), [0.0], [100.0])
    assert set(result.data_vars) == {"voltage", "samples"}
    assert result.voltage.values.tolist() == [2.0]


def test_a_log_that_is_none_is_named() -> None:
    with pytest.raises(ShapeError, match="expected a Dataset with voltage"):
        average_over_windows(xr.Dataset(), [0.0], [1.0])
    with pytest.raises(ShapeError, match="holds no sample"):
        segment_protocol(log_of([], []))
    with pytest.raises(DataError, match="log: voltage: value nan at index 1"):
        segment_protocol(log_of([0.0, np.nan], [0.0, 0.0]))
    with pytest.raises(DataError, match="log: time must increase"):
        segment_protocol(log_of([0.0, 1.0], [0.0, 0.0], time=[1.0, 1.0]))


def protocol(seed: int = 3, *, current_noise: float = 0.0, voltage_noise: float = 0.0) -> xr.Dataset:
    """Return 60 samples each of open circuit, constant current, constant voltage, open circuit."""
    rng = np.random.default_rng(seed)
    s = np.linspace(0.0, 1.0, 60)
    current = np.r_[0.0 * s, -1.0 - 0.0 * s, -0.8 * np.exp(-2.0 * s), 0.0 * s]
    voltage = np.r_[0.02 - 0.001 * s, 0.2 + 1.3 * s**3, 1.5 + 0.0 * s, 0.3 * np.exp(-2.0 * s)]
    return log_of(
        voltage + voltage_noise * rng.standard_normal(240), current + current_noise * rng.standard_normal(240)
    )


EXPECTED = ["open_circuit", "constant_current", "constant_voltage", "open_circuit"]


@pytest.mark.parametrize("current_noise", [0.0, 1e-3, 1e-2])
@pytest.mark.parametrize("voltage_noise", [0.0, 1e-3, 1e-2])
@pytest.mark.parametrize("seed", range(3))
def test_the_protocol_is_found_in_noise(seed: int, current_noise: float, voltage_noise: float) -> None:
    found = segment_protocol(protocol(seed, current_noise=current_noise, voltage_noise=voltage_noise))
    assert [segment.kind for segment in found] == EXPECTED
    np.testing.assert_allclose([segment.start for segment in found], [0.0, 1200.0, 2400.0, 3600.0], atol=60.0)
    assert found[-1].stop == 4780.0
    assert all(a.stop == b.start for a, b in pairwise(found))
    assert found[1].level == pytest.approx(-1.0, abs=0.01)
    assert found[2].level == pytest.approx(1.5, abs=0.01)
    assert found[0].level == pytest.approx(0.02, abs=0.01)  # open circuit: a voltage


def test_outliers_and_a_transient_do_not_split_segments() -> None:
    log = protocol()
    log.current_density[[20, 90, 91, 150]] = [5.0, 7.0, -3.0, 2.0]
    log.voltage[[30, 140, 141]] = 9.0
    found = segment_protocol(log)
    assert [(s.kind, s.start) for s in found] == list(zip(EXPECTED, [0.0, 1200.0, 2400.0, 3600.0], strict=True))
    transient = xr.concat([log_of(np.linspace(3.0, 0.1, 9), np.linspace(9.0, 1.0, 9)).assign_coords(
        time=lambda d: d.time - 200.0), protocol()], "time")  # fmt: skip
    assert [segment.kind for segment in segment_protocol(transient)] == EXPECTED


def test_two_levels_of_one_kind_stay_apart() -> None:
    log = log_of(np.r_[np.linspace(0, 1, 40), np.linspace(0, 2, 40)], np.r_[-np.ones(40), -2.0 * np.ones(40)])
    assert [(s.kind, s.level) for s in segment_protocol(log)] == [
        ("constant_current", -1.0),
        ("constant_current", -2.0),
    ]


@pytest.mark.parametrize(
    ("current", "options", "kind"),
    [
        (9e-4, {}, "open_circuit"),
        (1.1e-3, {}, "constant_current"),
        (1.1e-3, {"open_circuit_current": 2.2e-3}, "open_circuit"),
        (9e-4, {"open_circuit_current": 1e-3}, "constant_current"),
    ],
)
def test_a_thousandth_of_the_greatest_current_is_none(current: float, options: dict[str, float], kind: str) -> None:
    """The greatest is 2 A m-2; what was asked for is in A m-2 itself."""
    rising = np.r_[np.linspace(0.0, 1.0, 40), np.linspace(0.5, 2.0, 40)]
    log = log_of(rising, np.r_[np.full(40, -2.0 * current), np.full(40, -2.0)])
    found = segment_protocol(log, **options)
    assert [segment.kind for segment in found] == [kind, "constant_current"]
    assert found[1].start == 800.0


@pytest.mark.parametrize(("level", "kind"), [(10.9e-3, "open_circuit"), (13.5e-3, "constant_current")])
def test_a_current_within_five_standard_deviations_of_its_noise_is_none(level: float, kind: str) -> None:
    """Of alternating sign and 1 mA m-2 large, it is as 2.42 mA m-2 of white noise: five are 12.1 mA m-2."""
    rising = np.r_[np.linspace(0.0, 1.0, 40), np.linspace(0.5, 2.0, 40)]
    current = np.r_[np.full(40, -level), np.full(40, -1.0)] + 1e-3 * (-1.0) ** np.arange(80)
    assert [segment.kind for segment in segment_protocol(log_of(rising, current))] == [kind, "constant_current"]


def test_three_bad_samples_among_the_first_seven_of_a_segment_do_no_harm() -> None:
    log = protocol()
    log.current_density[[61, 63, 65]] = 5.0
    found = segment_protocol(log)
    assert [(s.kind, s.start) for s in found] == list(zip(EXPECTED, [0.0, 1200.0, 2400.0, 3600.0], strict=True))


@pytest.mark.parametrize(("noise", "kinds"), [(0.0, 2), (0.02, 1)])
def test_the_noise_of_a_current_widens_what_counts_as_one_level(noise: float, kinds: int) -> None:
    """A step of 6 % of the greatest current is a new level, unless five standard deviations of noise are more."""
    rng = np.random.default_rng(0)
    current = np.r_[np.full(80, -1.0), np.full(80, -0.94)] + noise * rng.standard_normal(160)
    found = segment_protocol(log_of(np.linspace(0.0, 3.0, 160), current))
    assert [segment.kind for segment in found] == ["constant_current"] * kinds


def test_a_log_at_rest_is_open_circuit() -> None:
    assert segment_protocol(log_of(np.ones(30), np.zeros(30))) == [
        Segment(kind="open_circuit", start=0.0, stop=580.0, level=1.0)
    ]


def test_what_is_no_protocol_is_said() -> None:
    sweep = np.linspace(0.0, 3.0, 200)
    with pytest.raises(
        DataError, match=r"at \d+ s after its start neither current nor voltage stays at a level; widen"
    ):
        segment_protocol(log_of(sweep, -sweep))
    with pytest.raises(DataError, match="without current density open circuit and constant voltage look alike"):
        segment_protocol(log_of(sweep))


def test_windows_within_a_segment() -> None:
    found = segment_protocol(protocol())
    start, stop = profile_windows(8, interval=600.0, duration=550.0)
    assert np.flatnonzero(windows_within(start, stop, found, "open_circuit")).tolist() == [0, 1, 6, 7]
    assert np.flatnonzero(windows_within(start, stop, found, "open_circuit", before=1.0)).tolist() == [0, 1]
    assert np.flatnonzero(windows_within(start, stop, found, "constant_voltage")).tolist() == [4, 5]


def test_cadence_of_a_log_with_pauses() -> None:
    time = (np.arange(6)[:, None] * 533.0 + np.arange(23) * 20.0).ravel()
    cadence = log_cadence(log_of(np.ones(time.size), time=time))
    assert cadence is not None
    assert (cadence.sampling, cadence.period) == (20.0, 533.0)
    assert cadence.starts == tuple(np.arange(6) * 533.0)
    assert cadence.stops == tuple(np.arange(6) * 533.0 + 440.0)
    assert log_cadence(log_of(np.ones(50))) is None
    assert log_cadence(log_of(np.ones(3))) is None


def diverging(tau: float, exponent: float, until: float, noise: float, seed: int) -> xr.Dataset:
    t = np.arange(0.0, until, 20.0)
    white = np.random.default_rng(seed).standard_normal(t.size + 9)
    wander = noise * np.convolve(white, np.ones(10), "valid") / np.sqrt(10.0)
    return log_of(0.1 + 0.1 * (1.0 - t / tau) ** -exponent + wander)


def at_constant_current(log: xr.Dataset, level: float = -1.0) -> list[Segment]:
    return [Segment(kind="constant_current", start=0.0, stop=float(log.time[-1] - log.time[0]), level=level)]


@pytest.mark.parametrize(("exponent", "until"), [(0.5, 4950.0), (1.0, 4800.0), (2.0, 4500.0)])
@pytest.mark.parametrize("seed", range(4))
def test_the_onset_is_found_before_it_is_reached(exponent: float, until: float, seed: int) -> None:
    log = diverging(5000.0, exponent, until, 5e-3, seed)
    onset = locate_onset(log, at_constant_current(log))
    assert onset is not None
    assert abs(onset.time - 5000.0) < max(3.0 * onset.uncertainty, 30.0)
    assert onset.uncertainty < 500.0
    assert onset.exponent == pytest.approx(exponent, rel=0.25)
    assert onset.residual == pytest.approx(5e-3, rel=0.5)
    turned = log.assign(voltage=-log.voltage)
    assert locate_onset(turned, at_constant_current(turned, level=1.0)) == onset


def test_the_uncertainty_of_the_onset_is_how_far_it_moves_when_either_end_is_left_out() -> None:
    """Root mean square over the first 0, 20 or 40 % and the last 0, 3 or 6 %, less the fit to everything."""
    log = diverging(5000.0, 1.0, 4800.0, 1e-3, 0)
    t, V = log.time.values - float(log.time[0]), log.voltage.values
    assert t.size == 240

    def law(t: Floats, offset: float, height: float, tau: float, exponent: float) -> Floats:
        return offset + height * (1.0 - t / tau) ** -exponent

    def tau(first: float, last: float) -> float:
        cut = slice(int(first * t.size), int(last * t.size))
        return float(curve_fit(law, t[cut], V[cut], p0=(0.1, 0.1, 5000.0, 1.0))[0][2])

    onset = locate_onset(log, at_constant_current(log))
    assert onset is not None
    assert onset.time == pytest.approx(tau(0.0, 1.0), rel=1e-4)
    moved = [tau(first, last) - onset.time for first in (0.0, 0.2, 0.4) for last in (1.0, 0.97, 0.94)][1:]
    assert onset.uncertainty == pytest.approx(np.sqrt(np.mean(np.square(moved))), rel=0.01)


def test_time_counts_from_the_log_and_the_fit_from_the_segment() -> None:
    log = diverging(5000.0, 1.0, 4800.0, 1e-3, 0)
    rest = log_of(np.zeros(50)).assign_coords(time=lambda d: d.time - 1000.0)
    onset = locate_onset(log, at_constant_current(log))
    both = xr.concat([rest, log], "time")
    segment = Segment(kind="constant_current", start=1000.0, stop=1000.0 + 4780.0, level=-1.0)
    later = locate_onset(both, [segment])
    assert onset is not None
    assert later is not None
    assert later.time == pytest.approx(onset.time + 1000.0, rel=1e-9)


def test_a_jump_that_settles_is_found_at_its_steepest() -> None:
    t = np.arange(0.0, 6000.0, 20.0)
    noise = 2e-3 * np.random.default_rng(5).standard_normal(t.size)
    log = log_of(0.2 + 1.0 / (1.0 + np.exp(-(t - 3000.0) / 60.0)) + noise)
    onset = locate_onset(log, at_constant_current(log))
    assert onset is not None
    assert onset.exponent is None
    assert abs(onset.time - 3000.0) < onset.uncertainty < 200.0


@pytest.mark.parametrize(("heights", "found"), [(19.0, False), (29.0, True)])
def test_a_jump_counts_from_ten_standard_deviations_of_the_noise(heights: float, found: bool) -> None:
    """Noise of alternating sign and size 1 mV has second differences of 4 mV: as 2.42 mV of white noise."""
    t = np.arange(0.0, 6000.0, 20.0)
    alternating = 1e-3 * (-1.0) ** np.arange(t.size)
    log = log_of(0.2 + 1e-3 * heights / (1.0 + np.exp(-(t - 3000.0) / 30.0)) + alternating)
    onset = locate_onset(log, at_constant_current(log))
    assert (onset is not None) == found
    if onset is not None:
        assert onset.time == pytest.approx(3000.0, abs=20.0)


def test_a_jump_that_is_small_beside_all_that_happens_is_no_onset() -> None:
    """A fifth of the whole range at least."""
    t = np.arange(0.0, 6000.0, 20.0)
    jump = 1.0 / (1.0 + np.exp(-(t - 3000.0) / 30.0))
    for drift, found in ((3.0, True), (-6.0, False)):
        log = log_of(jump + drift * t / 6000.0)
        assert (locate_onset(log, at_constant_current(log)) is not None) == found


@pytest.mark.parametrize(
    "shape",
    [
        lambda t: 0.0 * t,
        lambda t: 0.01 * np.sqrt(t),
        lambda t: 1e-4 * t,
        lambda t: np.exp(-t / 500.0),
        lambda t: 0.1 * np.exp(t / 2000.0),
        lambda t: 0.2 * (t / 5000.0) ** 2,
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_no_onset_where_there_is_none(shape: Any, seed: int) -> None:
    t = np.arange(0.0, 5000.0, 20.0)
    log = log_of(shape(t) + 5e-3 * np.random.default_rng(seed).standard_normal(t.size))
    assert locate_onset(log, at_constant_current(log)) is None


def drifting(random: np.random.Generator, u: Floats) -> Floats:
    """Return what an EMF may do meanwhile: a slope, relaxation by diffusion, a bend, the current switched on."""
    switched_on = 0.5 * random.normal() * np.exp(-u / random.uniform(0.02, 0.3))
    return np.asarray(
        random.normal() * u + 0.5 * random.normal() * np.sqrt(u) + 0.4 * random.normal() * u**2 + switched_on
    )


@pytest.mark.parametrize("drift", [-3.0, -1.0, 1.0, 3.0])
@pytest.mark.parametrize("exponent", [0.7, 1.0, 1.5])
@pytest.mark.parametrize("seed", range(3))
def test_the_onset_is_found_on_a_slope(drift: float, exponent: float, seed: int) -> None:
    """The EMF of a full cell drifts by up to three times the rise itself."""
    log = diverging(5000.0, exponent, 4750.0, 3e-3, seed)
    t = log.time.values - float(log.time[0])
    log = log.assign(voltage=log.voltage + drift * float(np.ptp(log.voltage.values)) * t / t[-1])
    onset = locate_onset(log, at_constant_current(log))
    assert onset is not None
    assert abs(onset.time - 5000.0) < 2.0 * onset.uncertainty
    assert onset.uncertainty < 600.0


def test_no_onset_where_the_emf_drifts_alone() -> None:
    random = np.random.default_rng(11)
    found = 0
    for _ in range(100):
        t = 20.0 * np.arange(int(random.integers(60, 400)))
        voltage = random.uniform(0.05, 1.0) * drifting(random, t / t[-1])
        log = log_of(voltage + 10 ** random.uniform(-4, -2) * random.standard_normal(t.size))
        found += locate_onset(log, at_constant_current(log)) is not None
    assert found <= 2


def test_no_onset_without_constant_current_or_samples() -> None:
    log = diverging(5000.0, 1.0, 4800.0, 1e-3, 0)
    assert locate_onset(log, [Segment(kind="constant_voltage", start=0.0, stop=4780.0, level=1.5)]) is None
    short = log.isel(time=slice(0, 10))
    assert locate_onset(short, at_constant_current(short)) is None


def test_protocol_of_the_real_log(real: xr.Dataset) -> None:
    first, second = segment_protocol(real)
    assert (first.kind, second.kind) == ("constant_current", "constant_voltage")
    assert first.level == pytest.approx(-0.998, abs=1e-3)
    assert second.level == pytest.approx(1.5, abs=1e-3)
    assert first.stop / 60.0 == pytest.approx(83.0, abs=0.1)
    start, stop = profile_windows(46, interval=513.0, duration=444.0)
    at_voltage = windows_within(start, stop, [first, second], "constant_voltage")
    assert np.flatnonzero(at_voltage).tolist() == list(range(10, 46))
    means = average_over_windows(real, start, stop)
    assert means.voltage.values[10:] == pytest.approx(1.5, abs=1e-3)
    assert means.current_density.values[:9] == pytest.approx(-0.9984, abs=1e-3)


def test_cadence_of_the_real_log(real: xr.Dataset) -> None:
    cadence = log_cadence(real)
    assert cadence is not None
    assert cadence.sampling == pytest.approx(20.196, abs=0.01)
    assert cadence.period == pytest.approx(533.2, abs=0.1)  # not the 513 s from profile to profile
    assert len(cadence.starts) == 44


def test_onset_in_the_real_log(real: xr.Dataset) -> None:
    onset = locate_onset(real, segment_protocol(real))
    assert onset is not None
    assert onset.time / 60.0 == pytest.approx(91.0, abs=0.5)  # "about 90 min"
    assert 1.0 < onset.uncertainty / 60.0 < 6.0
    assert onset.residual is not None
    assert onset.residual < 6e-3
