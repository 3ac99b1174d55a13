"""Results appear as a whole, the user's files stay, and nothing of an earlier run is left to mislead."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from iondrift.errors import IondriftWarning, StoreError
from iondrift.ledger import LEDGER, read_ledger
from iondrift.progress import finished_folders
from iondrift.runs import publication, store
from iondrift.runs.publication import published

OLD, NEW = 1.0, 2.0


def dataset(value: float) -> xr.Dataset:
    return xr.Dataset({"v": ("x", np.full(4, value))}, {"x": np.arange(4.0)})


def publish(
    folder: Path, value: float, *, kind: str = "results", adds: bool = False, names: tuple[str, ...] = ()
) -> None:
    """Publish a store, a report and a figure that agree, and further files."""
    with published(folder, kind, adds=adds) as staging:
        if not adds:
            store.write(dataset(value), staging / "results.zarr")
            store.write_text(str(value), staging / "report.txt")
            store.write_text(str(value), staging / "figures" / "profiles.svg")
        for name in names:
            store.write_text(str(value), staging / name)


def whole(folder: Path) -> set[float]:
    """Return the values that readers of the ledger find: one, where the set is whole."""
    ledger = read_ledger(folder)
    texts = [ledger.find(folder, name).read_text() for name in ("report.txt", "figures/profiles.svg")]
    return {*map(float, texts), *store.read(folder / "results.zarr").v.values}


def visible(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and ".zarr" not in str(path)
    }


# In child N of one process, call N that changes a file or a folder, of those that publish the second set, kills it.
DYING = """
import os, shutil, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_publication import NEW, OLD, publish
from iondrift.runs import publication
def die_at(call):
    def dying(function):
        def counted(*arguments, **options):
            nonlocal call
            call -= 1
            if call < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)
        return counted
    for name in ("rename", "replace", "unlink", "rmdir", "mkdir"):
        setattr(os, name, dying(getattr(os, name)))
    publication.shutil.rmtree = dying(publication.shutil.rmtree)
os.fsync = lambda file: None  # a kill, not a power cut
first = Path(sys.argv[1]) / "0"
publish(first, OLD, names=("results.nc",))
(first / "figures" / "mine.svg").write_text("mine")
call, killed = 0, True
while killed:
    folder = first.with_name(str(call + 1))
    shutil.copytree(first, folder)
    child = os.fork()
    if child == 0:
        die_at(call)
        publish(folder, NEW)
        os._exit(0)
    killed, call = os.waitpid(child, 0)[1] == signal.SIGKILL, call + 1
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_set_whole(tmp_path: Path) -> None:
    command = [sys.executable, "-c", DYING, str(tmp_path), str(Path(__file__).parent)]
    subprocess.run(command, check=True, stderr=subprocess.PIPE)
    found = []
    for call in range(len(os.listdir(tmp_path))):
        folder = tmp_path / str(call)
        found.append(whole(folder))
        publication.settle(folder)
        assert whole(folder) == found[-1]
        old = {"results.nc"} if found[-1] == {OLD} else set()
        assert visible(folder) - {".iondrift-lock"} == {
            "report.txt", "figures/profiles.svg", "figures/mine.svg", LEDGER, *old,
        }  # fmt: skip
        assert not list(folder.glob(".iondrift-partial*"))
    switch = found.index({NEW})
    assert found == [{OLD}] * switch + [{NEW}] * (len(found) - switch)
    assert switch > 10
    assert len(found) - switch > 5


def test_an_error_before_the_end_leaves_everything(tmp_path: Path) -> None:
    publish(tmp_path, OLD)

    def fail() -> None:
        with published(tmp_path, "results") as staging:
            store.write_text("new", staging / "report.txt")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert whole(tmp_path) == {OLD}
    assert visible(tmp_path) == {"report.txt", "figures/profiles.svg", LEDGER}


def test_what_only_the_earlier_run_wrote_goes_and_the_users_files_stay(tmp_path: Path) -> None:
    publish(tmp_path, OLD, names=("results.nc", "figures/impedance/nyquist.svg"))
    with published(tmp_path, "results", adds=True) as staging:
        store.write(dataset(OLD), staging / "impedance.zarr")
    (tmp_path / "figures" / "mine.svg").write_text("mine")
    publish(tmp_path, NEW)
    assert visible(tmp_path) == {"report.txt", "figures/profiles.svg", "figures/mine.svg", LEDGER}
    assert not (tmp_path / "impedance.zarr").exists()
    assert not (tmp_path / "figures" / "impedance").exists()
    assert whole(tmp_path) == {NEW}


