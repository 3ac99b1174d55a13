"""Titles of figures stay whole, whatever a cell is called."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from iondrift.report.figures import drawing
from iondrift.report.figures.titles import shortened, whole_titles, with_known_glyphs

LONG = "cell_after_" + "two_hundred_cycles_at_forty_degrees_and_once_more_" * 3 + "25"
NAMES = [
    "k07",
    LONG,
    f"{LONG}: 3 of 9 within 3 %; crosses: masked",
    "\u6e2c\u5b9a " * 30,
    "caf\u00e9 \u03a9",
    "cell $a$ $",
    "$" * 80,
]


def figure_of(title: str, *, aspect: bool) -> Figure:
    figure, axes = drawing.panels(4.0, 2.0)
    axes.plot([0, 200], [0, 100])
    if aspect:
        figure.set_layout_engine("compressed")
        axes.set_aspect("equal", adjustable="box")
    axes.set(xlabel="x", ylabel="y")
    axes.set_title(drawing.literal(title), loc="left", pad=12)
    return figure


@pytest.mark.parametrize("title", NAMES, ids=range(len(NAMES)))
@pytest.mark.parametrize("aspect", [False, True])
def test_no_title_is_clipped_and_nothing_is_warned_of(tmp_path: Path, title: str, aspect: bool) -> None:
    figure = figure_of(title, aspect=aspect)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (png,) = drawing.save(figure, "f", tmp_path, ("png",))
    renderer = FigureCanvasAgg(figure).get_renderer()
    found = next(
        text
        for text in figure.axes[0].get_children()
        if getattr(text, "get_text", str)() == figure.axes[0].get_title(loc="left")
    )
    box = found.get_window_extent(renderer)
    assert box.x0 >= 0.0
    assert box.x1 <= figure.bbox.x1
    assert box.y1 <= figure.bbox.y1
    image = Image.open(png).convert("L")
    edges = [image.crop((0, 0, image.width, 1)), image.crop((image.width - 1, 0, image.width, image.height))]
    assert all(edge.getextrema() == (255, 255) for edge in edges)  # nothing is drawn at the upper and right edge


def test_a_long_name_loses_its_middle_and_keeps_what_is_told_behind_it() -> None:
    assert shortened("cell", 20) == "cell"
    assert shortened(f"{LONG}: window 1 to 2 s", 50).endswith("25: window 1 to 2 s")
    assert shortened(f"{LONG}: window 1 to 2 s", 50).startswith("cell_after_")
    assert len(shortened(LONG, 31)) == 31


def test_letters_without_a_glyph_are_written_as_their_code() -> None:
    assert with_known_glyphs("caf\u00e9 \u03a9 \u6e2c") == "caf\u00e9 \u03a9 U+6E2C"


def test_a_title_that_fits_is_left_as_it_is() -> None:
    figure = figure_of("k07: 1 of 1", aspect=False)
    whole_titles(figure)
    assert figure.axes[0].get_title(loc="left") == "k07: 1 of 1"
