"""Files that a user names: patterns, folders, natural order."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from iondrift.errors import InputFileError
from iondrift.ledger import without_results


def expand(
    paths: Path | str | Sequence[Path | str], *, what: str, wanted: Callable[[Path], bool], nothing: str
) -> tuple[list[Path], list[str]]:
    """Return the files of a path, folder, pattern or list, and the names in folders that were passed over.

    Folders and patterns are in natural order, a list is in its own. Results that iondrift wrote into a folder are none
    of its measurements.

    Parameters
    ----------
    paths
        What was named.
    what
        What the files hold, for a message.
    wanted
        Whether a file of a folder is taken.
    nothing
        What to say of a folder without any, with the remedy.

    Raises
    ------
    InputFileError
        Nothing was named, or nothing is there.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not given:
        raise InputFileError(f"no {what} named: an empty list of files was given; name a file, a folder or a glob")
    found: list[Path] = []
    skipped: list[str] = []
    for entry in given:
        path = Path(entry)
        if path.is_dir():
            members = [member for member in without_results(natural(path.iterdir())) if member.is_file()]
            matches = [member for member in members if wanted(member)]
            skipped += [member.name for member in members if not wanted(member)]
            if not matches:
                raise InputFileError(f"{path}: the folder holds no {nothing}")
        elif path.is_file():
            matches = [path]
        elif glob.has_magic(str(entry)):
            found_there = without_results(natural(map(Path, glob.glob(str(entry), recursive=True))))
            matches = [member for member in found_there if member.is_file()]
            if not matches:
                raise InputFileError(f"{entry}: no file matches this pattern; check folder and pattern")
        else:
            raise InputFileError(f"{path}: no such file or folder, so it cannot be read; check the path")
        found += matches
    return found, skipped


def numbered(files: Sequence[Path]) -> list[tuple[int, Path]]:
    """Return files by the last number in their names, with it.

    Raises
    ------
    InputFileError
        A name of several holds no number, or two hold the same one.
    """
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


def natural(paths: Iterable[Path]) -> list[Path]:
    """Return paths in natural order: 2 before 10."""

    def key(path: Path) -> list[tuple[int, int, str]]:
        parts = re.split(r"(\d+)", str(path))
        return [(1, int(part), "") if part.isascii() and part.isdigit() else (0, 0, part.casefold()) for part in parts]

    return sorted(paths, key=key)
