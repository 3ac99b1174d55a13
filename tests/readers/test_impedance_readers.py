"""Every real file of every instrument, against numbers copied from the file by hand."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from iondrift.errors import InputFileError, IondriftWarning
from iondrift.readers.impedance.formats import detect_format
from iondrift.readers.impedance.series import read_impedance
from iondrift.readers.impedance.sign import phase_agreement

VENDOR = "eis/vendor-exports/"

# file, format, points, then frequency (Hz) and impedance (Ohm) at both ends of the sweep, as printed in it
QUIET = [
    ("eis/ml621/ML621_10%.csv", "text", 137, 7.00e6, 55.2 + 6.63j, 1.0, 305 - 185j),
    ("eis/ml621/ML621_50%.csv", "text", 137, 7.00e6, 52.0 + 6.24j, 1.0, 278 - 140j),
    ("eis/ml621/ML621_100%.csv", "text", 137, 7.00e6, 48.0 + 7.32j, 1.0, 160 - 25.7j),
    ("eis/solid-electrolyte/EISGALV_EISTest3.DTA", "gamry", 71,
     1000078, 0.04711733 + 0.1695821j, 0.1001603, 0.06649166 - 0.001175554j),
    ("eis/solid-electrolyte/PEIS_LPSCl_IonBlocking_-25C.txt", "biologic", 79,
     7000018.5, 359.24146 - 290.92038j, 0.10002181, 1799427.6 - 8093785.5j),
    (VENDOR + "Circuit1_EIS_1.z", "zplot", 48, 50000.0, 29.036 + 0.63662j, 1.0, 75.803 - 0.16244j),
    (VENDOR + "Circuit1_EIS_2.z", "zplot", 48, 50000.0, 29.001 + 0.5992j, 1.0, 75.820 - 0.17374j),
    (VENDOR + "Circuit2_EIS_1.z", "zplot", 56, 300000.0, 147.77 - 11.335j, 1.0, 654.19 + 0.64271j),
    (VENDOR + "Circuit2_EIS_2.z", "zplot", 56, 300000.0, 147.68 - 11.662j, 1.0, 652.44 - 2.1180j),
    (VENDOR + "Circuit3_EIS_1.z", "zplot", 53, 150000.0, 1493.7 + 10.377j, 1.0, 6137.5 + 17.890j),
    (VENDOR + "Circuit3_EIS_2.z", "zplot", 53, 150000.0, 1492.0 + 11.789j, 1.0, 6138.2 - 10.151j),
    (VENDOR + "exampleDataAutolab.txt", "autolab", 41,
     10000.0, 0.013785863964281 + 0.007191946305823j, 0.1, 0.0345697771923854 - 0.00390292888845954j),
    (VENDOR + "exampleDataCHInstruments.txt", "chi", 73, 9.961e4, 98.91 - 2.748j, 0.1, 5685 - 15860j),
    (VENDOR + "exampleDataGamry.DTA", "gamry", 72,
     200015.6, 825.8584 - 1367.239j, 0.0158898, 17007.49 - 6635.557j),
]  # fmt: skip
# The same, with a part of the caution each must give.
CAUTIONED = [
    (VENDOR + "exampleDataBioLogic.mpt", "biologic", 43,
     1000.3201, 65.470886 - 0.38998979j, 0.016895540, 110.97003 - 2.3458567j, "plans 0.01 Hz"),
    (VENDOR + "exampleDataGamryABORT.DTA", "gamry", 72,
     200015.6, 825.8584 - 1367.239j, 0.0158898, 17007.49 - 6635.557j, "was aborted"),
    (VENDOR + "exampleDataVersaStudio.par", "versastudio", 61,
     100000.0, 55.31571 + 4.575431j, 0.02154435, 1516.313 - 122.8279j, "plans 0.001 Hz"),
    (VENDOR + "exampleDataParstat.txt", "parstat", 31,
     10000.0, -0.00049816280376104 + 0.0175143479976367j, 10.0, 0.0270946491457229 - 0.00399791080333837j,
     "7943.3 Hz"),
    (VENDOR + "exampleDataPowersuite.txt", "powersuite", 30,
     2000000.0, -470.54113 - 1397.7358j, 0.1, 423929.46 - 49014.063j, "58.797"),
    (VENDOR + "exampleData.csv", "text", 66,
     10000.0, 0.015771482660485933 + 0.010157474564938236j,
     0.0031623, 0.0494998977640506 + -0.020438698544418925j, "no header: the columns are taken as"),
]  # fmt: skip
REFUSED = [
    (
        VENDOR + "exampleDataBioLogic_MissingFreq.mpt",
        r"line 61: there is no frequency column.*export the file again",
    ),
    (VENDOR + "exampleDataZPlot.z", r"line 121 declares 56 points, 21 are there.*incomplete"),
    (VENDOR + "exampleDataZPlot_noComments.z", r"line 9 declares 79 points, 31 are there.*incomplete"),
]


def _check(series: xr.Dataset, points: int, high: float, at_high: complex, low: float, at_low: complex) -> None:
    assert dict(series.sizes) == {"spectrum": 1, "frequency": points}
    assert (np.diff(series.frequency) > 0.0).all()
    ends = series.frequency.values[[0, -1]]
    np.testing.assert_allclose(ends, [low, high], rtol=1e-15)
    np.testing.assert_allclose(series.impedance.values[0, [0, -1]], [at_low, at_high], rtol=1e-14)
    assert series.impedance.dtype == np.complex128


@pytest.mark.parametrize("expected", QUIET, ids=lambda row: Path(row[0]).name)
def test_file_reads_as_printed(measurements, expected):
    name, form, *numbers = expected
    assert detect_format(measurements / name) == form
    _check(read_impedance(measurements / name), *numbers)


@pytest.mark.parametrize("expected", CAUTIONED, ids=lambda row: Path(row[0]).name)
def test_file_reads_with_caution(measurements, expected):
    name, form, *numbers, caution = expected
    assert detect_format(measurements / name) == form
    with pytest.warns(IondriftWarning) as warned:
        series = read_impedance(measurements / name)
    assert any(caution in str(warning.message) for warning in warned)
    _check(series, *numbers)


@pytest.mark.parametrize(("name", "message"), REFUSED, ids=[Path(name).name for name, _ in REFUSED])
def test_file_that_leaves_something_open_is_refused(measurements, name, message):
    with pytest.raises(InputFileError, match=message) as raised:
        read_impedance(measurements / name)
    assert Path(name).name in str(raised.value)


def test_cut_zplot_file_on_request(measurements):
    path = measurements / VENDOR / "exampleDataZPlot.z"
    with pytest.warns(IondriftWarning, match="declares 56 points, 21 are there"):
        series = read_impedance(path, incomplete="keep")
    _check(series, 21, 300000.0, 147.77 - 11.335j, 3000.0, 613.68 - 137.13j)
    assert series.completeness.item() == "cut"
    with pytest.raises(InputFileError, match="every sweep is incomplete"):
        read_impedance(path, incomplete="drop")


def test_headerless_file_with_header_given(measurements):
    path = measurements / VENDOR / "exampleData.csv"
    series = read_impedance(path, header=["freq/Hz", "Re(Z)/Ohm", "Im(Z)/Ohm"])
    low = 4.949989776405060160e-02 - 2.043869854441892481e-02j
    high = 1.577148266048593317e-02 + 1.015747456493823649e-02j
    _check(series, 66, 1e4, high, 3.162299999999999833e-03, low)


def test_every_spectrum_obeys_the_slope_of_its_modulus(measurements):
    for row in QUIET:
        series = read_impedance(measurements / row[0])
        assert phase_agreement(series.frequency.values, series.impedance.values[0]) > 0.6, row[0]


def test_coin_cell_series_has_the_sign_of_the_phase_column(measurements):
    series = read_impedance(measurements / "eis/ml621")
    assert list(series.source.values) == [f"ML621_{charge}%.csv" for charge in range(10, 101, 10)]
    assert series.sizes["frequency"] == 137
    assert series.attrs["skipped_files"] == ("LICENSE.txt",)
    for k, source in enumerate(series.source.values):
        rows = np.genfromtxt(measurements / "eis/ml621" / source, delimiter=",", skip_header=1)[::-1]
        polar = rows[:, 3] * np.exp(1j * np.radians(rows[:, 4]))
        z = series.impedance.values[k]
        assert np.max(np.abs(z - polar) / np.abs(polar)) < 0.01
        np.testing.assert_array_equal(z.real, rows[:, 1])
        np.testing.assert_array_equal(np.abs(z.imag), np.abs(rows[:, 2]))
    # In the 10 % file the column is -Im Z in every row, in the others |Im Z|: no one sign fits the series.
    assert (series.impedance.sel(frequency=7e6).values.imag > 0.0).all()
    assert (series.impedance.sel(frequency=1.0).values.imag < 0.0).all()


def test_zahner_bias_series(measurements):
    folder = measurements / "eis/zahner/bias-series"
    series = read_impedance(folder)
    assert dict(series.sizes) == {"spectrum": 13, "frequency": 38}
    assert series.source.values[1] == "025_mvdc.ism"
    assert series.attrs["started"].startswith("2021-10-15T07:14:33")
    assert (np.diff(series.time) > 60.0).all()
    # The texts in the files say 0.0255 V to 0.3250 V in steps of 25 mV and -1.825 nA to 153.5 mA.
    np.testing.assert_allclose(series.bias_voltage, 0.0253 + 0.025 * np.arange(13), atol=4e-4)
    assert series.bias_current.values[0] == pytest.approx(-1.825e-9, rel=0.05)
    assert series.bias_current.values[-1] == pytest.approx(0.1535, rel=0.02)
    content = (folder / "300_mvdc.ism").read_bytes()
    modulus = struct.unpack_from(">38d", content, 12 + 8 * 38)
    phase = struct.unpack_from(">38d", content, 12 + 16 * 38)
    np.testing.assert_allclose(series.impedance.values[12], modulus * np.exp(1j * np.array(phase)), rtol=1e-15)
    # A junction beside its capacitance: what the highest frequency sees hardly depends on the bias.
    capacitance = (1.0 / (2j * np.pi * 5e5 * series.impedance.values[:5, -1])).real
    np.testing.assert_allclose(capacitance, capacitance[0], rtol=0.1)


def test_zahner_dummy_cell_is_one_resistor_and_one_capacitor(measurements):
    series = read_impedance(measurements / "eis/zahner/rc-data.ism")
    assert series.attrs["notes"] == ("rc-data.ism: 20 point(s) measured twice before the sweep turned are left out",)
    _check(
        series, 55, 1e5, 165.60710138014684 - 10868.178381324426j, 0.2, 99513834.0720253 - 1933631.4253542447j
    )  # fmt: skip
    frequency, impedance = series.frequency.values, series.impedance.values[0]
    resistance, capacitance = impedance[0].real, 1.0 / (2.0 * np.pi * 1e5 * abs(impedance[-1]))
    model = resistance / (1.0 + 2j * np.pi * frequency * resistance * capacitance)
    assert np.max(np.abs(impedance - model) / np.abs(model)) < 0.04
    assert resistance == pytest.approx(100e6, rel=0.01)
    assert capacitance == pytest.approx(150e-12, rel=0.05)
    assert series.bias_voltage.item() == pytest.approx(0.9996, abs=1e-4)
    assert series.bias_current.item() == pytest.approx(10.0e-9, rel=1e-2)


def test_other_zahner_files(measurements):
    drift = read_impedance(measurements / "eis/zahner/drift.ism")
    assert dict(drift.sizes) == {"spectrum": 1, "frequency": 47}
    assert drift.attrs["started"].startswith("2023-03-17T16:17:05")
    assert drift.duration.item() == pytest.approx(221.0, abs=0.1)
    battery = read_impedance(measurements / "eis/zahner/li-ion-battery.ism")
    assert dict(battery.sizes) == {"spectrum": 1, "frequency": 128}
    assert np.isnan(battery.time.item())
    with pytest.warns(IondriftWarning) as warned:
        edited = read_impedance(measurements / "eis/zahner/li-ion-battery-edited.ism")
    # Its editor multiplied two points and repeated the first one at 1e-5 Hz.
    assert "3 point(s) stand far off the line of their neighbours (1e-05, 0.00094311, 0.0017789 Hz)" in str(
        warned[0].message
    )
    assert "frequency 1e-05 Hz is the only one off" in str(warned[1].message)
    assert edited.sizes["frequency"] == 116


def test_times_and_bias_of_text_formats(measurements):
    gamry = read_impedance(measurements / "eis/solid-electrolyte/EISGALV_EISTest3.DTA")
    assert gamry.attrs["started"] == "2024-10-25T21:10:00.269182"  # the first point, 1.5 s after the start
    assert gamry.duration.item() == pytest.approx(257.4416 - 1.541807)
    biologic = read_impedance(measurements / "eis/solid-electrolyte/PEIS_LPSCl_IonBlocking_-25C.txt")
    assert biologic.attrs["started"] == "2025-05-15T01:18:50.576477"  # its first time/s after 01:18:45.867
    assert biologic.bias_voltage.item() == pytest.approx(-0.0800, abs=1e-3)
    assert biologic.completeness.item() == "planned"
    zplot = read_impedance(str(measurements / VENDOR / "Circuit1_EIS_*.z"))
    # 12:32:21 and 12:33:17, first points after 2.59 s and 2.58 s; 10-12-2018 stays open, both days are one.
    np.testing.assert_allclose(zplot.time, [0.0, 56.0 + 2.58 - 2.59], atol=1e-9)
    assert "started" not in zplot.attrs


def test_mixed_folder_is_refused_joined_or_cut_to_common_frequencies_as_asked(measurements):
    pattern = str(measurements / VENDOR / "Circuit*_EIS_1.z")
    with pytest.raises(InputFileError, match=r"Circuit2_EIS_1\.z, sweep 1: 56 frequencies.*grid=.common."):
        read_impedance(pattern, grid="same")
    series = read_impedance(pattern, day_first=False)
    assert series.measured.sum() < series.measured.size
    assert (np.isfinite(series.impedance) == series.measured).all()
    assert series.measured.sum("frequency")[1] == 56
    series = read_impedance(pattern, grid="common", day_first=False)
    assert series.sizes["spectrum"] == 3
    assert 1.0 in series.frequency.values
    assert "left out" in series.attrs["notes"][-1]


def _kramers_kronig_residual(frequency: np.ndarray, impedance: np.ndarray) -> float:
    """Return the rms misfit over |Z| of RC pairs of either sign, four a decade, with R, L, C in series."""
    omega = 2.0 * np.pi * frequency[:, None]
    decades = np.log10(frequency[-1] / frequency[0])
    time_constants = np.logspace(0.0, -decades, int(4 * decades)) / omega[0]
    columns = [1.0 / (1.0 + 1j * omega * time_constants), np.ones_like(omega), 1j * omega, -1j / omega]
    matrix = np.hstack(columns) / np.abs(impedance)[:, None]
    matrix = np.vstack([matrix.real, matrix.imag])
    matrix /= np.linalg.norm(matrix, axis=0)
    target = impedance / np.abs(impedance)
    target = np.concatenate([target.real, target.imag])
    fit = matrix @ np.linalg.lstsq(matrix, target, rcond=1e-10)[0]
    return float(np.sqrt(np.mean((fit - target) ** 2)))


@pytest.mark.parametrize("name", ["bias-series/*.ism", "rc-data.ism", "drift.ism", "li-ion-battery.ism"])
def test_zahner_spectra_are_kramers_kronig_consistent(measurements, name):
    series = read_impedance(str(measurements / "eis/zahner" / name))
    for z in series.impedance.values:
        assert _kramers_kronig_residual(series.frequency.values, z) < 0.02  # drift.ism drifts: 0.014
    # With a wrong sign, order or unit of the phase no passive circuit fits.
    assert _kramers_kronig_residual(series.frequency.values, series.impedance.values[0].conj()) > 0.2
