"""The section of an experiment file that names impedance spectra."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from iondrift.experiment_section import Positive, Section, as_patterns, as_tuple, resolved


class Impedance(Section):
    """Spectra measured during the experiment, and their place on its clock."""

    files: Annotated[tuple[str, ...], BeforeValidator(as_patterns), Field(min_length=1)] = Field(
        description="a file, a folder, a pattern like impedance/*.ism, or a list of them"
    )
    format: Literal[
        "auto", "zahner", "gamry", "biologic", "zplot", "autolab", "versastudio", "parstat", "chi", "powersuite", "text"
    ] = "auto"
    start_s: float | None = Field(
        default=None, description="start of the first spectrum after the log's first sample; the files time the others"
    )
    times_s: Annotated[tuple[float, ...], BeforeValidator(as_tuple), Field(min_length=1)] | None = Field(
        default=None, description="start of every spectrum after the log's first sample"
    )
    log_started: str | None = Field(
        default=None, description="moment of the log's first sample by the instrument's clock, as 2024-10-25T21:09:58"
    )
    window_s: Annotated[tuple[Positive, Positive], BeforeValidator(as_tuple)] = Field(
        default=(1e-4, 1.0), description="time constants whose resistance is followed, [lowest, highest]"
    )
    electrodes: int = Field(default=1, ge=1, description="equal electrodes in series; 2 in a symmetric cell")
    area_cm2: Positive | None = Field(default=None, description="area of one electrode")

    @field_validator("files")
    @classmethod
    def _resolve(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return tuple(resolved(text, info) for text in value)

    @field_validator("log_started")
    @classmethod
    def _is_local_moment(cls, value: str | None) -> str | None:
        if value is None:
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise PydanticCustomError("moment", "should be a moment such as 2024-10-25T21:09:58") from error
        if moment.tzinfo is not None:
            raise PydanticCustomError("moment", "instruments write local time; leave the time zone out")
        return value

    @field_validator("window_s")
    @classmethod
    def _ordered(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not value[0] < value[1]:
            raise PydanticCustomError("order", "from a lower to a higher value")
        return value

    @model_validator(mode="after")
    def _is_placed_once(self) -> Self:
        given = [name for name in ("start_s", "times_s", "log_started") if getattr(self, name) is not None]
        if len(given) != 1:
            raise PydanticCustomError(
                "conflict",
                "one of start_s, times_s and log_started has to place the spectra on the log's clock; found {found}",
                {"found": " and ".join(given) or "none"},
            )
        return self
