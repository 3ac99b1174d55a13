"""Results on disk: complete or absent, never half.

A store is written under a temporary name next to its place: data first, then a manifest that lists every
file with its size and checksum (temporary file, fsync, ``os.replace``), and only then moved to its name. What
was there before is moved aside first and removed last, so a kill at any moment leaves either the old or the
new results whole; :func:`read` finishes an interrupted exchange.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iondrift.errors import StoreError
from iondrift.runs.lock import alive

if TYPE_CHECKING:
    import xarray as xr

MANIFEST = "iondrift-manifest.json"
_FORMAT = 1
_PARTIAL = ".iondrift-partial-"


@contextmanager
def staged(folder: str | Path) -> Iterator[Path]:
    """Give a temporary folder; what was written there moves into ``folder`` when the block ends well.

    Parameters
    ----------
    folder
        Where the files belong; what it holds besides is left alone.

    Raises
    ------
    StoreError
        The folder cannot be written.
    """
    folder = Path(folder)
    staging = folder / f"{_PARTIAL}{_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob(f"{_PARTIAL}*"):
            if _abandoned(leftover.name):
                shutil.rmtree(leftover)
        staging.mkdir()
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error.strerror or error}") from error
    try:
        yield staging
        for manifest in staging.rglob(MANIFEST):
            _refuse_foreign(folder / manifest.parent.relative_to(staging))
        try:
            _publish(staging, folder)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _host() -> str:
    """Return the name of this machine without what a file name could not hold, or that parts its words."""
    return re.sub(r"[^A-Za-z0-9_.]", "_", socket.gethostname())


def _abandoned(name: str) -> bool:
    """Say whether a staging folder is left over: of another machine's nothing is known, a living process needs it."""
    found = re.fullmatch(rf"{re.escape(_PARTIAL)}(.+)-(\d+)-[0-9a-f]+", name)
    return found is None or (found[1] == _host() and not alive(int(found[2])))


def write(dataset: xr.Dataset, path: str | Path) -> Path:
    """Write a dataset as a Zarr store that is complete or absent.

    Parameters
    ----------
    dataset
        Labelled results.
    path
        Name of the store, a folder; results already there are replaced once the new ones are complete.

    Raises
    ------
    StoreError
        The place cannot be written, or holds something that is not a result of this program.
    """
    path = Path(path)
    _finish_exchange(path)
    _refuse_foreign(path)
    partial = path.with_name(f".{path.name}.partial-{uuid.uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # format 2 is a published specification in full, strings and consolidated metadata included
            dataset.to_zarr(partial, mode="w-", zarr_format=2, consolidated=True)
            _write_manifest(partial)
            _exchange(partial, path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path


def read(path: str | Path) -> xr.Dataset:
    """Read a store back into memory, every file checked against the manifest.

    Raises
    ------
    StoreError
        The store is missing, incomplete or damaged; the message names the file in it.
    """
    import xarray as xr

    path = Path(path)
    _finish_exchange(path)
    if not path.is_dir():
        raise StoreError(f"{path}: no results here; 'iondrift run' writes them")
    _check_manifest(path)
    dataset: xr.Dataset
    with xr.open_zarr(path, consolidated=True) as dataset:
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
    return write_bytes(text.encode(), path)


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
            _sync(partial)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path


def _publish(staging: Path, folder: Path) -> None:
    for entry in sorted(staging.iterdir()):
        target = folder / entry.name
        if (entry / MANIFEST).is_file():
            _finish_exchange(target)
            _exchange(entry, target)
        elif entry.is_dir():
            target.mkdir(exist_ok=True)
            _publish(entry, target)
        else:
            os.replace(entry, target)


def _refuse_foreign(path: Path) -> None:
    if path.exists() and not (path / MANIFEST).is_file():
        raise StoreError(f"{path}: exists and was not written by iondrift; choose another folder or remove it")


def _write_manifest(store: Path) -> None:
    files = {}
    for file in _files(store):
        content = file.read_bytes()
        _sync(file)
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


def _exchange(new: Path, path: Path) -> None:
    if not path.exists():
        os.rename(new, path)
        return
    previous = _previous(path)
    os.rename(path, previous)
    os.rename(new, path)
    shutil.rmtree(previous)


def _finish_exchange(path: Path) -> None:
    """Put back, or clear away, what a kill in the middle of an exchange left."""
    previous = _previous(path)
    if not previous.is_dir():
        return
    try:
        if path.exists():
            shutil.rmtree(previous)
        else:
            os.rename(previous, path)
    except OSError as error:
        raise StoreError(f"{path}: an interrupted run left {previous}, which cannot be moved: {error}") from error


def _previous(path: Path) -> Path:
    return path.with_name(f".{path.name}.previous")


def _files(store: Path) -> list[Path]:
    return sorted(file for file in store.rglob("*") if file.is_file())


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