def test_what_the_user_changed_is_kept_under_another_name(tmp_path: Path) -> None:
    for n, name in enumerate(("report.txt.earlier", "report.txt.earlier-2")):
        publish(tmp_path, OLD, names=("results.nc",))
        (tmp_path / "report.txt").write_text(f"my notes {n}")
        (tmp_path / "results.nc").write_text("mine")
        (tmp_path / "results.zarr" / "notes.txt").write_text("in the store")
        with pytest.warns(IondriftWarning, match="was changed since iondrift wrote it; it is kept as") as told:
            publish(tmp_path, NEW)
        assert len(told) == 3
        assert (tmp_path / name).read_text() == f"my notes {n}"
        assert (tmp_path / name.replace("report.txt", "results.nc")).read_text() == "mine"
        assert (tmp_path / name.replace("report.txt", "results.zarr") / "notes.txt").exists()
        assert whole(tmp_path) == {NEW}


@pytest.mark.parametrize("name", ["report.txt", "results.zarr/thesis.txt", "figures", "figures/profiles.svg"])
def test_a_file_of_someone_else_is_refused_and_nothing_moves(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("precious")
    with pytest.raises(StoreError, match=rf"{name.split('/thesis')[0]}: exists and was not written by iondrift"):
        publish(tmp_path, NEW)
    assert visible(tmp_path) | {"results.zarr/thesis.txt"} == {name, "results.zarr/thesis.txt"}
    assert (tmp_path / name).read_text() == "precious"


def test_the_refusal_comes_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "a.txt").write_text("measured")
    with (
        pytest.raises(StoreError, match=r"a\.txt: exists and was not written"),
        published(tmp_path, "simulated", expected=("profiles/*",)),
    ):
        raise AssertionError
    assert visible(tmp_path) == {"profiles/a.txt"}


def test_sets_of_two_kinds_share_a_folder(tmp_path: Path) -> None:
    with published(tmp_path, "simulated") as staging:
        store.write_text("log", staging / "log.txt")
    publish(tmp_path, OLD)
    publish(tmp_path, NEW)
    assert (tmp_path / "log.txt").read_text() == "log"
    assert set(read_ledger(tmp_path).sets) == {"simulated", "results"}


def test_a_store_of_another_set_is_not_read(tmp_path: Path) -> None:
    publish(tmp_path / "a", OLD)
    publish(tmp_path / "b", NEW)
    (tmp_path / "a" / "results.zarr").rename(tmp_path / "aside.zarr")
    (tmp_path / "b" / "results.zarr").rename(tmp_path / "a" / "results.zarr")
    with pytest.raises(StoreError, match=f"is not of the set that {LEDGER} beside it names"):
        store.read(tmp_path / "a" / "results.zarr")
    assert float(store.read(tmp_path / "aside.zarr").v[0]) == OLD  # alone it is whole by its manifest


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"format": 99, "sets": {}}', '{"format": 1, "sets": {"results": {"files": {"../mine.txt": "0"}}}}',
     '{"format": 1, "sets": {}, "staging": ".."}', "[" * 100_000],
)  # fmt: skip
def test_a_damaged_ledger_is_one_error(tmp_path: Path, content: str) -> None:
    (tmp_path / LEDGER).write_text(content)
    with pytest.raises(StoreError, match=rf"{LEDGER}: (cannot be read|written in format)"):
        publish(tmp_path, NEW)
    assert visible(tmp_path) == {LEDGER}


def test_an_interrupt_while_files_move_waits_and_says_that_the_new_ones_are_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, OLD)
    replaced = os.replace

    def interrupting(*paths: Path) -> None:
        signal.raise_signal(signal.SIGINT)
        replaced(*paths)

    def interrupted() -> None:
        with published(tmp_path, "results") as staging:
            store.write_text(str(NEW), staging / "report.txt")
            monkeypatch.setattr(os, "replace", interrupting)

    with finished_folders() as finished, pytest.raises(KeyboardInterrupt):
        interrupted()
    assert finished == [tmp_path]
    assert (tmp_path / "report.txt").read_text() == str(NEW)
    assert read_ledger(tmp_path).staging is None


def test_results_are_published_from_any_thread(tmp_path: Path) -> None:
    worker = threading.Thread(target=publish, args=(tmp_path, NEW))
    worker.start()
    worker.join()
    assert whole(tmp_path) == {NEW}


def test_leftovers_of_a_killed_run_are_cleared(tmp_path: Path) -> None:
    (tmp_path / ".iondrift-partial-0123").mkdir()
    publish(tmp_path, NEW)
    assert not list(tmp_path.glob(".iondrift-partial*"))


def test_a_file_in_the_way_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"):
        publish(tmp_path / "out", NEW)


def test_the_same_files_give_the_same_ledger(tmp_path: Path) -> None:
    for name in "ab":
        publish(tmp_path / name, NEW)
    assert (tmp_path / "a" / LEDGER).read_text() == (tmp_path / "b" / LEDGER).read_text()
    assert json.loads((tmp_path / "a" / LEDGER).read_text())["format"] == 1
