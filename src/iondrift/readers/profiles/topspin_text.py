"""Profiles exported from TopSpin as text (``totxt``): a header, then one magnitude a line."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from iondrift import variables
from iondrift.cast import FloatArray
from iondrift.errors import InputFileError, plain
from iondrift.readers import time_stamps
from iondrift.readers.paths import expand, numbered
from iondrift.readers.text import number_at, read_text, split_lines

if TYPE_CHECKING:
    import xarray as xr

_SIZE: Final = re.compile(r"#\s*(?:SIZE|NCOLS)\s*=\s*(\S+)")
_ROWS: Final = re.compile(r"#\s*NROWS\s*=\s*(\S+)")
_ROW: Final = re.compile(r"#\s*row\s*=\s*\d+")
_LIMITS: Final = re.compile(r"#\s*(?:F2)?LEFT\s*=\s*(\S+)\s*(ppm|Hz)\.?\s*(?:F2)?RIGHT\s*=\s*(\S+)\s*(?:ppm|Hz)")
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+")
_CREATED: Final = re.compile(r"#\s*File created\s*=\s*(.+)")
_DATA_SET: Final = re.compile(r"#\s*Data set\s*=\s*(.+)")
_EXPORT_AGAIN: Final = "export the profile again from TopSpin (command totxt, current 1D spectrum)"


@dataclass(frozen=True, kw_only=True)
class _Profile:
    """One file: what its header says and its values (row, point); one row, or those of a 2D export."""

    path: Path
    size: int
    unit: str  # of the limits, ppm or Hz
    left: float
    right: float
    created: str
    data_set: str
    values: FloatArray


def read_profiles(paths: Path | str | Sequence[Path | str]) -> xr.Dataset:
    r"""Read a series of 1D profiles that TopSpin exported as text.

    The files are put in natural order of the number in their names, "profile(9)" before "profile(10)": the
    last run of digits, which is the experiment number where TopSpin names the files. The rows of a 2D export are
    profiles one after another. Numbers may have decimal commas.

    Parameters
    ----------
    paths
        A file; a folder, of which every ``*.txt`` is read; a glob such as ``"profiles/*(0*).txt"``; or a list
        of any of these.

    Returns
    -------
    xarray.Dataset
        ``intensity`` (profile, point), magnitudes as stored, from the left limit to the right one;
        coordinates ``number`` (profile), that in the file name, or counted through from 1 where files hold rows, and
        ``source`` (profile), the file name; attributes ``left_ppm``, ``right_ppm`` (``left_Hz``, ``right_Hz`` where
        the axis is in Hz), ``data_set`` (of the first file), ``created_first`` and ``created_last``. Those are times
        of the export, not of the acquisition.

    Raises
    ------
    InputFileError
        No file matches; two files bear one number; a file is empty, binary, truncated, too long, or holds a
        value that is no magnitude; size or spectral limits differ between files. The message names file and
        line.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> head = "# Data set = cell  1  1\n# LEFT = 10 ppm. RIGHT = -10 ppm.\n# SIZE = 2\n"
    >>> with TemporaryDirectory() as folder:
    ...     for k in (10, 9):
    ...         _ = (Path(folder) / f"cell({k}).txt").write_text(head + f"{k}.5\n1\n")
    ...     profiles = read_profiles(folder)
    >>> profiles.intensity.values.tolist(), profiles.number.values.tolist()
    ([[9.5, 1.0], [10.5, 1.0]], [9, 10])
    """
    found, _ = expand(
        paths, what="profiles", wanted=_may_be_profile, nothing="*.txt file; give the folder of the exported profiles"
    )
    files = numbered(found)
    profiles = [_read_one(path) for _, path in files]
    first = profiles[0]
    for other in profiles[1:]:
        _check_agreement(first, other)
    created_first, created_last = _creation([profile.created for profile in profiles])
    intensity = variables.dataarray(
        "intensity",
        np.concatenate([profile.values for profile in profiles]),
        {"point": np.arange(first.size)},
        dims=("profile", "point"),
    )
    sources = [profile.path.name for profile in profiles for _ in profile.values]
    single = len(sources) == len(profiles)
    return intensity.to_dataset().assign_coords(
        number=("profile", [n for n, _ in files] if single else list(range(1, len(sources) + 1))),
        source=("profile", [plain(name) for name in sources]),
    ).assign_attrs({
        f"left_{first.unit}": first.left,
        f"right_{first.unit}": first.right,
        "data_set": first.data_set,
        "created_first": created_first,
        "created_last": created_last,
    })  # fmt: skip


def looks_like_export(head: str) -> bool:
    """Say whether the first lines of a file are those of a text export."""
    return head.startswith("#") and _LIMITS.search(head) is not None and _SIZE.search(head) is not None


def _may_be_profile(path: Path) -> bool:
    return path.suffix == ".txt" and not path.name.startswith(".")


def _read_one(path: Path) -> _Profile:
    lines = split_lines(read_text(path))[0]
    header = [line for line in lines if line.startswith("#")]
    size = _whole(_header(header, _SIZE, path, "SIZE")[0], "SIZE", path)
    rows = next((found[1] for found in map(_ROWS.match, header) if found), None)
    left_text, unit, right_text = _header(header, _LIMITS, path, "LEFT/RIGHT")
    left, right = (
        number_at(text, f"{path}, header line LEFT/RIGHT", "," if "," in text else ".")
        for text in (left_text, right_text)
    )
    if not left > right:
        raise InputFileError(f"{path}: LEFT = {left:g} {unit} is not above RIGHT = {right:g} {unit}; {_EXPORT_AGAIN}")
    count = 1 if rows is None else _whole(rows, "NROWS", path)
    return _Profile(
        path=path,
        size=size,
        unit=unit,
        left=left,
        right=right,
        created=_optional(header, _CREATED),
        data_set=_optional(header, _DATA_SET),
        values=_values(lines, size, path) if rows is None else _values_of_rows(lines, size, count, path),
    )


def _whole(text: str, name: str, path: Path) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) == 0:
        raise InputFileError(f"{path}: header line {name} says {text!r}, not a number of points; {_EXPORT_AGAIN}")
    return int(text)


def _values_of_rows(lines: list[str], size: int, count: int, path: Path) -> FloatArray:
    """Return the values (row, point) of a 2D export; every row begins with its own line ``# row = n``."""
    starts = [k for k, line in enumerate(lines) if _ROW.match(line)]
    if len(starts) != count:
        raise InputFileError(f"{path}: {len(starts)} lines '# row = ...' where NROWS = {count}; {_EXPORT_AGAIN}")
    stops = [*starts[1:], len(lines)]
    # Lines before a row become blank, so that messages name lines of the file.
    rows = [_values([""] * start + lines[start:stop], size, path) for start, stop in zip(starts, stops, strict=True)]
    return np.concatenate(rows)


