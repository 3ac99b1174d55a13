"""Impedance as delimited text in the wild: any separator, decimal sign, encoding, header, many sweeps.

Layout: free text, one header line (and perhaps one line of units), then rows with one number a cell. Repeated
headers, blank lines and comment lines (``#``, ``%``, ``!``, ``//``) may stand between rows; anything else is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from iondrift.errors import InputFileError
from iondrift.readers.impedance.columns import header_remedy
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.points import Convention, points_of_table
from iondrift.readers.impedance.spectrum import Spectrum
from iondrift.readers.impedance.sweeps import spectra
from iondrift.readers.impedance.three_columns import settled_header
from iondrift.readers.table import Table, cells_of, table_rows
from iondrift.readers.text import (
    SEPARATORS,
    Separator,
    decimal_sign,
    is_number,
    number,
    read_text,
    split_cells,
    split_lines,
    without_empty_tail,
    without_whole_line_quotes,
)
from iondrift.settings import setting

_COMMENT = re.compile(r"\s*(?:#|%|!|//)\s*")
# Rows that must follow one another before they count as the table.
ROWS_THAT_PROVE_A_TABLE = 3
ROWS_THAT_SETTLE = 200  # so many in a row tell the separator; files of thousands of sweeps need not be split four times
FEWEST_COLUMNS = 3
# For the message on what is none of them.
KNOWN = (
    "Zahner .ism, Gamry .DTA, BioLogic .mpr and EC-Lab or BT-Lab text, ZPlot and ZView .z, Autolab Z60W, VersaStudio "
    ".par, PARSTAT, CH Instruments, PowerSuite, PSTrace, and tables of text"
)


def read(path: Path, asked: ReadingOptions) -> list[Spectrum]:
    """Return the spectra of a delimited text file.

    Parameters
    ----------
    path
        The file.
    asked
        Of these ``header``, cells that replace the file's: one for each column, "" for a column not needed; their sign
        of Im Z is taken at its word. ``separator`` and ``decimal`` where the file leaves them open.

    Raises
    ------
    InputFileError
        There is no table, or it leaves open what its columns are.
    """
    table, cautions = _table(path, asked.header, asked.separator, asked.decimal)
    # Nobody writes another unit for a bare "frequency"; an impedance without unit is refused.
    convention = Convention(
        units={"frequency": 1.0}, imaginary_as_named=asked.header is not None or bool(cautions),
        month_first=None if asked.day_first is None else not asked.day_first,
    )  # fmt: skip
    points = points_of_table(table, convention)
    return spectra(replace(points, cautions=(*points.cautions, *cautions)), asked)


def holds_table(lines: Sequence[str]) -> bool:
    """Say whether rows of numbers follow one another in the lines of a text."""
    whole = without_whole_line_quotes(lines)
    enough = ROWS_THAT_PROVE_A_TABLE
    return any(_first_rows(whole, mark, enough)[1] >= enough for mark in SEPARATORS.values())


def _table(
    path: Path, header: Sequence[str] | None, separator: Separator | None, decimal: str | None
) -> tuple[Table, tuple[str, ...]]:
    """Return the table, and what to say of columns that no header names."""
    lines, open_end = split_lines(read_text(path))
    lines = without_whole_line_quotes(lines)
    character, first = _find_rows(lines, separator, path)
    width = len(without_empty_tail(split_cells(lines[first], character)))
    found, header_line = _header(lines, first, character)
    own_header = lines[header_line - 1].strip() if found is not None else None
    if header is not None:
        if len(header) != width:
            raise InputFileError(
                f"{path}, line {first + 1}: the rows have {width} columns, {setting('header')} names {len(header)}; "
                f"{header_remedy(width)}"
            )
        found, header_line = tuple(header), first + 1
    cautions: tuple[str, ...] = ()
    if found is None and width == FEWEST_COLUMNS:
        found, cautions = _settled(path, _rows_from(lines, first, None), character, decimal)
        header_line = first + 1
    if found is None or (width not in (len(found), len(without_empty_tail(found))) and "" not in found[:width]):
        what = "no header line" if found is None else f"a header of {len(without_empty_tail(found))} cells"
        raise InputFileError(
            f"{path}, line {first + 1}: {what} above rows of {width} numbers (separator {_name(character)}), so "
            f"nothing tells what the columns are; {header_remedy(width)}"
        )
    kept = _rows_from(lines, first, own_header)
    found, rows, numbers = table_rows(kept, found, character, path)
    table = Table(
        path=path, header=found, header_line=header_line, rows=rows, lines=numbers,
        decimal=decimal or decimal_sign(cells_of(rows, numbers), path), open_end=open_end and kept[-1][0] == len(lines),
    )  # fmt: skip
    return table, cautions


def _settled(
    path: Path, kept: list[tuple[int, str]], separator: str, decimal: str | None
) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Return the names of three columns without a header where the numbers settle them, and a caution on it."""
    _, rows, numbers = table_rows(kept, ("1", "2", "3"), separator, path)
    mark = decimal or decimal_sign(cells_of(rows, numbers), path)
    values = np.array([[number(cell, mark) for cell in row] for row in rows], dtype=np.float64)
    turn = np.flatnonzero(np.sign(np.diff(values[:, 0])) != np.sign(values[1, 0] - values[0, 0]))
    first_sweep = values[: turn[0] + 1] if turn.size else values
    found = settled_header(*first_sweep.T)
    if found is None:
        return None, ()
    names, words = found
    return names, (
        f"no header: the columns are taken as {', '.join(names)}, for by Kramers-Kronig {words}; nothing tells that it "
        f"is Ohm; to say it yourself: {setting('header', names)}",
    )


