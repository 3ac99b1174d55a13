"""How far each spectrum of a series changed while it was measured, from its neighbours in time."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.special import fdtrc, fdtri

from iondrift import cast, variables
from iondrift.cast import ComplexArray, FloatArray, one_of
from iondrift.errors import DataError
from iondrift.impedance.options import Moment
from iondrift.impedance.spectra import attach, read_impedance_array, series_coordinates
from iondrift.settings import subject

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

# Degree of the polynomial in ln f that the change is smooth as, and points for each: an arc spans a decade or two.
DEGREE, POINTS = 6, 4
ALARM = 0.01  # probability of so large a change in a steady series from which on it is called drift
PERIODS = 3.0  # of each frequency, as instruments measure by default; the rest of a sweep is spread evenly
BIAS_STEP = 0.02  # V between neighbours: beyond it they differ by what was asked of them, not by drift


def sweep_drift(
    impedance: xr.DataArray | xr.Dataset, *, moment: Moment = "middle", mask: npt.ArrayLike | None = None
) -> xr.Dataset:
    """Change of every spectrum during its own sweep, estimated from its neighbours in time.

    ::

        d_s(f) = D_s (Z_s+1(f) - Z_s-1(f)) / (t_s+1 - t_s-1) / Z_s(f) = p(ln f) + noise

    with D_s the duration of a sweep, t_s its start and p a complex polynomial of sixth degree at most; at either end of
    a series the spectrum itself stands for the neighbour that is missing. Residuals of p give the noise, and an F test
    of all its coefficients against it says whether the series drifts there. A spectrum whose neighbours differ by more
    than 20 mV of bias, or that has none, is not judged.

    Parameters
    ----------
    impedance
        Complex Z (spectrum, frequency) in ohm with coordinates frequency in Hz, time (spectrum), s, start of the sweep,
        and duration (spectrum), s; bias_voltage (spectrum), V, where it is known. From :func:`iondrift.read_impedance`.
        Durations that are not known are taken to fill the time to the next start.
    moment
        Of the sweep, to which ``impedance_at_moment`` is carried: each point by p times the share of the sweep between
        its own moment and that one. The moments of points are not told by the files: from the highest frequency to the
        lowest, three periods each, the rest of the duration spread evenly.
    mask
        True where a point must not count: (frequency) or (spectrum, frequency).

    Returns
    -------
    Dataset with sweep_change (spectrum, frequency), complex, p; sweep_change_error, the standard error of its real
    part; largest_sweep_change (spectrum), the change of |Z| where the change of Z is largest, its 95 % band (Scheffe)
    (quantile, spectrum), and the frequency of that; sweep_change_probability and sweep_drifts (spectrum), the test;
    series_noise (spectrum), standard deviation of Re Z and of Im Z over |Z| around the line between the neighbours;
    impedance_at_moment (spectrum, frequency) ohm.

    Raises
    ------
    ShapeError, DataError
        The input is not an impedance, or holds no times; the message gives the place.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> f, t = np.logspace(4, 0, 25), 60.0 * np.arange(8)
    >>> z = np.array([(1.0 + 5e-4 * s) * (5.0 + 50.0 / (1.0 + 2j * np.pi * f * 1e-3)) for s in t])
    >>> z = xr.DataArray(z, coords={"frequency": f, "time": ("spectrum", t)}, dims=("spectrum", "frequency"))
    >>> round(100.0 * float(sweep_drift(z).largest_sweep_change[3]))  # % in 60 s
    3
    """
    one_of(moment, "moment", get_args(Moment))
    array, values, frequency, used = read_impedance_array(impedance, mask)
    time, duration = _times(array)
    before, after = _neighbours(array, time)
    judged = after > before
    spans = np.where(judged, time[after] - time[before], 1.0)
    both = used & used[before] & used[after] & judged[:, None]
    size = np.where(both, values, 1.0)
    change = np.where(both, (values[after] - values[before]) / size * (duration / spans)[:, None], 0.0)
    degree = min(DEGREE, frequency.size // POINTS)
    basis: FloatArray = np.asarray(np.polynomial.chebyshev.chebvander(_unit(np.log(frequency)), degree), np.float64)
    found = _fit(change, both, basis)
    found["series_noise"] = _noise(values, both, time, (before, after))
    offset = _offsets(frequency, duration) - {"start": 0.0, "middle": 0.5, "end": 1.0}[moment]
    carried = np.where(used & judged[:, None], values * (1.0 - found["sweep_change"] * offset), array.values)
    coords = series_coordinates(array) | {"quantile": ("quantile", np.array([0.025, 0.5, 0.975]))}
    result = variables.dataset(
        found | _largest(found, frequency, basis.shape[1], both) | {"impedance_at_moment": carried},
        coords,
        {"largest_sweep_change_band": ("quantile", "spectrum")},
        {"largest_sweep_change_band": "largest_sweep_change"},
    )
    result.attrs = {
        "sweep_times": f"assumed: from the highest frequency to the lowest, {PERIODS:g} periods each, the rest even",
        "sweep_durations": "told by the files" if _known(array, "duration") else "assumed: up to the next start",
        "moment": moment,
    }
    return attach(result, series_coordinates(array))


def _known(array: xr.DataArray, name: str) -> bool:
    return name in array.coords and bool(np.isfinite(array[name].values).all())


def _times(array: xr.DataArray) -> tuple[FloatArray, FloatArray]:
    """Return start and duration of every sweep (spectrum), s."""
    if not _known(array, "time"):
        raise DataError(
            f"{subject('impedance')}: change within a sweep needs the coordinate time (s) along spectrum, finite in "
            f"all {array.sizes['spectrum']}; assign it, or give files that tell when they were measured"
        )
    time = cast.array(np.broadcast_to(array["time"].values, array.sizes["spectrum"]), "time")
    if _known(array, "duration"):
        return time, cast.array(np.broadcast_to(array["duration"].values, time.shape), "duration")
    steps = np.diff(np.sort(time))
    typical = float(np.median(steps)) if steps.size else 0.0
    return time, np.full(time.shape, typical)


def _neighbours(array: xr.DataArray, time: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the spectra before and after each in time (spectrum), itself where there is none that may stand for it."""
    order = np.argsort(time, kind="stable")
    bias = array["bias_voltage"].values if "bias_voltage" in array.coords else np.full(time.shape, np.nan)
    bias = np.broadcast_to(np.where(np.isfinite(bias), bias, 0.0), time.shape)
    before, after = np.arange(time.size), np.arange(time.size)
    before[order[1:]], after[order[:-1]] = order[:-1], order[1:]
    before = np.where(np.abs(bias[before] - bias) <= BIAS_STEP, before, np.arange(time.size))
    after = np.where(np.abs(bias[after] - bias) <= BIAS_STEP, after, np.arange(time.size))
    same = time[after] <= time[before]
    return np.where(same, np.arange(time.size), before), np.where(same, np.arange(time.size), after)


