"""The section of an experiment file that names impedance spectra."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from iondrift.experiment.file.section import Positive, Section, as_patterns, as_tuple, resolved
from iondrift.impedance.options import ImpedanceOptions, Masked, Method, NamedRegularization, NamedWeighting, Per
from iondrift.readers._text import Separator
from iondrift.readers.impedance.options import Format, Grid, Incomplete, ReadingOptions

Range = Annotated[tuple[Positive, Positive], BeforeValidator(as_tuple)]
PointOrRange = Positive | Range
_Entry = TypeVar("_Entry", float | tuple[float, float], tuple[float, float])


class MaskedPoint(Section):
    """A point, or a range of them, that must not count in one spectrum."""

    spectrum: int = Field(ge=1, description="number of the spectrum, counted from 1")
    frequency_Hz: PointOrRange = Field(description="a frequency, or [lowest, highest]")

    @field_validator("frequency_Hz")
    @classmethod
    def _ordered(cls, value: float | tuple[float, float]) -> float | tuple[float, float]:
        return _in_order(value)


class Impedance(Section):
    """Spectra measured during the experiment, how they are read, their place on its clock, and what is computed."""

    files: Annotated[tuple[str, ...], BeforeValidator(as_patterns), Field(min_length=1)] = Field(
        description="a file, a folder, a pattern like impedance/*.ism, or a list of them"
    )
    format: Format = "auto"
    header: Annotated[tuple[str, ...], BeforeValidator(as_tuple), Field(min_length=3)] | None = Field(
        default=None, description='names of all columns of text, such as ["freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm"]'
    )
    separator: Separator | None = None
    decimal: Literal[".", ","] | None = None
    grid: Grid = "same"
    incomplete: Incomplete = "refuse"
    minimum_points: int = Field(default=5, ge=3, description="fewest points of a sweep")
    frequency_range_Hz: Range | None = Field(default=None, description="[lowest, highest] frequency to read")
    mask_frequencies_Hz: Annotated[tuple[PointOrRange, ...], BeforeValidator(as_tuple)] = Field(
        default=(), description="frequencies, or [lowest, highest], whose points must not count"
    )
    mask_points: Annotated[tuple[MaskedPoint, ...], BeforeValidator(as_tuple)] = Field(
        default=(), description="points of single spectra that must not count, {spectrum = 3, frequency_Hz = 50.0}"
    )

    start_s: float | None = Field(
        default=None, description="start of the first spectrum after the log's first sample; the files time the others"
    )
    times_s: Annotated[tuple[float, ...], BeforeValidator(as_tuple), Field(min_length=1)] | None = Field(
        default=None, description="start of every spectrum after the log's first sample"
    )
    log_started: str | None = Field(
        default=None, description="moment of the log's first sample by the instrument's clock, as 2024-10-25T21:09:58"
    )
    day_first: bool | None = Field(default=None, description="dates in the files are as 31-12-2018")

    time_constants: int = Field(default=92, ge=4, description="how many time constants")
    tau_range_s: Range | None = Field(default=None, description="first and last time constant")
    regularization: NamedRegularization | Positive = Field(
        default="auto", description='"auto", "paper", lambda, or the criterion that chooses lambda'
    )
    order: int | None = Field(default=None, ge=0, le=3, description="of the penalty; 0 is the identity")
    weighting: NamedWeighting | Positive | None = Field(
        default=None, description='"none", "modulus", or the standard deviation of Z in ohm'
    )
    inductive: bool = Field(default=True, description="fit an inductance in series")
    capacitive: bool = Field(default=False, description="fit a capacitance in series, for blocking cells")
    per: Per = "spectrum"
    window_s: Range = Field(
        default=(1e-4, 1.0), description="time constants whose resistance is followed, [lowest, highest]"
    )
    electrodes: int = Field(default=1, ge=1, description="equal electrodes in series; 2 in a symmetric cell")
    area_cm2: Positive | None = Field(default=None, description="area of one electrode")
    largest_jump_decades: Positive = Field(default=0.6, description="how far a peak may move between spectra")
    method: Method | None = Field(default=None, description="how bands are drawn")

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

    @field_validator("window_s", "tau_range_s", "frequency_range_Hz")
    @classmethod
    def _ordered(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        return None if value is None else _in_order(value)

    @field_validator("mask_frequencies_Hz")
    @classmethod
    def _each_ordered(cls, value: tuple[float | tuple[float, float], ...]) -> tuple[float | tuple[float, float], ...]:
        return tuple(_in_order(entry) for entry in value)

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

    @property
    def reading(self) -> ReadingOptions:
        """How the files are read."""
        return ReadingOptions(
            format=self.format,
            header=self.header,
            separator=self.separator,
            decimal=self.decimal,
            grid=self.grid,
            frequency_range=self.frequency_range_Hz,
            incomplete=self.incomplete,
            times=self.times_s,
            origin=self.log_started,
            day_first=self.day_first,
            minimum_points=self.minimum_points,
        )

    @property
    def mask(self) -> tuple[Masked, ...]:
        """What must not count."""
        everywhere = [_masked(entry, None) for entry in self.mask_frequencies_Hz]
        return (*everywhere, *(_masked(point.frequency_Hz, point.spectrum) for point in self.mask_points))

    def options(self, *, bands: bool, samples: int, seed: int) -> ImpedanceOptions:
        """Return what is computed."""
        return ImpedanceOptions(
            mask=self.mask,
            time_constants=self.time_constants,
            tau_range=self.tau_range_s,
            regularization=self.regularization,
            order=self.order,
            weighting=self.weighting,
            inductive=self.inductive,
            capacitive=self.capacitive,
            per=self.per,
            window=self.window_s,
            electrodes=self.electrodes,
            area=None if self.area_cm2 is None else self.area_cm2 * 1e-4,
            bands=bands,
            method=self.method,
            samples=samples,
            seed=seed,
            largest_jump=self.largest_jump_decades,
        )


def _in_order(value: _Entry) -> _Entry:
    if isinstance(value, tuple) and not value[0] < value[1]:
        raise PydanticCustomError("order", "from a lower to a higher value")
    return value


def _masked(entry: float | tuple[float, float], spectrum: int | None) -> Masked:
    low, high = entry if isinstance(entry, tuple) else (entry, entry)
    return Masked(low=low, high=high, spectrum=spectrum)