def _header(header: list[str], pattern: re.Pattern[str], path: Path, name: str) -> tuple[str, ...]:
    for line in header:
        found = pattern.match(line)
        if found:
            return found.groups()
    raise InputFileError(f"{path}: no header line {name}, so this is no TopSpin text export; {_EXPORT_AGAIN}")


def _optional(header: list[str], pattern: re.Pattern[str]) -> str:
    return next((found[1].strip() for found in map(pattern.match, header) if found), "")


def _values(lines: list[str], size: int, path: Path) -> FloatArray:
    """Return the values (1, point) of one profile."""
    body = [line for line in lines if line and line[0] != "#" and not line.isspace()]
    mark = "," if body and all("," in line for line in body) else "."
    if mark == ",":
        if all(_THOUSANDS.fullmatch(line.strip()) for line in body):
            raise InputFileError(f"{path}: the comma of {body[0].strip()} may part thousands; {_EXPORT_AGAIN}")
        body = [line.replace(",", ".") for line in body]
    try:
        values = np.array(list(map(float, body)))
    except ValueError:
        _blame(lines, path, mark)
        # 1.5D3, which float() does not know
        values = np.array([number_at(line.strip(), str(path)) for line in body])
    # float() also reads 1_0, nan and digits of other scripts: tests over all are cheaper than a pattern a line
    text = "".join(body)
    if not (np.isfinite(values) & (values >= 0.0)).all() or "_" in text or not text.isascii():
        _blame(lines, path, mark)
    if len(values) < size:
        last = len(lines)
        raise InputFileError(
            f"{path}, line {last}: the file ends after {len(values)} of SIZE = {size} values; {_EXPORT_AGAIN}"
        )
    if len(values) > size:
        extra = [k for k, line in enumerate(lines, 1) if line.strip() and line[0] != "#"][size]
        raise InputFileError(
            f"{path}, line {extra}: {len(values)} values where SIZE = {size}; remove what follows or {_EXPORT_AGAIN}"
        )
    return values[None, :]


def _blame(lines: list[str], path: Path, mark: str) -> None:
    """Raise for the first line that is no magnitude."""
    for k, line in enumerate(lines, 1):
        field = line.strip()
        if not field or line[0] == "#":
            continue
        value = number_at(field, f"{path}, line {k}", mark)
        if value < 0.0:
            raise InputFileError(
                f"{path}, line {k}: {field} is negative, and a magnitude is not; "
                "export the magnitude spectrum (command mc before totxt)"
            )


def _check_agreement(first: _Profile, other: _Profile) -> None:
    if other.size != first.size:
        raise InputFileError(
            f"{other.path}: SIZE = {other.size}, but {first.path} has {first.size}; "
            "process all profiles with the same SI, or leave this file out"
        )
    width = first.left - first.right
    if first.unit != other.unit or not all(
        math.isclose(a, b, rel_tol=0.0, abs_tol=1e-6 * width)
        for a, b in ((first.left, other.left), (first.right, other.right))
    ):
        raise InputFileError(
            f"{other.path}: spectral limits {other.left:g} to {other.right:g} {other.unit}, but {first.path} "
            f"has {first.left:g} to {first.right:g} {first.unit}; export the full spectrum of every profile, "
            "or leave this file out"
        )


def _creation(texts: list[str]) -> tuple[str, str]:
    """First and last time of export in ISO form; the header's own words where they cannot be read."""
    stamps = [time_stamps.parse(text) for text in texts]
    known = [stamp for stamp in stamps if stamp is not None and stamp.month_first is not None]
    if len(known) < len(texts):
        return texts[0], texts[-1]
    moments = [stamp.moment(True) for stamp in known]
    return min(moments).isoformat(), max(moments).isoformat()
