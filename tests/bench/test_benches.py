"""The benchmarks of the drift velocity run, small: what they print is not a promise of these tests."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from iondrift.reference.spline_modes import DenseLikelihood

PLAIN = np.array([-12.0, 4.0, 4.0])
ADAPTIVE = np.array([-12.0, 4.0, 4.0, 2.0, 2.0, -2.0])
BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def load(monkeypatch):
    """Return a loader of bench modules; none of them stays."""
    monkeypatch.syspath_prepend(str(BENCH.parent / "tests"))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")  # coverage sets it for its workers

    def read(name, known_as=None):
        spec = importlib.util.spec_from_file_location(known_as or name, BENCH / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, known_as or name, module)
        spec.loader.exec_module(module)
        return module

    return read


def test_reconstruction_equals_its_peer(load, capsys):
    load("bench_reconstruction").main(repeats=1)
    text = capsys.readouterr().out
    assert float(text.split("largest difference ")[1].split()[0]) < 1e-12


def test_bands_and_their_peers(load, capsys):
    load("bench_components")
    bench = load("bench_drift_bands")
    bench.scaling((20,), rounds=1)
    bench.peers(rounds=1)
    text = capsys.readouterr().out
    assert "ns a cell and replicate" in text
    assert "SciPy loop" in text


def test_whole_calls_and_their_peers(load, capsys):
    load("bench_components")
    load("bench_drift_bands")
    load("bench_reconstruction")
    load("whole_call_peers")
    bench = load("bench_whole_calls")
    sizes = ((20, 16, 64), (24, 16, 64))
    bench.growth((20,), 16, 64)
    bench.promised(1, sizes, 40)
    bench.stages(sizes[0], 1)
    bench.every(1, ("drift_bands voltage", "drt"))
    text = capsys.readouterr().out
    assert text.count("NumPy Monte Carlo of v, without its fit") == 2
    assert "| draws and quantiles |" in text
    assert "SciPy nnls" in text


def test_penalties_and_their_oracle(load, monkeypatch, capsys):
    load("random_cases")
    bench = load("bench_penalties")
    monkeypatch.setattr(DenseLikelihood, "lowest", lambda slow: (slow.value(PLAIN), slow.value(ADAPTIVE)))
    bench.scaling(((20, 16),))
    bench.cases(1)
    text = capsys.readouterr().out
    assert text.count("GB") == 2
    assert float(text.split("worst optimum ")[1]) < 0.0


def test_random_cases_hold_what_they_say(load):
    """Gradient and integral of the truth belong to its concentration; the same seed draws the same case."""
    random_cases = load("random_cases")
    for family in random_cases.FAMILIES:
        case = random_cases.draw(family, 2)
        c, time, x = case.clean.values, case.clean["time"].values, case.clean["x"].values
        slope = np.gradient(c, x, axis=1, edge_order=2)
        assert np.abs(slope - case.fields(x)[1])[3:-3, 3:-3].max() < 0.03 * np.abs(slope).max()
        summed = -np.trapezoid(np.gradient(c, time, axis=0, edge_order=2), x, axis=1)
        integrated = case.fields(x)[2]
        off = np.abs(summed - integrated[:, -1])
        assert np.median(off) < 0.01 * np.abs(integrated).max()
        np.testing.assert_array_equal(case.measured.values, random_cases.draw(family, 2).measured.values)


def test_coverage_of_one_draw(load):
    bench = load("coverage", "coverage_bench")
    wide, narrow, error = bench.one(("layers", 100, False, "posterior", 0))
    assert wide.shape == narrow.shape == (80,)
    assert 0.8 < wide.mean() <= 1.0
    assert narrow.mean() < wide.mean()
    found = (np.array([wide]), np.array([narrow]), np.array([error]))
    assert bench.row("two layers | white", [found], 1).endswith("| 1 |")


def test_bits_on_one_thread(load, capsys):
    load("bits").main(["kramers_kronig"], ["first", "one thread"])
    assert "| one thread | 0 of 9" in capsys.readouterr().out


def test_calls_beside_busy_processes(load, capsys):
    load("drt_cases")
    load("bench_busy").main(rounds=1, size=(10, 16, 64), spectra=4)
    assert capsys.readouterr().out.count("busy processes beside: 1 threads ") == 4


def test_lines_equal_their_peers(load, capsys):
    load("bench_lines").main(repeats=1)
    text = capsys.readouterr().out
    assert float(text.split("places apart ")[1].split()[0]) < 1e-6


def test_coverage_of_nmr_runs(load, capsys):
    load("nmr_coverage").main(draws=4)
    text = capsys.readouterr().out
    assert text.count("gradients, noise") == 6
    assert "zero-filled" in text


def test_recovery_of_transport_runs(load, monkeypatch, capsys):
    bench = load("transport_recovery")
    small = bench.cells.independent(D0=8e-13, k=0.0, transference=0.5, profiles=12, count=120)
    monkeypatch.setattr(bench, "truth", lambda row: small)
    bench.main(2, ("independent k -1.5, t- 0.55",))
    assert capsys.readouterr().out.count("/") > 4


def test_forward_runs_equal_their_peer(load, capsys):
    bench = load("bench_transport")
    bench.forward(bench.cells.independent(D0=8e-13, k=1.0, transference=0.5, profiles=12, count=120), repeats=1)
    text = capsys.readouterr().out
    assert float(text.split("first profile ")[1].split()[0]) < 3e-4
