"""Jobs shared by threads: whichever is free takes the next from a queue.

Jobs differ in cost, by an order of magnitude in a series that drifts, and a core may be taken away for a while: shares
fixed beforehand leave one thread waiting for the other. What a job computes must not depend on who takes it.

The threads are Python's own, which compiled kernels let run: threads that wait sleep, calls from several threads do not
meet, and nothing is compiled twice as for Numba's parallel loops, which took a third of all time of compilation.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import numba
import numpy as np
import numpy.typing as npt
from numba import types
from numba.extending import intrinsic, overload

_CONFIG: Any = numba.config  # a module whose settings numba fills in from the environment
IntArray = npt.NDArray[np.int64]
_R = TypeVar("_R")

ROWS = 256  # that a thread takes at once where each costs a fraction of a microsecond


def share(workers: int, work: Callable[..., None], *arguments: Any) -> None:
    """Let ``workers`` threads, this one among them, call ``work(queue, *arguments)``: it takes jobs until none is left.

    Interpreted, one thread does all: only compiled is a job taken at once.
    """
    queue = np.zeros(1, dtype=np.int64)
    helpers = 0 if _CONFIG.DISABLE_JIT else workers - 1
    others = [_pool().submit(work, queue, *arguments) for _ in range(helpers)]
    try:
        work(queue, *arguments)
    finally:
        for other in others:
            if not other.cancel():  # one that never began finds the queue empty
                other.result()


def together(calls: Sequence[Callable[[], _R]]) -> list[_R]:
    """Return what calls of Python give that spend their time in compiled kernels, in their order.

    Calls may ask for the same in their turn: what no thread has begun is done by whoever waits for it.
    """
    threads, found = workers_for(len(calls)), dict[int, _R]()
    numbers = iter(range(len(calls)))  # each thread asks for the next

    def work() -> None:
        for k in numbers:
            found[k] = calls[k]()

    def help_out() -> None:
        numba.set_num_threads(most)  # a setting of each thread
        work()

    most = numba.get_num_threads()
    helpers = 0 if _CONFIG.DISABLE_JIT else threads - 1
    others = [_pool().submit(help_out) for _ in range(helpers)]
    try:
        work()
    finally:
        for other in others:
            if not other.cancel():
                other.result()
    return [found[k] for k in range(len(calls))]


def workers_for(jobs: int) -> int:
    """Return how many threads may work, no more than there are jobs."""
    return int(max(1, min(numba.get_num_threads(), jobs)))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_CONFIG.NUMBA_NUM_THREADS, thread_name_prefix="iondrift")


os.register_at_fork(after_in_child=_pool.cache_clear)  # threads stay behind


def take(queue: IntArray) -> int:
    """Return the number of the next job, counting up ``queue[0]``; no two threads get the same one."""
    job = int(queue[0])
    queue[0] = job + 1
    return job


def _increment_at_once(context: Any, queue: Any) -> Any:
    """Read and increment queue[0] in one atomic instruction, which Numba offers for GPUs alone."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.atomic_rmw("add", array.data, context.get_constant(types.int64, 1), "monotonic")

    return types.int64(queue), generate


_increment: Any = intrinsic(_increment_at_once)


@overload(take)
def _take_compiled(queue: Any) -> Any:
    def implementation(queue: Any) -> Any:
        return _increment(queue)

    return implementation
