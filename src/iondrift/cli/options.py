"""Options of a command from records of options: one definition serves Python, the experiment file and this."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer

from iondrift.settings import Setting, settings_of


def parameter(name: str, kind: Any, option: Any, default: Any = Parameter.empty) -> Parameter:
    """Return one parameter of a command."""
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option])


def command(body: Callable[..., None], *parameters: Parameter) -> Callable[..., None]:
    """Return a command: the body with a signature that is made of parameters."""

    def made(**values: Any) -> None:
        body(**values)

    made.__name__, made.__doc__ = body.__name__.strip("_"), body.__doc__
    made.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # typer reads it, as inspect does
    made.__annotations__ = {entry.name: entry.annotation for entry in parameters}
    return made


def parameters_of(record: type, *names: str) -> list[Parameter]:
    """Return a command's parameters for every option of a record that the command line knows, or for those named."""
    hints, settings = get_type_hints(record, localns=_UNTYPED), settings_of(record)
    found = []
    for entry in fields(record):
        setting = settings.get(entry.name)
        if setting is not None and setting.switch != "" and (not names or entry.name in names):
            kind = _kind(hints[entry.name], setting)
            option = typer.Option(
                *_names(entry.name, setting, kind),
                help=setting.about,
                metavar=setting.metavar,
                min=setting.lowest,
                max=setting.highest,
                callback=_checked(entry.name, setting),
            )
            shown = str(entry.default) if setting.parse is not None and entry.default is not None else entry.default
            found.append(parameter(entry.name, kind, option, shown))
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


QUIET = parameter("quiet", bool, typer.Option("--quiet", "-q", help="Print errors only."), False)
NO_PROGRESS = parameter("no_progress", bool, typer.Option("--no-progress", help="No progress on stderr."), False)
BRIEF = parameter("brief", bool, typer.Option("--brief", help="Print the result and the warnings alone."), False)
CSV = parameter("csv", bool, typer.Option("--csv", help="Also write tables to csv/."), False)
AGAIN = parameter("again", bool, typer.Option("--again", help="Compute even what stands."), False)
JSON = parameter("json", bool, typer.Option("--json", help="Print the summary as JSON instead of the report."), False)


def out(default: Any) -> Parameter:
    """Return the folder for results."""
    return parameter("out", Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for results."), default)


# Arrays that Python may be given have no place on a command line.
_UNTYPED = {
    "npt": type("npt", (), {"ArrayLike": float}), "datetime": str, "Uncertainties": object, "Mapping": Mapping,
    "Sequence": Sequence,
}  # fmt: skip


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
