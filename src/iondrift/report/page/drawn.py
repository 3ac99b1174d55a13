"""Figures inside a page: SVG without names that clash, and what was drawn as CSV."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from iondrift.report.figures import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TEX = ((r"\mu", "µ"), (r"\Omega", "Ω"), (r"\tau", "tau"), (r"\gamma", "gamma"), (r"\sum", "sum"))


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A figure of a page.

    Attributes
    ----------
    name, caption
        Of its file of data, and below it.
    svg, data
        The drawing, and its numbers as the address of a CSV file.
    """

    name: str
    caption: str
    svg: Markup
    data: str


def drawn(figure: Figure, name: str, caption: str, *, prefix: str = "") -> Drawn:
    """Return a figure for a page.

    Parameters
    ----------
    figure
        In the house's style.
    name, caption
        As :class:`Drawn`.
    prefix
        Sets its names apart from those of the same figure of another cell on the page.
    """
    csv = "\n".join(rows(figure)) + "\n"
    address = "data:text/csv;charset=utf-8;base64," + base64.b64encode(csv.encode()).decode()
    return Drawn(name=name, caption=caption, svg=inline(figure, prefix + name, caption), data=address)


def inline(figure: Figure, name: str, caption: str) -> Markup:
    """Return a figure as an element of a page, its identifiers behind its name."""
    text = drawing.svg(figure)
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)  # would reach beyond the figure; the page has it
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r'xlink:href="#', f'xlink:href="#{name}-', text)
    text = re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2)  # as wide as the page allows
    width = figure.get_figwidth()
    label = Markup(' role="img" aria-label="{}" style="max-width: {}rem"').format(caption, f"{width * 6.0:.1f}")
    return Markup("<svg" + str(label) + text.removeprefix("<svg"))


def rows(figure: Figure) -> Iterator[str]:
    """Give what a figure shows as lines of CSV: panel, series, x, y and, of a map, its value."""
    yield "panel,series,x,y,value"
    panels = [one for one in figure.axes if one.get_label() != "<colorbar>"]
    for panel, axes in enumerate(panels, start=1):
        names = f"{_text(axes.get_xlabel() or panels[-1].get_xlabel())} | {_text(axes.get_ylabel())}"
        yield f'{panel},"axes: {names}",,,'
        for series, x, y, value in _series(axes):
            quoted = series.replace('"', '""')
            for k in range(len(x)):
                last = "" if value is None else f"{value[k]:.6g}"
                yield f'{panel},"{quoted}",{_number(x[k])},{_number(y[k])},{last}'


def _series(axes: Axes) -> Iterator[tuple[str, Any, Any, Any]]:
    """Give name, x, y and value of the curves, bands, bars and maps in a panel."""
    from matplotlib.collections import PolyCollection
    from matplotlib.container import ErrorbarContainer

    for k, line in enumerate(axes.lines):
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        if x.size and line.get_transform() == axes.transData and line.get_label() != "_nolegend_":
            yield _name(line, k), x, y, None
    for shape in axes.collections:
        if hasattr(shape, "get_coordinates"):
            yield from _map(shape)
        elif isinstance(shape, PolyCollection) and not str(shape.get_label()).startswith("_child"):
            label = _text(str(shape.get_label()).removeprefix("_"))
            for name, x, y in _edges(shape):
                yield f"{_owner(axes, shape)}{label}, {name}", x, y, None
    for bars in axes.containers:
        if isinstance(bars, ErrorbarContainer) and bars.lines[0] is not None:
            yield str(bars.get_label()).removeprefix("_"), *bars.lines[0].get_data(), None
        patches = [patch for patch in getattr(bars, "patches", []) if hasattr(patch, "get_height")]
        if patches:
            places = [patch.get_x() + patch.get_width() / 2.0 for patch in patches]
            yield _text(str(bars.get_label())), places, [patch.get_height() for patch in patches], None


def _map(mesh: Any) -> Iterator[tuple[str, Any, Any, Any]]:
    corners, values = mesh.get_coordinates(), np.asarray(mesh.get_array())
    middle = 0.25 * (corners[1:, 1:] + corners[:-1, 1:] + corners[1:, :-1] + corners[:-1, :-1])
    yield "map", middle[..., 0].ravel(), middle[..., 1].ravel(), values.ravel()


def _edges(shape: Any) -> Iterator[tuple[str, Any, Any]]:
    """Give the lower and the upper edge of a shaded band."""
    points = np.concatenate([path.vertices for path in shape.get_paths()])
    x = np.unique(points[:, 0])
    for name, pick in (("low", np.min), ("high", np.max)):
        yield name, x, np.array([pick(points[points[:, 0] == at, 1]) for at in x])


def _owner(axes: Axes, shape: Any) -> str:
    """Return the name of the curve that a band belongs to: the one of its colour."""
    from matplotlib.colors import to_rgb

    colour = to_rgb(shape.get_facecolor()[0])
    found = next((line for line in axes.lines if np.allclose(to_rgb(line.get_color()), colour)), None)
    return "" if found is None or str(found.get_label()).startswith("_") else f"{_text(str(found.get_label()))}, "


def _name(line: Any, place: int) -> str:
    label = str(line.get_label())
    return f"curve {place + 1}" if label.startswith("_child") else _text(label.removeprefix("_"))


def _text(label: str) -> str:
    """Return a label without mathematical markup."""
    for tex, plain in _TEX:
        label = label.replace(tex, plain)
    return label.replace("$", "").replace("^{-1}", "-1").replace("^{-2}", "-2").replace("_", "")


def _number(value: Any) -> str:
    return f"{float(value):.6g}"
