"""What the same inputs, settings and versions made is not computed again; anything else is."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

import cells
from iondrift.cli.app import app
from iondrift.experiment import pipeline
from iondrift.ledger import LEDGER
from iondrift.report.figures import cell as figures
from iondrift.runs import record


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a cell in ``cell`` and its results in ``out``."""
    folder = tmp_path_factory.mktemp("finished")
    file = cells.write_cell(folder / "cell")
    result = CliRunner().invoke(app, ["run", str(file), "--out", str(folder / "out")])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def project(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy: the folder may move; figures of what is computed anew take their time elsewhere."""
    monkeypatch.setattr(figures, "draw", lambda *_, **__: [])
    shutil.copytree(finished, tmp_path / "moved")
    return tmp_path / "moved"


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the cells that are analysed from now on."""
    names: list[str] = []
    analyse = pipeline.analyse

    def counted(experiment: Any, **options: Any) -> Any:
        names.append(experiment.cell.name)
        return analyse(experiment, **options)

    monkeypatch.setattr(pipeline, "analyse", counted)
    return names


def run(project: Path, *options: str) -> Result:
    arguments = ["run", str(project / "cell" / "cell.toml"), "--out", str(project / "out"), *options]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result


def said(result: Result) -> str:
    return " ".join(result.stdout.split())


def test_the_ledger_names_every_input_by_its_digest(finished: Path) -> None:
    made = json.loads((finished / "out" / LEDGER).read_text())["sets"]["results"]["made"]
    cell = finished / "cell"
    files = [cell / "log.txt", *(cell / "profiles").iterdir()]
    expected = {str(f.relative_to(cell)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}
    assert made["inputs"] == expected
    assert made["settings"]["bands"]["seed"] == 0
    assert made["settings"]["experiment"]["reconstruction"]["smoothing"] == "none"
    assert {"iondrift", "numpy", "numba", "scipy"} <= set(made["versions"])


def test_what_stands_is_told_and_not_computed(finished: Path, project: Path, analysed: list[str]) -> None:
    for file in (project / "cell" / "profiles").iterdir():
        os.utime(file, (0, 0))  # clocks say nothing
    toml = project / "cell" / "cell.toml"
    toml.write_text("# a remark\n" + toml.read_text())
    result = run(project)
    assert "Drift velocity" in result.stdout  # the report, as ever
    assert "so nothing was computed" in said(result)
    assert run(project, "--json").stdout == (finished / "out" / "summary.json").read_text()
    assert run(project, "--quiet").stdout == ""
    assert analysed == []


def digit_changed(project: Path) -> None:
    path = project / "cell" / "profiles" / "p(003).txt"
    path.write_text(path.read_text()[:-2] + "7\n")


def profile_gone(project: Path) -> None:
    (project / "cell" / "profiles" / "p(016).txt").unlink()


def temperature_changed(project: Path) -> None:
    path = project / "cell" / "cell.toml"
    path.write_text(path.read_text().replace("313.15", "323.15"))


def figure_gone(project: Path) -> None:
    next((project / "out" / "figures").iterdir()).unlink()


def chunk_gone(project: Path) -> None:
    shutil.rmtree(project / "out" / "results.zarr" / "drift_velocity")


def ledger_of_before(project: Path) -> None:
    path = project / "out" / LEDGER
    content = json.loads(path.read_text())
    del content["sets"]["results"]["made"]
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (digit_changed, "profiles/p(003).txt changed"),
        (profile_gone, "profiles/p(016).txt changed"),
        (temperature_changed, "experiment.electrolyte.temperature_K: 313.15 before, 323.15 now"),
        (figure_gone, "is not as it was written"),
        (chunk_gone, "results.zarr/drift_velocity"),
        (ledger_of_before, "they hold no record"),
    ],
)
def test_whatever_changed_is_named_and_computed(
    project: Path, analysed: list[str], change: Callable[[Path], None], why: str
) -> None:
    change(project)
    assert why in said(run(project))
    assert "so nothing was computed" in said(run(project))
    assert analysed == ["small"]


def test_options_and_versions_count(project: Path, analysed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "experiment.reconstruction.closure: voltage before, blocking now" in said(run(project, "--closure=blocking"))
    assert "bands: others before, none now" in said(run(project, "--closure=blocking", "--no-bands"))
    monkeypatch.setattr(record, "version", lambda name: "99.0" if name == "numpy" else "1.0")
    assert "before, 99.0 now" in said(run(project, "--closure=blocking", "--no-bands"))
    assert len(analysed) == 3


def test_on_request_it_is_computed_again(finished: Path, project: Path, analysed: list[str]) -> None:
    run(project, "--again")
    assert analysed == ["small"]
    name = Path("out", "results.zarr", "iondrift-manifest.json")
    assert (project / name).read_bytes() == (finished / name).read_bytes()
