"""Profile series from NetCDF, Zarr and tables: the same numbers come back; whatever is missing is named."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from iondrift.errors import InputFileError
from iondrift.readers.profiles.labelled import read_series

HEAD = "time_min x_mm concentration_mol/L"


def series(**changes: Any) -> xr.Dataset:
    units = {"time": "h", "x": "mm", "concentration": "mol/L", **changes}
    data = 1.65 + 0.1 * np.arange(6.0).reshape(2, 3)
    return xr.Dataset(
        {"concentration": (("time", "x"), data, {"units": units["concentration"]})},
        {
            "time": ("time", [0.0, 0.5], {"units": units["time"]}),
            "x": ("x", [0.0, 0.5, 1.0], {"units": units["x"]}),
        },
    )


def save(dataset: xr.Dataset, folder: Path, kind: str) -> Path:
    path = folder / f"series.{'zarr' if kind == 'zarr' else 'nc'}"
    if kind == "zarr":
        dataset.to_zarr(path, consolidated=False)
    else:
        dataset.to_netcdf(path, engine="scipy" if kind == "netcdf3" else "h5netcdf")
    return path


@pytest.mark.parametrize("kind", ["netcdf3", "netcdf4", "zarr"])
def test_stored_units_become_si(tmp_path: Path, kind: str) -> None:
    result = read_series(save(series().transpose("x", "time"), tmp_path, kind))
    assert result.concentration.dims == ("time", "x")
    np.testing.assert_allclose(result.concentration.values, series().concentration.values * 1e3, rtol=1e-15)
    assert result.time.values.tolist() == [0.0, 1800.0]
    np.testing.assert_allclose(result.x.values, [0.0, 5e-4, 1e-3], rtol=1e-15)
    assert (result.concentration.units, result.time.units, result.x.units) == ("mol m-3", "s", "m")


def test_electrical_variables_and_dates_come_along(tmp_path: Path) -> None:
    stored = series(time="hours since 2022-09-07")
    stored["voltage"] = ("time", [100.0, 200.0], {"units": "mV"})
    stored["current_density"] = ("time", [-0.1, -0.1], {"units": "mA cm-2"})
    result = read_series(save(stored, tmp_path, "netcdf4"))
    assert result.time.values.tolist() == [0.0, 1800.0]
    np.testing.assert_allclose(result.voltage.values, [0.1, 0.2])
    np.testing.assert_allclose(result.current_density.values, [-1.0, -1.0])


def test_intensity_needs_no_unit(tmp_path: Path) -> None:
    stored = series().rename(concentration="intensity")
    stored.intensity.attrs.clear()
    assert read_series(save(stored, tmp_path, "netcdf4")).intensity.values[0, 0] == 1.65
    table = tmp_path / "t.csv"
    table.write_text("time_s x_m intensity,0,1\n0,3,4\n1,0,6\n")
    assert read_series(table).intensity.values.tolist() == [[3.0, 4.0], [0.0, 6.0]]


@given(
    st.lists(st.floats(-1e9, 1e9, allow_subnormal=False), min_size=1, max_size=5, unique=True).map(sorted),
    st.data(),
    st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", ",")]),
)
def test_every_table_survives_the_round_trip(
    tmp_path_factory: pytest.TempPathFactory, x: list[float], data: st.DataObject, marks: tuple[str, str]
) -> None:
    separator, decimal = marks
    positive = st.floats(1e-9, 1e9)
    body = [[float(k), *(data.draw(positive) for _ in x)] for k in range(data.draw(st.integers(1, 4)))]
    cells = [["time_s x_m concentration_mol/m3", *(repr(v).replace(".", decimal) for v in x)]]
    cells += [[repr(v).replace(".", decimal) for v in row] for row in body]
    path = tmp_path_factory.mktemp("table") / "series.csv"
    path.write_text("# comment\n\n" + "\r\n".join(separator.join(row) for row in cells), newline="")
    result = read_series(path)
    assert result.x.values.tolist() == x
    assert result.time.values.tolist() == [row[0] for row in body]
    assert result.concentration.values.tolist() == [row[1:] for row in body]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# nothing\n", "holds comments only"),
        ("time,0,1\n0,1,1\n", r"line 1, column 1: the first cell is 'time', expected 'time_UNIT"),
        ("time_s x_mm,0\n0,1\n", r"line 1, column 1: the first cell is 'time_s x_mm'"),
        (
            "time_y x_mm concentration_M,0\n0,1\n",
            r"line 1, column 1: unknown unit 'y' of the time; allowed: s",
        ),
        ("time_s x_in concentration_M,0\n0,1\n", r"unknown unit 'in' of the x; allowed: m"),
        (
            "time_s x_mm concentration_g/L,0\n0,1\n",
            r"unknown unit 'g/L' of the conc",
        ),
        (HEAD + "\n0\n", r"line 1: no position"),
        (HEAD + ",0,1\n", r"line 1: no profile follows"),
        (HEAD + ",0,1\n0,1,2\n1,1\n", r"line 3: has 2 columns where the header has 3"),
        (HEAD + ",0,1\n0,1,x\n", r"line 2, column 3: expected a number .* found 'x'"),
        (HEAD + ",0,nan\n0,1,1\n", r"line 1, column 3: the value is nan"),
        (HEAD + ",0,1\n0,1,nan\n", r"line 2, column 3: the value is nan"),
        (HEAD + ";0;1,5\n0;1.5;1\n", r"line 1, column 3: expected a number with decimal mark '.'"),
        (HEAD + ",1,0\n0,1,1\n", r"x must increase, but entry 1 is 0 after 0.001 \(in m\)"),
        (HEAD + ",0,1\n0,1,1\n0,1,1\n", r"time must increase, but entry 1 is 0 after 0"),
        (HEAD + ",0,1\n0,1,0\n", r"concentration is 0 at time index 0, x index 1"),
    ],
)
def test_a_wrong_table_is_named_with_the_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "series.csv"
    path.write_text(text)
    with pytest.raises(InputFileError, match=message) as caught:
        read_series(path)
    assert "series.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.rename(concentration="salt"), r"concentration nor intensity \(variables: salt\)"),
        (lambda d: d.rename(x="z"), r"has no coordinate 'x'"),
        (lambda d: d.drop_vars("time"), r"has no coordinate 'time'"),
        (lambda d: d.expand_dims(cell=2), r"has dims \(.*cell.*\), expected \(time, x\)"),
        (lambda d: d.drop_attrs().assign_coords(d.coords), r"concentration has no attribute units"),
        (lambda d: d.assign_coords(x=d.x.drop_attrs()), r"x has no attribute units; .*\['units'\] = 'm'"),
        (lambda d: d.assign_coords(x=d.x.assign_attrs(units="inch")), r"unknown unit 'inch' of the x"),
        (lambda d: d.where(d.x < 0.9), r"concentration is not finite at index 0, 2 \(2 of 6\)"),
        (lambda d: d.isel(x=[0, 2, 1]), r"x must increase, but entry 2"),
        (lambda d: d.map(np.negative, keep_attrs=True), r"concentration is -1650 at time index 0, x index 0"),
        (lambda d: d.map(lambda a: a.astype(str)), r"concentration is of type .*, not a real number"),
    ],
)  # fmt: skip
def test_a_wrong_dataset_is_named_with_the_place(tmp_path: Path, change: Any, message: str) -> None:
    path = save(change(series()), tmp_path, "netcdf4")
    with pytest.raises(InputFileError, match=message):
        read_series(path)


def test_a_store_with_a_missing_chunk_is_refused(tmp_path: Path) -> None:
    path = save(series(), tmp_path, "zarr")
    shutil.rmtree(path / "concentration" / "c")
    with pytest.raises(InputFileError, match=r"concentration is not finite at index 0, 0 \(6 of 6\).*not finished"):
        read_series(path)


def test_what_is_no_series_is_refused(tmp_path: Path) -> None:
    whole = save(series(), tmp_path, "netcdf4")
    cut = tmp_path / "cut.nc"
    cut.write_bytes(whole.read_bytes()[:600])
    other = tmp_path / "other.nc"
    other.write_bytes(b"PNG?")
    word = tmp_path / "series.docx"
    word.write_bytes(b"PK")
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, message in (
        (cut, "cannot be read as h5netcdf"),
        (other, "begins with b'PNG"),
        (word, "unknown kind of file; allowed: .nc"),
        (empty, "cannot be read as zarr"),
        (tmp_path / "absent.nc", "no such file"),
    ):
        with pytest.raises(InputFileError, match=message):
            read_series(path)
