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

_FORMAT = 1


def write(dataset: xr.Dataset, path: str | Path) -> Path:
    """Write a dataset as a Zarr store, new: data first, then the manifest that makes it one.

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
        # format 2 is a published specification in full, strings and consolidated metadata included
        dataset.to_zarr(path, mode="w-", zarr_format=2, consolidated=True)
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
    import xarray as xr

    path = Path(path)
    place = read_ledger(path.parent).find(path.parent, path.name)
    if not place.is_dir():
        raise StoreError(f"{path}: no results here; 'iondrift run' writes them")
    _check_manifest(place)
    dataset: xr.Dataset
    with xr.open_zarr(place, consolidated=True) as dataset:
        return dataset.load()


def write_netcdf(dataset: xr.Dataset, path: str | Path) -> Path:
    """Write a dataset as one NetCDF file, under a temporary name until it is complete.

    Raises
    ------
    StoreError
        The place cannot be written.
    """
    return _replace(path, lambda partial: dataset.to_netcdf(partial, engine="h5netcdf"))


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


def _check_manifest(store: Path) -> None:
    remedy = "run the analysis again"
    try:
        manifest = json.loads((store / MANIFEST).read_text())
        files = manifest["files"].items()
    except FileNotFoundError as error:
        raise StoreError(f"{store}: incomplete, it has no {MANIFEST}; {remedy}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{store}: its {MANIFEST} cannot be read ({error}); {remedy}") from error
    if manifest.get("format") != _FORMAT:
        raise StoreError(f"{store}: written in format {manifest.get('format')!r}, this version reads {_FORMAT}")
    for name, expected in files:
        try:
            content = (store / name).read_bytes()
        except OSError as error:
            raise StoreError(f"{store}: incomplete, {name} is missing; {remedy}") from error
        if len(content) != expected["bytes"] or zlib.crc32(content) != expected["crc32"]:
            raise StoreError(f"{store}: damaged, {name} is not what was written; {remedy}")


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
    listed = json.loads((store / MANIFEST).read_text())["files"]
    return [file for file in _files(store) if file.relative_to(store).as_posix() not in (*listed, MANIFEST)]


def _files(store: Path) -> list[Path]:
    return sorted(file for file in store.rglob("*") if file.is_file())
