"""Delimited text in the wild, written by the tests: all wordings read alike, every doubt is refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iondrift.errors import ConfigurationError, InputFileError, IondriftWarning
from iondrift.readers.impedance.columns import column_meaning
from iondrift.readers.impedance.series import read_impedance

FREQUENCY = np.logspace(5, -1, 31)


def zarc(frequency: np.ndarray = FREQUENCY, resistance: float = 100.0) -> np.ndarray:
    """Return a series resistance and a depressed arc."""
    return 10.0 + resistance / (1.0 + (2j * np.pi * frequency * 1e-3) ** 0.9)


def write(path: Path, header: str, columns: list[np.ndarray], separator: str = ",", decimal: str = ".") -> Path:
    rows = [separator.join(f"{value:.9e}".replace(".", decimal) for value in row) for row in np.transpose(columns)]
    path.write_text("\n".join(([header] if header else []) + rows) + "\n", encoding="utf-8")
    return path


def expect(path: Path, impedance: np.ndarray | None = None, **options: object) -> None:
    series = read_impedance(path, **options)
    order = np.argsort(FREQUENCY)
    np.testing.assert_allclose(series.frequency, FREQUENCY[order], rtol=1e-9)
    np.testing.assert_allclose(series.impedance[0], (zarc() if impedance is None else impedance)[order], rtol=1e-8)


RECTANGULAR = [
    ("freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm", 1.0, 1.0, -1.0),
    ("Frequency (Hz)", "Z' (Ω)", "-Z'' (Ω)", 1.0, 1.0, -1.0),
    ("f [kHz]", "Zreal [kOhm]", "Zimag [kOhm]", 1e-3, 1e-3, 1e-3),
    ("Freq", "Z_real_ohm", "Z_imag_ohm", 1.0, 1.0, 1.0),
    ("omega (rad/s)", "Re Z/Ohm", "−Im(Z)/Ohm", 2.0 * np.pi, 1.0, -1.0),
    ("Frequency / Hz", "Z′ / ohm", "Z″ / ohm", 1.0, 1.0, 1.0),
    ('"Frequency (Hz)"', '"Zre (mOhm)"', '"-Zim (mOhm)"', 1.0, 1e3, -1e3),
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wording=st.sampled_from(RECTANGULAR), separator=st.sampled_from("\t;,"),
    comma=st.booleans(), ascending=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n", "\r\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    preamble=st.sampled_from(["", "Date: today\n\n", "# made by a program\n"]), trailing=st.booleans(),
)  # fmt: skip
def test_every_wording_reads_to_the_same_numbers(
    tmp_path, wording, separator, comma, ascending, line_end, encoding, preamble, trailing
):
    *names, hertz, ohm, sign = wording
    z = zarc()
    columns = np.transpose([FREQUENCY * hertz, z.real * ohm, z.imag * sign])
    columns = columns[::-1] if ascending else columns
    decimal = "," if comma and separator != "," else "."
    tail = separator if trailing else ""
    lines = [separator.join(names) + tail]
    lines += [separator.join(f"{value:.9e}".replace(".", decimal) for value in row) + tail for row in columns]
    text = preamble + "\n".join(lines) + "\n"
    path = tmp_path / "spectrum.csv"
    path.write_bytes(text.replace("\n", line_end).encode(encoding))
    expect(path)


def test_blanks_as_separator_and_a_line_of_units(tmp_path):
    z = zarc()
    path = write(tmp_path / "a.txt", "Freq (Hz)   Z' (Ohm)   -Z'' (Ohm)", [FREQUENCY, z.real, -z.imag], "   ")
    expect(path)
    path = write(tmp_path / "b.txt", "Freq\tZreal\tZimag\nHz\tohm\tohm", [FREQUENCY, z.real, z.imag], "\t")
    expect(path)


def test_numbers_above_the_header_are_no_table(tmp_path):
    """Neither rows too narrow for a spectrum, nor lines in which words outweigh the numbers."""
    rows = "".join(f"{f:.12e} {z.real:.12e} {-z.imag:.12e}\n" for f, z in zip(FREQUENCY, zarc(), strict=True))
    for above in ("1 2\n3 4\n5 6\n7 8\n", "1 2 3 a b c d\n4 5 6 e f g h\n7 8 9 i j k l\n1 2 3 m n o p\n"):
        path = tmp_path / "a.txt"
        path.write_text(f"{above}freq/Hz Re(Z)/Ohm -Im(Z)/Ohm\n{rows}")
        expect(path)


def test_modulus_and_phase(tmp_path):
    z = zarc()
    polar = [FREQUENCY, np.abs(z), np.degrees(np.angle(z))]
    expect(write(tmp_path / "a.csv", "f/Hz,|Z|/Ohm,Phase(Z)/deg", polar))
    expect(write(tmp_path / "b.csv", "f/Hz,Zmod (Ohm),-Phase (°)", [*polar[:2], -polar[2]]))
    expect(write(tmp_path / "c.csv", "f/Hz,|Z|/Ohm,theta/rad", [*polar[:2], np.angle(z)]))
    with pytest.raises(InputFileError, match=r"line 1: column 'Phase' states no unit.*'Phase/deg'"):
        read_impedance(write(tmp_path / "d.csv", "f/Hz,|Z|/Ohm,Phase", polar))
    with pytest.raises(InputFileError, match=r"slope of \|Z\| contradicts"):
        read_impedance(write(tmp_path / "e.csv", "f/Hz,|Z|/Ohm,Phase/deg", [*polar[:2], -polar[2]]))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_unstated_sign_is_decided_by_the_slope_and_noted(tmp_path, sign):
    z = zarc()
    path = write(tmp_path / "a.csv", "freq/Hz,Z'/Ohm,Z''/Ohm", [FREQUENCY, z.real, sign * z.imag])
    expect(path)
    (note,) = read_impedance(path).attrs["notes"]
    assert ("holds Im Z" if sign > 0 else "holds -Im Z") in note
    assert "a.csv" in note
    assert "Kramers-Kronig" in note


def test_unstated_sign_that_nothing_shows_is_refused(tmp_path):
    random = np.random.default_rng(1)
    columns = [FREQUENCY, 10.0 + random.normal(0, 0.5, 31), random.normal(0, 0.5, 31)]
    path = write(tmp_path / "a.csv", "freq/Hz,Z'/Ohm,Z''/Ohm", columns)
    with pytest.raises(InputFileError, match=r"a\.csv, line 1: column \"Z''/Ohm\" may hold Im Z or -Im Z.*header="):
        read_impedance(path)
    for name, sign in (("Im(Z)/Ohm", 1.0), ("-Im(Z)/Ohm", -1.0)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IondriftWarning)  # noise may stand off its neighbours
            series = read_impedance(path, header=["freq/Hz", "Re(Z)/Ohm", name])
        np.testing.assert_allclose(series.impedance.values[0, ::-1].imag, sign * columns[2], rtol=1e-8)


def test_stated_sign_against_the_slope_is_refused_unless_insisted_on(tmp_path):
    z = zarc()
    path = write(tmp_path / "a.csv", "freq/Hz,Z'/Ohm,-Z''/Ohm", [FREQUENCY, z.real, z.imag])
    with pytest.raises(InputFileError, match=r"gives Im Z a sign that the slope of \|Z\| contradicts"):
        read_impedance(path)
    with pytest.warns(IondriftWarning, match="contradicts the slope"):
        series = read_impedance(path, header=["freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm"])
    np.testing.assert_allclose(series.impedance.values[0, ::-1], z.conj(), rtol=1e-8)


def test_phase_column_gives_the_sign_row_by_row(tmp_path):
    # Inductive above, capacitive below; the imaginary column holds its absolute value.
    z = zarc() + 2j * np.pi * FREQUENCY * 1e-4
    columns = [FREQUENCY, z.real, np.abs(z.imag), np.abs(z), np.degrees(np.angle(z))]
    path = write(tmp_path / "a.csv", "Freq,Real,Imag,|Z|/Ohm,Phase(Z)/deg", columns)
    expect(path, z)
    assert "turns it in" in read_impedance(path).attrs["notes"][0]
    columns[2][7] *= 1.02
    path = write(tmp_path / "b.csv", "Freq,Real,Imag,|Z|/Ohm,Phase(Z)/deg", columns)
    with pytest.raises(InputFileError, match=r"b\.csv, line 9: real and imaginary part give.*1 of 31 lines"):
        read_impedance(path)


@pytest.mark.parametrize(("name", "scale"), [("|Z|/Ohm", 1.0), ("Phase/deg", 57.29577951308232)])
def test_modulus_or_phase_alone_checks_the_parts(tmp_path, name, scale):
    z = zarc()
    extra = (np.abs(z) if name.startswith("|") else np.angle(z)) * scale
    columns = [FREQUENCY, z.real, z.imag, extra]
    expect(write(tmp_path / "a.csv", f"freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm,{name}", columns))
    columns[1] = z.real * np.where(np.arange(31) == 12, 1.05, 1.0)
    with pytest.raises(InputFileError, match=r"line 14: real and imaginary part give.*1 of 31"):
        read_impedance(write(tmp_path / "b.csv", f"freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm,{name}", columns))


def test_doubtful_headers_are_refused_with_a_remedy(tmp_path):
    z = zarc()
    columns = [FREQUENCY, z.real, -z.imag]
    doubts = {
        "freq/Hz,Zreal,-Zimag": r"line 1: column 'Zreal' states no unit.*'Zreal/Ohm'",
        "freq/Hz,Z'/Ohm cm2,-Z''/Ohm cm2": "impedance times area",
        "freq/mhz,Z'/Ohm,-Z''/Ohm": "milli or mega",
        "freq/Hz,Z'/V,-Z''/Ohm": "gives a impedance in 'V'",
        "freq/Hz,Z'/Ohm,Zre/Ohm": "may both be the real part",
        "freq/Hz,A,B": "neither real and imaginary part nor modulus and phase.*header=",
        "number,Z'/Ohm,-Z''/Ohm": "no frequency column",
        "freq/Hz,Z'/Ohm": "a header of 2 cells above rows of 3 numbers",
    }
    for header, message in doubts.items():
        path = write(tmp_path / "a.csv", header, columns)
        with pytest.raises(InputFileError, match=message) as raised:
            read_impedance(path)
        assert "a.csv" in str(raised.value)
    path = write(tmp_path / "a.csv", "", [*columns, np.ones_like(FREQUENCY)])
    with pytest.raises(InputFileError, match="no header line above rows of 4 numbers"):
        read_impedance(path)
    path = write(tmp_path / "a.csv", "", columns)
    expect(path, header=["freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm"])
    with pytest.raises(InputFileError, match="rows have 3 columns, header= names 2"):
        read_impedance(path, header=["freq/Hz", "Re(Z)/Ohm"])


def test_decimal_comma_that_may_part_thousands_is_asked_for(tmp_path):
    path = tmp_path / "a.csv"
    rows = [
        "100,000;12,345;1,234",
        "10,000;23,456;2,345",
        "1,000;34,567;3,456",
        "2,000;45,678;4,567",
        "3,000;56,789;5,678",
    ]
    path.write_text("f/Hz;Z'/Ohm;-Z''/Ohm\n" + "\n".join(rows) + "\n")
    with pytest.raises(InputFileError, match=r"comma of '100,000' may be a decimal comma or part thousands"):
        read_impedance(path)
    path.write_text("f/Hz;Z'/Ohm;-Z''/Ohm\n" + "1,5;2.5;3,5\n" * 5)
    with pytest.raises(InputFileError, match="decimal point and with a decimal comma"):
        read_impedance(path)


def _text(change: int, line: str) -> str:
    z = zarc()
    lines = ["freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm"]
    lines += [f"{f:.6e},{value.real:.6e},{-value.imag:.6e}" for f, value in zip(FREQUENCY, z, strict=True)]
    lines[change] = line
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nan,1.0,1.0", r"line 9, column 1 \(freq/Hz\): 'nan' where a number is expected"),
        ("4.0e3,inf,1.0", r"line 9, column 2 \(Re\(Z\)/Ohm\): 'inf'"),
        ("4.0e3,,1.0", r"line 9, column 2 \(Re\(Z\)/Ohm\): nothing where a number is expected"),
        ("4.0e3,1_0,1.0", "line 9, column 2"),
        ("0,1.0,1.0", "line 9: frequency is not positive"),
        ("-4.0e3,1.0,1.0", "line 9: frequency is not positive"),
        ("4.0e3,0,0", r"line 9: \|Z\| lies outside"),
        ("4.0e3,1e999,1", r"line 9, column 2 \(Re\(Z\)/Ohm\): '1e999'"),
        ("4.0e30,1,1", "line 9: frequency lies outside"),
        ("6.309573e+03,20,3", "line 9: frequency 6309.57 Hz is there twice"),
        ("9.0e3,20,3", "line 9: frequency goes from 6309.57 to 9000 Hz"),
        ("4.0e3,1.0", "line 9: 2 columns where the header has 3"),
        ("4.0e3,1.0,2.0,3.0", "line 9: 4 columns where the header has 3"),
        ("end of file", "line 9: 1 columns where the header has 3"),
    ],
)
def test_damaged_line_is_named(tmp_path, line, message):
    path = tmp_path / "cell 1.csv"
    path.write_text(_text(8, line))
    with pytest.raises(InputFileError, match=message) as raised:
        read_impedance(path)
    assert "cell 1.csv" in str(raised.value)


def test_lone_point_and_displaced_frequency_are_warned_about(tmp_path):
    path = tmp_path / "a.csv"
    z = zarc()[14]
    path.write_text(_text(15, f"{FREQUENCY[14]:.6e},{z.real * 3.0:.6e},{-z.imag:.6e}"))
    with pytest.warns(IondriftWarning, match=r"1 point\(s\) stand far off.*\(158\.49 Hz\)"):
        read_impedance(path)
    path.write_text(_text(15, f"{FREQUENCY[14] * 1.2:.6e},{z.real:.6e},{-z.imag:.6e}"))
    with pytest.warns(IondriftWarning, match=r"frequency 190\.187 Hz is the only one off the even"):
        read_impedance(path)


def test_displaced_last_frequency_is_warned_about(tmp_path):
    path = tmp_path / "a.csv"
    z = zarc()[30]
    path.write_text(_text(31, f"1.000000e-03,{z.real:.6e},{-z.imag:.6e}"))
    with pytest.warns(IondriftWarning, match=r"frequency 0\.001 Hz is the only one off the even"):
        read_impedance(path)


def test_last_line_without_line_end_is_warned_about(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(_text(1, f"1.000000e+05,{zarc()[0].real:.6e},{-zarc()[0].imag:.6e}").rstrip("\n"))
    with pytest.warns(IondriftWarning, match="line 32 has no line end"):
        read_impedance(path)


@pytest.mark.parametrize("count", [0, 2, 4])
def test_too_few_rows(tmp_path, count):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(_text(0, "freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm").split("\n")[: count + 1]) + "\n")
    with pytest.raises(InputFileError, match=r"holds no table of numbers|at least 5 are needed"):
        read_impedance(path)


def test_files_that_are_no_spectra(tmp_path):
    for name, content, message in (
        ("empty.csv", b"", "is empty"),
        ("binary.txt", bytes(range(256)) * 20, "is not text"),
        ("prose.txt", b"The cell was cold.\n" * 9, "holds no table of numbers"),
        ("wrong.ism", b"hello", "does not begin as a Zahner"),
        ("wrong.DTA", b"hello", "does not begin with EXPLAIN"),
        ("wrong.mpt", b"hello", "does not begin with 'EC-Lab"),
        ("wrong.par", b"hello", "is no VersaStudio file"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputFileError, match=message):
            read_impedance(tmp_path / name)
    with pytest.raises(InputFileError, match="cannot be read"):
        read_impedance(tmp_path / "absent.csv")


@pytest.mark.parametrize(
    "options",
    [
        {"format": "zahnerr"}, {"grid": "nearest"}, {"incomplete": "yes"}, {"decimal": "'"},
        {"separator": "|"}, {"format": "gamry", "decimal": ","}, {"header": "f,Z"}, {"minimum_points": 2},
        {"grid_tolerance": 1.0},
        {"origin": "yesterday"},
    ],
)  # fmt: skip
def test_options_that_do_not_exist(tmp_path, options):
    z = zarc()
    path = write(tmp_path / "a.csv", "freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm", [FREQUENCY, z.real, -z.imag])
    with pytest.raises(ConfigurationError):
        read_impedance(path, **options)


def test_names_that_are_no_quantity_of_a_spectrum():
    for cell in ("Re(Y)/Ohm-1", "Cs/µF", "|Ewe|/V", "cycle number", "I Range", "Pt", "Zsig/V", ""):
        assert column_meaning(0, cell) is None
