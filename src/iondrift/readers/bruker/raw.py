"""Raw values: fid and ser, with their size checked before a number is looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from iondrift.cast import ComplexArray
from iondrift.errors import InputFileError
from iondrift.readers.bruker.audit import check_data
from iondrift.readers.bruker.data_set import DataSet
from iondrift.readers.bruker.parameters import COPY_AGAIN, Parameters
from iondrift.readers.text import LARGEST_NUMBER

BLOCK: Final = 1024  # bytes; rows of a ser begin on blocks
_TYPES: Final = {0: "i4", 2: "f8"}
_LARGEST: Final = 1 << 33  # bytes
_RANDOM: Final = 0.4 * 2**31  # mean magnitude; that of random 32-bit integers is half the scale, signals decay


def read_fids(data_set: DataSet) -> ComplexArray:
    """Return the raw values of a data set as stored: (row, point), one row for a single FID.

    Rows that were not acquired, zero to the end of the file, are left out.

    Parameters
    ----------
    data_set
        Opened.

    Returns
    -------
    numpy.ndarray
        Real part v[2k] and imaginary part v[2k + 1]; padding cut off.

    Raises
    ------
    InputFileError
        The file is missing, its size does not fit TD and DTYPA, its values are none of a measurement, or they are of
        another data set than the audit trail.

    Warns
    -----
    IondriftWarning
        The values are not those that TopSpin wrote.
    """
    kind = value_type(data_set.acquisition, "DTYPA", "BYTORDA")
    path, count = data_set.raw_file, data_set.numbers
    content = _content(data_set)
    row = count * kind.itemsize
    if data_set.rows is None:
        padded = -(-row // BLOCK) * BLOCK
        if len(content) not in (row, padded):
            raise _wrong_size(path, len(content), f"TD = {count} asks for {row}")
        values = np.frombuffer(content, kind, count).reshape(1, count)
    else:
        values = _rows(data_set, content, kind)
    _check_values(path, values)
    little = values.astype(kind.newbyteorder("<"), copy=False)
    shape = (count,) if data_set.rows is None else (count, len(values))
    check_data(path, data_set.trail, np.ascontiguousarray(little).tobytes(), shape)
    values = values[: _acquired(values)]
    if not len(values):
        raise InputFileError(f"{path}: holds zeros alone, so nothing was acquired; leave it out")
    fids: ComplexArray = values[:, ::2] + 1j * values[:, 1::2]
    return fids


def value_type(parameters: Parameters, kind: str, order: str) -> np.dtype[Any]:
    """Return the type of stored values by their two parameters.

    Raises
    ------
    InputFileError
        It is neither 32-bit integer nor 64-bit real, which is all that TopSpin writes.
    """
    code, big = parameters.integer(kind), parameters.integer(order)
    if code not in _TYPES or big not in (0, 1):
        raise InputFileError(
            f"{parameters.path}: ##${kind}= {code} with ##${order}= {big} is no type that TopSpin writes (0 integer, 2 "
            f"real; order 0 or 1); {COPY_AGAIN}"
        )
    return np.dtype((">" if big else "<") + _TYPES[code])


def require_numbers(path: Path, values: npt.NDArray[Any]) -> None:
    """Refuse values that no instrument writes.

    Raises
    ------
    InputFileError
        One is not finite, or beyond all bounds.
    """
    if values.dtype.kind == "f" and not (np.abs(values) < LARGEST_NUMBER).all():
        raise InputFileError(f"{path}: holds values that are no numbers of a measurement; {COPY_AGAIN}")


def _content(data_set: DataSet) -> bytes:
    path = data_set.raw_file
    if not path.is_file():
        other = path.with_name("ser" if path.name == "fid" else "fid")
        beside = f"; {other.name} is there, but PARMODE says otherwise" if other.is_file() else ""
        raise InputFileError(f"{path}: the raw data are missing{beside}; {COPY_AGAIN}")
    size = path.stat().st_size
    if not 0 < size <= _LARGEST:
        raise _wrong_size(path, size, "raw data have some")
    return path.read_bytes()


def _rows(data_set: DataSet, content: bytes, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return the rows of a ser, those planned at most; a last block of rows may be filled up with zeros."""
    path, count, planned = data_set.raw_file, data_set.numbers, data_set.rows or 0
    stride = -(-count * kind.itemsize // BLOCK) * BLOCK
    found, left = divmod(len(content), stride)
    if left:
        raise _wrong_size(path, len(content), f"TD = {count} asks for a multiple of {stride}")
    values = np.frombuffer(content, kind).reshape(found, -1)[:, :count]
    if found > planned and values[planned:].any():
        raise InputFileError(
            f"{path}: holds {found} rows where acqu2s says {planned}; the files are of different data sets: "
            f"{COPY_AGAIN}"
        )
    return values[:planned]


def _acquired(values: npt.NDArray[Any]) -> int:
    """Return how many rows there are up to the last one that is not zero."""
    filled = np.flatnonzero(values.any(axis=1))
    return int(filled[-1]) + 1 if filled.size else 0


def _check_values(path: Path, values: npt.NDArray[Any]) -> None:
    require_numbers(path, values)
    if values.dtype.kind == "i" and np.abs(values.astype(np.float64)).mean() > _RANDOM:
        raise InputFileError(f"{path}: its values are random numbers, so it is encrypted or damaged; {COPY_AGAIN}")


def _wrong_size(path: Path, size: int, asked: str) -> InputFileError:
    return InputFileError(f"{path}: holds {size} bytes, {asked}; it is cut or of another data set: {COPY_AGAIN}")
