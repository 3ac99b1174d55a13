"""``iondrift lineshape``: 7Li spectra from folders to lines with their reading."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import topspin_sets as sets
from iondrift.cli.app import app
from iondrift.runs.topspin_spectra import VoigtLine, write_lines

CARRIER = 77.78e6  # Hz; 0 ppm is at the carrier less 255 ppm
LINES = (
    VoigtLine(shift=245.0, gaussian=3.0, lorentzian=2.0, area=1.0),
    VoigtLine(shift=262.0, gaussian=3.0, lorentzian=2.0, area=0.5),
)


def write(folder):
    about = sets.acquired(nucleus="7Li", carrier_frequency=CARRIER, spectral_width=2e5)
    reference = CARRIER / (1.0 + 255e-6)
    return write_lines(folder, LINES, acquired=about, reference_frequency=reference, noise=4e-3, seed=0)


def run(*arguments):
    return CliRunner().invoke(app, ["lineshape", *map(str, arguments)], catch_exceptions=False, env={"COLUMNS": "80"})


def test_positions_come_back_with_reading_and_caveats(tmp_path):
    out = tmp_path / "out"
    result = run(
        write(tmp_path / "7"),
        "--lines",
        "2",
        "--window",
        "200:310",
        "--reference",
        "245",
        "--out",
        out,
        "--figures",
        "none",
    )
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines()[:-1])) <= 80
    summary = json.loads((out / "summary.json").read_text())
    first, second = summary["lines"]
    assert (first["position"]["value"], first["position"]["standard_error"]) == (245.0, 0.0)
    assert second["position"]["value"] == pytest.approx(262.0, abs=0.05)
    assert [line["reading"] for line in summary["lines"]] == ["bulk", "mossy"]
    assert second["share"] == pytest.approx(1.0 / 3.0, abs=0.01)
    assert any("skin depth" in caveat for caveat in summary["caveats"])
    assert not (out / "figures").exists()


def test_what_is_no_spectrum_is_one_error(tmp_path):
    result = run(sets.rows(tmp_path / "1"), "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "holds rows, no single spectrum" in result.stderr
    assert run(tmp_path, "--lines", "99").exit_code == 2
