"""Peaks of a distribution of relaxation times followed through a series."""

from __future__ import annotations

import numpy as np
import xarray as xr

from iondrift import cast, variables
from iondrift.cast import FloatArray, number
from iondrift.errors import ShapeError
from iondrift.impedance.drt.bands import check_threshold
from iondrift.impedance.drt.peaks import Peak, find_peaks
from iondrift.impedance.options import PEAK_THRESHOLD, ImpedanceOptions
from iondrift.impedance.spectra import attach
from iondrift.settings import subject


def track_peaks(
    distribution: xr.Dataset,
    *,
    threshold: float = PEAK_THRESHOLD,
    largest_jump: float = ImpedanceOptions.largest_jump,
    largest_gap: int = 1,
    shortest: int = 1,
) -> xr.Dataset:
    """Follow every peak of gamma through a series, with births and deaths.

    Peaks of consecutive spectra are paired so that the sum of their distances in decades of tau is smallest
    (Kuhn-Munkres), none farther than ``largest_jump``. A peak that finds no partner dies; one without a past is
    born.

    Parameters
    ----------
    distribution
        Dataset of :func:`iondrift.drt`: gamma (spectrum, tau).
    threshold
        Smallest height, and rise above the higher minimum beside it, as a fraction of the spectrum's highest peak.
    largest_jump
        Decades of tau from one spectrum to the next.
    largest_gap
        Spectra a peak may be missing before it is dead.
    shortest
        Peaks seen in fewer spectra are left out.

    Returns
    -------
    Dataset with peak_tau (s), peak_resistance (ohm), peak_height (ohm), peak_width and peak_shift (decades), all
    (peak, spectrum), NaN while a peak does not exist; born, died (peak): first and last spectrum, by position.
    Peaks are numbered by birth, then by tau.

    Raises
    ------
    ShapeError
        There is no gamma (spectrum, tau).
    ConfigurationError
        An option is out of its range.

    Notes
    -----
    Source of the pairing: Munkres, J. SIAM 5 (1957) 32.

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> import iondrift
    >>> f = np.logspace(5.0, -1.0, 37)
    >>> arcs = [10.0 / (1.0 + 2j * np.pi * f * tau) for tau in (1e-3, 2e-3)]
    >>> found = track_peaks(iondrift.drt(xr.DataArray(arcs, {"frequency": f}, ("spectrum", "frequency"))))
    >>> found.sizes["peak"], found.peak_tau.values[0].round(4).tolist()
    (1, [0.001, 0.0021])
    """
    from scipy.optimize import linear_sum_assignment

    if not isinstance(distribution, xr.Dataset) or "gamma" not in distribution:
        raise ShapeError("track_peaks: expected the dataset of drt(), with gamma (spectrum, tau)")
    gamma = distribution["gamma"]
    if set(gamma.dims) != {"spectrum", "tau"}:
        raise ShapeError(f"track_peaks: gamma has dims {tuple(map(str, gamma.dims))}, expected (spectrum, tau)")
    check_threshold(threshold)
    number(largest_jump, "largest_jump", above=0.0)
    cast.whole(largest_gap, subject("largest_gap"), lowest=0)
    cast.whole(shortest, subject("shortest"), lowest=1)
    values = cast.array(gamma.transpose("spectrum", "tau").values, "gamma")
    tau = cast.increasing(distribution["tau"].values, "tau")
    tracks: list[dict[int, Peak]] = []
    alive: list[dict[int, Peak]] = []
    for s, row in enumerate(values):
        peaks = find_peaks(tau, row, threshold=threshold)
        alive = [track for track in alive if s - _last(track) <= largest_gap + 1]
        distance = np.array([[abs(np.log10(p.tau / track[_last(track)].tau)) for p in peaks] for track in alive])
        taken: set[int] = set()
        if distance.size:
            # Forbidden pairs cost more than any sum of allowed ones, so that as many as may be are paired.
            cost = np.where(distance <= largest_jump, distance, 1e3 * (1.0 + largest_jump))
            for i, j in zip(*linear_sum_assignment(cost), strict=True):
                if distance[i, j] <= largest_jump:
                    alive[int(i)][s] = peaks[int(j)]
                    taken.add(int(j))
        born = [{s: peak} for j, peak in enumerate(peaks) if j not in taken]
        tracks += born
        alive += born
    tracks = [track for track in tracks if len(track) >= shortest]
    return _label(distribution, tracks, values.shape[0])


def shift_between(tracks: xr.Dataset, start: float, stop: float) -> FloatArray:
    """Return how far every peak moved since its first spectrum between two times: log10 tau / tau_first.

    Parameters
    ----------
    tracks
        Dataset of :func:`track_peaks`: peak_tau (peak, spectrum), with the coordinate time (s).
    start, stop
        s, both included; what counts is when a spectrum began.

    Returns
    -------
    (peak, spectrum), decades; NaN outside, and while a peak does not exist.
    """
    time, tau = tracks["time"].values, tracks["peak_tau"].transpose("peak", "spectrum").values
    inside = np.where((time >= start) & (time <= stop), np.log10(tau), np.nan)
    exists = np.isfinite(inside)
    origin = inside[np.arange(tau.shape[0]), exists.argmax(axis=1)] if tau.size else np.empty(tau.shape[0])
    return np.asarray(inside - origin[:, None])


def _last(track: dict[int, Peak]) -> int:
    """Return the last spectrum of a track, whose keys stand in their order."""
    return next(reversed(track))


def _label(distribution: xr.Dataset, tracks: list[dict[int, Peak]], spectra: int) -> xr.Dataset:
    found: dict[str, FloatArray] = {
        name: np.full((len(tracks), spectra), np.nan)
        for name in ("peak_tau", "peak_resistance", "peak_height", "peak_width", "peak_shift")
    }
    for k, track in enumerate(tracks):
        origin = track[min(track)].tau
        for s, peak in track.items():
            found["peak_tau"][k, s] = peak.tau
            found["peak_resistance"][k, s] = peak.resistance
            found["peak_height"][k, s] = peak.height
            found["peak_width"][k, s] = peak.width
            found["peak_shift"][k, s] = np.log10(peak.tau / origin)
    coords = {str(k): v for k, v in distribution.coords.items() if v.dims == ("spectrum",)}
    coords["peak"] = ("peak", np.arange(len(tracks)))
    result = xr.Dataset({name: variables.dataarray(name, data, coords) for name, data in found.items()})
    for name, pick in (("born", min), ("died", max)):
        place = np.array([pick(track) for track in tracks], dtype=np.int64)
        result[name] = (("peak",), place, {"long_name": f"position of the spectrum it was {name} in", "units": "1"})
    result["born"].attrs["long_name"] = "position of its first spectrum"
    result["died"].attrs["long_name"] = "position of its last spectrum"
    return attach(result, coords)
