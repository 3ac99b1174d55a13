"""Profiles and log as an experiment file names them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, DataError, IondriftWarning
from iondrift.experiment.file.schema import Experiment
from iondrift.experiment.log import clock

_FORMATS = {".nc": "netcdf", ".nc4": "netcdf", ".h5": "netcdf", ".zarr": "zarr", ".csv": "csv", ".tsv": "csv"}

_FEWEST = 3  # profiles and points: less has no second derivative


@dataclass(frozen=True, kw_only=True)
class Series:
    """Profiles as read and selected, with their windows on the log's clock.

    Attributes
    ----------
    profiles
        ``intensity`` (profile, point); ``intensity`` or ``concentration`` (time, x) if labelled already.
    start, stop
        Of each acquisition, s since the first sample of the log.
    format, stored, sources
        For the report: what it was, how many there were, name of each one used.
    """

    profiles: xr.Dataset
    start: FloatArray
    stop: FloatArray
    format: str
    stored: int
    sources: tuple[str, ...]


def read_log(experiment: Experiment) -> xr.Dataset:
    """Return the log with its time counted from the first sample."""
    from iondrift.readers import log as text_log
    from iondrift.settings import in_section

    settings = experiment.log
    area = None if settings.electrode_area_cm2 is None else settings.electrode_area_cm2 * 1e-4
    told = {name: getattr(settings, name) for name in text_log.LogKeywords.__annotations__ if name != "electrode_area"}
    with in_section("log"):
        log = text_log.read_log(settings.file, layout=text_log.LogLayout(**told, electrode_area=area))
    return log.assign_coords(time=log.time - log.time[0])


def read_series(experiment: Experiment) -> Series:
    """Return the selected profiles and their windows.

    Raises
    ------
    ConfigurationError
        A key that the format needs is missing, or fewer profiles are there than asked for.
    """
    settings = experiment.profiles
    kind: str = settings.format
    if kind == "topspin" or (kind == "auto" and settings.topspin is not None):
        return _topspin_data_sets(experiment)
    if kind == "auto":
        kind = _FORMATS.get(Path(settings.files[0]).suffix.lower(), "topspin-text")
    if kind == "topspin-text":
        return _topspin(experiment)
    return _labelled(experiment, kind)


def _topspin(experiment: Experiment) -> Series:
    from iondrift.readers.profiles import topspin_text

    settings = experiment.profiles
    interval, duration, field_of_view = settings.interval_s, settings.duration_s, settings.field_of_view_mm
    needed = {"field_of_view_mm": field_of_view, "interval_s": interval, "duration_s": duration}
    missing = [f"profiles.{name}" for name, value in needed.items() if value is None]
    if interval is None or duration is None or field_of_view is None:
        raise ConfigurationError(f"{file_of(experiment)}: profiles as TopSpin text need {' and '.join(missing)}")
    profiles = topspin_text.read_profiles(settings.files)
    stored = profiles.sizes["profile"]
    profiles = profiles.isel(profile=_selected(experiment, stored))
    _tell_gaps(experiment, profiles.number.values)
    start, stop = clock.profile_windows(
        profiles.sizes["profile"],
        interval=interval,
        duration=duration,
        start=settings.start_s,
        anchor=settings.anchor,
        numbers=profiles.number.values,
        gaps=settings.gaps,
    )
    return Series(
        profiles=profiles,
        start=start,
        stop=stop,
        format="topspin-text",
        stored=stored,
        sources=tuple(map(str, profiles.source.values)),
    )


def _tell_gaps(experiment: Experiment, numbers: npt.NDArray[np.int64]) -> None:
    """Warn where file numbers are missing and nobody has said what that means."""
    after = np.flatnonzero(np.diff(numbers) != 1)
    if after.size and "gaps" not in experiment.profiles.model_fields_set:
        places = ", ".join(f"{numbers[k]} and {numbers[k + 1]}" for k in after[:3])
        warnings.warn(
            f"The numbers of the profiles are not consecutive (between {places}{' ...' if after.size > 3 else ''}): "
            "they are taken to follow one another without a pause. Set profiles.gaps = 'keep' where profiles are "
            "missing, or 'close' where none are.",
            IondriftWarning,
            stacklevel=3,
        )


def _topspin_data_sets(experiment: Experiment) -> Series:
    from iondrift.experiment.file.topspin import expno_numbers
    from iondrift.experiment.topspin_profiles import read_topspin_profiles, seconds_after
    from iondrift.nmr.profile import ProfileProcessing

    settings = experiment.profiles
    told = settings.topspin
    if told is None or len(settings.files) != 1:
        raise ConfigurationError(
            f"{file_of(experiment)}: profiles as TopSpin data sets need one folder in profiles.files, and the section "
            "[profiles.topspin] with gradient_T_per_m"
        )
    if "reverse" not in settings.model_fields_set:
        raise ConfigurationError(
            f"{file_of(experiment)}: profiles.reverse is not given; set true where the plating electrode is at the low "
            "end of the frequencies, else false: which way it lies depends on gradient, probe and cell"
        )
    series = read_topspin_profiles(
        settings.files[0],
        gradient=told.gradient_T_per_m,
        expnos=None if told.expnos is None else expno_numbers(told.expnos),
        nucleus=told.nucleus,
        kind=told.kind,
        processing=ProfileProcessing(
            zero_filling=told.zero_filling, line_broadening=told.line_broadening_Hz, site_offset=told.site_offset_Hz
        ),
        duration=settings.duration_s,
    )
    origin = told.log_start
    if origin is None:
        if "start_s" not in settings.model_fields_set:
            raise ConfigurationError(
                f"{file_of(experiment)}: nothing places the log on the spectrometer's clock; set "
                "profiles.topspin.log_started with time_zone, or profiles.start_s"
            )
        origin = series.start[0] - timedelta(seconds=settings.start_s)
    stored = series.profiles.sizes["profile"]
    chosen = _selected(experiment, stored)
    return Series(
        profiles=series.profiles.isel(profile=chosen),
        start=seconds_after(series.start, origin)[chosen],
        stop=seconds_after(series.stop, origin)[chosen],
        format="topspin",
        stored=stored,
        sources=tuple(map(str, series.profiles.source.values[chosen])),
    )


def _labelled(experiment: Experiment, kind: str) -> Series:
    from iondrift.readers.profiles import labelled as profile_series

    settings = experiment.profiles
    if len(settings.files) != 1:
        raise ConfigurationError(
            f"{file_of(experiment)}: profiles.files: {kind} is one file, found {len(settings.files)}"
        )
    path = Path(settings.files[0])
    series = profile_series.read_series(path)
    stored = series.sizes["time"]
    chosen = _selected(experiment, stored)
    series = series.isel(time=chosen)
    if min(series.sizes["time"], series.sizes["x"]) < _FEWEST:
        raise DataError(
            f"{path}: {series.sizes['time']} profile(s) of {series.sizes['x']} point(s); a series needs at least "
            f"{_FEWEST} of {_FEWEST}"
        )
    middle = series.time.values + settings.start_s
    width = settings.duration_s or float(np.median(np.diff(middle)))
    return Series(
        profiles=series,
        start=middle - width / 2.0,
        stop=middle + width / 2.0,
        format=kind,
        stored=stored,
        sources=tuple(f"{path.name}, profile {k + 1}" for k in range(stored)[chosen]),
    )


def _selected(experiment: Experiment, stored: int) -> slice:
    first, count = experiment.profiles.first, experiment.profiles.count
    available = stored - first + 1
    if available < (count or 1):
        wanted = f"{count} profiles from number {first} on" if count else f"profiles from number {first} on"
        raise ConfigurationError(
            f"{file_of(experiment)}: profiles.count and profiles.first ask for {wanted}, but {stored} are there"
        )
    return slice(first - 1, None if count is None else first - 1 + count)


def file_of(experiment: Experiment) -> str:
    """Return the file an experiment was read from, else the name of its cell: for messages."""
    return str(experiment.source or experiment.cell.name)
