"""Delimited logs of time, voltage and current density, as battery cyclers and potentiostats write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypedDict, Unpack

import numpy as np

from iondrift import variables
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, InputFileError
from iondrift.readers.log_columns import header_unit, refuse_exchanged
from iondrift.readers.log_lines import Line, split_log
from iondrift.readers.log_times import check_order, continued, seconds_of, tells_time
from iondrift.readers.paths import as_path
from iondrift.readers.text import Separator, claims_number, decimal_sign, number, number_at, read_text
from iondrift.settings import named_options, split_keywords
from iondrift.units import CURRENT_DENSITY_UNITS, CURRENT_UNITS, TIME_UNITS, VOLTAGE_UNITS, unit_factor

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, kw_only=True)
class _Column:
    """One wanted quantity: where it stands, its unit if that is told, and what its values in SI are multiplied by."""

    name: str
    wanted: int | str
    unit: str | None
    usual: str  # unit where neither the user nor the header tells one
    table: Mapping[str, float]
    sign: float = 1.0

    def factor(self, header: str | None, path: Path) -> float:
        """Return what turns the column into SI; ``header`` is its name in the file."""
        unit = self.unit
        if unit is None and header is not None:
            unit, fits = header_unit(header, self.table)
            if unit is not None and not fits:
                raise InputFileError(
                    f"{path}: column {header!r} is in {unit}, and a {self.name} is asked for; correct the columns, or "
                    f"{_REMEDIES.get(self.name, 'give its unit')}"
                )
        if unit is None and self.usual not in self.table:
            raise ConfigurationError(f"{path}: nothing tells the unit of the {self.name}; {_REMEDIES[self.name]}")
        return self.sign * unit_factor(self.usual if unit is None else unit, self.table, self.name, str(path))


_REMEDIES: Final = {
    "current density": "give the area of the electrode where it is a current",
    "current": "give it, A, mA or uA, or leave the area of the electrode out where it is a current density",
}


@named_options
@dataclass(frozen=True, kw_only=True)
class LogLayout:
    """Where a log holds what, with the defaults; :func:`read_log` says what each is."""

    time_column: int | str = 1
    voltage_column: int | str = 2
    current_density_column: int | str | None = 3
    time_unit: str | None = None
    voltage_unit: str | None = None
    current_density_unit: str | None = None
    time_restarts: bool = False
    day_first: bool | None = None
    plating_current: Literal["positive", "negative"] = "positive"
    electrode_area: float | None = None
    separator: Separator | None = None
    decimal: Literal[".", ","] | None = None


class LogKeywords(TypedDict, total=False):
    """The fields of :class:`LogLayout` as keywords."""

    time_column: int | str
    voltage_column: int | str
    current_density_column: int | str | None
    time_unit: str | None
    voltage_unit: str | None
    current_density_unit: str | None
    time_restarts: bool
    day_first: bool | None
    plating_current: Literal["positive", "negative"]
    electrode_area: float | None
    separator: Separator | None
    decimal: Literal[".", ","] | None


def read_log(path: Path | str, *, layout: LogLayout = LogLayout(), **options: Unpack[LogKeywords]) -> xr.Dataset:
    r"""Read a log of time, voltage and current density from a text file.

    Separator (tab, semicolon, comma, spaces) and decimal mark are found out where the text leaves no choice,
    and asked for where it does. Blank lines and lines beginning with ``#``, ``%`` or ``//`` are skipped;
    lines before the first number are taken as header. Thousands separators are not read.

    Parameters
    ----------
    path
        The file: UTF-8, UTF-16 or Windows Latin text with any line endings.
    layout
        All options in one record; those given beside it replace its own.
    time_column, voltage_column, current_density_column
        Each a number counted from 1, or the name in the header line. ``None`` where no current was logged.
    time_unit
        ``s``, ``ms``, ``min``, ``h`` or ``d``. None: as the header tells, such as ``Test Time / s``, else ``h``. Times
        written as hh:mm:ss, with days in front where they are longer, or as dates need none.
    voltage_unit
        ``V``, ``mV`` or ``uV``. None: as the header tells, else ``V``.
    current_density_unit
        ``A/m2``, ``mA/cm2``, ``uA/cm2``, ...; with ``electrode_area`` a current, ``A``, ``mA`` or ``uA``. None: as the
        header tells, else ``mA/cm2``.
    time_restarts
        The clock starts again with every step: steps follow one another without a pause.
    day_first
        Order of day and month in dates such as 10-12-2018 that stand for times.
    plating_current
        Sign that the file gives to the current while lithium is plated at x = 0.
    electrode_area
        Area in m2 by which a current is divided.
    separator, decimal
        Say them where the file is ambiguous.

    Returns
    -------
    xarray.Dataset
        ``voltage`` (time) in V and, unless left out, ``current_density`` (time) in A m-2, negative while
        lithium is plated; ``time`` in s, as stored, not shifted, after the first where dates tell it. It does not
        decrease: where a step begins, instruments repeat a time. Attribute ``source``.

    Raises
    ------
    InputFileError
        The file is missing, empty or binary; the format is ambiguous; a column is missing; a value is no
        finite number; time goes back, or a line is there twice. The message names the line and the remedy.
    ConfigurationError
        A unit is unknown or a column is asked for twice.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "log.csv"
    ...     _ = path.write_text("t;U;i\n0;0,5;0,1\n0,5;0,75;0,1")
    ...     log = read_log(path, time_column="t", voltage_column="U", current_density_column="i")
    >>> log.time.values.tolist(), log.voltage.values.tolist(), log.current_density.values.tolist()
    ([0.0, 1800.0], [0.5, 0.75], [-1.0, -1.0])
    """
    (changes,) = split_keywords("read_log", options, LogLayout)
    asked = replace(layout, **changes)
    path = as_path(path)
    columns = _columns(path, asked)
    lines = split_log(read_text(path), path, asked.separator, asked.decimal)
    names, data = _header_and_data(lines, columns, path)
    places = [_place(column, names, path) for column in columns]
    mark = asked.decimal or _decimal_mark(data, places, path)
    header = names or _line_above(lines, data[0])
    if len(places) == 3 and not names:  # a column that was asked for by its name is meant
        refuse_exchanged(header, places[1], places[2], path)
    written = tells_time(data[0].fields[places[0]]) if places[0] < len(data[0].fields) else False
    values = _numbers(data, columns, places, mark, path, skip=int(written))
    for k, (column, place) in enumerate(zip(columns, places, strict=True)):
        values[:, k] *= column.factor(header[place] if place < len(header) else None, path)
    if written:
        cells = [(line.number, line.fields[places[0]]) for line in data]
        values[:, 0] = seconds_of(cells, path, day_first=asked.day_first)
    if asked.time_restarts:
        values[:, 0] = continued(values[:, 0])
    check_order(values, [line.number for line in data], path, header)
    coords = {"time": values[:, 0]}
    log = variables.dataarray("voltage", values[:, 1], coords).to_dataset()
    if len(columns) == 3:
        log["current_density"] = variables.dataarray("current_density", values[:, 2], coords)
    log["time"].attrs["long_name"] = "time as stored in the log"
    return log.assign_attrs(source=str(path))


def _columns(path: Path, asked: LogLayout) -> list[_Column]:
    """Return what is wanted: time, voltage and, where it was logged, current density."""
    if asked.plating_current not in ("positive", "negative"):
        raise ConfigurationError(f"plating_current: {asked.plating_current!r} is neither 'positive' nor 'negative'")
    area = asked.electrode_area
    if area is not None and not 0.0 < area < np.inf:
        raise ConfigurationError(f"electrode_area: {area!r} m2 is not a positive area")
    sign = (-1.0 if asked.plating_current == "positive" else 1.0) / (area or 1.0)
    density = area is None
    current = "current density" if density else "current"
    current_units = CURRENT_DENSITY_UNITS if density else CURRENT_UNITS
    columns = []
    for name, where, unit, usual, table, scale in (
        ("time", asked.time_column, asked.time_unit, "h", TIME_UNITS, 1.0),
        ("voltage", asked.voltage_column, asked.voltage_unit, "V", VOLTAGE_UNITS, 1.0),
        (current, asked.current_density_column, asked.current_density_unit, "mA/cm2", current_units, sign),
    ):
        if where is None:
            continue
        if isinstance(where, bool) or (isinstance(where, int) and where < 1):
            raise ConfigurationError(f"{path}: {name} column {where!r}; columns are counted from 1")
        if unit is not None:
            unit_factor(unit, table, name, str(path))
        columns.append(_Column(name=name, wanted=where, unit=unit, usual=usual, table=table, sign=scale))
    for k, column in enumerate(columns):
        for other in columns[:k]:
            if column.wanted == other.wanted:
                raise ConfigurationError(
                    f"{path}: column {column.wanted!r} is asked for as {other.name} and as {column.name}; "
                    "every quantity needs its own column"
                )
    return columns


def _header_and_data(lines: list[Line], columns: list[_Column], path: Path) -> tuple[list[str], list[Line]]:
    """Tell header lines, which hold no number where numbers are wanted, from data."""
    names = _header_names(lines, columns, path)
    start = 0 if not names else next(k for k, line in enumerate(lines) if list(line.fields) == names) + 1
    wanted = [_place(column, names, path) for column in columns]
    while start < len(lines):
        fields = lines[start].fields
        if any(claims_number(fields[place]) for place in wanted if place < len(fields)):
            break
        start += 1
    if start == len(lines):
        raise InputFileError(
            f"{path}, line {lines[-1].number}: no numbers in the columns asked for "
            f"({', '.join(repr(column.wanted) for column in columns)}); check the columns"
        )
    return names, lines[start:]


def _line_above(lines: list[Line], first: Line) -> list[str]:
    """Return the names above the first line of numbers, where there are as many."""
    above = [line for line in lines if line.number < first.number]
    return list(above[-1].fields) if above and len(above[-1].fields) == len(first.fields) else []


def _header_names(lines: list[Line], columns: list[_Column], path: Path) -> list[str]:
    by_name = [column.wanted for column in columns if isinstance(column.wanted, str)]
    if not by_name:
        return []
    best: list[str] = []
    for line in lines:
        if all(name in line.fields for name in by_name):
            return list(line.fields)
        text = [field for field in line.fields if field and not claims_number(field)]
        if len(text) == len(line.fields) > len(best):
            best = text
    missing = next(name for name in by_name if name not in best)
    found = f"the header has {', '.join(map(repr, best))}" if best else "the file has no header line"
    raise InputFileError(f"{path}: no column is named {missing!r}; {found}; name one of them or count columns from 1")


def _place(column: _Column, names: list[str], path: Path) -> int:
    if isinstance(column.wanted, int):
        return column.wanted - 1
    if names.count(column.wanted) > 1:
        raise InputFileError(
            f"{path}: {names.count(column.wanted)} columns are named {column.wanted!r}; "
            f"give the {column.name} column by its number, counted from 1"
        )
    return names.index(column.wanted)


def _decimal_mark(data: list[Line], places: list[int], path: Path) -> str:
    cells = ((line.number, line.fields[place]) for line in data for place in places if place < len(line.fields))
    return decimal_sign(cells, path)


def _numbers(
    data: list[Line], columns: list[_Column], places: list[int], decimal: str, path: Path, *, skip: int
) -> FloatArray:
    """Return the columns as they are written; zeros in the first ``skip`` of them."""
    width = len(data[0].fields)
    needed = max(places) + 1
    values = np.zeros((len(data), len(columns)))
    for row, line in zip(values, data, strict=True):
        if len(line.fields) < needed and width < needed:
            column = columns[places.index(needed - 1)]
            remedy = "; pass current_density_column=None if no current was logged" if len(columns) == 3 else ""
            raise InputFileError(
                f"{path}, line {line.number}: has {len(line.fields)} column(s), but the {column.name} is "
                f"asked for in column {needed}{remedy or '; check the columns'}"
            )
        if len(line.fields) != width:
            raise InputFileError(
                f"{path}, line {line.number}: has {len(line.fields)} column(s) where line {data[0].number} "
                f"has {width}; the line is cut or damaged, remove or complete it"
            )
        for k, (column, place) in enumerate(zip(columns[skip:], places[skip:], strict=True), start=skip):
            value = number(line.fields[place], decimal)
            if value is None:
                where = f"{path}, line {line.number}, column {place + 1} ({column.name})"
                value = number_at(line.fields[place], where, decimal)  # refuses it
            row[k] = value
    return values
