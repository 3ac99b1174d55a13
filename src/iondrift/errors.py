"""One small tree of errors. Every message names the place and the remedy.

The command line turns any :class:`IondriftError`, and too little memory, into one line on stderr and exit status 1;
anything else is a defect of the program and keeps its traceback.
"""

from __future__ import annotations

import errno
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class IondriftError(Exception):
    """Base of everything a user can put right."""


class InputFileError(IondriftError, ValueError):
    """A file is missing, truncated or not what it claims to be."""


class DataError(IondriftError, ValueError):
    """Values that no physics allows: NaN, a concentration of zero, time running backwards."""


class ShapeError(IondriftError, ValueError):
    """An array has the wrong number of dimensions or the wrong length."""


class ConfigurationError(IondriftError, ValueError):
    """The experiment file, or an option, asks for something that does not exist or does not fit."""


class DiffusivityError(IondriftError, ValueError):
    """D(c) is not positive somewhere in the range of concentrations it is needed for."""


class StoreError(IondriftError, OSError):
    """Results cannot be written or read back."""


class BusyError(StoreError):
    """Another process writes where results belong; it is named."""


class IondriftWarning(UserWarning):
    """A number that was computed but leans on something the user should know."""


def out_of_memory(error: MemoryError) -> str:
    """Return one line for an array that did not fit."""
    return f"not enough memory{f' ({error})' if str(error) else ''}; take fewer --samples, or fewer profiles or points"


def of_surroundings(error: OSError) -> str | None:
    """Return one line for what the system refuses, whoever asked: no right, no room, no such name; None for others."""
    if error.errno not in _SURROUNDINGS or error.filename is None:
        return None
    return f"{error.filename}: {error.strerror}; check path, rights and free space"


_SURROUNDINGS = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ELOOP,
    errno.EMFILE, errno.ENAMETOOLONG, errno.ENFILE,
)  # fmt: skip


@contextmanager
def collected_warnings(notes: list[str]) -> Iterator[None]:
    """Turn this package's warnings into lines of the report; pass every other warning on."""
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", IondriftWarning)
            yield
    finally:
        for warning in caught:
            if issubclass(warning.category, IondriftWarning):
                notes.append(str(warning.message))
            else:
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
