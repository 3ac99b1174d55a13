"""What results hold and what they were made of, for the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from iondrift.report.console.texts import table_of_facts


def write(found: Mapping[str, Any], console: Console) -> None:
    """Print what :func:`iondrift.runs.inspect.info` returns."""
    for name, held in found["stores"].items():
        sizes = ", ".join(f"{size} {dim}" for dim, size in held["sizes"].items())
        console.print(Text(f"{name}: {held['bytes'] / 1e6:.3g} MB; {sizes}", style="bold"))
        console.print(Padding(_variables(held["variables"]), (0, 0, 1, 2), expand=False))
    console.print(Text("Made of", style="bold"))
    console.print(Padding(table_of_facts(dict(_made(found["made"]))), (0, 0, 0, 2), expand=False))


def _variables(variables: Mapping[str, Any]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("variable", "dims", "unit", "meaning"):
        table.add_column(heading, overflow="fold")
    for name, entry in sorted(variables.items()):
        table.add_row(*map(Text, (name, " ".join(entry["dims"]), entry["unit"], entry["meaning"])))
    return table


def _made(record: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    if record is None:
        yield "", "the folder does not say: an earlier version wrote it"
        return
    yield "command", f"iondrift {record['command']}"
    yield "inputs", f"{len(record['inputs'])} files in {record['base']}"
    yield "versions", ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    yield from _settings(record["settings"])


def _settings(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Give every setting that has a value, by its dotted name."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _settings(value, f"{above}{name}.")
        elif value is not None:
            yield f"{above}{name}", str(value)
