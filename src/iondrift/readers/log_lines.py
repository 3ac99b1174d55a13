"""Lines of a delimited log: which are data or names, and what separates their fields."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iondrift.errors import ConfigurationError, InputFileError
from iondrift.readers.log_times import DATE
from iondrift.readers.text import SEPARATORS, Separator, split_cells, split_lines
from iondrift.settings import setting

_COMMENTS: Final = ("#", "%", "//")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line that is neither blank nor a comment, split into fields."""

    number: int
    fields: Sequence[str]


def split_log(text: str, path: Path, separator: Separator | None, decimal: str | None) -> list[Line]:
    """Return the lines of a log that are neither blank nor comments, split into fields.

    Raises
    ------
    InputFileError
        No line begins with a number, or a comma can be separator and decimal mark.
    ConfigurationError
        The separator is unknown, or the same as the decimal mark.
    """
    lines = _content(split_lines(text)[0])
    if separator is None:
        separator = _separator(lines, path, decimal)
    elif separator not in SEPARATORS:
        raise ConfigurationError(f"separator: {separator!r} is unknown; allowed: {', '.join(SEPARATORS)}")
    if separator == "comma" and decimal == ",":
        raise ConfigurationError(f"{path}: the comma cannot be separator and decimal mark at once; change one")
    return [Line(number=k, fields=split_cells(line, SEPARATORS[separator])) for k, line in lines]


def _content(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Return the lines that are neither blank nor comments, with their numbers."""
    return [
        (k, line)
        for k, line in enumerate(lines, 1)
        if line and not line.isspace() and not line.lstrip().startswith(_COMMENTS)
    ]


def _separator(lines: list[tuple[int, str]], path: Path, decimal: str | None) -> Separator:
    """Find the separator from the lines that begin with a number; refuse to guess what a comma means."""
    # A date has a blank, and no separator: "2024-05-17 10:00:00".
    compact = [(k, DATE.sub("date", line).strip()) for k, line in lines]
    begins = {k for k, line in lines if line.strip().lstrip('"')[:1] in set("+-.,0123456789")}
    data = [(k, line) for k, line in compact if k in begins]
    if not data:
        number, first = lines[0]
        raise InputFileError(
            f"{path}, line {number}: no line begins with a number (first line: {first.strip()[:40]!r}); "
            "give numbers with elapsed time, not dates, or name the separator if the first column is text"
        )
    before = [line for k, line in compact if k < data[0][0]]
    certain: tuple[Separator, ...] = ("tab", "semicolon")
    for name in certain:
        mark = SEPARATORS[name]
        # A tab inside a cell: the names above are parted by as many commas as every line.
        inside = bool(before) and mark not in before[-1] and _as_many_commas([line for _, line in data], before)
        if any(mark in line for _, line in data) and not inside:
            return name
    number, first = next(((k, line) for k, line in data if "," in line), (0, ""))
    if not number:
        return "space"
    if decimal is not None:
        return "comma" if decimal == "." else "space"
    if _comma_separates([line for _, line in data], before):
        return "comma"
    text = "".join(line for _, line in data)
    if " " in text and not re.search(r"\s,|,\s|\.", text):
        return "space"
    raise InputFileError(
        f"{path}, line {number}: {first[:40]!r} can be read with the comma as separator or as decimal mark; "
        f"say which: {setting('separator', 'comma')}, or {setting('decimal', ',')}"
    )


def _as_many_commas(data: list[str], before: list[str]) -> bool:
    """Whether a header of names has as many commas as every line of numbers."""
    count = before[-1].count(",") if before else 0
    return count > 0 and all(line.count(",") == count for line in data)


def _comma_separates(data: list[str], before: list[str]) -> bool:
    """Whether the comma cannot be a decimal mark.

    It cannot where points are, where white space or quotes follow every comma, or where a header of names has
    as many commas as every line of numbers; white space elsewhere leaves the question open.
    """
    bare = [re.sub(r"\s*,\s*", ",", line) for line in data]
    if any(" " in line for line in bare):
        return False
    spaced = all(re.fullmatch(r"[^,]*(,\s+[^,]*|\s+,[^,]*)+", line) for line in data)
    return _as_many_commas(data, before) or spaced or any(mark in line for line in data for mark in '."')