def _unit(x: FloatArray) -> FloatArray:
    """Return x stretched to -1 ... 1."""
    return np.asarray(2.0 * (x - x.min()) / np.ptp(x) - 1.0)


def _fit(change: ComplexArray, both: BoolArray, basis: FloatArray) -> dict[str, Any]:
    """Fit p to the change (spectrum, frequency) where ``both`` neighbours are, and test it against what it leaves."""
    count, terms = change.shape[0], basis.shape[1]
    smooth, error = np.full(change.shape, np.nan + 0j), np.full(change.shape, np.nan)
    probability = np.full(count, np.nan)
    for s in range(count):
        there = both[s]
        if there.sum() <= terms + 1:
            continue
        root, _ = np.linalg.qr(basis[there])
        coefficients = root.T @ change[s, there]
        left = change[s, there] - root @ coefficients
        free = 2 * (int(there.sum()) - terms)
        variance = max(float((np.abs(left) ** 2).sum()) / free, np.finfo(float).tiny)
        solve = np.linalg.solve(basis[there].T @ basis[there], basis.T)
        smooth[s] = basis @ np.linalg.lstsq(basis[there], change[s, there], rcond=None)[0]
        error[s] = np.sqrt(variance * np.einsum("ft,tf->f", basis, solve))
        ratio = float((np.abs(coefficients) ** 2).sum()) / (2 * terms) / variance
        probability[s] = fdtrc(2 * terms, free, ratio)
    return {
        "sweep_change": smooth,
        "sweep_change_error": error,
        "sweep_change_probability": probability,
        "sweep_drifts": probability < ALARM,
    }


def _noise(
    values: ComplexArray, both: BoolArray, time: FloatArray, neighbours: tuple[IntArray, IntArray]
) -> FloatArray:
    """Return the rms of each part of Z_s less the line between its neighbours (spectrum), over |Z|; NaN at the ends."""
    before, after = neighbours
    each = np.arange(time.size)
    inner = (before != each) & (after != each)
    share = np.where(inner, (time - time[before]) / np.where(inner, time[after] - time[before], 1.0), 0.0)
    line = (1.0 - share)[:, None] * values[before] + share[:, None] * values[after]
    left = np.where(both, np.abs(values - line) / np.where(both, np.abs(values), 1.0), 0.0)
    squares = (left**2).sum(axis=1) / np.maximum(2 * both.sum(axis=1), 1) / (1.0 + share**2 + (1.0 - share) ** 2)
    return np.asarray(np.where(inner & both.any(axis=1), np.sqrt(squares), np.nan))


def _largest(found: dict[str, Any], frequency: FloatArray, terms: int, both: BoolArray) -> dict[str, Any]:
    """Return the change of |Z| where that of Z is largest, its band and its place.

    The place was chosen for its size: the band is Scheffe's, which holds at all frequencies at once.
    """
    smooth, error = found["sweep_change"], found["sweep_change_error"]
    judged = np.isfinite(found["sweep_change_probability"])
    place = np.where(judged[:, None], np.abs(smooth), 0.0).argmax(axis=1)
    each = np.arange(place.size)
    free = np.maximum(2 * (both.sum(axis=1) - terms), 1)
    value, spread = smooth.real[each, place], np.sqrt(terms * fdtri(terms, free, 0.95)) * error[each, place]
    return {
        "largest_sweep_change": value,
        "largest_sweep_change_band": np.stack([value - spread, value, value + spread]),
        "sweep_change_frequency": np.where(judged, frequency[place], np.nan),
    }


def _offsets(frequency: FloatArray, duration: FloatArray) -> FloatArray:
    """Return when each point is measured (spectrum, frequency), as a share of its sweep."""
    order = np.argsort(frequency)[::-1]
    periods = 1.0 / frequency[order]
    length = np.where(duration > 0.0, duration, 1.0)[:, None]
    asked = np.minimum(PERIODS * periods.sum(), length)
    each = asked * periods / periods.sum() + (length - asked) / frequency.size
    middle = np.cumsum(each, axis=1) - 0.5 * each
    offsets = np.empty(middle.shape)
    offsets[:, order] = middle / length
    return np.asarray(offsets)
