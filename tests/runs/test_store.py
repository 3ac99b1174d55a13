"""Stores and single files: complete or absent, never half."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import iondrift
from iondrift.errors import StoreError
from iondrift.runs import store


def _dataset(value: float) -> xr.Dataset:
    return xr.Dataset(
        {"drift_velocity": (("time", "x"), np.full((6, 4), value), {"units": "m s-1"})},
        coords={
            "time": np.arange(6.0),
            "x": np.arange(4.0),
            "source": ("time", [f"profile {k} µ" for k in range(6)]),
        },
        attrs={"cell": "Li||Li", "count": 6},
    )


def test_what_was_written_is_read_back_with_units_and_text(tmp_path: Path) -> None:
    store.write(_dataset(1.5), tmp_path / "results.zarr")
    back = store.read(tmp_path / "results.zarr")
    xr.testing.assert_identical(back, _dataset(1.5).assign_coords(source=back.source))
    assert list(back.source.values) == [f"profile {k} µ" for k in range(6)]


def test_xarray_opens_a_store_by_itself_and_says_nothing(tmp_path: Path) -> None:
    path = store.write(_dataset(1.5), tmp_path / "results.zarr")
    assert json.loads((path / "zarr.json").read_text())["zarr_format"] == 3
    with xr.open_zarr(path) as opened:
        assert float(opened.drift_velocity[2, 3]) == 1.5
        assert opened.source.values.tolist()[0] == "profile 0 µ"


def test_stores_of_format_2_still_open(tmp_path: Path) -> None:
    path = tmp_path / "results.zarr"
    _dataset(2.5).to_zarr(path, mode="w-", zarr_format=2, consolidated=True)
    files = {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}
    listed = {name: {"bytes": len(content), "crc32": zlib.crc32(content)} for name, content in files.items()}
    (path / store.MANIFEST).write_text(json.dumps({"format": 1, "files": listed}))
    xr.testing.assert_identical(store.read(path), _dataset(2.5))
    with iondrift.open_results(tmp_path) as opened:
        xr.testing.assert_identical(opened.load(), _dataset(2.5))


def test_results_are_opened_without_being_read(tmp_path: Path) -> None:
    path = store.write(_dataset(1.5), tmp_path / "results.zarr")
    with iondrift.open_results(tmp_path) as opened:
        assert not opened.drift_velocity.variable._in_memory
        assert opened.drift_velocity.attrs["units"] == "m s-1"
        xr.testing.assert_identical(opened.load(), _dataset(1.5))
    (path / "drift_velocity" / "c" / "0" / "0").unlink()
    with pytest.raises(StoreError, match="drift_velocity/c/0/0 is missing or cut short"):
        iondrift.open_results(path)
    with pytest.raises(StoreError, match="no results here"):
        iondrift.open_results(tmp_path / "elsewhere")
    (tmp_path / "a.nc").write_text("no file of that kind")
    with pytest.raises(StoreError, match="is no NetCDF file"):
        iondrift.open_results(tmp_path / "a.nc")


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "results.zarr").mkdir()
    (tmp_path / "results.zarr" / "thesis.txt").write_text("precious")
    with pytest.raises(StoreError, match=r"results\.zarr: exists; choose another name"):
        store.write(_dataset(1.0), tmp_path / "results.zarr")
    assert (tmp_path / "results.zarr" / "thesis.txt").read_text() == "precious"


def test_a_missing_store_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="'iondrift run' writes them"):
        store.read(tmp_path / "results.zarr")


def test_a_missing_chunk_is_an_error_not_nan(tmp_path: Path) -> None:
    path = store.write(_dataset(1.0), tmp_path / "results.zarr")
    (path / "drift_velocity" / "c" / "0" / "0").unlink()
    with pytest.raises(StoreError, match=r"incomplete, drift_velocity/c/0/0 is missing"):
        store.read(path)


def test_a_flipped_byte_is_noticed(tmp_path: Path) -> None:
    path = store.write(_dataset(1.0), tmp_path / "results.zarr")
    chunk = path / "drift_velocity" / "c" / "0" / "0"
    content = bytearray(chunk.read_bytes())
    content[-1] ^= 1
    chunk.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged, drift_velocity/c/0/0"):
        store.read(path)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": 1}', '{"format": 99, "files": {}}'])
def test_a_manifest_that_says_nothing_is_an_error(tmp_path: Path, content: str) -> None:
    path = store.write(_dataset(1.0), tmp_path / "results.zarr")
    (path / store.MANIFEST).write_text(content)
    with pytest.raises(StoreError, match=r"cannot be read|written in format 99"):
        store.read(path)


def test_a_store_without_manifest_is_incomplete(tmp_path: Path) -> None:
    path = store.write(_dataset(1.0), tmp_path / "results.zarr")
    (path / store.MANIFEST).unlink()
    with pytest.raises(StoreError, match="incomplete"):
        store.read(path)


def test_json_refuses_what_json_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        store.write_json({"a": float("nan")}, tmp_path / "a.json")
    assert not (tmp_path / "a.json").exists()


def test_netcdf_round_trip(tmp_path: Path) -> None:
    path = store.write_netcdf(_dataset(4.0), tmp_path / "results.nc")
    back = xr.load_dataset(path, engine="h5netcdf")
    np.testing.assert_array_equal(back.drift_velocity, 4.0)
    assert back.drift_velocity.attrs["units"] == "m s-1"
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.nc"]


def test_complex_numbers_are_two_variables_in_netcdf_and_joined_again(tmp_path: Path) -> None:
    impedance = xr.Dataset({"impedance": ("frequency", [1.0 - 2.0j, 3.0 + 0.5j], {"units": "ohm"})})
    path = store.write_netcdf(impedance, tmp_path / "results.nc")
    with xr.open_dataset(path, engine="h5netcdf") as plain:
        assert {*plain.data_vars} == {"impedance_real", "impedance_imaginary"}
        assert plain.impedance_imaginary.attrs["units"] == "ohm"
    with iondrift.open_results(path) as joined:
        xr.testing.assert_identical(joined.load(), impedance)


def test_names_that_are_no_text_are_written_escaped(tmp_path: Path) -> None:
    name = b"p\xfe.txt".decode("utf-8", errors="surrogateescape")
    path = store.write_json({"file": name}, tmp_path / "summary.json")
    assert json.loads(path.read_text(encoding="utf-8")) == {"file": name}
