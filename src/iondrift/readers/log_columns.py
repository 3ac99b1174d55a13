"""What the header of a log says: which column is which, and in what unit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from iondrift.errors import InputFileError
from iondrift.settings import setting
from iondrift.units import CURRENT_DENSITY_UNITS, CURRENT_UNITS, TIME_UNITS, VOLTAGE_UNITS, known_unit

Role: TypeAlias = Literal["time", "voltage", "current"]

# The usual before the unusual; a clock of the whole test before dates; the clock of a step is none.
_NAMES: Final[Mapping[Role, str]] = {
    "time": "testtime totaltime cumulativetime runtime elapsedtime time t datetime dateandtime timestamp date unixtime",
    "voltage": "voltage potential ewe <ewe> ecell <ecell> cellvoltage u v e",
    "current": "currentdensity current i <i> j",
}
_TABLES: Final[Mapping[Role, tuple[Mapping[str, float], ...]]] = {
    "time": (TIME_UNITS,), "voltage": (VOLTAGE_UNITS,), "current": (CURRENT_DENSITY_UNITS, CURRENT_UNITS),
}  # fmt: skip
_ALL: Final = (TIME_UNITS, VOLTAGE_UNITS, CURRENT_DENSITY_UNITS, CURRENT_UNITS)
_SPLIT: Final = (
    re.compile(r"(.+?)\s*[(\[]([^)\]]*)[)\]]\s*"),  # Current (mA/cm2)
    re.compile(r"(.+?)\s*/\s*(.+)"),  # Test Time / s
    re.compile(r"(.+)[\s_]+(\S+)"),  # Voltage V
)


@dataclass(frozen=True, kw_only=True)
class LogColumn:
    """A column whose name is known: its place from 0, its unit (None: not stated), whether it is per area."""

    index: int
    cell: str
    unit: str | None
    density: bool


def header_unit(cell: str, table: Mapping[str, float]) -> tuple[str | None, bool]:
    """Return the unit that a header cell states, as the tables spell it, and whether it is of one table.

    Examples
    --------
    >>> header_unit("Test Time / s", TIME_UNITS), header_unit("I [mA]", CURRENT_DENSITY_UNITS)
    (('s', True), ('mA', False))
    """
    _, text = _parts(cell)
    if text is None:
        return None, True
    own = known_unit(text, table)
    if own is not None:
        return own, True
    return next((unit for other in _ALL if (unit := known_unit(text, other)) is not None), None), False


def recognise(header: Sequence[str]) -> dict[Role, LogColumn]:
    """Return the columns whose names are known, by what they hold.

    Examples
    --------
    >>> found = recognise(["Step Time / s", "Test Time / s", "Voltage / V", "Current / mA cm-2"])
    >>> {role: (column.index, column.unit) for role, column in found.items()}
    {'time': (1, 's'), 'voltage': (2, 'V'), 'current': (3, 'mA/cm2')}
    """
    found: dict[Role, LogColumn] = {}
    for role, names in _NAMES.items():
        ranks = {name: rank for rank, name in enumerate(names.split())}
        best: tuple[int, LogColumn] | None = None
        for index, cell in enumerate(header):
            name, text = _parts(cell)
            rank = ranks.get(re.sub(r"[\s_.-]+", "", name).lower())
            if rank is None or (best is not None and rank >= best[0]):
                continue
            unit = None if text is None else next((u for t in _TABLES[role] if (u := known_unit(text, t))), None)
            density = unit is not None and known_unit(unit, CURRENT_DENSITY_UNITS) is not None
            best = (rank, LogColumn(index=index, cell=cell, unit=unit, density=density))
        if best is not None:
            found[role] = best[1]
    return found


def refuse_exchanged(header: Sequence[str], voltage: int, current: int, path: Path) -> None:
    """Refuse to take as voltage the column that is named as current, and the other way round.

    Parameters
    ----------
    header
        Names of the columns; empty where the file has none.
    voltage, current
        Places that were asked for, from 0.
    path
        Of the file.

    Raises
    ------
    InputFileError
        Both names say the contrary.
    """
    named = {role: column.index for role, column in recognise(header).items()}
    if (named.get("current"), named.get("voltage")) == (voltage, current):
        raise InputFileError(
            f"{path}: column {header[voltage]!r} is asked for as voltage and column {header[current]!r} as current; "
            f"exchange {setting('voltage_column')} and {setting('current_density_column')}"
        )


def _parts(cell: str) -> tuple[str, str | None]:
    """Return name and unit of a header cell."""
    for pattern in _SPLIT:
        split = pattern.fullmatch(cell.strip())
        if split and any(known_unit(split[2], table) is not None for table in _ALL):
            return split[1], split[2]
    return cell.strip(), None
