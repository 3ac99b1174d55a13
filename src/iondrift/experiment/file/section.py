"""What every section of an experiment file is made of."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError


class Section(BaseModel):
    """A section that takes known keys alone."""

    # strict: a number in quotes or a switch where a number belongs is a mistake to point out, not to guess at
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    def _repr_html_(self) -> str:
        """Return what was given, as a table for a notebook."""
        lines = [
            f'<tr><th style="text-align: left">{escape(name)}</th><td style="text-align: left">{escape(text)}</td></tr>'
            for name, text in self._given()
        ]
        return f"<table><tbody>{''.join(lines)}</tbody></table>"

    def _given(self, above: str = "") -> Iterator[tuple[str, str]]:
        """Give keys and values that were given, behind the keys ``above``."""
        for name in type(self).model_fields:
            if name in self.model_fields_set:
                value = getattr(self, name)
                if isinstance(value, Section):
                    yield from value._given(f"{above}{name}.")
                else:
                    yield f"{above}{name}", ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


Positive = Annotated[float, Field(gt=0)]


def as_tuple(value: Any) -> Any:
    """Turn TOML's lists into tuples."""
    return tuple(value) if isinstance(value, list) else value


def as_patterns(value: Any) -> Any:
    """Turn one path or a list of them into a tuple."""
    return (value,) if isinstance(value, str) else as_tuple(value)


def resolved(text: str, info: ValidationInfo) -> str:
    """Return a path from the folder of the experiment file, absolute."""
    folder = (info.context or {}).get("folder", Path())
    if "\0" in text:
        raise PydanticCustomError("path", "no file has a name with a NUL character")
    try:
        return str((folder / Path(text).expanduser()).absolute())
    except RuntimeError as error:
        raise PydanticCustomError(
            "path", "nobody of that name has a folder; write ./~... for a file whose name begins with ~"
        ) from error
