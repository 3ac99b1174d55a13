"""The protocol as the log shows it: open circuit, constant current, constant voltage.

All times are seconds since the first sample of the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import xarray as xr

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import DataError, ShapeError

if TYPE_CHECKING:
    import numpy.typing as npt

    from iondrift.cast import FloatArray

Kind = Literal["open_circuit", "constant_current", "constant_voltage"]

_LEVEL_SAMPLES: Final = 7  # whose median is the level a run starts with: three bad ones do no harm
_PATIENCE: Final = 3  # so many samples in a row must leave the level before a run ends
_SHORTEST: Final = 8  # samples of a segment; less is a transient
_BLOCK: Final = 50  # samples, whose mean shows a current in noise
_CERTAIN: Final = 8.0  # standard deviations
_LONGEST_TRANSIENT: Final = 20  # samples in a row that need not be understood


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of the protocol.

    Attributes
    ----------
    kind
        ``open_circuit``, ``constant_current`` or ``constant_voltage``.
    start, stop
        s since the first sample of the log; a segment stops where the next one starts.
    level
        A m-2 (negative while plating) for constant current; V for constant voltage and, as the median, for
        open circuit.
    """

    kind: Kind
    start: float
    stop: float
    level: float


@dataclass(frozen=True, kw_only=True)
class _Run:
    """Samples ``first`` to ``stop - 1`` at one level."""

    kind: Kind
    first: int
    stop: int


def elapsed(log: xr.Dataset) -> FloatArray:
    """Return the times of a log's samples, s since the first one.

    Raises
    ------
    ShapeError
        No ``voltage`` along ``time``, or no sample.
    DataError
        Time goes back, or a value is not finite.
    """
    is_log = isinstance(log, xr.Dataset) and "voltage" in log and "time" in log.coords
    if not is_log or log["voltage"].dims != ("time",):
        raise ShapeError("log: expected a Dataset with voltage (time) and a coordinate time, as read_log returns it")
    if log.sizes["time"] == 0:
        raise ShapeError("log: holds no sample")
    time = cast.increasing(log["time"].values, "log: time", repeats=True)
    for name in ("voltage", "current_density"):
        if name in log:
            cast.array(log[name].values, f"log: {name}", shape=(len(time),))
    result: FloatArray = time - time[0]
    return result


def segment_protocol(
    log: xr.Dataset,
    *,
    open_circuit_current: float | None = None,
    current_tolerance: float = 0.01,
    voltage_tolerance: float = 5e-3,
) -> list[Segment]:
    """Read the protocol off the measured current and voltage.

    From every start three readings are followed (no current; current at its level; voltage at its level),
    each until three samples in a row leave it, and the one that lasts longest is taken; of equals open
    circuit before constant current before constant voltage. Single outliers do no harm. Levels are medians;
    tolerances widen to five standard deviations of the noise where that is more.

    Parameters
    ----------
    log
        ``voltage`` (time), V, and ``current_density`` (time), A m-2.
    open_circuit_current
        A m-2, up to which no current flows; by default a thousandth of the greatest current.
    current_tolerance
        Relative to the greatest current.
    voltage_tolerance
        V.

    Returns
    -------
    list of Segment
        In order of time, without gaps; neighbours differ in kind or level.

    Raises
    ------
    DataError
        The log has no current, or neither current nor voltage stays at a level: the message says when.

    Examples
    --------
    >>> import xarray as xr
    >>> i = np.repeat([0.0, -1.0, -0.5], 20) * np.r_[np.ones(40), np.linspace(1, 0.2, 20)]
    >>> V = np.r_[np.zeros(20), np.linspace(0.1, 1.5, 20), np.full(20, 1.5)]
    >>> log = xr.Dataset({"voltage": ("time", V), "current_density": ("time", i)}, {"time": np.arange(60.0)})
    >>> [(s.kind, s.start, s.level) for s in segment_protocol(log)]
    [('open_circuit', 0.0, 0.0), ('constant_current', 20.0, -1.0), ('constant_voltage', 40.0, 1.5)]
    """
    time = elapsed(log)
    if "current_density" not in log:
        raise DataError(
            "log: without current density open circuit and constant voltage look alike; name the column of the current"
        )
    i: FloatArray = np.asarray(log["current_density"].values, dtype=np.float64)
    V: FloatArray = np.asarray(log["voltage"].values, dtype=np.float64)
    greatest = float(np.sort(np.abs(i))[-min(_PATIENCE, len(i))])  # up to two outliers are passed over
    di = max(current_tolerance * greatest, 5.0 * _noise(i))
    dV = max(voltage_tolerance, 5.0 * _noise(V))
    quiet = max(1e-3 * greatest, 5.0 * _noise(i)) if open_circuit_current is None else open_circuit_current

    _require_signal(i, quiet if open_circuit_current is None else 0.0)
    runs: list[_Run] = []
    at = transient = 0
    while at < len(time):
        lengths: dict[Kind, int] = {
            "open_circuit": _length(np.abs(i[at:]) > quiet),
            "constant_current": _length(np.abs(i[at:] - _level(i, at)) > di),
            "constant_voltage": _length(np.abs(V[at:] - _level(V, at)) > dV),
        }
        kind = max(lengths, key=lambda name: lengths[name])  # the first of equals
        stop = at + transient + lengths[kind]
        if lengths[kind] >= _SHORTEST or stop == len(time):
            runs.append(_Run(kind=kind, first=at, stop=at + lengths[kind]))
            at, transient = at + lengths[kind], 0
        else:
            at, transient = at + 1, transient + 1
        if transient > _LONGEST_TRANSIENT:
            raise DataError(
                f"log: at {time[at]:.0f} s after its start neither current nor voltage stays at a level; "
                "widen current_tolerance or voltage_tolerance"
            )
    return _segments(_joined(runs, i, V, di, dV), time, i, V)


