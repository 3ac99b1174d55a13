"""One clock for profiles and log: windows, averages over them, and the protocol that the log itself shows.

All times are seconds since the first sample of the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from iondrift import cast, variables
from iondrift.errors import ConfigurationError, DataError, ShapeError
from iondrift.experiment.log.onset import Onset, locate_onset
from iondrift.experiment.log.protocol import Kind, Segment, elapsed, segment_protocol

if TYPE_CHECKING:
    import numpy.typing as npt
    import xarray as xr

    from iondrift.cast import FloatArray

__all__ = [
    "Cadence",
    "Kind",
    "Onset",
    "Segment",
    "average_over_windows",
    "locate_onset",
    "log_cadence",
    "profile_windows",
    "segment_protocol",
    "windows_within",
]

_MOST_PROFILES = 10**7


@dataclass(frozen=True, kw_only=True)
class Cadence:
    """The rhythm of a log that pauses for every impedance spectrum.

    Attributes
    ----------
    sampling
        From one sample to the next, s (median).
    period
        From the start of one run of samples to the next, s (median).
    starts, stops
        First and last sample of every run between two pauses, s since the first sample.
    """

    sampling: float
    period: float
    starts: tuple[float, ...]
    stops: tuple[float, ...]


def profile_windows(
    count: int,
    *,
    interval: float,
    duration: float,
    start: float = 0.0,
    anchor: Literal["start", "end"] = "start",
    numbers: Sequence[int] | npt.NDArray[np.int64] | None = None,
    gaps: Literal["close", "keep"] = "close",
) -> tuple[FloatArray, FloatArray]:
    """Return when the acquisition of every profile starts and stops.

    ``start_k = start + n_k interval``, ``stop_k = start_k + duration``, with n_k = k where gaps in the
    numbering close, or the number of the file less that of the first where they keep their place.

    Parameters
    ----------
    count
        How many profiles.
    interval
        From one profile to the next, s.
    duration
        Of one acquisition, s, at most ``interval``; what remains is for the impedance spectrum.
    start
        s since the first sample of the log; negative where profiles began before the log.
    anchor
        Whether ``start`` is when the first acquisition begins or when it ends (a time stamp written at its
        end).
    numbers
        (count,), the numbers in the file names, increasing.
    gaps
        What a missing number means: nothing, profiles follow one another ("close", as the paper did), or a
        profile that was acquired and is not there ("keep").

    Returns
    -------
    start, stop
        (count,), s since the first sample of the log.

    Raises
    ------
    ConfigurationError
        A length of time is not positive, the duration exceeds the interval, or gaps shall keep their place
        and no numbers are given.
    DataError
        The numbers do not increase.

    Examples
    --------
    >>> profile_windows(3, interval=513.0, duration=444.0, numbers=[5, 7, 8], gaps="keep")[0].tolist()
    [0.0, 1026.0, 1539.0]
    """
    number = isinstance(count, int | float | np.number) and not isinstance(count, bool)
    if not (number and 1 <= count <= _MOST_PROFILES and int(count) == count):
        raise ConfigurationError(f"count: {count!r} is no number of profiles; give a whole number from 1 on")
    every = cast.scalar(interval, "interval", positive=True)
    length = cast.scalar(duration, "duration", positive=True)
    if length > every:
        raise ConfigurationError(f"duration: {length:g} s exceeds the interval of {every:g} s; correct one of them")
    if anchor not in ("start", "end"):
        raise ConfigurationError(f"anchor: {anchor!r} is neither 'start' nor 'end'")
    if gaps == "keep":
        if numbers is None:
            raise ConfigurationError("gaps: 'keep' needs the numbers of the profiles; give them or close the gaps")
        places = cast.increasing(numbers, "numbers of the profiles")
        if len(places) != count:
            raise ShapeError(f"numbers: {len(places)} given for {count} profiles; give one for each")
        places = places - places[0]
    elif gaps == "close":
        places = np.arange(count, dtype=np.float64)
    else:
        raise ConfigurationError(f"gaps: {gaps!r} is neither 'close' nor 'keep'")
    first = cast.scalar(start, "start") - (length if anchor == "end" else 0.0)
    starts = first + places * every
    return starts, starts + length


def average_over_windows(log: xr.Dataset, start: Any, stop: Any) -> xr.Dataset:
    """Return the mean of the log's samples within every window, ``start <= t < stop``.

    Parameters
    ----------
    log
        ``voltage`` (time) in V and, where logged, ``current_density`` (time) in A m-2, as :func:`read_log
        <iondrift.readers.log.read_log>` returns them.
    start, stop
        (window,), s since the first sample of the log.

    Returns
    -------
    xarray.Dataset
        ``voltage`` (time), ``current_density`` (time), means; ``samples`` (time), how many were averaged;
        ``time``, middle of the window, s since the first sample of the log.

    Raises
    ------
    DataError
        A window holds no sample; the message names the profile, counted from 1, and the span of the log.
    ShapeError
        ``start`` and ``stop`` differ in length.

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> log = xr.Dataset({"voltage": ("time", [0.1, 0.2, 0.3, 0.4])}, {"time": [0.0, 10.0, 20.0, 30.0]})
    >>> found = average_over_windows(log, start=[0.0, 20.0], stop=[15.0, 35.0])
    >>> found.voltage.values.round(2).tolist(), found.samples.values.tolist()
    ([0.15, 0.35], [2, 2])
    """
    time = elapsed(log)
    begin = cast.increasing(start, "start of the windows")
    end = cast.array(stop, "stop of the windows", shape=(len(begin),))
    low, high = np.searchsorted(time, begin), np.searchsorted(time, end)
    samples = high - low
    empty = np.flatnonzero(samples <= 0)
    if empty.size:
        k = int(empty[0])
        raise DataError(
            f"profile {k + 1}: its window, {begin[k]:.1f} to {end[k]:.1f} s, holds no sample of the log, which "
            f"spans 0 to {time[-1]:.1f} s ({empty.size} profile(s) like it); use fewer profiles, or correct "
            "interval, duration or start"
        )
    coords = {"time": (begin + end) / 2.0}
    result = {
        name: variables.dataarray(name, _means(log[name].values, low, high), coords)
        for name in ("voltage", "current_density")
        if name in log
    }
    dataset = result.pop("voltage").to_dataset().assign(result)
    dataset["samples"] = ("time", samples, {"long_name": "samples of the log averaged", "units": "1"})
    return dataset


def windows_within(
    start: FloatArray, stop: FloatArray, segments: Sequence[Segment], kind: Kind, *, before: float = np.inf
) -> npt.NDArray[np.bool_]:
    """Return which windows lie wholly in one segment of a kind that starts before a time.

    Parameters
    ----------
    start, stop
        (window,), s since the first sample of the log.
    segments
        As :func:`segment_protocol` returns them.
    kind
        Of the segment.
    before
        s; segments that start later do not count, to tell open circuit before polarisation from that after
        it.

    Examples
    --------
    >>> rest = Segment(kind="open_circuit", start=0.0, stop=1000.0, level=0.0)
    >>> start = np.array([0.0, 513.0, 1026.0])
    >>> windows_within(start, start + 444.0, [rest], "open_circuit")
    array([ True,  True, False])
    """
    inside = np.zeros(len(start), dtype=np.bool_)
    for segment in segments:
        if segment.kind == kind and segment.start < before:
            inside |= (start >= segment.start) & (stop <= segment.stop)
    return inside


def log_cadence(log: xr.Dataset) -> Cadence | None:
    """Return the rhythm of a log that pauses for every impedance spectrum, or None where it does not pause.

    A pause is longer than twice the usual step from sample to sample; at least three make a rhythm. Compare
    the period with the interval of the profiles: where the potentiostat started the profiles they agree.
    """
    time = elapsed(log)
    steps = np.diff(time)
    if steps.size < 4:
        return None
    sampling = float(np.median(steps))
    pauses = np.flatnonzero(steps > 2.0 * sampling)
    if pauses.size < 3:
        return None
    first = np.concatenate([[0], pauses + 1])
    last = np.concatenate([pauses, [len(time) - 1]])
    return Cadence(
        sampling=sampling,
        period=float(np.median(np.diff(time[first]))),
        starts=tuple(time[first].tolist()),
        stops=tuple(time[last].tolist()),
    )


def _means(values: FloatArray, low: npt.NDArray[np.intp], high: npt.NDArray[np.intp]) -> FloatArray:
    return np.array([values[a:b].mean() for a, b in zip(low, high, strict=True)])
