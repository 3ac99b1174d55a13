"""The printed report of an impedance series as golden text, its summary and its figures.

``IONDRIFT_REWRITE_GOLDEN=1 pytest tests/test_impedance_report.py`` rewrites the golden files; read the difference.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from rich.cells import cell_len

import golden_text
import synthetic_impedance
from iondrift.impedance.drt.bands import COVERAGE
from iondrift.report.console import impedance as impedance_console
from iondrift.report.figures import drawing, relaxation
from iondrift.report.figures import impedance as impedance_figures
from iondrift.report.series_axis import series_axis
from iondrift.report.summary import impedance as impedance_summary


def summary(dataset: xr.Dataset) -> dict[str, Any]:
    return impedance_summary.build(dataset, series_axis(dataset), title="cell")


@pytest.mark.parametrize("width", [80, 120])
def test_report_reads_as_the_golden_text(width: int) -> None:
    text = impedance_console.to_text(summary(synthetic_impedance.analysed()), width=width)
    assert max(map(cell_len, text.splitlines())) <= width
    golden_text.compare(text, f"impedance-report-{width}.txt")


def test_the_summary_holds_the_golden_numbers() -> None:
    golden_text.compare_summary(summary(synthetic_impedance.analysed()), "impedance-summary.json")


def test_one_blocking_spectrum_without_bands() -> None:
    dataset = synthetic_impedance.analysed(1, bands=False, masked=False, capacitive=True)
    golden_text.compare_summary(summary(dataset), "impedance-summary-no-bands.json")
    golden_text.compare(impedance_console.to_text(summary(dataset), width=80), "impedance-report-no-bands.txt")


def test_a_long_series_is_printed_in_part_and_shows_its_worst_spectrum() -> None:
    dataset = synthetic_impedance.analysed(400)
    text = impedance_console.to_text(summary(dataset), width=80)
    assert len(text.splitlines()) < 170
    assert max(map(cell_len, text.splitlines())) <= 80
    exceeding = [line.split()[0] for line in text.splitlines() if "EXCEEDS" in line]
    assert exceeding == ["50.00"]  # spectrum 101, every half an hour
    assert "20 of 400 shown, the 5 worst among them" in text


def test_the_summary_is_json_and_tells_what_is_masked() -> None:
    built = summary(synthetic_impedance.analysed())
    assert json.loads(json.dumps(built, allow_nan=False)) == built
    masked = built["inputs"]["masked"]
    assert (masked["points"], masked["of"]) == (7, 155)
    assert [np.round(run, 2).tolist() for run in masked["in_all_Hz"]] == [[46.42, 46.42]]
    assert masked["in_single"][0]["spectrum"] == 5
    # neither the worst residual nor its place is that of a masked point
    test = built["spectra"][1]["kramers_kronig"]
    assert test["worst_residual_percent"] == pytest.approx(4.5)
    assert test["worst_at"]["value"] == pytest.approx(10.0**0.5)
    assert built["spectra"][0]["capacitance"] is None


def test_what_does_not_exist_is_null_and_a_dash() -> None:
    dataset = synthetic_impedance.analysed()
    for name in ("unmeasured_fraction", "effective_parameters", "kk_worst", "kk_mu", "windowed_resistance"):
        dataset[name][1] = np.nan
    dataset.kk_judged_residual[1] = dataset.kk_residual[1] = np.nan
    built = summary(dataset)
    assert json.loads(json.dumps(built, allow_nan=False)) == built
    assert built["spectra"][1]["unmeasured_fraction"] is None
    assert built["spectra"][1]["kramers_kronig"]["residual_at_elements_percent"] is None
    row = next(line for line in impedance_console.to_text(built).splitlines() if "EXCEEDS" in line)
    assert row.split()[:6] == ["0.50", "6", "-", "-", "8", "-"]


@pytest.mark.parametrize("coverage", COVERAGE.values())
def test_the_coverage_takes_two_lines(coverage: str) -> None:
    dataset = synthetic_impedance.analysed()
    dataset.attrs["band_coverage"] = coverage
    lines = impedance_console.to_text(summary(dataset), width=80).splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith("  coverage"))
    assert [bool(line.strip()) for line in lines[first : first + 3]] == [True, True, False]


def test_masked_points_are_crosses_and_do_not_set_the_scale(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    drawn: dict[str, Any] = {}
    monkeypatch.setattr(drawing, "save", lambda figure, name, *_: drawn.setdefault(name, figure) and [])
    dataset = synthetic_impedance.analysed()
    impedance_figures.draw(dataset, series_axis(dataset), title="cell", folder=tmp_path)
    crosses = 7
    for name in ("nyquist", "bode", "kramers_kronig"):
        axes = drawn[name].axes[0]
        found = [line for line in axes.lines if line.get_marker() == "x"]
        assert sum(line.get_xdata().size for line in found) == crosses, name
    real = drawn["kramers_kronig"].axes[0]
    assert real.get_ylim()[1] == pytest.approx(1.15 * 4.5)  # %, not 40
    for line in real.lines:
        assert np.abs(line.get_ydata()).max(initial=0.0) <= real.get_ylim()[1]
    assert drawn["nyquist"].axes[0].get_xlim()[1] < 1.1 * np.nanmax(dataset.impedance_fit.values.real)


def test_a_series_over_decades_is_drawn_to_several_scales(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    drawn: dict[str, Any] = {}
    monkeypatch.setattr(drawing, "save", lambda figure, name, *_: drawn.setdefault(name, figure) and [])
    dataset = synthetic_impedance.analysed()
    factor = xr.DataArray(10.0 ** -np.arange(5.0), dims="spectrum")
    for name in dataset.data_vars:
        if dataset[name].attrs.get("units") == "ohm" or str(name).endswith("resistance_band") or name == "gamma_band":
            dataset[name] = (dataset[name] * factor).transpose(*dataset[name].dims)
    low = dataset.windowed_resistance_band.values
    low[0, -1] = 0.0  # known as an upper limit alone
    impedance_figures.draw(dataset, series_axis(dataset), title="cell", folder=tmp_path)
    assert drawn["nyquist"].axes[1].get_title(loc="left") == "the smaller half"
    assert drawn["resistances"].axes[0].get_yscale() == "log"
    assert [line.get_xdata().size for line in drawn["resistances"].axes[0].lines if line.get_marker() == "v"] == [1, 0]
    assert "each to its own scale" in drawn["relaxation_times"].axes[0].get_ylabel()
    assert "sum" in drawn["relaxation_map"].axes[1].get_ylabel()  # normalised


@pytest.mark.parametrize(("count", "drawn_twice"), [(3, False), (4, True)])
def test_few_spectra_are_drawn_to_one_scale(count: int, drawn_twice: bool) -> None:
    dataset = synthetic_impedance.analysed().isel(spectrum=slice(count))
    sizes = xr.DataArray([1e3, 1.0, 1.0, 1.0][:count], dims="spectrum")
    for name in ("impedance", "impedance_fit"):
        dataset[name] = dataset[name] * sizes
    figure = impedance_figures.nyquist(dataset, series_axis(dataset), title="cell")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert ("the smaller half" in titles) == drawn_twice


@pytest.mark.parametrize(("stretched", "inches"), [(100.0, 5.3), (0.01, 2.3)])
def test_a_nyquist_plot_has_the_shape_of_its_data_within_a_page(stretched: float, inches: float) -> None:
    """A blocking electrode is tall, a resistor flat: 4.2 and 1.2 inches for the panel, 1.1 for what is written."""
    dataset = synthetic_impedance.analysed(1, bands=False, masked=False)
    for name in ("impedance", "impedance_fit"):
        dataset[name] = dataset[name].real + 1j * stretched * dataset[name].imag
    figure = impedance_figures.nyquist(dataset, series_axis(dataset), title="cell")
    assert figure.get_size_inches()[1] == pytest.approx(inches)


@pytest.mark.parametrize(("largest", "own"), [(9.0, False), (11.0, True)])
def test_distributions_that_differ_tenfold_have_their_own_scales(largest: float, own: bool) -> None:
    """Then every one is nine tenths of its lane high; else half of the highest lies between two of them."""
    dataset = synthetic_impedance.analysed(bands=False)
    shape = np.exp(-(np.linspace(-3.0, 3.0, dataset.sizes["tau"]) ** 2))
    shape /= shape.max()
    sizes = np.array([largest, 1.0, 2.0, 3.0, 4.0])
    dataset["gamma"] = (("spectrum", "tau"), sizes[:, None] * shape)
    axes = relaxation.relaxation_times(dataset, series_axis(dataset), title="cell").axes[0]
    curves = [line.get_ydata() for line in axes.lines if len(line.get_ydata()) == shape.size]
    heights = 0.9 * np.ones(5) if own else sizes
    for place, (curve, height) in enumerate(zip(curves, heights, strict=True)):
        base = place * (1.0 if own else 0.5 * largest)
        np.testing.assert_allclose(curve, base + height * shape, rtol=1e-12)
    assert (len(axes.get_yticks()) == 0) == own


def test_every_distribution_is_shaded_from_the_lower_to_the_upper_edge_of_its_band() -> None:
    dataset = synthetic_impedance.analysed(1)
    axes = relaxation.relaxation_times(dataset, series_axis(dataset), title="cell").axes[0]
    shaded = axes.collections[0].get_paths()[0].vertices
    tau, band = dataset.tau.values, dataset.gamma_band.values[:, 0]
    k = tau.size // 2
    heights = shaded[np.isclose(shaded[:, 0], tau[k], rtol=1e-9), 1]
    ceiling = axes.get_ylim()[1]
    np.testing.assert_allclose(sorted({heights.min(), heights.max()}), np.minimum(band[[0, -1], k], ceiling), rtol=1e-9)


@pytest.mark.parametrize("beyond", [False, True])
def test_what_lies_beyond_the_measured_frequencies_does_not_set_the_scale_of_the_map(beyond: bool) -> None:
    dataset = synthetic_impedance.analysed()
    gamma = dataset.gamma.values
    gamma[:, 0] = 10.0 * gamma.max() if beyond else 0.0  # the shortest time constant was not measured
    figure = relaxation.relaxation_map(dataset, series_axis(dataset), title="cell")
    (mesh,) = (
        entry for entry in figure.axes[0].collections if hasattr(entry, "get_clim") and entry.get_array().size > 9
    )
    assert mesh.get_clim()[1] == pytest.approx(gamma[:, 1:].max())
    assert mesh.colorbar.extend == ("max" if beyond else "neither")


def test_a_note_that_every_file_earns_is_printed_once_with_the_first_of_them() -> None:
    dataset = synthetic_impedance.analysed(bands=False)
    dataset.attrs["notes"] = (*(f"cell_{k}.ism: {k + 3} point(s) left out" for k in range(4)), "cell_9.ism: odd")
    words = " ".join(impedance_console.to_text(summary(dataset), width=120).split())
    assert "cell_0.ism: 3 point(s) left out (and 3 files alike); cell_9.ism: odd" in words
