"""Times of a log as they are written: numbers, hours and minutes with days in front, dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from iondrift.cast import FloatArray
from iondrift.errors import InputFileError
from iondrift.readers import time_stamps
from iondrift.settings import setting

# "2024-05-17 10:00:00.5", "5/17/2024 10:00 PM", "17 May 2024 10:00", "1d 02:03:04": blanks that part no columns.
DATE: Final = re.compile(
    r"(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T]+|\d{1,2}[- ][A-Za-z]{3,9}\.?[- ]\d{4} +|\d+ ?d(?:ays?)? +)"
    r"\d{1,2}:\d{2}(?::\d{2}(?:[.]\d+)?)?(?: *[AaPp]\.?[Mm]\b\.?)?",
    re.ASCII,
)
_CLOCK: Final = re.compile(r"(?:(\d+)\s*(?:d|days?)?[\s.,:-]\s*)?(\d+):(\d{2}):(\d{2}(?:[.,]\d+)?)", re.ASCII)


def tells_time(cell: str) -> bool:
    """Say whether a cell is a time of hours, minutes and seconds, or a date with its time of day.

    Examples
    --------
    >>> tells_time("1d 02:00:00"), tells_time("2024-05-17 10:00"), tells_time("0.5"), tells_time("10:00")
    (True, True, False, False)
    """
    return _CLOCK.fullmatch(cell) is not None or time_stamps.parse(cell) is not None


def seconds_of(cells: Sequence[tuple[int, str]], path: Path, *, day_first: bool | None) -> FloatArray:
    """Return the times in s: those of hh:mm:ss, or of dates after the first of them.

    Parameters
    ----------
    cells
        The line a cell stands on, and the cell; the first is one of those.
    path
        Of the file.
    day_first
        Of dates that show it nowhere; None where nobody tells.

    Raises
    ------
    InputFileError
        A cell is written otherwise than the first, or nothing tells day from month where that matters.
    """
    first = cells[0][1]
    if _CLOCK.fullmatch(first):
        return np.array([_of_clock(cell, f"{path}, line {line}") for line, cell in cells])
    stamps = []
    for line, cell in cells:
        stamp = time_stamps.parse(cell)
        if stamp is None:
            raise InputFileError(
                f"{path}, line {line}: {cell!r} where a date is expected, such as {first!r}; correct it"
            )
        stamps.append(stamp)
    seconds = time_stamps.seconds_after_first(stamps, None if day_first is None else not day_first)
    if seconds is None:
        raise InputFileError(
            f"{path}: the times are dates such as {first!r}, and nothing tells day from month; set "
            f"{setting('day_first', True)} or {setting('day_first', False)}"
        )
    return np.array(seconds)


def continued(time: FloatArray) -> FloatArray:
    """Return the times of a clock that starts again with every step, as of one clock: steps without pauses."""
    restarts = np.concatenate([[0.0], np.where(np.diff(time) < 0.0, time[:-1], 0.0)])
    result: FloatArray = time + np.cumsum(restarts)
    return result


def check_order(values: FloatArray, numbers: Sequence[int], path: Path, header: Sequence[str]) -> None:
    """Refuse a time that goes back, and a line that is there twice; a time repeats where a step begins.

    Parameters
    ----------
    values
        The lines (line, quantity), time in s first.
    numbers
        Of the lines in the file.
    path
        Of the file.
    header
        Names of its columns.

    Raises
    ------
    InputFileError
        As said; it names both lines and the remedy.
    """
    time = values[:, 0]
    steps = np.diff(time)
    wrong = np.flatnonzero((steps < 0.0) | ((steps == 0.0) & ~np.diff(values, axis=0).any(axis=1)))
    if not wrong.size:
        return
    k = int(wrong[0]) + 1
    what = "repeats" if steps[k - 1] == 0.0 else "goes back from"
    remedy = "sort the lines or remove duplicates, or check the time column"
    if steps[k - 1] < 0.0 and time[k] <= time[0] + np.median(steps[steps > 0.0]):
        others = [name for name in header if name and "time" in name.lower()]
        named = f" ({', '.join(map(repr, others))})" if len(others) > 1 else ""
        remedy += (
            f"; if the clock starts again with every step, take the column of the whole time{named}, or set "
            f"{setting('time_restarts', True)}"
        )
    raise InputFileError(
        f"{path}, line {numbers[k]}: time {time[k]:.9g} s {what} {time[k - 1]:.9g} s of line {numbers[k - 1]}; {remedy}"
    )


def _of_clock(cell: str, place: str) -> float:
    found = _CLOCK.fullmatch(cell)
    if found is None:
        raise InputFileError(f"{place}: {cell!r} where a time as hh:mm:ss is expected; correct or remove the line")
    days, hours, minutes = int(found[1] or 0), int(found[2]), int(found[3])
    return 86400.0 * days + 3600.0 * hours + 60.0 * minutes + float(found[4].replace(",", "."))
