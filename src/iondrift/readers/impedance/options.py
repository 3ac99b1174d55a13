"""How impedance files are read: names, defaults, limits and help of every option, once for all who take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Literal, TypeAlias, TypedDict

from iondrift.readers.text import Separator
from iondrift.settings import named_options, option

Format: TypeAlias = Literal[
    "auto",
    "zahner",
    "gamry",
    "biologic",
    "zplot",
    "autolab",
    "versastudio",
    "parstat",
    "chi",
    "powersuite",
    "pstrace",
    "text",
]
Grid: TypeAlias = Literal["union", "common", "same"]
Incomplete: TypeAlias = Literal["refuse", "keep", "drop"]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _seconds(text: str) -> tuple[float, ...]:
    return tuple(map(_second, text.split(",")))


def _second(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise ValueError(f"{text!r} found; allowed are numbers such as 0,600,1200")
    return number


@named_options
@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """How files are read: the options of :func:`iondrift.read_impedance`, described there, with their defaults."""

    format: Format = option(
        "auto", "Of the files.", note="or the instrument: zahner, gamry, biologic, zplot, autolab, versastudio,\n"
        "parstat, chi, powersuite, pstrace; text",
    )  # fmt: skip
    header: tuple[str, ...] | None = option(
        None, 'Columns of text, such as "freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm".', metavar="NAMES", parse=_names, fewest=3,
        example='["freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm"]', note='of text: names of all columns, "" where not needed',
    )  # fmt: skip
    separator: Separator | None = option(
        None, "Of the columns of text; found out.", example='"tab"',
        note="of text: tab, semicolon, comma, space; found out when left out",
    )  # fmt: skip
    decimal: Literal[".", ","] | None = option(
        None, "Decimal sign of text; found out.", example='"."', note='of text: or ","; found out when left out'
    )
    day_first: bool | None = option(
        None, "Dates as 10-12-2018.", switch="--day-first/--month-first", example="true",
        note="dates in the files are as 31-12-2018",
    )  # fmt: skip
    grid: Grid = option(
        "union", "All frequencies, those in all files, or refuse.",
        note='"common": frequencies that not all spectra have are\nleft out; "same": all must have the same',
    )  # fmt: skip
    grid_tolerance: float = option(
        1e-3, "Largest relative difference of frequencies that count as one.", above=0.0, key="", switch=""
    )
    incomplete: Incomplete = option("refuse", "Sweeps cut short.", note='a sweep cut short: "keep" or "drop" it')
    merge: bool = option(
        False, "Ranges or unordered points of a file are one spectrum.",
        note="frequencies that overlap, or stand in no order, are one spectrum",
    )  # fmt: skip
    minimum_points: int = option(5, "Fewest points of a sweep.", lowest=3, note="fewest points of a sweep")
    frequency_range: tuple[float, float] | None = option(
        None, "Frequencies in Hz to read.", key="frequency_range_Hz", metavar="LOW HIGH", above=0.0,
        example="[1.0, 1e6]", note="what lies outside is not read",
    )  # fmt: skip
    times: tuple[float, ...] | None = option(
        None, "Start of every spectrum in s, where the files do not tell.", key="times_s", metavar="S,S,...",
        parse=_seconds, fewest=1, example="", note="",
    )  # fmt: skip
    origin: datetime | str | None = option(
        None, "t = 0, as 2024-10-25T21:09:58.", key="log_started", metavar="MOMENT", example="", note=""
    )


class ReadingKeywords(TypedDict, total=False):
    """The fields of :class:`ReadingOptions` as keywords."""

    format: str
    header: Sequence[str] | None
    separator: Separator | None
    decimal: str | None
    day_first: bool | None
    grid: Grid
    grid_tolerance: float
    incomplete: Incomplete
    merge: bool
    minimum_points: int
    frequency_range: tuple[float, float] | None
    times: Sequence[float] | None
    origin: datetime | str | None
