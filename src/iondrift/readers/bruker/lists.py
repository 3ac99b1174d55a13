"""Lists beside the parameters: delays with suffixes, gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from iondrift.cast import FloatArray
from iondrift.errors import InputFileError
from iondrift.readers.bruker.parameters import bounded_text
from iondrift.readers.text import number, split_lines

_SUFFIXES: Final = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "s": 1.0}


def read_list(path: Path, *, rows: int) -> FloatArray:
    """Return the entries of a list, one a line: plain numbers, or delays in s where they bear n, u, m or s.

    Parameters
    ----------
    path
        vdlist, vplist, difflist ...
    rows
        Of the data it belongs to.

    Raises
    ------
    InputFileError
        A line is no number, or there are fewer or more than rows.
    """
    values = []
    for k, line in enumerate(split_lines(bounded_text(path))[0], 1):
        token = line.strip()
        if token and not token.startswith((";", "#")):
            factor = _SUFFIXES.get(token[-1], 1.0)
            value = number(token[:-1] if token[-1] in _SUFFIXES else token)
            if value is None:
                raise InputFileError(f"{path}, line {k}: {token[:40]!r} is no number (with n, u, m, s); correct it")
            values.append(value * factor)
    if len(values) != rows:
        raise InputFileError(
            f"{path}: has {len(values)} entries for {rows} rows of data; give the list that was used, cut to the rows "
            "acquired"
        )
    return np.array(values)
