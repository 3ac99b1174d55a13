"""Parameter files of TopSpin (JCAMP-DX): one bounded read, values checked where they are asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from iondrift.cast import FloatArray
from iondrift.errors import InputFileError
from iondrift.readers.text import number, read_text, split_lines

COPY_AGAIN: Final = "copy the data set from the spectrometer again"
_LARGEST: Final = 4 << 20  # bytes; acqus is 10 KB, a pulse shape of 10,000 points 300 KB
_RECORD: Final = re.compile(r"##(\$?)([^=]+?)\s*=(.*)")
_COMMENT: Final = re.compile(r"(<[^>]*>)|\$\$.*")
_ARRAY: Final = re.compile(r"\(\s*(\d{1,6})\s*\.\.\s*(\d{1,6})\s*\)")
_STRING: Final = re.compile(r"<([^>]*)>")


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """A parameter file. A value is text until it is asked for; each question names file and parameter if it fails.

    Attributes
    ----------
    path
        The file.
    values
        Text of each ``##$NAME=``, without comments.
    labels
        Text of each ``##NAME=``.
    """

    path: Path
    values: Mapping[str, str]
    labels: Mapping[str, str]

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def real(self, name: str, default: float | None = None) -> float:
        """Return a number.

        Raises
        ------
        InputFileError
            It is missing and has no default, or is no number.
        """
        if name not in self.values and default is not None:
            return default
        text = self._given(name)
        value = number(text)
        if value is None:
            raise self._refused(name, f"{_short(text)} is no number")
        return value

    def integer(self, name: str, default: int | None = None, *, lowest: int | None = None) -> int:
        """Return a whole number, at least ``lowest``.

        Raises
        ------
        InputFileError
            It is missing and has no default, is no whole number, or too small.
        """
        value = self.real(name, None if default is None else float(default))
        if not value.is_integer():
            raise self._refused(name, f"{value:g} is no whole number")
        if lowest is not None and value < lowest:
            raise self._refused(name, f"{value:g} is below {lowest}")
        return int(value)

    def positive(self, name: str) -> float:
        """Return a number above zero.

        Raises
        ------
        InputFileError
            It is missing, no number or not positive.
        """
        value = self.real(name)
        if not value > 0.0:
            raise self._refused(name, f"{value:g} is not positive")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """Return what stands in angle brackets, or the bare value.

        Raises
        ------
        InputFileError
            It is missing and has no default, or its bracket is not closed.
        """
        if name not in self.values and default is not None:
            return default
        text = self._given(name)
        if not text.startswith("<"):
            return text
        if not text.endswith(">"):
            raise self._refused(name, "its closing bracket > is missing")
        return text[1:-1]

    def numbers(self, name: str) -> FloatArray:
        """Return the numbers of an array.

        Raises
        ------
        InputFileError
            It is missing, shorter or longer than it says, or holds what is no number.
        """
        tokens = self._array(name, lambda body: body.split())
        values = [number(token) for token in tokens]
        for token, value in zip(tokens, values, strict=True):
            if value is None:
                raise self._refused(name, f"{_short(token)} is no number")
        return np.array(values, dtype=np.float64)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of an array.

        Raises
        ------
        InputFileError
            It is missing, or shorter or longer than it says.
        """
        return tuple(self._array(name, _STRING.findall))

    def _array(self, name: str, split: Callable[[str], list[str]]) -> list[str]:
        text = self._given(name)
        head = _ARRAY.match(text)
        if head is None:
            raise self._refused(name, f"{_short(text)} is no array")
        entries = split(text[head.end() :])
        expected = int(head[2]) - int(head[1]) + 1
        if len(entries) != expected:
            raise self._refused(name, f"has {len(entries)} of {expected} entries")
        return entries

    def _given(self, name: str) -> str:
        if name not in self.values:
            raise InputFileError(f"{self.path}: ##${name}= is missing; {COPY_AGAIN}")
        return self.values[name]

    def _refused(self, name: str, what: str) -> InputFileError:
        return InputFileError(f"{self.path}: ##${name}= {what}; {COPY_AGAIN}")


def bounded_text(path: Path, largest: int = _LARGEST) -> str:
    """Return the text of a file that is a file and no larger than its kind can be.

    Raises
    ------
    InputFileError
        It is no file, too large, empty, or no text.
    """
    if path.exists() and not path.is_file():
        raise InputFileError(f"{path}: is no file; {COPY_AGAIN}")
    if path.is_file() and path.stat().st_size > largest:
        raise InputFileError(f"{path}: holds {path.stat().st_size} bytes, more than such a file can; {COPY_AGAIN}")
    return read_text(path)


def read_parameters(path: Path) -> Parameters:
    """Read a parameter file: acqus, acqu2s, procs, Difframp, a gradient shape.

    Comments (``$$`` outside angle brackets) and blank lines do not count; a value may go on over several lines.

    Raises
    ------
    InputFileError
        It cannot be read, does not end with ##END=, or gives one parameter two values.
    """
    found: dict[tuple[str, str], list[str]] = {}
    current: list[str] = []
    ended = False
    for raw in split_lines(bounded_text(path))[0]:
        line = _COMMENT.sub(lambda kept: kept[1] or "", raw).strip() if "$$" in raw else raw.strip()
        if line.startswith("##END"):
            ended = True
            break
        record = _RECORD.match(line) if line.startswith("##") else None
        if record is None:
            current.append(line)
            continue
        current = [record[3].strip()]
        key = (record[1], record[2])
        if key in found and found[key] != current and key[0]:
            raise InputFileError(f"{path}: ##${key[1]}= stands twice with different values; {COPY_AGAIN}")
        found[key] = current
    if not ended:
        raise InputFileError(f"{path}: is truncated, its last line ##END= is missing; {COPY_AGAIN}")
    joined = {key: "\n".join(filter(None, lines)) for key, lines in found.items()}
    return Parameters(
        path=path,
        values={name: text for (mark, name), text in joined.items() if mark},
        labels={name: text for (mark, name), text in joined.items() if not mark},
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 40 else f"{line[:37]}...")
