"""The one decorator for every kernel: flags, and a cache that cannot go stale."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from iondrift_kernels.waiting import let_waiting_threads_sleep

F = TypeVar("F", bound=Callable[..., Any])

# Reassociation and contraction let reductions vectorise. Neither nnan nor ninf: NaN must survive a kernel.
FASTMATH = frozenset({"contract", "reassoc", "nsz", "arcp"})


def _cache_folder() -> str | None:
    """Return a writable cache folder named after the kernel sources, or None where nothing is writable.

    Numba invalidates a cached kernel when its own file changes, not when a helper it inlines from another
    file does; naming the folder after all sources cures that.
    """
    if configured := os.environ.get("NUMBA_CACHE_DIR"):
        return configured
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    home = os.environ.get("XDG_CACHE_HOME")
    try:
        base = Path(home) if home else Path.home() / ".cache"
        folder = base / "iondrift" / f"kernels-{digest.hexdigest()[:16]}"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except (OSError, RuntimeError):  # read-only or absent home: compile afresh in every process
        return None


let_waiting_threads_sleep()
_CACHE = _cache_folder()
_CONFIG: Any = numba.config  # a module whose settings numba fills in from the environment


def _compile(function: F, fastmath: frozenset[str] = FASTMATH, **flags: Any) -> F:
    previous = _CONFIG.CACHE_DIR
    try:
        if _CACHE is not None:
            _CONFIG.CACHE_DIR = _CACHE
        compiled = numba.njit(
            cache=_CACHE is not None, nogil=True, error_model="numpy", fastmath=set(fastmath), **flags
        )(function)
    finally:
        _CONFIG.CACHE_DIR = previous
    return cast(F, compiled)


def kernel(function: F) -> F:
    """Compile a serial kernel or helper."""
    return _compile(function)


def exact_kernel(function: F) -> F:
    """Compile a serial kernel without fastmath: every operation rounds as in NumPy, whatever the loop's width."""
    return _compile(function, fastmath=frozenset())


def ordered_kernel(function: F) -> F:
    """Compile a serial helper whose sums keep their order; a product and the sum it enters may round once."""
    return _compile(function, fastmath=frozenset({"contract"}))


def inlined_kernel(function: F) -> F:
    """Compile a small scalar helper that is inlined into its callers."""
    return _compile(function, inline="always")


def parallel_kernel(function: F) -> F:
    """Compile a kernel whose outermost loop is a ``numba.prange``."""
    return _compile(function, parallel=True)
