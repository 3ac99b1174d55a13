"""The printed comparison of cells: what differs, what rests on the closure, then the numbers under each closure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from iondrift.report.console import layout
from iondrift.report.console.rounding import plain
from iondrift.report.console.texts import STILL, banded, limited, number, with_unit
from iondrift.report.summary.comparison import significant


def render(comparison: Mapping[str, Any]) -> RenderableType:
    """Return the printed comparison.

    Parameters
    ----------
    comparison
        What :func:`iondrift.report.summary.comparison.build` returns.
    """
    return layout.sections(title(comparison), *parts(comparison))


def title(comparison: Mapping[str, Any]) -> str:
    """Return what it is called."""
    return " against ".join([cell["name"] for cell in comparison["cells"]][::-1])


def to_text(comparison: Mapping[str, Any], *, width: int = 100) -> str:
    """Return the comparison as plain text of a given width."""
    return layout.plain_text(render(comparison), width)


def write(comparison: Mapping[str, Any], console: Console) -> None:
    """Print the comparison; to a pipe as plain text."""
    layout.write(render(comparison), console)


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
        found.append((f"Closure {name}{mark}", Group(_velocities(rows), "", _shape(rows))))
    found.append(("Beside the velocities", _beside(comparison)))
    legend = f"Ratios over {first}, draw by draw, with 68 % bands; *: beyond 1 by the 95 % band. " + (
        "Draws of D(c), c0, temperature, field of view and t- are common to the cells." if comparison["paired"] else ""
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
        texts += _voltage(share)
    return texts


def _significance(verdict: Mapping[str, Any]) -> Iterator[str]:
    differs, same = (" and ".join(verdict[key]) for key in ("differs", "does_not"))
    if differs and same:
        yield f"They differ beyond the 95 % band under {differs}, not under {same}."
    elif differs:
        yield f"They differ beyond the 95 % band under {differs}."
    elif same:
        yield f"No difference beyond the 95 % band under {same}."
    if verdict["rests_on_the_closure"]:
        respecting = " and ".join(verdict["respecting"])
        yield f"The difference rests on the closure alone: where the current is respected ({respecting}) there is none."


def _voltage(share: Mapping[str, Any]) -> Iterator[str]:
    if share["ratio"]["value"] is None:
        return
    text = (
        f"V / L is {number(share['this'])} against {number(share['first'])} V/mm, {number(share['ratio'])} times; the "
        f"mean field under {share['closure']} is V / L whatever the profiles show"
    )
    if share["share"]["value"] is not None:
        text += (
            f": of the ratio {number(share['velocity_ratio'])} of v(x0), {plain(share['share']['value'], 2)} % (of its "
            "logarithm) is the ratio of V / L"
        )
    yield text + "."


def _row(rows: list[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return next(row for row in rows[1:] if row["name"] == name)


def _velocities(rows: list[Mapping[str, Any]]) -> Table:
    table = layout.columns("cell", "v(x0)\num/h", "over\nfirst", "v(xL)\num/h", "over\nfirst")
    for row in rows:
        cells = []
        for place in ("x0", "xL"):
            cells += [banded(row[place], floor=STILL), _marked(row.get(f"{place}_ratio"))]
        table.add_row(Text(row["name"]), *cells)
    return table


def _shape(rows: list[Mapping[str, Any]]) -> Table:
    table = layout.columns("cell", "maximum\num/h", "over\nfirst", "spread\n%", "in CV, x0\n%", "in CV, xL\n%")
    for row in rows:
        changes = [banded(row[name]) for name in ("spatial_spread", "growth_x0", "growth_xL")]
        table.add_row(
            Text(row["name"]), banded(row["maximum"], floor=STILL), _marked(row.get("maximum_ratio")), *changes
        )
    return table


def _marked(ratio: Mapping[str, Any] | None) -> str:
    if ratio is None:
        return ""
    return banded(ratio) + (" *" if significant(ratio) else "")


def _beside(comparison: Mapping[str, Any]) -> Table:
    """Return onset against Sand's time and the resistance of the interphase."""
    with_interphase = any(cell["interphase"] is not None for cell in comparison["cells"])
    headings = ["cell", "onset\nmin", "Sand's time\nmin", "onset over\nSand's time"]
    table = layout.columns(*headings, *(["interphase,\nlast spectrum", "change\n%"] if with_interphase else []))
    for cell in comparison["cells"]:
        onset = cell["onset"]
        shown = "-" if onset["value"] is None else f"{number(onset)} +- {number(onset['uncertainty'], 2)}"
        values = [shown, banded(cell["sand_time"]), with_unit(cell["onset_over_sand_time"]).removesuffix(" 1")]
        if with_interphase:
            found = cell["interphase"]
            last = "-" if found is None else f"{limited(found['last'])} {found['last']['unit']}"
            values += [last, "-" if found is None else number(found["change"])]
        table.add_row(Text(cell["name"]), *values)
    return table
