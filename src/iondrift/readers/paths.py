"""Files that a user names: patterns, folders, natural order."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from iondrift.errors import InputFileError


def _expand(paths: Path | str | Sequence[Path | str]) -> list[Path]:
    given = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not given:
        raise InputFileError("profiles: an empty list of files was given; name a file, a folder or a glob")
    found: list[Path] = []
    for entry in given:
        path = Path(entry)
        if path.is_dir():
            matches = sorted(p for p in path.glob("*.txt") if p.is_file() and not p.name.startswith("."))
            if not matches:
                raise InputFileError(
                    f"{path}: the folder holds no *.txt file; give the folder of the exported profiles"
                )
        elif path.is_file():
            matches = [path]
        elif glob.has_magic(str(entry)):
            matches = sorted(p for p in map(Path, glob.glob(str(entry), recursive=True)) if p.is_file())
            if not matches:
                raise InputFileError(f"{entry}: no file matches this pattern; check folder and pattern")
        else:
            raise InputFileError(f"{path}: no such file or folder; check the path")
        found += matches
    return found


def _numbered(files: list[Path]) -> list[tuple[int, Path]]:
    if len(files) == 1:
        digits = re.findall(r"\d+", files[0].stem)
        return [(int(digits[-1]) if digits else 1, files[0])]
    by_number: dict[int, Path] = {}
    for path in files:
        digits = re.findall(r"\d+", path.stem)
        if not digits:
            raise InputFileError(
                f"{path}: its name holds no number, so its place in the series is unknown; "
                "rename it or give a glob that leaves it out"
            )
        n = int(digits[-1])
        if n in by_number:
            raise InputFileError(
                f"{path}: bears the number {n} of {by_number[n]}; every profile needs its own number, "
                "rename one or give a glob that leaves it out"
            )
        by_number[n] = path
    return sorted(by_number.items())


def _natural(paths: Iterable[Path]) -> list[Path]:
    def key(path: Path) -> list[tuple[int, int, str]]:
        parts = re.split(r"(\d+)", str(path))
        return [(1, int(part), "") if part.isascii() and part.isdigit() else (0, 0, part.casefold()) for part in parts]

    return sorted(paths, key=key)