def _require_signal(i: FloatArray, quiet: float) -> None:
    """Refuse a current that its noise hides: all of it would count as open circuit."""
    block = min(_BLOCK, len(i))
    means = i[: len(i) // block * block].reshape(-1, block).mean(axis=1)
    largest = float(np.abs(means).max())
    if largest < quiet and largest > _CERTAIN * _noise(i) / np.sqrt(block):
        raise DataError(
            f"log: the current reaches {largest:.3g} A/m2 in the mean of {block} samples and scatters by "
            f"{_noise(i):.3g} A/m2 between neighbours, so that it cannot be told from open circuit; average the log, "
            "or check the column of the current"
        )


def _noise(values: FloatArray) -> float:
    """Return the standard deviation of white noise, from second differences, robust to steps and outliers."""
    if len(values) < 4:
        return 0.0
    return float(1.4826 * np.median(np.abs(np.diff(values, 2))) / np.sqrt(6.0))


def _level(values: FloatArray, at: int) -> float:
    return float(np.median(values[at : at + _LEVEL_SAMPLES]))


def _length(left: npt.NDArray[np.bool_]) -> int:
    """Return how many samples pass before ``_PATIENCE`` in a row have left the level."""
    if len(left) < _PATIENCE:
        return int(np.argmax(left)) if left.any() else len(left)
    gone = np.lib.stride_tricks.sliding_window_view(left, _PATIENCE).all(axis=1)
    if gone.any():
        return int(np.argmax(gone))
    tail = int(np.argmin(left[::-1]))  # samples at the very end that have left, too few to be sure
    return len(left) - tail if tail < len(left) else 0


def _joined(runs: list[_Run], i: FloatArray, V: FloatArray, di: float, dV: float) -> list[_Run]:
    """Join neighbours of one kind and level; give transients to the run before them."""
    result: list[_Run] = []
    for run in runs:
        if result and result[-1].kind == run.kind:
            before = result[-1]
            values, tolerance = (V, dV) if run.kind == "constant_voltage" else (i, di)
            step = np.median(values[run.first : run.stop]) - np.median(values[before.first : before.stop])
            if run.kind == "open_circuit" or abs(step) <= tolerance:
                result[-1] = _Run(kind=run.kind, first=before.first, stop=run.stop)
                continue
        result.append(run)
    return result


def _segments(runs: list[_Run], time: FloatArray, i: FloatArray, V: FloatArray) -> list[Segment]:
    starts = [0.0, *(float(time[run.first]) for run in runs[1:])]
    stops = [*starts[1:], float(time[-1])]
    return [
        Segment(
            kind=run.kind,
            start=start,
            stop=stop,
            level=float(np.median((i if run.kind == "constant_current" else V)[run.first : run.stop])),
        )
        for run, start, stop in zip(runs, starts, stops, strict=True)
    ]


def in_segments(time: FloatArray, segments: tuple[Any, ...], kinds: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Return which times lie in a segment of the given kinds."""
    inside = np.zeros(time.size, dtype=bool)
    for segment in segments:
        if segment.kind in kinds:
            inside |= (time >= segment.start) & (time <= segment.stop)
    return inside
