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
from iondrift.units import is_unit, kind_and_factor, kind_of

EXAMPLE = ("freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm")  # of a header

# By role, the usual before the unusual: of two columns that may be a voltage the first name is taken.
_NAMES = {
    "frequency": "f freq freq. frequency frequenz",
    "angular_frequency": "w ω omega angularfrequency",
    "real": "z' zre zreal re(z) rez zr real re realz real(z) z'(a) zreal(a) z1 zdash",
    "imaginary": "z'' zim zimag zimg im(z) imz zi imag im imaginary imagz imag(z) imaginary(z) imaginaryz z''(b) z2 "
    "zdashneg zdashdash zdoubledash",
    "modulus": "|z| zmod z abs(z) absz modz mod(z) modulus magnitude impedance |impedance| mag(z)",
    "phase": "phase phase(z) phasez theta θ φ phi zphz zphase arg(z) argz phaseangle",
    "time": "t time elapsedtime testtime datetime date/time timestamp",
    "voltage": "<ewe> ewe <ecell> ecell we(1).potential e v u vdc v_dc edc udc e(dc) v(dc) dcvoltage dcpotential "
    "potential voltage potentialapplied cellvoltage biasvoltage biaspotential dcbias bias ewe-ece <ewe-ece>",
    "current": "<i> i we(1).current idc i(dc) dccurrent current biascurrent",
}
_ROLES = {name: (role, rank) for role, names in _NAMES.items() for rank, name in enumerate(names.split())}
# Beside the parts of the impedance; a column of these may be left unread.
_BESIDE = ("time", "voltage", "current")
_REPEATING = ("modulus", "phase")  # real and imaginary part
_AMPLITUDE = re.compile(r"\||amp|noise|sig|\bac\b|rms|real|imag|\bre\b|\bim\b|range|control", re.IGNORECASE)
_KINDS = {
    "frequency": "frequency", "angular_frequency": "angular frequency", "real": "impedance",
    "imaginary": "impedance", "modulus": "impedance", "phase": "angle", "time": "time", "voltage": "voltage",
    "current": "current",
}  # fmt: skip
# Primes, dashes, ohm and micro signs as word processors and exporters write them.
_LOOKALIKES = str.maketrans({
    **dict.fromkeys("\u2032\u2018\u2019\u02b9\u02bc\u00b4`", "'"),
    **dict.fromkeys("\u2033\u201c\u201d\u02ba\"", "''"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d\u00ad", "-"),
    "\u2126": "ohm", "\u03a9": "ohm", "\u00ba": "\u00b0", "\u03bc": "\u00b5",
})  # fmt: skip
_UNIT = re.compile(r"(?P<name>.+?)\s*(?:/\s*(?P<slash>.+)|\[(?P<square>[^\]]*)\]|\((?P<round>[^()]*)\))")
_WORD_UNIT = re.compile(r"(?P<name>.+?)(?:\s+in)?[\s_]+(?P<unit>[^\s_]+)")
_MINUS = re.compile(r"(?:-|minus\s+|neg(?:ative)?\.?\s+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column that was understood. ``scale`` turns it into SI; None where no unit is stated."""

    index: int
    cell: str
    role: str
    rank: int  # of its name among those of the role
    sign: int
    scale: float | None
    problem: str = ""  # why its unit cannot be used


def understand(cells: Sequence[str], place: str) -> tuple[dict[str, Column], tuple[str, ...]]:
    """Return the columns by role, and cautions on those that are left unread; others are left out.

    Raises
    ------
    InputFileError
        Two columns claim one part of the impedance, or its unit does not fit or may mean two things.
    """
    found: dict[str, Column] = {}
    for index, cell in enumerate(cells):
        column = column_meaning(index, cell)
        if column is None:
            continue
        other = found.setdefault(column.role, column)
        if other is not column:
            found[column.role] = _one_of(other, column, f"{place}: ", len(cells))
    rectangular = {"real", "imaginary"} <= found.keys()
    cautions = []
    for role, column in list(found.items()):
        if not column.problem:
            continue
        if not (role in _BESIDE or (role in _REPEATING and rectangular)):
            raise InputFileError(f"{place}: {column.problem}")
        del found[role]
        cautions.append(f"column {column.cell!r} is not read: {column.problem}")
    return found, (*cautions, *_unread_bias(cells, found))


def column_meaning(index: int, cell: str) -> Column | None:
    """Return what one header cell says, or None where it is no quantity of a spectrum.

    Examples
    --------
    >>> column = column_meaning(2, "-Im(Z)/kOhm")
    >>> column.role, column.sign, column.scale
    ('imaginary', -1, 1000.0)
    """
    text = _plain(cell)
    minus = _MINUS.match(text)
    sign, text = (-1, text[minus.end() :].strip()) if minus else (1, text)
    if text.startswith("(") and text.endswith(")"):  # -(Z'')
        text = text[1:-1]
    for name, unit in _readings(text):
        word = re.sub(r"[\s_]+", "", name).lower()
        negative = word.endswith("neg")  # Zdashneg
        found = _ROLES.get(word) or _ROLES.get(word.removesuffix("neg"))
        if found is None:
            continue
        role, rank = found
        sign = -sign if negative else sign
        role, scale, problem = _in_unit(role, unit, cell)
        return Column(index=index, cell=cell, role=role, rank=rank, sign=sign, scale=scale, problem=problem)
    return None


def _in_unit(role: str, unit: str | None, cell: str) -> tuple[str, float | None, str]:
    """Return the role, for a unit may tell an angular frequency, the factor to SI, and what is wrong with the unit."""
    if unit is None:
        return role, None, ""
    try:
        kind, scale = kind_and_factor(unit, f"column {cell!r}")
    except InputFileError as error:
        return role, None, str(error)
    if role == "frequency" and kind == "angular frequency":
        return kind.replace(" ", "_"), scale, ""
    wrong = f"column {cell!r} gives a {_KINDS[role]} in {unit!r}; correct its header"
    return role, scale, "" if kind == _KINDS[role] else wrong


def _one_of(first: Column, second: Column, place: str, count: int) -> Column:
    """Return which of two columns of one role is taken; only what is no part of the impedance leaves a choice."""
    if first.role not in _BESIDE:
        raise InputFileError(
            f"{place}columns {first.cell!r} and {second.cell!r} may both be the {first.role} part; "
            f"{header_remedy(count)}"
        )
    return min(first, second, key=lambda one: (bool(one.problem), one.scale is None, one.rank))


def _unread_bias(cells: Sequence[str], found: dict[str, Column]) -> list[str]:
    """Return cautions that name columns in V or A which may hold a bias that is not read."""
    cautions = []
    for role in ("voltage", "current"):
        for cell in cells if role not in found else ():
            if _AMPLITUDE.search(cell) or column_meaning(0, cell) is not None:
                continue
            if any(unit and kind_of(unit) == _KINDS[role] for _, unit in _readings(_plain(cell))):
                cautions.append(f"column {cell!r} is in a unit of {role} and is not read: is it the bias?")
                break
    return cautions


def _plain(cell: str) -> str:
    return " ".join(cell.translate(_LOOKALIKES).split())


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
