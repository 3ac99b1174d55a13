"""What every reader of text needs: decoding that refuses binary files, and numbers with a place."""

from __future__ import annotations

import codecs
import csv
import math
import re
from pathlib import Path
from typing import Final, Literal, TypeAlias

from iondrift.errors import ConfigurationError, InputFileError

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


def unit_factor(unit: str, table: dict[str, float], quantity: str, place: str) -> float:
    """Return the factor to SI for a unit given by name.

    ``mA/cm2``, ``mA/cm^2``, ``mA cm-2``, ``mA cm⁻²`` and ``mA/cm²`` are one unit.

    Raises
    ------
    ConfigurationError
        The unit is unknown; the message lists those allowed.
    """
    name = unit.strip().translate(_SUPERSCRIPTS).replace("^", "").replace("**", "")
    name = _RECIPROCAL.sub(r"/\1\2", name).replace(" ", "").removesuffix("1")
    if name not in table:
        raise ConfigurationError(f"{place}: unknown unit {unit!r} of the {quantity}; allowed: {', '.join(table)}")
    return table[name]


_RECIPROCAL: Final = re.compile(r"[\s·.*]*([a-zA-Z]+)-([123])$")  # "A cm-2" -> "A/cm2"
_SUPERSCRIPTS: Final = str.maketrans({"²": "2", "³": "3", "⁻": "-", "¹": "1", "µ": "u", "μ": "u", "−": "-"})

TIME_UNITS: Final = {
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3,
    "min": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hr": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0,
}  # fmt: skip
VOLTAGE_UNITS: Final = {"V": 1.0, "mV": 1e-3, "uV": 1e-6}
CURRENT_DENSITY_UNITS: Final = {
    "A/m2": 1.0, "mA/m2": 1e-3, "uA/m2": 1e-6,
    "A/cm2": 1e4, "mA/cm2": 10.0, "uA/cm2": 1e-2, "nA/cm2": 1e-5,
    "A/dm2": 100.0, "mA/dm2": 0.1,
}  # fmt: skip
CURRENT_UNITS: Final = {"A": 1.0, "mA": 1e-3, "uA": 1e-6, "nA": 1e-9}
LENGTH_UNITS: Final = {
    "m": 1.0, "meter": 1.0, "metre": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "nm": 1e-9,
}  # fmt: skip
CONCENTRATION_UNITS: Final = {
    "mol/m3": 1.0, "mol/dm3": 1e3, "mol/l": 1e3, "mol/L": 1e3, "M": 1e3,
    "mmol/l": 1.0, "mmol/L": 1.0, "mM": 1.0,
    "mol/cm3": 1e6, "mol/mm3": 1e9,
}  # fmt: skip
