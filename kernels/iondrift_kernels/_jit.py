"""The one decorator for every kernel: strict arithmetic, and a cache that cannot go stale."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from iondrift_kernels.compile_cache import CheckedCache, cache_folder
from iondrift_kernels.waiting import let_waiting_threads_sleep

F = TypeVar("F", bound=Callable[..., Any])

let_waiting_threads_sleep()
_FOLDER = cache_folder(Path(__file__).parent)


def _compile(function: F, **flags: Any) -> F:
    """Compile a function as IEEE 754 and its text say: no fastmath.

    A helper is compiled by itself and again inside whatever calls it; where the compiler may contract or reassociate,
    the copies differ in their last bits, and which of them is linked depends on what came first in the process. Sums
    that need vector registers state their order (:mod:`iondrift_kernels.vector_sums`) or keep replicates side by side.
    """
    compiled = numba.njit(nogil=True, error_model="numpy", **flags)(function)
    if compiled is not function:  # it is where NUMBA_DISABLE_JIT asks for plain Python
        compiled._cache = CheckedCache(function, _FOLDER)
    return cast(F, compiled)


def kernel(function: F) -> F:
    """Compile a serial kernel or helper."""
    return _compile(function)


def inlined_kernel(function: F) -> F:
    """Compile a small scalar helper that is inlined into its callers."""
    return _compile(function, inline="always")


def parallel_kernel(function: F) -> F:
    """Compile a kernel whose outermost loop is a ``numba.prange``."""
    return _compile(function, parallel=True)
