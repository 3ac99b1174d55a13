"""Cut and bit-flipped files: an error that can be read, or the right numbers; never a crash, a hang, silent
nonsense."""

from __future__ import annotations

from collections import Counter

import pytest

from damaged_files import DAMAGES, SAMPLES, outcomes
from instrument_files import write_one_of_each

COUNT = 60
# Nothing repeats a number of these formats: a changed digit can only be seen where it breaks order or stands
# out.
BARE = {"zahner", "autolab", "zplot", "parstat", "powersuite", "text"}
# What a changed digit may do unnoticed: what hides between neighbours where nothing repeats it (the small files have
# five points a decade), else about the rounding of what does.
LARGEST_SILENT_CHANGE_BARE = 0.3
LARGEST_SILENT_CHANGE = 0.01


def _check(name: str, damage: str, found: list[tuple[str, float]]) -> None:
    counts = Counter(word for word, _ in found)
    assert counts.total() == COUNT
    if damage == "cut":
        assert counts["changed"] == 0
        assert counts["refused"] + counts["warned"] > 0
        if name in ("zahner", "zplot", "autolab", "versastudio"):  # these declare their points
            assert counts["shorter"] == 0
    allowed = LARGEST_SILENT_CHANGE_BARE if name in BARE else LARGEST_SILENT_CHANGE
    assert max(change for _, change in found) < allowed


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", SAMPLES)
def test_damaged_real_files(measurements, tmp_path, name, damage):
    found = list(outcomes(measurements / SAMPLES[name], damage, COUNT, 0, tmp_path))
    _check(name.split(",")[0], damage, found)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "name",
    [
        "zahner", "gamry", "gamry, decimal comma", "biologic", "zplot", "versastudio", "autolab", "chi", "parstat",
        "powersuite", "text",
    ],
)  # fmt: skip
def test_damaged_small_files(tmp_path, name, damage):
    originals = tmp_path / "originals"
    originals.mkdir()
    path = write_one_of_each(originals)[name]
    _check(name.split(",")[0], damage, list(outcomes(path, damage, COUNT, 1, tmp_path)))
