"""What text formats of instruments have in common: find a line, read a keyed value, cut out a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from iondrift.errors import InputFileError
from iondrift.readers.text_table import Table, decimal_sign, number, split_cells, table_rows
from iondrift.remedies import setting

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


def table_below(
    path: Path, lines: Sequence[str], header_index: int, separator: str, *,
    first: int | None = None, stop: int | None = None, header: Sequence[str] | None = None, open_end: bool =
    False,
) -> Table:  # fmt: skip
    """Return the table whose header stands in line ``header_index``; blank lines in it are left out.

    ``header`` replaces the header's cells, ``first`` and ``stop`` bound the lines of its rows.

    Raises
    ------
    InputFileError
        No row is there, or a row has another number of cells than the header.
    """
    cells = split_cells(lines[header_index], separator) if header is None else tuple(header)
    begin = header_index + 1 if first is None else first
    end = len(lines) if stop is None else stop
    kept = [(index + 1, lines[index]) for index in range(begin, end) if lines[index].strip()]
    if not kept:
        raise InputFileError(
            f"{path}, line {header_index + 1}: no row of numbers follows this header; the file is cut: "
            "copy or export it again"
        )
    rows, numbers = table_rows(kept, cells, separator, path)
    return Table(
        path=path, header=cells, header_line=header_index + 1, rows=rows, lines=numbers,
        decimal=decimal_sign(rows, path), open_end=open_end and kept[-1][0] == len(lines),
    )  # fmt: skip


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
