"""Independent tasks on this process's threads, on processes of this machine, or on the workers of a dask scheduler.

A task is what goes out and comes back, the same whatever executes it; nothing is shared but the file system.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from iondrift.errors import ConfigurationError, StoreError
from iondrift.resources import processors
from iondrift.runs.options import ExecutorOptions
from iondrift.runs.publication import uninterrupted
from iondrift.settings import subject

_T = TypeVar("_T")
_R = TypeVar("_R")
_TRIES = 2  # a task whose worker died as often is given up
_PATIENCE = 5.0  # s for workers to drop what they have in hand


@dataclass(frozen=True, kw_only=True)
class Work(Generic[_T, _R]):
    """What is done with each task; every function is a module's, so that a worker finds it by its name.

    Attributes
    ----------
    do
        The work.
    lost
        The result of a task that cannot be done, and why: its workers died.
    prepare
        Called first of all in a process of ours.
    """

    do: Callable[[_T], _R]
    lost: Callable[[_T, str], _R]
    prepare: Callable[[], None]


def execute(work: Work[_T, _R], tasks: Sequence[_T], options: ExecutorOptions) -> Iterator[_R]:
    """Give the result of each task as it comes, in any order.

    Raises
    ------
    ConfigurationError
        dask is not installed, or its scheduler does not answer.
    StoreError
        The scheduler went away before all was done.
    """
    if options.executor == "threads":
        yield from map(work.do, tasks)
    elif options.executor == "processes":
        yield from _on_processes(work, tasks, min(options.count, len(tasks)))
    else:
        yield from _on_dask(work, tasks, options)


def _on_processes(work: Work[_T, _R], tasks: Sequence[_T], count: int) -> Iterator[_R]:
    """Share tasks among so many processes; each has a pool of its own, so that it is known what one had in hand."""
    waiting: SimpleQueue[_T] = SimpleQueue()
    for task in tasks:
        waiting.put(task)
    done: SimpleQueue[_R | BaseException] = SimpleQueue()
    places = [threading.Thread(target=_place, args=(work, waiting, done, count), daemon=True) for _ in range(count)]
    for place in places:
        place.start()
    try:
        for _ in tasks:
            result = done.get()
            if isinstance(result, BaseException):
                raise result
            yield result
    except BaseException:
        with suppress(Empty):
            while True:
                waiting.get_nowait()
        _stop_workers()
        raise
    finally:
        for place in places:
            place.join()


def _place(work: Work[_T, _R], waiting: SimpleQueue[_T], done: SimpleQueue[_R | BaseException], count: int) -> None:
    """Take tasks to one process until none is waiting, and to another where it dies."""
    pool = _pool(work, count)
    try:
        while True:
            task = waiting.get_nowait()
            for trial in range(_TRIES):
                try:
                    done.put(pool.submit(_do, work.do, task).result())
                    break
                except BrokenProcessPool:
                    pool.shutdown()
                    pool = _pool(work, count)
                    if trial + 1 == _TRIES:
                        done.put(work.lost(task, f"its worker process died {_TRIES} times, as if out of memory"))
    except Empty:
        pass
    except BaseException as error:  # told by whoever waits for results
        done.put(error)
    finally:
        pool.shutdown()


def _pool(work: Work[_T, _R], count: int) -> ProcessPoolExecutor:
    threads = max(1, processors() // count)
    context = multiprocessing.get_context("spawn")  # threads are running here: a fork would hang
    return ProcessPoolExecutor(1, context, _begin, (threads, work.prepare))


def _begin(threads: int, prepare: Callable[[], None]) -> None:
    """Set up a worker process: its share of the processors, and an end when its parent's comes."""
    os.environ.setdefault("NUMBA_NUM_THREADS", str(threads))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C reaches all; the parent says what happens
    signal.signal(signal.SIGTERM, _drop)
    threading.Thread(target=_follow_parent, daemon=True).start()
    prepare()


_IN_HAND = threading.Event()


def _do(do: Callable[[_T], _R], task: _T) -> _R:
    """Do a task in a process of ours."""
    _IN_HAND.set()
    try:
        return do(task)
    finally:
        _IN_HAND.clear()


def _drop(*_: object) -> None:
    """Leave the task in hand as if interrupted, so that what it holds is cleared away; end where there is none."""
    raise KeyboardInterrupt if _IN_HAND.is_set() else SystemExit


def _follow_parent() -> None:
    """End this process when its parent has ended: the locks it holds go with it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


def _stop_workers() -> None:
    """End what is left of the workers: they drop what they have in hand, or are killed."""
    workers = multiprocessing.active_children()
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join(_PATIENCE)
        if worker.is_alive():
            worker.kill()


def _on_dask(work: Work[_T, _R], tasks: Sequence[_T], options: ExecutorOptions) -> Iterator[_R]:
    """Hand tasks to a scheduler; one whose worker dies goes to another, a few times."""
    distributed = _dask()
    with _client(distributed, options, min(options.count, len(tasks))) as client:
        futures = {client.submit(_on_worker, work.do, task, pure=False): task for task in tasks}
        try:
            for future in distributed.as_completed(list(futures)):
                try:
                    yield future.result()
                except distributed.KilledWorker as error:
                    yield work.lost(futures[future], f"its dask workers died, the last at {error.last_worker.address}")
        except (OSError, distributed.client.FutureCancelledError) as error:
            raise StoreError(
                f"the dask scheduler went away ({error}); start the same command again: what is complete stands"
            ) from error
        finally:
            with suppress(OSError, TimeoutError):
                client.cancel(list(futures))


def _client(distributed: Any, options: ExecutorOptions, count: int) -> Any:
    """Connect to the scheduler, or begin one on the loopback that ends with the client."""
    if options.scheduler is None:
        threads = str(max(1, processors() // count))
        environment = {"NUMBA_NUM_THREADS": os.environ.get("NUMBA_NUM_THREADS", threads)}
        with uninterrupted():  # a cluster that is half begun cannot be closed
            return distributed.Client(
                n_workers=count, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, env=environment,
                silence_logs=50,
            )  # fmt: skip
    try:
        return distributed.Client(options.scheduler, timeout="10s")
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"{subject('scheduler')}: {options.scheduler} does not answer ({error}); start one with 'dask scheduler'"
        ) from error


def _dask() -> Any:
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        raise ConfigurationError(
            f"{subject('executor')}: dask is not installed; pip install 'iondrift[dask]', or take processes"
        ) from error


_ONE_AT_A_TIME = threading.Lock()


def _on_worker(do: Callable[[_T], _R], task: _T) -> _R:
    """Do a task on a dask worker: one at a time in a process, its kernels on the threads that the worker was given."""
    import numba
    from distributed import get_worker

    with _ONE_AT_A_TIME:
        numba.set_num_threads(max(1, min(get_worker().state.nthreads, numba.get_num_threads())))
        return do(task)
