"""The command ``report``: results to a page, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import cells
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
    assert page.count("<figure>") == 4
    assert "SHA-256" in page
    again = iondrift("report", results, "--html", tmp_path / "again.html")
    assert again.exit_code == 0
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == page


def test_several_cells_share_a_page(results: Path, tmp_path: Path) -> None:
    done = iondrift("report", results, results, "--html", tmp_path / "all.html")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "all.html").read_text(encoding="utf-8").count('href="#cell-') == 2


def test_what_cannot_become_a_page_is_said(results: Path, tmp_path: Path) -> None:
    done = iondrift("report", tmp_path, "--html", tmp_path / "a.html")
    assert done.exit_code == 1
    assert "no results here" in done.stderr
    done = iondrift("report", results, "--html", tmp_path / "a.pdf")
    assert done.exit_code == 1
    assert "a page is a file that ends in .html" in done.stderr
    assert list(tmp_path.iterdir()) == []
