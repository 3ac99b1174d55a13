"""Pages from summaries and results: one cell, or several beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import xarray as xr
from rich.console import RenderableType

from iondrift.report.console import cell as console
from iondrift.report.console.layout import Part
from iondrift.report.page.cell import figures, first_figure
from iondrift.report.page.drawn import Drawn
from iondrift.report.page.markup import html
from iondrift.version import __version__

if TYPE_CHECKING:
    from jinja2 import Template


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a cell's results lie and what they were made of.

    Attributes
    ----------
    summary
        Its headline numbers.
    folder
        As the page names it.
    made
        Facts for the footer, by name.
    stores
        Labelled results by name; without them a cell is told in words and numbers.
    """

    summary: Mapping[str, Any]
    folder: str
    made: Mapping[str, str]
    stores: Mapping[str, xr.Dataset] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the cell."""
        return str(self.summary["cell"]["name"])


@dataclass(frozen=True, kw_only=True)
class Block:
    """A cell on a page: its name for links, sections, and figures behind the first of them."""

    anchor: str
    heading: str
    sections: Sequence[tuple[str, str]]
    drawings: Sequence[Drawn] = ()


def cell_page(source: Source) -> str:
    """Return the page of one cell: the answer, the warnings, the figures, how it was obtained."""
    parts, opening = console.parts(source.summary), len(console.answer(source.summary))
    drawings = figures(source.summary, source.stores)
    blocks = [
        Block(anchor="answer", heading="", sections=_sections(parts[:opening]), drawings=drawings),
        Block(anchor="obtained", heading="How it was obtained", sections=_sections(parts[opening:])),
    ]
    return _rendered(source.name, blocks, [source])


def several_page(
    title: str, sources: Sequence[Source], *, opening: Sequence[Part] = (), drawings: Sequence[Drawn] = ()
) -> str:
    """Return the page of several cells: what compares them, a table with links, and each cell's answer.

    Parameters
    ----------
    title
        Of the page.
    sources
        The cells; those that hold their results are drawn.
    opening, drawings
        Sections and figures before the table, such as a comparison.
    """
    first = Block(anchor="answer", heading="", sections=_sections(opening), drawings=drawings)
    cells = [
        Block(
            anchor=f"cell-{k}",
            heading=source.name,
            sections=_sections(console.answer(source.summary)),
            drawings=[
                first_figure(source.summary, dataset, prefix=f"cell-{k}-")
                for name, dataset in source.stores.items()
                if name == "results"
            ],
        )
        for k, source in enumerate(sources, start=1)
    ]
    return _rendered(title, [*([first] if opening else []), *cells], sources, listed_at=1 if opening else 0)


def _sections(parts: Sequence[tuple[str, RenderableType | None]]) -> list[tuple[str, str]]:
    return [(heading, html(body, heading)) for heading, body in parts if body is not None]


def _rendered(title: str, blocks: Sequence[Block], sources: Sequence[Source], *, listed_at: int = -1) -> str:
    """Return a page; ``listed_at``: the block before which the table of the cells stands, none for -1."""
    closures = list(dict.fromkeys(name for source in sources for name in source.summary["result"]["closures"]))
    return _template().render(
        title=title, blocks=blocks, sources=sources, listed_at=listed_at, closures=closures, version=__version__
    )


@cache
def _template() -> Template:
    """Return the template; whatever it is given is escaped, unless it is markup of ours."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from iondrift.report.console.texts import banded

    environment = Environment(
        loader=PackageLoader("iondrift.report.page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["banded"] = banded
    return environment.get_template("page.html")
