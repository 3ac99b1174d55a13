"""What a run costs is told before it begins, and what cannot fit is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import cells
from iondrift.cli.app import app
from iondrift.errors import ConfigurationError
from iondrift.runs import cost


def test_check_tells_time_memory_and_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = cells.write_cell(tmp_path)
    done = CliRunner().invoke(app, ["check", str(file)])
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "core seconds, 0.3 GB of memory" in said
    monkeypatch.setattr(cost, "memory", lambda: 2e8)
    refused = CliRunner().invoke(app, ["check", str(file)])
    assert refused.exit_code == 1
    assert "a run needs about 0.3 GB of memory, and 0.2 GB are granted" in refused.stderr
    assert "profiles.count" in refused.stderr


def test_a_disk_too_small_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"MB are free in .*; make room"):
        cost.require_room(cost.Cost(core_seconds=1.0, memory=1.0, disk=1e18), tmp_path)
