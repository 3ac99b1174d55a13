"""The printed comparison of cells: what differs, what rests on the closure, then the numbers under each closure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from iondrift.report.console import comparison_beside as beside
from iondrift.report.console import layout
from iondrift.report.console.rounding import plain
from iondrift.report.console.texts import STILL, banded, listed, number
from iondrift.report.summary.comparison import significant

_QUANTITIES = {
    "x0": "v(x0), um/h",
    "xL": "v(xL), um/h",
    "maximum": "largest v, um/h",
    "spatial_spread": "spread over x, %",
    "growth_x0": "during CV at x0, %",
    "growth_xL": "during CV at xL, %",
}


def render(comparison: Mapping[str, Any], *further: layout.Part) -> RenderableType:
    """Return the printed comparison.

    Parameters
    ----------
    comparison
        What :func:`iondrift.report.summary.comparison.build` returns.
    further
        Further sections, such as a truth that is known.
    """
    return layout.sections(title(comparison), *parts(comparison), *further)


def title(comparison: Mapping[str, Any]) -> str:
    """Return what it is called."""
    return " against ".join([cell["name"] for cell in comparison["cells"]][::-1])


def to_text(comparison: Mapping[str, Any], *, width: int = 100) -> str:
    """Return the comparison as plain text of a given width."""
    return layout.plain_text(render(comparison), width)


def write(comparison: Mapping[str, Any], console: Console, *further: layout.Part) -> None:
    """Print the comparison; to a pipe as plain text."""
    layout.write(render(comparison, *further), console)


def parts(comparison: Mapping[str, Any]) -> list[layout.Part]:
    """Return headings and what stands under them, the answer first."""
    first = comparison["cells"][0]["name"]
    found: list[layout.Part] = [
        ("Result", layout.paragraphs(verdicts(comparison), mark="-", style="dim")),
        ("Warnings", layout.paragraphs(comparison["notes"], mark="!", style="bold yellow")),
    ]
    for name, rows in comparison["closures"].items():
        respecting = all(name in cell["respecting"] for cell in comparison["cells"])
        mark = "" if respecting else " (implies more current than flowed in one of the cells at least)"
        found.append((f"Closure {name}{mark}", _numbers(rows)))
    found += beside.parts(comparison)
    legend = (
        f"Against {first}: ratios of velocities and differences of all else, with 68 % bands; *: beyond the 95 % band. "
        + (
            "Draws of D(c), c0, temperature, field of view and t- are common to the cells."
            if comparison["paired"]
            else ""
        )
    )
    found.append(("How to read it", Text(legend.strip())))
    return found


def verdicts(comparison: Mapping[str, Any]) -> list[str]:
    """Return what the comparison says, in sentences."""
    first, texts = comparison["cells"][0]["name"], []
    for verdict, share in zip(comparison["verdicts"], comparison["voltage_over_length"], strict=True):
        name = verdict["name"]
        ratios = {closure: _row(rows, name)["x0_ratio"] for closure, rows in comparison["closures"].items()}
        told = ", ".join(
            f"{banded(ratio)} ({closure})" for closure, ratio in ratios.items() if ratio["value"] is not None
        )
        texts.append(f"v(x0) of {name} over {first}: {told or 'no ratio, the band of the first holds zero'}.")
        texts += _significance(verdict)
        texts += _beside(verdict)
        texts += _voltage(share)
    return texts


def _significance(verdict: Mapping[str, Any]) -> Iterator[str]:
    differs, same = (listed(verdict[key]) for key in ("differs", "does_not"))
    if differs and same:
        yield f"They differ beyond the 95 % band under {differs}, not under {same}."
    elif differs:
        yield f"They differ beyond the 95 % band under {differs}."
    elif same:
        yield f"No difference beyond the 95 % band under {same}."
    if verdict["rests_on_the_closure"]:
        respecting = listed(verdict["respecting"])
        yield (
            f"The difference rests on the closure alone: where the current is respected ({respecting}) there is none "
            "that the bands can tell."
        )


def _beside(verdict: Mapping[str, Any]) -> Iterator[str]:
    """Give what differs beside the velocities."""
    told = [*verdict["readings"], *(["the resistance of the interphase"] if verdict["interphase"] else [])]
    if told:
        yield f"Beyond the 95 % band differ, too: {listed(told)}."


def _voltage(share: Mapping[str, Any]) -> Iterator[str]:
    if share["ratio"]["value"] is None:
        return
    text = (
        f"V / L is {number(share['this'])} against {number(share['first'])} V/mm, {number(share['ratio'])} times; the "
        f"mean field under {share['closure']} is V / L whatever the profiles show"
    )
    rest = share["rest"]["value"]
    if rest is not None:
        both = f"{number(share['velocity_ratio'])} of v(x0)"
        mostly = "mostly that of V / L" if share["mostly_voltage"] else "that of V / L"
        text += f": the ratio {both} is {mostly}, times {plain(rest)} from the profiles"
    yield text + "."


def _row(rows: list[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return next(row for row in rows[1:] if row["name"] == name)


def _numbers(rows: list[Mapping[str, Any]]) -> Table:
    """Return one closure: a line a quantity, a column a cell, each but the first with its ratio."""
    headings = [heading for k, row in enumerate(rows) for heading in (row["name"], *(["against\nfirst"] if k else []))]
    table = layout.columns("quantity", *headings)
    for name, text in _QUANTITIES.items():
        cells = []
        for k, row in enumerate(rows):
            cells += [banded(row[name], floor=STILL), *([_against(row, name)] if k else [])]
        table.add_row(text, *cells)
    return table


def _against(row: Mapping[str, Any], name: str) -> str:
    """Return a ratio of velocities, or a difference of shares."""
    ratio = row.get(f"{name}_ratio")
    if ratio is not None:
        return banded(ratio) + (" *" if significant(ratio) else "")
    return beside.marked(row[f"{name}_difference"])
