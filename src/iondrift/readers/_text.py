"""What every reader of text needs: decoding that refuses binary files, and numbers with a place."""

from __future__ import annotations

import codecs
import csv
import math
import re
from pathlib import Path
from typing import Final, Literal, TypeAlias

from iondrift.errors import InputFileError

Separator: TypeAlias = Literal["tab", "semicolon", "comma", "space"]
SEPARATORS: Final[dict[Separator, str]] = {"tab": "\t", "semicolon": ";", "comma": ",", "space": " "}  # " ": any run

_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eEdD][+-]?\d+)?")
_NOT_FINITE: Final = re.compile(r"[+-]?(?:nan|inf|infinity)(?:\([^)]*\))?", re.IGNORECASE)


def decode(path: Path) -> str:
    """Return the text of a file, whatever its encoding, with lines ending in one newline character.

    UTF-8 and UTF-16 byte-order marks are understood; what is not UTF-8 is taken as Latin-1, which only
    touches names in headers.

    Raises
    ------
    InputFileError
        The file is missing, unreadable, empty or binary.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InputFileError(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read ({error.strerror or error}); a text file is needed") from error
    if not raw.strip():
        raise InputFileError(f"{path}: is empty ({len(raw)} bytes); export it again")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\x00" in raw:
        raise InputFileError(f"{path}: is a binary file; export it as text")
    else:
        encoding = "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        if encoding == "utf-16":
            raise InputFileError(f"{path}: is not valid UTF-16 text; export it again as UTF-8") from None
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def fields(line: str, separator: str, place: str) -> list[str]:
    """Return the cells of one line of a table, without white space and quotes around them.

    Raises
    ------
    InputFileError
        The line is no line of a table.
    """
    try:
        row = next(csv.reader([line], delimiter=separator))  # an open quote must not swallow the next line
    except csv.Error as error:
        raise InputFileError(f"{place}: is no line of a table ({error}); correct or remove it") from error
    return [field.strip() for field in row]


def looks_numeric(field: str) -> bool:
    """Whether a field is a number or claims to be one (NaN, infinity)."""
    return bool(_NUMBER.fullmatch(field) or _NOT_FINITE.fullmatch(field))


def number(field: str, place: str, *, decimal: str = ".") -> float:
    """Return the finite number a field holds.

    Parameters
    ----------
    field
        The text, without surrounding white space.
    place
        File, line and column, for the message.
    decimal
        The decimal mark, ``"."`` or ``","``; the other one is refused (thousands separators are not read).

    Raises
    ------
    InputFileError
        Not a number, or NaN or infinite.

    Examples
    --------
    >>> number("1,5E-3", "log.txt, line 3", decimal=",")
    0.0015
    """
    if _NOT_FINITE.fullmatch(field):
        raise InputFileError(f"{place}: the value is {field}; remove the line or export the data again")
    other = "," if decimal == "." else "."
    if not _NUMBER.fullmatch(field) or other in field:
        raise InputFileError(
            f"{place}: expected a number with decimal mark {decimal!r}, found {field!r}; correct or remove the line"
        )
    result = float(field.replace(",", ".").replace("d", "e").replace("D", "e"))
    if not math.isfinite(result):
        raise InputFileError(f"{place}: {field} is too large for a float64; correct or remove the line")
    return result
