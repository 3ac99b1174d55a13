"""What all figures share: style, colours, the protocol's shading, and how they are saved."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from iondrift.drift.closures import rows
from iondrift.errors import StoreError, plain
from iondrift.experiment.results import HOUR
from iondrift.report.figures.titles import whole_titles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import RcKeyType

    from iondrift.experiment.log.protocol import Segment

TIME_COLOURS = "viridis"
AT_PLATING, AT_COUNTER = "#0072b2", "#d55e00"  # Okabe and Ito: told apart with any colour vision
STYLE: dict[RcKeyType, Any] = {
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.titlesize": 9,
    "axes.titley": 1.0,  # not searched for above everything that is drawn
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "iondrift",
    "savefig.dpi": 200,
}
ALL = ("png", "svg")
KINDS: Mapping[str, Sequence[str]] = {"none": (), "png": ("png",), "all": ALL}  # as a run asks for them
_LEFT, _BOTTOM = 0.74, 0.45  # inches: margins
COLOUR_BAR = 0.85  # inches at the right
SEGMENT_NAMES = {"open_circuit": "OC", "constant_current": "CC", "constant_voltage": "CV"}


def closure_colour(name: str) -> str:
    """Return the colour of a row of the comparison of closures."""
    return rows()[name].colour


def save_each(drawings: Mapping[str, Callable[[], Figure]], folder: Path, kinds: Sequence[str]) -> list[Path]:
    """Draw figures by their names and write each in each of its kinds; nothing is drawn for none."""
    if not kinds:
        return []
    with style():
        return [path for name, make in drawings.items() for path in save(make(), name, folder, kinds)]


def save(figure: Figure, name: str, folder: Path, kinds: Sequence[str] = ALL) -> list[Path]:
    """Write a figure in each of its kinds, the same bytes for the same results; StoreError where that fails."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    paths = [folder / f"{name}.{kind}" for kind in kinds]
    figure.set_dpi(STYLE["savefig.dpi"])
    whole_titles(figure)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths:  # by the canvases themselves: Figure.savefig draws each file twice
            if path.suffix == ".svg":
                # no date in the file: the same results give the same bytes
                FigureCanvasSVG(figure).print_svg(path, metadata={"Date": None})  # type: ignore[no-untyped-call]
            else:
                # a sixth larger than by zlib's default, in half the time
                FigureCanvasAgg(figure).print_png(path, pil_kwargs={"compress_level": 2})  # type: ignore[no-untyped-call]
            figure.set_layout_engine("none")  # laid out once for all files
    except OSError as error:
        raise StoreError(f"{folder / name}: cannot be written: {error.strerror or error}") from error
    return paths


def literal(text: str) -> str:
    """Return text in which a dollar sign begins no formula."""
    return plain(text).replace("$", r"\$")


def svg(figure: Figure) -> str:
    """Return a figure as the text of an SVG file."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    stream = io.StringIO()
    figure.set_dpi(STYLE["savefig.dpi"])
    FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None})  # type: ignore[no-untyped-call]
    figure.set_layout_engine("none")
    return stream.getvalue()


def band(axes: Axes, at: Any, edges: Any, colour: Any) -> None:
    """Shade the 68 and 95 % bands: ``edges`` (level, place) at ``LEVELS``."""
    for low, high, alpha, name in ((0, 4, 0.15, "95 % band"), (1, 3, 0.25, "68 % band")):
        # an underscore keeps a name out of legends
        axes.fill_between(at, edges[low], edges[high], color=colour, alpha=alpha, lw=0, label=f"_{name}")


def shade(axes: Axes, segments: Sequence[Segment], *, named: bool, unit: float = HOUR) -> None:
    """Shade every other segment of the protocol; name each above the panel on request. ``unit``: of time, in s."""
    low, high = axes.get_xlim()
    for k, segment in enumerate(segments):
        start, stop = max(segment.start / unit, low), min(segment.stop / unit, high)
        if k % 2 and start < stop:
            axes.axvspan(start, stop, color="0.94", lw=0, zorder=0)
    if named:
        for name, middle in names_in_view(segments, low, high, unit=unit):
            axes.text(middle, 1.03, name, transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=8)


def names_in_view(
    segments: Sequence[Segment], low: float, high: float, *, unit: float = HOUR
) -> list[tuple[str, float]]:
    """Return name and middle of each segment wide enough to bear its name; ``unit``: of time, in s."""
    found = []
    for segment in segments:
        start, stop = max(segment.start / unit, low), min(segment.stop / unit, high)
        if stop - start > 0.05 * (high - low):
            found.append((SEGMENT_NAMES.get(segment.kind, segment.kind), (start + stop) / 2))
    return found


def relative(dataset: xr.Dataset) -> np.ndarray[Any, Any]:
    """Return x/L, 0 to 1."""
    x = dataset.x.values
    return np.asarray((x - x[0]) / (x[-1] - x[0]))


def panels(width: float, height: float, *, rows: int = 1, columns: int = 1) -> tuple[Figure, Any]:
    """Return a figure and its panels; those one above the other have a common horizontal axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, sharex="col")


def fixed_panels(
    width: float,
    height: float,
    *,
    rows: int = 1,
    columns: int = 1,
    right: float = 0.12,
    top: float = 0.26,
    gap: float = 0.14,
    **how: Any,
) -> tuple[Figure, Any]:
    """Return a figure and its panels at fixed margins in inches: a layout that is solved takes as long as the drawing.

    ``right`` and ``top``: room beside and above the panels; ``gap``: between those one above the other; ``how``: as
    the figure's ``subplots`` takes it.
    """
    from matplotlib.figure import Figure
    from matplotlib.transforms import ScaledTranslation

    figure = Figure(figsize=(width, height))
    inner = (width - _LEFT * columns - right) / columns, (height - _BOTTOM - top - gap * (rows - 1)) / rows
    grid = {
        "left": _LEFT / width,
        "right": 1.0 - right / width,
        "bottom": _BOTTOM / height,
        "top": 1.0 - top / height,
        "wspace": _LEFT / inner[0],
        "hspace": gap / inner[1],
    }
    axes = figure.subplots(rows, columns, sharex="col", gridspec_kw=grid, **how)
    for one in np.ravel(axes):
        beside, below = (ScaledTranslation(*shift, figure.dpi_scale_trans) for shift in ((-0.46, 0.0), (0.0, -0.27)))
        one.yaxis.set_label_coords(0.0, 0.5, transform=one.transAxes + beside)
        one.xaxis.set_label_coords(0.5, 0.0, transform=one.transAxes + below)
    return figure, axes


def colour_bar(figure: Figure, mappable: Any, axes: Axes, label: str) -> None:
    """Draw a colour bar into the margin that ``fixed_panels(right=COLOUR_BAR)`` leaves."""
    from matplotlib.transforms import ScaledTranslation

    width = figure.get_size_inches()[0]
    place = axes.get_position()
    room = (1.0 - (COLOUR_BAR - 0.1) / width, place.y0, 0.13 / width, place.height)
    beside = figure.add_axes(room, label="<colorbar>")
    bar = figure.colorbar(mappable, cax=beside, label=label)
    shift = ScaledTranslation(0.52, 0.0, figure.dpi_scale_trans)
    bar.ax.yaxis.set_label_coords(0.0, 0.5, transform=beside.transAxes + shift)


@contextmanager
def style() -> Iterator[None]:
    """Draw figures in the house's style, whatever settings the user's folders hold."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield
