"""Text logs: every separator and decimal mark, units, and every way a log can be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iondrift.errors import ConfigurationError, InputFileError
from iondrift.readers.log import read_log

TWO: dict[str, Any] = {"current_density_column": None}  # a log of two columns
FINITE = st.floats(-1e6, 1e6, allow_subnormal=False)


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "log.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read(path: Path, **options: Any) -> tuple[list[float], list[float], list[float] | None]:
    log = read_log(path, **{"time_unit": "s", "current_density_unit": "A/m2", "plating_current": "negative", **options})
    current = log.current_density.values.tolist() if "current_density" in log else None
    return log.time.values.tolist(), log.voltage.values.tolist(), current


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[float, float, float]]:
    times = draw(st.lists(FINITE, min_size=2, max_size=8, unique=True))
    return [(t, draw(FINITE), draw(FINITE)) for t in sorted(times)]


@given(
    tables(),
    st.sampled_from(
        [("\t", "."), ("\t", ","), (";", "."), (";", ","), (" ", "."), ("   ", "."), (",", "."), (", ", ".")]
    ),
    st.sampled_from(["{!r}", "{:.17e}", "{:+.17E}"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_numbers_survive_every_format(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[tuple[float, float, float]],
    marks: tuple[str, str],
    style: str,
    newline: str,
    end: bool,
) -> None:
    separator, decimal = marks
    lines = [separator.join(style.format(value).replace(".", decimal) for value in row) for row in table]
    path = write(tmp_path_factory.mktemp("log"), newline.join(lines) + newline * end)
    assert read(path) == tuple(list(column) for column in zip(*table, strict=True))


def test_decimal_comma_between_spaces(tmp_path: Path) -> None:
    assert read(write(tmp_path, "0,5 1,25 -3\n1,5 1,5 -3\n")) == ([0.5, 1.5], [1.25, 1.5], [-3.0, -3.0])


def test_integers_between_commas_under_a_header_of_names(tmp_path: Path) -> None:
    assert read(write(tmp_path, "t,U,i\n0,1,2\n1,3,4\n")) == ([0.0, 1.0], [1.0, 3.0], [2.0, 4.0])


def test_byte_order_mark_comments_blank_lines_quotes_and_units_line(tmp_path: Path) -> None:
    text = '# made by hand\n\n"t";"U";"i"\n"s";"V";"A"\n// note\n"0";"1,5";"2"\n\n% note\n"1";"2,5";"3"'
    for encoding in ("utf-8-sig", "utf-16"):
        path = write(tmp_path, text.encode(encoding))
        assert read(path) == ([0.0, 1.0], [1.5, 2.5], [2.0, 3.0])
        assert read(path, time_column="t", voltage_column="i", current_density_column="U") == (
            [0.0, 1.0],
            [2.0, 3.0],
            [1.5, 2.5],
        )


@pytest.mark.parametrize("unit", ["mA/cm2", "mA/cm^2", "mA cm-2", "mA cm⁻²", "mA/cm²", "mA·cm^-2"])
def test_units_become_si_and_plating_current_negative(tmp_path: Path, unit: str) -> None:
    path = write(tmp_path, "0\t500\t0.1\n2\t600\t0.2\n")
    log = read_log(path, time_unit="min", voltage_unit="mV", current_density_unit=unit)
    assert log.time.values.tolist() == [0.0, 120.0]
    np.testing.assert_allclose(log.voltage.values, [0.5, 0.6], rtol=1e-15)
    np.testing.assert_allclose(log.current_density.values, [-1.0, -2.0], rtol=1e-15)
    assert (log.time.units, log.voltage.units, log.current_density.units) == ("s", "V", "A m-2")


@pytest.mark.parametrize(
    ("unit", "factor"), [("A/m2", 1.0), ("A/cm2", 1e4), ("mA/cm2", 10.0), ("uA/cm2", 0.01), ("µA/cm²", 0.01)]
)
def test_every_current_density_unit_has_its_factor(tmp_path: Path, unit: str, factor: float) -> None:
    path = write(tmp_path, "0\t1\t3\n")
    assert read(path, current_density_unit=unit)[2] == pytest.approx([3.0 * factor], rel=1e-15)


def test_a_current_is_divided_by_the_area_of_the_electrode(tmp_path: Path) -> None:
    path = write(tmp_path, "0\t1\t0.02827\n")
    area = np.pi * 3e-3**2
    current = read(path, current_density_unit="mA", electrode_area=area, plating_current="positive")[2]
    assert current == pytest.approx([-0.02827e-3 / area], rel=1e-15)


def test_a_log_without_current(tmp_path: Path) -> None:
    path = write(tmp_path, "0\t1\n1\t2\n")
    assert read(path, current_density_column=None) == ([0.0, 1.0], [1.0, 2.0], None)
    with pytest.raises(InputFileError, match=r"log.txt, line 1: has 2 column\(s\).*current_density_column=None"):
        read(path)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, r"log.txt: is empty"),
        (b"\x00\x10" * 20, {}, r"log.txt: is a binary file"),
        ("0\t1\t1\n1\tnan\t1\n", {}, r"line 2, column 2 \(voltage\): the value is nan; remove"),
        ("nan\t1\t1\n1\t1\t1\n", {}, r"line 1, column 1 \(time\): the value is nan"),
        ("0\t1\t1\n1\t1\t-inf\n", {}, r"line 2, column 3 \(current density\): the value is -inf"),
        ("0\t1\t1\n1\tover\t1\n", {}, r"line 2, column 2 \(voltage\): expected a number .* found 'over'"),
        ("0\tbad\t1\n1\t1\t1\n", {}, r"line 1, column 2 \(voltage\): expected a number"),
        ("0\t1\t1\n1\t\t1\n", {}, r"line 2, column 2 \(voltage\): expected a number .* found ''"),
        ('0 1 1\n1 " 1\n', {}, r"""line 2, column 2 \(voltage\): expected a number .* found '"'"""),
        ("0\t1.234,5\t1\n", {}, r"line 1, column 2 \(voltage\): expected a number"),
        ("0\t1\t1\n2\t1\t1\n\n1\t1\t1\n", {}, r"line 4: time 1 s goes back from 2 s of line 2; sort"),
        ("# c\n0.5\t1\t1\n0.5\t1\t1\n", {}, r"line 3: time 0.5 s repeats 0.5 s of line 2; .*duplicates"),
        ("0\t1\t1\n1\t1\n", {}, r"line 2: has 2 column\(s\) where line 1 has 3; the line is cut"),
        ("0\t1\t1\n1\t1\t1\t9\n", {}, r"line 2: has 4 column\(s\) where line 1 has 3"),
        ("0,1,2\n1,2,3\n", {}, r"line 1: '0,1,2' can be read with the comma as .* say which"),
        ("0,1 2,5, 3\n", {}, r"line 1: '0,1 2,5, 3' can be read"),
        ("0,1\t1.5\t2\n", {}, r"line 1: decimal commas \(from line 1\) and decimal points \(from line 1\)"),
        ("t U i\nno numbers here\n", {}, r"line 1: no line begins with a number"),
        ("time\tU\n0\t1\n", {"voltage_column": "V", **TWO}, r"named 'V'; the header has 'time', 'U'"),
        ("0\t1\n", {"voltage_column": "V", **TWO}, r"named 'V'; the file has no header"),
        ("t\tU\tU\n0\t1\t2\n", {"voltage_column": "U", **TWO}, r"2 columns are named 'U'"),
        (
            "0\t1\t1\n",
            {"voltage_column": 7},
            r"line 1: has 3 column\(s\), but the voltage is asked for in column 7",
        ),
        ("0\ta\tb\n", {"time_column": 2, "voltage_column": 3, **TWO}, r"line 1: no numbers in the col"),
        ("0\t1.5\n", {"decimal": ",", **TWO}, r"line 1, column 2 \(voltage\): expected .* mark ','"),
    ],
)
def test_a_wrong_log_is_named_with_the_line_and_the_remedy(
    tmp_path: Path, text: str | bytes, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputFileError, match=message) as caught:
        read(write(tmp_path, text), **options)
    assert "\n" not in str(caught.value)
    assert "log.txt" in str(caught.value)


def test_an_ambiguous_comma_is_settled_by_either_option(tmp_path: Path) -> None:
    path = write(tmp_path, "0,1,2\n1,2,3\n")
    assert read(path, separator="comma") == ([0.0, 1.0], [1.0, 2.0], [2.0, 3.0])
    assert read(path, decimal=".") == ([0.0, 1.0], [1.0, 2.0], [2.0, 3.0])
    with pytest.raises(ConfigurationError, match="cannot be separator and decimal mark at once"):
        read(path, separator="comma", decimal=",")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time_unit": "fortnight"}, r"unknown unit 'fortnight' of the time; allowed: s, .*min.*h"),
        ({"voltage_unit": "kV"}, r"unknown unit 'kV' of the voltage; allowed: V, mV, uV"),
        ({"current_density_unit": "mA"}, r"unknown unit 'mA' of the current density; allowed: A/m2"),
        ({"voltage_column": 1}, r"column 1 is asked for as time and as voltage"),
        ({"time_column": 0}, r"time column 0; columns are counted from 1"),
        ({"time_column": True}, r"time column True"),
        ({"plating_current": "up"}, r"plating_current: 'up'"),
        ({"electrode_area": 0.0, "current_density_unit": "mA"}, r"electrode_area: 0.0 m2"),
        ({"separator": "pipe"}, r"separator: 'pipe' is unknown; allowed: tab"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read(write(tmp_path, "0\t1\t1\n1\t1\t1\n"), **options)


def test_the_real_log(measurements: Path) -> None:
    path = measurements / "thienenkamp-li-li" / "polarisation.txt"
    log = read_log(path)
    table = np.loadtxt(path)
    assert log.sizes == {"time": 1022}
    np.testing.assert_array_equal(log.time.values, table[:, 0] * 3600.0)
    np.testing.assert_array_equal(log.voltage.values, table[:, 1])
    np.testing.assert_allclose(log.current_density.values, -10.0 * table[:, 2], rtol=1e-15)


def test_columns_that_the_header_names_the_other_way_round_are_refused(tmp_path):
    rows = "0;0.5;0.1\n1;0.75;0.1"
    assert read(write(tmp_path, f"t;U;I\n{rows}"))[1] == [0.5, 0.75]
    with pytest.raises(InputFileError, match=r"'I' is asked for as voltage and column 'U' as current; exchange"):
        read(write(tmp_path, f"t;I;U\n{rows}"))
    exchanged = read(write(tmp_path, f"t;I;U\n{rows}"), voltage_column=3, current_density_column=2)
    assert exchanged[1:] == ([0.1, 0.1], [0.5, 0.75])
