"""How steps of a long computation are told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeAlias

Progress: TypeAlias = Callable[[str], None]  # is given the name of each step as it begins


def silent(_: str) -> None:
    """Take the name of a step and do nothing."""


def compilation_watched_by(watcher: Callable[[str | None], None]) -> AbstractContextManager[None]:
    """Give ``watcher`` the name of each kernel whose compilation begins, and None where no other is left."""
    from iondrift_kernels.compile_watch import watched_by

    return watched_by(watcher)
