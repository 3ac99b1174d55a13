"""What text formats of instruments have in common: find a line, read a keyed value, cut out a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from iondrift.errors import InputFileError
from iondrift.readers.text import number
from iondrift.settings import setting

_LEADING_NUMBER = re.compile(r"\s*([+-]?[\d.,]+(?:[eE][+-]?\d+)?)")


def find_line(lines: Sequence[str], pattern: str, *, start: int = 0) -> int | None:
    """Return the index of the first line from ``start`` on that matches at its beginning."""
    compiled = re.compile(pattern)
    return next((index for index in range(start, len(lines)) if compiled.match(lines[index])), None)


def value_after(lines: Sequence[str], pattern: str) -> str | None:
    """Return the rest of the first line that begins with the pattern."""
    index = find_line(lines, pattern)
    if index is None:
        return None
    found = re.match(pattern, lines[index])
    return lines[index][found.end() :].strip() if found else None


def number_after(lines: Sequence[str], pattern: str) -> float | None:
    """Return the number that follows the pattern, or None where there is no such line or number."""
    text = value_after(lines, pattern)
    found = _LEADING_NUMBER.match(text) if text else None
    if found is None:
        return None
    value = number(found[1])
    return number(found[1], ",") if value is None else value


def require_count(path: Path, declared: int | None, found: int, place: str, incomplete: str) -> tuple[bool, str]:
    """Compare the number of points with the one declared; return (all there, what to say if not).

    Raises
    ------
    InputFileError
        More points than declared, or fewer while ``incomplete`` is "refuse".
    """
    if declared is None or declared == found:
        return True, ""
    words = f"{place} declares {declared} points, {found} are there"
    if found > declared or incomplete == "refuse":
        raise InputFileError(
            f"{path}, {words}: the file was cut or edited, or the measurement aborted; copy it again, "
            f"or accept what is there with {setting('incomplete', 'keep')}"
        )
    return False, words
