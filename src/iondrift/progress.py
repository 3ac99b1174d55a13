"""How steps of a long computation are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str], None]  # is given the name of each step as it begins


def silent(_: str) -> None:
    """Take the name of a step and do nothing."""
