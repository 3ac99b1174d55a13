"""Looking at results: what a store holds, what it was made of, and whether it is still what was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iondrift.errors import ConfigurationError, StoreError
from iondrift.ledger import MANIFEST, RESULTS_SET, fingerprint, read_ledger
from iondrift.progress import Progress, silent
from iondrift.runs import store
from iondrift.runs.export import write_csv
from iondrift.runs.record import Record

if TYPE_CHECKING:
    import xarray as xr

    from iondrift.runs.options import RunOptions


def stores_of(path: Path) -> dict[str, Path]:
    """Return the stores of a folder of results by their names without suffix, or the one that is named.

    Raises
    ------
    StoreError
        There is none.
    """
    if (path / MANIFEST).is_file():
        return {path.stem: path}
    ledger = read_ledger(path)
    found = [path / name for name in ledger.sets.get(RESULTS_SET, {}) if name.endswith(".zarr")]
    found = found or sorted(place.parent for place in path.glob(f"*.zarr/{MANIFEST}"))
    if not found:
        raise StoreError(f"{path}: no results here; 'iondrift run' and 'iondrift drt' write them")
    return {place.stem: place for place in found}


def export(path: Path, *, csv: Path | None = None, netcdf: Path | None = None) -> list[Path]:
    """Write results as CSV into a folder, or as one NetCDF file; return what was written.

    A cell's impedance goes to ``impedance/`` beside the other tables, and to ``NAME-impedance.nc``.

    Raises
    ------
    ConfigurationError
        Neither is asked for.
    StoreError
        There are no results, or the place cannot be written.
    """
    if csv is None and netcdf is None:
        raise ConfigurationError("nothing to write: give --csv DIR, --netcdf FILE, or both")
    written: list[Path] = []
    for name, place in stores_of(path).items():
        first = place.name == store.RESULTS or (path / MANIFEST).is_file()
        with store.open_results(place) as dataset:
            if csv is not None:
                written += write_csv(dataset, csv if first else csv / name)
            if netcdf is not None:
                file = netcdf if first else netcdf.with_name(f"{netcdf.stem}-{name}{netcdf.suffix}")
                written.append(store.write_netcdf(dataset.load(), file))
    return written


def info(path: Path) -> dict[str, Any]:
    """Return what results hold and what they were made of: dims, variables with unit and meaning, record.

    Raises
    ------
    StoreError
        There are none.
    """
    found: dict[str, Any] = {}
    for name, place in stores_of(path).items():
        with store.open_results(place) as dataset:
            found[name] = {
                "bytes": sum(entry["bytes"] for entry in store.manifest(store.find(place)).values()),
                "sizes": {str(dim): size for dim, size in dataset.sizes.items()},
                "variables": {str(key): _described(dataset[key]) for key in dataset.variables},
            }
    record = Record.read(path if not (path / MANIFEST).is_file() else path.parent)
    return {"stores": found, "made": None if record is None else record.content()}


def _described(array: xr.DataArray) -> dict[str, Any]:
    return {
        "dims": [*map(str, array.dims)],
        "unit": array.attrs.get("units", ""),
        "meaning": array.attrs.get("long_name", ""),
    }


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a verification found.

    Attributes
    ----------
    files, inputs
        How many were read and are as they were.
    recomputed
        Names of the arrays that came out bit for bit again; empty where nothing was recomputed.
    faults
        What is not as it was, in words.
    """

    files: int
    inputs: int
    recomputed: tuple[str, ...]
    faults: tuple[str, ...]


def verify(folder: Path, *, recompute: bool = True, progress: Progress = silent) -> Verdict:
    """Read every file of the results and every input again, and compute a cell anew: each array bit for bit.

    Parameters
    ----------
    folder
        Of results.
    recompute
        False: read alone.
    progress
        Told each step as it begins.

    Raises
    ------
    StoreError
        There are no results, or they say nothing of what they were made of.
    """
    record = Record.read(folder)
    if record is None:
        raise StoreError(f"{folder}: no results that say what they were made of; 'iondrift run' writes them")
    progress("reading results")
    faults = [*_faulty_files(folder)]
    progress("reading inputs")
    changed = [name for name, digest in record.inputs.items() if _digest(Path(record.base) / name) != digest]
    faults += (f"input {Path(record.base) / name}: is not what the results were made of" for name in changed)
    recomputed: tuple[str, ...] = ()
    if recompute and not faults:
        recomputed, differing = _again(folder, record, progress)
        faults += differing
    return Verdict(
        files=len(read_ledger(folder).sets[RESULTS_SET]),
        inputs=len(record.inputs) - len(changed),
        recomputed=recomputed,
        faults=tuple(faults),
    )


def _faulty_files(folder: Path) -> list[str]:
    """Return what is wrong with the files of a folder, each read in full."""
    ledger, faults = read_ledger(folder), []
    for name in ledger.sets.get(RESULTS_SET, {}):
        try:
            place = ledger.find(folder, name)
            if not place.exists():
                faults.append(f"{folder / name}: is missing")
            elif place.is_dir():
                store.check(place)
        except StoreError as error:
            faults.append(str(error))
    return faults


def _digest(path: Path) -> str:
    return fingerprint(path) if path.is_file() else ""


def _again(folder: Path, record: Record, progress: Progress) -> tuple[tuple[str, ...], list[str]]:
    """Compute a cell again; return the arrays that are the same bit for bit, and what is not, in words."""
    from iondrift.experiment import pipeline
    from iondrift.experiment.file.schema import load
    from iondrift.runs.cell import record_of

    if record.command != "run" or record.settings["experiment_file"] is None:
        return (), []
    asked = record.settings["experiment"]["reconstruction"]
    experiment = load(Path(record.base) / record.settings["experiment_file"])
    experiment = experiment.with_options(closure=asked["closure"], smoothing=asked["smoothing"])
    options = _options(record.settings)
    changed = record_of(experiment, options).changes(record)
    if changed:
        return (), [f"cannot be computed again: {change}" for change in changed]
    dataset = pipeline.analyse(experiment, bands=options.bands, progress=progress).dataset
    with store.open_results(folder / store.RESULTS) as stored:
        names = sorted({*map(str, stored.variables), *map(str, dataset.variables)})
        same = [name for name in names if _bits(dataset, name) == _bits(stored, name)]
    return tuple(same), [f"{name}: is another when it is computed again" for name in names if name not in same]


def _bits(dataset: xr.Dataset, name: str) -> tuple[Any, ...]:
    if name not in dataset.variables:
        return ()
    values = dataset[name].values
    return dataset[name].dims, values.shape, values.tolist() if values.dtype.kind in "OTU" else values.tobytes()


def _options(settings: Mapping[str, Any]) -> RunOptions:
    """Return the options of a run from its record."""
    from iondrift.drift.bands.options import DrawOptions
    from iondrift.runs.options import RunOptions

    found = {entry.name: settings[entry.name] for entry in fields(RunOptions) if entry.name in settings}
    bands = found.pop("bands")
    return RunOptions(**found, bands=None if bands is None else DrawOptions(**bands))
