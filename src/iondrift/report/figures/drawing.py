"""What all figures share: style, colours, the protocol's shading, and how they are saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from iondrift.drift.closures import rows
from iondrift.errors import StoreError
from iondrift.experiment.results import HOUR

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
SEGMENT_NAMES = {"open_circuit": "OC", "constant_current": "CC", "constant_voltage": "CV"}


def closure_colour(name: str) -> str:
    """Return the colour of a row of the comparison of closures."""
    return rows()[name].colour


def save(figure: Figure, name: str, folder: Path) -> list[Path]:
    """Write a figure as PNG and SVG, the same bytes for the same results; StoreError where that fails."""
    paths = [folder / f"{name}.{suffix}" for suffix in ("png", "svg")]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths:
            # no date in the file: the same results give the same bytes
            figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
            figure.set_layout_engine("none")  # laid out once for all files
    except OSError as error:
        raise StoreError(f"{folder / name}: cannot be written: {error.strerror or error}") from error
    return paths


def band(axes: Axes, at: Any, edges: Any, colour: Any) -> None:
    """Shade the 68 and 95 % bands: ``edges`` (level, place) at ``LEVELS``."""
    for low, high, alpha in ((0, 4, 0.15), (1, 3, 0.25)):
        axes.fill_between(at, edges[low], edges[high], color=colour, alpha=alpha, lw=0)


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


@contextmanager
def style() -> Iterator[None]:
    """Draw figures in the house's style, whatever settings the user's folders hold."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield
