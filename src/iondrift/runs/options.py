"""What may be chosen for a run of one cell or of many. Nothing heavy is imported: the command line looks here, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from iondrift.drift.bands.options import DEFAULT_DRAWS, DrawOptions
from iondrift.drift.closures import CLOSURES
from iondrift.drift.names import Smoothing
from iondrift.settings import option

Figures: TypeAlias = Literal["none", "png", "all"]
_INSTEAD = "Instead of the one in the file."


def known_closure(name: str) -> str:
    """Return the name of a registered closure; ValueError names those there are."""
    if name not in CLOSURES:
        raise ValueError(f"{name!r} is not one of {', '.join(map(repr, CLOSURES))}.")
    return name


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a cell is analysed, and what is written of it.

    Attributes
    ----------
    closure, smoothing
        Instead of those in the experiment file.
    netcdf
        Also write one NetCDF file.
    figures
        Which files of figures are drawn: none, PNG, or all (SVG beside them).
    bands
        How to draw uncertainty bands; None for no bands.
    """

    closure: str | None = option(None, _INSTEAD, metavar=f"<{'|'.join(CLOSURES)}>", parse=known_closure)
    smoothing: Smoothing | None = option(None, _INSTEAD)
    netcdf: bool = option(False, "Also write results.nc.")
    figures: Figures = option("png", "Figures: none, PNG, or all (SVG, too).")
    bands: DrawOptions | None = DEFAULT_DRAWS


DEFAULT_RUN = RunOptions()
