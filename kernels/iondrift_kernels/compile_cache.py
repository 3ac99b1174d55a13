"""Compiled kernels on disk, each in a file that proves itself.

Numba's own cache believes what it finds: a damaged file ends in a traceback, a crash, or a wrong number. Here one file
holds one kernel for one set of argument types. Its name is made of all that the machine code depends on, its first
bytes are a digest of name and content: what does not match is never unpickled, but compiled and written again. Files
appear whole, by renaming, so processes that compile at once overwrite equals with equals. A cache that cannot be
written costs time, nothing else.

The digest guards against damage, not against malice: whoever may write into the folder may run code.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from iondrift_kernels.compile_watch import begin, end

_CONFIG: Any = numba.config  # a module whose settings numba fills in from the environment
_rebuilt: Any = CompileResult._rebuild  # from what its _reduce gave
_pickled: Any = dumps
_MADE_BY = (sys.implementation.cache_tag, numba.__version__, llvmlite.__version__, np.__version__)
_DIGEST = 32  # bytes
_LARGEST = 1 << 26  # bytes read at most: a hundred times what a kernel takes


def cache_folder(sources: Path) -> Path | None:
    """Return the folder for kernels made from the ``sources`` in a folder, or None where there is no home for it.

    A kernel depends on every helper it calls, in whatever file: the folder is named after all of them.
    """
    digest = hashlib.sha256()
    for source in sorted(sources.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    name = f"kernels-{digest.hexdigest()[:16]}"
    if configured := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(configured) / name
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "iondrift" / name
    except RuntimeError:  # no home
        return None


class CheckedCache(_Cache):
    """Compiled forms of one kernel, one a file; numba asks for them by the types of the arguments."""

    def __init__(self, function: Callable[..., Any], folder: Path | None) -> None:
        self._name = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"
        self._folder = folder
        self._enabled = folder is not None

    @property
    def cache_path(self) -> str:
        """The folder, as numba tells it."""
        return str(self._folder)

    def enable(self) -> None:
        """Read and write files again."""
        self._enabled = self._folder is not None

    def disable(self) -> None:
        """Leave the files alone."""
        self._enabled = False

    def flush(self) -> None:
        """Forget every form of this kernel."""
        if self._enabled and self._folder is not None:
            for path in self._folder.glob(f"{self._name}-*"):
                path.unlink(missing_ok=True)

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return the compiled form for a signature, or None: numba then compiles, and saves."""
        target.refresh()
        content = read(self._path(signature, target.codegen())) if self._enabled else None
        if content is None:
            begin(self._name)
            return None
        return _rebuilt(target, *pickle.loads(content))

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Write a compiled form, unless it holds addresses of this process."""
        end(self._name)
        if self._enabled and not compiled.lifted and not compiled.library.has_dynamic_globals:
            write(self._path(signature, compiled.codegen), _pickled(compiled._reduce()))

    def _path(self, signature: Any, codegen: Any) -> Path:
        assert self._folder is not None
        flags = (_CONFIG.OPT, _CONFIG.BOUNDSCHECK, _CONFIG.LOOP_VECTORIZE, _CONFIG.SLP_VECTORIZE)
        made_of = repr((str(signature), codegen.magic_tuple(), *map(str, flags), *_MADE_BY))
        return self._folder / f"{self._name}-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"


def read(path: Path) -> bytes | None:
    """Return what was written to ``path``, or None if there is anything else or nothing."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            digest, content = file.read(_DIGEST), file.read(_LARGEST)
    except OSError:
        return None
    return content if digest == _digest(path, content) else None


def write(path: Path, content: bytes) -> None:
    """Replace ``path`` at once; where that cannot be done, leave things as they are."""
    part = path.with_name(f"{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(_digest(path, content) + content)
        part.replace(path)
    except OSError:  # full, read-only or not there: the kernel is compiled again in the next process
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _digest(path: Path, content: bytes) -> bytes:
    """Return the digest of a file: its name counts, so that exchanged files are damaged files."""
    return hashlib.sha256(path.name.encode() + b"\0" + content).digest()
