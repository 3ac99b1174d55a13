"""The delay of the digital filter, which the first points of a raw FID hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iondrift.errors import InputFileError
from iondrift.readers.bruker.parameters import Parameters

# Points, by firmware (DSPFVS) and decimation (DECIM), for consoles that do not write GRPDLY: W. M. Westler and
# F. Abildgaard, 1996, as all programs that read these data have it.
_DECIMATIONS: Final = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
_BY_FIRMWARE: Final[Mapping[int, Mapping[int, float]]] = {
    10: dict(zip(_DECIMATIONS, (
        44.75, 33.5, 66.625, 709 / 12, 68.5625, 60.375, 69.53125, 2929 / 48, 70.015625, 61.34375, 8993 / 128,
        11809 / 192, 18017 / 256, 7883 / 128, 36065 / 512, 47329 / 768, 72161 / 1024, 31563 / 512, 144353 / 2048,
        189409 / 3072, 288737 / 4096,
    ), strict=False)),
    11: dict(zip(_DECIMATIONS, (
        46.0, 36.5, 48.0, 301 / 6, 53.25, 69.5, 72.25, 421 / 6, 72.75, 70.5, 73.0, 212 / 3, 72.5, 214 / 3, 72.25,
        215 / 3, 72.125, 431 / 6, 72.0625, 863 / 12, 72.03125,
    ), strict=False)),
    12: dict(zip(_DECIMATIONS, (
        46.0, 36.5, 48.0, 301 / 6, 53.25, 69.5, 71.625, 421 / 6, 72.125, 70.5, 72.375, 212 / 3, 72.5, 214 / 3,
        72.25, 215 / 3, 72.125, 431 / 6, 72.0625, 863 / 12, 72.03125,
    ), strict=False)),
    13: dict(zip(_DECIMATIONS, (
        2.75, 17 / 6, 2.875, 35 / 12, 2.9375, 71 / 24, 2.96875, 143 / 48, 2.984375, 287 / 96, 383 / 128, 575 / 192,
    ), strict=False)),
}  # fmt: skip


def group_delay(acquisition: Parameters) -> float:
    """Return the delay of the digital filter in points; 0 where none is in the data.

    DIGMOD 0 (analogue, or a filter removed by convdta) has none, whatever GRPDLY says; GRPDLY above 0 is the delay;
    otherwise it follows from DSPFVS and DECIM.

    Raises
    ------
    InputFileError
        Nothing tells it.
    """
    if acquisition.integer("DIGMOD", 1) == 0:
        return 0.0
    stated = acquisition.real("GRPDLY", -1.0)
    if stated > 0.0:
        return stated
    firmware, decimation = acquisition.integer("DSPFVS"), acquisition.real("DECIM")
    known = _BY_FIRMWARE.get(firmware, {}).get(int(decimation)) if decimation.is_integer() else None
    if known is None:
        raise InputFileError(
            f"{acquisition.path}: the delay of the digital filter is unknown: GRPDLY is {stated:g}, and no table has "
            f"DSPFVS {firmware} with DECIM {decimation:g}; convert the data set in TopSpin with convdta"
        )
    return known
