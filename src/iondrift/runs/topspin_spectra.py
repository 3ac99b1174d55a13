"""TopSpin data sets of spectra with known lines: damped exponentials times a Gaussian in time, exact Voigt lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from iondrift.nmr.spectrum import Processing
from iondrift.runs.topspin_folder import Acquired, filtered, instants, write_data_set

_POINTS: Final = 1024
_TRANSFORM: Final = 4096


@dataclass(frozen=True, kw_only=True)
class VoigtLine:
    """One line: shift, standard deviation of the Gaussian and half width of the Lorentzian, ppm; area."""

    shift: float
    gaussian: float
    lorentzian: float
    area: float


def write_lines(
    folder: Path, lines: Sequence[VoigtLine], *, acquired: Acquired, reference_frequency: float, noise: float,
    seed: int,
) -> Path:  # fmt: skip
    """Write one spectrum with its processing; return its folder.

    Parameters
    ----------
    folder
        The expno.
    lines
        What is in it.
    acquired
        What the parameters say.
    reference_frequency
        Of 0 ppm, Hz.
    noise
        Standard deviation of each channel of one scan, over an area of 1.
    seed
        Of the noise.
    """
    width, hertz = acquired.spectral_width, reference_frequency * 1e-6
    centre = (acquired.carrier_frequency / reference_frequency - 1.0) * 1e6
    t = instants(_TRANSFORM, width)
    late = np.maximum(t, 0.0)
    signal = np.zeros(t.size, dtype=np.complex128)
    for line in lines:
        decay = 2.0 * np.pi * line.lorentzian * hertz * late + 2.0 * (np.pi * line.gaussian * hertz * late) ** 2
        signal += line.area * np.exp(2j * np.pi * (line.shift - centre) * hertz * t - decay)
    signal *= np.where(t > 0.0, 1.0, 0.5 * (t == 0.0))
    fid = filtered(signal[None, :], acquired.group_delay, _POINTS)
    random = np.random.default_rng(seed)
    spread = noise / np.sqrt(acquired.scans)
    fid = fid + spread * (random.standard_normal((1, _POINTS)) + 1j * random.standard_normal((1, _POINTS)))
    phase = -180.0 * (acquired.group_delay - round(acquired.group_delay))
    processing = Processing(transform_points=_TRANSFORM, phase0=phase)
    return write_data_set(folder, fid, acquired, processing=processing, reference_frequency=reference_frequency)
