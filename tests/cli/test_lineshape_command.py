"""``iondrift lineshape``: 7Li spectra from folders to lines with their reading."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import topspin_sets as sets
from iondrift.cli.app import app
from iondrift.nmr.spectrum import Processing
from iondrift.runs.topspin_folder import filtered, instants, write_data_set

CARRIER, WIDTH = 77.78e6, 2e5  # Hz; 0 ppm is at the carrier less 255 ppm
LINES = ((245.0, 3.0, 2.0, 1.0), (262.0, 3.0, 2.0, 0.5))  # ppm: place, Gaussian and Lorentzian width; area


def write(folder, *, rows=False):
    about = sets.acquired(nucleus="7Li", carrier_frequency=CARRIER, spectral_width=WIDTH)
    t = instants(4096, WIDTH)
    late = np.maximum(t, 0.0)
    hertz = CARRIER * 1e-6
    signal = sum(
        area * np.exp(2j * np.pi * (place - 255.0) * hertz * t - 2 * np.pi * g * hertz * late)
        * np.exp(-2.0 * (np.pi * s * hertz * late) ** 2)
        for place, s, g, area in LINES
    )  # fmt: skip
    signal = np.where(t >= 0.0, signal, 0.0) * np.where(t == 0.0, 0.5, 1.0)
    fid = filtered(signal[None, :], about.group_delay, 1024)
    white = 1e-3 * np.random.default_rng(0).standard_normal((2, 1, 1024))
    shift = about.group_delay - round(about.group_delay)
    processing = Processing(transform_points=4096, phase0=-180.0 * shift)
    write_data_set(folder, fid + white[0] + 1j * white[1], about, rows=1 if rows else None, processing=processing)
    if not rows:
        sets.set_parameter(folder / "pdata" / "1" / "procs", "SF", repr(CARRIER * 1e-6 / (1.0 + 255e-6)))
    return folder


def run(*arguments):
    return CliRunner().invoke(app, ["lineshape", *map(str, arguments)], catch_exceptions=False, env={"COLUMNS": "80"})


def test_positions_come_back_with_reading_and_caveats(tmp_path):
    out = tmp_path / "out"
    result = run(write(tmp_path / "7"), "--lines", "2", "--window", "200:310", "--reference", "245", "--out", out)
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines()[:-1])) <= 80
    summary = json.loads((out / "summary.json").read_text())
    first, second = summary["lines"]
    assert (first["position"]["value"], first["position"]["standard_error"]) == (245.0, 0.0)
    assert second["position"]["value"] == pytest.approx(262.0, abs=0.05)
    assert [line["reading"] for line in summary["lines"]] == ["bulk", "mossy"]
    assert second["share"] == pytest.approx(1.0 / 3.0, abs=0.01)
    assert any("skin depth" in caveat for caveat in summary["caveats"])
    assert {entry.name for entry in (out / "figures").iterdir()} == {"lines_7.png", "lines_7.svg"}


def test_what_is_no_spectrum_is_one_error(tmp_path):
    result = run(write(tmp_path / "1", rows=True), "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "holds rows, no single spectrum" in result.stderr
    assert run(tmp_path, "--lines", "99").exit_code == 2
