"""Mistakes in an experiment file, in plain words: the key, what was found, what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_MOST: Final = 20  # mistakes that are told
_LONGEST: Final = 60  # characters of a key or value that are shown


def describe_mistakes(error: ValidationError, document: Mapping[str, Any], model: type[BaseModel]) -> list[str]:
    """Return one line for each key with a mistake.

    Parameters
    ----------
    error
        What pydantic raised.
    document
        The document that was validated.
    model
        The model that it was validated against; its fields give names to suggest and descriptions.
    """
    lines: dict[str, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        lines.setdefault(".".join(_keys(detail, document)), []).append(detail)
    # an entry of a list explains more than the list around it
    whole = {key[: bracket.start()] for key in lines for bracket in re.finditer(r"\[", key[:_LONGEST])}
    told = [_describe(key, details, model) for key, details in islice(lines.items(), _MOST) if key not in whole]
    return told if len(lines) <= _MOST else [*told, f"and {len(lines) - _MOST} more"]


def _keys(detail: ErrorDetails, document: Mapping[str, Any]) -> list[str]:
    """Return the path of keys in the file; pydantic's own path also names branches of unions."""
    keys: list[str] = []
    here: Any = document
    for item in detail["loc"]:
        if isinstance(here, Mapping) and item in here:
            keys.append(str(item))
            here = here[item]
        elif isinstance(here, list | tuple) and isinstance(item, int) and item < len(here):
            keys[-1] += f"[{item + 1}]"
            here = here[item]
        elif detail["type"] == "missing" and item == detail["loc"][-1]:
            keys.append(str(item))
    if detail["type"].startswith("union_tag"):
        keys.append(str(detail.get("ctx", {}).get("discriminator", "")).strip("'"))
    return keys


def _describe(key: str, details: list[ErrorDetails], model: type[BaseModel]) -> str:
    first, shown = details[0], _short(key)
    match first["type"]:
        case "missing":
            return f"{key}: is missing{_about(key, model)}"
        case "extra_forbidden":
            section, _, name = key.rpartition(".")
            allowed = list(_fields(section, first, model))
            return f"{shown}: unknown key{_suggest(name, allowed)}"
        case "union_tag_not_found":
            return f"{key}: is missing; allowed: {_kinds(key, model)}"
        case "union_tag_invalid":
            return f"{key}: found {_found(first['ctx']['tag'])}; allowed: {first['ctx']['expected_tags']}"
        case "literal_error" if len(details) == 1:
            options = [option.strip(" '") for option in first["ctx"]["expected"].replace(" or ", ",").split(",")]
            return f"{key}: found {_found(first['input'])}; allowed: {first['ctx']['expected']}" + _meant(
                first["input"], options
            )
    allowed_text = " or ".join(dict.fromkeys(_allowed(detail) for detail in details)).replace("or should be", "or")
    found = "" if isinstance(first["input"], BaseModel | dict | list | tuple) else f"found {_found(first['input'])}; "
    return f"{key}: {found}{allowed_text}{_about(key, model)}"


def _allowed(detail: ErrorDetails) -> str:
    text = detail["msg"]
    replacements = {
        "Input should be a valid integer": "should be a whole number",
        "Input should be a valid number": "should be a number (without quotes)",
        "Input should be a finite number": "should be a finite number",
        "Input should be a valid string": "should be text in quotes",
        "Input should be a valid boolean": "should be true or false",
        "Input should be a valid tuple": "should be a list",
    }
    if text in replacements:
        return replacements[text]
    if detail["type"] in {"model_type", "model_attributes_type"}:
        return "should be a section of its own"
    text = text.replace("Input should", "should").replace("Tuple should", "should").replace(" after validation", "")
    return (text[:1].lower() + text[1:]).removeprefix("value ")


def _found(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return _short(repr(value))
    except ValueError:  # Python prints no number of thousands of digits
        return "a number of thousands of digits"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _about(key: str, model: type[BaseModel]) -> str:
    for candidate in _models_at(key.rpartition(".")[0], model):
        field = candidate.model_fields.get(key.rpartition(".")[2])
        if field is not None and field.description:
            return f" ({field.description})"
    return ""


def _models_at(section: str, model: type[BaseModel]) -> Iterable[type[BaseModel]]:
    """Return the models that can stand at a section: one, or the branches of a union."""
    found = [model]
    for name in filter(None, (key.partition("[")[0] for key in section.split("."))):  # of a list, its entries
        found = [
            inner
            for outer in found
            if name in outer.model_fields
            for inner in _models_in(outer.model_fields[name].annotation)
        ]
    return found


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [inner for part in get_args(annotation) for inner in _models_in(part)]


def _fields(section: str, detail: ErrorDetails, model: type[BaseModel]) -> Iterable[str]:
    candidates = list(_models_at(section, model))
    if len(candidates) > 1:  # the branch of the union is named in pydantic's path
        tagged = [m for m in candidates if set(get_args(m.model_fields["kind"].annotation)) & set(detail["loc"])]
        candidates = tagged or candidates
    return dict.fromkeys(name for candidate in candidates for name in candidate.model_fields)


def _kinds(key: str, model: type[BaseModel]) -> str:
    kinds = [
        repr(option)
        for candidate in _models_at(key.rpartition(".")[0], model)
        for option in get_args(candidate.model_fields["kind"].annotation)
    ]
    return ", ".join(kinds)


def _meant(value: Any, options: list[str]) -> str:
    text = str(value) if isinstance(value, str) and len(value) <= _LONGEST else ""
    close = difflib.get_close_matches(text, options, n=1, cutoff=0.6)
    close = close or [option for option in options if text and option.startswith(text)]
    return f"; did you mean {close[0]!r}?" if close else ""


def _suggest(name: str, allowed: list[str]) -> str:
    return _meant(name, allowed) or f"; allowed: {', '.join(allowed)}"
