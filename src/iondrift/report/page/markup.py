"""What the console prints as HTML: one definition of sections, numbers and their rounding serves both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup, escape
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from iondrift.report.console.layout import Part


def html(body: RenderableType, name: str) -> Markup:
    """Return a table, a text or a group of them as HTML, all text escaped; ``name``: of the section they are in.

    Raises
    ------
    TypeError
        Something else, which no section of a report is.
    """
    if isinstance(body, Group):
        return Markup("").join(html(part, name) for part in body.renderables)
    if isinstance(body, Padding):
        return html(body.renderable, name)
    if isinstance(body, Table):
        return _table(body, name) if body.show_header and body.box is not None else _grid(body)
    if isinstance(body, Text | str):
        text = body.plain if isinstance(body, Text) else body
        return Markup("<p>{}</p>").format(text.strip()) if text.strip() else Markup("")
    raise TypeError(f"{type(body).__name__} in a report: no HTML is known for it")


def fragment(title: str, parts: Sequence[Part]) -> str:
    """Return sections as HTML for a notebook, without a style of its own."""
    found = [Markup("<h4>{}</h4>").format(title)]
    found += [
        Markup("<h5>{}</h5>{}").format(heading, html(body, heading)) for heading, body in parts if body is not None
    ]
    return str(Markup("<div>{}</div>").format(Markup("").join(found)))


def _table(table: Table, name: str) -> Markup:
    """Return a table with headings; wide ones scroll by themselves."""
    headings = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(_aligned(column), _lines(column.header)) for column in table.columns
    )
    rows = Markup("\n").join(Markup("<tr>{}</tr>").format(_cells(table, row)) for row in _rows(table))
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{}">'
        "<table><thead><tr>{}</tr></thead><tbody>\n{}\n</tbody></table></div>"
    ).format(f"table: {name}", headings, rows)


def _grid(table: Table) -> Markup:
    """Return rows without headings: a list behind marks, names beside texts, or numbers in columns."""
    rows = list(_rows(table))
    if len(table.columns) == 2 and all(_plain(row[0]) in ("!", "-") for row in rows):
        kind = "warnings" if rows and _plain(rows[0][0]) == "!" else "notes"
        items = (Markup("<li>{}</li>").format(_plain(row[1])) for row in rows)
        return Markup('<ul class="{}">{}</ul>').format(kind, Markup("").join(items))
    lines = (Markup("<tr>{}</tr>").format(_cells(table, row)) for row in rows)
    return Markup('<table class="facts"><tbody>\n{}\n</tbody></table>').format(Markup("\n").join(lines))


def _rows(table: Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(list(column.cells) for column in table.columns), strict=True)


def _cells(table: Table, row: tuple[Any, ...]) -> Markup:
    """Return the cells of a row; the first names it, where there is a name."""
    cells = []
    for k, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
        text = _lines(cell)
        name = k == 0 and column.justify != "right" and bool(text)
        opening, closing = (Markup('<th scope="row"'), Markup("</th>")) if name else (Markup("<td"), Markup("</td>"))
        cells.append(opening + _aligned(column) + Markup(">") + text + closing)
    return Markup("").join(cells)


def _aligned(column: Any) -> Markup:
    return Markup(' class="number"') if column.justify == "right" else Markup("")


def _plain(cell: Any) -> str:
    return cell.plain if isinstance(cell, Text) else str(cell)


def _lines(cell: Any) -> Markup:
    return Markup("<br>").join(escape(line) for line in _plain(cell).strip().split("\n"))
