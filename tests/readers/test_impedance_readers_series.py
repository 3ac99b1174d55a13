"""Several sweeps and files as one series, and every instrument's own checks, on files the tests write."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest

from instrument_files import (
    FREQUENCY,
    arc,
    autolab_text,
    biologic_mpt,
    chi_text,
    gamry_dta,
    parstat_text,
    powersuite_text,
    versastudio_par,
    write_one_of_each,
    zahner_ism,
    zplot_z,
)  # fmt: skip
from iondrift.errors import InputFileError, IondriftWarning
from iondrift.readers.impedance.formats import detect_format
from iondrift.readers.impedance.series import read_impedance
from iondrift.readers.time_stamps import parse


def csv(path: Path, frequency: np.ndarray = FREQUENCY, resistance: float = 100.0) -> Path:
    z = arc(frequency, resistance)
    rows = [f"{f:.9e},{v.real:.9e},{-v.imag:.9e}" for f, v in zip(frequency, z, strict=True)]
    path.write_text("freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm\n" + "\n".join(rows) + "\n")
    return path


def test_every_format_reads_to_the_same_series(tmp_path):
    for name, path in write_one_of_each(tmp_path).items():
        assert name.startswith(detect_format(path))
        series = read_impedance(path)
        np.testing.assert_allclose(series.frequency, FREQUENCY[::-1], rtol=1e-6)
        np.testing.assert_allclose(series.impedance[0], arc()[::-1], rtol=1e-6)
        assert series.attrs["cautions"] == (), name
        assert set(series.data_vars) == {"impedance"}
        carried = {"frequency", "time", "duration", "bias_voltage", "bias_current", "source", "sweep", "completeness"}
        assert set(series.impedance.coords) == carried
        expected = {"text": "undeclared", "parstat": "undeclared", "powersuite": "undeclared", "chi": "planned"}
        by_suffix = "planned" if path.suffix in (".DTA", ".mpt") else "declared"
        assert series.completeness.item() == expected.get(name, by_suffix), name


def test_folder_in_natural_order(tmp_path):
    for number in (10, 9, 100):
        csv(tmp_path / f"cell_{number}.csv", resistance=float(number))
    (tmp_path / "README.txt").write_text("1 2 3\n")
    (tmp_path / ".hidden.csv").write_text("")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    series = read_impedance(tmp_path)
    assert list(series.source.values) == ["cell_9.csv", "cell_10.csv", "cell_100.csv"]
    np.testing.assert_allclose(series.impedance[:, 0].real - 10.0, [9.0, 10.0, 100.0], rtol=0.01)
    assert series.attrs["skipped_files"] == (".hidden.csv", "photo.png", "README.txt")
    assert np.isnan(series.time).all()
    assert list(read_impedance(str(tmp_path / "cell_?.csv")).source.values) == ["cell_9.csv"]
    listed = read_impedance([tmp_path / "cell_100.csv", tmp_path / "cell_9.csv"], times=[5.0, 7.0])
    assert list(listed.source.values) == ["cell_100.csv", "cell_9.csv"]
    np.testing.assert_array_equal(listed.time, [5.0, 7.0])
    (tmp_path / "cell_11.csv").write_text("nothing of use\n")
    with pytest.raises(InputFileError, match=r"cell_11\.csv: holds no table"):
        read_impedance(tmp_path)


def test_nothing_there(tmp_path):
    for paths, message in (
        (tmp_path, "folder holds no file"),
        (str(tmp_path / "*.z"), "no file matches"),
        ([], "no impedance"),
    ):
        with pytest.raises(InputFileError, match=message):
            read_impedance(paths)


@pytest.mark.parametrize("repeat_header", [False, True])
def test_sweeps_are_split_at_the_frequency_reset(tmp_path, repeat_header):
    path = tmp_path / "sweeps.csv"
    header = "freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm\n"
    text = ""
    for resistance in (50.0, 60.0, 70.0):
        csv(path, resistance=resistance)
        text += ("" if text else header) + ("\n" + header if repeat_header and text else "")
        text += path.read_text().removeprefix(header)
    path.write_text(text)
    series = read_impedance(path)
    assert dict(series.sizes) == {"spectrum": 3, "frequency": 31}
    assert list(series.sweep.values) == [1, 2, 3]
    np.testing.assert_allclose(series.impedance[:, 0].real, [60.0, 70.0, 80.0], rtol=0.01)


def test_last_sweep_cut_short(tmp_path):
    path = tmp_path / "loops.mpt"
    whole = (FREQUENCY, arc())
    path.write_text(biologic_mpt([whole, whole, (FREQUENCY[:20], arc()[:20])]))
    with pytest.raises(InputFileError, match=r"sweep 3: 20 frequencies from"):
        read_impedance(path, grid="same")
    with pytest.warns(IondriftWarning, match="sweep 3: dropped, it is short"):
        series = read_impedance(path, incomplete="drop")
    assert dict(series.sizes) == {"spectrum": 2, "frequency": 31}
    assert "measured" not in series.coords
    np.testing.assert_allclose(series.time, [0.0, 31.0])
    np.testing.assert_allclose(series.duration, [30.0, 30.0])
    np.testing.assert_allclose(series.bias_voltage, 3.7)
    np.testing.assert_allclose(series.bias_current, -0.5e-3)
    with pytest.warns(IondriftWarning, match=r"sweep 3: the sweep ends at 15\.8489 Hz, the file plans 0\.1 Hz"):
        series = read_impedance(path, grid="common")
    assert dict(series.sizes) == {"spectrum": 3, "frequency": 20}
    with pytest.warns(IondriftWarning, match="sweep 3: the sweep ends"):
        series = read_impedance(path)
    assert dict(series.sizes) == {"spectrum": 3, "frequency": 31}
    assert series.measured.sum("frequency").values.tolist() == [31, 31, 20]
    np.testing.assert_allclose(series.impedance[2, 11:], arc()[:20][::-1], rtol=1e-7)
    assert series.attrs["notes"] == (
        "loops.mpt, sweep 3: lacks 11 of 31 frequencies, 0.1 to 10 Hz; those points are masked",
    )
    path.write_text(biologic_mpt([whole, (FREQUENCY[:3], arc()[:3])]))
    with pytest.warns(IondriftWarning, match=r"line 41: sweep 2 of 2 has 3 point\(s\), at least 5 .* left out"):
        assert read_impedance(path).sizes["spectrum"] == 1
    path.write_text(biologic_mpt([(FREQUENCY[:3], arc()[:3]), whole]))
    with pytest.raises(InputFileError, match=r"line 10: sweep 1 of 2 has 3 point\(s\), at least 5"):
        read_impedance(path)


def test_direct_current_rows_are_left_out_and_noted(tmp_path):
    path = tmp_path / "a.mpt"
    rest = (np.zeros(4), np.zeros(4, dtype=complex))
    path.write_text(biologic_mpt([rest, (FREQUENCY, arc()), rest, (FREQUENCY, arc(resistance=80.0))]))
    series = read_impedance(path)
    assert dict(series.sizes) == {"spectrum": 2, "frequency": 31}
    assert series.attrs["notes"] == ("a.mpt: 8 direct-current row(s) without frequency are left out",)


def test_sweep_both_ways_is_refused_or_merged(tmp_path):
    path = csv(tmp_path / "a.csv", np.concatenate([FREQUENCY, FREQUENCY[-2::-1]]))
    with pytest.raises(InputFileError, match=r"line 33: frequency goes from .* join them with merge=True"):
        read_impedance(path)
    series = read_impedance(path, merge=True)
    np.testing.assert_allclose(series.impedance[0], arc()[::-1], rtol=1e-7)


def test_grids(tmp_path):
    csv(tmp_path / "a.csv")
    csv(tmp_path / "b.csv", FREQUENCY * 1.0005)
    assert read_impedance(tmp_path).sizes["spectrum"] == 2
    with pytest.raises(InputFileError, match=r"b\.csv, sweep 1: 31 frequencies"):
        read_impedance(tmp_path, grid_tolerance=1e-4, grid="same")
    csv(tmp_path / "c.csv", FREQUENCY[3:])
    with pytest.raises(InputFileError, match=r"c\.csv, sweep 1: 28 frequencies .* \(it has no 100000 Hz\)"):
        read_impedance(tmp_path, grid="same")
    assert np.isnan(read_impedance(tmp_path).impedance[2, -3:]).all()
    series = read_impedance(tmp_path, grid="common")
    np.testing.assert_allclose(series.frequency, FREQUENCY[3:][::-1], rtol=1e-8)
    np.testing.assert_allclose(series.impedance[2], arc(FREQUENCY[3:])[::-1], rtol=1e-8)
    csv(tmp_path / "d.csv", FREQUENCY * 1.3)
    with pytest.raises(InputFileError, match="no frequency is common"):
        read_impedance(tmp_path, grid="common")


def test_clock_of_files_with_a_date(tmp_path):
    for k, (day, hour) in enumerate((("4/23/2018", "23:59:50"), ("4/24/2018", "00:10:00"))):
        text = gamry_dta(FREQUENCY, arc()).replace("4/23/2018", day).replace("16:43:15", hour)
        (tmp_path / f"{k}.DTA").write_text(text, encoding="latin-1")
    series = read_impedance(tmp_path)
    np.testing.assert_allclose(series.time, [0.0, 610.0])
    assert series.attrs["started"] == "2018-04-23T23:59:50.500000"  # of the first point
    series = read_impedance(tmp_path, origin="2018-04-23T23:00:00")
    np.testing.assert_allclose(series.time, [3590.5, 4200.5])
    for k, day in enumerate(("04/05/2018", "04/06/2018")):
        text = gamry_dta(FREQUENCY, arc()).replace("4/23/2018", day)
        (tmp_path / f"{k}.DTA").write_text(text, encoding="latin-1")
    with pytest.raises(InputFileError, match=r"dates such as 4-5-2018.*day_first"):
        read_impedance(tmp_path)
    np.testing.assert_allclose(read_impedance(tmp_path, day_first=False).time, [0.0, 86400.0])
    np.testing.assert_allclose(read_impedance(tmp_path, day_first=True).time, [0.0, 31 * 86400.0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Feb. 20, 2020   15:55:08", "2020-02-20T15:55:08"),
        ("Thursday, July 19, 2018 9:40:30 PM", "2018-07-19T21:40:30"),
        ("2024-10-25T21:09:58.5", "2024-10-25T21:09:58.500000"),
        ("25.10.2024 12:00:00 AM", "2024-10-25T00:00:00"),
        ("12-17-2019    Time: 16:24:35", "2019-12-17T16:24:35"),
        ("13-13-2019 16:24:35", None),
        ("12-17-2019", None),
        ("yesterday at noon", None),
    ],
)
def test_dates_as_instruments_print_them(text, expected):
    stamp = parse(text)
    assert (stamp.moment(month_first=True).isoformat() if stamp else None) == expected


def test_gamry_checks(tmp_path):
    path = tmp_path / "a.DTA"
    path.write_text(gamry_dta(FREQUENCY[:20], arc()[:20], aborted=True), encoding="latin-1")
    with pytest.warns(IondriftWarning) as warned:
        series = read_impedance(path)
    assert "was aborted" in str(warned[0].message)
    assert series.completeness.item() == "short"
    text = gamry_dta(FREQUENCY, arc())
    for damaged, message in (
        (text[:-40], r"line 40: \d+ columns where the header has 12"),
        (text[: text.index("ZCURVE")], r"no ZCURVE table \(experiment EISPOT\)"),
        (text[: text.index("\n\t0\t") + 1], "the ZCURVE holds no point"),
        (text.replace("\t20.", "\t30.", 1), "modulus and phase give"),
    ):
        assert damaged != text
        path.write_text(damaged, encoding="latin-1")
        with pytest.raises(InputFileError, match=message):
            read_impedance(path)


def test_zplot_checks(tmp_path):
    path = tmp_path / "a.z"
    path.write_text(zplot_z(FREQUENCY, arc(), declared=40))
    with pytest.raises(InputFileError, match="declares 40 points, 31 are there"):
        read_impedance(path)
    with pytest.warns(IondriftWarning, match="declares 40 points"):
        assert read_impedance(path, incomplete="keep").completeness.item() == "cut"
    path.write_text(zplot_z(FREQUENCY, arc(), declared=30))
    with pytest.raises(InputFileError, match="declares 30 points, 31 are there"):
        read_impedance(path, incomplete="keep")
    path.write_text(zplot_z(FREQUENCY, arc()))
    assert read_impedance(path).bias_voltage.item() == pytest.approx(0.2)
    path.write_text(path.read_text().replace("End Comments", "End Cxmments"))
    with pytest.raises(InputFileError, match="'End Comments' is missing"):
        read_impedance(path)


@pytest.mark.parametrize(
    ("unit", "factor"), [("MHz", 1e6), ("kHz", 1e3), ("Hz", 1.0), ("mHz", 1e-3), ("µHz", 1e-6), ("uHz", 1e-6)]
)
def test_biologic_plans_in_every_unit(tmp_path, unit, factor):
    """The lowest frequency that the settings plan, in its unit: reached or not."""
    path = tmp_path / "a.mpt"
    for low, reached in ((0.1, True), (0.05, False)):
        text = biologic_mpt([(FREQUENCY, arc())]).replace(
            "ff                  0.100", f"ff                  {low / factor:.9g}"
        )
        path.write_text(text.replace("unit ff             Hz", f"unit ff             {unit}"), encoding="latin-1")
        if reached:
            assert read_impedance(path).completeness.item() == "planned"
        else:
            with pytest.warns(IondriftWarning, match=r"ends at 0\.1 Hz, the file plans 0\.05 Hz"):
                assert read_impedance(path).completeness.item() == "short"


def test_biologic_checks(tmp_path):
    path = tmp_path / "a.mpt"
    text = biologic_mpt([(FREQUENCY, arc())])
    for damaged, message in (
        (text.replace("header lines : 9", "header lines : two"), "line 2: states no usable number of header lines"),
        (
            text.replace("header lines : 9", "header lines : 2"),
            r"line 2: states no usable number .*the file has 40 lines",
        ),
        (text.replace("header lines : 9", "header lines : 41"), "line 2: states no usable number of header lines"),
        (text.replace("header lines : 9", "header lines : 10"), "line 10: is not the line of column names"),
        (text[:17], "line 2: is missing; the file is cut"),
        (text.replace("freq/Hz", "count"), "line 9: there is no frequency column"),
        (text.replace(f"{arc()[7].real:.7E}", f"{1.2 * arc()[7].real:.7E}"), "line 17: real and imaginary part give"),
    ):
        assert damaged != text
        path.write_text(damaged, encoding="latin-1")
        with pytest.raises(InputFileError, match=message):
            read_impedance(path, format="biologic")
    unplanned = text.replace("unit ff             Hz", "unit ff             rpm")
    path.write_text(unplanned, encoding="latin-1")
    assert read_impedance(path).completeness.item() == "undeclared"


def test_versastudio_checks(tmp_path):
    path = tmp_path / "a.par"
    path.write_text(versastudio_par(FREQUENCY, arc(), closed=False))
    with pytest.raises(InputFileError, match=r"line 4: <Segment1> is not closed"):
        read_impedance(path)
    text = versastudio_par(FREQUENCY, arc())
    path.write_text(re.sub(r"\n0,7,.*", "", text))
    with pytest.raises(InputFileError, match=r"line 13: point 8 follows point 6"):
        read_impedance(path)
    path.write_text(re.sub(r"(\n0,7,.*,)([^,\n]*),([^,\n]*)(?=\n)", r"\g<1>55.5,\g<3>", text))
    with pytest.raises(InputFileError, match=r"line 13: Z = .* is not E / I \(1 of 31"):
        read_impedance(path)
    for damaged, message in (
        (text.replace("Definition=", "Definicion="), "line 4: the segment names no columns"),
        (text.replace("Z Real", "Y Real"), "no segment holds Frequency.*it is no impedance experiment"),
    ):
        path.write_text(damaged)
        with pytest.raises(InputFileError, match=message):
            read_impedance(path)


def test_autolab_checks(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(autolab_text(FREQUENCY, arc(), declared=40))
    with pytest.raises(InputFileError, match="line 10 declares 40 points, 31 are there"):
        read_impedance(path)
    with pytest.warns(IondriftWarning, match="declares 40 points"):
        kept = read_impedance(path, incomplete="keep")
    assert kept.completeness.item() == "cut"
    np.testing.assert_allclose(kept.impedance[0], arc()[::-1], rtol=1e-12)
    assert np.isnan(kept.bias_voltage.item())  # the zeros of these columns are no measurement
    assert np.isnan(kept.duration.item())


def test_chi_checks(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(chi_text(FREQUENCY, arc()))
    series = read_impedance(path)
    assert series.attrs["started"] == "2020-02-20T15:55:08"
    assert series.bias_voltage.item() == 0.25
    assert np.isnan(series.bias_current.item())
    path.write_text(chi_text(FREQUENCY, arc(), low=0.01))
    with pytest.warns(IondriftWarning, match=r"plans 0\.01 Hz"):
        assert read_impedance(path).completeness.item() == "short"
    text = chi_text(FREQUENCY, arc())
    for damaged, message in (
        (text.replace("A.C. Impedance", "A.C. Voltammetry"), "is no A.C. impedance file of CH Instruments"),
        (text.replace("Freq/Hz,", "Frequency,"), "'Freq/Hz, ...' is missing"),
        (text.replace(f"{arc()[7].real:.7e}", f"{1.2 * arc()[7].real:.7e}"), "line 19.*modulus and phase"),
    ):
        assert damaged != text
        path.write_text(damaged)
        with pytest.raises(InputFileError, match=message):
            read_impedance(path, format="chi")


def test_parstat_checks(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(parstat_text(FREQUENCY, arc(), rest_rows=3))
    series = read_impedance(path)
    assert series.attrs["notes"] == ("a.txt: 3 direct-current row(s) without frequency are left out",)
    bias = series.bias_voltage.item(), series.bias_current.item()
    assert bias == pytest.approx((3.4, 0.02), rel=1e-12)  # of the sweep, not of the rest
    assert series.duration.item() == FREQUENCY.size - 1
    second = parstat_text(FREQUENCY, 2.0 * arc()).split("\n", 1)[1]  # with its own rest before it
    path.write_text(parstat_text(FREQUENCY, arc()) + second)
    both = read_impedance(path)
    assert both.sweep.values.tolist() == [1, 2]
    np.testing.assert_allclose(both.impedance[1], 2.0 * both.impedance[0], rtol=1e-12)
    path.write_text(parstat_text(FREQUENCY, arc()).replace("Zim (ohms)", "Zim (kohms)"))
    with pytest.raises(InputFileError, match="line 1: is not the header of a PARSTAT file"):
        read_impedance(path, format="parstat")


def test_powersuite_checks(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(powersuite_text(FREQUENCY[::-1], arc()[::-1]).encode())  # it may sweep upwards
    np.testing.assert_allclose(read_impedance(path).impedance[0], arc()[::-1], rtol=1e-8)
    path.write_bytes(powersuite_text(FREQUENCY, arc()).replace("Zimg", "Zreal").encode())
    with pytest.raises(InputFileError, match="line 1: is not the header 'Frequency"):
        read_impedance(path, format="powersuite")


def test_zahner_bias_series(tmp_path):
    """Files of a series are ordered and timed by name and clock; every bias is that of its own file."""
    for k in (10, 2, 1):
        content = zahner_ism(
            FREQUENCY, arc(resistance=100.0 * k), start_s=1.3e9 + 90.0 * k, tracks=(0.025 * k, 1e-3 * k)
        )
        (tmp_path / f"{k}_mV.ism").write_bytes(content)
    series = read_impedance(tmp_path)
    assert list(series.source.values) == ["1_mV.ism", "2_mV.ism", "10_mV.ism"]
    np.testing.assert_allclose(series.time, [0.0, 90.0, 810.0], atol=1e-9)
    np.testing.assert_allclose(series.bias_voltage, [0.025, 0.05, 0.25])
    np.testing.assert_allclose(series.bias_current, [1e-3, 2e-3, 1e-2])
    np.testing.assert_allclose(series.duration, FREQUENCY.size - 1.0)
    for k, z in zip((1, 2, 10), series.impedance.values, strict=True):
        np.testing.assert_allclose(z, arc(resistance=100.0 * k)[::-1], rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1.5kV", 1500.0), ("12.5mV, Ampl: 5mV", 0.0125), ("-3uV", -3e-6), ("7nV", 7e-9), ("4pV", 4e-12), ("2A", np.nan)],
)
def test_zahner_bias_in_words(tmp_path, text, expected):
    path = tmp_path / "a.ism"
    path.write_bytes(zahner_ism(FREQUENCY, arc(), settings=False, texts=["", "", text]))
    assert read_impedance(path).bias_voltage.item() == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_zahner_layout(tmp_path):
    path = tmp_path / "a.ism"
    # 1 kHz up to the limit, turn, down to the other limit.
    overlap = FREQUENCY[:11][::-1]
    frequency = np.concatenate([overlap[:-1], FREQUENCY])
    impedance = np.concatenate([arc(overlap[:-1], 300.0), arc()])
    path.write_bytes(zahner_ism(frequency, impedance))
    series = read_impedance(path)
    np.testing.assert_allclose(series.impedance[0], arc()[::-1], rtol=1e-12)
    assert series.attrs["notes"] == ("a.ism: 10 point(s) measured twice before the sweep turned are left out",)
    assert series.bias_voltage.item() == 0.5
    assert series.attrs["started"] == "2021-03-12T07:06:50"  # ten points were left out before it
    # Edited files: no settings, no moment; the bias as text.
    path.write_bytes(
        zahner_ism(FREQUENCY, arc(), start_s=0.0, settings=False, texts=["", "", "0.0255V, Ampl: 10mV", "-1.825nA"])
    )
    series = read_impedance(path)
    assert series.bias_voltage.item() == pytest.approx(0.0255)
    assert series.bias_current.item() == pytest.approx(-1.825e-9)
    assert np.isnan(series.time.item())
    # settings of no length, and settings too short to hold any
    for settings in (struct.pack(">H", 0), struct.pack(">H", 8) + bytes(8)):
        path.write_bytes(zahner_ism(FREQUENCY, arc(), settings=False) + settings)
        np.testing.assert_allclose(read_impedance(path).impedance[0], arc()[::-1], rtol=1e-12)
    content = bytearray(zahner_ism(FREQUENCY[:20], arc()[:20]))
    settings = 12 + 34 * 20 + 12 * 2 + 2
    content[settings + 8 * 12 : settings + 8 * 14] = struct.pack(">2d", 0.1, 1e5)
    path.write_bytes(content)
    with pytest.warns(IondriftWarning, match=r"the settings plan 0\.1 to 100000 Hz"):
        read_impedance(path)


def test_zahner_damage(tmp_path):
    path = tmp_path / "a.ism"
    content = zahner_ism(FREQUENCY, arc())
    count = FREQUENCY.size

    def poked(offset: int, value: bytes) -> bytes:
        return content[:offset] + value + content[offset + len(value) :]

    for damaged, message in (
        (content[:11], "declares"),
        (content[:500], "declares 31 points, which take 1090 bytes and more; the file has 500"),
        (content[:-1], "settings of 752 bytes are announced, 751 follow"),
        (content + b"x", "settings of 752 bytes are announced, 753 follow"),
        (poked(6, b"\x7f"), "it is cut or damaged"),
        (poked(12, struct.pack(">d", np.nan)), r"point 1 of 31: frequency \(Hz\) is nan"),
        (poked(12, struct.pack(">d", -1.0)), r"point 1 of 31: frequency \(Hz\) is -1; the file is damaged"),
        (poked(12, struct.pack(">d", 0.0)), r"point 1 of 31: frequency \(Hz\) is 0; the file is damaged"),
        (poked(12 + 8 * 5, struct.pack(">d", 1e4 * 9)), r"point 5 of 31: frequency 15848\.9 Hz is out of order"),
        (poked(12 + 8 * count, struct.pack(">d", -1.0)), r"point 1 of 31: \|Z\| \(Ohm\) is -1"),
        (poked(12 + 16 * count, struct.pack(">d", 7.0)), r"arg Z \(rad\) is 7"),
        (poked(12 + 24 * count + 8, struct.pack(">d", 0.0)), "point 2 of 31: its time"),
        (poked(12 + 32 * count, b"\x7f\xff"), "significance"),
        (poked(12 + 34 * count, b"\x7f\xff"), "text 1 of 12 claims 32767 bytes"),
        (poked(12 + 24 * count, struct.pack(">d", -2e11)), r"point 1 of 31: time \(s\) is -2e\+11"),
        (poked(len(content) - 8, struct.pack(">d", np.inf)), "a bias voltage or current is not a finite number"),
        (poked(len(content) - 8, struct.pack(">d", 1e6)), "a bias voltage or current is not a finite number"),
        (content[: 12 + 34 * count + 24] + b"x", "byte 1090: one byte is left over"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(InputFileError, match=message):
            read_impedance(path)
