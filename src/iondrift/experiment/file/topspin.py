"""Profiles as TopSpin data sets in the experiment file: which ones, the gradient, and the clocks."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from iondrift.experiment.file.section import Positive, Section

_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})")
_RANGE = re.compile(r"(\d{1,6})(?:\s*-\s*(\d{1,6}))?")
_MOST = 100_000  # data sets of one series


class TopSpinProfiles(Section):
    """TopSpin data sets that are one series of profiles; times are those of their audit trails."""

    expnos: str | None = Field(
        default=None, description="which data sets, like 10-55,60; all profiles of the folder when left out"
    )
    gradient_T_per_m: Positive = Field(description="read gradient; gradient_calib holds the maximum alone")
    nucleus: str | None = Field(default=None, description="observed nucleus, like 19F; as the data say when left out")
    site_offset_Hz: float = Field(default=0.0, description="of the observed line from SFO1: where x = 0 is")
    kind: Literal["auto", "real", "magnitude"] = Field(
        default="auto", description="phased real part, or magnitude; auto: real where raw data are there"
    )
    zero_filling: int = Field(default=2, ge=1, le=16, description="stored points per point of the echo")
    line_broadening_Hz: float = Field(default=0.0, ge=0, description="exponential window about the echo")
    log_started: str | None = Field(
        default=None, description="first sample of the log by the potentiostat's clock, 2024-10-25T21:09:58"
    )
    time_zone: str | None = Field(
        default=None, description="of the potentiostat's clock: Europe/Berlin, or an offset such as +01:00"
    )

    @field_validator("expnos")
    @classmethod
    def _are_numbers(cls, value: str | None) -> str | None:
        if value is not None:
            expno_numbers(value)
        return value

    @field_validator("log_started")
    @classmethod
    def _is_local(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError as error:
                raise PydanticCustomError("moment", "should be a moment such as 2024-10-25T21:09:58") from error
            if moment.tzinfo is not None:
                raise PydanticCustomError("moment", "the time zone has a key of its own, time_zone")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str | None) -> str | None:
        if value is not None:
            zone_named(value)
        return value

    @model_validator(mode="after")
    def _clock_is_whole(self) -> Self:
        if (self.log_started is None) != (self.time_zone is None):
            raise PydanticCustomError(
                "conflict", "log_started and time_zone place the log on the spectrometer's clock together; give both"
            )
        return self

    @property
    def log_start(self) -> datetime | None:
        """First sample of the log with its time zone; None where it is not known."""
        if self.log_started is None or self.time_zone is None:
            return None
        return datetime.fromisoformat(self.log_started).replace(tzinfo=zone_named(self.time_zone))


def expno_numbers(text: str) -> list[int]:
    """Return the numbers that ``10-55,60`` means."""
    found: list[int] = []
    for part in text.split(","):
        matched = _RANGE.fullmatch(part.strip())
        first, last = (int(matched[1]), int(matched[2] or matched[1])) if matched else (1, 0)
        if not first <= last < first + _MOST:
            raise PydanticCustomError("expnos", "should be numbers and ranges such as 10-55,60")
        found += range(first, last + 1)
    return found


def zone_named(text: str) -> tzinfo:
    """Return a time zone by its name or its offset from UTC."""
    offset = _OFFSET.fullmatch(text)
    if offset is not None:
        minutes = 60 * int(offset[2]) + int(offset[3])
        if minutes < 24 * 60:
            return timezone((-1 if offset[1] == "-" else 1) * timedelta(minutes=minutes))
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        raise PydanticCustomError(
            "zone", "is no time zone known here; give an offset from UTC such as +01:00"
        ) from error
