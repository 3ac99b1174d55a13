"""Dates as instruments print them, kept as printed until the order of day and month is certain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from iondrift.errors import InputFileError
from iondrift.settings import setting

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# "10:00:00.5", "10.00.00", "10h00m00"; without seconds only where colons say that it is a clock.
_CLOCK = re.compile(
    r"(?<!\d)(\d{1,2})(?::(\d{2})(?::(\d{2}(?:[.,]\d{1,9})?))?|[.hH](\d{2})[.mM](\d{2}))(?!\d)", re.ASCII
)
_HALF_OF_DAY = re.compile(r"(?<![A-Za-z])([AaPp])\.?\s?[Mm](?![A-Za-z])")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", re.ASCII)
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d)", re.ASCII)
_YEAR_SHORT = re.compile(r"(?<!\d)(\d{1,2})([-/.])(\d{1,2})\2(\d{2})(?![\d:])", re.ASCII)
_MONTH_NAMED = re.compile(r"([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})(?!\d)", re.ASCII)
_DAY_NAMED = re.compile(r"(?<!\d)(\d{1,2})\.?[-\s]([A-Za-z]{3})[a-z]*\.?,?[-\s](\d{4})(?!\d)", re.ASCII)
_LONGEST_QUOTED = 60  # characters
_CENTURY_TURNS = 70  # a two-digit year from here on is of 19..


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """A local date and time. ``first`` and ``second`` are day and month in an order that may be unknown."""

    year: int
    first: int
    second: int
    month_first: bool | None  # None: the text does not tell
    seconds: float  # since midnight

    @property
    def text(self) -> str:
        """The date and the time of day, day and month in the order in which they were written."""
        minutes, seconds = divmod(self.seconds, 60.0)
        clock = f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}:{seconds:02.0f}"
        return f"{self.first}-{self.second}-{self.year} {clock}"

    def moment(self, month_first: bool) -> datetime:
        """Return the moment with day and month in the given order."""
        order = month_first if self.month_first is None else self.month_first
        month, day = (self.first, self.second) if order else (self.second, self.first)
        return datetime(self.year, month, day) + timedelta(seconds=self.seconds)


def parse(text: str) -> Stamp | None:
    """Return the stamp in a text such as ``10-12-2018 12:32:21``, or None where there is none.

    A year of two digits counts where it cannot be a day; what may be read in two ways is not read.

    Examples
    --------
    >>> parse("Acquisition started on : 05/15/2025 01:18:45.867").month_first
    True
    >>> parse("10-12-2018 12:32:21").month_first is None
    True
    >>> parse("5/17/24 11.28.10").moment(True).isoformat(), parse("17/05/24 11:28:10")
    ('2024-05-17T11:28:10', None)
    """
    found = _date(text)
    if found is None:
        return None
    (year, first, second, month_first), rest = found
    clock = _CLOCK.search(rest)
    # Words such as those for morning and afternoon in other scripts would change the hour.
    if clock is None or any(letter.isalpha() and not letter.isascii() for letter in rest):
        return None
    hour, minute = int(clock[1]), int(clock[2] or clock[4])
    if half := _HALF_OF_DAY.search(rest):
        hour = hour % 12 + (12 if half[1].lower() == "p" else 0)
    seconds = float((clock[3] or clock[5] or "0").replace(",", "."))
    if minute > 59 or seconds >= 61.0:
        return None
    return _stamp(year, first, second, month_first, 3600.0 * hour + 60.0 * minute + seconds)


def start_told(text: str | None) -> tuple[Stamp | None, tuple[str, ...]]:
    """Return the start that a file tells, and a caution that quotes it where it is not understood.

    Examples
    --------
    >>> start_told("yesterday")[1][0]
    "its start 'yesterday' is not understood as date and time; give it with origin="
    """
    text = (text or "").strip()
    stamp = parse(text)
    if stamp is not None or not text:
        return stamp, ()
    quoted = text if len(text) <= _LONGEST_QUOTED else f"{text[:_LONGEST_QUOTED]}..."
    return None, (f"its start {quoted!r} is not understood as date and time; give it with {setting('origin')}",)


def seconds_after_first(stamps: Sequence[Stamp], month_first: bool | None = None) -> list[float] | None:
    """Return the seconds from the first stamp to each; None where they depend on the order of day and month."""
    shown = {stamp.month_first for stamp in stamps} - {None} or {month_first} - {None}
    orders = (True, False) if not shown else tuple(order for order in shown if order is not None)
    found = []
    for order in orders:
        try:
            moments = [stamp.moment(order) for stamp in stamps]
        except ValueError:  # no calendar has this date
            continue
        found.append([(moment - moments[0]).total_seconds() for moment in moments])
    return found[0] if found and all(one == found[0] for one in found) else None


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
            f"the files carry dates such as {unknown[0].text}, and nothing "
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


_Date: TypeAlias = tuple[int, int, int, bool | None]


def _date(text: str) -> tuple[_Date, str] | None:
    """Return (year, first, second, whether the month is first), and the text without the date."""
    if found := _YEAR_FIRST.search(text):
        date: _Date = (int(found[1]), int(found[2]), int(found[3]), True)
    elif found := _MONTH_NAMED.search(text):
        if found[1].lower() not in _MONTHS:
            return None
        date = (int(found[3]), _MONTHS.index(found[1].lower()) + 1, int(found[2]), True)
    elif found := _DAY_NAMED.search(text):
        if found[2].lower() not in _MONTHS:
            return None
        date = (int(found[3]), _MONTHS.index(found[2].lower()) + 1, int(found[1]), True)
    elif found := _YEAR_LAST.search(text):
        date = (int(found[3]), *_day_and_month(int(found[1]), int(found[2])))
    elif found := _YEAR_SHORT.search(text):
        first, second, short = int(found[1]), int(found[3]), int(found[4])
        if len(found[1]) == 2 and second <= 12 and short <= 31:  # the year may stand first
            return None
        date = (short + (1900 if short >= _CENTURY_TURNS else 2000), *_day_and_month(first, second))
    else:
        return None
    return date, f"{text[: found.start()]} {text[found.end() :]}"


def _day_and_month(first: int, second: int) -> tuple[int, int, bool | None]:
    return first, second, True if second > 12 else (False if first > 12 else None)
