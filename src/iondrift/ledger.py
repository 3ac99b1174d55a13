"""The ledger of a folder: which files iondrift wrote there, and which of them are whole together.

It is written in one stroke, before new files move to their places and after all of them are complete beside them:
whoever looks a file up in it finds the earlier set or the new one, never some of each.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from iondrift.errors import StoreError

LEDGER = "iondrift-ledger.json"
MANIFEST = "iondrift-manifest.json"  # lists the files of a store: who knows it knows the store
FORMAT = 1
RESULTS_SET = "results"  # what a run computed, as against input that was simulated


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What a folder holds of iondrift's.

    Attributes
    ----------
    sets
        For each kind (such as ``results``) the files and stores that are whole together, with their fingerprints.
    staging
        Folder in which files of a set wait that has been published but not all moved to their places; None: all are.
    earlier
        Files and stores of the set that they replace.
    made
        What each kind was made of, as its writer says.
    """

    sets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    staging: str | None = None
    earlier: Mapping[str, str] = field(default_factory=dict)
    made: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def files(self) -> Mapping[str, str]:
        """Fingerprints of all files and stores, by their names relative to the folder."""
        return {name: digest for files in self.sets.values() for name, digest in files.items()}

    def find(self, folder: Path, name: str) -> Path:
        """Return where a file or store of the folder is now, checked against the ledger where that lists it.

        Raises
        ------
        StoreError
            It is another than the ledger says.
        """
        waiting = folder / (self.staging or "") / name
        place = waiting if self.staging is not None and waiting.exists() else folder / name
        listed = self.files.get(name)
        stale = listed is None and name in self.earlier
        if stale or (listed is not None and place.exists() and fingerprint(place) != listed):
            raise StoreError(
                f"{folder / name}: is not of the set that {LEDGER} beside it names; run the analysis again"
            )
        return place

    def content(self) -> dict[str, Any]:
        """Return the ledger as JSON holds it."""
        moving = {} if self.staging is None else {"staging": self.staging, "earlier": dict(self.earlier)}
        sets = {kind: {"files": dict(files)} for kind, files in self.sets.items()}
        for kind, made in self.made.items():
            sets[kind]["made"] = dict(made)
        return {"format": FORMAT, "sets": sets, **moving}


def read_ledger(folder: Path) -> Ledger:
    """Return the ledger of a folder; an empty one where there is none.

    Raises
    ------
    StoreError
        It cannot be read, or is of a later version.
    """
    path = folder / LEDGER
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        version = found["format"]
        ledger = Ledger(
            sets={kind: _files(listed["files"]) for kind, listed in found["sets"].items()},
            staging=found.get("staging"),
            earlier=_files(found.get("earlier", {})),
            made={kind: dict(listed["made"]) for kind, listed in found["sets"].items() if "made" in listed},
        )
    except (FileNotFoundError, NotADirectoryError):
        return Ledger()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(
            f"{path}: cannot be read ({type(error).__name__}: {error}); choose another folder, or remove it and what "
            "iondrift wrote beside it"
        ) from error
    if version != FORMAT or not (ledger.staging is None or _plain(ledger.staging)):
        raise StoreError(f"{path}: written in format {version!r}, this version reads {FORMAT}")
    return ledger


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file, or of the manifest of a store; nothing where a folder is none."""
    if path.is_dir():
        path = path / MANIFEST
        if not path.is_file():
            return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def without_results(paths: Iterable[Path]) -> list[Path]:
    """Return the paths that no ledger in a folder above lists among results, nor a store that they are part of."""

    @cache
    def results_above(parent: Path) -> list[tuple[Path, Mapping[str, str]]]:
        found = ((folder, read_ledger(folder).sets.get(RESULTS_SET, {})) for folder in (parent, *parent.parents))
        return [(folder, results) for folder, results in found if results]

    def is_result(path: Path) -> bool:
        for folder, results in results_above(path.parent):
            inside = path.relative_to(folder)
            if any(part.as_posix() in results for part in (inside, *inside.parents)):
                return True
        return path.name == LEDGER

    return [path for path in paths if not is_result(path)]


def _files(found: Any) -> dict[str, str]:
    """Return names with fingerprints; a name that leads out of the folder is none."""
    files = {str(name): str(digest) for name, digest in found.items()}
    for name in files:
        if not all(map(_plain, name.split("/"))):
            raise ValueError(f"{name!r} is no name of a file")
    return files


def _plain(part: str) -> bool:
    return part not in ("", ".", "..") and not any(sign in part for sign in "/\\\0:")
