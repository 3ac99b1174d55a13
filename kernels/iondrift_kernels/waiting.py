"""Threads that wait for others sleep: where they spin, they take the time of those they wait for.

Two threads on two cores that two other processes keep busy took 6.5 times as long as one thread, 1.1 times asleep.
"""

from __future__ import annotations

import os
from contextlib import suppress
from importlib import import_module

_POLICY = "OMP_WAIT_POLICY"


def let_waiting_threads_sleep() -> None:
    """Load OpenMP such that its waiting threads sleep: it reads its settings once, while it loads.

    A policy of the user's stays, and so does a library that another package loaded before.
    """
    if _POLICY in os.environ:
        return
    os.environ[_POLICY] = "passive"
    try:
        with suppress(ImportError):  # no OpenMP here: Numba takes another pool, whose threads sleep
            import_module("numba.np.ufunc.omppool")
    finally:
        del os.environ[_POLICY]
