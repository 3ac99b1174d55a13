"""Threads that wait for others sleep: where they spin, they take the time of those they wait for.

Two threads on two cores that two other processes keep busy took 6.5 times as long as one thread, and as long as it when
they sleep; where OpenMP was loaded before, 65 times on a shared virtual machine.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from functools import cache
from importlib import import_module
from threading import Event, Thread

_POLICY = "OMP_WAIT_POLICY"
_LIBRARY = "libgomp.so.1"


@cache
def let_waiting_threads_sleep() -> None:
    """Let OpenMP's threads sleep while they wait, whoever loads it; a policy of the user's stays.

    It reads its settings once, while it loads. Where another package has loaded it, its threads are crowded instead.
    """
    if _POLICY in os.environ:
        return
    if _is_loaded():
        _crowd()
        return
    os.environ[_POLICY] = "passive"
    try:
        with suppress(ImportError):  # no OpenMP here: Numba takes another pool, whose threads sleep
            import_module("numba.np.ufunc.omppool")
    finally:
        del os.environ[_POLICY]


def _is_loaded() -> bool:
    """Say whether GNU's OpenMP is in the process."""
    if not hasattr(os, "RTLD_NOLOAD"):  # of Linux and other systems where it may be
        return False
    try:
        ctypes.CDLL(_LIBRARY, mode=os.RTLD_NOLOAD)
    except OSError:
        return False
    return True


def _crowd() -> None:
    """Hold a second team of threads, asleep: with more of them than processors, GNU's OpenMP all but stops spinning."""
    ready = Event()

    def hold() -> None:
        nothing = ctypes.cast(ctypes.CDLL(None).free, ctypes.c_void_p)  # free(NULL) does nothing
        ctypes.CDLL(_LIBRARY).GOMP_parallel(nothing, None, 0, 0)
        ready.set()
        Event().wait()

    Thread(target=hold, name="iondrift: threads that sleep", daemon=True).start()
    ready.wait()
