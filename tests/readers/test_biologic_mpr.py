"""BioLogic .mpr against the same measurement as .mpt; every version, unknown columns, damage."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from instrument_files import FREQUENCY, MPR_COLUMNS, arc, biologic_mpr, biologic_mpt
from iondrift.errors import InputFileError, IondriftWarning
from iondrift.readers.impedance.series import read_impedance

Z = arc()
SWEEPS = [(FREQUENCY, Z), (FREQUENCY, 2.0 * Z)]


def read(path, content: bytes, **options):
    path.write_bytes(content)
    return read_impedance(path, **options)


@pytest.mark.parametrize(
    ("version", "newer"), [(0, False), (2, False), (3, False), (10, False), (10, True), (11, True)]
)
@pytest.mark.parametrize("name", ["a.mpr", "a.dat"])
def test_binary_and_text_of_one_measurement_agree(tmp_path, version, newer, name):
    series = read(tmp_path / name, biologic_mpr(SWEEPS, version=version, newer=newer, rest_rows=3))
    (tmp_path / "b.mpt").write_text(biologic_mpt(SWEEPS, started="05/17/2024 10:00:00.250", first_time=103.0))
    text = read_impedance(tmp_path / "b.mpt")
    np.testing.assert_allclose(series.frequency, text.frequency, rtol=1e-6)
    np.testing.assert_allclose(series.impedance, text.impedance, rtol=1e-6)
    np.testing.assert_allclose(series.time, text.time)
    np.testing.assert_allclose(series.duration, 30.0)
    np.testing.assert_allclose(series.bias_voltage, 3.7, rtol=1e-6)
    np.testing.assert_allclose(series.bias_current, 1e-4, rtol=1e-6)
    assert series.attrs["started"][:23] == text.attrs["started"][:23] == "2024-05-17T10:01:43.250"
    assert set(series.completeness.values) == {"declared"}


@pytest.mark.parametrize("start_at", [465, 469, 473, 585])
def test_the_start_is_where_the_day_of_the_modules_is(tmp_path, start_at):
    series = read(tmp_path / "a.mpr", biologic_mpr(SWEEPS, start_at=start_at))
    assert series.attrs["started"].startswith("2024-05-17T10:01:40.25")


def test_a_start_of_another_day_is_quoted(tmp_path):
    content = biologic_mpr(SWEEPS, start_at=300)
    with pytest.warns(IondriftWarning, match=r"its start is not understood: the modules bear the date '05/17/24'"):
        series = read(tmp_path / "a.mpr", content)
    assert "started" not in series.attrs
    assert series.time.values.tolist() == [0.0, 31.0]


@pytest.mark.parametrize("kind", ["<f4", "<f8", "<u2", "u1"])
@pytest.mark.parametrize("place", [3, 6, 12])
def test_a_lone_unknown_column_is_named_and_takes_what_is_left(tmp_path, kind, place):
    columns = [*MPR_COLUMNS[:place], 999, *MPR_COLUMNS[place:]]
    with pytest.warns(IondriftWarning, match="columns with the ids 999 are not known and not read"):
        series = read(tmp_path / "a.mpr", biologic_mpr(SWEEPS, columns=columns, unknown={999: kind}))
    np.testing.assert_allclose(series.impedance[0], Z[::-1], rtol=1e-6)


def test_several_unknown_columns_are_no_matter_behind_all_that_count_and_refused_before(tmp_path):
    unknown = {998: "<f4", 999: "<f8"}
    with pytest.warns(IondriftWarning, match="columns with the ids 998, 999 are not known"):
        read(tmp_path / "a.mpr", biologic_mpr(SWEEPS, columns=[*MPR_COLUMNS, 998, 999], unknown=unknown))
    content = biologic_mpr(SWEEPS, columns=[998, 999, *MPR_COLUMNS], unknown=unknown)
    with pytest.raises(InputFileError, match=r"no column of frequency and .*ids 998, 999 are not known"):
        read(tmp_path / "a.mpr", content)


def test_other_experiments_and_damage_are_refused(tmp_path):
    path = tmp_path / "a.mpr"
    whole = biologic_mpr(SWEEPS)
    at = whole.index(struct.pack("<f", np.float32(Z[5].real)))
    for content, message in (
        (biologic_mpr(SWEEPS, columns=(1, 2, 3, 4, 6, 8)), "it is no impedance"),
        (biologic_mpr(SWEEPS, version=12), "data module is of version 12, known are 0, 2, 3, 10, 11"),
        (whole[:-1], "module 'VMP LOG' holds .* bytes, .* are there; the file is cut"),
        (whole[:60], "no module begins here"),
        (whole[:52], "has no module 'VMP data'"),
        (whole + b"rest", "no module begins here"),
        (biologic_mpr([(FREQUENCY[:0], Z[:0])]), "declares 0 points"),
        (whole[:at] + struct.pack("<f", 2.0 * Z[5].real) + whole[at + 4 :], "point 6: the parts give Z"),
    ):
        with pytest.raises(InputFileError, match=message):
            read(path, content)


def test_random_damage_is_never_a_traceback_or_another_number(tmp_path):
    random = np.random.default_rng(5)
    whole = biologic_mpr(SWEEPS)
    for _ in range(60):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), size=int(random.integers(1, 4))):
            damaged[place] ^= 1 << int(random.integers(0, 8))
        if random.random() < 0.3:
            damaged = damaged[: int(random.integers(1, len(whole)))]
        try:
            series = read(tmp_path / "a.mpr", bytes(damaged))
        except (InputFileError, IondriftWarning):
            continue
        np.testing.assert_allclose(series.impedance, [Z[::-1], 2.0 * Z[::-1]], rtol=2e-3)


@pytest.mark.parametrize(("value", "word"), [(1e300, "time"), (np.nan, "time"), (-1e12, "time")])
def test_a_time_that_no_measurement_gives_is_left_out(tmp_path, value, word):
    content = biologic_mpr(SWEEPS)
    at = content.index(struct.pack("<d", 100.0))
    with pytest.warns(IondriftWarning, match=f"point 1: the {word} .* is none that was measured; no {word} is read"):
        series = read(tmp_path / "a.mpr", content[:at] + struct.pack("<d", value) + content[at + 8 :])
    np.testing.assert_allclose(series.impedance[0], Z[::-1], rtol=1e-6)
