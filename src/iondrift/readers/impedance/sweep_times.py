"""When each sweep of a series began: from stated times, from the moments that files tell, or from one file's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from iondrift import cast, variables
from iondrift.errors import ConfigurationError
from iondrift.readers import time_stamps
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.spectrum import Spectrum
from iondrift.settings import setting, subject

if TYPE_CHECKING:
    import xarray as xr


def place_in_time(
    dataset: xr.Dataset, spectra: list[Spectrum], asked: ReadingOptions, files: int
) -> tuple[dict[str, str], list[str]]:
    """Add ``time``, when each sweep began, in s; return what is known of t = 0, and what is not.

    Parameters
    ----------
    dataset
        Takes ``time`` (spectrum): as asked for, from the moments that the files tell, or from the clock of one file;
        NaN where nothing tells it.
    spectra
        As read, one a sweep.
    asked
        Options: ``times``, ``origin``, ``day_first``.
    files
        Number of files that were read.

    Raises
    ------
    ConfigurationError
        The origin is no moment in local time, or ``times`` are not one a sweep.
    """
    started: dict[str, str] = {}
    doubt: list[str] = []
    wanted = None if asked.origin is None else _moment(asked.origin)
    seconds = np.full(len(spectra), np.nan)
    stamps = [spectrum.started for spectrum in spectra if spectrum.started is not None]
    elapsed = np.array([spectrum.elapsed for spectrum in spectra])
    if asked.times is not None:
        seconds = cast.array(asked.times, "times", shape=(len(spectra),))
    elif len(stamps) == len(spectra):
        moments, certain = time_stamps.moments(stamps, day_first=asked.day_first)
        zero = moments[0] if wanted is None else wanted
        seconds = np.array([(moment - zero).total_seconds() for moment in moments]) + np.nan_to_num(elapsed)
        if wanted is None:  # the first point is t = 0, however long after the start that the file tells
            zero += timedelta(seconds=float(seconds[0]))
            seconds -= seconds[0]
        if wanted is not None or certain:
            started["started"] = zero.isoformat()
        else:
            doubt.append(
                f"the files start at {stamps[0].text}, and nothing tells day from month, so that the moment of t = 0 "
                f"stays open; set {setting('day_first', True)} or {setting('day_first', False)}"
            )
    elif files == 1:
        seconds = elapsed - elapsed[0]
    dataset["time"] = variables.dataarray("time", seconds, {}, dims=("spectrum",), long_name="start of the sweep")
    return started, doubt


def _moment(origin: datetime | str) -> datetime:
    try:
        moment = datetime.fromisoformat(origin) if isinstance(origin, str) else origin
    except ValueError as error:
        raise ConfigurationError(
            f"{subject('origin')}: {origin!r} is no ISO 8601 moment such as 2024-10-25T21:09:58"
        ) from error
    if moment.tzinfo is not None:
        raise ConfigurationError(f"{subject('origin')}: {origin!r} has a time zone; instruments write local time")
    return moment
