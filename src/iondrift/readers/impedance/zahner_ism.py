"""Zahner Thales .ism: one spectrum in binary, big-endian throughout.

Layout: a version (6-byte integer, -1 or -2), the number of points less one (6 bytes), then for every point in
turn the frequency (Hz), |Z| (Ohm), arg Z (rad), the time (s since 1980) as 8-byte floats and the significance
(0 to 1000, 2 bytes);
twelve strings (2-byte length, case swapped): date, system, potential, current, temperature, time of day, four
comments, area, serial quantity; a 2-byte length of what follows to the end of the file: 32 floats of settings
(12 and 13 the limits of frequency, 27 flags) and, with flag 32768, voltage (V) and current (A) of every
point. Edited files end after the strings.

A measurement that starts inside its range runs to the upper limit, turns, and measures that part again: what
is stored before the turn is the overlap. It is left out, as Thales does; the kept points run from one limit
to the other.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray
from iondrift.errors import InputFileError
from iondrift.readers import time_stamps
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.spectrum import Points, Spectrum
from iondrift.readers.impedance.sweeps import spectra
from iondrift.readers.text import read_bytes

SIGNATURES = (b"\x00\x00\xff\xff\xff\xfe", b"\x00\x00\xff\xff\xff\xff")
EPOCH = datetime(1980, 1, 1)
# Edited and simulated files count points from zero instead of telling the time.
EARLIEST_MOMENT_S = 365.0 * 86400.0
STRINGS = 12
LONGEST_STRING = 4096
SETTINGS = 32
_TRACKS_FLAG = 32768
_POINT_BYTES = 4 * 8 + 2
_QUANTITY = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*([pnumk]?)([VA])\b")
_PREFIXES = {"": 1.0, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3}


def read(path: Path, asked: ReadingOptions) -> list[Spectrum]:
    """Return the spectrum of an .ism file, in a list of one.

    Raises
    ------
    InputFileError
        The content is not that layout to the last byte, or holds values no measurement gives.
    """
    content = read_bytes(path)
    stored = _parse(path, content)
    _check(path, stored)
    kept, overlap = _without_overlap(path, stored.frequency)
    frequency = stored.frequency[kept]
    started = None
    if stored.time[0] > EARLIEST_MOMENT_S:
        started = time_stamps.from_moment(EPOCH + timedelta(seconds=float(stored.time[0])))
    voltage, current = (
        stored.tracks[:, column][kept] if stored.tracks is not None else _from_string(text, unit, frequency.size)
        for column, text, unit in ((0, stored.strings[2], "V"), (1, stored.strings[3], "A"))
    )
    notes = (f"{overlap} point(s) measured twice before the sweep turned are left out",) if overlap else ()
    points = Points(
        path=path, frequency=frequency, impedance=stored.modulus[kept] * np.exp(1j * stored.phase[kept]),
        places=np.arange(1, stored.frequency.size + 1)[kept], place_name="point",
        elapsed=stored.time[kept] - stored.time[0] if started is not None else None,
        voltage=voltage, current=current, started=started, completeness="declared",
        notes=notes, cautions=_limits(stored.settings, frequency),
    )  # fmt: skip
    return spectra(points, asked)


@dataclass(frozen=True, kw_only=True)
class _Stored:
    """The content of the file, nothing interpreted."""

    frequency: FloatArray
    modulus: FloatArray
    phase: FloatArray
    time: FloatArray
    significance: npt.NDArray[np.int64]
    strings: tuple[str, ...]
    settings: FloatArray | None
    tracks: FloatArray | None


def _parse(path: Path, content: bytes) -> _Stored:
    if not content.startswith(SIGNATURES):
        raise InputFileError(f"{path}: does not begin as a Zahner .ism file does (bytes {content[:6].hex(' ')})")
    count = int.from_bytes(content[6:12], "big") + 1
    strings_at = 12 + _POINT_BYTES * count
    if len(content) < 12 or strings_at + 2 * STRINGS > len(content):
        raise InputFileError(
            f"{path}: declares {count} points, which take {strings_at + 2 * STRINGS} bytes and more; the file has "
            f"{len(content)}: it is cut or damaged, copy it again"
        )
    columns = np.frombuffer(content, ">f8", 4 * count, 12).astype(np.float64).reshape(4, count)
    significance = np.frombuffer(content, ">i2", count, 12 + 32 * count).astype(np.int64)
    strings, position = _strings(path, content, strings_at)
    settings, tracks = _settings(path, content, position, count)
    return _Stored(
        frequency=columns[0], modulus=columns[1], phase=columns[2], time=columns[3],
        significance=significance, strings=strings, settings=settings, tracks=tracks,
    )  # fmt: skip


def _strings(path: Path, content: bytes, position: int) -> tuple[tuple[str, ...], int]:
    strings = []
    for number in range(STRINGS):
        if position + 2 > len(content):
            raise InputFileError(f"{path}, byte {position}: text {number + 1} of {STRINGS} is missing; the file is cut")
        (length,) = struct.unpack_from(">h", content, position)
        position += 2
        if not 0 <= length <= LONGEST_STRING or position + length > len(content):
            raise InputFileError(
                f"{path}, byte {position - 2}: text {number + 1} of {STRINGS} claims {length} bytes, "
                f"{len(content) - position} are left; the file is cut or damaged, copy it again"
            )
        strings.append(content[position : position + length].decode("cp1252", errors="replace").swapcase())
        position += length
    return tuple(strings), position


def _settings(path: Path, content: bytes, position: int, count: int) -> tuple[FloatArray | None, FloatArray | None]:
    left = len(content) - position
    if left == 0:
        return None, None
    if left < 2:
        raise InputFileError(f"{path}, byte {position}: one byte is left over; the file is damaged, copy it again")
    (length,) = struct.unpack_from(">H", content, position)
    if length != left - 2:
        raise InputFileError(
            f"{path}, byte {position}: settings of {length} bytes are announced, {left - 2} follow; the file "
            "is cut or damaged, copy it again"
        )
    if length < 8 * SETTINGS:
        return None, None
    settings = np.frombuffer(content, ">f8", SETTINGS, position + 2).astype(np.float64)
    rest = length - 8 * SETTINGS
    flags = settings[27]
    if rest != 16 * count or not (np.isfinite(flags) and 0 <= flags < 2**31 and int(flags) & _TRACKS_FLAG):
        return settings, None
    tracks = np.frombuffer(content, ">f8", 2 * count, position + 2 + 8 * SETTINGS).astype(np.float64)
    return settings, tracks.reshape(count, 2)


def _check(path: Path, stored: _Stored) -> None:
    """Refuse values that show damage; frequencies and impedances are checked with those of all formats."""
    checks = (
        (~np.isfinite(stored.frequency) | (stored.frequency <= 0.0), stored.frequency, "frequency (Hz)"),
        (~(stored.modulus > 0.0) | ~np.isfinite(stored.modulus), stored.modulus, "|Z| (Ohm)"),
        (~(np.abs(stored.phase) <= 2.0 * np.pi), stored.phase, "arg Z (rad)"),
        (~np.isfinite(stored.time) | (np.abs(stored.time) > 1e11), stored.time, "time (s)"),
        (
            (stored.significance < 0) | (stored.significance > 1000),
            stored.significance,
            "significance (0 to 1000)",
        ),
    )
    for bad, values, name in checks:
        if bad.any():
            k = int(np.argmax(bad))
            raise InputFileError(
                f"{path}, point {k + 1} of {bad.size}: {name} is {values[k]:g}; the file is damaged, copy it again"
            )
    backwards = np.flatnonzero(np.diff(stored.time) <= 0.0)
    if backwards.size:
        raise InputFileError(
            f"{path}, point {backwards[0] + 2} of {stored.time.size}: its time does not follow that of the "
            "point before; the file is damaged, copy it again"
        )
    if stored.tracks is not None and not (np.abs(stored.tracks) < 1e6).all():
        raise InputFileError(
            f"{path}: a bias voltage or current is not a finite number; the file is damaged, copy it again"
        )


def _without_overlap(path: Path, frequency: FloatArray) -> tuple[slice, int]:
    """Return the points between the limits of frequency and how many lie outside."""
    first, last = sorted((int(np.argmin(frequency)), int(np.argmax(frequency))))
    kept = slice(first, last + 1)
    steps = np.sign(np.diff(frequency))
    turns = np.flatnonzero(np.diff(steps) != 0) + 1
    inside = [int(turn) for turn in turns if first < turn < last]
    strays = [int(turn) for turn in turns if turn < first or turn > last]
    if inside or strays or (steps == 0.0).any():
        k = (inside or strays or [int(np.argmax(steps == 0.0))])[0]
        raise InputFileError(
            f"{path}, point {k + 1} of {frequency.size}: frequency {frequency[k]:g} Hz is out of order (a "
            "sweep may turn at its limits only); the file is damaged, copy it again"
        )
    return kept, frequency.size - (last + 1 - first)


def _limits(settings: FloatArray | None, frequency: FloatArray) -> tuple[str, ...]:
    if settings is None:
        return ()
    low, high = settings[12], settings[13]
    if not 0.0 < low < high < np.inf:
        return ()
    if np.allclose([frequency.min(), frequency.max()], [low, high], rtol=0.05):
        return ()
    return (
        f"the points cover {frequency.min():g} to {frequency.max():g} Hz, the settings plan {low:g} to {high:g} Hz: "
        "the measurement was aborted or edited",
    )


def _from_string(text: str, unit: str, count: int) -> FloatArray | None:
    """Return a bias printed as ``0.0255V, Ampl: 10mV`` or ``-1.825nA`` for every point."""
    found = _QUANTITY.match(text)
    if found is None or found[3] != unit:
        return None
    return np.full(count, float(found[1]) * _PREFIXES[found[2]])
