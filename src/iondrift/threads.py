"""How many threads work at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from threading import Lock
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


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


def one_algebra_thread(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let the linear algebra of a function work on one thread; the caller's own setting is restored behind it.

    Matrices here are at most a hundred rows: its threads would cost more than they give (measured: smoothing 1.3 s
    alone, 6 s and more with two threads on a busy machine of two cores), and sums would depend on their number.
    """

    @wraps(function)
    def alone(*args: _P.args, **options: _P.kwargs) -> _R:
        with _HELD:
            return function(*args, **options)

    return alone


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
