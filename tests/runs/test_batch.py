"""Many cells: one table, one failing cell stops no other, and a batch is simply started again."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

import cells
from iondrift.cli.app import app
from iondrift.errors import ConfigurationError, InputFileError
from iondrift.experiment import pipeline
from iondrift.ledger import LEDGER
from iondrift.report.figures import cell as figures
from iondrift.runs import many, store
from iondrift.runs.crate import CRATE
from iondrift.runs.lock import locked

NAMES = ("first", "second", "third")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three cells, the second of them with a mistake."""
    made = tmp_path_factory.mktemp("cells")
    for name in NAMES:
        file = cells.write_cell(made / name, toml=cells.TOML.replace('"small"', f'"{name}"'))
        if name == "second":
            file.write_text(file.read_text().replace("313.15", '"warm"'))
    return made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "draw", lambda *_, **__: [])


def batch(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["batch", *map(str, arguments)])


def digests(out: Path) -> Mapping[str, str]:
    """Return the SHA-256 of every file below a folder but those that say when and where it was computed."""
    files = (file for file in out.rglob("*") if file.is_file() and file.name not in (LEDGER, CRATE))
    return {str(file.relative_to(out)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.mark.usefixtures("quick")
def test_a_batch_ends_with_a_table_whatever_fails_and_is_begun_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = batch(folder / "*" / "cell.toml", "--out", tmp_path)
    assert result.exit_code == 5, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [words[:2] for words in lines if words[:1] and words[0] in NAMES] == [
        ["first", "done"], ["second", "failed"], ["third", "done"],
    ]  # fmt: skip
    assert "error: second: " in result.stderr
    assert "found 'warm'; should be a number" in result.stderr
    assert "3 cells: 2 done, 1 failed." in result.stdout
    before = digests(tmp_path)

    monkeypatch.setattr(pipeline, "analyse", None)  # nothing is left for it
    again = batch(folder / "*" / "cell.toml", "--out", tmp_path)
    assert again.exit_code == 5, again.output
    assert "3 cells: 2 stood already, 1 failed." in again.stdout
    assert digests(tmp_path) == before


@pytest.mark.usefixtures("quick")
def test_the_table_holds_headline_numbers_with_bands_and_units(folder: Path, tmp_path: Path) -> None:
    result = batch(folder / "*" / "cell.toml", "--out", tmp_path, "--json", "--smoothing", "pspline", "--samples", "64")
    with (tmp_path / "summary.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["cell"]: row for row in csv.DictReader(stream)}
    summary = json.loads((tmp_path / "first" / "summary.json").read_text())
    end = summary["drift_velocity"]["at_end"]["x0"]
    assert float(rows["first"]["v_x0_um_per_h"]) == end["value"]
    assert float(rows["first"]["v_x0_95_high_um_per_h"]) == end["band_95"][1]
    assert int(rows["first"]["warnings"]) == len(summary["warnings"])
    assert (rows["first"]["state"], rows["second"]["state"]) == ("complete", "failed")
    assert "should be a number" in rows["second"]["error"]
    assert json.loads(result.stdout) == json.loads((tmp_path / "summary.json").read_text())


def test_an_interrupted_batch_says_how_to_go_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    analyse = pipeline.analyse

    def third_interrupted(experiment: Any, **options: Any) -> Any:
        if experiment.cell.name == "third":
            raise KeyboardInterrupt
        return analyse(experiment, **options)

    monkeypatch.setattr(pipeline, "analyse", third_interrupted)
    result = batch(folder / "*" / "cell.toml", "--out", tmp_path)
    assert result.exit_code == 130
    assert result.stderr.endswith("interrupted: 1 of 3 cells are complete; start the same command again to go on\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first"]
    monkeypatch.setattr(pipeline, "analyse", analyse)
    assert "3 cells: 1 done, 1 stood already, 1 failed." in batch(folder / "*" / "cell.toml", "--out", tmp_path).stdout


def test_a_full_disk_loses_nothing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    files = [folder / name / "cell.toml" for name in ("first", "third")]
    assert batch(*files, "--out", tmp_path / "whole").exit_code == 0
    sync, left = store.sync, [30]

    def sync_while_there_is_room(file: Path) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(file)

    before = digests(shutil.copytree(tmp_path / "whole", tmp_path / "full"))
    monkeypatch.setattr(store, "sync", sync_while_there_is_room)
    result = batch(*files, "--out", tmp_path / "full", "--closure", "blocking")
    assert result.exit_code in (1, 5)
    assert "No space left on device" in result.stderr
    assert "Traceback" not in result.stderr
    assert {name: digests(tmp_path / "full")[name] for name in before if "/" in name} == {
        name: digest for name, digest in before.items() if "/" in name
    }
    monkeypatch.setattr(store, "sync", sync)
    assert batch(*files, "--out", tmp_path / "full").exit_code == 0
    found, whole = digests(tmp_path / "full"), digests(tmp_path / "whole")
    assert {name: found[name] for name in whole if "/" in name} == {n: d for n, d in whole.items() if "/" in n}
    assert not list(tmp_path.rglob(".iondrift*"))


def test_a_defect_stops_no_other_cell_and_keeps_its_traceback(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    analyse = pipeline.analyse

    def first_defect(experiment: Any, **options: Any) -> Any:
        return analyse(experiment, **options) if experiment.cell.name == "third" else {}["gone"]

    monkeypatch.setattr(pipeline, "analyse", first_defect)
    result = batch(folder / "*" / "cell.toml", "--out", tmp_path)
    assert result.exit_code == 5
    assert "the program failed (KeyError: 'gone'); please report it" in result.stderr
    assert "Traceback" in result.stderr
    assert (tmp_path / "third" / "report.txt").is_file()


def test_a_cell_that_another_process_computes_is_left_for_the_end(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    tasks = [task for task in many.tasks_of([folder / "*" / "cell.toml"], tmp_path) if task.name != "second"]
    told: list[str] = []
    lock = locked(tasks[0].folder)
    lock.__enter__()

    def listen(step: str) -> None:
        told.append(step)
        if "waiting" in step:
            lock.__exit__(None, None, None)

    results = many.run_tasks(tasks, progress=listen)
    assert [(result.task.name, result.state) for result in results] == [("first", "done"), ("third", "done")]
    ends = [step for step in told if step.endswith((": done", "waiting"))]
    assert ends == ["third: done", "first: another process computes it; waiting", "first: done"]
    monkeypatch.setattr(many, "_LONG", 0.1)
    with locked(tasks[0].folder):
        (busy,) = many.run_tasks([many.replace(tasks[0], again=True)])
    assert busy.state == "failed"
    assert f"process {os.getpid()} on" in str(busy.error)


def test_cells_are_named_by_what_tells_them_apart(folder: Path, tmp_path: Path) -> None:
    def names(*named: Path) -> list[str]:
        return [task.name for task in many.tasks_of(named, tmp_path)]

    files = [folder / name / "cell.toml" for name in NAMES]
    assert names(*files) == [*NAMES]
    assert names(files[0]) == ["cell"]
    listing = tmp_path / "list.toml"
    listing.write_text(f'[cells]\n"A 1" = "{files[0]}"\nB = "gone/x.toml"\n')
    assert names(listing, *files[1:]) == ["A 1", "B", "second", "third"]
    tasks = many.tasks_of([listing], tmp_path)
    assert tasks[1].file == tmp_path / "gone" / "x.toml"
    assert tasks[1].folder == tmp_path / "B"


def test_what_cannot_be_meant_is_refused(folder: Path, tmp_path: Path) -> None:
    listing = tmp_path / "list.toml"
    for text, said in (
        ("[cells]\na = 3\n", "takes lines like"), ('[cells]\n"../a" = "x.toml"\n', "is no name for a folder"),
        ("[cells]\n", "takes lines like"),
    ):  # fmt: skip
        listing.write_text(text)
        with pytest.raises(ConfigurationError, match=said):
            many.tasks_of([listing], tmp_path)
    with pytest.raises(InputFileError, match="no file matches this pattern"):
        many.tasks_of([folder / "*.nothing"], tmp_path)
    with pytest.raises(ConfigurationError, match=r"is a folder; name the experiment files, as in '.*/experiment.toml'"):
        many.tasks_of([folder], tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="spawns processes")
def test_the_same_bytes_whoever_computes(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    file = folder / "first" / "cell.toml"
    assert batch(file, "--out", tmp_path / "threads", "--figures", "none").exit_code == 0
    for executor in ("processes", "dask"):
        command = [sys.executable, "-m", "iondrift", "batch", file, "--out", tmp_path / executor, "--quiet"]
        done = subprocess.run([*command, "--executor", executor, "--figures", "none"], capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = [digests(tmp_path / executor / "cell") for executor in ("threads", "processes", "dask")]
    assert len(found[0]) > 20
    assert found[0] == found[1] == found[2]
