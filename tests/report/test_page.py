"""Pages: the report's sections as HTML that is valid, self-contained, escaped, and shows the same numbers."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import html5lib
import numpy as np
import pytest

import iondrift
import synthetic
from iondrift.experiment.diffusion import DiffusionExperiment, DiffusionSeries
from iondrift.experiment.diffusion_labels import label_series
from iondrift.nmr.concentration_series import fit_diffusivity
from iondrift.nmr.diffusion import fit_diffusion
from iondrift.nmr.options import LineOptions
from iondrift.report.console import cell as console
from iondrift.report.page.build import Source, cell_page, several_page
from iondrift.report.page.cell import segments_of
from iondrift.report.summary import cell as summary

HOSTILE = '<script>alert("1")</script> & <b>Li</b> [bold]x[/bold]'
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def _source(name: str = "Li||Li", **changes: Any) -> Source:
    analysis = synthetic.banded()
    cell = analysis.experiment.cell.model_copy(update={"name": name})
    experiment = analysis.experiment.model_copy(update={"cell": cell})
    measured = dataclasses.replace(analysis.measured, experiment=experiment)
    built = summary.build(dataclasses.replace(analysis, measured=measured)) | changes
    return Source(summary=built, folder="out", made={"seed": "0"}, stores={"results": analysis.dataset})


@pytest.fixture(scope="module")
def source() -> Source:
    return _source()


@pytest.fixture(scope="module")
def page(source: Source) -> str:
    return cell_page(source)


@pytest.fixture(scope="module")
def document(page: str) -> Any:
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


@pytest.fixture(scope="module")
def hostile() -> str:
    """Return a page whose texts look like markup; of figures the map alone."""
    source = _source(HOSTILE, warnings=[HOSTILE])
    small = source.stores["results"].isel(time=slice(None, None, 9), x=slice(None, None, 9))
    kept = ("concentration", "drift_velocity", "voltage", "electric_field", "concentration_measured")
    return cell_page(dataclasses.replace(source, stores={"results": small[list(kept)]}))


@pytest.mark.parametrize("which", ["page", "hostile"])
def test_the_page_needs_nothing_else(which: str, request: pytest.FixtureRequest) -> None:
    text = request.getfixturevalue(which)
    identifiers = re.findall(r'\bid="([^"]+)"', text)
    assert len(identifiers) == len(set(identifiers))
    assert "<script" not in text
    assert all(link.startswith(("#", "data:")) for link in re.findall(r'\b(?:href|src)="([^"]*)"', text))
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(identifiers)
    assert len(text.encode()) < 2_000_000


def test_names_and_texts_of_the_data_are_shown_as_they_are(hostile: str) -> None:
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(hostile)
    assert "".join(document.find(".//h1").itertext()) == HOSTILE
    assert [item.text for item in document.findall(".//ul[@class='warnings']/li")] == [HOSTILE]
    titles = ["".join(text.itertext()) for text in document.iter("{http://www.w3.org/2000/svg}text")]
    assert any(title.startswith(HOSTILE) for title in titles)


def test_the_page_holds_what_the_console_prints(source: Source, document: Any) -> None:
    """Its parser is strict: the page is valid HTML."""
    sections = [" ".join(" ".join(part.itertext()).split()) for part in document.iter("section")]
    told = " ".join(text for text in sections if not text.startswith("Figures"))
    for heading, body in console.parts(source.summary):
        assert body is None or heading in told, heading
    for number in ("387 +36/-32", "54 +- 5", "38.8 +3.6/-3.2", "104 +21/-16 min", "0.87 +0.16/-0.15"):
        assert number in told
    order = [text.split()[0] for text in sections]
    assert order[:4] == ["Result", "Warnings", "Figures", "Read"]


def test_every_figure_holds_the_numbers_that_it_shows(source: Source, page: str) -> None:
    links = dict(re.findall(r'download="(\w+)\.csv" href="data:text/csv;charset=utf-8,([^"]+)"', page))
    assert len(links) == page.count("<figure>") == 8
    tables = {name: list(csv.DictReader(io.StringIO(unquote(data)))) for name, data in links.items()}
    dataset = source.stores["results"]
    found = [float(row["y"]) for row in tables["bands_through_time"] if row["series"] == "blocking"]
    expected = 3.6e9 * dataset.drift_velocity_by_closure.sel(closure="blocking").values[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    edges = [float(row["y"]) for row in tables["bands_through_time"] if row["series"] == "blocking_95_high"]
    band = dataset.drift_velocity_band_by_closure.sel(closure="blocking").isel(x=0).transpose("quantile", "time")
    np.testing.assert_allclose(edges, 3.6e9 * band.values[-1], rtol=1e-5)
    values = [float(row["value"]) for row in tables["concentration"] if row["value"]]
    np.testing.assert_allclose(np.sort(values), np.sort(1e-3 * dataset.concentration.values.ravel()), rtol=1e-5)
    assert all(len(rows) > 3 for rows in tables.values())


def test_the_protocol_comes_back_from_the_summary(source: Source) -> None:
    for found, step in zip(segments_of(source.summary), synthetic.SEGMENTS, strict=True):
        assert found.kind == step.kind
        assert (found.start, found.stop, found.level) == pytest.approx((step.start, step.stop, step.level))


def test_several_cells_stand_in_a_table_that_links_to_them() -> None:
    page = several_page("2 cells", [_source("one"), _source(HOSTILE)])
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    links = document.findall(".//tbody/tr/th/a")
    assert ["".join(link.itertext()) for link in links] == ["one", HOSTILE]
    for link in links:
        article = document.find(f".//article[@id='{link.get('href').removeprefix('#')}']")
        assert article.find("h2").text == link.text
        assert "+- 5 (current)" in "".join(article.itertext())
    identifiers = re.findall(r'\bid="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))
    assert page.count("<figure>") == 2
    assert len(several_page("2 cells", [dataclasses.replace(_source("one"), stores={})])) < 50_000


def test_figures_of_a_long_series_hold_fewer_points_and_say_so(source: Source) -> None:
    """Of 3,000 profiles a page stays below 2 MB."""
    dataset = source.stores["results"]
    times = np.linspace(float(dataset.time[0]), float(dataset.time[-1]), 3000)
    page = cell_page(
        dataclasses.replace(
            source, stores={"results": dataset.sel(time=times, method="nearest").assign_coords(time=times)}
        )
    )
    assert len(page.encode()) < 2_000_000
    tables = dict(re.findall(r'download="(\w+)\.csv" href="data:text/csv;charset=utf-8,([^"]+)"', page))
    assert page.count(" 300 of 3000 profiles are drawn. <a") == page.count("<figure>") == 8
    assert f"map: 40 x 80 of {dataset.sizes['x']} x 300 places" in unquote(tables["concentration"])


def test_spectra_and_diffusion_experiments_are_drawn(source: Source) -> None:
    rng = np.random.default_rng(1)
    shift = np.linspace(290.0, 220.0, 200)
    intensity = np.exp(-(((shift - 245.0) / 4.0) ** 2)) + 0.4 * np.exp(-(((shift - 263.0) / 4.0) ** 2))
    lines = iondrift.fit_lineshape(shift, intensity + 0.005 * rng.standard_normal((5, 200)), LineOptions(lines=2))
    lines = lines.assign_coords(source=("spectrum", ["301", "302", "303", "304", HOSTILE]))
    b = np.linspace(0.0, 1.5e12, 12)
    experiments = [_diffusion(f"20{k}", np.exp(-b * D), b) for k, D in enumerate((1.2e-12, 1.5e-12, 1.8e-12))]
    c = np.array([1800.0, 1500.0, 1200.0])
    values = [float(one.fit.coefficients[0]) for one in experiments]
    fitted = fit_diffusivity(c, values, [0.01 * value for value in values], form="constant")
    series = DiffusionSeries(experiments=tuple(experiments), concentrations=c, gradient_uncertainty=0.01, fitted=fitted)
    stores = {**source.stores, "diffusion": label_series(series), "lineshape": lines}
    page = cell_page(dataclasses.replace(source, stores=stores))
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    captions = ["".join(caption.itertext()) for caption in document.iter("figcaption")]
    assert any(caption.startswith(f"Spectrum {HOSTILE} of Li||Li") for caption in captions)
    tables = dict(re.findall(r'download="([^"]+)\.csv" href="data:text/csv;charset=utf-8,([^"]+)"', page))
    assert {"decays", "diffusivity", "lines_1", "lines_3"} < tables.keys()
    assert len([name for name in tables if name.startswith("lines_")]) == 3
    rows = [row for row in csv.DictReader(io.StringIO(unquote(tables["diffusivity"]))) if row["series"] == "measured"]
    np.testing.assert_allclose([float(row["y"]) for row in rows], 1e12 * np.array(values), rtol=1e-5)


def _diffusion(name: str, integrals: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> DiffusionExperiment:
    noisy = integrals * (1.0 + 0.003 * np.random.default_rng(int(name)).standard_normal(b.size))
    return DiffusionExperiment(
        name=name, nucleus="19F", pulse_program="diffSte", gradients=np.sqrt(b), b=b, integrals=noisy,
        region=(-10.0, 10.0), fit=fit_diffusion(noisy, b), planned=b.size, notes=(),
    )  # fmt: skip


FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr",
)  # fmt: skip
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


def _browse(file: Path, *flags: str) -> str:
    """Open a page in a browser that shows no window; return what it wrote, after it complained of nothing."""
    profile = f"--user-data-dir={file.parent / 'profile'}"
    command = [str(CHROMIUM), *FLAGS, profile, *flags, file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert ":CONSOLE" not in done.stderr
    return done.stdout


@needs_browser
def test_a_browser_shows_and_prints_the_page_without_complaint(page: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    _browse(tmp_path / "page.html", "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'page.pdf'}")
    printed = (tmp_path / "page.pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 20


@needs_browser
def test_nothing_is_wider_than_a_phone_and_wide_tables_scroll(page: str, tmp_path: Path) -> None:
    """In a frame, for no window is that narrow; the script that measures is the test's."""
    measure = (
        "<script>const root = document.documentElement, wide = e => e.scrollWidth > e.clientWidth;"
        "parent.postMessage([innerWidth, root.scrollWidth <= innerWidth,"
        "[...document.querySelectorAll('.scroll')].filter(wide).length], '*')</script></body>"
    )
    (tmp_path / "page.html").write_text(page.replace("</body>", measure), encoding="utf-8")
    (tmp_path / "frame.html").write_text(
        "<!DOCTYPE html><html><body><script>addEventListener('message', e => document.body.dataset.found = e.data)"
        "</script><iframe src='page.html' style='width:390px;height:844px;border:0'></iframe></body></html>"
    )
    shown = _browse(tmp_path / "frame.html", "--virtual-time-budget=5000", "--dump-dom")
    width, fits, scrolling = re.search(r'data-found="(\d+),(\w+),(\d+)"', shown).groups()
    assert (width, fits) == ("390", "true")
    assert int(scrolling) > 0
