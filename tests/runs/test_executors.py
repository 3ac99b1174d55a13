"""Independent tasks: whoever works, every one has its result, and nothing is left running."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import worker_tasks
from iondrift.errors import ConfigurationError
from iondrift.runs.executors import Work, execute
from iondrift.runs.options import ExecutorOptions
from worker_tasks import Trial

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs kill -9")
PROCESSES = ExecutorOptions(executor="processes", workers=2)


def work(do: Callable[[Trial], str]) -> Work[Trial, str]:
    return Work(do=do, lost=worker_tasks.lost, prepare=worker_tasks.prepare)


def trials(folder: Path, count: int = 4) -> list[Trial]:
    return [Trial(number, folder) for number in range(1, count + 1)]


def test_threads_do_tasks_here_in_their_order(tmp_path: Path) -> None:
    assert [*execute(work(lambda trial: str(trial.number)), trials(tmp_path), ExecutorOptions())] == list("1234")


def test_processes_are_prepared_and_share_the_processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    monkeypatch.setattr("iondrift.runs.executors.processors", lambda: 4)
    found = sorted(execute(work(worker_tasks.square), trials(tmp_path), PROCESSES))
    assert found == ["1 yes 2 True", "16 yes 2 True", "4 yes 2 True", "9 yes 2 True"]
    assert multiprocessing.active_children() == []


def test_a_task_that_kills_its_worker_is_given_up_and_no_other(tmp_path: Path) -> None:
    found = sorted(execute(work(worker_tasks.dies_on_three), trials(tmp_path), PROCESSES))
    assert found == ["1", "2", "4", "lost 3: its worker process died 2 times, as if out of memory"]


def test_a_worker_that_was_killed_is_replaced(tmp_path: Path) -> None:
    assert sorted(execute(work(worker_tasks.dies_once), trials(tmp_path, 2), PROCESSES)) == ["1", "2"]


def test_a_defect_is_not_swallowed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a defect in"):
        list(execute(work(worker_tasks.fails), trials(tmp_path, 2), PROCESSES))
    assert multiprocessing.active_children() == []


def test_interrupted_workers_drop_what_they_have_in_hand(tmp_path: Path) -> None:
    results = execute(work(worker_tasks.sleeps), trials(tmp_path, 2), PROCESSES)

    def interrupt() -> None:  # once both are at work
        for _ in range(400):
            if len(list(tmp_path.iterdir())) == 2:
                break
            time.sleep(0.05)
        in_hand.append(len(list(tmp_path.iterdir())))
        for worker in multiprocessing.active_children():
            worker.terminate()

    in_hand: list[int] = []
    watcher = threading.Thread(target=interrupt)
    watcher.start()
    with pytest.raises(KeyboardInterrupt):
        list(results)
    watcher.join()
    assert in_hand == [2]
    assert list(tmp_path.iterdir()) == []
    assert multiprocessing.active_children() == []


def test_a_killed_dask_worker_loses_nothing(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    options = ExecutorOptions(executor="dask", workers=2)
    assert sorted(execute(work(worker_tasks.dies_once), trials(tmp_path, 2), options)) == ["1", "2"]


def test_a_scheduler_that_does_not_answer_is_named(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(ConfigurationError, match=r"nowhere://x does not answer .* 'dask scheduler'"):
        list(
            execute(
                work(worker_tasks.square), trials(tmp_path), ExecutorOptions(executor="dask", scheduler="nowhere://x")
            )
        )
    with pytest.raises(ConfigurationError, match="executor 'threads' has none; take dask"):
        ExecutorOptions(scheduler="tcp://here:8786")
