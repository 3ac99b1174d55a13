"""What lies in a folder of TopSpin data sets: each one, what it could serve as, what is wrong with it."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from iondrift.errors import InputFileError, IondriftWarning
from iondrift.readers.bruker.data_set import DataSet, open_data_set
from iondrift.readers.bruker.parameters import read_parameters
from iondrift.readers.bruker.processed import read_spectrum
from iondrift.readers.bruker.raw import read_fids
from iondrift.readers.paths import natural

PROFILE: Final = "profile"
DIFFUSION: Final = "diffusion"
SPECTRUM: Final = "spectrum"
SERIES: Final = "series of spectra"
OTHER: Final = "two-dimensional spectrum"

_DEPTH: Final = 4  # user, name, expno, and one to spare
_PROFILE: Final = re.compile(r"prof|imag|img|1d_?mri", re.IGNORECASE)
_DIFFUSION: Final = re.compile(r"ste|led|dosy|diff|pgse|pfg", re.IGNORECASE)
_GRADIENT_LISTS: Final = ("diff.xml", "difflist", "Difflist", "Difframp")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One data set of a folder.

    Attributes
    ----------
    folder
        The expno.
    pulse_program, nucleus
        Empty where the parameters cannot be read.
    start
        Of the acquisition, UTC; None where nothing says it.
    scans
        Scans done, 0 where unknown.
    purpose
        What it could serve as, empty where it cannot be read.
    problem
        What is wrong with it, empty where nothing is.
    """

    folder: Path
    pulse_program: str = ""
    nucleus: str = ""
    start: datetime | None = None
    scans: int = 0
    purpose: str = ""
    problem: str = ""


def inventory(folder: str | Path) -> tuple[Entry, ...]:
    """Return every data set in a folder, or the one that it is, in natural order.

    Raises
    ------
    InputFileError
        No such folder, or none holds a TopSpin data set.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputFileError(f"{folder}: no such folder, so no data set can be read; check the path")
    found = natural(_data_sets(folder))
    if not found:
        raise InputFileError(
            f"{folder}: holds no TopSpin data set (a folder with acqus); name the folder above the expnos"
        )
    return tuple(map(_entry, found))


def purpose(data_set: DataSet) -> str:
    """Return what a data set could serve as, by its dimensions, its pulse program and the lists beside it."""
    name = data_set.pulse_program
    if data_set.rows is None:
        return PROFILE if _PROFILE.search(name) else SPECTRUM
    if not data_set.is_pseudo_2d:
        return OTHER
    listed = any((data_set.folder / entry).exists() for entry in _GRADIENT_LISTS)
    return DIFFUSION if listed or _DIFFUSION.search(name) else SERIES


def _data_sets(folder: Path) -> Iterator[Path]:
    for place, below, files in os.walk(folder):
        here = Path(place)
        if {"acqus", "fid", "ser"} & set(files):
            below.clear()
            yield here
        elif len(here.relative_to(folder).parts) >= _DEPTH:
            below.clear()


def _entry(folder: Path) -> Entry:
    try:
        data_set = open_data_set(folder)
        known = Entry(
            folder=folder,
            pulse_program=data_set.pulse_program,
            nucleus=data_set.nucleus,
            scans=data_set.scans,
            purpose=purpose(data_set),
        )
    except InputFileError as error:
        return _refused(folder, error)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", IondriftWarning)
        start, problems = _problems(data_set)
    problems += [_said(warning.message, folder) for warning in caught]
    return Entry(**{**vars(known), "start": start, "problem": "; ".join(dict.fromkeys(problems))})


def _refused(folder: Path, error: InputFileError) -> Entry:
    """Return what can be told of a data set that is not read."""
    try:
        told = DataSet(folder=folder, acquisition=read_parameters(folder / "acqus"), indirect=None)
        known = Entry(folder=folder, pulse_program=told.pulse_program, nucleus=told.nucleus, scans=told.scans)
        known = replace(known, start=told.times.start)
    except InputFileError:  # the first error says what is wrong
        known = Entry(folder=folder)
    return replace(known, problem=_said(error, folder))


def _problems(data_set: DataSet) -> tuple[datetime | None, list[str]]:
    """Return the start of the acquisition, and what is wrong with times and values."""
    problems = []
    start = None
    try:
        times = data_set.times
        start = times.start
        if times.source == "none":
            problems.append("nothing says when it was acquired")
        elif start is None:
            problems.append(f"its start is unknown, only its end is ({times.source.partition(' (')[0]})")
    except InputFileError as error:
        problems.append(_said(error, data_set.folder))
    try:
        fids = read_fids(data_set)
        if data_set.rows is not None and len(fids) < data_set.rows:
            problems.append(f"stopped: {len(fids)} of {data_set.rows} rows were acquired")
        _ = data_set.group_delay
    except InputFileError as error:
        problems.append(_said(error, data_set.folder) + _processed_instead(data_set))
    return start, problems


def _processed_instead(data_set: DataSet) -> str:
    try:
        spectrum = read_spectrum(data_set)
    except InputFileError:
        return ""
    phase = "" if spectrum.imaginary is not None else ", real part alone: its phase cannot be changed"
    return f" (the processed data can be read{phase})"


def _said(message: object, folder: Path) -> str:
    """Return a message without the folder in front."""
    return str(message).replace(f"{folder}{os.sep}", "").removeprefix(f"{folder}: ")
