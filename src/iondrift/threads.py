"""How many threads work at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


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
