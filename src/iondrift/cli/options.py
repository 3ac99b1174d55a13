"""Options of a command from records of options: one definition serves Python, the experiment file and this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from inspect import Parameter
from typing import Annotated, Any, get_args, get_type_hints

import typer

from iondrift.settings import Setting, settings_of


def parameters_of(record: type) -> list[Parameter]:
    """Return a command's parameters for every option of a record that the command line knows."""
    hints, settings = get_type_hints(record, localns=_UNTYPED), settings_of(record)
    found = []
    for entry in fields(record):
        setting = settings.get(entry.name)
        if setting is not None and setting.switch != "":
            kind = _kind(hints[entry.name], setting)
            option = typer.Option(
                *_names(entry.name, setting, kind),
                help=setting.about,
                metavar=setting.metavar,
                min=setting.lowest,
                max=setting.highest,
                callback=_checked(entry.name, setting),
            )
            found.append(
                Parameter(entry.name, Parameter.KEYWORD_ONLY, default=entry.default, annotation=Annotated[kind, option])
            )
    return found


def read(record: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a record as Python takes them, in SI, from the values of a command.

    Raises
    ------
    typer.BadParameter
        A text means none of what is allowed.
    """
    found = {}
    for name, setting in settings_of(record).items():
        if name in values:
            value = values[name]
            if setting.parse is not None and isinstance(value, str):
                try:
                    value = setting.parse(value)
                except ValueError as error:
                    raise typer.BadParameter(str(error), param_hint=f"'{_switch(name, setting)}'") from error
            elif setting.per_unit != 1.0 and value is not None:
                value = value * setting.per_unit
            found[name] = value
    return found


# Arrays that Python may be given have no place on a command line.
_UNTYPED = {"npt": type("npt", (), {"ArrayLike": float}), "datetime": str}


def _kind(hint: Any, setting: Setting) -> Any:
    """Return the type that the command line reads: text where it is parsed."""
    if setting.parse is not None:
        return str | None if type(None) in get_args(hint) else str
    return hint


def _switch(name: str, setting: Setting) -> str:
    return setting.switch or f"--{name.replace('_', '-')}"


def _names(name: str, setting: Setting, kind: Any) -> tuple[str, ...]:
    """Return what the option is called; a switch that is off by default has no opposite."""
    return (_switch(name, setting),) if setting.switch or kind is bool else ()


def _checked(name: str, setting: Setting) -> Callable[[Any], Any] | None:
    """Return a check of what a plain number may not be."""
    if setting.above != 0.0 or setting.parse is not None or setting.per_unit == 1.0:
        return None

    def check(value: float | None) -> float | None:
        if value is not None and not value > 0.0:
            article = "an" if name[0] in "aeiou" else "a"
            raise typer.BadParameter(f"{value} found; {article} {name} is positive")
        return value

    return check
