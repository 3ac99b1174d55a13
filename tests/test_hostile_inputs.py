"""One case of every kind of hostile input: nothing hangs, nothing ends in a traceback, nothing is silently wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import cells
import iondrift
from hostile_inputs import REFUSED, TAKEN
from instrument_files import gamry_dta
from iondrift import Diffusivity, Uncertainties
from iondrift.cli.app import app
from iondrift.errors import ConfigurationError, DataError, IondriftError
from iondrift.nmr.outliers import find_outliers
from iondrift.readers.paths import matching

LONGEST_S = 60.0  # of a process that might hang
D = Diffusivity.constant(1.3e-12)


def command(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_meant_is_one_clear_error(name: str, tmp_path: Path) -> None:
    damage, expected = REFUSED[name]
    cell = cells.write_cell(tmp_path)
    damage(tmp_path)
    result = command("check", cell)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert len(result.stderr) < 6000
    assert re.search(expected, result.stderr), result.stderr


@pytest.mark.parametrize("name", TAKEN)
def test_what_can_be_put_right_is_taken_and_told(name: str, tmp_path: Path) -> None:
    damage, expected = TAKEN[name]
    cell = cells.write_cell(tmp_path)
    damage(tmp_path)
    result = command("check", cell)
    assert result.exit_code == 0, result.output
    assert re.search(expected, " ".join(result.stdout.split())), result.stdout


def test_a_folder_called_like_a_pattern_is_a_folder(tmp_path: Path) -> None:
    cell = cells.write_cell(tmp_path / "cell [2]")
    assert command("check", cell).exit_code == 0
    assert [path.name for path in matching(tmp_path / "cell [2]" / "profiles" / "p(00[12]).txt")] == [
        "p(001).txt", "p(002).txt",
    ]  # fmt: skip


def test_check_finds_what_run_finds(tmp_path: Path) -> None:
    toml = cells.TOML.replace('smoothing = "none"', "") + "\n[uncertainty]\nregion_edge_points = 500.0\n"
    cell = cells.write_cell(tmp_path, toml=toml)
    errors = {command(*words).stderr for words in (("check", cell), ("run", cell, "--out", tmp_path / "out"))}
    assert len(errors) == 1
    assert "region_edge_points: 500 found" in errors.pop()


def test_outliers_can_be_kept(tmp_path: Path) -> None:
    cell = cells.write_cell(tmp_path)
    TAKEN["a point three times too high"][0](tmp_path)
    plain = [cell, "--no-bands", "--figures", "none", "--json"]
    left_out = json.loads(command("run", *plain, "--out", tmp_path / "a").stdout)
    kept = json.loads(command("run", *plain, "--out", tmp_path / "b", "--keep-outliers").stdout)
    assert any("--keep-outliers" in text for text in left_out["warnings"])
    assert not any("--keep-outliers" in text for text in kept["warnings"])


def test_names_are_text_and_never_markup(tmp_path: Path) -> None:
    name = "\x1b[31m [red]x[/red] $\\frac{$ :smile: <b>&$a$ \u202e\x9b1m"
    toml = cells.TOML.replace('"small"', json.dumps(name))
    cell = cells.write_cell(tmp_path / "a[red]b[/red]", toml=toml.replace("profiles/*.txt", "profiles/*"))
    folder = os.fsencode(cell.parent / "profiles")
    os.rename(folder + b"/p(001).txt", folder + b"/p\xff\x1b[31m[red]$(001).txt")
    out = tmp_path / "out"
    result = command("run", cell, "--out", out, "--no-bands", "--figures", "all")
    assert result.exit_code == 0, result.output
    shown = "\N{REPLACEMENT CHARACTER}[31m [red]x[/red] $\\frac{$ :smile: <b>&$a$"
    assert shown in result.stdout
    assert json.loads((out / "summary.json").read_text(encoding="utf-8"))["cell"]["name"].startswith(shown)
    for file in [out / "report.txt", out / "summary.json", *out.glob("figures/*.svg")]:
        assert not set("\x1b\x9b\u202e") & set(file.read_text(encoding="utf-8"))
    drawn = ElementTree.fromstring((out / "figures" / "time_series.svg").read_text(encoding="utf-8"))
    assert any(shown in " ".join(text.split()) for text in drawn.itertext())


def test_the_report_of_drt_is_no_spectrum(tmp_path: Path) -> None:
    f = np.logspace(-1, 5, 40)
    Z = 10.0 + 100.0 / (1.0 + 2j * np.pi * f * 1e-3)
    rows = [f"{a:.6g},{b.real:.8g},{b.imag:.8g}" for a, b in zip(f, Z, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["frequency/Hz,Re(Z)/Ohm,Im(Z)/Ohm", *rows]) + "\n")
    for _ in range(2):
        result = command("drt", tmp_path, "--out", tmp_path, "--no-bands", "--json")
        assert result.exit_code == 0, result.output
        assert len(json.loads(result.stdout)["spectra"]) == 1


def test_settings_of_the_working_folder_rule_nothing(tmp_path: Path) -> None:
    """And a process that meets a pipe ends by itself."""
    cell = cells.write_cell(tmp_path)
    (tmp_path / "matplotlibrc").write_text("backend: nonsense\nfigure.dpi: 7\n")
    (tmp_path / ".numba_config.yaml").write_text("disable_jit: 1\nnum_threads: nonsense\n")
    REFUSED["a pipe as log"][0](tmp_path)
    words = [sys.executable, "-m", "iondrift", "check", str(cell)]
    result = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) == 1


def _concentration() -> xr.DataArray:
    t, x = np.arange(16.0) * 500.0, np.linspace(0.0, 1e-3, 30)
    values = 1666.0 * (1.0 - 0.3 * t[:, None] / t[-1] * np.exp(-x / 2e-4))
    values += np.random.default_rng(0).normal(0.0, 5.0, values.shape)
    return xr.DataArray(values, dims=("time", "x"), coords={"time": t, "x": x})


def _spectrum() -> xr.DataArray:
    f = np.logspace(-1, 5, 40)
    Z = 10.0 + 100.0 / (1.0 + 2j * np.pi * f * 1e-3)
    return xr.DataArray(Z[None], dims=("spectrum", "frequency"), coords={"frequency": f})


def _v(concentration: Any = None, **options: Any) -> xr.Dataset:
    c = _concentration() if concentration is None else concentration
    volts = xr.DataArray(np.linspace(0.1, 1.0, 16), dims="time", coords={"time": np.arange(16.0) * 500.0})
    return iondrift.reconstruct_drift(c, volts, D, **{"temperature": 313.15, "smoothing": "none", **options})


MISUSES: dict[str, tuple[Callable[[], Any], str]] = {
    "an unknown uncertainty": (lambda: Uncertainties(temprature_K=1.0), "option 'temprature_K' is unknown; allowed"),
    "an uncertainty by place": (lambda: Uncertainties(1.0), "takes keywords alone"),
    "an unknown option": (lambda: iondrift.ReadingOptions(bogus=1), "option 'bogus' is unknown"),
    "None as a path": (lambda: iondrift.read_log(None), "NoneType found where a path is expected"),
    "bytes as a path": (lambda: iondrift.read_impedance(b"abc"), "bytes found where a path is expected"),
    "None as profiles": (lambda: iondrift.read_profiles(None), "NoneType found where a path is expected"),
    "None as a log": (lambda: iondrift.segment_protocol(None), "expected a Dataset with voltage"),
    "None as concentration": (lambda: _v(b"abc"), r"expected an xarray\.DataArray"),
    "a voltage of 1e300": (lambda: _v(_concentration() * 1e300), "no unit makes it so large"),
    "a concentration of nought": (
        lambda: _v(_concentration().where(_concentration() != _concentration()[3, 4], 1e-9)),
        r"index \(3, 4\) .* below a billionth of the mean",
    ),
    "a real impedance": (lambda: iondrift.drt(_spectrum().real), "real numbers, without Im Z"),
    "a lambda of 1e300": (lambda: iondrift.drt(_spectrum(), regularization=1e300), "allowed are numbers above 0"),
    "time constants out of range": (
        lambda: iondrift.drt(_spectrum(), tau_range=(1e-320, 1e300)),
        "time constants lie within 1e-20 and 1e\\+20 s",
    ),
    "a simulation of 100,000 GB": (
        lambda: iondrift.simulate("li-li", interval=1e-6, duration=1e-6),
        r"take 1\.\d+e\+05 GB, more than there are",
    ),
    "a simulation of years": (lambda: iondrift.simulate("li-li", time_step=1e-6), "would take hours"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISUSES)
def test_misuse_in_python_is_told(name: str) -> None:
    call, expected = MISUSES[name]
    with pytest.raises(IondriftError, match=expected):
        call()


def test_a_current_that_its_noise_hides_is_no_open_circuit() -> None:
    time = np.arange(600.0)
    rng = np.random.default_rng(1)
    coords = {"time": time}
    for level in (0.0, -1.0):
        i = xr.DataArray(np.where(time < 200, 0.0, level) + rng.normal(0.0, 0.5, 600), dims="time", coords=coords)
        log = xr.Dataset({"voltage": xr.zeros_like(i), "current_density": i})
        if level:
            with pytest.raises(DataError, match="cannot be told from open circuit"):
                iondrift.segment_protocol(log)
        else:
            assert [segment.kind for segment in iondrift.segment_protocol(log)] == ["open_circuit"]


def test_a_gamry_row_without_its_tab_is_refused(tmp_path: Path) -> None:
    f = np.logspace(5, -1, 30)
    path = tmp_path / "a.DTA"
    path.write_text(gamry_dta(f, 10.0 + 100.0 / (1.0 + 2j * np.pi * f * 1e-3)), encoding="latin-1")
    assert iondrift.read_impedance(path).sizes["frequency"] == 30
    lines = path.read_text(encoding="latin-1").split("\n")
    row = next(k for k, text in enumerate(lines) if text.startswith("\t12\t"))
    lines[row] = lines[row][1:]
    path.write_text("\n".join(lines), encoding="latin-1")
    with pytest.raises(IondriftError, match=f"line {row + 1}: a row of the ZCURVE without its leading tab"):
        iondrift.read_impedance(path)


def test_outliers_are_found_and_nothing_else() -> None:
    rng = np.random.default_rng(5)
    clean = taken = 0
    for seed in range(2):
        values = iondrift.simulate("li-li", noise=0.02, seed=seed).intensity.values
        found = find_outliers(values)
        clean, taken = clean + values.size, taken + int(found.points.sum()) + int(found.profiles.sum())
        inside = np.flatnonzero(np.median(values, axis=0) > 0.5 * values.max())
        k, m = int(rng.integers(len(values))), int(rng.choice(inside))
        for factor in (3.0, 0.02):
            damaged = values.copy()
            damaged[k, m] *= factor
            found = find_outliers(damaged)
            assert np.argwhere(found.points).tolist() == [[k, m]]
            assert not found.profiles.any()
            assert abs(found.cleaned[k, m] / values[k, m] - 1.0) < 0.2
        for whole in (1.3 * values[k], np.roll(values[k], 3)):
            damaged = values.copy()
            damaged[k] = whole
            assert np.flatnonzero(find_outliers(damaged).profiles).tolist() == [k]
    assert taken == 0, f"{taken} of {clean}"


def test_too_few_profiles_hide_no_outlier() -> None:
    values = np.ones((5, 20))
    values[2, 3] = 9.0
    assert not find_outliers(values).points.any()
    assert find_outliers(values).cleaned is values


def test_windows_of_no_number_of_profiles() -> None:
    for count in (None, b"abc", "x", float("nan"), 1e300, [1]):
        with pytest.raises(ConfigurationError, match="is no number of profiles"):
            iondrift.profile_windows(count, interval=1.0, duration=1.0)
