"""Points of a series of spectra that must not count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast
from iondrift.cast import FloatArray, number
from iondrift.errors import ConfigurationError, ShapeError
from iondrift.impedance.options import Masked
from iondrift.settings import subject

TOLERANCE = 0.01  # a frequency as read off a report or figure is within this of the one measured, relatively


def mask_points(
    impedance: xr.DataArray | xr.Dataset,
    frequencies: Sequence[float | tuple[float, float]],
    *,
    spectrum: int | None = None,
) -> xr.DataArray:
    """Return the mask that :func:`iondrift.drt`, :func:`iondrift.drt_bands` and :func:`iondrift.kramers_kronig` take.

    Parameters
    ----------
    impedance
        With dims spectrum and frequency; coordinate frequency in Hz.
    frequencies
        Hz: single ones, which mean the measured one nearest, within 1 %; or ranges (lowest, highest), ends included.
    spectrum
        Mask in this one alone, counted from 1; None: in all.

    Returns
    -------
    mask (spectrum, frequency), True where a point must not count; join several with ``|``.

    Raises
    ------
    ShapeError
        The impedance has no frequencies.
    ConfigurationError
        An entry is no frequency, or nothing was measured there; the message names the nearest frequencies.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> z = xr.DataArray(np.ones((2, 4)), coords={"frequency": [1.0, 10.0, 50.1, 1e3]}, dims=("spectrum", "frequency"))
    >>> mask = mask_points(z, [50.0]) | mask_points(z, [(0.5, 20.0)], spectrum=2)
    >>> mask.values.astype(int)
    array([[0, 0, 1, 0],
           [1, 1, 1, 0]])
    """
    if spectrum is not None:
        cast.whole(spectrum, subject("spectrum"), lowest=1)
    edges = [_edges(entry) for entry in _listed(frequencies)]
    return mask_of(impedance, [Masked(low=min(e), high=max(e), spectrum=spectrum) for e in edges])


def _listed(frequencies: object) -> Iterable[object]:
    single = isinstance(frequencies, str) or getattr(frequencies, "shape", None) == ()
    if single or not isinstance(frequencies, Iterable):
        raise ConfigurationError(f"frequencies: {frequencies!r} found; expected a list, such as [50.0, (1e5, 1e6)]")
    return frequencies


def _edges(entry: object) -> list[float]:
    """Return the frequency, or both ends of a range, Hz."""
    edges = list(entry) if isinstance(entry, tuple | list | np.ndarray) and np.ndim(entry) else [entry]
    if len(edges) not in (1, 2):
        raise ConfigurationError(f"frequencies: {entry!r} found; expected a frequency or a range (lowest, highest)")
    return [number(edge, "frequencies", above=0.0) for edge in edges]


def mask_of(impedance: xr.DataArray | xr.Dataset, entries: Iterable[Masked]) -> xr.DataArray:
    """Return the mask (spectrum, frequency) of what the options name."""
    if not isinstance(impedance, xr.DataArray | xr.Dataset) or "frequency" not in impedance.coords:
        raise ShapeError(
            "impedance: expected labelled data with a coordinate 'frequency' in Hz, as read_impedance gives"
        )
    frequency = cast.array(impedance["frequency"].values, "impedance: frequency", ndim=1, positive=True)
    mask = np.zeros((impedance.sizes.get("spectrum", 1), frequency.size), dtype=np.bool_)
    for entry in entries:
        if entry.spectrum is not None and not 1 <= entry.spectrum <= mask.shape[0]:
            raise ConfigurationError(
                f"{subject('mask')}: spectrum {entry.spectrum} does not exist; there are 1 to {mask.shape[0]}"
            )
        rows = slice(None) if entry.spectrum is None else slice(entry.spectrum - 1, entry.spectrum)
        mask[rows] |= _meant(frequency, entry)
    return xr.DataArray(
        mask, dims=("spectrum", "frequency"), coords={"frequency": impedance["frequency"].variable}, name="mask"
    )


def _meant(frequency: FloatArray, entry: Masked) -> npt.NDArray[np.bool_]:
    """Return which frequencies an entry means."""
    if entry.low < entry.high:
        found = (frequency >= entry.low * (1.0 - 1e-9)) & (frequency <= entry.high * (1.0 + 1e-9))
        words = f"from {entry.low:g} to {entry.high:g} Hz"
    else:
        distance = np.abs(frequency / entry.low - 1.0)
        found = (distance == distance.min()) & (distance <= TOLERANCE)
        words = f"within {100.0 * TOLERANCE:g} % of {entry.low:g} Hz"
    if not found.any():
        nearest = np.sort(frequency[np.argsort(np.abs(np.log(frequency / entry.low)))[:2]])
        raise ConfigurationError(
            f"{subject('mask')}: nothing was measured {words}; the nearest frequencies are "
            f"{' and '.join(f'{value:.5g}' for value in nearest)} Hz"
        )
    return np.asarray(found)
