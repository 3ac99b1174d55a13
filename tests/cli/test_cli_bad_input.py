"""Bad input on the command line: exit status 1, one clear message, earlier results untouched, no traceback."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import h5netcdf
import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import cells
from iondrift.cli.app import app

Damage = Callable[[Path], None]


def _contents(folder: Path) -> Mapping[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return results of a run that went well."""
    folder = tmp_path_factory.mktemp("earlier")
    cell = cells.write_cell(folder / "cell")
    result = CliRunner().invoke(app, ["run", str(cell), "--out", str(folder / "out"), "--quiet"])
    assert result.exit_code == 0, result.output
    return folder / "out"


def _edit(old: str, new: str) -> Damage:
    def damage(folder: Path) -> None:
        text = (folder / "cell.toml").read_text()
        assert old in text
        (folder / "cell.toml").write_text(text.replace(old, new))

    return damage


def _profile(k: int, change: Callable[[np.ndarray], np.ndarray], **options: int) -> Damage:
    return lambda folder: cells.write_profile(
        folder / "profiles" / f"p({k:03d}).txt", change(cells.intensities()[k - 1]), **options
    )


def _all(*damages: Damage) -> Damage:
    def damage(folder: Path) -> None:
        for each in damages:
            each(folder)

    return damage


def _cut(name: str, size: int) -> Damage:
    return lambda folder: _written(folder / name, (folder / name).read_bytes()[:size])


def _bytes(name: str, content: bytes) -> Damage:
    return lambda folder: _written(folder / name, content)


