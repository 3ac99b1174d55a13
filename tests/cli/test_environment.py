"""Streams closed, full or narrow, disks that fill, variables and settings of other libraries: one line each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cells
from iondrift.cli.app import app
from iondrift.ledger import LEDGER, read_ledger
from iondrift.runs.crate import CRATE

FULL = Path("/dev/full")
needs_full_device = pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cells.write_cell(tmp_path_factory.mktemp("cell"))


def iondrift(*arguments: str | Path, shell: str = "", **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does; ``shell`` redirects streams."""
    variables = {**os.environ, "COLUMNS": "80", **options.pop("env", {})}
    command = ["bash", "-c", f'"$@" {shell}', "iondrift", sys.executable, "-m", "iondrift", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, encoding="utf-8", env=variables, **options)


@needs_full_device
@pytest.mark.parametrize(("shell", "why"), [("> /dev/full", "No space left on device"), (">&-", "it is closed")])
def test_results_stay_where_the_report_cannot_be_printed(cell: Path, tmp_path: Path, shell: str, why: str) -> None:
    done = iondrift("run", cell, "--out", tmp_path, "--no-bands", "--json", shell=shell)
    assert done.returncode == 1
    assert done.stderr == f"error: standard output cannot be written ({why}); new and complete: {tmp_path}\n"
    assert json.loads((tmp_path / "summary.json").read_text())["cell"]["name"] == "small"
    assert (tmp_path / LEDGER).is_file()


@needs_full_device
@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["check", "CELL"]])
def test_every_command_says_that_its_output_is_lost(cell: Path, arguments: list[str]) -> None:
    done = iondrift(*(cell if word == "CELL" else word for word in arguments), shell="> /dev/full")
    assert (done.returncode, done.stderr) == (
        1, "error: standard output cannot be written (No space left on device)\n",
    )  # fmt: skip


def test_who_reads_the_first_line_only_hears_no_complaint(cell: Path) -> None:
    done = iondrift("check", cell, shell="| head -n 1")
    assert done.stdout.startswith("small")
    assert done.stderr == ""


def test_nobody_listens_to_errors(cell: Path) -> None:
    assert iondrift("check", cell, shell="2>&-").returncode == 0
    assert iondrift("check", cell.with_name("none.toml"), shell="2>&-").returncode == 1
    assert iondrift("check", cell.with_name("none.toml"), shell="<&- >&- 2>&-").returncode == 1


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_an_encoding_lacks_is_replaced(tmp_path: Path, encoding: str) -> None:
    cell = cells.write_cell(tmp_path, toml=cells.TOML.replace('"small"', '"Ωmega"'))
    done = iondrift("check", cell, env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("?mega")
    assert encoding == "cp1252" or done.stdout.splitlines()[0].endswith("-----")


@pytest.mark.parametrize(
    ("variable", "value"),
    [("NUMBA_NUM_THREADS", "0"), ("NUMBA_NUM_THREADS", "many"), ("NUMBA_THREADING_LAYER", "nonsense")],
)
def test_variables_are_named_in_one_line(cell: Path, variable: str, value: str) -> None:
    done = iondrift("check", cell, env={variable: value})
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"error: {variable}: the environment says {value!r}")


def test_settings_of_the_working_folder_do_not_rule(cell: Path, tmp_path: Path) -> None:
    """Nor those of a variable: pictures are the same bytes wherever the command is given."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / ".numba_config.yaml").write_text("disable_jit: 1\nnum_threads: 0\n")
    (folder / "matplotlibrc").write_bytes(b"font.size: 40\nbackend: nonsense\n\xff\xfe: 3\n")
    for name, options in (
        ("elsewhere", {"cwd": tmp_path}),
        ("there", {"cwd": folder, "env": {"MPLBACKEND": "nonsense", "MPLCONFIGDIR": str(folder / "matplotlibrc")}}),
    ):
        done = iondrift("run", cell, "--out", tmp_path / name, "--no-bands", "--quiet", **options)
        assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"warning: MPLCONFIGDIR: {folder / 'matplotlibrc'} cannot be written")
    there, elsewhere = (dict(read_ledger(tmp_path / name).files) for name in ("there", "elsewhere"))
    for found in (there, elsewhere):
        del found[CRATE]  # which holds times
    assert there == elsewhere


def test_a_disk_that_fills_while_figures_are_drawn_is_one_line(
    cell: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FigureCanvasAgg, "print_png", full)
    result = CliRunner().invoke(app, ["run", str(cell), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert result.stderr == f"error: {tmp_path}/out/figures/profiles: cannot be written: No space left on device\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the address space as Linux does")
def test_too_little_address_space_is_one_line(cell: Path) -> None:
    """Libraries cannot be loaded there, and some hang."""
    arguments = [sys.executable, "-m", "iondrift", "check", str(cell)]
    command = ["bash", "-c", 'ulimit -v 250000; exec "$@"', "bash", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert "the limit of the address space (ulimit -v) leaves 0.2" in done.stderr
