"""Results as plain tables: tidy CSV, a file for each set of dims, the unit in every column's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iondrift.cast import FloatArray
from iondrift.errors import StoreError
from iondrift.runs.store import write_text

if TYPE_CHECKING:
    import xarray as xr

_ROWS = 100_000  # written at once
_PER_DRAW = ("replicate",)  # dims of what nobody plots: draws, of which bands are the summary
_FILES = {
    ("time",): "time", ("time", "x"): "profiles", ("closure", "time", "x"): "closures",
    ("spectrum", "frequency"): "spectra", ("spectrum", "tau"): "relaxation_times", ("spectrum",): "resistances",
    ("peak", "spectrum"): "peaks", ("source", "quantity"): "budget", ("quantity",): "budget_total",
    ("budget_closure", "quantity"): "budget_closures", ("sampled_time", "x"): "monte_carlo_error",
}  # fmt: skip
_SHOWN = {"m s-1": ("um h-1", 3.6e9)}  # velocities, as everywhere that people look
_LOG = {"time": "Test Time / s", "voltage": "Voltage / V", "current_density": "Current Density / A m-2"}
_README = """\
Results of iondrift as tables: comma-separated, decimal point, UTF-8, one line a point; an empty cell is no number.
(Excel with a decimal comma: Data, From Text/CSV, and name point and comma there.)
A column is named after its variable and its unit: um_per_h is um/h, _1 a plain number, 1 and 0 in it yes and no.
X_p2.5 to X_p97.5 are quantiles of X in percent: p2.5 to p97.5 is the 95 % band, p16 to p84 the 68 % band.
X_real and X_imaginary are the parts of a complex number. Spectra and peaks are counted from 0, as in the store.

