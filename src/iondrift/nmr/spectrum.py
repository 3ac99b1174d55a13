"""From a raw FID to a spectrum, exactly as TopSpin does it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iondrift import cast
from iondrift.cast import ComplexArray, FloatArray
from iondrift.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class Processing:
    """How a spectrum is made of a FID.

    Attributes
    ----------
    transform_points
        Of the Fourier transform, after zero filling.
    first, points
        First point of the spectrum that is kept, and how many; None for all.
    used
        Complex points of the FID that enter; None for all.
    line_broadening
        Of the exponential window, Hz.
    phase0, phase1
        Degrees; the second over the whole transform.
    offset_corrected
        Whether the mean of the last quarter of the FID is taken off first.
    """

    transform_points: int
    first: int = 0
    points: int | None = None
    used: int | None = None
    line_broadening: float = 0.0
    phase0: float = 0.0
    phase1: float = 0.0
    offset_corrected: bool = False


def spectrum_of(
    fid: ComplexArray, *, spectral_width: float, group_delay: float, processing: Processing
) -> ComplexArray:
    r"""Return the spectrum of raw FIDs.

    With g = round(group_delay) and f = group_delay - g,

    ``u_k = conj(z_k) exp(-pi LB (k - g) / SW)``, zero-filled to N and rotated left by g, and

    ``S_j = fftshift(fft(u))_j exp(i pi / 180 (360 f j / N + phase0 + phase1 j / N))``.

    Parameters
    ----------
    fid : (row, point)
        As stored: real and imaginary part, digital filter included.
    spectral_width
        Hz.
    group_delay
        Of the digital filter, points; 0 where it is not in the data.
    processing
        Window, size and phase.

    Returns
    -------
    (row, point) complex
        In the scale of the FID, from the highest frequency down: see :func:`frequencies`.

    Raises
    ------
    ConfigurationError
        The transform is shorter than the FID that enters it.

    Notes
    -----
    Rotating keeps every point; cutting the filter's build-up off bends the baseline. The fraction of the delay is a
    first-order phase; its value at the carrier, 180 f degrees, TopSpin leaves to phase0. Rounding down instead of to
    the nearest whole number flips the sign where f > 0.5.

    Examples
    --------
    >>> t = np.arange(64) / 1000.0
    >>> stored = np.exp(2j * np.pi * 125.0 * t)[None, :]
    >>> options = Processing(transform_points=64)
    >>> S = spectrum_of(np.conj(stored), spectral_width=1000.0, group_delay=0.0, processing=options)
    >>> float(frequencies(1000.0, options)[np.argmax(np.abs(S[0]))])
    -125.0
    """
    used = fid[:, : processing.used]
    count, whole = used.shape[1], processing.transform_points
    if count > whole:
        raise ConfigurationError(
            f"transform_points: {whole} are fewer than the {count} points of the FID; take more, or fewer points of it"
        )
    shift = round(group_delay)
    signal = np.conj(used)
    if processing.offset_corrected:
        signal = signal - signal[:, -(count // 4) :].mean(axis=1, keepdims=True)
    if processing.line_broadening != 0.0:
        signal = signal * np.exp(-np.pi * processing.line_broadening * (np.arange(count) - shift) / spectral_width)
    filled = np.zeros((len(used), whole), dtype=np.complex128)
    filled[:, :count] = signal
    transformed = np.fft.fftshift(np.fft.fft(np.roll(filled, -shift, axis=1), axis=1), axes=1)
    share = np.arange(whole) / whole
    degrees = 360.0 * (group_delay - shift) * share + processing.phase0 + processing.phase1 * share
    kept = slice(processing.first, None if processing.points is None else processing.first + processing.points)
    return np.ascontiguousarray((transformed * np.exp(1j * np.pi / 180.0 * degrees))[:, kept])


def frequencies(spectral_width: float, processing: Processing) -> FloatArray:
    """Return the offset from the receiver of every point kept, Hz: SW / 2 - j SW / N.

    Examples
    --------
    >>> frequencies(1000.0, Processing(transform_points=4)).tolist()
    [500.0, 250.0, 0.0, -250.0]
    """
    width = cast.scalar(spectral_width, "spectral_width", positive=True)
    offsets = width / 2.0 - np.arange(processing.transform_points) * width / processing.transform_points
    stop = None if processing.points is None else processing.first + processing.points
    return offsets[processing.first : stop]


def chemical_shifts(offsets: FloatArray, *, carrier_frequency: float, reference_frequency: float) -> FloatArray:
    """Return chemical shifts in ppm of offsets from the receiver in Hz; 0 ppm is at ``reference_frequency``, Hz."""
    return (carrier_frequency - reference_frequency + offsets) / reference_frequency * 1e6
