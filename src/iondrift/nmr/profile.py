"""Frequency-encoded profiles: from the echo under a gradient to intensity over position."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np

from iondrift import cast
from iondrift.cast import ComplexArray, FloatArray
from iondrift.errors import DataError, IondriftWarning

_NEAR_EDGE: Final = 0.3  # of the echo's points; at 0.16 a phased profile keeps 21 % imaginary part, edges move 2 um
_REFINEMENTS: Final = 4  # of the echo's centre by the phase across the profile; two are enough
_SIGNAL_FREE: Final = 0.08  # of the points, at either end
_LOST: Final = 0.2  # of the signal in the imaginary part: the profile cannot be phased by its echo


@dataclass(frozen=True, kw_only=True)
class ProfileProcessing:
    """How a profile is made of an echo.

    Attributes
    ----------
    magnitude
        Magnitudes corrected for noise, not the phased real part.
    zero_filling
        Points of the profile per point of the echo.
    line_broadening
        Hz of an exponential window about the echo's centre; blurs the profile.
    site_offset
        Of the observed line from the receiver, Hz: where x = 0 is.
    """

    magnitude: bool = False
    zero_filling: int = 2
    line_broadening: float = 0.0
    site_offset: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Profiles:
    """Profiles over position.

    Attributes
    ----------
    intensity : (profile, point)
        From the highest frequency down.
    position : (point,)
        m, at the middle of each point: decreasing, as frequency does.
    field_of_view
        SW / (gamma G / 2 pi), m.
    echo_centre
        In points from the first one.
    imaginary
        Share of the imaginary part, rms over rms; 0 for magnitudes.
    noise : (profile,)
        Standard deviation in each channel, from the ends of the field of view.
    """

    intensity: FloatArray
    position: FloatArray
    field_of_view: float
    echo_centre: float
    imaginary: float
    noise: FloatArray


def profiles_of(
    fids: ComplexArray, *, spectral_width: float, group_delay: float, frequency_per_metre: float,
    processing: ProfileProcessing = ProfileProcessing(),
) -> Profiles:  # fmt: skip
    r"""Return profiles from raw echoes.

    The filter's delay is rotated out, and the tail it leaves is cut. With the echo's centre n_e, common to all, and a
    phase of each profile,

    ``P_j = Re( S_j exp(-2 pi i nu_j n_e / SW + i phi) )``, ``x_j = (nu_j - nu_s) / (gamma G / 2 pi)``.

    n_e is the maximum of the echo, refined by the slope of the phase across the profile. The real part has Gaussian
    noise and no bias.

    Parameters
    ----------
    fids : (profile, point)
        As stored, digital filter included, on one scale.
    spectral_width
        Hz.
    group_delay
        Points.
    frequency_per_metre
        gamma G / 2 pi, Hz/m: nucleus and read gradient.
    processing
        Kind, zero filling, window, offset.

    Raises
    ------
    DataError
        No echo is left behind the filter.

    Warns
    -----
    IondriftWarning
        The echo's centre is near an end of the acquisition, or the profile cannot be phased.

    References
    ----------
    H. Gudbjartsson and S. Patz, Magn. Reson. Med. 34, 910 (1995), for magnitudes.
    """
    per_metre = cast.number(frequency_per_metre, "frequency_per_metre", above=0.0)
    echoes = _echoes(fids, group_delay)
    count = echoes.shape[1]
    points = cast.whole(processing.zero_filling, "zero_filling", lowest=1) * count
    offsets = spectral_width * (0.5 - np.arange(points) / points)
    centre = _echo_centre(echoes)
    windowed = echoes * np.exp(-np.pi * processing.line_broadening * np.abs(np.arange(count) - centre) / spectral_width)
    spectra = np.fft.fftshift(np.fft.fft(windowed, points, axis=1), axes=1)
    centre = _refined(spectra, offsets / spectral_width, centre)
    _check_centre(centre, count)
    unwound = spectra * np.exp(-2j * np.pi * offsets * centre / spectral_width)
    phases = np.angle((unwound * np.abs(unwound)).sum(axis=1, keepdims=True))
    phased = unwound * np.exp(-1j * phases)
    imaginary = float(np.linalg.norm(phased.imag) / np.linalg.norm(phased))
    if processing.magnitude:
        intensity, noise = corrected_magnitude(np.abs(phased))
    else:
        _check_phase(imaginary)
        intensity, noise = np.ascontiguousarray(phased.real), _end_noise(phased.real)
    return Profiles(
        intensity=intensity,
        position=(offsets - processing.site_offset) / per_metre,
        field_of_view=spectral_width / per_metre,
        echo_centre=centre,
        imaginary=0.0 if processing.magnitude else imaginary,
        noise=noise,
    )


def corrected_magnitude(magnitude: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return sqrt(max(M^2 - s^2, 0)) and s, the noise of each channel: s^2 = mean M^2 / 2 where no signal is.

    The noise is found at the quieter end of the field of view. At a signal-to-noise ratio of 3 the bias left is 0.5 %;
    below 1.5 the value is an upper limit alone.

    Parameters
    ----------
    magnitude : (profile, point)
    """
    ends = _ends(magnitude**2)
    noise = np.sqrt(min(ends, key=lambda end: float(end.mean())).mean(axis=1) / 2.0)
    return np.sqrt(np.maximum(magnitude**2 - noise[:, None] ** 2, 0.0)), noise


