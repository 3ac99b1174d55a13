"""How many threads work at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from importlib import import_module
from threading import Lock
from typing import Any, ParamSpec, TypeVar

from iondrift.errors import ConfigurationError
from iondrift.resources import processors

_P = ParamSpec("_P")
_R = TypeVar("_R")
_COUNT, _LAYER = "NUMBA_NUM_THREADS", "NUMBA_THREADING_LAYER"
_MOST = 1024  # threads: with tens of thousands the process crashes
# What each name that Numba knows would load on Linux; elsewhere OpenMP is safe to fork, too.
_POOLS = {"tbb": "tbbpool", "omp": "omppool", "workqueue": "workqueue"}
_LAYERS = {name: (pool,) for name, pool in _POOLS.items()} | {
    "default": tuple(_POOLS.values()),
    "safe": ("tbbpool",),
    "threadsafe": ("tbbpool", "omppool"),
    "forksafe": ("tbbpool", "workqueue"),
}


@contextmanager
def threads_for(jobs: int) -> Iterator[int]:
    """Set no more threads than there are jobs, and give their number: waking others for nothing costs milliseconds."""
    import numba

    most = numba.get_num_threads()
    workers = max(1, min(most, jobs))
    numba.set_num_threads(workers)
    try:
        yield workers
    finally:
        numba.set_num_threads(most)


def bounded_threads(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let a function work on the processors that are this process's own; the caller's settings are restored behind it.

    Kernels work on as many threads as affinity and control group leave processors, whatever the machine has, unless
    NUMBA_NUM_THREADS names a number. Linear algebra works on one: matrices here are at most a hundred rows, and its
    threads would cost more than they give (measured: smoothing 1.3 s alone, 6 s and more with two threads on a busy
    machine of two cores), and sums would depend on their number.
    """

    @wraps(function)
    def bounded(*args: _P.args, **options: _P.kwargs) -> _R:
        with _HELD, threads_for(_own_processors()):
            return function(*args, **options)

    return bounded


def require_threads() -> None:
    """Refuse variables of Numba that it would answer with a traceback, or a crash.

    Raises
    ------
    ConfigurationError
        NUMBA_NUM_THREADS or NUMBA_THREADING_LAYER names nothing that can be had.
    """
    count = os.environ.get(_COUNT)
    if count is not None and not (re.fullmatch("[0-9]{1,4}", count) and 1 <= int(count) <= _MOST):
        raise ConfigurationError(
            f"{_COUNT}: the environment says {count[:40]!r}; allowed are whole numbers from 1 to {_MOST}; correct or "
            "unset the variable"
        )
    layer = os.environ.get(_LAYER)
    if layer is not None and not any(map(_installed, _LAYERS.get(layer.lower(), ()))):
        known = ", ".join(name for name in _LAYERS if any(map(_installed, _LAYERS[name])))
        raise ConfigurationError(
            f"{_LAYER}: the environment says {layer[:40]!r}, which is not installed; here are {known}; correct or "
            "unset the variable"
        )


def _own_processors() -> int:
    """Return how many threads the kernels may work on."""
    from iondrift_kernels.waiting import let_waiting_threads_sleep

    let_waiting_threads_sleep()  # before anything launches them
    require_threads()
    return _MOST if _COUNT in os.environ else processors()


def _installed(pool: str) -> bool:
    """Say whether a pool of threads of Numba can be loaded."""
    try:
        import_module(f"numba.np.ufunc.{pool}")
    except ImportError:
        return False
    return True


class _OneThread:
    """A limit that the first to enter sets and the last to leave lifts, in whatever thread each runs."""

    def __init__(self) -> None:
        self.lock, self.inside = Lock(), 0
        self.limit: Any = None

    def __enter__(self) -> None:
        with self.lock:
            if self.inside == 0:
                _take_control()
                self.limit = _libraries().limit(limits=1, user_api="blas")
            self.inside += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                _take_control()
                self.limit.restore_original_limits()
                _take_control()  # the next to set a limit is whoever comes


_HELD: Any = _OneThread()


def _take_control() -> None:
    """Let this thread set the limit: threadpoolctl lets only one do so, and passes over the others in silence."""
    for library in _libraries().lib_controllers:
        clear = getattr(library, "clear_controlling_thread", None)
        if clear is not None:
            clear(force=True)


@cache
def _libraries() -> Any:
    """Return what controls the loaded libraries of linear algebra: looking for them takes milliseconds."""
    import scipy.linalg  # brings a library of its own  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
