"""Impedance spectra from files of any instrument to one series on one clock.

What shows that a file is damaged depends on its format; everything is used that there is.

- Cut: Zahner, ZPlot and Autolab declare their points and VersaStudio closes its table (refused); Gamry, BioLogic
  and CHI plan a last frequency (a warning); PARSTAT, PowerSuite and plain text show a cut inside a line alone.
- Numbers: Gamry, BioLogic, CHI and VersaStudio (and plain text, where modulus or phase stand beside the parts) write
  each impedance twice: a contradiction beyond rounding is refused. In the others, and for every frequency, a changed
  digit shows where it breaks the order or the even grid of the frequencies, or stands off the line of its neighbours
  (a warning).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, Unpack, get_args

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast, variables
from iondrift.errors import ConfigurationError, InputFileError, IondriftWarning, plain
from iondrift.readers.impedance import (
    autolab_text,
    biologic_mpt,
    ch_instruments_text,
    delimited_text,
    gamry_dta,
    parstat_text,
    powersuite_text,
    pstrace_text,
    versastudio_par,
    zahner_ism,
    zplot_z,
)
from iondrift.readers.impedance.formats import detect_format, find_files
from iondrift.readers.impedance.grid import align
from iondrift.readers.impedance.options import Grid, Incomplete, ReadingKeywords, ReadingOptions
from iondrift.readers.impedance.spectrum import Spectrum
from iondrift.readers.impedance.sweep_times import place_in_time
from iondrift.readers.text import SEPARATORS
from iondrift.settings import setting, split_keywords, subject

FORMATS: dict[str, Callable[[Path, ReadingOptions], list[Spectrum]]] = {
    "zahner": zahner_ism.read,
    "gamry": gamry_dta.read,
    "biologic": biologic_mpt.read,
    "zplot": zplot_z.read,
    "autolab": autolab_text.read,
    "versastudio": versastudio_par.read,
    "parstat": parstat_text.read,
    "chi": ch_instruments_text.read,
    "powersuite": powersuite_text.read,
    "pstrace": pstrace_text.read,
    "text": delimited_text.read,
}


def read_impedance(
    paths: Path | str | Sequence[Path | str],
    *,
    reading: ReadingOptions = ReadingOptions(),
    **options: Unpack[ReadingKeywords],
) -> xr.Dataset:
    """Read impedance spectra of any supported instrument as one series.

    Parameters
    ----------
    paths
        One file, a folder or a glob (both in natural order: 2 before 10), or a list (in its own order). Every
        sweep of every file becomes one spectrum. Of a folder only files that may be spectra are taken, and
        all of these must read.
    reading
        All options in one record, :class:`iondrift.ReadingOptions`; those given beside it replace its own.
    format
        "auto" (by ending and content) or one of `FORMATS`.
    header
        For delimited text: the column names, one for each column, "" where not needed, such as
        ``["freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm"]``. They replace the file's and settle units and the sign of
        Im Z.
    separator, decimal
        For delimited text that leaves them open: "tab", "semicolon", "comma" or "space" (any blanks); "." or ",".
    grid
        "union": every frequency of any spectrum; points that a spectrum lacks are NaN and do not count. "common":
        frequencies not in all spectra are left out. "same": all spectra must have the same. Nothing is interpolated.
    grid_tolerance
        Largest relative difference of frequencies that count as one; 1e-3 changes Z by less than 0.1 %.
    frequency_range
        Lowest and highest frequency in Hz to keep.
    incomplete
        What to do with a sweep shorter than its file declares: "refuse", "keep" it with a warning, or "drop"
        it, together with sweeps that end before the frequency the file plans.
    merge
        Join the points of a table to one spectrum, in whatever order their frequencies stand: ranges that overlap, or
        measured in no order. Points at one frequency are averaged. A new spectrum starts where the first frequency
        comes again.
    times
        Start of every spectrum in s, where the files do not tell or tell wrongly.
    origin
        The moment that is t = 0, ISO 8601 in the local time of the instrument; default: the start of the
        first spectrum.
    day_first
        Order of day and month in dates such as 10-12-2018, where no file of the series shows it.
    minimum_points
        Fewest points of a sweep.

    Returns
    -------
    xr.Dataset
        impedance (spectrum, frequency), complex, Ohm, Im Z < 0 for a capacitive response;
        coordinates, which `impedance` keeps when taken alone:
        frequency (frequency), Hz, ascending;
        time (spectrum), s, start of the sweep; NaN where unknown;
        duration (spectrum), s, first to last point; NaN where unknown;
        bias_voltage (spectrum), V, and bias_current (spectrum), A: means over the sweep; NaN where unknown;
        source (spectrum), file name; sweep (spectrum), number in the file from 1;
        completeness (spectrum): how one knows that no point is missing, see
        `iondrift.readers.impedance.spectrum.Points`;
        measured (spectrum, frequency), where not every spectrum has every frequency: which points there are; the
        others are NaN in `impedance`, and :func:`iondrift.drt` and its like leave them out;
        attrs: notes and cautions (tuples of text), skipped_files, started (ISO 8601 of t = 0 where certain).

    Raises
    ------
    InputFileError
        A file is missing, damaged or leaves open what it holds; grids differ; dates are ambiguous.
    ConfigurationError
        An option has a value that does not exist or does not fit.

    Warns
    -----
    IondriftWarning
        Once for every caution: an aborted or short sweep, a lone spike of |Z|, a doubtful sign.

    Examples
    --------
    >>> import numpy as np, pathlib, tempfile
    >>> f = np.logspace(5, 0, 21); z = 10 + 100 / (1 + 2j * np.pi * f * 1e-3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "cell.csv")
    ...     names = "freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm"
    ...     np.savetxt(path, np.c_[f, z.real, -z.imag], delimiter=",", comments="", header=names)
    ...     series = read_impedance(path)
    >>> series.impedance.shape, bool(np.allclose(series.impedance[0, ::-1], z))
    ((1, 21), True)
    """
    (changes,) = split_keywords("read_impedance", options, ReadingOptions)
    asked = replace(reading, **changes)
    _check_options(asked)
    files, skipped = find_files(paths)
    spectra: list[Spectrum] = []
    for file in files:
        spectra += _read_file(file, asked)
    dropped: list[str] = []
    if asked.incomplete == "drop":
        spectra, dropped = _drop_incomplete(spectra)
    tolerance = cast.scalar(asked.grid_tolerance, "grid_tolerance")
    frequency, impedance, notes = align(spectra, grid=asked.grid, tolerance=tolerance)
    kept, left_out = _within(frequency, asked.frequency_range)
    cautions = [*dropped, *_told(spectra, "cautions")]
    dataset = _dataset(spectra, frequency[kept], impedance[:, kept])
    started, doubt = place_in_time(dataset, spectra, asked, len(files))
    dataset = dataset.set_coords(["time", "duration", "bias_voltage", "bias_current"])
    dataset.attrs = {
        "notes": (*_told(spectra, "notes"), *notes, *left_out, *doubt), "cautions": tuple(cautions),
        "skipped_files": tuple(skipped), **started,
    }  # fmt: skip
    for caution in cautions:
        warnings.warn(caution, IondriftWarning, stacklevel=2)
    return dataset


def _check_options(asked: ReadingOptions) -> None:
    choices: tuple[tuple[str, object, tuple[object, ...]], ...] = (
        ("format", asked.format, ("auto", *FORMATS)),
        ("grid", asked.grid, get_args(Grid)),
        ("incomplete", asked.incomplete, get_args(Incomplete)),
        ("separator", asked.separator, (None, *SEPARATORS)),
        ("decimal", asked.decimal, (None, ".", ",")),
    )
    for name, value, allowed in choices:
        if value not in allowed:
            raise ConfigurationError(
                f"{subject(name)}: {value!r} does not exist; choose one of {', '.join(map(repr, allowed))}"
            )
    if asked.format not in ("auto", "text") and _as_text(asked):
        raise ConfigurationError(
            f"header, separator and decimal are for delimited text, not for {setting('format', asked.format)}"
        )
    if isinstance(asked.header, str):
        raise ConfigurationError("header must be a list of column names, not one text")
    if asked.minimum_points < 3:
        raise ConfigurationError(
            f"{subject('minimum_points')}: {asked.minimum_points} is too few for a spectrum; at least 3"
        )


def _as_text(asked: ReadingOptions) -> bool:
    """Say whether something is told that only delimited text needs."""
    return (asked.header, asked.separator, asked.decimal) != (None, None, None)


def _read_file(file: Path, asked: ReadingOptions) -> list[Spectrum]:
    name: str = asked.format
    if name == "auto":
        name = "text" if _as_text(asked) else detect_format(file)
    return FORMATS[name](file, asked)


def _drop_incomplete(spectra: list[Spectrum]) -> tuple[list[Spectrum], list[str]]:
    kept = [spectrum for spectrum in spectra if spectrum.completeness not in ("cut", "short")]
    if not kept:
        raise InputFileError(
            f"{spectra[0].path}: every sweep is incomplete, nothing is left with {setting('incomplete', 'drop')}"
        )
    dropped = [
        f"{spectrum.path.name}, sweep {spectrum.sweep}: dropped, it is {spectrum.completeness}"
        for spectrum in spectra
        if spectrum.completeness in ("cut", "short")
    ]
    return kept, dropped


def _within(
    frequency: cast.FloatArray, wanted: tuple[float, float] | None
) -> tuple[npt.NDArray[np.bool_], tuple[str, ...]]:
    """Return which frequencies are wanted, and a note where others are there."""
    if wanted is None:
        return np.ones(frequency.size, dtype=np.bool_), ()
    low, high = (cast.scalar(edge, "frequency_range", positive=True) for edge in wanted)
    if not low < high:
        raise ConfigurationError(f"{subject('frequency_range')}: expected lowest < highest in Hz, got {wanted}")
    kept = (frequency >= low * (1.0 - 1e-9)) & (frequency <= high * (1.0 + 1e-9))  # as printed, ends are rounded
    if not kept.any():
        raise ConfigurationError(
            f"{subject('frequency_range')}: no frequency lies in {low:g} to {high:g} Hz; the files hold "
            f"{frequency[0]:g} to {frequency[-1]:g} Hz"
        )
    words = f"{int((~kept).sum())} of {kept.size} frequencies lie outside {low:g} to {high:g} Hz and are left out"
    return kept, () if kept.all() else (words,)


def _dataset(spectra: list[Spectrum], frequency: cast.FloatArray, impedance: np.ndarray) -> xr.Dataset:
    coords = {"frequency": frequency}
    per_spectrum = ("spectrum",)
    dataset = xr.Dataset({"impedance": variables.dataarray("impedance", impedance, coords)})
    for name, data in (
        ("duration", [spectrum.duration for spectrum in spectra]),
        ("bias_voltage", [spectrum.bias_voltage for spectrum in spectra]),
        ("bias_current", [spectrum.bias_current for spectrum in spectra]),
    ):
        dataset[name] = variables.dataarray(name, data, {})
    measured = np.isfinite(impedance)
    if not measured.all():
        told = {"long_name": "points that the files hold", "units": "1"}
        dataset = dataset.assign_coords(measured=(("spectrum", "frequency"), measured, told))
    return dataset.assign_coords(
        source=(per_spectrum, [plain(spectrum.path.name) for spectrum in spectra], {"long_name": "file"}),
        sweep=(per_spectrum, [spectrum.sweep for spectrum in spectra], {"long_name": "sweep in the file"}),
        completeness=(per_spectrum, [spectrum.completeness for spectrum in spectra]),
    )  # fmt: skip


def _told(spectra: Iterable[Spectrum], what: Literal["notes", "cautions"]) -> tuple[str, ...]:
    """Return each remark once, with the file it belongs to."""
    return tuple(
        dict.fromkeys(
            f"{spectrum.path.name}: {remark}" for spectrum in spectra for remark in getattr(spectrum, what)
        )
    )  # fmt: skip
