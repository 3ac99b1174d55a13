"""Gyromagnetic ratios of the nuclei that are observed."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi
from typing import Final

from iondrift.errors import ConfigurationError

_SHIELDED_PROTON: Final = 42.57638507e6  # Hz/T, in water: what a spectrometer's field is calibrated with (CODATA)

# Frequency ratios Xi in per cent of the protons of TMS (R. K. Harris et al., Pure Appl. Chem. 73, 1795, 2001). With the
# shielded proton they give the ratios that TopSpin uses, to seven digits. Tables of bare nuclei differ by 2 to 9e-4.
FREQUENCY_RATIOS: Final[Mapping[str, float]] = {
    "1H": 100.0, "2H": 15.350609, "6Li": 14.716086, "7Li": 38.863797, "11B": 32.083974, "13C": 25.145020,
    "15N": 10.136767, "17O": 13.556457, "19F": 94.094011, "23Na": 26.451900, "27Al": 26.056859, "29Si": 19.867187,
    "31P": 40.480742, "39K": 4.666373, "87Rb": 32.720454, "133Cs": 13.116142,
}  # fmt: skip


def frequency_per_field(nucleus: str) -> float:
    """Return gamma / 2 pi of a nucleus in Hz/T: its frequency ratio times that of the shielded proton.

    Raises
    ------
    ConfigurationError
        The nucleus is not in the table.

    Examples
    --------
    >>> round(frequency_per_field("19F") / 1e6, 4), round(frequency_per_field("7Li") / 1e6, 4)
    (40.0618, 16.5468)
    """
    if nucleus not in FREQUENCY_RATIOS:
        raise ConfigurationError(f"nucleus: {nucleus!r} found; known are {', '.join(FREQUENCY_RATIOS)}")
    return FREQUENCY_RATIOS[nucleus] / 100.0 * _SHIELDED_PROTON


def gyromagnetic_ratio(nucleus: str) -> float:
    """Return gamma of a nucleus in rad s-1 T-1; see :func:`frequency_per_field`."""
    return 2.0 * pi * frequency_per_field(nucleus)
