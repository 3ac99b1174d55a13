"""What results were made of: inputs, settings, versions. The same record means the same bits, so nothing to compute."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from iondrift.errors import StoreError
from iondrift.ledger import MANIFEST, RESULTS_SET, fingerprint, read_ledger, without_results
from iondrift.readers.paths import matching
from iondrift.version import __version__

_COMPUTING = ("cvxpy", "numba", "numpy", "scipy")  # whose versions may change a bit
STAND = " stand: the same inputs, settings and versions made them, so nothing was computed (--again computes)"
NOTHING = "no results yet"
_OWN = ".iondrift-"  # locks and staging folders


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one set of results is made of.

    Attributes
    ----------
    command
        Of the command line.
    base
        Folder from which inputs are named; absolute. It may move with them: it is not compared.
    inputs
        SHA-256 of each file that is read, by its path from ``base``.
    settings
        All that was chosen, defaults and seed included; paths from ``base``.
    versions
        Of what computes.
    """

    command: str
    base: str
    inputs: Mapping[str, str]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]

    @classmethod
    def of(cls, command: str, base: Path, files: Iterable[Path], settings: Mapping[str, Any]) -> Record:
        """Return the record of a run that is about to begin; files that are missing are left to their reader."""
        known = {relative(file, base): fingerprint(file) for file in files if os.path.isfile(file)}
        plain = json.loads(json.dumps(settings, default=str))  # as it will be read back
        return cls(command=command, base=str(base.absolute()), inputs=known, settings=plain, versions=versions())

    @classmethod
    def read(cls, folder: Path) -> Record | None:
        """Return what the results in a folder say of themselves; None where they say nothing."""
        made = read_ledger(folder).made.get(RESULTS_SET)
        try:
            return None if made is None else cls(**made)
        except TypeError as error:
            raise StoreError(f"{folder}: its ledger holds no record that this version reads; run it again") from error

    def content(self) -> dict[str, Any]:
        """Return the record as JSON holds it."""
        return asdict(self)

    def changes(self, earlier: Record) -> list[str]:
        """Return what differs from an earlier record, in words; nothing where its results stand."""
        if self.command != earlier.command:
            return [f"made by {earlier.command!r}"]
        found = [*_differences(earlier.versions, self.versions)]
        found += [f"{name} changed" for name in _differing(earlier.inputs, self.inputs)]
        return [*found, *_differences(earlier.settings, self.settings)]


def changes(folder: Path, record: Record) -> list[str]:
    """Return why results in a folder cannot stand for a run, in words; an empty list where they do.

    Their files are looked at by presence and size, and small ones by content; ``iondrift verify`` reads all.

    Raises
    ------
    StoreError
        The ledger cannot be read.
    """
    earlier = Record.read(folder)
    if earlier is None:
        return [NOTHING if not read_ledger(folder).sets.get(RESULTS_SET) else "they hold no record"]
    return record.changes(earlier) or [f"{name} is not as it was written" for name in _damaged(folder)]


def versions() -> dict[str, str]:
    """Return versions of what computes; ours with a digest of the code, which changes more often than its number."""
    return {"iondrift": f"{__version__}+{_code()}", **{name: version(name) for name in _COMPUTING}}


def files_of(patterns: Iterable[str | Path], *, deep: bool) -> list[Path]:
    """Return the files that patterns, folders and names stand for; ``deep``: those in folders of a folder, too."""
    found: list[Path] = []
    for pattern in patterns:
        path = Path(pattern)
        if not os.path.isdir(path):
            found += [path] if os.path.isfile(path) else matching(path)
            continue
        members = path.rglob("*") if deep else path.iterdir()
        found += (file for file in members if not any(part.startswith(_OWN) for part in file.parts))
    return without_results(sorted(file for file in dict.fromkeys(found) if os.path.isfile(file)))


def relative(path: str | Path, base: Path) -> str:
    """Return a path as seen from a folder; absolute where there is no way, as between drives."""
    try:
        return Path(os.path.relpath(path, base)).as_posix()
    except ValueError:
        return Path(path).absolute().as_posix()


def _damaged(folder: Path) -> Iterator[str]:
    """Give the files of the results that are missing or of another size than written, single files by content."""
    ledger = read_ledger(folder)
    for name in ledger.sets.get(RESULTS_SET, {}):
        try:
            place = ledger.find(folder, name)
        except StoreError:
            yield name
            continue
        if not place.exists():
            yield name
        elif place.is_dir():
            listed = json.loads((place / MANIFEST).read_text(encoding="utf-8"))["files"]
            sizes = {file.relative_to(place).as_posix(): file.stat().st_size for file in place.rglob("*")}
            yield from (f"{name}/{file}" for file, entry in listed.items() if sizes.get(file) != entry["bytes"])


@cache
def _code() -> str:
    """Return a digest of the modules of house and kernels."""
    digest = hashlib.sha256()
    for package in ("iondrift", "iondrift_kernels"):
        spec = find_spec(package)
        for root in (spec.submodule_search_locations or ()) if spec else ():
            for file in sorted(Path(root).rglob("*.py")):
                digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def _differing(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in {*earlier, *now} if earlier.get(name) != now.get(name))


def _differences(earlier: Mapping[str, Any], now: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Give what differs, a line a setting; ``above``: the section that they are of, with its dot."""
    for name in _differing(earlier, now):
        before, after = earlier.get(name), now.get(name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _differences(before, after, f"{above}{name}.")
        else:
            yield f"{above}{name}: {_said(before)} before, {_said(after)} now"


def _said(value: Any) -> str:
    return "none" if value is None else "others" if isinstance(value, Mapping) else str(value)
