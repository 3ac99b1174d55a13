"""What every section of an experiment file is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError


class Section(BaseModel):
    """A section that takes known keys alone."""

    # strict: a number in quotes or a switch where a number belongs is a mistake to point out, not to guess at
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


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
