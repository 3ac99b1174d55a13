"""When data were acquired, by the audit trail; and the hash that TopSpin keeps of them."""

from __future__ import annotations

import hashlib
import re
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from iondrift.errors import InputFileError, IondriftWarning
from iondrift.readers.bruker.parameters import COPY_AGAIN, Parameters, bounded_text
from iondrift.readers.text import split_lines

_ENTRY: Final = re.compile(r"^\(\s*(\d+),<([^>]*)>,", re.MULTILINE)
_STAMP: Final = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,6})?\s*([+-]\d{4})", re.ASCII)
_STARTED: Final = re.compile(r"\bstarted at\s+([^,\n]+)")
_ENDED: Final = re.compile(r"\b(?:completed at|terminated\b[^\n]*?\bat)\s+([^,\n]+)")
_DATA_HASH: Final = re.compile(r"(\bdouble )?\bdata hash MD5: *([\dK* ]+)\n\s*((?:[0-9A-F]{2}\s*){16})")
_OWN_HASH: Final = re.compile(r"\$\$ hash MD5\n\$\$ ((?:[0-9A-F]{2} ?){16})")
_LATEST: Final = timedelta(days=366)  # one acquisition takes no longer

_APART: Final = 600.0  # s; DATE of measured sets lies up to 228 s outside

TimeSource = Literal["audit trail", "audit trail (end alone)", "DATE (end alone)", "none"]


@dataclass(frozen=True, kw_only=True)
class Times:
    """Start and end of an acquisition in UTC, as far as they are known, and what says so."""

    start: datetime | None
    stop: datetime | None
    source: TimeSource


@dataclass(frozen=True, kw_only=True)
class Trail:
    """What the audit trail of raw data says: times, and the MD5 of the values with how many it was made of."""

    times: Times | None
    digest: str | None
    shape: tuple[int, ...] | None


def read_trail(path: Path) -> Trail:
    """Return what ``audita.txt`` says of the last acquisition.

    What precedes the last "raw data deleted by zg" does not count; of the rest the last "created by zg" does. Every
    stamp is converted by its own offset from UTC, which may differ from entry to entry.

    Raises
    ------
    InputFileError
        It is cut, a stamp cannot be read, or the acquisition would end before it began.

    Warns
    -----
    IondriftWarning
        Its text was changed after TopSpin wrote it.
    """
    body, end, rest = ("\n".join(split_lines(bounded_text(path))[0]) + "\n").partition("##END=")
    if not end:
        raise InputFileError(f"{path}: is truncated, its last line ##END= is missing; {COPY_AGAIN}")
    _check_own_hash(path, rest)
    entries = _entries(body)
    deleted = [k for k, (_, what) in enumerate(entries) if "raw data deleted by zg" in what]
    kept = entries[deleted[-1] + 1 :] if deleted else entries
    created = [entry for entry in kept if "created by zg" in entry[1]]
    hashes = _DATA_HASH.findall("\n".join(what for _, what in kept))
    times = _times(path, *created[-1]) if created else None
    # The layout behind "double data hash" is known from no public data set, so that it is not checked.
    if not hashes or hashes[-1][0]:
        return Trail(times=times, digest=None, shape=None)
    shape = tuple(_count(part) for part in hashes[-1][1].split("*"))
    return Trail(times=times, digest="".join(hashes[-1][2].split()).lower(), shape=shape)


def acquisition_times(trail: Trail | None, acquisition: Parameters, *, rows: int | None) -> Times:
    """Return when a data set was acquired, in UTC.

    Parameters
    ----------
    trail
        Of its audit trail, None where there is none.
    acquisition
        acqus. Its DATE is the end of a single FID; of several rows it is the end of the first or of the last, which
        nothing tells, so that it counts for nothing there.
    rows
        None for a single FID.

    Returns
    -------
    Times
        ``source`` "none" where nothing says it, or DATE is 0: never acquired.

    Warns
    -----
    IondriftWarning
        DATE lies outside the acquisition of the audit trail.
    """
    date = acquisition.integer("DATE", 0, lowest=0)
    if trail is not None and trail.times is not None:
        _check_date(acquisition, date, trail.times)
        return trail.times
    if date == 0 or rows is not None or date > 1 << 33:
        return Times(start=None, stop=None, source="none")
    return Times(start=None, stop=datetime.fromtimestamp(date, UTC), source="DATE (end alone)")


