"""Results on disk: complete or absent, never half."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

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


def test_writing_again_replaces_and_leaves_nothing_behind(tmp_path: Path) -> None:
    for value in (1.0, 2.0):
        store.write(_dataset(value), tmp_path / "results.zarr")
    assert float(store.read(tmp_path / "results.zarr").drift_velocity[0, 0]) == 2.0
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.zarr"]


def test_a_folder_of_someone_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "results.zarr").mkdir()
    (tmp_path / "results.zarr" / "thesis.txt").write_text("precious")
    with pytest.raises(StoreError, match="not written by iondrift"):
        store.write(_dataset(1.0), tmp_path / "results.zarr")
    assert (tmp_path / "results.zarr" / "thesis.txt").read_text() == "precious"


def test_a_missing_store_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="'iondrift run' writes them"):
        store.read(tmp_path / "results.zarr")


def test_a_missing_chunk_is_an_error_not_nan(tmp_path: Path) -> None:
    path = store.write(_dataset(1.0), tmp_path / "results.zarr")
    (path / "drift_velocity" / "0.0").unlink()
    with pytest.raises(StoreError, match=r"incomplete, drift_velocity/0\.0 is missing"):
        store.read(path)


def test_a_flipped_byte_is_noticed(tmp_path: Path) -> None:
    path = store.write(_dataset(1.0), tmp_path / "results.zarr")
    chunk = path / "drift_velocity" / "0.0"
    content = bytearray(chunk.read_bytes())
    content[-1] ^= 1
    chunk.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged, drift_velocity/0\.0"):
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


# Each place where a run can be killed while it replaces earlier results; the process kills itself there.
KILLED_AT = {
    "while data are written": "import iondrift.runs.store as s; s._write_manifest = die",
    "before the manifest": "import iondrift.runs.store as s; s.write_json = die",
    "before the exchange": "import iondrift.runs.store as s; s._exchange = die",
    "in the middle of the exchange": (
        "import iondrift.runs.store as s, os\n"
        "rename, done = os.rename, []\n"
        "def once(*a): return die() if done else (done.append(1), rename(*a))\n"
        "s.os.rename = once"
    ),
    "before the old is removed": "import iondrift.runs.store as s; s.shutil.rmtree = die",
}


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
@pytest.mark.parametrize("place", KILLED_AT)
def test_a_kill_leaves_the_old_or_the_new_results_whole(tmp_path: Path, place: str) -> None:
    path = store.write(_dataset(1.0), tmp_path / "results.zarr")
    new = tmp_path / "new.nc"
    _dataset(2.0).to_netcdf(new, engine="h5netcdf")
    script = f"""
import os, signal
import xarray as xr
def die(*a, **k): os.kill(os.getpid(), signal.SIGKILL)
{KILLED_AT[place]}
s.write(xr.load_dataset({str(new)!r}, engine="h5netcdf"), {str(path)!r})
"""
    finished = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False, capture_output=True)
    assert finished.returncode == -signal.SIGKILL, finished.stderr.decode()
    values = np.unique(store.read(path).drift_velocity.values)
    assert values.size == 1
    assert values[0] in (1.0, 2.0)


def test_an_error_while_staging_leaves_the_earlier_files(tmp_path: Path) -> None:
    def attempt(value: float, *, fail: bool) -> None:
        with store.staged(tmp_path) as folder:
            store.write(_dataset(value), folder / "results.zarr")
            store.write_json({"value": value}, folder / "summary.json")
            (folder / "figures").mkdir()
            (folder / "figures" / "a.svg").write_text(str(value))
            if fail:
                raise ZeroDivisionError

    attempt(1.0, fail=False)
    (tmp_path / "figures" / "mine.svg").write_text("mine")
    with pytest.raises(ZeroDivisionError):
        attempt(2.0, fail=True)
    assert float(store.read(tmp_path / "results.zarr").drift_velocity[0, 0]) == 1.0
    assert json.loads((tmp_path / "summary.json").read_text()) == {"value": 1.0}
    attempt(3.0, fail=False)
    assert float(store.read(tmp_path / "results.zarr").drift_velocity[0, 0]) == 3.0
    assert (tmp_path / "figures" / "a.svg").read_text() == "3.0"
    assert (tmp_path / "figures" / "mine.svg").read_text() == "mine"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["figures", "results.zarr", "summary.json"]


def test_leftovers_of_a_killed_run_are_cleared(tmp_path: Path) -> None:
    (tmp_path / ".iondrift-partial-0123").mkdir()
    with store.staged(tmp_path) as folder:
        (folder / "a.txt").write_text("a")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


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


def test_a_file_in_the_way_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"), store.staged(tmp_path / "out"):
        pass


def test_staging_refuses_a_foreign_store_before_it_moves_anything(tmp_path: Path) -> None:
    (tmp_path / "results.zarr").mkdir()
    (tmp_path / "a.txt").write_text("earlier")

    def attempt() -> None:
        with store.staged(tmp_path) as folder:
            (folder / "a.txt").write_text("new")
            store.write(_dataset(1.0), folder / "results.zarr")

    with pytest.raises(StoreError, match="not written by iondrift"):
        attempt()
    assert (tmp_path / "a.txt").read_text() == "earlier"
