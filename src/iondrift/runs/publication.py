"""Files of a folder published together: at every moment the earlier set is whole, or the new one is.

New files are completed in a hidden folder beside their places. Then the ledger, in one stroke, says that the set is
theirs; only then do they move, and a run that was killed in between is finished by the next one. What the ledger does
not list is the user's: it is never replaced, and what the user changed since is moved aside.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import threading
import uuid
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from iondrift.errors import IondriftWarning, StoreError
from iondrift.ledger import LEDGER, MANIFEST, Ledger, fingerprint, read_ledger
from iondrift.progress import finish
from iondrift.runs.lock import PATIENCE, alive, locked
from iondrift.runs.store import added, sync, write_json

_PARTIAL = ".iondrift-partial-"


@contextmanager
def published(
    folder: Path,
    kind: str,
    *,
    expected: Sequence[str] = (),
    adds: bool = False,
    made: Mapping[str, Any] | None = None,
    patience: float = PATIENCE,
) -> Iterator[Path]:
    """Give a temporary folder; what was written there becomes the folder's set when the block ends well.

    A block that removes the temporary folder publishes nothing, and the earlier set stays.

    Parameters
    ----------
    folder
        Where the files belong, held for this writer; it is made when missing.
    kind
        Of the set: an earlier one of its kind is replaced, files that the new one lacks included.
    expected
        Names, or patterns, that are looked at before the block begins: what is there and no ledger lists is refused.
    adds
        The files join the earlier set instead.
    made
        What the set is made of, for the ledger.
    patience
        How long to wait for another writer, s.

    Raises
    ------
    StoreError
        Another process writes there, the folder cannot be written, or it holds a file of the user's in the way.
    """
    with locked(folder, patience=patience):
        try:
            settle(folder)
            staging = folder / f"{_PARTIAL}{_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
            staging.mkdir()
        except OSError as error:
            raise _unwritable(folder, error) from error
        try:
            _refuse_foreign(folder, kind, (place for name in expected for place in sorted(folder.glob(name))))
            yield staging
            try:
                if staging.exists():
                    _publish(staging, folder, kind, adds=adds, made=made)
            except OSError as error:
                raise _unwritable(folder, error) from error
        except StoreError as error:  # the user knows the folder, not the one beside it
            raise StoreError(str(error).replace(f"{staging.name}{os.sep}", "")) from error
        finally:
            if read_ledger(folder).staging != staging.name:
                shutil.rmtree(staging, ignore_errors=True)


def settle(folder: Path) -> None:
    """Finish what a killed run had published but not moved to its places, and clear away what it had not."""
    ledger = read_ledger(folder)
    if ledger.staging is not None:
        _move(folder, ledger)
    for leftover in folder.glob(f"{_PARTIAL}*"):
        if _abandoned(leftover.name):
            shutil.rmtree(leftover)


def _publish(staging: Path, folder: Path, kind: str, *, adds: bool, made: Mapping[str, Any] | None) -> None:
    """Let the ledger name the files of ``staging``, and move them to their places."""
    ledger = read_ledger(folder)
    earlier = ledger.sets.get(kind, {})
    files = {item.relative_to(staging).as_posix(): _completed(item) for item in _items(staging)}
    _refuse_foreign(folder, kind, (folder / name for name in files))
    if not files and not earlier:
        return
    new = Ledger(
        sets={**ledger.sets, kind: {**earlier, **files} if adds else files},
        staging=staging.name,
        earlier={name: digest for name, digest in earlier.items() if name in files or not adds},
        made=ledger.made if adds else _made(ledger, kind, made),
    )
    with uninterrupted():
        _write_ledger(new, staging, folder)
        finish(folder)
        _move(folder, new)


def _made(ledger: Ledger, kind: str, made: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """Return what the sets of a folder are made of once one is replaced."""
    others = {other: of for other, of in ledger.made.items() if other != kind}
    return others if made is None else {**others, kind: made}


def _move(folder: Path, ledger: Ledger) -> None:
    """Move published files from the staging folder to their places, and the earlier set out of the way.

    Begun again after a kill it does what is left.
    """
    staging = folder / str(ledger.staging)
    emptied: set[Path] = set()
    for name, digest in ledger.earlier.items():
        place, waiting = folder / name, (staging / name).exists()
        if not place.exists() or (name in ledger.files and not waiting):
            continue  # gone, or the new one already
        if fingerprint(place) != digest or added(place):
            _set_aside(place)
        elif name not in ledger.files:
            _discard(place, staging)
        emptied.update(parent for parent in place.parents if parent.is_relative_to(folder) and parent != folder)
    for name in ledger.files:
        source, place = staging / name, folder / name
        if source.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.is_dir():
                _discard(place, staging)
            os.replace(source, place)
    for parent in sorted(emptied, key=lambda path: -len(path.parts)):
        if parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
    _write_ledger(replace(ledger, staging=None, earlier={}), staging, folder)
    shutil.rmtree(staging, ignore_errors=True)


def _write_ledger(ledger: Ledger, staging: Path, folder: Path) -> None:
    """Give a folder its ledger in one stroke; a kill leaves no half of it outside the staging folder."""
    os.replace(write_json(ledger.content(), staging / LEDGER), folder / LEDGER)


def _refuse_foreign(folder: Path, kind: str, places: Iterator[Path]) -> None:
    """Refuse to replace what no ledger lists: a file, a store, or a file where a folder belongs."""
    own = read_ledger(folder).sets.get(kind, {})
    for place in places:
        above = (parent for parent in place.parents if parent.is_relative_to(folder) and parent != folder)
        blocked = next((parent for parent in above if parent.exists() and not parent.is_dir()), place)
        if blocked != place or (place.exists() and place.relative_to(folder).as_posix() not in own):
            raise StoreError(
                f"{blocked}: exists and was not written by iondrift; choose another folder, or move it away"
            )


def _items(folder: Path) -> Iterator[Path]:
    """Give the files below a folder, a store as one."""
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not (entry / MANIFEST).is_file():
            yield from _items(entry)
        else:
            yield entry


def _completed(item: Path) -> str:
    """Return the fingerprint of a file or store that is on the disk in full."""
    if item.is_file():
        sync(item)
    return fingerprint(item)


def _set_aside(place: Path) -> None:
    """Keep what the user changed since it was written, under another name, and say so."""
    names = (place.with_name(f"{place.name}.earlier{f'-{n}' if n > 1 else ''}") for n in range(1, 10_000))
    aside = next(name for name in names if not name.exists())
    os.rename(place, aside)
    warnings.warn(
        f"{place}: was changed since iondrift wrote it; it is kept as {aside.name}", IondriftWarning, stacklevel=2
    )


def _discard(place: Path, staging: Path) -> None:
    """Take a file or store out of the way: a store in one stroke, removed with the staging folder."""
    if place.is_dir():
        os.rename(place, staging / f".earlier-{uuid.uuid4().hex}")
    else:
        place.unlink()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put a Ctrl-C off until the block has ended."""
    if threading.current_thread() is not threading.main_thread():  # signals reach the main thread alone
        yield
        return
    came: list[int] = []

    def remember(number: int, _: FrameType | None) -> None:
        came.append(number)

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
    if came:
        raise KeyboardInterrupt


def _host() -> str:
    """Return the name of this machine without what a file name could not hold, or that parts its words."""
    return re.sub(r"[^A-Za-z0-9_.]", "_", socket.gethostname())


def _abandoned(name: str) -> bool:
    """Say whether a staging folder is left over: of another machine's nothing is known, a living process needs it."""
    found = re.fullmatch(rf"{re.escape(_PARTIAL)}(.+)-(\d+)-[0-9a-f]+", name)
    return found is None or (found[1] == _host() and not alive(int(found[2])))


def _unwritable(folder: Path, error: OSError) -> StoreError:
    return StoreError(f"{folder}: cannot be written: {error.strerror or error}")
