"""What a setting is, and how it is written where the user sets it: in Python, on the command line, in a file.

An error names the setting that puts it right; the one who raises it does not know who asked. Readers write
``setting("decimal", ",")``, and the command line and the experiment file say once how their settings are spelled.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, is_dataclass
from functools import wraps
from typing import Any, TypeAlias, TypeVar

from iondrift.errors import ConfigurationError

_Record = TypeVar("_Record")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One option of a record of options; Python, command line and experiment file take it from here.

    Attributes
    ----------
    about
        What it is, for help and messages; in a file with a capital letter less.
    key, switch
        In an experiment file, and on the command line, where that is not the name in Python; None: there it is called
        alike. Empty: it does not exist there.
    example, note
        What stands in a commented experiment file; None: the default, and what it is about.
    metavar, parse
        On the command line, where it is read from text: what the text looks like, and its meaning; ``parse`` raises
        ValueError with what is allowed.
    lowest, highest, above
        Allowed themselves; not allowed itself.
    fewest
        Entries, of a tuple.
    per_unit
        SI units in one of those that file and command line take.
    """

    about: str
    key: str | None = None
    switch: str | None = None
    example: str | None = None
    note: str | None = None
    metavar: str | None = None
    parse: Callable[[str], Any] | None = None
    lowest: int | None = None
    highest: int | None = None
    above: float | None = None
    fewest: int | None = None
    per_unit: float = 1.0

    @property
    def about_in_file(self) -> str:
        """What it is, for a line of a file."""
        return self.about[:1].lower() + self.about[1:].rstrip(".")


def option(default: Any, about: str, **how: Any) -> Any:
    """Return the field of a record of options; ``how`` are attributes of :class:`Setting`."""
    return field(default=default, metadata={"setting": Setting(about=about, **how)})


def split_keywords(function: str, keywords: Mapping[str, Any], *kinds: type) -> list[dict[str, Any]]:
    """Return the keywords that belong to each kind: a dataclass or a TypedDict.

    Raises
    ------
    ConfigurationError
        One belongs to none; the message says what the function takes.
    """
    names = [list(kind.__dataclass_fields__ if is_dataclass(kind) else kind.__annotations__) for kind in kinds]
    allowed = sorted(name for some in names for name in some)
    for name in keywords:
        if name not in allowed:
            raise ConfigurationError(f"{function}: option {name!r} is unknown; allowed are {', '.join(allowed)}")
    return [{name: keywords[name] for name in some if name in keywords} for some in names]


def named_options(record: type[_Record]) -> type[_Record]:
    """Let a record of options refuse a keyword that it does not have by a message that says which it has."""
    made = record.__init__

    @wraps(made)
    def checked(self: Any, *values: Any, **keywords: Any) -> None:
        split_keywords(record.__name__, keywords, record)
        if values:
            raise ConfigurationError(f"{record.__name__}: takes keywords alone; {', '.join(record.__annotations__)}")
        made(self, **keywords)

    record.__init__ = checked  # type: ignore[method-assign]
    return record


def settings_of(record: type) -> dict[str, Setting]:
    """Return the settings of a record of options by their names in Python."""
    return {entry.name: entry.metadata["setting"] for entry in fields(record) if "setting" in entry.metadata}


def keys_of(*records: type) -> dict[str, str]:
    """Return the keys of an experiment file that differ from the names in Python."""
    return {name: found.key for record in records for name, found in settings_of(record).items() if found.key}


Value: TypeAlias = str | bool | tuple[str, ...] | None  # None: no particular value


def setting(name: str, value: Value = None) -> str:
    """Return how a setting is written where the user is.

    Parameters
    ----------
    name
        The parameter's name in Python.
    value
        What to set it to; None to name the setting alone.

    Examples
    --------
    >>> setting("decimal", ",")
    'decimal=","'
    >>> with on_command_line():
    ...     setting("decimal", ",")
    '--decimal ,'
    >>> with in_section("impedance"):
    ...     setting("decimal", ",")
    'impedance.decimal = ","'
    """
    return _SPELLING.get()(name, value)


def subject(name: str) -> str:
    """Return a setting as what a message is about, in front of a colon.

    Examples
    --------
    >>> subject("samples")
    'samples'
    >>> with on_command_line():
    ...     subject("samples")
    '--samples'
    >>> with in_section("impedance", {"window": "window_s"}):
    ...     subject("window")
    'impedance.window_s'
    """
    return setting(name).removesuffix("=")


@contextmanager
def on_command_line(switches: Mapping[tuple[str, bool], str] | None = None) -> Iterator[None]:
    """Name settings as options: ``--name value``; ``switches``: the options that stand for (name, yes or no)."""

    def spelled(name: str, value: Value) -> str:
        option = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            return (switches or {}).get((name, value), option if value else f"--no-{option[2:]}")
        if value is None:
            return option
        return f"{option} {shlex.quote(value if isinstance(value, str) else ','.join(value))}"

    with _spelled(spelled):
        yield


@contextmanager
def in_section(section: str, keys: Mapping[str, str] | None = None) -> Iterator[None]:
    """Name settings as keys of an experiment file; ``keys``: those that differ from the names in Python."""

    def spelled(name: str, value: Value) -> str:
        key = f"{section}.{(keys or {}).get(name, name)}"
        return key if value is None else f"{key} = {json.dumps(value, ensure_ascii=False)}"

    with _spelled(spelled):
        yield


def _in_python(name: str, value: Value) -> str:
    if value is None:
        return f"{name}="
    if isinstance(value, bool):
        return f"{name}={value}"
    return f"{name}={json.dumps(value, ensure_ascii=False)}"


_SPELLING: ContextVar[Callable[[str, Value], str]] = ContextVar("spelling", default=_in_python)


@contextmanager
def _spelled(how: Callable[[str, Value], str]) -> Iterator[None]:
    token = _SPELLING.set(how)
    try:
        yield
    finally:
        _SPELLING.reset(token)
