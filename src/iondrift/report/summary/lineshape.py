"""Every number of fitted lines that the report shows, with unit, error and caveats."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr

from iondrift.experiment.lineshape import CAVEATS
from iondrift.report.summary.quantities import Entry, finite, of_plain_text


@of_plain_text
def build(found: xr.Dataset, *, title: str, warnings: Sequence[str] = ()) -> Entry:
    """Return every number of the report; the choice of the bulk's line is an assumption, and stands with it.

    Parameters
    ----------
    found
        What :func:`iondrift.experiment.lineshape.measure_lines` returns.
    title
        Of the report.
    warnings
        Collected on the way.
    """
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
        "title": title, "lines": lines, "facts": facts, "warnings": list(warnings),
        "caveats": caveats,
    }  # fmt: skip


def _quantity(found: xr.Dataset, name: str, s: int, k: int) -> Entry:
    unit = "ppm" if name != "area" else "1"
    error = finite(float(found[f"{name}_error"][s, k]))
    return {"value": float(found[name][s, k]), "unit": unit, "standard_error": 0.0 if error is None else error}
