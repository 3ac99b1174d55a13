"""Logs as cyclers and people write them: dates, clocks, repeated stamps, units in the header."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from iondrift.errors import ConfigurationError, InputFileError
from iondrift.readers.log import read_log

TIME = np.arange(0.0, 200.0, 20.0)
VOLTAGE = np.round(0.1 + 0.01 * np.arange(10.0), 6)


def clock(seconds: float, form: str) -> str:
    days, rest = divmod(int(seconds) + 86390, 86400)  # over midnight
    hours, minutes = divmod(rest // 60, 60)
    return {
        "hms": f"{hours + 24 * days}:{minutes:02d}:{rest % 60:02d}",
        "days": f"{days}d {hours:02d}:{minutes:02d}:{rest % 60:02d}",
        "dots": f"{days}.{hours:02d}:{minutes:02d}:{rest % 60:02d}.0",
        "iso": f"2024-05-{17 + days} {hours:02d}:{minutes:02d}:{rest % 60:02d}",
        "american": f"05/{17 + days}/2024 {hours:02d}:{minutes:02d}:{rest % 60:02d}.000000",
        "half days": f"{17 + days} May 2024 {(hours - 1) % 12 + 1}:{minutes:02d}:{rest % 60:02d} {'AP'[hours // 12]}M",
    }[form]


def log(folder: Path, header: str, rows: list[str]) -> Path:
    path = folder / "log.csv"
    path.write_text("\n".join([header, *rows, ""]))
    return path


@pytest.mark.parametrize("form", ["hms", "days", "dots", "iso", "american", "half days"])
@pytest.mark.parametrize("separator", [",", "\t", ";", ",\t"])
def test_times_as_clocks_and_dates_in_any_column(tmp_path, form, separator):
    rows = [separator.join(map(str, (clock(t, form), 7, v, 0.1))) for t, v in zip(TIME, VOLTAGE, strict=True)]
    path = log(tmp_path, ",".join("tsvi") if separator == ",\t" else separator.join("tsvi"), rows)
    found = read_log(path, voltage_column=3, current_density_column=4)
    np.testing.assert_allclose(found.time - found.time[0], TIME)
    np.testing.assert_allclose(found.voltage, VOLTAGE)


def test_a_date_first_is_no_separator(tmp_path):
    rows = [f"{clock(t, 'iso')},7,{t / 3600:.7f},{v}" for t, v in zip(TIME, VOLTAGE, strict=True)]
    found = read_log(log(tmp_path, "Date and Time,Step,Run Time (h),U", rows), time_column=3, voltage_column=4,
                     current_density_column=None)  # fmt: skip
    np.testing.assert_allclose(found.time, TIME, atol=1e-3)


def test_day_and_month_are_never_guessed(tmp_path):
    rows = [f"05/0{day}/2024 10:00:00,{day / 10}" for day in range(1, 6)]
    path = log(tmp_path, "t,U", rows)
    with pytest.raises(InputFileError, match=r"nothing tells day from month; set day_first=True or day_first=False"):
        read_log(path, current_density_column=None)
    for day_first, days in ((False, [0, 1, 2, 3, 4]), (True, [0, 31, 60, 91, 121])):
        found = read_log(path, current_density_column=None, day_first=day_first)
        assert (found.time / 86400.0).values.tolist() == days


def test_a_step_repeats_a_time_and_both_samples_stay_in_order(tmp_path):
    rows = ["0,0.0,0", "20,0.0,0", "20,0.5,1", "40,0.6,1"]
    found = read_log(log(tmp_path, "t,U,i", rows), time_unit="s")
    assert found.time.values.tolist() == [0.0, 20.0, 20.0, 40.0]
    assert found.voltage.values.tolist() == [0.0, 0.0, 0.5, 0.6]
    with pytest.raises(InputFileError, match=r"line 4: time 20 s repeats 20 s of line 3"):
        read_log(log(tmp_path, "t,U,i", ["0,0.0,0", *rows[1:2] * 2]), time_unit="s")


def test_a_repeated_time_goes_through_the_protocol(tmp_path):
    from iondrift.experiment.log.protocol import segment_protocol

    samples = [(20.0 * k, 0.0, 0.0) for k in range(30)] + [(580.0 + 20.0 * k, 0.5 + 0.001 * k, -0.1) for k in range(30)]
    found = read_log(log(tmp_path, "t,U,i", [f"{t},{u},{i}" for t, u, i in samples]), time_unit="s")
    segments = segment_protocol(found)
    assert [(segment.kind, segment.start) for segment in segments] == [
        ("open_circuit", 0.0),
        ("constant_current", 580.0),
    ]


def test_the_clock_of_a_step_starts_again(tmp_path):
    rows = [f"{20 * (k % 5)},{1000 + 20 * k},{0.1 + k / 100}" for k in range(15)]
    path = log(tmp_path, "Step Time / s,Test Time / s,Voltage / V", rows)
    with pytest.raises(InputFileError, match=r"'Step Time / s', 'Test Time / s'.*time_restarts=True"):
        read_log(path, time_column=1, voltage_column=3, current_density_column=None)
    found = read_log(path, time_column=1, voltage_column=3, current_density_column=None, time_restarts=True)
    assert found.time.values[-1] == 240.0  # three steps of 80 s
    assert np.ptp(read_log(path, time_column=2, voltage_column=3, current_density_column=None).time.values) == 280.0


def test_units_of_the_header_count_where_none_is_given(tmp_path):
    rows = [f"{t},{1000 * v},0.001" for t, v in zip(TIME, VOLTAGE, strict=True)]
    path = log(tmp_path, "Test Time / s,Voltage / mV,Current / A", rows)
    names = {"time_column": "Test Time / s", "voltage_column": "Voltage / mV", "current_density_column": "Current / A"}
    with pytest.raises(InputFileError, match=r"'Current / A' is in A, and a current density is .*give the area"):
        read_log(path, **names)
    found = read_log(path, electrode_area=1e-4, **names)
    np.testing.assert_allclose(found.time, TIME)
    np.testing.assert_allclose(found.voltage, VOLTAGE)
    np.testing.assert_allclose(found.current_density, -10.0)
    by_number = read_log(path, electrode_area=1e-4, time_unit="h")  # the user's word counts more
    np.testing.assert_allclose(by_number.time, 3600.0 * TIME)
    path.write_text(path.read_text().replace("Current / A", "I"))
    with pytest.raises(ConfigurationError, match="nothing tells the unit of the current; give it"):
        read_log(path, electrode_area=1e-4)
