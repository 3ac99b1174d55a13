"""Results of cells beside each other: the command ``iondrift compare`` and :func:`iondrift.compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iondrift.progress import Progress, silent
from iondrift.report.console import comparison as console
from iondrift.report.console.layout import Part
from iondrift.report.summary.comparison import Compared, build
from iondrift.runs import page, store


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Cells against the first of them.

    Attributes
    ----------
    summary
        Every number with unit, band and caveat, as JSON holds it.
    """

    summary: Mapping[str, Any]

    def __str__(self) -> str:
        """Return the printed comparison."""
        return console.to_text(self.summary)

    def _repr_html_(self) -> str:
        """Return the answer for a notebook."""
        from iondrift.report.page.markup import fragment

        return fragment(console.title(self.summary), console.parts(self.summary)[:2])


def compare(*results: str | Path, progress: Progress = silent) -> Comparison:
    """Compare cells: velocities and their ratios over the first, draw by draw, under every closure they share.

    ratio = v / v_first of each replicate. Cells drawn with one seed share the draws of D(c), c0, temperature, field of
    view and t-, whose errors cancel in the ratio; noise, edges, voltage offset and clock are each cell's own.

    Parameters
    ----------
    results
        Two or more folders that ``iondrift run`` wrote.
    progress
        Told each step as it begins.

    Returns
    -------
    Comparison
        ``summary``: velocities in um/h, ratios, spread over x and growth during constant voltage in %, V / L in V/mm,
        verdicts; printed, the text of ``iondrift compare``.

    Raises
    ------
    ConfigurationError
        Fewer than two, or no closure that all have.
    StoreError
        A folder holds no results of a cell, or they are damaged.
    """
    cells = []
    for folder, name in zip(results, _names(results), strict=True):
        progress(f"reading {folder}")
        summary = page.summary_of(Path(folder))
        cells.append(Compared(name=name, summary=summary, dataset=store.read(Path(folder) / store.RESULTS)))
    return Comparison(summary=build(cells))


def _names(results: Sequence[str | Path]) -> list[str]:
    """Return the cells' names, with their folders where two are called alike."""
    names = [str(page.summary_of(Path(folder))["cell"]["name"]) for folder in results]
    if len(set(names)) == len(names):
        return names
    return [
        f"{name} ({k}: {Path(folder).name})" for k, (name, folder) in enumerate(zip(names, results, strict=True), 1)
    ]


def write_page(results: Sequence[Path], comparison: Comparison, file: Path, *beside: Part) -> None:
    """Write the page of a comparison: its answer, figures of the velocities, and each cell's answer.

    ``beside``: further sections, such as a truth that is known.

    Raises
    ------
    ConfigurationError
        The name is none of a page.
    StoreError
        It cannot be written.
    """
    from iondrift.report.page import build as pages
    from iondrift.report.page.comparison import figures

    page.checked(file)
    sources = [page.source_of(folder, file.parent) for folder in results]
    drawings = figures(
        [
            (cell["name"], store.read(folder / store.RESULTS))
            for cell, folder in zip(comparison.summary["cells"], results, strict=True)
        ]
    )
    text = pages.several_page(
        console.title(comparison.summary),
        sources,
        opening=[*console.parts(comparison.summary), *beside],
        drawings=drawings,
    )
    store.write_text(text, file)
