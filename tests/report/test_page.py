"""Pages: the report's sections as HTML that is valid, self-contained, escaped, and shows the same numbers."""

from __future__ import annotations

import base64
import csv
import dataclasses
import io
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import html5lib
import numpy as np
import pytest

import synthetic
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
    links = dict(re.findall(r'download="(\w+)\.csv" href="data:text/csv;charset=utf-8;base64,([^"]+)"', page))
    assert len(links) == page.count("<figure>") == 8
    tables = {name: list(csv.DictReader(io.StringIO(base64.b64decode(data).decode()))) for name, data in links.items()}
    dataset = source.stores["results"]
    found = [float(row["y"]) for row in tables["bands_through_time"] if row["series"] == "blocking"]
    expected = 3.6e9 * dataset.drift_velocity_by_closure.sel(closure="blocking").values[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    edges = [float(row["y"]) for row in tables["bands_through_time"] if row["series"] == "blocking, 95 % band, high"]
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
    assert len(page) < 50_000


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_a_browser_shows_and_prints_the_page_without_complaint(page: str, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(page, encoding="utf-8")
    flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr",
        f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'page.pdf'}",
    ]  # fmt: skip
    done = subprocess.run([str(CHROMIUM), *flags, file.as_uri()], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert ":CONSOLE" not in done.stderr
    printed = (tmp_path / "page.pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 20
