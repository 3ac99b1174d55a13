"""Text as instruments write it: encodings, line ends, separators, decimal commas; numbers read strictly."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from pathlib import Path

from iondrift.errors import InputFileError
from iondrift.settings import setting

LINE_END = re.compile(r"\r*\n|\r+(?!\n)")
_NUMBER = re.compile(r"([+-]?)(\d+(?:[.,]\d*)?|[.,]\d+)(?:[eEdD]([+-]?\d{1,4}))?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+", re.ASCII)
LARGEST_NUMBER = 1e60  # in any unit; what is larger is damaged, and its products would overflow
LONGEST_NUMBER = 64  # characters; a longer token is not a number
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_text(path: Path) -> str:
    """Return the text of a file: UTF-8 or UTF-16 by its byte order mark, UTF-8, else Windows Latin.

    Raises
    ------
    InputFileError
        The file cannot be opened, is empty or is not text.
    """
    content = read_bytes(path)
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            text = content[len(mark) :].decode(encoding, errors="replace")
            break
    else:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
    if text.count("\0") > 8:
        raise InputFileError(f"{path}: is not text (it holds NUL characters); name its format with {setting('format')}")
    return text


def read_bytes(path: Path) -> bytes:
    """Return the content of a file that must exist and hold something.

    Raises
    ------
    InputFileError
        It does not exist, cannot be read or is empty.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    if not content:
        raise InputFileError(f"{path}: is empty; copy or export it again")
    return content


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
    token = token.strip()
    found = _NUMBER.fullmatch(token) if len(token) <= LONGEST_NUMBER else None
    if found is None or (("," if decimal == "." else ".") in found[2]):
        return None
    value = float(f"{found[1]}{found[2].replace(',', '.')}e{found[3] or '0'}")
    return value if abs(value) < LARGEST_NUMBER else None


def is_number(token: str) -> bool:
    """Return whether a token is a number with either decimal sign."""
    return number(token, ".") is not None or number(token, ",") is not None


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


def decimal_sign(rows: Sequence[Sequence[str]], path: Path) -> str:
    """Return the decimal sign all numbers of the rows share.

    Raises
    ------
    InputFileError
        Points and commas both occur, or every comma may also part thousands.
    """
    tokens = [cell for row in rows for cell in row if is_number(cell)]
    commas = [token for token in tokens if "," in token]
    if not commas:
        return "."
    if any("." in token for token in tokens):
        raise InputFileError(
            f"{path}: holds numbers with a decimal point and with a decimal comma ({commas[0]!r}); "
            "export it again with one of them"
        )
    if all(_THOUSANDS.fullmatch(token.strip()) for token in commas):
        raise InputFileError(
            f"{path}: the comma of {commas[0]!r} may be a decimal comma or part thousands; "
            f"set {setting('decimal', ',')} or {setting('decimal', '.')}, or export without grouping"
        )
    return ","


def split_cells(line: str, separator: str) -> tuple[str, ...]:
    """Return the stripped cells of a line; ``separator`` " " means any run of blanks."""
    cells = line.split() if separator == " " else line.split(separator)
    return tuple(_unquoted(cell.strip()) for cell in cells)


def _unquoted(cell: str) -> str:
    # Both ends or none: the quote that ends Z" is part of the name.
    return cell[1:-1].strip() if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def without_empty_tail(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return the cells without the empty ones a trailing separator leaves."""
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells
