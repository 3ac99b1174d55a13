"""A series of profiles from TopSpin data sets: one scale, one clock."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr

from iondrift import variables
from iondrift.cast import ComplexArray, FloatArray
from iondrift.errors import DataError, InputFileError, IondriftWarning, plain
from iondrift.nmr.nuclei import frequency_per_field
from iondrift.nmr.profile import ProfileProcessing, Profiles, corrected_magnitude, profiles_of
from iondrift.progress import Progress, silent
from iondrift.readers.bruker.data_set import DataSet, open_data_set
from iondrift.readers.bruker.inventory import PROFILE, purpose
from iondrift.readers.bruker.processed import read_spectrum
from iondrift.readers.bruker.raw import read_fids
from iondrift.readers.paths import natural

_TOGETHER: Final = timedelta(seconds=1.0)  # two acquisitions that overlap by less follow each other
_SAME: Final = 1e-6  # relative difference of spectral width and frequency within a series


@dataclass(frozen=True, kw_only=True)
class TopSpinSeries:
    """Profiles in order of time.

    Attributes
    ----------
    profiles
        ``intensity`` (profile, point), coordinates ``number`` and ``source`` (profile), ``position`` (point, m);
        attributes ``field_of_view`` (m), ``zero_filling``, ``kind``, ``echo_centre``, ``noise_over_largest``.
    start, stop
        Of each acquisition, UTC.
    """

    profiles: xr.Dataset
    start: tuple[datetime, ...]
    stop: tuple[datetime, ...]


def read_topspin_profiles(
    folder: str | Path, *, gradient: float, expnos: Sequence[int] | None = None, nucleus: str | None = None,
    kind: str = "auto", processing: ProfileProcessing = ProfileProcessing(), duration: float | None = None,
    progress: Progress = silent,
) -> TopSpinSeries:  # fmt: skip
    """Read TopSpin data sets as one series of profiles.

    Each is divided by scans and receiver gain. Data sets that were never acquired are left out, and said to be.

    Parameters
    ----------
    folder
        That holds the expnos.
    gradient
        Read gradient, T/m.
    expnos
        Which; None: every one whose pulse program is a profile's.
    nucleus
        Observed; None: as the data say.
    kind
        "real", "magnitude", or "auto": real where all raw data are there, else stored magnitudes.
    processing
        Zero filling, window and offset; ``kind`` decides on magnitudes.
    duration
        Of one acquisition, s, where the audit trail has its end alone.
    progress
        Told how far it is.

    Raises
    ------
    InputFileError
        A data set is missing, damaged, or does not say when it was acquired.
    DataError
        Data sets differ in what a series must share, or overlap in time.

    Warns
    -----
    IondriftWarning
        Receiver gains differ, or data sets were left out.
    """
    sets = _opened(Path(folder), expnos, progress)
    times = [_times(data_set, duration) for data_set in sets]
    order = sorted(range(len(sets)), key=lambda k: times[k])
    sets, times = [sets[k] for k in order], [times[k] for k in order]
    _check_order(sets, times)
    _check_alike(sets)
    per_metre = frequency_per_field(nucleus or sets[0].nucleus) * gradient
    progress("profiles from echoes")
    found = _profiles(sets, per_metre, kind, processing)
    intensity = variables.dataarray(
        "intensity", found.intensity, {"point": np.arange(found.position.size)}, dims=("profile", "point")
    )
    return TopSpinSeries(
        profiles=intensity.to_dataset()
        .assign_coords(
            number=("profile", [_number(data_set) for data_set in sets]),
            source=("profile", [plain(data_set.folder.name) for data_set in sets]),
            position=("point", found.position, {"units": "m"}),
        )
        .assign_attrs(
            field_of_view=found.field_of_view,
            zero_filling=float(processing.zero_filling),
            echo_centre=found.echo_centre,
            noise_over_largest=float(np.median(found.noise) / found.intensity.max()),
        ),
        start=tuple(start for start, _ in times),
        stop=tuple(stop for _, stop in times),
    )


def _opened(folder: Path, expnos: Sequence[int] | None, progress: Progress) -> list[DataSet]:
    if expnos is None:
        places = [place.parent for place in natural(folder.glob("*/acqus"))]
    else:
        places = [folder / str(number) for number in expnos]
    found: list[DataSet] = []
    empty: list[DataSet] = []
    for k, place in enumerate(places, 1):
        if k % 100 == 0:
            progress(f"reading profiles, {k} of {len(places)}")
        data_set = open_data_set(place)
        if data_set.rows is None and (expnos is not None or purpose(data_set) == PROFILE):
            acquired = data_set.times.source != "none"
            (found if acquired else empty).append(data_set)
        elif expnos is not None:
            raise InputFileError(f"{place}: holds rows, no single profile; leave it out of the expnos")
    if empty:
        names = ", ".join(data_set.folder.name for data_set in empty)
        warnings.warn(
            f"{folder}: {names} never acquired (no audit trail, DATE 0) and left out.", IondriftWarning, stacklevel=3
        )
    if not found:
        raise InputFileError(
            f"{folder}: holds no profile (a single FID, 'prof' or 'imag' in its pulse program's name); name expnos"
        )
    return found


def _times(data_set: DataSet, duration: float | None) -> tuple[datetime, datetime]:
    times = data_set.times
    if times.stop is None or (times.start is None and duration is None):
        raise InputFileError(
            f"{data_set.folder}: nothing says when its acquisition began (source: {times.source}); give duration_s, or "
            "leave it out"
        )
    start = times.stop - timedelta(seconds=duration or 0.0) if times.start is None else times.start
    return start, times.stop


def _check_order(sets: Sequence[DataSet], times: Sequence[tuple[datetime, datetime]]) -> None:
    for k in range(1, len(sets)):
        if times[k][0] < times[k - 1][1] - _TOGETHER:
            earlier, later = sets[k - 1].folder.name, sets[k].folder.name
            raise DataError(
                f"{sets[k].folder}: began at {times[k][0]:%Y-%m-%d %H:%M:%S} UTC, before {earlier} ended at "
                f"{times[k - 1][1]:%H:%M:%S}; {earlier} and {later} cannot be of one spectrometer: leave one out"
            )


def _check_alike(sets: Sequence[DataSet]) -> None:
    first = sets[0]
    for other in sets[1:]:
        for name, mine, theirs in (
            ("TD", first.numbers, other.numbers),
            ("SW_h", first.spectral_width, other.spectral_width),
            ("SFO1", first.carrier_frequency, other.carrier_frequency),
            ("GRPDLY", first.group_delay, other.group_delay),
        ):
            if abs(mine - theirs) > _SAME * abs(mine):
                raise DataError(
                    f"{other.folder}: {name} is {theirs:g}, but {mine:g} in {first.folder.name}; profiles of one "
                    "series share it: leave one out"
                )
    gains = sorted({data_set.acquisition.positive("RG") for data_set in sets})
    if len(gains) > 1:
        warnings.warn(
            f"Receiver gains from {gains[0]:g} to {gains[-1]:g} in one series: the steps of a receiver are true to "
            "1 or 2 %, which the concentrations inherit.",
            IondriftWarning,
            stacklevel=3,
        )


def _profiles(sets: Sequence[DataSet], per_metre: float, kind: str, processing: ProfileProcessing) -> Profiles:
    if kind == "auto" and not all(data_set.raw_file.exists() for data_set in sets):
        return _stored(sets, per_metre, processing)
    fids: ComplexArray = np.concatenate([read_fids(data_set) * data_set.scale for data_set in sets])
    chosen = ProfileProcessing(**{**vars(processing), "magnitude": kind == "magnitude"})
    return profiles_of(
        fids, spectral_width=sets[0].spectral_width, group_delay=sets[0].group_delay,
        frequency_per_metre=per_metre, processing=chosen,
    )  # fmt: skip


def _stored(sets: Sequence[DataSet], per_metre: float, processing: ProfileProcessing) -> Profiles:
    """Return magnitudes of stored spectra, where raw data are missing."""
    spectra = [read_spectrum(data_set) for data_set in sets]
    if len({spectrum.real.shape for spectrum in spectra}) > 1:
        raise DataError(f"{sets[0].folder.parent}: stored profiles differ in SI; process them alike in TopSpin")
    for data_set, spectrum in zip(sets, spectra, strict=True):
        if spectrum.imaginary is None and (spectrum.real < 0.0).any():
            raise InputFileError(
                f"{data_set.folder}: raw data and imaginary part are missing, and the real part alone is no magnitude; "
                "store magnitudes (command mc) or copy the raw data"
            )
    scales = [1.0 / (data_set.scans * data_set.acquisition.positive("RG")) for data_set in sets]
    rows: list[FloatArray] = [
        scale * np.hypot(spectrum.real[0], 0.0 if spectrum.imaginary is None else spectrum.imaginary[0])
        for spectrum, scale in zip(spectra, scales, strict=True)
    ]
    intensity, noise = corrected_magnitude(np.stack(rows))
    points, width = intensity.shape[1], sets[0].spectral_width
    offsets = width * (0.5 - np.arange(points) / points)
    return Profiles(
        intensity=intensity,
        position=(offsets - processing.site_offset) / per_metre,
        field_of_view=width / per_metre,
        echo_centre=float("nan"),
        imaginary=0.0,
        noise=noise,
    )


def _number(data_set: DataSet) -> int:
    name = data_set.folder.name
    return int(name) if name.isascii() and name.isdigit() else 0


def seconds_after(moments: Sequence[datetime], origin: datetime) -> FloatArray:
    """Return moments in s after another."""
    return np.array([(moment - origin.astimezone(UTC)).total_seconds() for moment in moments])
