"""What people export, rather than what a manual shows: every kind read to the last digit, or told."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from instrument_files import FREQUENCY, arc, biologic_mpt, gamry_dta, pstrace_csv, zplot_z
from iondrift.errors import InputFileError, IondriftWarning
from iondrift.readers.impedance.formats import detect_format
from iondrift.readers.impedance.series import read_impedance
from iondrift.readers.time_stamps import parse

Z = arc()
WHOLE = [(FREQUENCY, Z)]


def read(path: Path, content: str | bytes, **options: object) -> xr.Dataset:
    path.write_bytes(content if isinstance(content, bytes) else content.encode("cp1252"))
    series = read_impedance(path, **options)
    np.testing.assert_allclose(series.frequency, FREQUENCY[::-1], rtol=1e-5)
    np.testing.assert_allclose(series.impedance[0], Z[::-1], rtol=1e-5)
    return series


@pytest.mark.parametrize("blank_at", [8, 9])
def test_a_header_wider_than_its_rows_counts_up_to_its_blank_cell(tmp_path, blank_at):
    lines = biologic_mpt(WHOLE).split("\n")
    names = lines[8].rstrip("\t").split("\t")
    more = ["cycle number", "Pwe/W"][: blank_at - 7]
    lines[8] = "\t".join([*names, *more[:-1], "", more[-1], "Ewe-Ece/V"])
    width = len(names) + len(more)
    lines[9:-1] = ["\t".join([*line.split("\t"), *["1.0"] * (width - len(names))]) for line in lines[9:-1]]
    series = read(tmp_path / "a.mpt", "\n".join(lines))
    assert series.bias_voltage.item() == pytest.approx(3.7)
    lines[20] = lines[20].rsplit("\t", 3)[0]  # one row that is shorter than the others is cut
    with pytest.raises(InputFileError, match=r"line 21: .* columns where the header has"):
        read(tmp_path / "a.mpt", "\n".join(lines))


@pytest.mark.parametrize("order", ["mm/dd/yyyy", "dd/mm/yyyy"])
def test_dates_in_the_column_of_times(tmp_path, order):
    text = biologic_mpt(WHOLE).replace("fi  ", f"   Time format : Absolute {order}\nfi  ", 1)
    text = text.replace("lines : 9", "lines : 10")
    day, month = (12, 5)
    date = f"{month:02d}/{day:02d}/2024" if order == "mm/dd/yyyy" else f"{day:02d}/{month:02d}/2024"
    head, rows = text.split("<I>/mA\t\n")
    for k, line in enumerate(rows.splitlines()):
        cells = line.split("\t")
        cells[5] = f"{date} 23:{20 + k:02d}:40.707"
        rows = rows.replace(line, "\t".join(cells))
    series = read(tmp_path / "a.mpt", f"{head}<I>/mA\t\n{rows}", day_first=order.startswith("d"))
    assert series.duration.item() == 30 * 60.0
    assert series.attrs["started"] == "2024-05-12T23:20:40.707000"


@pytest.mark.parametrize(
    ("started", "expected"),
    [
        ("05/17/2024 10.00.00", "2024-05-17T10:00:01"), ("5/17/24 10:00", "2024-05-17T10:00:01"),
        ("17 May 2024 10:00:00 PM", "2024-05-17T22:00:01"), ("17-May-2024 10:00:00 p. m.", "2024-05-17T22:00:01"),
        ("17/05/24 10:00:00", None), ("the day before", None), ("2024-05-17 \u5348\u5f8c 02:00:00", None),
    ],
)  # fmt: skip
def test_a_start_in_any_spelling_is_read_or_quoted(tmp_path, started, expected):
    text = biologic_mpt(WHOLE, started=started).encode("utf-8")
    if expected is None:
        with pytest.warns(IondriftWarning, match=re.escape(f"its start {started!r} is not understood")):
            series = read(tmp_path / "a.mpt", text)
        assert "started" not in series.attrs
        assert series.time.item() == 0.0
    else:
        assert read(tmp_path / "a.mpt", text).attrs["started"] == expected


def test_a_year_of_two_digits_in_other_formats(tmp_path):
    assert read(tmp_path / "a.DTA", gamry_dta(FREQUENCY, Z, date="5/17/24")).attrs["started"].startswith("2024-05-17")
    with pytest.warns(IondriftWarning, match="its start '05/06/24 16:43:15' is not understood"):
        read(tmp_path / "a.DTA", gamry_dta(FREQUENCY, Z, date="05/06/24"))
    with pytest.warns(IondriftWarning, match="its start '10-Z-18 12:32:21' is not understood"):
        read(tmp_path / "a.z", zplot_z(FREQUENCY, Z).replace("10-12-2018", "10-Z-18"))
    assert parse("31.12.99 23.59.59").moment(month_first=True).isoformat() == "1999-12-31T23:59:59"


@pytest.mark.parametrize("name", ["a.mpt", "a.txt"])
@pytest.mark.parametrize("voltage", ["Ewe/V", "<Ecell>/V", "Ecell/V", "Ewe-Ece/V"])
def test_bt_lab_and_other_names_of_the_bias(tmp_path, name, voltage):
    series = read(tmp_path / name, biologic_mpt(WHOLE, program="BT-Lab", voltage=voltage))
    assert (series.bias_voltage.item(), series.bias_current.item()) == pytest.approx((3.7, -0.5e-3))
    assert series.attrs["started"] == "2025-05-15T01:18:46.867000"


def test_a_bias_of_no_known_name_is_named(tmp_path):
    with pytest.warns(IondriftWarning, match="column 'Urest/V' is in a unit of voltage and is not read"):
        series = read(tmp_path / "a.mpt", biologic_mpt(WHOLE, voltage="Urest/V"))
    assert np.isnan(series.bias_voltage.item())


@pytest.mark.parametrize("name", ["a.mpt", "a.txt", "a.DTA", "a"])
def test_content_decides_where_the_header_block_is_missing(tmp_path, name):
    lines = biologic_mpt(WHOLE).split("\n")
    lines[9:9] = ["0.0\t0.0\t0.0\t0.0\t0.0\t0.5\t3.7\t0.0"] * 2
    series = read(tmp_path / name, "\n".join(lines[8:]))
    assert series.bias_voltage.item() == pytest.approx(3.7)
    assert "2 direct-current row(s) without frequency are left out" in series.attrs["notes"][0]


@pytest.mark.parametrize("first", [1.0, 1332.6])
def test_started_is_the_moment_of_the_first_point(tmp_path, first):
    series = read(tmp_path / "a.mpt", biologic_mpt(WHOLE, started="08/23/2021 11:44:40.000", first_time=first))
    assert series.time.item() == 0.0
    assert series.attrs["started"] == {1.0: "2021-08-23T11:44:41", 1332.6: "2021-08-23T12:06:52.600000"}[first]


def test_numbers_of_gamry_points_start_anywhere_and_have_gaps(tmp_path):
    text = gamry_dta(FREQUENCY, Z)
    without = re.sub(r"\n\t[0-3]\t\d[^\n]*", "", text)
    (tmp_path / "a.DTA").write_text(without, encoding="cp1252")
    with pytest.warns(IondriftWarning, match="line 10: point 4 where 0 is due; points were deleted or lost"):
        series = read_impedance(tmp_path / "a.DTA")
    np.testing.assert_allclose(series.impedance[0], Z[4:][::-1], rtol=1e-6)
    (tmp_path / "a.DTA").write_text(re.sub(r"\n\t(7|12)\t\d[^\n]*", "", text), encoding="cp1252")
    with pytest.warns(IondriftWarning, match="line 17: point 8 where 7 is due, and 1 more such places"):
        assert read_impedance(tmp_path / "a.DTA").sizes["frequency"] == 29


@pytest.mark.parametrize("cell", ["n/a", "-"])
def test_columns_that_no_spectrum_needs_do_not_stop_the_reading(tmp_path, cell):
    text = gamry_dta(FREQUENCY, Z).replace("\t0.25\t7", f"\t{cell}\t7", 1)
    with pytest.warns(IondriftWarning, match=f"column 'Vdc/V' is not read: line 10, .*'{cell}' where a number"):
        series = read(tmp_path / "a.DTA", text)
    assert np.isnan(series.bias_voltage.item())
    assert series.bias_current.item() == pytest.approx(1.5e-6)


@pytest.mark.parametrize(
    ("names", "factors", "separator"),
    [
        ("freq. /Hz,Z1 /ohm,Z2 /ohm", (1.0, 1.0), "\t"),  # Ivium
        ("Frequency (Hz),Z\u02b9 (\u03a9),\u2212Z\u02ba (\u03a9)", (1.0, -1.0), ";"),
        ("Frequency / Hz,Zdash / Ohm,Zdashneg / Ohm", (1.0, -1.0), "\t"),
        ("Frequency (Hz),Z' (\u03a9),\u2010Z'' (\u03a9)", (1.0, -1.0), ";"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_spellings_in_every_encoding(tmp_path, names, factors, separator, encoding):
    rows = [
        separator.join(f"{v:.7g}" for v in (f, z.real, z.imag * factors[1])) for f, z in zip(FREQUENCY, Z, strict=True)
    ]
    read(tmp_path / "a.txt", "\r\n".join([names.replace(",", separator), *rows, ""]).encode(encoding))


def test_a_header_option_with_an_empty_last_name(tmp_path):
    rows = [f"{f:.8g},{z.real:.8g},{z.imag:.8g},25" for f, z in zip(FREQUENCY, Z, strict=True)]
    read(tmp_path / "a.csv", "\n".join(["a,b,c,d", *rows, ""]), header=("freq/Hz", "Re(Z)/Ohm", "Im(Z)/Ohm", ""))


def test_what_zview_calculates(tmp_path):
    head = [
        '"ZView Calculated Data File: Version 1.1"',
        "\"  Freq (Hz)    Ampl     Bias   Time(Sec)   Z'(a)    Z''(b)    GD   Err   Range\"",
    ]
    rows = [
        f" {f:.6E},  0.0E+0000,  0.0E+0000,  0.0E+0000,  {z.real:.6E}, {z.imag:.6E},  0.0E+0000, 0, 0"
        for f, z in zip(FREQUENCY, Z, strict=True)
    ]
    series = read(tmp_path / "a.z", "\r\n".join([*head, *rows, ""]))
    assert series.attrs["cautions"] == ()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("quoted", [False, True])
def test_blocks_of_pstrace_are_a_series(tmp_path, quoted, encoding):
    series = read(tmp_path / "a.csv", pstrace_csv([Z, 2.0 * Z], quoted=quoted).encode(encoding))
    np.testing.assert_allclose(series.impedance[1], 2.0 * series.impedance[0], rtol=1e-7)
    assert series.sweep.values.tolist() == [1, 2]
    assert series.attrs["started"] == "2024-05-17T10:01:00"
    np.testing.assert_allclose(series.bias_current, 1.1e-6)


def test_an_older_pstrace_export_names_no_unit(tmp_path):
    rows = [
        "\t".join(f"{v:.7g}" for v in (f, z.real, -z.imag, abs(z), -np.degrees(np.angle(z))))
        for f, z in zip(FREQUENCY, Z, strict=True)
    ]
    series = read(tmp_path / "a.txt", "\n".join(["Frequency\tZdash\tZdashneg\tZ\tPhase", *rows, ""]))
    assert "holds -phase" in series.attrs["notes"][0]


def test_ranges_and_unordered_points_are_one_spectrum_on_request(tmp_path):
    random = np.random.default_rng(3)
    names = "freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm"
    overlapping = np.r_[0:18, 14:31]
    for chosen in (overlapping, random.permutation(31), np.r_[overlapping[::-1]]):
        rows = [f"{FREQUENCY[k]:.8g},{Z[k].real:.8g},{-Z[k].imag:.8g}" for k in chosen]
        path = tmp_path / "a.csv"
        path.write_text("\n".join([names, *rows, ""]))
        with pytest.raises(InputFileError, match="merge=True"):
            read_impedance(path)
        assert read(path, path.read_bytes(), merge=True).sizes["spectrum"] == 1
        path.write_text("\n".join([names, *rows, *rows, ""]))  # measured twice: two spectra
        assert read(path, path.read_bytes(), merge=True).sizes["spectrum"] == 2
    drifted = [f"{FREQUENCY[k]:.8g},{1.1 * Z[k].real:.8g},{-1.1 * Z[k].imag:.8g}" for k in range(14, 31)]
    path.write_text("\n".join([names, *rows[::-1][:18], *drifted, ""]))
    with pytest.warns(IondriftWarning, match=r"points that were merged at .* lie 4\.8 % from their mean"):
        read_impedance(path, merge=True)


def test_points_that_a_spectrum_lacks_are_masked_in_what_follows(tmp_path):
    from iondrift.impedance.kramers_kronig import kramers_kronig

    path = tmp_path / "a.mpt"
    path.write_text(biologic_mpt([*WHOLE, (FREQUENCY[:25], Z[:25])]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IondriftWarning)
        test = kramers_kronig(read_impedance(path).impedance)
    assert test.used.sum("frequency").values.tolist() == [31, 25]


def test_the_message_on_what_is_not_known_lists_what_is(tmp_path):
    (tmp_path / "a.txt").write_text("nothing here\n" * 5)
    with pytest.raises(InputFileError, match=r"begins as no known format does \(Zahner .ism, Gamry .DTA, BioLogic"):
        read_impedance(tmp_path / "a.txt")
    (tmp_path / "wrong.ism").write_text(biologic_mpt(WHOLE))
    assert detect_format(tmp_path / "wrong.ism") == "biologic"


UNREAD = [(".idf", "IviumSoft"), (".dfr", "as text"), (".xlsx", "CSV"), (".nox", "Nova")]


@pytest.mark.parametrize(("ending", "remedy"), UNREAD)
def test_formats_that_are_not_read_say_what_to_export(tmp_path, ending, remedy):
    path = tmp_path / f"a{ending}"
    path.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 9)
    with pytest.raises(InputFileError, match=f"{remedy}.*the file itself is not read"):
        read_impedance(path)
    rows = [f"{f:.8g},{z.real:.8g},{-z.imag:.8g}" for f, z in zip(FREQUENCY, Z, strict=True)]
    read(path, "\n".join(["freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm", *rows, ""]))  # a table is read whatever its ending says
