"""The job of ``iondrift lineshape``: TopSpin spectra to a folder of results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from iondrift.errors import collected_warnings
from iondrift.experiment.lineshape import CAVEATS, measure_lines
from iondrift.nmr.options import LineOptions
from iondrift.progress import Progress, silent
from iondrift.report.console import layout
from iondrift.report.console import lineshape as console
from iondrift.report.figures import lineshape as figures
from iondrift.report.summary.quantities import finite
from iondrift.runs.results import as_json as to_json
from iondrift.runs.results import publication


def run(
    folders: Sequence[Path], out: Path, *, options: LineOptions = LineOptions(), progress: Progress = silent
) -> dict[str, Any]:
    """Fit the lines of spectra, write summary, report and figures; return the summary.

    Raises
    ------
    IondriftError
        Whatever the user can put right: files, options, or a folder that cannot be written.
    """
    with publication(out) as written:
        notes: list[str] = []
        with collected_warnings(notes):
            found = measure_lines(folders, options, progress=progress)
        summary = _summary(found, notes)
        progress("drawing figures")
        figures.draw(found, folder=written.figures)
        written.report(layout.plain_text(console.render(summary), 100), summary)
    return summary


def show(summary: dict[str, Any], out: Path, *, as_json: bool, quiet: bool) -> None:
    """Print the report, or the summary as JSON, to stdout."""
    from rich.console import Console

    if as_json:
        print(to_json(summary))
    elif not quiet:
        stdout = Console(highlight=False)
        layout.write(console.render(summary), stdout)
        stdout.print(f"Results in {out}", markup=False, soft_wrap=True)


def _summary(found: xr.Dataset, notes: Sequence[str]) -> dict[str, Any]:
    """Return every number of the report; the choice of the bulk's line is an assumption, and stands with it."""
    names = [str(name) for name in found.source.values]
    lines = [
        {
            "spectrum": names[s] if k == 0 else "",
            "line": k + 1,
            **{name: _quantity(found, name, s, k) for name in ("position", "width", "area")},
            "share": finite(float(found.area_share[s, k])),
            "resolved": bool(found.resolved[s, k]),
            "reading": str(found.reading.values[s, k]) if "reading" in found else "",
        }
        for s in range(found.sizes["spectrum"])
        for k in range(found.sizes["line"])
    ]
    scores = ", ".join(f"{int(n)}: {float(a):.0f}" for n, a in zip(found.lines_tried, found.aicc, strict=True))
    facts = {
        "shape": str(found.attrs["shape"]),
        "lines": f"{found.attrs['lines']}" + (f" (AICc by number {scores})" if scores else " as asked for"),
        "R2": f"{float(found.r_squared.min()):.5f} at least",
        "correlation": f"{float(found.correlation_length.mean()):.2f} points of noise count as one",
    }
    caveats = list(CAVEATS) if "reading" in found else []
    if found.attrs["reference"] == found.attrs["reference"]:
        facts["reference"] = f"the line nearest to {found.attrs['reference']:g} ppm is put there: an assumption"
    return {
        "title": f"Lines: {', '.join(names[:4])}", "lines": lines, "facts": facts, "warnings": list(notes),
        "caveats": caveats,
    }  # fmt: skip


def _quantity(found: xr.Dataset, name: str, s: int, k: int) -> dict[str, Any]:
    unit = "ppm" if name != "area" else "1"
    error = finite(float(found[f"{name}_error"][s, k]))
    return {"value": float(found[name][s, k]), "unit": unit, "standard_error": 0.0 if error is None else error}
