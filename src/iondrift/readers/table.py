"""Rows and columns of text with their line numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray
from iondrift.errors import InputFileError
from iondrift.readers.text import decimal_sign, half_unit, number, split_cells, without_empty_tail
from iondrift.settings import setting


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells of one table with the line each row stands on."""

    path: Path
    header: tuple[str, ...]
    header_line: int
    rows: tuple[tuple[str, ...], ...]
    lines: npt.NDArray[np.int64]
    decimal: str = "."
    open_end: bool = False  # the last row is the last of a file that does not end with a line end
    notes: tuple[str, ...] = field(default=())

    def column(self, index: int) -> FloatArray:
        """Return one column as numbers.

        Raises
        ------
        InputFileError
            A cell is not a number; the message names file, line and column.
        """
        values = np.empty(len(self.rows))
        for k, row in enumerate(self.rows):
            value = number(row[index], self.decimal)
            if value is None:
                what = f"{row[index]!r}" if row[index] else "nothing"
                other = "." if self.decimal == "," else ","
                remedy = "remove the line or export the file again"
                if number(row[index], other) is not None:
                    remedy = f"export the file with one decimal sign, or set {setting('decimal', other)}"
                raise InputFileError(
                    f"{self.path}, line {self.lines[k]}, column {index + 1} ({self.header[index]}): {what} where a "
                    f"number is expected (decimal {'comma' if self.decimal == ',' else 'point'}); {remedy}"
                )
            values[k] = value
        return values

    def resolution(self, index: int) -> FloatArray:
        """Return half a unit of the last printed digit of every number in a column."""
        return np.array([half_unit(row[index]) for row in self.rows])

    def keep(self, chosen: npt.NDArray[np.bool_]) -> Table:
        """Return the table with the chosen rows alone."""
        return replace(
            self,
            rows=tuple(row for row, wanted in zip(self.rows, chosen, strict=True) if wanted),
            lines=self.lines[chosen],
        )


def table_rows(
    lines: Sequence[tuple[int, str]], header: tuple[str, ...], separator: str, path: Path
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], npt.NDArray[np.int64]]:
    """Return the header, the cells of every line, each with as many as the header, and the line numbers.

    A header with an empty cell in it and another width than all rows (EC-Lab writes such) counts up to that cell.

    Raises
    ------
    InputFileError
        A line has fewer or more cells than the header.
    """
    split = [split_cells(text, separator) for _, text in lines]
    expected = len(without_empty_tail(header))
    allowed = {len(header), expected}
    if "" in header[:expected]:
        usual = Counter(len(without_empty_tail(cells)) for cells in split).most_common(1)[0][0]
        if usual not in allowed and usual >= header.index(""):
            header, expected, allowed = header[: header.index("")], usual, {usual}
    rows, numbers = [], []
    for (line_number, _), row in zip(lines, split, strict=True):
        cells = row if len(row) in allowed else without_empty_tail(row)
        if len(cells) not in allowed:
            raise InputFileError(
                f"{path}, line {line_number}: {len(cells)} columns where the header has {expected}; the line "
                "is cut or damaged: remove it or export the file again"
            )
        rows.append((cells + ("",) * len(header))[: len(header)])
        numbers.append(line_number)
    return header, tuple(rows), np.array(numbers, dtype=np.int64)


def cells_of(rows: Sequence[Sequence[str]], lines: npt.NDArray[np.int64]) -> Iterator[tuple[int, str]]:
    """Return every cell with the line it stands on."""
    return ((int(line), cell) for line, row in zip(lines, rows, strict=True) for cell in row)


def table_below(
    path: Path, lines: Sequence[str], header_index: int, separator: str, *,
    first: int | None = None, stop: int | None = None, header: Sequence[str] | None = None, open_end: bool =
    False,
) -> Table:  # fmt: skip
    """Return the table whose header stands in line ``header_index``; blank lines in it are left out.

    ``header`` replaces the header's cells, ``first`` and ``stop`` bound the lines of its rows.

    Raises
    ------
    InputFileError
        No row is there, or a row has another number of cells than the header.
    """
    cells = split_cells(lines[header_index], separator) if header is None else tuple(header)
    begin = header_index + 1 if first is None else first
    end = len(lines) if stop is None else stop
    kept = [(index + 1, lines[index]) for index in range(begin, end) if lines[index].strip()]
    if not kept:
        raise InputFileError(
            f"{path}, line {header_index + 1}: no row of numbers follows this header; the file is cut: "
            "copy or export it again"
        )
    cells, rows, numbers = table_rows(kept, cells, separator, path)
    return Table(
        path=path, header=cells, header_line=header_index + 1, rows=rows, lines=numbers,
        decimal=decimal_sign(cells_of(rows, numbers), path), open_end=open_end and kept[-1][0] == len(lines),
    )  # fmt: skip
