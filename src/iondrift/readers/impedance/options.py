"""How impedance files are read: one set of options, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

from iondrift.readers._text import Separator

Format: TypeAlias = Literal[
    "auto", "zahner", "gamry", "biologic", "zplot", "autolab", "versastudio", "parstat", "chi", "powersuite", "text"
]


Grid: TypeAlias = Literal["same", "common"]


Incomplete: TypeAlias = Literal["refuse", "keep", "drop"]


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """How files are read: the options of :func:`iondrift.read_impedance`, with their defaults."""

    format: Format = "auto"
    header: tuple[str, ...] | None = None
    separator: Separator | None = None
    decimal: Literal[".", ","] | None = None
    grid: Grid = "same"
    frequency_range: tuple[float, float] | None = None  # Hz
    incomplete: Incomplete = "refuse"
    times: tuple[float, ...] | None = None  # s
    origin: str | None = None
    day_first: bool | None = None
    minimum_points: int = 5

    @property
    def keywords(self) -> dict[str, Any]:
        """As keyword arguments."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
