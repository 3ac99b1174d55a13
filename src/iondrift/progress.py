"""How steps of a long computation are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from iondrift_kernels.compile_watch import watched_by as compilation_watched_by

__all__ = ["Progress", "compilation_watched_by", "silent"]

Progress: TypeAlias = Callable[[str], None]  # is given the name of each step as it begins


def silent(_: str) -> None:
    """Take the name of a step and do nothing."""
