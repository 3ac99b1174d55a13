"""The section of an experiment file that names impedance spectra; its options are those of Python, with their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BeforeValidator, Field, ValidationInfo, create_model, field_validator, model_validator
from pydantic_core import PydanticCustomError

from iondrift.experiment.file.records import given, in_order, keys
from iondrift.experiment.file.section import Positive, Section, as_patterns, as_tuple, resolved
from iondrift.impedance.options import ImpedanceOptions, Masked
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.settings import keys_of

KEYS = {**keys_of(ReadingOptions, ImpedanceOptions), "mask": "mask_frequencies_Hz"}
Range = Annotated[tuple[Positive, Positive], BeforeValidator(as_tuple)]
PointOrRange = Positive | Range


class MaskedPoint(Section):
    """A point, or a range of them, that must not count in one spectrum."""

    spectrum: int = Field(ge=1, description="number of the spectrum, counted from 1")
    frequency_Hz: PointOrRange = Field(description="a frequency, or [lowest, highest]")

    @field_validator("frequency_Hz")
    @classmethod
    def _ordered(cls, value: float | tuple[float, float]) -> float | tuple[float, float]:
        return in_order(value)


class _Placed(Section):
    """Spectra measured during the experiment, their place on its clock, and points that do not count."""

    files: Annotated[tuple[str, ...], BeforeValidator(as_patterns), Field(min_length=1)] = Field(
        description="a file, a folder, a pattern like impedance/*.ism, or a list of them"
    )
    mask_frequencies_Hz: Annotated[tuple[PointOrRange, ...], BeforeValidator(as_tuple)] = Field(
        default=(), description="frequencies, or [lowest, highest], whose points must not count"
    )
    mask_points: Annotated[tuple[MaskedPoint, ...], BeforeValidator(as_tuple)] = Field(
        default=(), description="points of single spectra that must not count, {spectrum = 3, frequency_Hz = 50.0}"
    )

    start_s: float | None = Field(
        default=None, description="start of the first spectrum after the log's first sample; the files time the others"
    )

    @field_validator("files")
    @classmethod
    def _resolve(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return tuple(resolved(text, info) for text in value)

    @field_validator("mask_frequencies_Hz")
    @classmethod
    def _each_ordered(cls, value: tuple[float | tuple[float, float], ...]) -> tuple[float | tuple[float, float], ...]:
        return tuple(in_order(entry) for entry in value)

    @model_validator(mode="after")
    def _is_placed_once(self) -> Self:
        given = [name for name in ("start_s", KEYS["times"], KEYS["origin"]) if getattr(self, name) is not None]
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
        return ReadingOptions(**given(self, ReadingOptions))

    @property
    def mask(self) -> tuple[Masked, ...]:
        """What must not count."""
        everywhere = [_masked(entry, None) for entry in self.mask_frequencies_Hz]
        return (*everywhere, *(_masked(point.frequency_Hz, point.spectrum) for point in self.mask_points))

    def options(self, *, bands: bool, samples: int, seed: int) -> ImpedanceOptions:
        """Return what is computed."""
        return ImpedanceOptions(
            **given(self, ImpedanceOptions), mask=self.mask, bands=bands, samples=samples, seed=seed
        )


def _masked(entry: float | tuple[float, float], spectrum: int | None) -> Masked:
    low, high = entry if isinstance(entry, tuple) else (entry, entry)
    return Masked(low=low, high=high, spectrum=spectrum)


if TYPE_CHECKING:

    class Impedance(_Placed):
        """What pydantic makes of the records of options, as far as types go."""

else:
    Impedance = create_model(
        "Impedance",
        __base__=_Placed,
        __doc__="Spectra measured during the experiment, how they are read, and what is computed of them.",
        **keys(ReadingOptions),
        **keys(ImpedanceOptions),
    )
