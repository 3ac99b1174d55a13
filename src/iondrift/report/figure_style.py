"""What all figures share: fonts and sizes, files, and the protocol in the background."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import RcKeyType

    from iondrift.protocol import Segment

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
_SECONDS = {"h": 3600.0, "min": 60.0, "s": 1.0}


def style() -> AbstractContextManager[None]:
    """Return a context in which figures are drawn in this package's style."""
    import matplotlib

    context: AbstractContextManager[None] = matplotlib.rc_context(STYLE)
    return context


def new_figure(width: float, height: float, *, rows: int = 1, columns: int = 1) -> tuple[Figure, Any]:
    """Return a figure of a size in inches and its axes; rows share their x axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, sharex="col" if rows > 1 else False)


def save(figure: Figure, name: str, folder: Path) -> list[Path]:
    """Write a figure as PNG and SVG and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{suffix}" for suffix in ("png", "svg")]
    for path in paths:
        # no date in the file: the same results give the same bytes
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
        figure.set_layout_engine("none")  # laid out once for all files
    return paths


def shade(axes: Axes, segments: Sequence[Segment], *, unit: str) -> None:
    """Shade every other step of the protocol behind axes over time in h, min or s, and name those wide enough."""
    low, high = axes.get_xlim()
    for k, segment in enumerate(segments):
        start = max(segment.start / _SECONDS[unit], low)
        stop = min(segment.stop / _SECONDS[unit], high)
        if k % 2 and start < stop:
            axes.axvspan(start, stop, color="0.94", lw=0, zorder=0)
        if stop - start > 0.05 * (high - low):
            name = SEGMENT_NAMES.get(segment.kind, segment.kind)
            axes.text(
                (start + stop) / 2, 1.03, name, transform=axes.get_xaxis_transform(), ha="center", va="bottom",
                fontsize=8,
            )  # fmt: skip
