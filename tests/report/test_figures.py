"""Figures: complete, legible, the same bytes for the same results."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

import synthetic
from iondrift.report.figures import bands as band_figures
from iondrift.report.figures import cell as figures
from iondrift.report.figures import drawing
from iondrift.report.figures import ledger as ledger_figure

PLAIN = ("profiles", "concentration", "drift_velocity", "time_series", "voltage_ledger")
BANDED = ("bands_through_time", "bands_along_x", "error_budget")
NAMES = (*PLAIN, *BANDED)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    written = figures.draw(synthetic.banded().dataset, synthetic.SEGMENTS, title="Li||Li", folder=folder)
    assert {path.name for path in written} == {f"{n}.{s}" for n in (*NAMES, "voltage_ledger") for s in ("png", "svg")}
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_each_figure_is_written_whole(drawn: Path, name: str) -> None:
    png = (drawn / f"{name}.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert png.endswith(b"IEND\xaeB`\x82")
    assert ElementTree.parse(drawn / f"{name}.svg").getroot().tag.endswith("svg")


def _figure(name: str, title: str = "Li||Li") -> Figure:
    data = synthetic.banded().dataset
    with drawing.style():
        if name == "profiles":
            return figures.profiles(data, title=title)
        if name == "bands_through_time":
            return band_figures.through_time(data, synthetic.SEGMENTS, title=title)
        if name in BANDED:
            return getattr(band_figures, name.removeprefix("bands_"))(data, title=title)
        make = {
            "concentration": figures.concentration_map,
            "drift_velocity": figures.drift_velocity_map,
            "time_series": figures.time_series,
            "voltage_ledger": ledger_figure.voltage_ledger,
        }[name]
        return make(data, synthetic.SEGMENTS, title=title)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("profiles", ["anion concentration / mol L$^{-1}$", "time / h"]),
        ("bands_through_time", ["$v$ / µm h$^{-1}$", "time / h"]),
        ("bands_along_x", ["$v$ / µm h$^{-1}$", "$x/L$ from the plating side"]),
        ("error_budget", ["share of the variance / %", "$v(x_0)$ / µm h$^{-1}$"]),
        ("concentration", ["anion concentration / mol L$^{-1}$", "time / h"]),
        ("drift_velocity", ["anion drift velocity / µm h$^{-1}$", "time / h"]),
        (
            "time_series",
            ["$V$ / V", "$-i$ / mA cm$^{-2}$", "$E$ / V mm$^{-1}$", "$v$ / µm h$^{-1}$", "time / h"],
        ),
    ],
)
def test_axes_carry_units(name: str, labels: list[str]) -> None:
    found = {text for axes in _figure(name).axes for text in (axes.get_xlabel(), axes.get_ylabel())}
    assert set(labels) <= found


def test_the_same_results_give_the_same_bytes(drawn: Path, tmp_path: Path) -> None:
    figures.draw(synthetic.banded().dataset, synthetic.SEGMENTS, title="Li||Li", folder=tmp_path)
    for path in drawn.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def _drawn_texts(figure: Figure) -> list[Text]:
    texts = [figure._suptitle] if figure._suptitle else []
    for axes in figure.axes:
        texts += [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                if low <= tick.get_loc() <= high:
                    texts += [label for label in (tick.label1, tick.label2) if label.get_visible()]
        if legend := axes.get_legend():
            texts += legend.get_texts()
    return [text for text in texts if text.get_visible() and text.get_text().strip()]


def _overlapping(figure: Figure) -> list[tuple[str, str]]:
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in _drawn_texts(figure)]
    return [(a, b) for k, (a, box_a) in enumerate(boxes) for b, box_b in boxes[k + 1 :] if box_a.overlaps(box_b)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("title", ["Li||Li", "a cell with a name of sensible length"])
def test_no_text_lies_over_another(name: str, title: str) -> None:
    figure = _figure(name, title)
    assert _overlapping(figure) == []
    for text in [*_drawn_texts(figure), *figure.texts]:  # and none is cut off by the edge
        box = text.get_window_extent()
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1, text.get_text()
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1, text.get_text()


def test_the_check_for_overlap_sees_one() -> None:
    figure = _figure("concentration")
    figure.axes[0].text(0.5, 0.5, "first", transform=figure.axes[0].transAxes)
    figure.axes[0].text(0.5, 0.5, "second", transform=figure.axes[0].transAxes)
    assert _overlapping(figure) == [("first", "second")]


def test_without_bands_their_figures_are_left_out(tmp_path: Path) -> None:
    written = figures.draw(synthetic.dataset(), synthetic.SEGMENTS, title="a", folder=tmp_path)
    assert {path.stem for path in written} == {*PLAIN, "voltage_ledger"}


def test_both_bands_are_shaded_at_both_ends() -> None:
    panel = _figure("bands_through_time").axes[0]
    tops = sorted(float(np.nanmax(shade.get_paths()[0].vertices[:, 1])) for shade in panel.collections)
    data = synthetic.banded().dataset.drift_velocity_band.values * 3.6e9
    np.testing.assert_allclose(tops, sorted(data[level, :, end].max() for level in (3, 4) for end in (0, -1)))


def test_closures_that_differ_by_factors_are_marked_by_one_and_three_of_every_decade() -> None:
    """From a fortieth of the largest on, of both signs, and zero."""
    values = 3.6e9 * synthetic.banded().dataset.drift_velocity_by_closure.values[:, :, 0]
    largest = float(np.nanmax(np.abs(values)))
    highest = 3.0 * 10.0 ** np.ceil(np.log10(largest))
    marks = [m * 10.0**k for k in range(-6, 7) for m in (1.0, 3.0) if largest / 40.0 <= m * 10.0**k <= 1.01 * highest]
    found = _figure("bands_through_time").axes[1].yaxis.get_major_locator()()
    np.testing.assert_allclose(found, [*(-m for m in reversed(marks)), 0.0, *marks], rtol=1e-12)


def test_the_budget_adds_up_to_everything() -> None:
    bars = _figure("error_budget").axes[0].patches
    tops = {round(bar.get_x(), 3): 0.0 for bar in bars}
    for bar in bars:
        tops[round(bar.get_x(), 3)] += bar.get_height()
    assert list(tops.values()) == pytest.approx([100.0] * 3)


def test_measured_points_are_drawn_without_the_noise_of_the_reference() -> None:
    data = synthetic.dataset()
    data["reference_noise"] = 0.5 * data.concentration_measured
    axes = figures.profiles(data, title="a").axes[0]
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 0.5e-3 * data.concentration_measured[0])
    assert "less the reference's noise" in axes.get_legend().get_texts()[0].get_text()


def test_time_series_are_drawn_in_the_units_of_their_labels() -> None:
    data = synthetic.dataset()
    panels = figures.time_series(data, synthetic.SEGMENTS, title="a").axes
    expected = {
        "$V$ / V": [data.voltage],
        "$-i$ / mA cm$^{-2}$": [-0.1 * data.current_density],
        "$E$ / V mm$^{-1}$": [1e-3 * data.electric_field[:, end] for end in (0, -1)],
        "$v$ / µm h$^{-1}$": [3.6e9 * data.drift_velocity[:, end] for end in (0, -1)],
    }
    assert [axes.get_ylabel() for axes in panels] == list(expected)
    for axes, curves in zip(panels, expected.values(), strict=True):
        for line, curve in zip(axes.lines, curves, strict=True):
            np.testing.assert_allclose(line.get_xdata(), data.time / 3600.0)
            np.testing.assert_allclose(line.get_ydata(), curve, rtol=1e-12)
    assert panels[1].get_ylim()[0] <= 0.0


def test_without_current_its_panel_is_left_out() -> None:
    with_current = figures.time_series(synthetic.dataset(), synthetic.SEGMENTS, title="a")
    without = figures.time_series(synthetic.dataset(current=False), synthetic.SEGMENTS, title="a")
    assert len(without.axes) == len(with_current.axes) - 1


def test_velocities_of_both_signs_get_a_scale_with_zero_in_the_middle() -> None:
    data = synthetic.dataset()
    data["drift_velocity"] = data.drift_velocity - data.drift_velocity.mean()
    low, high = figures.drift_velocity_map(data, (), title="a").axes[0].collections[0].get_clim()
    assert low == -high
    np.testing.assert_allclose(high, abs(data.drift_velocity).max() * 3.6e9)


def test_the_truth_of_a_simulated_cell_stands_beside_every_closure() -> None:
    """Closures differ by factors: beyond a thirtieth of the largest true v its scale is logarithmic."""
    analysis = synthetic.banded()
    true = -2.0 * analysis.dataset.drift_velocity
    figure = figures.truth(analysis, true)
    along, through = figure.axes
    lines = {line.get_label(): line.get_ydata() for line in along.lines}
    assert set(lines) == {*analysis.closures, "truth"}
    np.testing.assert_allclose(lines["truth"], 3.6e9 * true[analysis.end])
    for k, name in enumerate(analysis.closures):
        velocity = 3.6e9 * analysis.closures[name].drift_velocity.values
        np.testing.assert_allclose(lines[name], velocity[analysis.end])
        np.testing.assert_allclose(through.lines[k].get_ydata(), velocity[:, 0])
    np.testing.assert_allclose(through.lines[-1].get_ydata(), 3.6e9 * true[:, 0])
    largest = 3.6e9 * float(abs(true).max())
    assert along.yaxis.get_transform().linthresh == pytest.approx(largest / 30.0)
