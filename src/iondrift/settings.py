"""How a setting is written where the user sets it: in Python, on the command line, in an experiment file.

An error names the setting that puts it right; the one who raises it does not know who asked. Readers write
``setting("decimal", ",")``, and the command line and the experiment file say once how their settings are spelled.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

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
