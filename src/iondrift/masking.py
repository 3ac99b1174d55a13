"""Points of a series of spectra that must not count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast
from iondrift.errors import ConfigurationError
from iondrift.impedance_options import Masked
from iondrift.remedies import setting

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
    ConfigurationError
        Nothing was measured there; the message names the nearest frequencies.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> z = xr.DataArray(np.ones((2, 4)), coords={"frequency": [1.0, 10.0, 50.1, 1e3]}, dims=("spectrum", "frequency"))
    >>> mask = mask_points(z, [50.0]) | mask_points(z, [(0.5, 20.0)], spectrum=2)
    >>> mask.values.astype(int)
    array([[0, 0, 1, 0],
           [1, 1, 1, 0]])
    """
    edges = [cast.array(entry, "frequencies", positive=True) for entry in frequencies]
    return mask_of(impedance, [Masked(low=float(e.min()), high=float(e.max()), spectrum=spectrum) for e in edges])


def mask_of(impedance: xr.DataArray | xr.Dataset, entries: Iterable[Masked]) -> xr.DataArray:
    """Return the mask (spectrum, frequency) of what the options name."""
    frequency = cast.array(impedance["frequency"].values, "impedance: frequency", ndim=1, positive=True)
    mask = np.zeros((impedance.sizes.get("spectrum", 1), frequency.size), dtype=np.bool_)
    for entry in entries:
        if entry.spectrum is not None and not 1 <= entry.spectrum <= mask.shape[0]:
            raise ConfigurationError(
                f"{setting('mask')}: spectrum {entry.spectrum} does not exist; there are 1 to {mask.shape[0]}"
            )
        rows = slice(None) if entry.spectrum is None else slice(entry.spectrum - 1, entry.spectrum)
        mask[rows] |= _meant(frequency, entry)
    return xr.DataArray(
        mask, dims=("spectrum", "frequency"), coords={"frequency": impedance["frequency"].variable}, name="mask"
    )


def _meant(frequency: npt.NDArray[np.float64], entry: Masked) -> npt.NDArray[np.bool_]:
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
            f"{setting('mask')}: nothing was measured {words}; the nearest frequencies are "
            f"{' and '.join(f'{value:.5g}' for value in nearest)} Hz"
        )
    return np.asarray(found)
