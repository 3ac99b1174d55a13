"""From a table with understood columns to points: units, sign of Im Z, rectangular against polar columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypedDict

import numpy as np

from iondrift.cast import ComplexArray, FloatArray
from iondrift.errors import InputFileError
from iondrift.readers import time_stamps
from iondrift.readers.impedance.columns import Column, header_remedy, understand
from iondrift.readers.impedance.spectrum import Points, Sign
from iondrift.readers.table import Table
from iondrift.readers.text import number
from iondrift.readers.time_stamps import Stamp

# Numbers are printed rounded: twice the rounding of all columns together, and a little for the instrument's
# own.
ROUNDING_MARGIN = 2.0
RELATIVE_MARGIN = 2e-3


@dataclass(frozen=True, kw_only=True)
class Convention:
    """What a format fixes where its header does not say.

    ``units`` gives SI factors by role; ``imaginary_as_named`` says that Z'' without a minus is Im Z; ``month_first``
    the order of dates that stand for times.
    """

    units: Mapping[str, float] = field(default_factory=dict)
    imaginary_as_named: bool = True
    month_first: bool | None = None


def points_of_table(table: Table, convention: Convention) -> Points:
    """Return the points of a table; ``sign`` says how far the sign of Im Z can be relied on.

    Rows with frequency and impedance all zero are direct-current samples between the sweeps and left out.

    Raises
    ------
    InputFileError
        A column is missing or its unit is not stated; the sign of Im Z is uncertain; columns contradict each
        other.
    """
    place = f"{table.path}, line {table.header_line}"
    columns, cautions = understand(table.header, place)
    _require(columns, table, place)
    table, notes = _without_rest_rows(table, columns)
    if not table.rows:
        raise InputFileError(f"{table.path}: no impedance point below the header in line {table.header_line}")
    read = _Reader(table=table, columns=columns, convention=convention, place=place)
    frequency = read("angular_frequency") / (2.0 * np.pi) if "angular_frequency" in columns else read("frequency")
    impedance, sign = _impedance(read, notes)
    beside, unread = _beside(read)
    return Points(
        path=table.path, frequency=frequency, impedance=impedance, places=table.lines,
        notes=(*table.notes, *notes), cautions=(*cautions, *unread, *_open_end(table, columns)),
        sign=sign, sign_place=f"{place}: column {_sign_cell(columns)!r}", **beside,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """Columns in SI units, by role."""

    table: Table
    columns: Mapping[str, Column]
    convention: Convention
    place: str

    def __call__(self, role: str) -> FloatArray:
        column = self.columns[role]
        return column.sign * self.scale(role) * self.table.column(column.index)

    def scale(self, role: str) -> float:
        column = self.columns[role]
        scale = column.scale if column.scale is not None else self.convention.units.get(role)
        if scale is None:
            example = {"phase": "/deg", "time": "/s", "angular_frequency": "/(rad/s)"}.get(role, "/Ohm")
            raise InputFileError(
                f"{self.place}: column {column.cell!r} states no unit; write it in the header as "
                f"{column.cell + example!r}, or {header_remedy(len(self.table.header))}"
            )
        return scale

    def half_unit(self, role: str) -> FloatArray:
        return self.scale(role) * self.table.resolution(self.columns[role].index)


class _Beside(TypedDict, total=False):
    """What stands beside the impedance, as the fields of :class:`Points`."""

    elapsed: FloatArray
    started: Stamp
    voltage: FloatArray
    current: FloatArray


def _beside(read: _Reader) -> tuple[_Beside, list[str]]:
    """Return time and bias, and cautions on those columns that are not numbers; without a unit they are left out."""
    found: _Beside = {}
    cautions = []
    for role, name in (("time", "elapsed"), ("voltage", "voltage"), ("current", "current")):
        column = read.columns.get(role)
        if column is None:
            continue
        if role == "time" and (stamps := _dates(read.table, column)):
            seconds = time_stamps.seconds_after_first(stamps, read.convention.month_first)
            if seconds is not None:
                found["elapsed"], found["started"] = np.array(seconds), stamps[0]
                continue
            cautions.append(f"column {column.cell!r} is not read: nothing tells day from month in its dates")
        elif column.scale is not None or role in read.convention.units:
            try:
                found[name] = read(role)  # type: ignore[literal-required]
            except InputFileError as error:
                why = str(error).removeprefix(f"{read.table.path}, ")
                cautions.append(f"column {column.cell!r} is not read: {why}")
    return found, cautions


def _dates(table: Table, column: Column) -> list[Stamp]:
    """Return the moments of a column that holds one in every row; nothing where it does not."""
    stamps: list[Stamp] = []
    for row in table.rows:
        stamp = time_stamps.parse(row[column.index])
        if stamp is None:
            return []
        stamps.append(stamp)
    return stamps


def _require(columns: Mapping[str, Column], table: Table, place: str) -> None:
    if not {"frequency", "angular_frequency"} & columns.keys():
        raise InputFileError(
            f"{place}: there is no frequency column among {_listed(table)}, and a spectrum cannot be placed "
            "without it; export the file again with the frequency; if a column holds it, "
            f"{header_remedy(len(table.header))}"
        )
    if not ({"real", "imaginary"} <= columns.keys() or {"modulus", "phase"} <= columns.keys()):
        raise InputFileError(
            f"{place}: neither real and imaginary part nor modulus and phase are among {_listed(table)}; "
            f"{header_remedy(len(table.header))}"
        )


def _listed(table: Table) -> str:
    return ", ".join(repr(cell) for cell in table.header if cell)


def _without_rest_rows(table: Table, columns: Mapping[str, Column]) -> tuple[Table, list[str]]:
    """Leave out the rows whose frequency is zero and whose impedance is zero or not a number."""
    first = "angular_frequency" if "angular_frequency" in columns else "frequency"
    parts = [columns[role].index for role in ("real", "imaginary", "modulus") if role in columns]
    rest = np.array([
        number(row[columns[first].index], table.decimal) == 0.0
        and all(not number(row[part], table.decimal) for part in parts)
        for row in table.rows
    ])  # fmt: skip
    if not rest.any():
        return table, []
    return table.keep(~rest), [f"{int(rest.sum())} direct-current row(s) without frequency are left out"]


def _open_end(table: Table, columns: Mapping[str, Column]) -> tuple[str, ...]:
    """Tell where a cut of the last number could not be seen."""
    needed = {column.index for role, column in columns.items() if role not in ("time", "voltage", "current")}
    if table.open_end and len(table.header) - 1 in needed:
        return (f"line {table.lines[-1]} has no line end: if the file was cut there, its last number lost digits",)
    return ()


def _sign_cell(columns: Mapping[str, Column]) -> str:
    return columns["imaginary" if "imaginary" in columns else "phase"].cell


def _impedance(read: _Reader, notes: list[str]) -> tuple[ComplexArray, Sign]:
    columns, named = read.columns, read.convention.imaginary_as_named
    if not {"real", "imaginary"} <= columns.keys():
        return read("modulus") * np.exp(1j * read("phase")), "known" if named else "stated"
    stated = columns["imaginary"].sign < 0 or named
    beside = {role for role in ("modulus", "phase") if role in columns and _has_unit(read, role)}
    if "modulus" in beside:
        # |Z| with its unit settles that of the parts beside it, for they must agree number by number.
        units = {"real": read.scale("modulus"), "imaginary": read.scale("modulus"), **read.convention.units}
        read = replace(read, convention=replace(read.convention, units=units))
    impedance = read("real") + 1j * read("imaginary")
    if "phase" in beside and not stated:
        impedance = _signed_by_phase(read, impedance, notes)
    elif "phase" in beside and columns["phase"].sign > 0 and not named:
        read = _phase_signed_as_stated(read, impedance, notes)
    if beside:
        _compare(read, impedance, beside)
    sign: Sign = "stated" if stated or "phase" in beside else "unstated"
    return impedance, "known" if named else sign


def _has_unit(read: _Reader, role: str) -> bool:
    return read.columns[role].scale is not None or role in read.convention.units


def _signed_by_phase(read: _Reader, impedance: ComplexArray, notes: list[str]) -> ComplexArray:
    """Give every Im Z the sign of the phase in its row: the column may hold -Im Z, or its absolute value."""
    signed = impedance.real + 1j * np.copysign(impedance.imag, read("phase"))
    turned = np.sign(signed.imag) != np.sign(impedance.imag)
    if turned.any():
        words = "every row" if turned.all() else f"{int(turned.sum())} of {turned.size} rows"
        notes.append(
            f"column {read.columns['imaginary'].cell!r} does not state its sign; the sign of "
            f"Im Z is that of column {read.columns['phase'].cell!r}, which turns it in {words}"
        )
    return signed


def _phase_signed_as_stated(read: _Reader, impedance: ComplexArray, notes: list[str]) -> _Reader:
    """Turn a phase that is opposite in every row to an imaginary part whose header states its sign: it is -phase."""
    phase, column = read("phase"), read.columns["phase"]
    if np.any(np.sign(phase) * np.sign(impedance.imag) > 0.0) or not np.any(phase):
        return read
    notes.append(f"column {column.cell!r} holds -phase, as column {read.columns['imaginary'].cell!r} tells")
    return replace(read, columns={**read.columns, "phase": replace(column, sign=-1)})


def _compare(read: _Reader, impedance: ComplexArray, beside: set[str]) -> None:
    """Compare the rectangular parts with modulus, phase or both, row by row."""
    modulus = read("modulus") if "modulus" in beside else np.abs(impedance)
    phase = read("phase") if "phase" in beside else np.angle(impedance)
    polar = modulus * np.exp(1j * phase)
    rounding = read.half_unit("real") + read.half_unit("imaginary")
    if "modulus" in beside:
        rounding += read.half_unit("modulus")
    if "phase" in beside:
        rounding += read.half_unit("phase") * np.abs(impedance)
    margin = ROUNDING_MARGIN * rounding + RELATIVE_MARGIN * modulus
    wrong = np.abs(impedance - polar) > margin
    if wrong.any():
        k = int(np.argmax(wrong))
        raise InputFileError(
            f"{read.table.path}, line {read.table.lines[k]}: real and imaginary part give Z = "
            f"{impedance[k]:.6g} Ohm, {' and '.join(sorted(beside))} give {polar[k]:.6g} Ohm ({int(wrong.sum())} of "
            f"{wrong.size} lines differ so); the line is damaged or a column is mislabelled: remove it, or "
            "export the file again"
        )
