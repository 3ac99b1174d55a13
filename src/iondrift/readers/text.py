"""Text as instruments write it: encodings, line ends, separators, decimal signs; numbers read strictly."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from iondrift.errors import InputFileError
from iondrift.readers.paths import require_file
from iondrift.settings import setting

Separator: TypeAlias = Literal["tab", "semicolon", "comma", "space"]
SEPARATORS: dict[Separator, str] = {"tab": "\t", "semicolon": ";", "comma": ",", "space": " "}  # " ": any run
LINE_END = re.compile(r"\r*\n|\r+(?!\n)")
LARGEST_TEXT = 32 << 20  # bytes; ten days of a sample a second, read in half a minute
LARGEST_NUMBER = 1e60  # in any unit; what is larger is damaged, and its products would overflow
LONGEST_NUMBER = 64  # characters; a longer token is not a number
_NUMBER = re.compile(r"([+-]?)(\d+(?:[.,]\d*)?|[.,]\d+)(?:[eEdD]([+-]?\d{1,4}))?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)(?:\([^)]*\))?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+", re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f]")
_MOST_CONTROLS = 8  # characters; some instruments fill a field with a few
_SNIFFED_BYTES = 4096
_SHARE_OF_ZEROS = 0.7  # of the high bytes of UTF-16; dates, units and Greek letters are the rest
_WHOLE_LINE = re.compile(r'\s*"([^"]*[,;\t][^"]*)"\s*')
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_start(path: Path, count: int) -> bytes:
    """Return the first bytes of a file, as many as asked for or as there are.

    Raises
    ------
    InputFileError
        It is no file, or cannot be read.
    """
    require_file(path)
    try:
        with path.open("rb") as stream:
            return stream.read(count)
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error


def read_bytes(path: Path, *, largest: int = LARGEST_TEXT) -> bytes:
    """Return the content of a file that must exist and hold something, of so many bytes at most.

    Raises
    ------
    InputFileError
        It is no file, cannot be read, is empty or larger.
    """
    size = require_file(path)
    if size > largest:
        raise InputFileError(
            f"{path}: holds {size / 1e6:.3g} MB, and more than {largest / 1e6:.3g} MB are not read, which would take "
            "minutes; check that it is the file that is meant, and export less: every tenth sample, or a shorter time"
        )
    content = read_start(path, size)
    if not content.strip():
        raise InputFileError(f"{path}: is empty ({len(content)} bytes); export it again")
    return content


def read_text(path: Path) -> str:
    """Return the text of a file: UTF-8 or UTF-16 by its byte order mark or its zero bytes, else Windows Latin.

    Raises
    ------
    InputFileError
        The file cannot be opened, is empty or is not text.
    """
    content = read_bytes(path)
    mark, encoding = encoding_of(content)
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise InputFileError(f"{path}: is not valid UTF-16 text; export it again as UTF-8") from None
        text = content[len(mark) :].decode("cp1252", errors="replace")
    if len(_CONTROLS.findall(text)) > _MOST_CONTROLS:
        raise InputFileError(f"{path}: is a binary file; export it as text: what holds control characters is not text")
    return text


def encoding_of(content: bytes) -> tuple[bytes, str]:
    """Return the byte order mark that a file begins with, and the encoding that is tried first.

    Examples
    --------
    >>> encoding_of("freq/Hz".encode("utf-16-be"))
    (b'', 'utf-16-be')
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return mark, encoding
    head = content[:_SNIFFED_BYTES]
    # In UTF-16 without a mark, every other byte of what is mostly Latin letters and digits is zero.
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > _SHARE_OF_ZEROS * len(head) / 2.0 and min(even, odd) == 0:
        return b"", "utf-16-le" if odd else "utf-16-be"
    return b"", "utf-8"


def without_whole_line_quotes(lines: Sequence[str]) -> list[str]:
    """Return the lines without the quotes that a spreadsheet put around each of them as a whole.

    Examples
    --------
    >>> without_whole_line_quotes(['"1,2,"', '"a","b"'])
    ['1,2,', '"a","b"']
    """
    return [found[1] if (found := _WHOLE_LINE.fullmatch(line)) else line for line in lines]


def split_lines(text: str) -> tuple[list[str], bool]:
    """Return the lines and whether the last one lacks its line end."""
    lines = LINE_END.split(text)
    if lines[-1] == "":
        return lines[:-1], False
    return lines, True


