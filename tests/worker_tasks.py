"""Tasks that a worker process finds by their names."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import NamedTuple


class Trial(NamedTuple):
    """A number, and a folder in which a task says that it was tried."""

    number: int
    folder: Path


def prepare() -> None:
    os.environ["IONDRIFT_PREPARED"] = "yes"


def square(trial: Trial) -> str:
    prepared = os.environ.get("IONDRIFT_PREPARED", "no")
    return f"{trial.number**2} {prepared} {os.environ.get('NUMBA_NUM_THREADS')} {os.getpid() != os.getppid()}"


def dies_on_three(trial: Trial) -> str:
    """Kill the process that the third task is in, each time."""
    if trial.number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return str(trial.number)


def dies_once(trial: Trial) -> str:
    """Kill the process of every task that is tried for the first time."""
    mark = trial.folder / str(trial.number)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return str(trial.number)


def sleeps(trial: Trial) -> str:
    """Hold a file as long as the task is not dropped."""
    mark = trial.folder / f"in-hand-{trial.number}"
    mark.touch()
    try:
        time.sleep(60.0)
    finally:
        mark.unlink()
    return str(trial.number)


def fails(trial: Trial) -> str:
    raise ValueError(f"a defect in {trial.number}")


def lost(trial: Trial, why: str) -> str:
    return f"lost {trial.number}: {why}"
