"""How steps of a long computation are told, and which results are complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TypeAlias

Progress: TypeAlias = Callable[[str], None]  # is given the name of each step as it begins


class Counted(str):
    """The name of a step that is one of many: ``done`` of ``total`` are over."""

    __slots__ = ("done", "total")

    def __new__(cls, step: str, done: int, total: int) -> Counted:
        """Return the name with its numbers; whoever takes a plain text sees none of them."""
        found = super().__new__(cls, step)
        found.done, found.total = done, total
        return found

    done: int
    total: int


def silent(_: str) -> None:
    """Take the name of a step and do nothing."""


def compilation_watched_by(watcher: Callable[[str | None], None]) -> AbstractContextManager[None]:
    """Give ``watcher`` the name of each kernel whose compilation begins, and None where no other is left."""
    from iondrift_kernels.compile_watch import watched_by

    return watched_by(watcher)


_FINISHED: ContextVar[list[Path] | None] = ContextVar("finished", default=None)


@contextmanager
def finished_folders() -> Iterator[list[Path]]:
    """Give the list to which every folder is added whose new results are complete, for whoever is interrupted."""
    folders: list[Path] = []
    before = _FINISHED.set(folders)
    try:
        yield folders
    finally:
        _FINISHED.reset(before)


def finish(folder: Path) -> None:
    """Say that the new results of a folder are complete."""
    folders = _FINISHED.get()
    if folders is not None:
        folders.append(folder)
