"""Results on disk: complete or absent, never half.

A store has a manifest, written last, that lists every file with its size and checksum; single files are written
under a temporary name, synchronised, and given theirs. What belongs together appears together by
:mod:`iondrift.runs.publication`.
"""

from __future__ import annotations

import json
import os
import uuid
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iondrift.errors import StoreError
from iondrift.ledger import MANIFEST, read_ledger

if TYPE_CHECKING:
    import xarray as xr

RESULTS = "results.zarr"
_FORMAT = 1  # of the manifest
_REMEDY = "run the analysis again"
_REAL, _IMAGINARY = "_real", "_imaginary"


def write(dataset: xr.Dataset, path: str | Path) -> Path:
    """Write a dataset as a Zarr store of format 3, new: data first, then the manifest that makes it one.

    Parameters
    ----------
    dataset
        Labelled results.
    path
        Name of the store, a folder that does not exist.

    Raises
    ------
    StoreError
        The place cannot be written, or something is there.
    """
    path = Path(path)
    if path.exists():
        raise StoreError(f"{path}: exists; choose another name, or remove it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        encodable = _variable_texts(dataset)
        encodable.to_zarr(path, mode="w-", zarr_format=3, consolidated=False)
        _consolidate(path)
        _write_manifest(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path


def read(path: str | Path) -> xr.Dataset:
    """Read a store back into memory, every file checked against the manifest, and that against the folder's ledger.

    Raises
    ------
    StoreError
        The store is missing, incomplete or damaged, or not of the set that the ledger beside it names; the message
        names the file.
    """
    place = find(Path(path))
    check(place)
    with _opened(place) as dataset:
        return dataset.load()


def open_results(path: str | Path) -> xr.Dataset:
    """Open results without reading them: arrays are read from the disk where they are used.

    Parameters
    ----------
    path
        A folder of results, a store in one (of Zarr format 2 or 3), or a NetCDF file that iondrift wrote.

    Returns
    -------
    Dataset as it was written, texts in memory, units and meaning in the attributes; close it, or use ``with``.

    Raises
    ------
    StoreError
        There are no results, or the store is incomplete or not of the set that the ledger beside it names. Contents are
        not read; ``iondrift verify`` does that.

    Examples
    --------
    >>> import tempfile
    >>> import xarray as xr
    >>> from iondrift.runs import store
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = store.write(xr.Dataset({"v": ("x", [1.0, 2.0], {"units": "m s-1"})}), f"{folder}/results.zarr")
    ...     with open_results(folder) as found:
    ...         print(found.v.values, found.v.attrs["units"])
    [1. 2.] m s-1
    """
    path = Path(path)
    if path.is_file():
        return _opened_netcdf(path)
    if path.is_dir() and not (path / MANIFEST).is_file():
        path = path / RESULTS
    place = find(path)
    listed = manifest(place)
    for name, entry in listed.items():
        file = place / name
        if not file.is_file() or file.stat().st_size != entry["bytes"]:
            raise StoreError(f"{place}: incomplete, {name} is missing or cut short; {_REMEDY}")
    return _opened(place)


def find(path: Path) -> Path:
    """Return where a store is now, checked against the ledger of its folder; StoreError where there is none."""
    place = read_ledger(path.parent).find(path.parent, path.name)
    if not place.is_dir():
        raise StoreError(f"{path}: no results here; 'iondrift run' writes them")
    return place


def write_netcdf(dataset: xr.Dataset, path: str | Path) -> Path:
    """Write a dataset as one NetCDF file, under a temporary name until it is complete.

    NetCDF knows no complex numbers: they become two variables, ``NAME_real`` and ``NAME_imaginary``, which
    :func:`open_results` joins again.

    Raises
    ------
    StoreError
        The place cannot be written.
    """
    return _replace(path, lambda partial: _without_complex(dataset).to_netcdf(partial, engine="h5netcdf"))


def write_text(text: str, path: str | Path) -> Path:
    """Write a text file by temporary file, fsync and replace.

    Raises
    ------
    StoreError
        The place cannot be written.
    """
    # names of files that are no text in the encoding of the system hold lone surrogates
    return write_bytes(text.encode(errors="backslashreplace"), path)


def write_bytes(content: bytes, path: str | Path) -> Path:
    """Write a file by temporary file, fsync and replace.

    Raises
    ------
    StoreError
        The place cannot be written.
    """
    return _replace(path, lambda partial: partial.write_bytes(content))


def write_json(content: Mapping[str, Any], path: str | Path) -> Path:
    """Write JSON with neither NaN nor Infinity, which JSON does not know; see :func:`write_text`.

    Raises
    ------
    StoreError
        The place cannot be written.
    """
    return write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", path)


def _replace(path: str | Path, write_to: Callable[[Path], object]) -> Path:
    """Write a file under a temporary name, fsync it, and give it its name."""
    path = Path(path)
    partial = path.with_name(f".{path.name}.partial-{uuid.uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_to(partial)
            sync(partial)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path


def _write_manifest(store: Path) -> None:
    files = {}
    for file in _files(store):
        content = file.read_bytes()
        sync(file)
        files[file.relative_to(store).as_posix()] = {"bytes": len(content), "crc32": zlib.crc32(content)}
    write_json({"format": _FORMAT, "files": files}, store / MANIFEST)


def manifest(store: Path) -> dict[str, dict[str, int]]:
    """Return size and checksum of each file of a store, as its manifest lists them; StoreError where it does not."""
    try:
        content = json.loads((store / MANIFEST).read_text())
        files: dict[str, dict[str, int]] = dict(content["files"])
    except FileNotFoundError as error:
        raise StoreError(f"{store}: incomplete, it has no {MANIFEST}; {_REMEDY}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{store}: its {MANIFEST} cannot be read ({error}); {_REMEDY}") from error
    if content.get("format") != _FORMAT:
        raise StoreError(f"{store}: written in format {content.get('format')!r}, this version reads {_FORMAT}")
    return files


def check(store: Path) -> None:
    """Read every file of a store and compare it with the manifest; StoreError names the first that differs."""
    for name, expected in manifest(store).items():
        try:
            content = (store / name).read_bytes()
        except OSError as error:
            raise StoreError(f"{store}: incomplete, {name} is missing; {_REMEDY}") from error
        if len(content) != expected["bytes"] or zlib.crc32(content) != expected["crc32"]:
            raise StoreError(f"{store}: damaged, {name} is not what was written; {_REMEDY}")


def _opened(store: Path) -> xr.Dataset:
    import numpy as np
    import xarray as xr

    found: xr.Dataset = xr.open_zarr(store, consolidated=True, chunks=None)
    return _converted(found, "OT", lambda values: np.array(values.tolist(), dtype=str).reshape(values.shape))


def _opened_netcdf(path: Path) -> xr.Dataset:
    import xarray as xr

    try:
        found = xr.open_dataset(path, engine="h5netcdf")
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: is no NetCDF file that can be read ({error})") from error
    for name in [str(name) for name in found.data_vars if str(name).endswith(_REAL)]:
        stem = name.removesuffix(_REAL)
        if stem + _IMAGINARY in found:
            joined = found[name] + 1j * found[stem + _IMAGINARY]
            found[stem] = joined.assign_attrs(found[name].attrs)
            found = found.drop_vars([name, stem + _IMAGINARY])
    return found


def _without_complex(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset with two real variables in place of each complex one."""
    names = [str(name) for name, array in dataset.data_vars.items() if array.dtype.kind == "c"]
    parts = {}
    for name in names:
        parts[name + _REAL], parts[name + _IMAGINARY] = dataset[name].real, dataset[name].imag
    kept = {name: array.assign_attrs(dataset[name.rpartition("_")[0]].attrs) for name, array in parts.items()}
    return dataset.drop_vars(names).assign(kept)


def _variable_texts(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset whose texts are of any length each: format 3 specifies no others."""
    return _converted(dataset, "U", lambda values: values.astype(object))


def _converted(dataset: xr.Dataset, kinds: str, convert: Callable[[Any], Any]) -> xr.Dataset:
    """Return a dataset whose variables of these kinds of dtype hold converted values."""
    found = {
        str(name): (array.dims, convert(array.values), array.attrs)
        for name, array in dataset.variables.items()
        if array.dtype.kind in kinds
    }
    coords = {name: variable for name, variable in found.items() if name in dataset.coords}
    return dataset.assign_coords(coords).assign({k: v for k, v in found.items() if k not in coords})


def _consolidate(store: Path) -> None:
    """Repeat the metadata of all arrays in the store's own, where xarray finds them; others pass it over."""
    root = store / "zarr.json"
    arrays = {file.parent.name: json.loads(file.read_text()) for file in sorted(store.glob("*/zarr.json"))}
    inline = {"kind": "inline", "must_understand": False, "metadata": arrays}
    root.write_text(json.dumps(json.loads(root.read_text()) | {"consolidated_metadata": inline}, indent=2))


def sync(file: Path) -> None:
    """Wait until a file is on the disk."""
    descriptor = os.open(file, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def added(store: Path) -> list[Path]:
    """Return the files in a store that its manifest does not list: somebody put them there."""
    if not store.is_dir():
        return []
    listed = {*manifest(store), MANIFEST}
    return [file for file in _files(store) if file.relative_to(store).as_posix() not in listed]


def _files(store: Path) -> list[Path]:
    return sorted(file for file in store.rglob("*") if file.is_file())
