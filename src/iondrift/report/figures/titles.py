"""Titles that stay whole: long names are shortened in the middle, letters without a glyph are written escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEWEST = 12  # letters of a title, whatever its room
_MARGIN = 4.0  # pixels at the right edge
_ROUNDS = 3  # of layout: a shorter title may move the panel


def whole_titles(figure: Figure) -> None:
    """Shorten what does not fit between a panel's left edge and the figure's right one, and replace missing glyphs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        if not text.get_text().isascii():
            text.set_text(with_known_glyphs(text.get_text()))
    titles = [(axes, title) for axes in figure.axes if (title := axes.get_title(loc="left"))]
    if not titles:
        return
    renderer: Any = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    engine = figure.get_layout_engine()
    for axes, title in titles:  # a title wider than the figure leaves its panel no room
        _fit(axes, title, figure.bbox.width - _MARGIN, renderer)
    for _ in range(_ROUNDS):
        if engine is not None:
            engine.execute(figure)
        shorter = [_fit(axes, title, _room(figure, axes, renderer), renderer) for axes, title in titles]
        if not any(shorter):
            break


def _room(figure: Figure, axes: Axes, renderer: Any) -> float:
    """Return how many pixels there are from a panel's left edge to the figure's right one."""
    axes.apply_aspect()
    return float(figure.bbox.x1 - axes.get_window_extent(renderer).x0 - _MARGIN)


def _fit(axes: Axes, title: str, room: float, renderer: Any) -> bool:
    """Shorten a title to the room there is, and say whether that was necessary."""
    text = _left_title(axes)
    shown = first = str(text.get_text())
    while len(shown) > _FEWEST and (width := text.get_window_extent(renderer).width) > room:
        shown = shortened(title, max(min(int(len(shown) * room / width), len(shown) - 1), _FEWEST))
        text.set_text(shown)
    return shown != first


def shortened(title: str, length: int) -> str:
    """Return a title of at most ``length`` letters: its name, in front of the last colon, loses its middle.

    Examples
    --------
    >>> shortened("cell_after_two_hundred_cycles: crosses: masked", 34)
    'cell_after_t…cles: crosses: masked'
    """
    name, colon, rest = title.partition(": ")
    room = length - len(colon + rest)
    if len(title) <= length:
        return title
    if room < _FEWEST // 2:  # what stands behind the name is itself too long
        name, colon, rest, room = title, "", "", length
    head = (room - 1) // 2 + (room - 1) // 4
    return f"{name[:head]}…{name[len(name) - (room - 1 - head) :]}{colon}{rest}"


def with_known_glyphs(text: str) -> str:
    """Return the text with every letter that the font lacks as its code: U+6E2C."""
    return "".join(
        letter if letter.isascii() or ord(letter) in _glyphs() else f"U+{ord(letter):04X}" for letter in text
    )


@cache
def _glyphs() -> frozenset[int]:
    """Return the letters that the figures' font has."""
    from matplotlib.font_manager import FontProperties, fontManager, get_font

    return frozenset(get_font(fontManager.findfont(FontProperties(family="DejaVu Sans"))).get_charmap())


def _left_title(axes: Any) -> Any:
    """Return the title itself: to set it anew would lose its distance from the panel."""
    return axes._left_title
