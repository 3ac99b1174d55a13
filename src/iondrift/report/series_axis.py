"""What a series of spectra is shown against: time, bias, or its place in the series."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal, TypeAlias

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError
from iondrift.settings import setting

Along: TypeAlias = Literal["auto", "time", "bias", "index"]

SECONDS = {"h": 3600.0, "min": 60.0, "s": 1.0}  # in a unit of time
_NAMED = 15  # up to so many spectra stand under their file names
_EVEN = 0.1  # steps of a bias set by hand differ by less than this, relatively


@dataclass(frozen=True, kw_only=True)
class SeriesAxis:
    """Position of every spectrum in a report or figure."""

    name: str  # "time", "bias", "spectrum"
    unit: str  # of the values, empty for a count
    values: FloatArray
    sources: tuple[str, ...]  # file and, where there are several, sweep

    @property
    def label(self) -> str:
        """Name and unit for an axis."""
        return f"{self.name} / {self.unit}" if self.unit else self.name

    @property
    def named(self) -> bool:
        """Whether the spectra are better told by their files than by a number."""
        return self.name == "spectrum" and len(self.sources) <= _NAMED

    def text(self, spectrum: int) -> str:
        """Return the value of one spectrum, without unit."""
        if self.name == "spectrum":
            return str(spectrum + 1)
        value = self.values[spectrum]
        return f"{value:.3f}" if self.name == "bias" else f"{value:.2f}"


def series_axis(dataset: xr.Dataset, along: Along = "auto") -> SeriesAxis:
    """Return the axis of a series.

    "auto": the bias where it was set by hand (even steps in one direction), else time where it is known, else the
    place in the series.

    Parameters
    ----------
    dataset
        With coordinates time (s), bias_voltage (V), source and sweep along spectrum.
    along
        Which one.

    Raises
    ------
    ConfigurationError
        Time or bias is asked for and not known of every spectrum.
    """
    time, bias = dataset["time"].values, dataset["bias_voltage"].values
    known = {"time": bool(np.isfinite(time).all()), "bias": bool(np.isfinite(bias).all()), "index": True}
    if along == "auto":
        along = "bias" if _set_by_hand(bias) else "time" if known["time"] and np.ptp(time) > 0.0 else "index"
    if not known[along]:
        raise ConfigurationError(
            f"{setting('along', along)}: the files do not tell the {along} of every spectrum; use "
            f"{setting('along', 'index')}"
        )
    sources = _sources(dataset)
    if along == "bias":
        return SeriesAxis(name="bias", unit="V", values=bias, sources=sources)
    if along == "time":
        unit, seconds = _time_unit(float(np.abs(time).max()))
        return SeriesAxis(name="time", unit=unit, values=time / seconds, sources=sources)
    return SeriesAxis(name="spectrum", unit="", values=np.arange(1.0, time.size + 1.0), sources=sources)


def _set_by_hand(bias: FloatArray) -> bool:
    steps = np.diff(bias)
    if steps.size < 2 or not np.isfinite(steps).all():
        return False
    middle = float(np.median(steps))
    return bool((np.abs(steps - middle) < _EVEN * abs(middle)).all())


def _time_unit(longest: float) -> tuple[str, float]:
    unit = next((unit for unit, seconds in SECONDS.items() if longest >= 2.0 * seconds), "s")
    return unit, SECONDS[unit]


def _sources(dataset: xr.Dataset) -> tuple[str, ...]:
    files, sweeps = map(str, dataset["source"].values), dataset["sweep"].values
    stems = [PurePath(file).stem for file in files]
    several = bool((sweeps > 1).any())
    return tuple(f"{stem} #{sweep}" if several else stem for stem, sweep in zip(stems, sweeps, strict=True))