def _find_rows(lines: Sequence[str], separator: Separator | None, path: Path) -> tuple[str, int]:
    """Return the separator and the index of the first row of numbers."""
    best: tuple[int, str, int] | None = None
    for candidate in SEPARATORS.values() if separator is None else (SEPARATORS[separator],):
        first, count = _first_rows(lines, candidate, ROWS_THAT_SETTLE)
        if count >= ROWS_THAT_PROVE_A_TABLE and (best is None or count > best[0]):
            best = (count, candidate, first)
    if best is None:
        raise InputFileError(
            f"{path}: holds no table of numbers with at least {FEWEST_COLUMNS} columns and "
            f"{ROWS_THAT_PROVE_A_TABLE} rows, and begins as no known format does ({KNOWN}); name its format with "
            f"{setting('format')}, or its separator and decimal sign with {setting('separator')} and "
            f"{setting('decimal')}, or export it as text"
        )
    return best[1], best[2]


def _first_rows(lines: Sequence[str], separator: str, enough: int) -> tuple[int, int]:
    """Return index and length, up to ``enough``, of the first run of lines with numbers in equally many cells."""
    start, width, count = 0, 0, 0
    for index, line in enumerate(lines):
        if not line.strip() or (count and _COMMENT.match(line)):
            continue
        parted = separator == " " or line.count(separator) >= FEWEST_COLUMNS - 1  # else it is no row, and seen at once
        cells = without_empty_tail(split_cells(line, separator)) if parted else ()
        numeric = sum(map(is_number, cells)) if len(cells) >= FEWEST_COLUMNS else 0
        is_row = numeric >= FEWEST_COLUMNS and 2 * numeric > len(cells)
        if count and is_row and len(cells) == width:
            count += 1
            if count == enough:
                break
        elif count >= ROWS_THAT_PROVE_A_TABLE:
            break
        else:
            start, width, count = index, len(cells), int(is_row)
    return start, count


def _header(lines: Sequence[str], first: int, separator: str) -> tuple[tuple[str, ...] | None, int]:
    """Return the header above the first row and its line, with a line of units below it worked in."""
    above = [index for index in range(first - 1, -1, -1) if lines[index].strip()][:2]
    if not above:
        return None, 0
    cells = _header_cells(lines[above[0]], separator)
    if len(above) == 2 and _are_units(cells):
        names = _header_cells(lines[above[1]], separator)
        if len(names) == len(cells):
            joined = tuple(
                f"{name}/{unit}" if unit and unit != "-" else name
                for name, unit in ((name, unit.strip("[]()")) for name, unit in zip(names, cells, strict=True))
            )
            return joined, above[1] + 1
    if sum(map(is_number, cells)) * 2 > len(cells):
        return None, 0
    return cells, above[0] + 1


def _header_cells(line: str, separator: str) -> tuple[str, ...]:
    text = _COMMENT.sub("", line, count=1) if _COMMENT.match(line) else line
    if separator == " " and "  " in text.strip():
        # Blanks part the cells, single ones may stand inside: "Freq (Hz)   Z' (Ohm)".
        return tuple(cell for cell in re.split(r"\s{2,}|\t", text.strip()) if cell)
    return split_cells(text, separator)


_UNIT_CELL = re.compile(
    r"[\[(]?(?:-|#|[GMkmu\u00b5n]?(?:Hz|[Oo]hms?|[\u03a9\u2126]|V|A)|s|sec|deg|\u00b0|rad|rad/s|1/s)?[\])]?"
)


def _are_units(cells: Sequence[str]) -> bool:
    return any(cells) and all(_UNIT_CELL.fullmatch(cell) for cell in cells)


def _rows_from(lines: Sequence[str], first: int, header: str | None) -> list[tuple[int, str]]:
    """Return the rows with their line numbers: neither blank, nor comment, nor the header once more."""
    return [
        (index + 1, lines[index])
        for index in range(first, len(lines))
        if lines[index].strip() and not _COMMENT.match(lines[index]) and lines[index].strip() != header
    ]


def _name(separator: str) -> str:
    return next(name for name, character in SEPARATORS.items() if character == separator)
