"""Damage TopSpin data sets and see what the reader makes of them: cut, bits flipped, files mixed up or gone.

``python tests/damaged_data_sets.py [COUNT]`` damages COUNT (1000) folders and prints a table.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

import topspin_sets as sets
from damaged_files import cut, flip_bits
from iondrift.errors import InputFileError, IondriftWarning
from iondrift.readers.bruker.data_set import open_data_set
from iondrift.readers.bruker.raw import read_fids

LONGEST_READ_S = 5.0
FILES = ("acqus", "acqu2s", "fid", "ser", "audita.txt")


def originals(folder: Path) -> list[Path]:
    """Write data sets that are alike enough to be mixed up."""
    return [
        sets.single(folder / "1", pulse_program="diffprof"),
        sets.single(folder / "2", count=230, started=sets.later(60)),
        sets.single(folder / "3", scans=8, started=sets.later(120)),
        sets.rows(folder / "4", started=sets.later(180)),
        sets.rows(folder / "5", planned=6, done=6, started=sets.later(240)),
        sets.rows(folder / "6", done=3, started=sets.later(300)),
    ]


def damage(folder: Path, others: list[Path], random: np.random.Generator) -> str:
    """Damage one file of a data set; return how."""
    present = [name for name in FILES if (folder / name).exists()]
    path = folder / str(random.choice(present))
    kind = str(random.choice(["cut", "bits flipped", "mixed up", "gone"]))
    if kind == "gone":
        path.unlink()
    elif kind == "mixed up":
        held = [other / path.name for other in others if (other / path.name).exists()]
        shutil.copy(held[int(random.integers(len(held)))], path)
    else:
        path.write_bytes((cut if kind == "cut" else flip_bits)(path.read_bytes(), random))
    return kind


def read(folder: Path) -> tuple[tuple[int, ...], object, object]:
    """Return shape, start and end."""
    data_set = open_data_set(folder)
    fids, times = read_fids(data_set), data_set.times
    return fids.shape, times.start, times.stop


def outcome(folder: Path, expected: tuple[object, ...]) -> str:
    """Return what became of reading a damaged data set: refused, warned, unharmed; or a defect in capitals."""
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = read(folder)
        except InputFileError:
            found = None
    if time.perf_counter() - began > LONGEST_READ_S:
        return "TOO SLOW"
    if any(not issubclass(warning.category, IondriftWarning) for warning in caught):
        return "FOREIGN WARNING"
    if found is None:
        return "refused"
    if caught:
        return "warned"
    if found == expected:
        return "unharmed"
    # Without its audit trail a FID has the end alone, and says so.
    known = [(mine, right) for mine, right in zip(found[1:], expected[1:], strict=True) if mine is not None]
    honest = found[0] == expected[0] and all(abs((mine - right).total_seconds()) < 1.0 for mine, right in known)
    return "less known" if honest else "SILENTLY WRONG"


def run(count: int, *, seed: int = 1) -> Counter[tuple[str, str]]:
    """Damage so many folders; return how often which damage had which outcome."""
    random = np.random.default_rng(seed)
    found: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as place:
        whole = originals(Path(place) / "whole")
        expected = {folder: read(folder) for folder in whole}
        for k in range(count):
            source = whole[int(random.integers(len(whole)))]
            folder = Path(place) / f"damaged-{k}"
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns("pdata"))
            kind = damage(folder, whole, random)
            found[kind, outcome(folder, expected[source])] += 1
            shutil.rmtree(folder)
    return found


if __name__ == "__main__":
    for (kind, result), times in sorted(run(int(sys.argv[1]) if len(sys.argv) > 1 else 1000).items()):
        print(f"{kind:>14} {result:<16} {times}")
