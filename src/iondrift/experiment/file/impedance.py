"""The section of an experiment file that names impedance spectra; its options are those of Python, with their keys."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar, get_args, get_type_hints

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from iondrift.experiment.file.section import Positive, Section, as_patterns, as_tuple, resolved
from iondrift.impedance.options import ImpedanceOptions, Masked
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.settings import Setting, keys_of, settings_of

KEYS = {**keys_of(ReadingOptions, ImpedanceOptions), "mask": "mask_frequencies_Hz"}
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


def _in_order(value: _Entry) -> _Entry:
    if isinstance(value, tuple) and not value[0] < value[1]:
        raise PydanticCustomError("order", "from a lower to a higher value")
    return value


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
        return tuple(_in_order(entry) for entry in value)

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
        return ReadingOptions(**self._given(ReadingOptions))

    @property
    def mask(self) -> tuple[Masked, ...]:
        """What must not count."""
        everywhere = [_masked(entry, None) for entry in self.mask_frequencies_Hz]
        return (*everywhere, *(_masked(point.frequency_Hz, point.spectrum) for point in self.mask_points))

    def options(self, *, bands: bool, samples: int, seed: int) -> ImpedanceOptions:
        """Return what is computed."""
        return ImpedanceOptions(
            **self._given(ImpedanceOptions), mask=self.mask, bands=bands, samples=samples, seed=seed
        )

    def _given(self, record: type) -> dict[str, Any]:
        """Return the options of a record by their names in Python, in SI."""
        found = {}
        for name, setting in settings_of(record).items():
            if setting.key != "":
                value = getattr(self, setting.key or name)
                scaled = setting.per_unit != 1.0 and value is not None
                found[name] = value * setting.per_unit if scaled else value
        return found


def _masked(entry: float | tuple[float, float], spectrum: int | None) -> Masked:
    low, high = entry if isinstance(entry, tuple) else (entry, entry)
    return Masked(low=low, high=high, spectrum=spectrum)


def _local_moment(value: str | None) -> str | None:
    if value is None:
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise PydanticCustomError("moment", "should be a moment such as 2024-10-25T21:09:58") from error
    if moment.tzinfo is not None:
        raise PydanticCustomError("moment", "instruments write local time; leave the time zone out")
    return value


def _key_of(name: str, hint: Any, default: Any, setting: Setting) -> tuple[Any, Any]:
    """Return type and field of one option, as pydantic takes them."""
    limits: dict[str, Any] = {
        "ge": setting.lowest,
        "le": setting.highest,
        "gt": setting.above,
        "min_length": setting.fewest,
    }
    kind = hint
    optional = type(None) in get_args(hint)
    if hint in (tuple[float, float], tuple[float, float] | None):
        kind = Annotated[tuple[Positive, Positive], BeforeValidator(as_tuple), AfterValidator(_in_order)]
        limits["gt"] = None
    elif optional and any(getattr(part, "__origin__", None) is tuple for part in get_args(hint)):
        own = next(part for part in get_args(hint) if part is not type(None))
        kind = Annotated[own, BeforeValidator(as_tuple), Field(min_length=setting.fewest)]
    elif name == "origin":
        kind = Annotated[str, AfterValidator(_local_moment)]
    elif setting.parse is not None and setting.above is not None:
        named = [part for part in get_args(hint) if part not in (float, type(None))]
        kind = Positive
        for part in named:
            kind = part | kind
        limits["gt"] = None
    kind = kind | None if optional and kind is not hint else kind
    about = setting.about[:1].lower() + setting.about[1:].rstrip(".")
    given = {name: limit for name, limit in limits.items() if limit is not None and name != "min_length"}
    return kind, Field(default=default, description=about, **given)


def _keys(record: type) -> dict[str, tuple[Any, Any]]:
    """Return every option of a record that an experiment file knows, by its key."""
    # Arrays that Python may be given have no place in a file.
    hints = get_type_hints(record, localns={"npt": type("npt", (), {"ArrayLike": float}), "datetime": str})
    settings, defaults = settings_of(record), {entry.name: entry.default for entry in fields(record)}
    return {
        setting.key or name: _key_of(name, hints[name], defaults[name], setting)
        for name, setting in settings.items()
        if setting.key != ""
    }


if TYPE_CHECKING:

    class Impedance(_Placed):
        """What pydantic makes of the records of options, as far as types go."""

else:
    Impedance = create_model(
        "Impedance",
        __base__=_Placed,
        __doc__="Spectra measured during the experiment, how they are read, and what is computed of them.",
        **_keys(ReadingOptions),
        **_keys(ImpedanceOptions),
    )
