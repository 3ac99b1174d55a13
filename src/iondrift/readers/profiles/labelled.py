"""Series of profiles from anywhere else: NetCDF, Zarr or a wide table, with time, place and units."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from iondrift import units, variables
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, InputFileError
from iondrift.readers.paths import as_path
from iondrift.readers.text import number_at, read_start, read_text, split_cells, split_lines

if TYPE_CHECKING:
    import xarray as xr

_CORNER: Final = "'time_UNIT x_UNIT concentration_UNIT' or 'time_UNIT x_UNIT intensity'"
_INTENSITY_UNITS: Final = {"1": 1.0, "": 1.0, "arb": 1.0, "arbitrary": 1.0, "a.u.": 1.0}
_DISSOLVED: Final = {**units.CONCENTRATION_UNITS, "mol/litre": 1e3, "mol/liter": 1e3}
_UNITS: Final[dict[str, dict[str, float]]] = {
    "time": units.TIME_UNITS,
    "x": units.LENGTH_UNITS,
    "concentration": _DISSOLVED,
    "intensity": _INTENSITY_UNITS,
    "voltage": units.VOLTAGE_UNITS,
    "current_density": units.CURRENT_DENSITY_UNITS,
}
_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_NETCDF3: Final = (b"CDF\x01", b"CDF\x02", b"CDF\x05")


def read_series(path: Path | str) -> xr.Dataset:
    r"""Read profiles that already carry their time and place.

    The kind of file is told by its name: ``.nc``, ``.nc4``, ``.h5`` (NetCDF), ``.zarr`` or any folder (Zarr),
    ``.csv``, ``.tsv``, ``.txt`` (a table). Units are read, never assumed.

    NetCDF and Zarr hold ``concentration`` or ``intensity`` with dims ``time`` and ``x`` in any order, whose
    coordinates and variables each have the attribute ``units`` (none is needed for ``intensity``).
    ``voltage`` and ``current_density`` along ``time`` are read where present.

    A table has a line per profile and a column per position. Its first cell names all three units::

        time_min x_mm concentration_mol/L, 0.0, 0.5, 1.0
        0,                                 1.65, 1.65, 1.65
        8.55,                              1.60, 1.65, 1.70

    Commas, semicolons or tabs separate; with the latter two, numbers may have decimal commas. Blank lines and
    lines beginning with ``#`` are skipped.

    Parameters
    ----------
    path
        File or Zarr folder.

    Returns
    -------
    xarray.Dataset
        ``concentration`` (time, x) in mol m-3 or ``intensity`` (time, x), or both; ``time`` in s; ``x`` in m,
        which the writer counts from the plating electrode.

    Raises
    ------
    InputFileError
        Not readable; no such variable; other dims; a unit missing or unknown; a coordinate that does not
        increase; NaN (also the missing chunks of a store that was not finished); a concentration that is not
        positive. The message names the place and the remedy.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "cell.csv"
    ...     _ = path.write_text("time_min x_mm concentration_mol/L,0,0.5\n0,1.65,1.65\n8.5,1.6,1.7\n")
    ...     series = read_series(path)
    >>> series.time.values.tolist(), series.x.values.tolist(), series.concentration.values.tolist()
    ([0.0, 510.0], [0.0, 0.0005], [[1650.0, 1650.0], [1600.0, 1700.0]])
    """
    path = as_path(path)
    suffix = path.suffix.lower()
    if not os.path.exists(path):
        raise InputFileError(f"{path}: no such file or folder; check the path")
    if path.is_dir():
        series = _labelled(path, "zarr")
    elif suffix in (".csv", ".tsv", ".txt"):
        series = _table(path)
    elif suffix in (".nc", ".nc4", ".h5", ".netcdf"):
        series = _labelled(path, _netcdf_engine(path))
    else:
        raise InputFileError(f"{path}: unknown kind of file; allowed: .nc, .nc4, .h5, .zarr, .csv, .tsv, .txt")
    return series.assign_attrs(source=str(path))


def _netcdf_engine(path: Path) -> str:
    start = read_start(path, 8)
    if start == _HDF5:
        return "h5netcdf"
    if start[:4] in _NETCDF3:
        return "scipy"
    raise InputFileError(f"{path}: begins with {start!r}, so it is no NetCDF file; write it again")


def _labelled(path: Path, engine: str) -> xr.Dataset:
    import xarray as xr

    options = {"consolidated": False} if engine == "zarr" else {}
    try:
        with xr.open_dataset(path, engine=engine, decode_times=False, backend_kwargs=options) as opened:
            stored = opened.load()
    # what a damaged file raises is up to three libraries; their words go into the message
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, IndexError) as error:
        raise InputFileError(f"{path}: cannot be read as {engine} ({error}); write it again") from error
    main = [name for name in ("concentration", "intensity") if name in stored.data_vars]
    if not main:
        held = ", ".join(map(str, stored.data_vars)) or "none"
        raise InputFileError(f"{path}: holds neither concentration nor intensity (variables: {held}); rename one")
    for name in ("time", "x"):
        if name not in stored.coords:
            raise InputFileError(f"{path}: has no coordinate {name!r}; label the dims of {main[0]} (time, x)")
    coords = {name: _in_si(stored[name], (name,), path) for name in ("time", "x")}
    dims = {name: ("time", "x") if name in main else ("time",) for name in _UNITS if name in stored.data_vars}
    return _checked({name: _in_si(stored[name], dims[name], path) for name in dims}, coords, path)


def _in_si(array: xr.DataArray, dims: tuple[str, ...], path: Path) -> FloatArray:
    name = str(array.name)
    if set(array.dims) != set(dims):
        raise InputFileError(
            f"{path}: {name} has dims ({', '.join(map(str, array.dims))}), expected ({', '.join(dims)}); "
            "rename or remove dims"
        )
    if array.dtype.kind not in "fiu":
        raise InputFileError(f"{path}: {name} is of type {array.dtype}, not a real number; convert it")
    units = array.attrs.get("units")
    if units is None and name != "intensity":
        raise InputFileError(
            f"{path}: {name} has no attribute units; set it, for example {name}.attrs['units'] = "
            f"{variables.VARIABLES[name].unit!r}"
        )
    # "hours since 2022-09-07": elapsed time is all that counts
    unit = re.sub(r"\s+since\s.*", "", str(units if units is not None else ""))
    factor = _factor(unit, name, f"{path}: {name}")
    return np.asarray(array.transpose(*dims).values, dtype=np.float64) * factor


def _factor(unit: str, name: str, place: str) -> float:
    try:
        return units.unit_factor(unit, _UNITS[name], name, place)
    except ConfigurationError as error:
        raise InputFileError(str(error)) from None  # here the file, not an option, states the unit


def _table(path: Path) -> xr.Dataset:
    lines = [
        (k, line)
        for k, line in enumerate(split_lines(read_text(path))[0], 1)
        if line.strip(" \t,;") and not line.startswith(("#", '"#'))
    ]
    if not lines:
        raise InputFileError(f"{path}: holds comments only; write a table whose first cell is {_CORNER}")
    separator = next((mark for mark in ("\t", ";", ",") if mark in lines[0][1]), ",")
    rows = [(k, split_cells(line, separator)) for k, line in lines]
    quantity, factors = _corner(rows[0][1][0], f"{path}, line {rows[0][0]}, column 1")
    commas = separator != "," and not any("." in cell for _, row in rows for cell in row[1:])
    decimal = "," if commas else "."
    x = _cells(rows[0], path, decimal, skip=1) * factors["x"]
    if not x.size:
        raise InputFileError(f"{path}, line {rows[0][0]}: no position after the first cell; write one a column")
    if len(rows) == 1:
        raise InputFileError(f"{path}, line {rows[0][0]}: no profile follows the header; write one a line")
    for k, row in rows[1:]:
        if len(row) != x.size + 1:
            raise InputFileError(
                f"{path}, line {k}: has {len(row)} columns where the header has {x.size + 1}; complete the line"
            )
    body = np.array([_cells(row, path, decimal, skip=0) for row in rows[1:]])
    coords = {"time": body[:, 0] * factors["time"], "x": x}
    return _checked({quantity: body[:, 1:] * factors[quantity]}, coords, path)


def _corner(cell: str, place: str) -> tuple[str, dict[str, float]]:
    """Read ``time_h x_mm concentration_mol/L`` into the quantity and the three factors to SI."""
    found = re.fullmatch(r"time_(\S+)\s+x_(\S+)\s+(?:(concentration)_(.+)|(intensity))", cell)
    if not found:
        raise InputFileError(f"{place}: the first cell is {cell!r}, expected {_CORNER}, to state the units")
    units = {"time": found[1], "x": found[2], (found[3] or found[5]): found[4] or ""}
    return found[3] or found[5], {name: _factor(unit, name, place) for name, unit in units.items()}


def _cells(row: tuple[int, Sequence[str]], path: Path, decimal: str, *, skip: int) -> FloatArray:
    line, cells = row
    return np.array(
        [
            number_at(cell, f"{path}, line {line}, column {column}", decimal)
            for column, cell in enumerate(cells, 1)
            if column > skip
        ]
    )


def _checked(arrays: dict[str, FloatArray], coords: dict[str, FloatArray], path: Path) -> xr.Dataset:
    import xarray as xr

    for name, values in (coords | arrays).items():
        bad = ~np.isfinite(values)
        if bad.any():
            index = ", ".join(str(int(k)) for k in np.argwhere(bad)[0])
            raise InputFileError(
                f"{path}: {name} is not finite at index {index} ({int(bad.sum())} of {bad.size}); remove or "
                "interpolate it, or write the file again if it was not finished"
            )
    for name, values in coords.items():
        back = np.flatnonzero(np.diff(values) <= 0.0)
        if back.size:
            k = int(back[0])
            raise InputFileError(
                f"{path}: {name} must increase, but entry {k + 1} is {values[k + 1]:g} after {values[k]:g} "
                f"(in {variables.VARIABLES[name].unit}); sort it or remove duplicates"
            )
    for name in arrays.keys() & {"concentration", "intensity"}:
        low = arrays[name] <= 0.0 if name == "concentration" else arrays[name] < 0.0
        if low.any():
            k, m = (int(index) for index in np.argwhere(low)[0])
            raise InputFileError(
                f"{path}: {name} is {arrays[name][k, m]:g} at time index {k}, x index {m}, which cannot be; "
                "correct or remove it"
            )
    dims = {1: ("time",), 2: ("time", "x")}
    return xr.Dataset({name: variables.dataarray(name, a, coords, dims=dims[a.ndim]) for name, a in arrays.items()})
