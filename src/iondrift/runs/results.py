"""A folder of results: what its files are called, and the one way to publish and to print them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iondrift.errors import StoreError, plain
from iondrift.ledger import RESULTS_SET, read_ledger
from iondrift.runs import store
from iondrift.runs.crate import CRATE, metadata
from iondrift.runs.export import write_csv
from iondrift.runs.lock import PATIENCE
from iondrift.runs.publication import published
from iondrift.runs.record import Record
from iondrift.runs.store import RESULTS

if TYPE_CHECKING:
    import xarray as xr
    from rich.console import RenderableType

IMPEDANCE = "impedance.zarr"
LINESHAPE = "lineshape.zarr"
DIFFUSION = "diffusion.zarr"
PARTS = {"impedance": IMPEDANCE, "diffusion": DIFFUSION, "lineshape": LINESHAPE}  # by their place in the summary
SUMMARY = "summary.json"
REPORT = "report.txt"
FIGURES = "figures"
NETCDF = "results.nc"
CSV = "csv"


@dataclass(frozen=True)
class Publication:
    """Files that appear in a folder together, once all of them are complete.

    Attributes
    ----------
    staging
        Where they are written.
    record
        What they are made of, where that is known.
    began
        When the work on them did.
    """

    staging: Path
    record: Record | None = None
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def figures(self) -> Path:
        """Where figures belong."""
        return self.staging / FIGURES

    def abandon(self) -> None:
        """Publish nothing; what is there stays."""
        shutil.rmtree(self.staging)

    def store(self, dataset: xr.Dataset, name: str = RESULTS) -> None:
        """Write labelled results."""
        store.write(dataset, self.staging / name)

    def netcdf(self, dataset: xr.Dataset) -> None:
        """Write labelled results as one NetCDF file."""
        store.write_netcdf(dataset, self.staging / NETCDF)

    def tables(self, dataset: xr.Dataset, name: str = "") -> None:
        """Write labelled results as CSV, those of a part of the analysis into a folder of its name."""
        write_csv(dataset, self.staging / CSV / name)

    def report(self, text: str, summary: Mapping[str, Any]) -> None:
        """Write the report and the summary that it was made of."""
        store.write_text(text, self.staging / REPORT)
        store.write_json(summary, self.staging / SUMMARY)

    def provenance(self, name: str, warnings: Sequence[str]) -> None:
        """Write, last of all, what the other files are made of, for machines that read RO-Crates."""
        if self.record is not None:
            ended = datetime.now(UTC)
            told = metadata(self.staging, self.record, name=name, warnings=warnings, began=self.began, ended=ended)
            store.write_json(told, self.staging / CRATE)


@contextmanager
def publication(folder: Path, record: Record | None = None, *, patience: float = PATIENCE) -> Iterator[Publication]:
    """Hold a folder while its results are computed and written; publish them when the block ends well.

    Whatever was there stays as it is until then, and where the block fails; then all that an earlier run wrote goes,
    and what the user changed of it is moved aside.

    Parameters
    ----------
    folder
        Where results belong.
    record
        What they are made of, so that the next run can tell whether they stand.
    patience
        How long to wait for another writer, s.

    Raises
    ------
    StoreError
        Another process writes there, the folder cannot be written, or a file of the user's bears such a name.
    """
    made, expected = None if record is None else record.content(), (RESULTS, SUMMARY, REPORT, CRATE)
    with published(folder, RESULTS_SET, expected=expected, made=made, patience=patience) as staging:
        yield Publication(staging, record)


def read_summary(folder: Path) -> Mapping[str, Any]:
    """Return the summary that stands in a folder.

    Raises
    ------
    StoreError
        It cannot be read, or is not the one the ledger names.
    """
    path = read_ledger(folder).find(folder, SUMMARY)
    try:
        found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); run the analysis with --again") from error
    return found


def tell(
    summary: Mapping[str, Any],
    folder: Path,
    render: Callable[[Mapping[str, Any]], RenderableType],
    *,
    as_text: bool,
    note: str = "",
) -> None:
    """Print a report and where its results are, or the summary as JSON, to stdout.

    Parameters
    ----------
    summary, folder
        Of a finished job.
    render
        Makes the report of the summary.
    as_text
        False: JSON.
    note
        Behind the folder: how results came about.
    """
    from iondrift.report.console import layout

    if not as_text:
        print(as_json(summary))
        return
    stdout = layout.console_on()
    layout.write(render(summary), stdout)
    stdout.print(f"Results in {plain(folder)}{note}", soft_wrap=True)


def as_json(summary: Any) -> str:
    """Return a summary, or several by name, as JSON with neither NaN nor Infinity."""
    return json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False)