def check_data(path: Path, trail: Trail | None, values: bytes, shape: tuple[int, ...]) -> None:
    """Compare raw values (little-endian, without padding) with what the audit trail says of them.

    Parameters
    ----------
    path
        The raw data.
    trail
        None where there is no audit trail.
    values, shape
        Numbers of a row, then how many rows.

    Raises
    ------
    InputFileError
        The trail speaks of rows of another length.

    Warns
    -----
    IondriftWarning
        The trail speaks of another number of rows, or the values are not those that TopSpin wrote.
    """
    if trail is None or trail.digest is None or trail.shape is None:
        return
    if trail.shape[0] != shape[0]:
        raise InputFileError(
            f"{path}: TD says {shape[0]} numbers a row, audita.txt {trail.shape[0]}; the files are of different data "
            f"sets: {COPY_AGAIN}"
        )
    problem = ""
    if trail.shape != shape:
        problem = f"holds {_times_of(shape)} numbers where audita.txt says {_times_of(trail.shape)}"
    elif hashlib.md5(values, usedforsecurity=False).hexdigest() != trail.digest:
        problem = "its values are not those that TopSpin wrote (their MD5 differs from that in audita.txt)"
    if problem:
        warnings.warn(f"{path}: {problem}; {COPY_AGAIN}", IondriftWarning, stacklevel=2)


def own_digest(body: bytes) -> str:
    """Return the hash that TopSpin writes below an audit trail: of what stands above ##END=."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _check_date(acquisition: Parameters, date: int, times: Times) -> None:
    known = [moment.timestamp() for moment in (times.start, times.stop) if moment is not None]
    if date and not min(known) - _APART <= date <= max(known) + _APART:
        warnings.warn(
            f"{acquisition.path}: its DATE lies outside the acquisition in audita.txt; the files may be of "
            f"different data sets, and the time wrong: {COPY_AGAIN}",
            IondriftWarning,
            stacklevel=2,
        )


def _check_own_hash(path: Path, rest: str) -> None:
    found = _OWN_HASH.search(rest)
    body = path.read_bytes().partition(b"##END=")[0]
    digests = {own_digest(body), own_digest(body.replace(b"\r\n", b"\n"))}  # copied from one system to another
    if found is not None and found[1].replace(" ", "").lower() not in digests:
        warnings.warn(
            f"{path}: was changed after TopSpin wrote it (its MD5 differs), so that its times may be wrong; "
            f"{COPY_AGAIN}",
            IondriftWarning,
            stacklevel=2,
        )


def _times_of(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _entries(body: str) -> list[tuple[str, str]]:
    """Return stamp and text of every numbered entry."""
    heads = list(_ENTRY.finditer(body))
    ends = [*(head.start() for head in heads[1:]), len(body)][: len(heads)]
    return [(head[2], body[head.end() : end]) for head, end in zip(heads, ends, strict=True)]


def _times(path: Path, stamp: str, what: str) -> Times:
    began, ended = _STARTED.search(what), _ENDED.search(what)
    start = _moment(path, began[1]) if began else None
    stop = _moment(path, ended[1] if ended else stamp)
    if start is None:
        return Times(start=None, stop=stop, source="audit trail (end alone)")
    if not start <= stop <= start + _LATEST:
        raise InputFileError(
            f"{path}: the acquisition began at {start:%Y-%m-%d %H:%M:%S} and ended at {stop:%Y-%m-%d %H:%M:%S} UTC, "
            f"which cannot be; {COPY_AGAIN}"
        )
    return Times(start=start, stop=stop, source="audit trail")


def _moment(path: Path, text: str) -> datetime:
    found = _STAMP.search(text)
    if found is None:
        raise InputFileError(f"{path}: {text.strip()[:40]!r} is no time with its offset from UTC; {COPY_AGAIN}")
    fraction = (found[3] or ".0").ljust(7, "0")
    try:
        local = datetime.strptime(f"{found[1]} {found[2]}{fraction} {found[4]}", "%Y-%m-%d %H:%M:%S.%f %z")
    except ValueError:
        raise InputFileError(f"{path}: {found[0]!r} is no date of the calendar; {COPY_AGAIN}") from None
    return local.astimezone(UTC)


def _count(text: str) -> int:
    digits = text.strip()
    return int(digits[:-1]) * 1024 if digits.endswith("K") else int(digits)
