"""One writer at a time in a folder of results."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from iondrift.errors import BusyError, StoreError

LOCK = ".iondrift-lock"
PATIENCE = 10.0  # s that a second writer waits for the first


@contextmanager
def locked(folder: Path, *, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the folder; it is made when missing, and gone again where nothing was left in it.

    The lock is the operating system's: it vanishes with its process, so that a killed run locks nobody out. Where a
    file system knows no such lock, filelock falls back to a marker file that it clears when its process has ended.

    Parameters
    ----------
    folder
        To be written to.
    patience
        How long to wait for another writer, s.

    Raises
    ------
    BusyError
        Another process writes there, and is named.
    StoreError
        The folder cannot be made.
    """
    from filelock import FileLock, Timeout

    made = [path for path in (folder, *folder.parents) if not path.exists()]
    place = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place)
        lock.acquire(timeout=patience)
    except Timeout:
        raise BusyError(
            f"{folder}: {_owner(place)} is writing results there; wait until it has finished, or choose another folder"
        ) from None
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error.strerror or error}") from error
    try:
        with suppress(OSError):  # on a full disk the owner stays unnamed; the lock holds
            place.write_text(
                json.dumps(
                    {
                        "process": os.getpid(),
                        "host": socket.gethostname(),
                        "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}",
                    }
                )
            )
        yield
    finally:
        with suppress(OSError):  # some systems keep an open file; an empty lock locks nobody out
            place.unlink()
        lock.release()
        for path in made:
            with suppress(OSError):  # it holds something, as it should
                path.rmdir()


def alive(process: int) -> bool:
    """Say whether a process of this machine exists."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _owner(place: Path) -> str:
    """Return who holds a lock, in words."""
    try:
        owner = json.loads(place.read_text())
        return f"process {owner['process']} on {owner['host']}, since {owner['since']},"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
