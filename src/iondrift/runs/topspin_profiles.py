"""TopSpin data sets of profiles with a known object."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from iondrift.cast import ComplexArray, FloatArray
from iondrift.nmr.nuclei import frequency_per_field
from iondrift.nmr.spectrum import Processing
from iondrift.runs.topspin_folder import Acquired, filtered, instants, write_data_set

ECHO_POINTS: Final = 148
ECHO_CENTRE: Final = 84  # point behind the filter
_LENGTH: Final = 2048


def echo_of(positions: FloatArray, density: FloatArray, turns_per_metre: float, points: FloatArray) -> ComplexArray:
    """Return the echo of an object drawn on a fine grid: sum of density exp(2 pi i turns x (n - n_e)) dx.

    Parameters
    ----------
    positions, density
        (place,) m, evenly spaced, and (profile, place), 1/m.
    turns_per_metre
        gamma G / (2 pi SW).
    points : (point,)
        n - n_e.
    """
    spacing = float(positions[1] - positions[0])
    kernel = np.exp(2j * np.pi * turns_per_metre * np.multiply.outer(positions, points))
    # each place is a box as wide as the grid is fine
    return np.asarray((density * spacing) @ kernel * np.sinc(turns_per_metre * points * spacing))


def write_profile(
    folder: Path, *, acquired: Acquired, echo: ComplexArray, noise: float, random: np.random.Generator,
    gradient: float, processed: bool = True,
) -> None:  # fmt: skip
    """Write one profile.

    Parameters
    ----------
    folder
        The expno.
    acquired
        What the parameters say.
    echo : (point,)
        Without filter, at :func:`echo_points`, of one scan.
    noise
        Standard deviation of one scan, in each channel of a point of the FID.
    random
        Where the noise comes from.
    gradient
        T/m; as in life, only gradient_calib bears one, and that is the maximum.
    processed
        Whether ``pdata/1`` is there.
    """
    delay = acquired.group_delay
    count = ECHO_POINTS + int(np.ceil(delay))
    fid = filtered(echo[None, :], delay, count)
    white = random.standard_normal((2, 1, count))
    fid = fid + noise / np.sqrt(acquired.scans) * (white[0] + 1j * white[1])
    how = Processing(transform_points=512) if processed else None
    lists = {"gradient_calib": f"{gradient / 0.1:.6g} G/mm\n1.0\n1.0\n1.0\n"}
    write_data_set(folder, fid, acquired, processing=how, lists=lists)


def echo_points(spectral_width: float) -> FloatArray:
    """Return n - n_e of every sample that :func:`write_profile` takes."""
    return np.rint(instants(_LENGTH, spectral_width) * spectral_width) - ECHO_CENTRE


def turns_per_metre(nucleus: str, gradient: float, spectral_width: float) -> float:
    """Return gamma G / (2 pi SW), 1/m: over the field of view, 1."""
    return frequency_per_field(nucleus) * gradient / spectral_width
