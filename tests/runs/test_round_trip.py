"""Every dataset of the registry goes through store and export and comes back: values to the bit, units, texts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import iondrift
from iondrift.runs import store
from iondrift.runs.export import column_unit, write_csv
from iondrift.variables import VARIABLES

COMPLEX = ("impedance", "impedance_fit", "relative_residual", "kk_residual")
FLAGS = ("used", "kk_consistent", "peak_resolved")
SIZES = {"quantile": 3}
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
QUANTILES = np.array([0.025, 0.5, 0.975])


def values(name: str, shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    if name in FLAGS:
        return arrays.arrays(np.bool_, shape)
    finite = st.floats(-1e200, 1e200, allow_subnormal=False)  # 1e308 m/s are none in um/h
    if name in COMPLEX:
        return arrays.arrays(np.complex128, shape, elements=st.builds(complex, finite, finite))
    return arrays.arrays(np.float64, shape, elements=finite | st.just(np.nan))


@st.composite
def datasets(draw: st.DrawFn) -> xr.Dataset:
    """Return a dataset of some variables of the registry, some of them with bands, over dims of any small size."""
    names = draw(st.lists(st.sampled_from(sorted(VARIABLES)), min_size=1, max_size=6, unique=True))
    names = [name for name in names if VARIABLES[name].dims != (name,)]
    sizes = {dim: draw(st.integers(1, 4)) for name in names for dim in VARIABLES[name].dims} | SIZES
    found = xr.Dataset(attrs={"cell": draw(TEXTS), "samples": draw(st.integers(0, 10**9)), "warnings": ["a", "µ"]})
    for name in names:
        entry = VARIABLES[name]
        dims, label = entry.dims, name
        if name not in (*COMPLEX, *FLAGS) and "quantile" not in dims and draw(st.booleans()):
            dims, label = ("quantile", *dims), f"{name}_band"
        if "quantile" in dims:
            found = found.assign_coords(quantile=QUANTILES)
        shape = tuple(sizes[dim] for dim in dims)
        found[label] = (dims, draw(values(name, shape)), entry.attrs)
    for dim in sorted({str(dim) for dim in found.dims} - {"quantile"}):
        if draw(st.booleans()):
            texts = draw(st.lists(TEXTS, min_size=sizes[dim], max_size=sizes[dim]))
            found = found.assign_coords({f"{dim}_source": (dim, np.array(texts, dtype=str))})
    return found


@settings(max_examples=15, deadline=None, phases=[Phase.reuse, Phase.generate])  # shrinking takes minutes
@given(datasets())
def test_datasets_come_back_from_store_netcdf_and_tables(dataset: xr.Dataset) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        store.write(dataset, folder / store.RESULTS)
        assert_same(dataset, store.read(folder / store.RESULTS))
        store.write_netcdf(dataset, folder / "results.nc")
        with iondrift.open_results(folder / "results.nc") as back:
            assert_same(dataset, back.load())
        write_csv(dataset, folder / "csv")
        tables = [pd.read_csv(path, keep_default_na=False, na_values=[""]) for path in (folder / "csv").glob("*.csv")]
        for name, array in dataset.data_vars.items():
            if array.dims and array.dtype.kind == "f" and "replicate" not in array.dims:
                assert_in_tables(str(name), array, tables)


def assert_same(expected: xr.Dataset, found: xr.Dataset) -> None:
    xr.testing.assert_identical(expected, found)  # names, dims, coordinates, values with NaN, attributes
    for name, array in expected.variables.items():
        if array.dtype.kind in "fcb":
            assert found[name].dtype == array.dtype
            same = found[name].values.tobytes() == array.values.tobytes()
            assert same or np.isnan(array.values).any()  # which NaN it is may change


def assert_in_tables(name: str, array: xr.DataArray, tables: list[pd.DataFrame]) -> None:
    scale, unit = (3.6e9, "um h-1") if array.attrs["units"] == "m s-1" else (1.0, array.attrs["units"])
    for level in array["quantile"].values if "quantile" in array.dims else (None,):
        expected = array if level is None else array.sel(quantile=level)
        stem = name if level is None else f"{name.removesuffix('_band')}_p{100.0 * level:.4g}"
        column = f"{stem}_{column_unit(unit)}"
        (table,) = (t for t in tables if column in t.columns and len(t) == expected.size)
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(table[column].to_numpy(dtype=float), (expected * scale).values.ravel())
