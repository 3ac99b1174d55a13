"""Files that a user names: patterns, folders, natural order."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from iondrift.errors import ConfigurationError, InputFileError
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
    given = list(paths) if isinstance(paths, Sequence) and not isinstance(paths, str | bytes) else [as_path(paths)]
    if not given:
        raise InputFileError(f"no {what} named: an empty list of files was given; name a file, a folder or a glob")
    found: list[Path] = []
    skipped: list[str] = []
    for entry in given:
        path = as_path(entry)
        if os.path.isdir(path):  # false, too, for what is no name: too long, or with NUL in it
            # what is neither file nor folder, such as a link to nothing, is refused where it is read
            members = [member for member in without_results(natural(path.iterdir())) if not os.path.isdir(member)]
            matches = [member for member in members if wanted(member)]
            skipped += [member.name for member in members if not wanted(member)]
            if not matches:
                raise InputFileError(f"{path}: the folder holds no {nothing}")
        elif os.path.isfile(path):
            matches = [path]
        elif is_pattern(path):
            matches = without_results(matching(path))
            if not matches:
                raise InputFileError(f"{entry}: no file matches this pattern; check folder and pattern")
        else:
            if os.path.lexists(path) or len(path.name) > 255 or "\0" in str(path):
                require_file(path)  # says what it is instead
            raise InputFileError(f"{path}: no such file or folder, so it cannot be read; check the path")
        found += matches
    return found, skipped


def as_path(value: object) -> Path:
    """Return a path.

    Raises
    ------
    ConfigurationError
        It is neither text nor a path.
    """
    if not isinstance(value, str | Path):
        raise ConfigurationError(f"{type(value).__name__} found where a path is expected; give text or a Path")
    return Path(value)


def require_file(path: Path) -> int:
    """Return the size in bytes of a file that can be read to its end: no folder, pipe, socket or device.

    Raises
    ------
    InputFileError
        It is none, does not exist, or nothing can bear such a name.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        raise InputFileError(f"{path}: cannot be read, there is no such file; check the path") from None
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read ({error.strerror or error}); check the path") from error
    except ValueError as error:
        raise InputFileError(f"{str(path)!r}: cannot be read ({error}); check the path") from error
    if not stat.S_ISREG(found.st_mode):
        kind = next((name for is_kind, name in _NO_FILES if is_kind(found.st_mode)), "something else")
        raise InputFileError(f"{path}: is no file but {kind}, which may have no end; name a file")
    return found.st_size


_NO_FILES = (
    (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)  # fmt: skip


def is_pattern(path: str | Path) -> bool:
    """Return whether a path stands for others: it holds ``*``, ``?`` or ``[`` outside folders that are called so."""
    return glob.has_magic(_pattern_in(Path(path))[1])


def matching(pattern: str | Path) -> list[Path]:
    """Return what matches a pattern but folders, in natural order; ``**`` enters each folder once, despite links.

    A folder whose name holds ``[`` is taken by its name where it exists.
    """
    folder, rest = _pattern_in(Path(pattern))
    return natural(dict.fromkeys(path for path in _matches(folder, rest) if not os.path.isdir(path)))


def _pattern_in(path: Path) -> tuple[Path, str]:
    """Return the folder in front of the first part that is a pattern, and the rest."""
    folder = Path(path.anchor)
    parts = list(path.parts[1:] if path.anchor else path.parts)
    while parts and not set("*?") & set(parts[0]) and ("[" not in parts[0] or os.path.exists(folder / parts[0])):
        folder /= parts.pop(0)
    return folder, str(Path(*parts)) if parts else ""


def _matches(folder: Path, pattern: str) -> Iterator[Path]:
    parts = Path(pattern).parts
    if "**" not in parts:
        yield from (folder / found for found in glob.glob(pattern, root_dir=folder))
        return
    at = parts.index("**")
    after = [part for k, part in enumerate(parts) if k > at and (part, parts[k - 1]) != ("**", "**")] or ["*"]
    starts = [folder] if at == 0 else [folder / found for found in glob.glob(str(Path(*parts[:at])), root_dir=folder)]
    for start in starts:
        for below in _folders(start):
            yield from _matches(below, str(Path(*after)))


def _folders(start: Path) -> Iterator[Path]:
    """Give a folder and all below it that are not hidden, each once, though links lead round in circles."""
    seen: set[tuple[int, int]] = set()
    for here, below, _ in os.walk(start, followlinks=True):
        found = os.stat(here)
        if (found.st_dev, found.st_ino) in seen:
            below.clear()
            continue
        seen.add((found.st_dev, found.st_ino))
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield Path(here)


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
