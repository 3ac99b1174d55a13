"""Which files a folder's ledger takes out of the measurements."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from iondrift.ledger import LEDGER, without_results


def test_results_are_told_from_what_lies_beside_them(tmp_path: Path) -> None:
    sets = {
        "results": {"files": {"report.txt": "0", "results.zarr": "0", "figures/profiles.svg": "0"}},
        "simulated": {"files": {"log.txt": "0"}},
    }
    (tmp_path / LEDGER).write_text(json.dumps({"format": 1, "sets": sets}))
    results = ["report.txt", "results.zarr", "results.zarr/x/0", "figures/profiles.svg", LEDGER]
    others = ["log.txt", "a.txt", "figures/mine.svg", "deep/report.txt", "report.txt.earlier"]
    found = without_results(tmp_path / name for name in [*results, *others])
    assert found == [tmp_path / name for name in others]


def test_names_relative_to_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / LEDGER).write_text(json.dumps({"format": 1, "sets": {"results": {"files": {"report.txt": "0"}}}}))
    monkeypatch.chdir(tmp_path)
    assert without_results([Path("report.txt"), Path("log.txt")]) == [Path("log.txt")]