def _written(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _at(index: int, value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(values: np.ndarray) -> np.ndarray:
        values = values.copy()
        values[index] = value
        return values

    return change


def _log(change: Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Damage:
    return lambda folder: cells.write_log(folder / "log.txt", *change(*cells.log()))


def _with_nan_voltage(t: np.ndarray, v: np.ndarray, i: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return t, _at(10, np.nan)(v), i


def _backwards(t: np.ndarray, v: np.ndarray, i: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return _at(10, t[5])(t), v, i


def _short(t: np.ndarray, v: np.ndarray, i: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return t[:100], v[:100], i[:100]


def _series(**changes: object) -> Damage:
    """Replace the profiles by a NetCDF series of concentrations, changed."""

    def damage(folder: Path) -> None:
        time, x = np.arange(12.0) * 500.0 + 225.0, np.linspace(0.0, 1e-3, 20)
        c = xr.DataArray(np.full((12, 20), 1666.0), dims=("time", "x"), attrs={"units": "mol m-3"})
        data = xr.Dataset({"concentration": c}, coords={"time": time, "x": x})
        data.time.attrs["units"], data.x.attrs["units"] = "s", "m"
        for name, value in changes.items():
            if name == "units":
                data.concentration.attrs["units"] = value
            elif name == "time":
                data = data.assign_coords(time=("time", np.asarray(value), data.time.attrs))
            else:
                data.concentration[3, 4] = value
        data.to_netcdf(folder / "c.nc", engine="h5netcdf")
        _edit('files = "profiles/*.txt"', 'files = "c.nc"')(folder)

    return damage


NEGATIVE_D = """[diffusivity]
kind = "polynomial"
argument = "concentration_mol_per_L"
coefficients_m2_per_s = [-3.09546e-16, -8.14922e-15, 5.01302e-13, -2.57336e-12]
"""
CONSTANT_D = '[diffusivity]\nkind = "constant"\ndiffusion_coefficient_m2_per_s = 1.3e-12\n'

BAD: dict[str, tuple[Damage, str]] = {
    # values
    "NaN in a profile": (_profile(7, _at(60, np.nan)), r"p\(007\)\.txt, line 64.*nan"),
    "negative intensity": (_profile(7, _at(60, -5.0)), r"p\(007\)\.txt, line 64.*-5"),
    "zero intensity": (
        _all(_profile(7, _at(60, 0.0)), _edit("[log]", "keep_outliers = true\n[log]")),
        r"p\(007\)\.txt: intensity.*value 0 at point 61",
    ),
    "all-zero reference": (
        _all(*(_profile(k, np.zeros_like) for k in range(1, 5))),
        "reference profile",
    ),
    "NaN in the log": (_log(_with_nan_voltage), r"log\.txt, line 11.*nan"),
    "log time runs backwards": (_log(_backwards), r"log\.txt, line 11: time .* goes back|repeats"),
    "NaN in a series": (_series(value=np.nan), r"c\.nc: concentration is not finite at index 3, 4"),
    "zero concentration in a series": (_series(value=0.0), r"concentration is 0 at time index 3, x index 4"),
    "negative concentration in a series": (_series(value=-1.0), r"concentration is -1 at time index 3"),
    "infinite concentration in a series": (_series(value=np.inf), "not finite at index 3, 4"),
    "series time not monotonic": (
        _series(time=[225.0, 725.0, 700.0, *np.arange(3, 12) * 500.0 + 225.0]),
        "time must increase",
    ),
    # files
    "no experiment file": (lambda folder: (folder / "cell.toml").unlink(), "no such file; 'iondrift init'"),
    "no profiles": (_edit("profiles/*.txt", "none/*.txt"), r"none/\*\.txt"),
    "no log": (lambda folder: (folder / "log.txt").unlink(), r"log\.txt"),
    "empty log": (_bytes("log.txt", b""), r"log\.txt.*empty"),
    "empty profile": (_bytes("profiles/p(003).txt", b""), r"p\(003\)\.txt.*empty"),
    "truncated profile": (
        _profile(9, lambda values: values[:100], size=128),
        r"p\(009\)\.txt.*100.*128|p\(009\)\.txt.*128.*100",
    ),
    "binary profile": (_bytes("profiles/p(003).txt", bytes(range(256)) * 4), r"p\(003\)\.txt"),
    "binary log": (_bytes("log.txt", bytes(range(256)) * 4), r"log\.txt"),
    "truncated log line": (
        _cut("log.txt", -20),
        r"log\.txt, line \d+",
    ),
    "a damaged NetCDF file": (_all(_series(), _cut("c.nc", 2000)), r"c\.nc: cannot be read"),
    "profiles of different size": (_profile(9, lambda values: values[:100]), r"p\(009\)\.txt"),
    # units and columns
    "unknown unit": (_edit("[log]", '[log]\ntime_unit = "days"'), r"log\.time_unit: found 'days'; allowed: 's'"),
    "log in other units than said": (_edit("[log]", '[log]\ntime_unit = "s"'), "holds no sample of the log"),
    "a unit nobody knows in a series": (_series(units="furlong"), "furlong"),
    "a column that is not there": (
        _edit("current_density_column = 3", "current_density_column = 7"),
        r"column 7",
    ),
    "a current of the wrong sign": (
        _edit("[log]", '[log]\nplating_current = "negative"'),
        r"log\.plating_current",
    ),
    "temperature in Celsius": (_edit("313.15", "40.0"), r"electrolyte\.temperature_K: found 40\.0"),
    # selections
    "more profiles than there are": (_edit("[log]", "count = 40\n[log]"), "ask for 40 profiles .* 16 are there"),
    "first profile beyond the last": (_edit("[log]", "first = 17\n[log]"), "16 are there"),
    "a reference that is not there": (_edit("[log]", "reference = [17]\n[log]"), "profile 17 asked for, 16"),
    "log does not cover the profiles": (_log(_short), r"log\.txt: profile 5: its window.*holds no sample of the log"),
    "profiles begin before the log": (_edit("[log]", "start_s = -600.0\n[log]"), "profile 1: its window"),
    "region of interest empty": (
        _edit("[log]", "region_tolerance = 1e-9\n[log]"),
        "reference profile.*plateau",
    ),
    "too few profiles": (_edit("[log]", "count = 3\n[log]"), "profiles"),
    # settings
    "D of the wrong argument": (_edit(CONSTANT_D, NEGATIVE_D), "D.*eo_li_ratio"),
    "unknown key": (_edit("interval_s", "intervall_s"), r"profiles\.intervall_s: unknown key; did you mean"),
    "missing key": (_edit("interval_s = 500.0\n", ""), r"profiles\.interval_s"),
    "infinite setting": (_edit("4.0", "inf"), r"profiles\.field_of_view_mm: found inf"),
    "broken TOML": (_edit("[log]", "[log"), r"not valid TOML.*line \d+"),
    "closure without its number": (
        _all(
            _edit("transference_number = 0.9\n", ""),
            _edit("[reconstruction]", '[reconstruction]\nclosure = "current"'),
        ),
        r"closure 'current' needs electrolyte\.transference_number",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_clear_error_and_nothing_is_lost(name: str, tmp_path: Path, earlier: Path) -> None:
    damage, expected = BAD[name]
    cell = cells.write_cell(tmp_path)
    damage(tmp_path)
    before = _contents(earlier)
    options = ["--smoothing", "pspline"] if name == "too few profiles" else []
    result = CliRunner().invoke(app, ["run", str(cell), "--out", str(earlier), *options], catch_exceptions=False)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert re.search(expected, result.stderr), result.stderr
    assert _contents(earlier) == before


def test_several_mistakes_in_one_file_come_together(tmp_path: Path, earlier: Path) -> None:
    cell = cells.write_cell(tmp_path)
    _edit("interval_s", "intervall_s")(tmp_path)
    _edit("313.15", '"warm"')(tmp_path)
    before = _contents(earlier)
    result = CliRunner().invoke(app, ["run", str(cell), "--out", str(earlier)], catch_exceptions=False)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert "2 mistakes" in result.stderr
    assert "profiles.intervall_s" in result.stderr
    assert "electrolyte.temperature_K: found 'warm'" in result.stderr
    assert _contents(earlier) == before


def test_results_are_not_written_over_what_is_not_ours(tmp_path: Path) -> None:
    cell = cells.write_cell(tmp_path / "cell")
    (tmp_path / "out" / "results.zarr").mkdir(parents=True)
    (tmp_path / "out" / "results.zarr" / "thesis.txt").write_text("precious")
    result = CliRunner().invoke(app, ["run", str(cell), "--out", str(tmp_path / "out")], catch_exceptions=False)
    assert result.exit_code == 1
    assert "not written by iondrift" in result.stderr
    assert _contents(tmp_path / "out") == {"results.zarr/thesis.txt": b"precious"}


@pytest.mark.parametrize("command", ["check", "run"])
def test_an_output_that_is_a_file_or_an_input_that_is_a_folder(command: str, tmp_path: Path) -> None:
    cells.write_cell(tmp_path)
    arguments = [command, str(tmp_path)] if command == "check" else [command, str(tmp_path / "cell.toml")]
    if command == "run":
        (tmp_path / "out").write_text("a file")
        arguments += ["--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) == 1


def test_too_little_memory_is_one_line(tmp_path: Path) -> None:
    """A file of some kB declares more profiles and points than any machine holds."""
    cell = cells.write_cell(tmp_path / "cell")
    with h5netcdf.File(tmp_path / "cell" / "c.nc", "w") as file:
        file.dimensions = {"time": 2**26, "x": 2**26}
        file.create_variable("concentration", ("time", "x"), float, chunks=(1, 1024))
    _edit('files = "profiles/*.txt"', 'files = "c.nc"')(tmp_path / "cell")
    for command in (["run", str(cell), "--out", str(tmp_path / "out"), "--quiet"], ["check", str(cell)]):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert re.fullmatch(
            r"error: (.*cell.toml: )?not enough memory \(Unable to allocate 32.* PiB.*\); take fewer --samples.*\n",
            result.stderr,
        )
    assert not (tmp_path / "out" / "results.zarr").exists()