"""


@dataclass(frozen=True)
class Column:
    """A column: its name with the unit, what it means, and its values on the grid of its table."""

    name: str
    meaning: str
    values: xr.DataArray
    scale: float = 1.0


def write_csv(dataset: xr.Dataset, folder: Path) -> list[Path]:
    """Write a dataset as CSV files and a README.txt that names every column.

    Parameters
    ----------
    dataset
        Results; arrays are read as they are written.
    folder
        Where to; made when missing. Files of these names are replaced.

    Raises
    ------
    StoreError
        The folder cannot be written.
    """
    lines, paths = [_README], []
    for dims, names in _tables(dataset).items():
        columns = [*_index(dataset, dims), *(c for name in names for c in _columns(dataset[name], dims))]
        path = folder / f"{_FILES.get(dims, '_'.join(dims))}.csv"
        _write_table(dataset, dims, columns, path)
        paths.append(path)
        lines.append(f"{path.name}: a line for each {' and '.join(dims)}\n")
        lines += (f"  {column.name}{': ' * bool(column.meaning)}{column.meaning}\n" for column in columns)
        lines.append("\n")
    if "drift_velocity" in dataset:
        path = folder / "drift_velocity_through_time.csv"
        columns = [*_index(dataset, ("time",)), *_at_ends(dataset)]
        _write_table(dataset, ("time",), columns, path)
        paths.append(path)
        lines.append(f"{path.name}: as in profiles.csv, at x0 = 0 and at xL, the far end of the region\n\n")
    if {*_LOG} <= {*dataset.variables}:
        paths.append(_write_log(dataset, folder / "log.csv"))
        lines.append("log.csv: the log averaged over the acquisition of each profile, columns as in the Battery Data\n")
        lines.append("Format, but for the current density (negative while plating at x = 0)\n")
    return [*paths, write_text("".join(lines), folder / "README.txt")]


def column_unit(unit: str) -> str:
    """Return a unit as a column's name bears it.

    Examples
    --------
    >>> column_unit("mol m-2 s-1"), column_unit("um h-1"), column_unit("1"), column_unit("s-1")
    ('mol_per_m2_s', 'um_per_h', '1', 'per_s')
    """
    above: list[str] = []
    below: list[str] = []
    for part in unit.split():
        symbol, minus, power = part.partition("-")
        (below if minus else above).append(symbol + (power if power not in ("", "1") else ""))
    return "_".join([*above, *(["per", *below] if below else [])])


def _tables(dataset: xr.Dataset) -> dict[tuple[str, ...], list[str]]:
    """Return the variables that share a table, by its dims: quantiles stand side by side, draws are left out."""
    tables: dict[tuple[str, ...], list[str]] = {}
    for name, array in dataset.data_vars.items():
        dims = tuple(str(dim) for dim in array.dims if dim != "quantile")
        if dims and not any(dim in _PER_DRAW for dim in dims):
            tables.setdefault(dims, []).append(str(name))
    return tables


def _index(dataset: xr.Dataset, dims: Sequence[str]) -> Iterator[Column]:
    """Give the columns that say which point a line is: coordinates, or numbers from 1 where there are none."""
    import xarray as xr

    for dim in dims:
        if dim in dataset.coords:
            yield from _columns(dataset[dim], dims)
        else:
            counted = xr.DataArray(np.arange(1, dataset.sizes[dim] + 1), dims=dim)
            yield Column(dim, f"number of the {dim}, counted from 1", counted)
    for name, coordinate in dataset.coords.items():
        known = name not in dims and coordinate.dims and {*coordinate.dims} <= {*dims}
        if known and bool(coordinate.notnull().any()):
            yield from _columns(coordinate, dims)


def _columns(array: xr.DataArray, dims: Sequence[str]) -> Iterator[Column]:
    """Give the columns of a variable: one, or one for each part and quantile."""
    name, meaning = str(array.name), str(array.attrs.get("long_name", ""))
    if "sign_convention" in array.attrs:
        meaning += f"; {array.attrs['sign_convention']}"
    stated = str(array.attrs.get("units", "1" if array.dtype.kind == "b" else ""))
    shown, scale = _SHOWN.get(stated, (stated, 1.0))
    unit = f"_{column_unit(shown)}" if shown else ""
    parts = {"": array} if array.dtype.kind != "c" else {"_real": array.real, "_imaginary": array.imag}
    quantiles: Sequence[Any] = [*array["quantile"].values] if "quantile" in array.dims else [None]
    stem = name.removesuffix("_band") if "quantile" in array.dims else name
    for (part, values), level in product(parts.items(), quantiles):
        if level is None:
            yield Column(f"{name}{part}{unit}", meaning, values, scale)
        else:
            percent, at = f"{100.0 * level:.4g}", values.sel(quantile=level)
            yield Column(f"{stem}{part}_p{percent}{unit}", f"its {percent} % quantile", at, scale)


def _at_ends(dataset: xr.Dataset) -> Iterator[Column]:
    """Give drift velocity and its quantiles at both ends of the region."""
    for end, place in {"x0": 0, "xL": -1}.items():
        for name in ("drift_velocity", "drift_velocity_band"):
            if name in dataset:
                array = dataset[name].isel(x=place).rename(name.replace("velocity", f"velocity_{end}"))
                yield from _columns(array, ("time",))


def _write_table(dataset: xr.Dataset, dims: Sequence[str], columns: Sequence[Column], path: Path) -> None:
    """Write a table block by block along its first dim."""
    sizes = [dataset.sizes[dim] for dim in dims]
    step = max(1, _ROWS // max(1, int(np.prod(sizes[1:]))))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            for first in range(0, sizes[0], step):
                block = {dims[0]: slice(first, first + step)}
                _frame(columns, dims, sizes, block).to_csv(stream, index=False, header=first == 0, lineterminator="\n")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}") from error


def _frame(columns: Sequence[Column], dims: Sequence[str], sizes: Sequence[int], block: Mapping[str, slice]) -> Any:
    """Return a block of a table: every column on the grid of all dims, line by line."""
    import pandas as pd

    first, rest = block[dims[0]], sizes[1:]
    count = len(range(*first.indices(sizes[0])))
    found: dict[str, Any] = {}
    for column in columns:
        held = column.values.isel({dim: cut for dim, cut in block.items() if dim in column.values.dims})
        held = held.transpose(*(dim for dim in dims if dim in held.dims))
        shape = [size if dim in held.dims else 1 for dim, size in zip(dims, (count, *rest), strict=True)]
        grid = np.broadcast_to(held.values.reshape(shape), (count, *rest)).ravel()
        found[column.name] = _plain(grid, column.scale)
    return pd.DataFrame(found)


def _plain(values: FloatArray, scale: float) -> Any:
    if values.dtype.kind == "b":
        return values.astype(int)
    return values * scale if scale != 1.0 else values


def _write_log(dataset: xr.Dataset, path: Path) -> Path:
    """Write time, voltage and current density under the names of the Battery Data Format."""
    columns = [Column(label, "", dataset[name]) for name, label in _LOG.items()]
    _write_table(dataset, ("time",), columns, path)
    return path
