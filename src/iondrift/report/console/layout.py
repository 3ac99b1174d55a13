"""Pieces of a printed report: headings, tables, paragraphs; and the report as plain text."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any, TypeAlias

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

Part: TypeAlias = tuple[str, RenderableType | None]  # a heading, and what stands under it


def console_on(*, stderr: bool = False, **how: Any) -> Console:
    """Return a console that prints text as it is: brackets and colons of names are no markup."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, **how)


def sections(title: str, *parts: Part) -> RenderableType:
    """Return a report: a title, then every part that there is under its heading."""
    found: list[RenderableType] = [Rule(Text(title, style="bold"), align="left")]
    for heading, body in parts:
        if body is not None:
            found += [Text(heading, style="bold"), Padding(body, (0, 0, 1, 2))]
    return Group(*found)


def paragraphs(texts: Iterable[str], *, mark: str, style: str) -> Table | None:
    """Return texts behind a mark; None where there are none."""
    texts = list(texts)
    if not texts:
        return None
    table = Table.grid(padding=(0, 1))
    table.add_column(style=style, no_wrap=True)
    table.add_column(overflow="fold")
    for text in texts:
        table.add_row(mark, Text(text))
    return table


def columns(*headings: str, left: int = 1) -> Table:
    """Return an empty table; the first ``left`` columns are text, the others numbers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for k, heading in enumerate(headings):
        table.add_column(heading, justify="left" if k < left else "right")
    return table


def write(report: RenderableType, console: Console) -> None:
    """Print a report; to a pipe as plain text without trailing spaces, and with what its encoding has for rules."""
    if console.is_terminal:
        console.print(report)
    else:
        text = plain_text(report, console.width)
        console.file.write(text.replace("─", "-") if console.options.ascii_only else text)


def plain_text(report: RenderableType, width: int) -> str:
    """Return a report as plain text of a given width, without trailing spaces."""
    stream = io.StringIO()
    console_on(file=stream, width=width, color_system=None, force_terminal=False, legacy_windows=False).print(report)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"
