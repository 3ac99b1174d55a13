"""The one decorator for every kernel: strict arithmetic, and a cache that cannot go stale."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from iondrift_kernels.compile_cache import CheckedCache, cache_folder

F = TypeVar("F", bound=Callable[..., Any])

_FOLDER = cache_folder(Path(__file__).parent)


def kernel(function: F, **flags: Any) -> F:
    """Compile a kernel or helper as IEEE 754 and its text say: no fastmath.

    A helper is compiled by itself and again inside whatever calls it; where the compiler may contract or reassociate,
    the copies differ in their last bits, and which of them is linked depends on what came first in the process. Sums
    that need vector registers state their order (:mod:`iondrift_kernels.vector_sums`) or keep replicates side by side.
    """
    flags["no_cfunc_wrapper"] = True  # nobody calls kernels from C
    compiled = numba.njit(nogil=True, error_model="numpy", **flags)(function)
    if compiled is not function:  # it is where NUMBA_DISABLE_JIT asks for plain Python
        compiled._cache = CheckedCache(function, _FOLDER)
        resolve = compiled.get_call_template
        # The types of 0 and of n are one: without this a helper is compiled for every constant that it is called with.
        compiled.get_call_template = lambda types, names: resolve(tuple(map(numba.types.unliteral, types)), names)
    return cast(F, compiled)


def inlined_kernel(function: F) -> F:
    """Compile a small scalar helper that is inlined into its callers."""
    return kernel(function, inline="always")
