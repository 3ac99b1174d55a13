"""Figures from results: axes in, axes out, the numbers of the results in their units, the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

import synthetic
from iondrift import plot
from iondrift.errors import ConfigurationError


@pytest.fixture(scope="module")
def results() -> xr.Dataset:
    return synthetic.banded().dataset


@pytest.fixture(scope="module")
def impedance() -> xr.Dataset:
    """Return one arc that grows over three spectra."""
    tau, time, size = np.geomspace(1e-6, 1.0, 40), np.array([0.0, 3600.0, 7200.0]), np.array([1.0, 2.0, 4.0])
    resistance = 1e3 * size
    return xr.Dataset(
        {
            "gamma": (("spectrum", "tau"), 1e3 * size[:, None] * np.exp(-(np.log10(tau / 1e-3) ** 2))),
            "windowed_resistance": ("spectrum", resistance),
            "windowed_resistance_band": (("quantile", "spectrum"), np.outer([0.9, 1.0, 1.1], resistance)),
        },
        coords={"tau": tau, "time": ("spectrum", time), "frequency": np.geomspace(1.0, 1e5, 31)},
        attrs={"window_s": (1e-4, 1.0)},
    )


def test_axes_that_are_handed_in_are_drawn_on_and_returned(results: xr.Dataset) -> None:
    figure = Figure()
    axes = figure.subplots(5, 1)
    found = plot.figure_3(results, axes)
    assert all(one is given for one, given in zip(found, axes, strict=True))
    assert plot.voltage(results, axes[0]) is axes[0]


def test_curves_and_bands_are_those_of_the_results(results: xr.Dataset) -> None:
    axes = plot.drift_velocity(results, at="xL", closures=["current"])
    expected = 3.6e9 * results.drift_velocity_by_closure.sel(closure="current").values[:, -1]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), expected)
    edges = results.drift_velocity_band_by_closure.sel(closure="current").isel(x=-1).transpose("quantile", "time")
    tops = sorted(float(np.nanmax(shade.get_paths()[0].vertices[:, 1])) for shade in axes.collections)
    np.testing.assert_allclose(tops, sorted(3.6e9 * edges.values[level].max() for level in (3, 4)))
    assert axes.get_ylabel() == "$v(x_L)$ / µm h$^{-1}$"


def test_figure_3_leaves_out_a_current_that_was_not_logged() -> None:
    assert len(plot.figure_3(synthetic.dataset(current=False))) == 4
    assert len(plot.figure_3(synthetic.dataset())) == 5


def test_figure_5_shows_the_arc_and_its_band(results: xr.Dataset, impedance: xr.Dataset) -> None:
    axes = plot.figure_5(results, impedance)
    np.testing.assert_allclose(axes[2].lines[0].get_xydata(), [[0.0, 1e3], [1.0, 2e3], [2.0, 4e3]])
    assert axes[2].collections[0].get_paths()[0].vertices[:, 1].max() == pytest.approx(4400.0)
    mesh = axes[1].collections[0]
    np.testing.assert_allclose(np.asarray(mesh.get_array()), impedance.gamma.values.T)


def test_figure_4_shows_every_spectrum_with_its_lines() -> None:
    shift = np.linspace(220.0, 290.0, 141)
    lines = np.exp(-(((shift - np.array([[245.0], [263.0]])) / 5.0) ** 2)) * [[2.0], [1.0]]
    one = {"component": (("line", "shift"), lines), "position": ("line", [245.0, 263.0])}
    sums = {name: ("shift", lines.sum(axis=0)) for name in ("measured", "fitted")}
    spectrum = xr.Dataset(one | sums | {"baseline": 0.0}, coords={"shift": shift})
    axes = plot.figure_4(xr.concat([spectrum, spectrum], dim="spectrum"))
    assert len(axes) == 2
    for panel in axes:
        assert panel.get_xlim() == (290.0, 220.0)  # shifts fall to the right
        assert [line.get_label() for line in panel.lines] == ["measured", "fitted", "245.0 ppm", "263.0 ppm"]
        np.testing.assert_allclose(panel.lines[3].get_ydata(), lines[1] / lines.sum(axis=0).max())


def test_the_same_results_give_the_same_bytes(results: xr.Dataset, tmp_path: Path) -> None:
    for kind in ("svg", "png"):
        first, second = (plot.save(plot.figure_3(results), tmp_path / f"{k}.{kind}") for k in "ab")
        assert first.read_bytes() == second.read_bytes()
    assert b"<dc:date>" not in (tmp_path / "a.svg").read_bytes()


def test_what_cannot_be_drawn_is_said(results: xr.Dataset, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"closure 'sand' found; the results hold voltage, blocking, current"):
        plot.drift_velocity(results, closures=["sand"])
    with pytest.raises(ConfigurationError, match="1 axes found; 5 are needed"):
        plot.figure_3(results, [Figure().subplots()])
    with pytest.raises(ConfigurationError, match="hold no 'windowed_resistance'"):
        plot.resistance(results)
    with pytest.raises(ConfigurationError, match=r"figures are written as .png or .svg"):
        plot.save(plot.voltage(results), tmp_path / "a.pdf")
    with pytest.raises(ConfigurationError, match="at: 'middle' found"):
        plot.drift_velocity(results, at="middle")
