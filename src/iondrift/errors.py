"""One small tree of errors. Every message names the place and the remedy.

The command line turns any :class:`IondriftError`, and too little memory, into one line on stderr and exit status 1;
anything else is a defect of the program and keeps its traceback.
"""

from __future__ import annotations

import errno
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def plain(text: object) -> str:
    r"""Return text that rules neither a terminal nor the direction of writing, and that UTF-8 and XML can hold.

    Control characters but tab and line feed become U+FFFD.

    Examples
    --------
    >>> plain("cell \x1b[31m").isprintable()
    True
    """
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", str(text))


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


class IondriftError(Exception):
    """Base of everything a user can put right; its message quotes names and lines, so that it is shown as text."""

    def __str__(self) -> str:
        return plain(super().__str__())


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
                notes.append(plain(warning.message))
            else:
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