def _ends(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    width = max(4, round(_SIGNAL_FREE * values.shape[1]))
    return values[:, :width], values[:, -width:]


def _end_noise(values: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(np.minimum(*(end.var(axis=1, ddof=1) for end in _ends(values)))))


def _echoes(fids: ComplexArray, group_delay: float) -> ComplexArray:
    """Return conjugated echoes without the filter's whole points, and without the tail these leave."""
    shift = round(group_delay)
    if fids.shape[1] - shift < 8:
        raise DataError(f"profiles: of {fids.shape[1]} points {shift} are the digital filter's; no echo is left")
    return np.ascontiguousarray(np.conj(fids[:, shift:]))


def _echo_centre(echoes: ComplexArray) -> float:
    """Return the maximum of the rms echo, between points by a parabola."""
    height = np.sqrt((np.abs(echoes) ** 2).mean(axis=0))
    top = int(np.clip(np.argmax(height), 1, height.size - 2))
    left, middle, right = height[top - 1 : top + 2]
    curvature = left - 2.0 * middle + right
    return float(top + (0.5 * (left - right) / curvature if curvature < 0.0 else 0.0))


def _refined(spectra: ComplexArray, turns: FloatArray, centre: float) -> float:
    """Return the centre at which the phase does not change across the profiles, on average over their power."""
    for _ in range(_REFINEMENTS):
        unwound = spectra * np.exp(-2j * np.pi * turns * centre)
        power = np.abs(unwound) ** 2
        common = np.exp(-1j * np.angle((unwound * np.abs(unwound)).sum(axis=1, keepdims=True)))
        phase = np.angle(unwound * common)
        weights = np.where(np.abs(phase) < np.pi / 2.0, power, 0.0)
        x = np.broadcast_to(turns, power.shape)
        total = weights.sum()
        mean_x, mean_phase = (weights * x).sum() / total, (weights * phase).sum() / total
        spread = (weights * (x - mean_x) ** 2).sum()
        centre += float((weights * (x - mean_x) * (phase - mean_phase)).sum() / spread / (2.0 * np.pi))
    return centre


def _check_centre(centre: float, count: int) -> None:
    nearest = min(centre, count - 1 - centre) / count
    if nearest < _NEAR_EDGE:
        warnings.warn(
            f"The echo's centre is point {centre:.1f} of {count}, {nearest:.0%} from an end (30 % are enough): phased "
            "profiles keep an imaginary part, and edges move by micrometres. Check the echo time, or take magnitudes.",
            IondriftWarning,
            stacklevel=3,
        )


def _check_phase(imaginary: float) -> None:
    if imaginary > _LOST:
        warnings.warn(
            f"Phased profiles keep {imaginary:.0%} of the signal in their imaginary part: their phase does not follow "
            "from one echo. Take magnitudes.",
            IondriftWarning,
            stacklevel=3,
        )
