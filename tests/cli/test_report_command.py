"""The command ``report``: results to a page, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cells
import iondrift as iondrift_package
from iondrift.cli.app import app


def iondrift(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cell")
    done = iondrift(
        "run", cells.write_cell(folder), "--out", folder / "out", "--no-bands", "--figures", "none", "--quiet"
    )
    assert done.exit_code == 0, done.output
    return folder / "out"


def test_a_cell_becomes_a_page(results: Path, tmp_path: Path) -> None:
    done = iondrift("report", results, "--html", tmp_path / "pages" / "cell.html")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "pages" / "cell.html").read_text(encoding="utf-8")
    assert "<h1>small</h1>" in page
    assert page.count("<figure>") == 5  # the ledger of the voltage among them
    assert "SHA-256" in page
    again = iondrift("report", results, "--html", tmp_path / "again.html")
    assert again.exit_code == 0
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == page


def test_several_cells_share_a_page(results: Path, tmp_path: Path) -> None:
    done = iondrift("report", results, results, "--html", tmp_path / "all.html")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "all.html").read_text(encoding="utf-8").count('<a href="#cell-') == 2


def test_what_cannot_become_a_page_is_said(results: Path, tmp_path: Path) -> None:
    done = iondrift("report", tmp_path, "--html", tmp_path / "a.html")
    assert done.exit_code == 1
    assert "no results here" in done.stderr
    done = iondrift("report", results, "--html", tmp_path / "a.pdf")
    assert done.exit_code == 1
    assert "a page is a file that ends in .html" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_cells_are_compared_on_the_console_as_json_and_on_a_page(results: Path, tmp_path: Path) -> None:
    done = iondrift("compare", results, results, "--html", tmp_path / "pair.html")
    assert done.exit_code == 0, done.output
    assert "small (2: out) against small (1: out)" in done.stdout
    page = (tmp_path / "pair.html").read_text(encoding="utf-8")
    assert page.index("Result") < page.index('id="cells"') < page.index('id="cell-1"')
    found = json.loads(iondrift("compare", results, results, "--json").stdout)
    assert found == iondrift_package.compare(results, results).summary
    assert found["closures"]["current"][1]["x0_ratio"]["value"] == pytest.approx(1.0)
    assert "<h4>" in iondrift_package.compare(results, results)._repr_html_()


def test_one_result_is_not_compared(results: Path) -> None:
    done = iondrift("compare", results)
    assert done.exit_code == 1
    assert "give two or more" in done.stderr
