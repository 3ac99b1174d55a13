"""Units as people write them, and their factors to SI: one closed table for files, settings and labelled arrays."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from iondrift.errors import ConfigurationError, InputFileError

_RECIPROCAL: Final = re.compile(r"[\s·.*]*([a-zA-Z]+)-([123])$")  # "A cm-2" -> "A/cm2"
_SUPERSCRIPTS: Final = str.maketrans({"²": "2", "³": "3", "⁻": "-", "¹": "1", "µ": "u", "μ": "u", "−": "-"})
_SINCE: Final = re.compile(r"\s+since\s.*")  # "hours since 2022-09-07": elapsed time is all that counts

TIME_UNITS: Final = {
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3,
    "min": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hr": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0,
}  # fmt: skip
VOLTAGE_UNITS: Final = {"V": 1.0, "mV": 1e-3, "uV": 1e-6, "volt": 1.0, "volts": 1.0}
CURRENT_UNITS: Final = {"A": 1.0, "mA": 1e-3, "uA": 1e-6, "nA": 1e-9}
CURRENT_DENSITY_UNITS: Final = {
    "A/m2": 1.0, "mA/m2": 1e-3, "uA/m2": 1e-6,
    "A/cm2": 1e4, "mA/cm2": 10.0, "uA/cm2": 1e-2, "nA/cm2": 1e-5,
    "A/dm2": 100.0, "mA/dm2": 0.1,
}  # fmt: skip
LENGTH_UNITS: Final = {
    "m": 1.0, "meter": 1.0, "metre": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "nm": 1e-9,
}  # fmt: skip
CONCENTRATION_UNITS: Final = {
    "mol/m3": 1.0, "mol/dm3": 1e3, "mol/l": 1e3, "mol/L": 1e3, "M": 1e3,
    "mmol/l": 1.0, "mmol/L": 1.0, "mM": 1.0,
    "mol/cm3": 1e6, "mol/mm3": 1e9,
}  # fmt: skip
_STORAGE_UNITS: Final = {"mol/m2": 1.0, "mmol/m2": 1e-3, "mol/cm2": 1e4, "mmol/cm2": 10.0, "umol/cm2": 1e-2}
_IMPEDANCE_UNITS: Final = {
    f"{prefix}{base}": factor
    for prefix, factor in (("", 1.0), ("m", 1e-3), ("k", 1e3), ("M", 1e6), ("u", 1e-6))
    for base in ("ohm", "Ohm", "ohms", "Ohms")
}
_FREQUENCY_UNITS: Final = {"Hz": 1.0, "mHz": 1e-3, "uHz": 1e-6, "kHz": 1e3, "MHz": 1e6}
_RATIO_UNITS: Final = {"": 1.0, "%": 1e-2, "dimensionless": 1.0}

_BY_SI_UNIT: Final[Mapping[str, Mapping[str, float]]] = {
    "s": TIME_UNITS,
    "m": LENGTH_UNITS,
    "V": VOLTAGE_UNITS,
    "A m-2": CURRENT_DENSITY_UNITS,
    "mol m-3": CONCENTRATION_UNITS,
    "mol m-2": _STORAGE_UNITS,
    "ohm": _IMPEDANCE_UNITS,
    "Hz": _FREQUENCY_UNITS,
    "1": _RATIO_UNITS,
}

# What a header of an impedance table may state: a base with a prefix, or a plain unit.
_BASES: Final = {
    "hz": "frequency", "ohm": "impedance", "ohms": "impedance", "v": "voltage", "volt": "voltage",
    "volts": "voltage", "a": "current", "amp": "current", "amps": "current",
}  # fmt: skip
_PREFIXES: Final = {"": 1.0, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
_PLAIN_UNITS: Final = {
    **dict.fromkeys(("deg", "degree", "degrees", "°"), ("angle", math.pi / 180.0)),
    "rad": ("angle", 1.0),
    "mrad": ("angle", 1e-3),
    **dict.fromkeys(("rad/s", "1/s"), ("angular frequency", 1.0)),
    **dict.fromkeys(("s", "sec", "second", "seconds"), ("time", 1.0)),
    "ms": ("time", 1e-3),
    "min": ("time", 60.0),
    **dict.fromkeys(("h", "hr"), ("time", 3600.0)),
}
_PER_AREA: Final = re.compile(r"(?:ohm|Ohm)s?[\s.*·]*c?m(?:\^?2|²)")


def unit_factor(unit: str, table: Mapping[str, float], quantity: str, place: str) -> float:
    """Return the factor to SI for a unit given by name.

    ``mA/cm2``, ``mA/cm^2``, ``mA cm-2``, ``mA cm⁻²`` and ``mA/cm²`` are one unit.

    Raises
    ------
    ConfigurationError
        The unit is unknown; the message lists those allowed.
    """
    name = _plain(unit)
    if name not in table:
        raise ConfigurationError(f"{place}: unknown unit {unit!r} of the {quantity}; allowed: {', '.join(table)}")
    return table[name]


def known_unit(unit: str, table: Mapping[str, float]) -> str | None:
    """Return a unit as a table spells it; None where it is none of its units.

    Examples
    --------
    >>> known_unit("mA cm-2", CURRENT_DENSITY_UNITS), known_unit("mA", CURRENT_DENSITY_UNITS)
    ('mA/cm2', None)
    """
    name = _plain(unit)
    return name if name in table else None


def factor_to(si_unit: str, unit: str) -> float | None:
    """Return the factor from a unit to the SI unit of the same quantity; None where it is none of its units.

    Examples
    --------
    >>> factor_to("mol m-3", "mol/L"), factor_to("s", "minutes"), factor_to("m", "mol/L")
    (1000.0, 60.0, None)
    """
    return _BY_SI_UNIT[si_unit].get(_plain(_SINCE.sub("", unit)))


def units_of(si_unit: str) -> tuple[str, ...]:
    """Return the units that a quantity may be given in."""
    return tuple(name for name in _BY_SI_UNIT[si_unit] if name)


def _plain(unit: str) -> str:
    """Return a unit in the spelling of the tables."""
    name = unit.strip().translate(_SUPERSCRIPTS).replace("Ω", "ohm").replace("Ω", "ohm").replace("^", "")
    return _RECIPROCAL.sub(r"/\1\2", name.replace("**", "")).replace(" ", "").removesuffix("1")


def is_unit(text: str) -> bool:
    """Say whether a text is a unit that a column of impedance may have."""
    return _PER_AREA.fullmatch(text.strip()) is not None or _split_unit(text) is not None


def kind_of(text: str) -> str | None:
    """Return the quantity that a unit of a column of impedance belongs to; None where it is no such unit."""
    parts = _split_unit(text)
    return None if parts is None else parts[2]


def _split_unit(text: str) -> tuple[str, str, str] | None:
    """Return (prefix, base as printed, kind); plain units have the prefix ''."""
    text = text.strip()
    if text.lower() in _PLAIN_UNITS:
        return "", text, _PLAIN_UNITS[text.lower()][0]
    text = re.sub(r"\s+vs\.?\s.*", "", text)  # V vs. Ref.
    for prefix in _PREFIXES:
        base = text[len(prefix) :]
        if text.startswith(prefix) and base.lower() in _BASES:
            return prefix, base, _BASES[base.lower()]
    return None


def kind_and_factor(text: str, place: str) -> tuple[str, float]:
    """Return kind and factor to SI."""
    if _PER_AREA.fullmatch(text.strip()):
        raise InputFileError(
            f"{place}: {text!r} is an impedance times area; divide the column by the electrode area "
            "and export it in Ohm"
        )
    parts = _split_unit(text)
    if parts is None:
        raise InputFileError(f"{place}: unit {text!r} is not known; use Hz, Ohm, deg, rad, s, V or A with a prefix")
    prefix, base, kind = parts
    if text.strip().lower() in _PLAIN_UNITS:
        return _PLAIN_UNITS[text.strip().lower()]
    one_case = base in (base.lower(), base.upper()) and (prefix + base) in (
        (prefix + base).lower(),
        (prefix + base).upper(),
    )
    if (prefix in ("m", "M") and one_case and kind == "frequency") or (
        prefix == "M" and base.isupper() and len(base) > 1
    ):
        raise InputFileError(f"{place}: {text!r} may mean milli or mega; write mHz, MHz, mOhm or MOhm")
    return kind, _PREFIXES[prefix]
