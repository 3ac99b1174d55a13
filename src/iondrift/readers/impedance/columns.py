"""What a column header says: quantity, sign and unit; and impedance made from the columns found.

A header cell is ``name``, ``name/unit``, ``name (unit)``, ``name [unit]`` or ``name unit``, with a minus in
front where the column holds the negative: ``freq/Hz``, ``Re(Z)/Ohm``, ``-Im(Z)/Ohm``, ``|Z| (kOhm)``,
``-Phase [deg]``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from iondrift.errors import InputFileError
from iondrift.settings import setting
from iondrift.units import is_unit, kind_and_factor

EXAMPLE = ("freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm")  # of a header

_NAMES = {
    "frequency": "f freq freq. frequency frequenz",
    "angular_frequency": "w ω omega angularfrequency",
    "real": "z' zre zreal re(z) rez zr real re realz real(z) z'(a) zreal(a)",
    "imaginary": "z'' zim zimag zimg im(z) imz zi imag im imaginary imagz imag(z) imaginary(z) imaginaryz z''(b)",
    "modulus": "|z| zmod z abs(z) absz modz mod(z) modulus magnitude impedance |impedance| mag(z)",
    "phase": "phase phase(z) phasez theta θ φ phi zphz zphase arg(z) argz phaseangle",
    "time": "t time elapsedtime",
    "voltage": "<ewe> ewe e v vdc edc potential voltage",
    "current": "<i> i idc current",
}
_ROLES = {name: role for role, names in _NAMES.items() for name in names.split()}
_KINDS = {
    "frequency": "frequency", "angular_frequency": "angular frequency", "real": "impedance",
    "imaginary": "impedance", "modulus": "impedance", "phase": "angle", "time": "time", "voltage": "voltage",
    "current": "current",
}  # fmt: skip
# Primes, dashes, ohm and micro signs as word processors and exporters write them.
_LOOKALIKES = str.maketrans(
    {"\u2032": "'", "\u2019": "'", "`": "'", "\u00b4": "'", "\u2033": "''", "\u201d": "''", "\u201c": "''",
     '"': "''", "\u2212": "-", "\u2013": "-", "\u2014": "-", "\u2126": "ohm", "\u03a9": "ohm",
     "\u00ba": "\u00b0", "\u03bc": "\u00b5"}
)  # fmt: skip
_UNIT = re.compile(r"(?P<name>.+?)\s*(?:/\s*(?P<slash>.+)|\[(?P<square>[^\]]*)\]|\((?P<round>[^()]*)\))")
_WORD_UNIT = re.compile(r"(?P<name>.+?)(?:\s+in)?[\s_]+(?P<unit>[^\s_]+)")
_MINUS = re.compile(r"(?:-|minus\s+|neg(?:ative)?\.?\s+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column that was understood. ``scale`` turns it into SI; None where no unit is stated."""

    index: int
    cell: str
    role: str
    sign: int
    scale: float | None


def understand(cells: Sequence[str], place: str) -> dict[str, Column]:
    """Return the columns by role; others are left out.

    Raises
    ------
    InputFileError
        Two columns claim one role, a unit does not fit its quantity or may mean two things.
    """
    found: dict[str, Column] = {}
    for index, cell in enumerate(cells):
        column = column_meaning(index, cell, place)
        if column is None:
            continue
        if column.role in found:
            raise InputFileError(
                f"{place}: columns {found[column.role].cell!r} and {cell!r} may both be the {column.role} part; "
                f"{header_remedy(len(cells))}"
            )
        found[column.role] = column
    return found


def column_meaning(index: int, cell: str, place: str) -> Column | None:
    """Return what one header cell says, or None where it is no quantity of a spectrum.

    Examples
    --------
    >>> column = column_meaning(2, "-Im(Z)/kOhm", "here")
    >>> column.role, column.sign, column.scale
    ('imaginary', -1, 1000.0)
    """
    text = " ".join(cell.translate(_LOOKALIKES).split())
    minus = _MINUS.match(text)
    sign, text = (-1, text[minus.end() :].strip()) if minus else (1, text)
    if text.startswith("(") and text.endswith(")"):  # -(Z'')
        text = text[1:-1]
    for name, unit in _readings(text):
        role = _ROLES.get(re.sub(r"[\s_]+", "", name).lower())
        if role is None:
            continue
        scale = None
        if unit is not None:
            kind, scale = kind_and_factor(unit, f"{place}, column {cell!r}")
            if role == "frequency" and kind == "angular frequency":
                role = "angular_frequency"
            elif kind != _KINDS[role]:
                raise InputFileError(f"{place}: column {cell!r} gives a {_KINDS[role]} in {unit!r}; correct its header")
        return Column(index=index, cell=cell, role=role, sign=sign, scale=scale)
    return None


def header_remedy(count: int) -> str:
    """Return the sentence that tells how to name the columns oneself."""
    return f"name all {count} columns yourself, such as {setting('header', EXAMPLE)}, empty for those not needed"


def _readings(text: str) -> list[tuple[str, str | None]]:
    """Return (name, unit) as the cell may be meant."""
    readings: list[tuple[str, str | None]] = [(text, None)]
    if found := _UNIT.fullmatch(text):
        unit = found["slash"] or found["square"] or found["round"]
        if unit and (found["round"] is None or is_unit(unit)):
            readings.append((found["name"], unit))
    if (found := _WORD_UNIT.fullmatch(text)) and is_unit(found["unit"]):
        readings.append((found["name"], found["unit"]))
    return readings
