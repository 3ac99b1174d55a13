"""What init finds in a folder, and that its file passes its own check."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from iondrift.experiment.file.found import find_log, find_profiles
from iondrift.experiment.file.schema import load
from iondrift.experiment.read import read_log, read_series
from iondrift.runs.init import left_open, write_template

TIME = np.arange(0.0, 40000.0, 100.0)
ROWS = [(t, 0.1 + t * 1e-6, 0.1) for t in TIME]
HEADERS = {
    "hours.txt": ("time/h\tvoltage/V\tcurrent/mA cm-2", [f"{t / 3600:.8f}\t{u:.6f}\t{i}" for t, u, i in ROWS]),
    "bare.txt": (None, [f"{t / 3600:.8f}\t{u:.6f}\t{i}" for t, u, i in ROWS]),
    "battery.csv": (
        "Test Time / s,Step Time / s,Voltage / V,Current Density / mA cm-2",
        [f"{t},{t % 1000},{u:.6f},{i}" for t, u, i in ROWS],
    ),
    "minutes.csv": ("Data Point;Elapsed Time (min);I [mA/cm2];Ewe/V", [f"7;{t / 60};{i};{u:.6f}" for t, u, i in ROWS]),
}


def profiles(folder: Path, names: list[str]) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        head = "# Data set = cell  1  1\n# LEFT = 10 ppm. RIGHT = -10 ppm.\n# SIZE = 8\n"
        (folder / name).write_text(head + "\n".join(["1", "1", "9", "9", "9", "9", "1", "1"]) + "\n")


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("place", [".", "scans"])
def test_the_file_that_init_writes_reads_profiles_and_log(tmp_path, name, place):
    profiles(tmp_path / place, [f"p({k:03d}).txt" for k in range(1, 6)])
    header, rows = HEADERS[name]
    (tmp_path / name).write_text("\n".join([*([header] if header else []), *rows, ""]))
    path = write_template(tmp_path)
    experiment = load(path)
    log, series = read_log(experiment), read_series(experiment)
    assert series.stored == 5
    np.testing.assert_allclose(log.time, TIME, atol=1e-4)
    np.testing.assert_allclose(log.voltage, [u for _, u, _ in ROWS], rtol=1e-5)
    np.testing.assert_allclose(log.current_density, -1.0)
    assert left_open(path) == []


def test_what_is_left_open_is_named(tmp_path):
    rows = [f"{t},{u:.6f},0.001" for t, u, _ in ROWS]
    (tmp_path / "log.csv").write_text("\n".join(["Test Time / s,Voltage / V,Current / A", *rows, ""]))
    path = write_template(tmp_path)
    told = left_open(path)
    assert any("'Current / A' is a current: give electrode_area_cm2" in line for line in told)
    assert any("none found here" in line for line in told)
    assert "current_density" not in read_log(load(path))


def test_many_profiles_fit_into_a_short_log(tmp_path):
    profiles(tmp_path, [f"p{k}.txt" for k in range(200)])
    (tmp_path / "log.txt").write_text("\n".join(f"{t / 3600:.6f}\t0.1\t0.1" for t in TIME) + "\n")
    series = read_series(load(write_template(tmp_path)))
    assert series.stop[-1] <= TIME[-1]


def test_a_pattern_takes_the_profiles_and_nothing_else(tmp_path):
    profiles(tmp_path, ["cell(1).txt", "cell(2).txt"])
    (tmp_path / "cell notes.txt").write_text("nothing\n")
    assert find_profiles(tmp_path) == ("cell(*.txt",)
    (tmp_path / "cell(notes).txt").write_text("nothing\n")
    assert find_profiles(tmp_path) == ("cell(1).txt", "cell(2).txt")
    assert find_log(tmp_path) is None
