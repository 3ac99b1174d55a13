"""Several runs and one folder: nobody's results are lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import xarray as xr

from cells import write_cell
from iondrift import errors
from iondrift.ledger import LEDGER
from iondrift.runs.crate import CRATE
from iondrift.runs.lock import LOCK, locked
from iondrift.runs.results import publication

HOLDER = """
import sys, time
from pathlib import Path
from iondrift.runs.results import publication
with publication(Path(sys.argv[1])) as files:
    (files.staging / "half").write_text("written")
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def holder(folder: Path, seconds: float) -> subprocess.Popen[str]:
    """Start a process that holds a folder; return when it does."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder), str(seconds)], stdout=-1, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def publish(folder: Path, text: str) -> None:
    with publication(folder) as files:
        files.report(text, {"text": text})


def test_a_second_writer_names_the_first_and_leaves_it_its_work(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    process = holder(folder, 60.0)
    try:
        with (
            pytest.raises(errors.StoreError, match=rf"process {process.pid} on .*, since 20.*choose another folder"),
            locked(folder, patience=0.2),
        ):
            pass
        assert [path.name for path in folder.rglob("half")] == ["half"]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


def test_a_writer_waits_for_one_that_ends_soon(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    process = holder(folder, 0.5)
    publish(folder, "second")
    assert process.wait() == 0
    process.stdout.close()  # type: ignore[union-attr]
    assert (folder / "report.txt").read_text() == "second"


@pytest.mark.skipif(sys.platform == "win32", reason="needs kill -9")
def test_a_killed_run_locks_nobody_out_and_what_it_left_is_cleared(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    publish(folder, "earlier")
    process = holder(folder, 60.0)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()  # type: ignore[union-attr]
    assert (folder / "report.txt").read_text() == "earlier"
    publish(folder, "later")
    assert sorted(path.name for path in folder.iterdir()) == [LEDGER, "report.txt", "summary.json"]
    assert (folder / "report.txt").read_text() == "later"


def test_no_lock_stays_behind_and_an_empty_folder_goes(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "results"
    with publication(folder):
        assert json.loads((folder / LOCK).read_text())["process"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_two_commands_into_one_folder_both_end_well_and_leave_whole_results(tmp_path: Path) -> None:
    experiment = write_cell(tmp_path / "cell")
    folder = tmp_path / "results"
    command = [sys.executable, "-m", "iondrift", "run", str(experiment), "--out", str(folder), "--no-bands", "--quiet"]
    began = time.time()
    runs = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [run.communicate()[1] for run in runs]
    # The second waits; on a machine so slow that it gives up, it says so and has harmed nothing.
    codes = sorted(run.returncode for run in runs)
    assert codes == [0, 0] or (codes == [0, 1] and "is writing results there" in "".join(said)), said
    assert "Traceback" not in "".join(said)
    with xr.open_zarr(folder / "results.zarr") as stored:
        assert stored.drift_velocity.notnull().all()
    assert (folder / "report.txt").stat().st_mtime > began - 1.0
    left = {path.name for path in folder.iterdir()}
    assert left == {"results.zarr", "summary.json", "report.txt", "figures", CRATE, LEDGER}
