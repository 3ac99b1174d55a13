"""What came of a batch: one table over its cells, on paper (summary.csv, summary.json) and on the screen."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from iondrift.errors import plain
from iondrift.report.summary import batch as summaries
from iondrift.report.summary.quantities import of_plain_text
from iondrift.runs import store
from iondrift.runs.many import CellResult
from iondrift.runs.publication import published
from iondrift.runs.results import SUMMARY, read_summary
from iondrift.runs.results import as_json as to_json

TABLE = "summary.csv"
_KIND = "batch"


@of_plain_text
def overview(results: Sequence[CellResult]) -> dict[str, Any]:
    """Return headline numbers of each cell by its name, those that failed with what went wrong.

    Whether a cell was computed now or stood before is told by nothing here: the same cells give the same overview.
    """
    return {result.task.name: _entry(result) for result in results}


def write(cells: Mapping[str, Any], out: Path) -> None:
    """Write the overview of a batch into its folder, in place of an earlier one.

    Raises
    ------
    StoreError
        The folder cannot be written, or holds files of these names that iondrift did not write.
    """
    rows = [summaries.row(name, entry) for name, entry in cells.items()]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with published(out, _KIND, expected=(TABLE, SUMMARY)) as staging:
        store.write_text(text.getvalue(), staging / TABLE)
        store.write_json({"cells": cells}, staging / SUMMARY)


def show(results: Sequence[CellResult], cells: Mapping[str, Any], out: Path, *, as_json: bool, quiet: bool) -> None:
    """Print the table (or JSON) to stdout; errors, and defects with their traceback, to stderr."""
    from iondrift.report.console.batch import table
    from iondrift.report.console.layout import console_on

    stdout, stderr = console_on(), console_on(stderr=True)
    for result in results:
        for text in (result.defect, result.error and f"error: {result.task.name}: {result.error}"):
            if text:
                stderr.print(plain(text), soft_wrap=True)
        for note in result.notes:
            stderr.print(plain(f"warning: {result.task.name}: {note}"), soft_wrap=True)
    if as_json:
        print(to_json({"cells": cells}))
    elif not quiet:
        states = {result.task.name: str(result.state) for result in results}
        stdout.print(table(cells, states))
        counts = [f"{list(states.values()).count(state)} {state}" for state in ("done", "stands", "failed")]
        said = ", ".join(count for count in counts if not count.startswith("0 ")).replace("stands", "stood already")
        stdout.print(f"{len(results)} cells: {said}. Table in {plain(out / TABLE)}", soft_wrap=True)


def _entry(result: CellResult) -> dict[str, Any]:
    where = {"experiment_file": str(result.task.file), "results": str(result.task.folder)}
    if result.state == "failed":
        return {"state": "failed", "error": result.error, **where}
    return {"state": "complete", **summaries.headline(read_summary(result.task.folder)), **where}
