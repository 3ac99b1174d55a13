"""Figures inside a page: SVG without names that clash, and what was drawn as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
from markupsafe import Markup

from iondrift.cast import evenly_spaced
from iondrift.report.figures import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST, _FEWEST, _MOST_OF_MAP = 4000, 30, (50, 80)  # points of a figure and of a curve: a page stays below 2 MB
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
    address = "data:text/csv;charset=utf-8," + quote("\n".join(rows(figure)) + "\n", safe=",.:;+-*/()=")
    return Drawn(name=name, caption=caption, svg=inline(figure, prefix + name, caption), data=address)


def inline(figure: Figure, name: str, caption: str) -> Markup:
    """Return a figure as an element of a page, its identifiers behind its name."""
    text = drawing.svg(figure)
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)  # would reach beyond the figure; the page has it
    text = re.sub(r'\b(?:d|x|y)="[^"]*"', _to_hundredths, text)
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", text)
    text = re.sub(r">\n\s*<", "><", text)
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
    most = max(_FEWEST, _MOST // max(1, sum(1 for axes in panels for _ in _series(axes))))
    for panel, axes in enumerate(panels, start=1):
        names = f"{_text(axes.get_xlabel() or panels[-1].get_xlabel())} | {_text(axes.get_ylabel())}"
        yield f"{panel},{_quoted(f'axes: {names}')},,,"
        for series, x, y, value in _series(axes):
            kept = evenly_spaced(len(x), most if value is None else len(x))
            name = _quoted("_".join(series.split()))  # a space takes three letters in an address
            if not len(x):
                yield f"{panel},{_quoted(series)},,,"
            elif len(kept) < len(x):
                yield f"{panel},{_quoted(f'{series}: {len(kept)} of {len(x)} points')},,,"
            for k in kept:
                last = "" if value is None else _number(value[k])
                yield f"{panel},{name},{_number(x[k])},{_number(y[k])},{last}"


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
                yield f"{_owner(axes, shape)}{label.replace(' % band', '')} {name}", x, y, None
    for bars in axes.containers:
        if isinstance(bars, ErrorbarContainer) and bars.lines[0] is not None:
            yield str(bars.get_label()).removeprefix("_"), *bars.lines[0].get_data(), None
        patches = [patch for patch in getattr(bars, "patches", []) if hasattr(patch, "get_height")]
        if patches:
            places = [patch.get_x() + patch.get_width() / 2.0 for patch in patches]
            yield _text(str(bars.get_label())), places, [patch.get_height() for patch in patches], None


def _map(mesh: Any) -> Iterator[tuple[str, Any, Any, Any]]:
    """Give a map; of a large one a note, then so many rows and columns."""
    corners, values = mesh.get_coordinates(), np.asarray(mesh.get_array())
    middle = 0.25 * (corners[1:, 1:] + corners[:-1, 1:] + corners[1:, :-1] + corners[:-1, :-1])
    rows, columns = (evenly_spaced(size, most) for size, most in zip(values.shape, _MOST_OF_MAP, strict=True))
    if (len(rows), len(columns)) != values.shape:
        note = f"map: {len(rows)} x {len(columns)} of {values.shape[0]} x {values.shape[1]} places"
        yield note, (), (), None
    x, y, shown = (found[np.ix_(rows, columns)].ravel() for found in (middle[..., 0], middle[..., 1], values))
    yield "map", x, y, shown


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
    return "" if found is None or str(found.get_label()).startswith("_") else f"{_text(str(found.get_label()))} "


def _name(line: Any, place: int) -> str:
    label = str(line.get_label())
    return f"curve {place + 1}" if label.startswith("_child") else _text(label.removeprefix("_"))


def _text(label: str) -> str:
    """Return a label without mathematical markup."""
    for tex, plain in _TEX:
        label = label.replace(tex, plain)
    return label.replace("$", "").replace("^{-1}", "-1").replace("^{-2}", "-2").replace("_", "")


def _quoted(text: str) -> str:
    """Return text as a field of CSV."""
    return '"' + text.replace('"', '""') + '"' if set(text) & set('",\n') else text


def _to_hundredths(attribute: re.Match[str]) -> str:
    """Return coordinates of a drawing, in 1/72 inch, without what no eye sees."""
    return re.sub(r"(\.\d\d)\d+", r"\1", attribute[0])


def _number(value: Any) -> str:
    return f"{float(value):.6g}"
