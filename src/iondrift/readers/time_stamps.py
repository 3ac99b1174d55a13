"""Dates as instruments print them, kept as printed until the order of day and month is certain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from iondrift.errors import InputFileError
from iondrift.settings import setting

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2}):(\d{2}(?:[.,]\d{1,9})?)\s*([AaPp][Mm])?", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", re.ASCII)
_NAMED = re.compile(r"([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2}),\s*(\d{4})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """A local date and time. ``first`` and ``second`` are day and month in an order that may be unknown."""

    year: int
    first: int
    second: int
    month_first: bool | None  # None: the text does not tell
    seconds: float  # since midnight

    def moment(self, month_first: bool) -> datetime:
        """Return the moment with day and month in the given order."""
        order = month_first if self.month_first is None else self.month_first
        month, day = (self.first, self.second) if order else (self.second, self.first)
        return datetime(self.year, month, day) + timedelta(seconds=self.seconds)


def parse(text: str) -> Stamp | None:
    """Return the stamp in a text such as ``10-12-2018 12:32:21``, or None where there is none.

    Examples
    --------
    >>> parse("Acquisition started on : 05/15/2025 01:18:45.867").month_first
    True
    >>> parse("10-12-2018 12:32:21").month_first is None
    True
    """
    clock = _CLOCK.search(text)
    if clock is None:
        return None
    hour, minute = int(clock[1]), int(clock[2])
    if clock[4] is not None:
        hour = hour % 12 + (12 if clock[4].lower() == "pm" else 0)
    seconds = 3600.0 * hour + 60.0 * minute + float(clock[3].replace(",", "."))
    if found := _YEAR_FIRST.search(text):
        return _stamp(int(found[1]), int(found[2]), int(found[3]), True, seconds)
    if found := _NAMED.search(text):
        name = found[1].lower()
        return _stamp(int(found[3]), _MONTHS.index(name) + 1, int(found[2]), True, seconds) if name in _MONTHS else None
    if found := _YEAR_LAST.search(text):
        first, second = int(found[1]), int(found[2])
        known = True if second > 12 else (False if first > 12 else None)
        return _stamp(int(found[3]), first, second, known, seconds)
    return None


def from_moment(moment: datetime) -> Stamp:
    """Return the stamp of a moment that is known without doubt."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return Stamp(
        year=moment.year, first=moment.month, second=moment.day, month_first=True,
        seconds=(moment - midnight).total_seconds(),
    )  # fmt: skip


def moments(stamps: Sequence[Stamp], *, day_first: bool | None) -> tuple[list[datetime], bool]:
    """Return the moments and whether their calendar date is certain (differences always are).

    The order of day and month is taken from ``day_first``, else from any stamp of the series that shows it.

    Raises
    ------
    InputFileError
        Dates differ and none shows the order, so that differences would depend on it.
    """
    unknown = [stamp for stamp in stamps if stamp.month_first is None and stamp.first != stamp.second]
    shown = {stamp.month_first for stamp in stamps} - {None}
    if day_first is not None or not unknown:
        return [stamp.moment(not day_first) for stamp in stamps], True
    if len(shown) == 1:
        return [stamp.moment(shown == {True}) for stamp in stamps], True
    if shown or len({(stamp.year, stamp.first, stamp.second) for stamp in stamps}) > 1:
        raise InputFileError(
            f"the files carry dates such as {unknown[0].first}-{unknown[0].second}-{unknown[0].year}, and nothing "
            f"tells day from month; set {setting('day_first', True)} or {setting('day_first', False)}"
        )
    return [stamp.moment(True) for stamp in stamps], False


def _stamp(year: int, first: int, second: int, month_first: bool | None, seconds: float) -> Stamp | None:
    """Return the stamp, or None where no calendar has such a date."""
    stamp = Stamp(year=year, first=first, second=second, month_first=month_first, seconds=seconds)
    try:
        for order in (True, False) if month_first is None else (month_first,):
            stamp.moment(order)
    except ValueError:
        return None
    return stamp if seconds < 86400.0 else None
