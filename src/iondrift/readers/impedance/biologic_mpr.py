"""BioLogic EC-Lab binary (.mpr): modules, of which ``VMP data`` holds the points, one packed record each.

Layout, as public descriptions of the format give it: 52 bytes that begin with ``BIO-LOGIC MODULAR FILE``; then modules,
each ``MODULE``, a name (10 bytes), a long name (25), the length of what follows, a version, a date mm/dd/yy (8). From
EC-Lab 11.50 on a greatest length (0xffffffff) stands before the length and an older version before the version.
Numbers are little-endian. The data module: the number of points (4 bytes), that of columns (1), the id of each column
(1 byte in version 0, 2 in 2 and 3, 2 big-endian in 10 and 11), then at a place that the version fixes the records.
Flags of all kinds share one byte. The log module holds the start as days since 1899-12-30.

The length of the module, the number of points and the columns must agree to the byte. An id that is not known is named
and never guessed: it does not matter behind all columns that are needed, and where it is the only one the length of a
record leaves one width for it. Modulus and phase repeat the rectangular parts.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
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
from iondrift.readers.text import read_bytes, read_start

MAGIC = b"BIO-LOGIC MODULAR FILE"
_FIRST_MODULE = 52
_MARK = b"MODULE"
_LONGEST = 0xFFFFFFFF  # stands where older files have the length
_RECORDS_AT = {0: 100, 2: 405, 3: 406, 10: 1007, 11: 1007}  # by version of the data module
_IDS = {0: "u1", 2: "<u2", 3: "<u2", 10: ">u2", 11: ">u2"}
_START_AT = (465, 469, 473, 585)  # in the log module; the one that bears the date of the module counts
_EPOCH = datetime(1899, 12, 30)

# Ids of columns by width.
_FLAGS = frozenset({1, 2, 3, 21, 31, 65})  # bits of one byte
_DOUBLES = frozenset({4, 7, 11, 13, 23, 24, 74, 123, 124, 125, 126, 182, 211, 379, 467})
_SHORTS = frozenset({39, 131, 295})
_LONGS = frozenset({212, 213, 468, 469})
_FLOATS = frozenset({
    5, 6, 8, 9, 16, 17, 19, 20, 26, 27, *range(32, 39), 69, 70, 75, 76, 77, 78, 96, *range(98, 102), 163, 168, 169, 172,
    173, 174, 178, 179, 217, 241, 242, 271, 272, 301, 302, 326, 331, 332, 361, 362, 391, 392, *range(422, 427),
    *range(430, 436), 441, 462, 471, *range(473, 482), *range(486, 504),
})  # fmt: skip
_WIDTHS = {**dict.fromkeys(_DOUBLES, 8), **dict.fromkeys(_SHORTS, 2), **dict.fromkeys(_LONGS | _FLOATS, 4)}
_FREQUENCY, _REAL, _MINUS_IMAGINARY, _MODULUS, _PHASE, _TIME = 32, 37, 38, 36, 35, 4
_VOLTAGES, _CURRENTS_MA = (77, 174, 6), (76, 11, 8)  # means before momentary values
_MARGIN = 1e-3  # between the parts and modulus or phase, which are single precision


@dataclass(frozen=True, kw_only=True)
class _Module:
    name: str
    version: int
    date: str
    content: bytes


def is_mpr(path: Path) -> bool:
    """Say whether a file begins as an .mpr does."""
    return read_start(path, len(MAGIC)) == MAGIC


def read(path: Path, asked: ReadingOptions) -> list[Spectrum]:
    """Return the spectra of an .mpr file, one for each sweep.

    Raises
    ------
    InputFileError
        The content is not that layout to the byte, holds no impedance, or its columns contradict each other.
    """
    modules = list(_modules(path, read_bytes(path)))
    data = next((module for module in modules if module.name.startswith("VMP data")), None)
    if data is None:
        raise InputFileError(f"{path}: has no module 'VMP data'; the file is cut, or no point was measured")
    columns, unknown = _columns(path, data)
    missing = [name for name, at in (("frequency", _FREQUENCY), ("Re(Z)", _REAL), ("-Im(Z)", _MINUS_IMAGINARY))
               if at not in columns]  # fmt: skip
    if missing:
        raise InputFileError(
            f"{path}: has no column of {' and '.join(missing)} (ids {_listed(columns)}); "
            + (f"{unread}: export it as text from EC-Lab" if (unread := _unread(unknown)) else "it is no impedance")
        )
    impedance = columns[_REAL] - 1j * columns[_MINUS_IMAGINARY]
    measured = (columns[_FREQUENCY] != 0.0) | (impedance != 0.0)  # rows at rest hold zeros
    _compare(path, impedance, columns, measured)
    started, cautions = _started(modules, data)
    if unknown:
        cautions = (*cautions, _unread(unknown))
    current = _first_of(columns, _CURRENTS_MA, measured)
    elapsed = columns.get(_TIME)
    points = Points(
        path=path, frequency=columns[_FREQUENCY][measured], impedance=impedance[measured],
        places=np.flatnonzero(measured) + 1, place_name="point", started=started, completeness="declared",
        elapsed=None if elapsed is None else elapsed[measured], voltage=_first_of(columns, _VOLTAGES, measured),
        current=None if current is None else 1e-3 * current, cautions=cautions,
    )  # fmt: skip
    return spectra(points, asked)


def _modules(path: Path, content: bytes) -> Iterator[_Module]:
    if not content.startswith(MAGIC):
        raise InputFileError(f"{path}: does not begin with {MAGIC.decode()}; it is no .mpr file or is damaged")
    at = _FIRST_MODULE
    while at < len(content):
        newer = content[at + 41 : at + 45] == struct.pack("<I", _LONGEST)
        header = struct.Struct("<6s10s25sIIII8s" if newer else "<6s10s25sII8s")
        if at + header.size > len(content) or not content.startswith(_MARK, at):
            raise InputFileError(f"{path}, byte {at}: no module begins here; the file is cut or damaged: copy it again")
        _, name, _, *numbers, date = header.unpack_from(content, at)
        length, version = (numbers[1], max(numbers[2:])) if newer else numbers
        begin = at + header.size
        if begin + length > len(content):
            raise InputFileError(
                f"{path}, byte {at}: module {_text(name)!r} holds {length} bytes, {len(content) - begin} are there; "
                "the file is cut: copy it again, or export it as text from EC-Lab"
            )
        at = begin + length
        yield _Module(name=_text(name), version=version, date=_text(date), content=content[begin:at])


def _text(raw: bytes) -> str:
    return raw.decode("latin-1").strip(" \0")


def _columns(path: Path, data: _Module) -> tuple[dict[int, FloatArray], list[int]]:
    """Return the columns that can be placed, by id, and the ids that are not known."""
    if data.version not in _RECORDS_AT:
        raise InputFileError(
            f"{path}: its data module is of version {data.version}, known are {', '.join(map(str, _RECORDS_AT))}; "
            "export it as text from EC-Lab"
        )
    records = _RECORDS_AT[data.version]
    content = data.content
    count, width = struct.unpack_from("<IB", content) if len(content) >= records else (0, 0)
    if not count or not width:
        raise InputFileError(f"{path}: its data module declares {count} points of {width} columns; it holds no data")
    ids = [int(one) for one in np.frombuffer(content, dtype=_IDS[data.version], count=width, offset=5)]
    size, rest = divmod(len(content) - records, count)
    places, unknown = _places(ids, size)
    needed = max((place + _WIDTHS[one] for one, place in places.items()), default=0)
    known = sum(_WIDTHS.get(one, 0) for one in ids) + bool(_FLAGS & set(ids))
    if rest or needed > size or (not unknown and known != size):
        raise InputFileError(
            f"{path}: {len(content) - records} bytes of records are no {count} records of columns {_listed(ids)} "
            f"({known} bytes each{' without ' + _listed(unknown) if unknown else ''}); the file is damaged, or a "
            "column is not known: export it as text from EC-Lab"
        )
    table = np.frombuffer(content, dtype=np.uint8, offset=records).reshape(count, size)
    return {one: _values(table[:, at : at + _WIDTHS[one]], one) for one, at in places.items()}, unknown


def _unread(unknown: list[int]) -> str:
    return f"columns with the ids {_listed(unknown)} are not known and not read" if unknown else ""


def _places(ids: list[int], size: int) -> tuple[dict[int, int], list[int]]:
    """Return where in a record of ``size`` bytes each known column begins, and the ids that are not known.

    A lone unknown column takes what all others leave; behind several nothing is placed.
    """
    unknown = [one for one in ids if one not in _WIDTHS and one not in _FLAGS]
    left = size - sum(_WIDTHS.get(one, 0) for one in ids) - bool(_FLAGS & set(ids))
    places: dict[int, int] = {}
    at, flags = 0, False
    for one in ids:
        if one in _FLAGS:
            at, flags = at + (not flags), True
        elif one in _WIDTHS:
            places.setdefault(one, at)
            at += _WIDTHS[one]
        elif len(unknown) == 1 and left in (1, 2, 4, 8):
            at += left
        else:
            break
    return places, unknown


def _values(raw: npt.NDArray[np.uint8], one: int) -> FloatArray:
    kind = "<f8" if one in _DOUBLES else "<f4" if one in _FLOATS else "<u2" if one in _SHORTS else "<u4"
    return np.ascontiguousarray(raw).view(kind)[:, 0].astype(np.float64)


def _compare(
    path: Path, impedance: npt.NDArray[np.complex128], columns: dict[int, FloatArray], measured: npt.NDArray[np.bool_]
) -> None:
    """Refuse where modulus or phase contradict the rectangular parts."""
    modulus = columns.get(_MODULUS, np.abs(impedance))
    phase = np.radians(columns[_PHASE]) if _PHASE in columns else np.angle(impedance)
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is refused with the points
        wrong = measured & (np.abs(impedance - modulus * np.exp(1j * phase)) > _MARGIN * np.abs(impedance))
    if wrong.any():
        k = int(np.argmax(wrong))
        raise InputFileError(
            f"{path}, point {k + 1}: the parts give Z = {impedance[k]:.6g} Ohm, modulus and phase "
            f"{modulus[k]:.6g} Ohm at {np.degrees(phase[k]):.4g} deg ({int(wrong.sum())} of {wrong.size} points differ "
            "so); the file is damaged: copy it again, or export it as text from EC-Lab"
        )


def _first_of(columns: dict[int, FloatArray], ids: tuple[int, ...], chosen: npt.NDArray[np.bool_]) -> FloatArray | None:
    return next((columns[one][chosen] for one in ids if one in columns), None)


def _started(modules: list[_Module], data: _Module) -> tuple[time_stamps.Stamp | None, tuple[str, ...]]:
    """Return the start in the log module, which must be on the day that the modules bear."""
    log = next((module for module in modules if module.name.startswith("VMP LOG")), None)
    for at in _START_AT:
        if log is None or len(log.content) < at + 8:
            continue
        (days,) = struct.unpack_from("<d", log.content, at)
        if not 0.0 < days < 1e5:
            continue
        moment = _EPOCH + timedelta(days=days)
        if f"{moment:%m/%d/%y}" in (log.date, data.date):
            return time_stamps.from_moment(moment), ()
    return None, (
        f"its start is not understood: the modules bear the date {data.date!r}, and no time of that day is found",
    )


def _listed(ids: Iterable[int]) -> str:
    return ", ".join(map(str, ids))
