"""Records of options as keys of an experiment file: names, limits and help are those that Python has."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from iondrift.experiment.file.section import Positive, as_tuple
from iondrift.settings import Setting, settings_of

_Entry = TypeVar("_Entry", float | tuple[float, float], tuple[float, float])


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
        entry: Any = float if setting.above is None else Positive
        kind = Annotated[tuple[entry, entry], BeforeValidator(as_tuple), AfterValidator(in_order)]
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
    given = {name: limit for name, limit in limits.items() if limit is not None and name != "min_length"}
    return kind, Field(default=default, description=setting.about_in_file, **given)


def keys(record: type) -> dict[str, tuple[Any, Any]]:
    """Return every option of a record that an experiment file knows, by its key."""
    # Arrays that Python may be given have no place in a file.
    hints = get_type_hints(record, localns={"npt": type("npt", (), {"ArrayLike": float}), "datetime": str})
    settings, defaults = settings_of(record), {entry.name: entry.default for entry in fields(record)}
    return {
        setting.key or name: _key_of(name, hints[name], defaults[name], setting)
        for name, setting in settings.items()
        if setting.key != ""
    }


def given(section: BaseModel, record: type) -> dict[str, Any]:
    """Return the options of a record that a section gives, by their names in Python, in SI."""
    found = {}
    for name, setting in settings_of(record).items():
        if setting.key != "":
            value = getattr(section, setting.key or name)
            scaled = setting.per_unit != 1.0 and value is not None
            found[name] = value * setting.per_unit if scaled else value
    return found


def in_order(value: _Entry) -> _Entry:
    """Refuse a range that does not go from a lower to a higher value."""
    if isinstance(value, tuple) and not value[0] < value[1]:
        raise PydanticCustomError("order", "from a lower to a higher value")
    return value
