"""Whom to tell that kernels are being compiled: seconds that a user waits once after an installation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_watchers: list[Callable[[str | None], None]] = []
_under_way: list[str] = []  # a kernel waits for the helpers that it calls


@contextmanager
def watched_by(watcher: Callable[[str | None], None]) -> Iterator[None]:
    """Give ``watcher`` the name of each kernel whose compilation begins, and None where no other is left."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def begin(kernel: str) -> None:
    """Tell all who watch that the compilation of a kernel begins."""
    _under_way.append(kernel)
    _tell(kernel)


def end(kernel: str) -> None:
    """Tell them where the last one has ended; one that failed in between has ended, too."""
    del _under_way[_under_way.index(kernel) :]
    if not _under_way:
        _tell(None)


def _tell(kernel: str | None) -> None:
    for watcher in tuple(_watchers):
        watcher(kernel)