def number(token: str, decimal: str = ".") -> float | None:
    """Return a plain decimal number, or None: no ``nan``, thousands separator, digit group or overflow.

    Examples
    --------
    >>> number("-1,5E-3", ","), number("1,5"), number("nan")
    (-0.0015, None, None)
    """
    found = _parts(token)
    if found is None or (("," if decimal == "." else ".") in found[2]):
        return None
    return _value(found)


def _parts(token: str) -> re.Match[str] | None:
    """Return sign, digits and exponent of a number with either decimal sign; None where it is none."""
    token = token.strip()
    return _NUMBER.fullmatch(token) if len(token) <= LONGEST_NUMBER else None


def _value(parts: re.Match[str]) -> float | None:
    """Return the number; None where it is too large to be meant."""
    sign, digits, exponent = parts.groups()
    value = float(f"{sign}{digits.replace(',', '.')}e{exponent or '0'}")
    return value if abs(value) < LARGEST_NUMBER else None


def number_at(token: str, place: str, decimal: str = ".") -> float:
    """Return a plain decimal number that must stand at a place: file, line and column.

    Raises
    ------
    InputFileError
        It is none; the message says why.

    Examples
    --------
    >>> number_at("1,5E-3", "log.txt, line 3", ",")
    0.0015
    """
    value = number(token, decimal)
    if value is not None:
        return value
    shown = token if len(token) <= LONGEST_NUMBER else f"{token[:LONGEST_NUMBER]}..."
    if _NOT_FINITE.fullmatch(token):
        raise InputFileError(f"{place}: the value is {token}; remove the line or export the data again")
    other = "," if decimal == "." else "."
    if _NUMBER.fullmatch(token) and other not in token:
        raise InputFileError(f"{place}: {shown} is too large or too long; correct or remove the line")
    raise InputFileError(
        f"{place}: expected a number with decimal mark {decimal!r}, found {shown!r}; correct or remove the line"
    )


def is_number(token: str) -> bool:
    """Return whether a token is a number with either decimal sign."""
    found = _parts(token)
    return found is not None and _value(found) is not None


def claims_number(token: str) -> bool:
    """Return whether a token is a number or stands in place of one (NaN, infinity)."""
    return is_number(token) or _NOT_FINITE.fullmatch(token) is not None


def half_unit(token: str) -> float:
    """Return half a unit of the last printed digit.

    Examples
    --------
    >>> half_unit("5.52E+01")
    0.05
    """
    found = _NUMBER.fullmatch(token.strip())
    if found is None:
        return 0.0
    decimals = len(re.split("[.,]", found[2])[1]) if re.search("[.,]", found[2]) else 0
    return float(f"0.5e{int(found[3] or 0) - decimals}")


def decimal_sign(cells: Iterable[tuple[int, str]], path: Path) -> str:
    """Return the decimal sign that all numbers of a table share.

    Parameters
    ----------
    cells
        The line a cell stands on, and the cell; what is no number does not count.
    path
        The file.

    Raises
    ------
    InputFileError
        Points and commas both occur, or every comma may also part thousands.
    """
    first: dict[str, int] = {}
    commas: list[str] = []
    for line, token in cells:
        if "," in token and is_number(token):
            first.setdefault(",", line)
            commas.append(token)
        elif "." in token and "." not in first and is_number(token):
            first["."] = line
    if len(first) == 2:
        raise InputFileError(
            f"{path}, line {max(first.values())}: decimal commas (from line {first[',']}) and decimal points "
            f"(from line {first['.']}) in one file, numbers with a decimal point and with a decimal comma; "
            "export it again with one of them"
        )
    if commas and all(_THOUSANDS.fullmatch(token.strip()) for token in commas):
        raise InputFileError(
            f"{path}: the comma of {commas[0]!r} may be a decimal comma or part thousands; "
            f"set {setting('decimal', ',')} or {setting('decimal', '.')}, or export without grouping"
        )
    return "," if commas else "."


def split_cells(line: str, separator: str) -> tuple[str, ...]:
    """Return the stripped cells of a line; ``separator`` " " means any run of blanks, quotes hold cells together."""
    if '"' not in line:
        return tuple(line.split() if separator == " " else map(str.strip, line.split(separator)))
    if separator == " ":
        cells = line.split()
    else:
        try:
            cells = next(csv.reader([line], delimiter=separator))  # an open quote must not swallow the next line
        except csv.Error:
            cells = line.split(separator)
    return tuple(_unquoted(cell.strip()) for cell in cells)


def _unquoted(cell: str) -> str:
    # Both ends or none: the quote that ends Z" is part of the name.
    return cell[1:-1].strip() if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def without_empty_tail(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return the cells without the empty ones a trailing separator leaves."""
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells
