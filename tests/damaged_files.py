"""Damage files and see what a reader makes of them: cut at random, bits flipped at random.

``python tests/damaged_files.py [COUNT]`` runs COUNT (500) of each over one real file of every format and
prints a table.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr

from iondrift.errors import IondriftError, IondriftWarning
from iondrift.readers.impedance.series import read_impedance

SAMPLES = {
    "zahner": "eis/zahner/rc-data.ism",
    "gamry": "eis/vendor-exports/exampleDataGamry.DTA",
    "gamry, galvanostatic": "eis/solid-electrolyte/EISGALV_EISTest3.DTA",
    "biologic": "eis/solid-electrolyte/PEIS_LPSCl_IonBlocking_-25C.txt",
    "zplot": "eis/vendor-exports/Circuit1_EIS_1.z",
    "autolab": "eis/vendor-exports/exampleDataAutolab.txt",
    "parstat": "eis/vendor-exports/exampleDataParstat.txt",
    "versastudio": "eis/vendor-exports/exampleDataVersaStudio.par",
    "chi": "eis/vendor-exports/exampleDataCHInstruments.txt",
    "powersuite": "eis/vendor-exports/exampleDataPowersuite.txt",
    "text": "eis/ml621/ML621_50%.csv",
}
LONGEST_READ_S = 20.0


def cut(content: bytes, random: np.random.Generator) -> bytes:
    return content[: int(random.integers(0, len(content)))]


def flip_bits(content: bytes, random: np.random.Generator) -> bytes:
    damaged = bytearray(content)
    for place in random.integers(0, len(content), size=int(random.integers(1, 4))):
        damaged[place] ^= 1 << int(random.integers(0, 8))
    return bytes(damaged)


DAMAGES = {"cut": cut, "bits flipped": flip_bits}


def read_quietly(path: Path) -> tuple[xr.Dataset, bool]:
    """Return the series and whether anything was warned about."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        series = read_impedance(path)
    unexpected = [warning for warning in caught if not issubclass(warning.category, IondriftWarning)]
    if unexpected:
        raise AssertionError(f"{path}: {unexpected[0].category.__name__}: {unexpected[0].message}")
    return series, bool(caught)


def outcomes(original: Path, damage: str, count: int, seed: int, folder: Path) -> Iterator[tuple[str, float]]:
    """Yield what became of each damaged copy, with the largest relative change of any number read.

    "refused"; "same" (the damage hit nothing that is read); "warned" (read, with a caution that the whole
    file does not give); "shorter" (fewer points of an unchanged beginning, the file declaring no count);
    "changed" (other numbers, nothing said).
    """
    content = original.read_bytes()
    whole, _ = read_quietly(original)
    random = np.random.default_rng(seed)
    path = folder / original.name
    for _ in range(count):
        path.write_bytes(DAMAGES[damage](content, random))
        started = time.perf_counter()
        try:
            series, _ = read_quietly(path)
        except IondriftError:
            yield "refused", 0.0
            continue
        finally:
            if time.perf_counter() - started > LONGEST_READ_S:
                raise AssertionError(f"{path}: reading took more than {LONGEST_READ_S} s")
        yield verdict(whole, series)


def verdict(whole: xr.Dataset, series: xr.Dataset) -> tuple[str, float]:
    if set(series.attrs["cautions"]) - set(whole.attrs["cautions"]):
        return "warned", 0.0
    common, here, there = np.intersect1d(whole.frequency.values, series.frequency.values, return_indices=True)
    reference, values = whole.impedance.values[:, here], series.impedance.values[:, there]
    if common.size == series.frequency.size and np.array_equal(reference, values):
        if common.size == whole.frequency.size:
            return "same", 0.0
        if set(series.completeness.values) <= {"undeclared", "planned"}:
            return "shorter", 0.0
    if series.impedance.shape != whole.impedance.shape:
        return "changed", float("inf")
    change = max(
        float(np.max(np.abs(series.impedance.values / whole.impedance.values - 1.0))),
        float(np.max(np.abs(series.frequency.values / whole.frequency.values - 1.0))),
    )
    return "changed", change


def main(count: int) -> None:
    folder = Path(os.environ.get("IONDRIFT_DATA", Path(__file__).parents[2] / "shared" / "data"))
    words = ("refused", "warned", "same", "shorter", "changed")
    print(f"{'format':22}{'damage':14}" + "".join(f"{word:>9}" for word in words) + "   largest change unnoticed")
    with tempfile.TemporaryDirectory() as scratch:
        for name, sample in SAMPLES.items():
            for damage in DAMAGES:
                found = list(outcomes(folder / sample, damage, count, 0, Path(scratch)))
                counts = Counter(word for word, _ in found)
                largest = max(change for _, change in found)
                print(f"{name:22}{damage:14}" + "".join(f"{counts[word]:9}" for word in words) + f"   {largest:.3g}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
