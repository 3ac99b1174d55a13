"""The impedance benchmarks run, small, and what they count is right."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def load(monkeypatch):
    """Return a loader that gives each bench module its siblings, and takes them away again."""

    def read(name):
        spec = importlib.util.spec_from_file_location(name, BENCH / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    for sibling in ("drt_peers", "drt_cases", "drt_threads"):
        read(sibling)
    return read


def test_speed(load, capsys):
    bench = load("bench_drt")
    table, notes = bench.run_solvers(spectra=40, sample=2, rounds=1)
    assert notes["scipy nnls"].startswith("scipy ")
    for task, row in table.items():
        assert row["largest KKT residual"] < 1e-9, task
    assert {"iondrift", "scipy nnls"} <= set(table["series, paper"])
    row, _, same, total = bench.run_kramers_kronig(seeds=1, rounds=1)
    assert same == total
    assert "iondrift" in row
    bench.report(table)
    assert "us a spectrum" in capsys.readouterr().out


def test_accuracy_measures(load):
    bench = load("drt_accuracy")
    truth = bench.families()["ZARC x 3"]
    gamma = truth.bins(bench.MODEL.tau) / bench.MODEL.step
    error, total, peaks = bench.errors(gamma, truth)
    assert error < 1e-12
    assert total < 3.0  # what lies beyond the grid
    assert max(peaks) < 0.02
    assert bench.errors(0.5 * gamma, truth)[0] == pytest.approx(0.5)
    assert set(bench.OURS) < set(bench.estimates()[0])


def test_coverage_measures(load):
    bench = load("drt_coverage")
    found = bench.coverage(bench.families()["ZARC x 1"], 0.005, [0, 1], "calibrated", samples=60)
    always = ("gamma", "total R", "total flagged", "windowed R", "peaks", "peaks flagged", "maxima found", "width")
    assert all(len(found[column]) == 2 for column in always)
    assert 0.8 < np.mean(found["gamma"]) <= 1.0
    assert set(found["total R"]) <= {0.0, 1.0}
    assert found["total R ok"] == [
        inside for inside, flagged in zip(found["total R"], found["total flagged"], strict=True) if not flagged
    ]
    row = bench.random_row(2, [0.005], "calibrated", samples=60)
    assert len(row["windowed R"]) == 2


def test_true_maxima(load):
    bench = load("drt_coverage")
    families = bench.families()
    ((first, last),) = bench.true_maxima(families["ZARC x 1"])
    assert first < 1e-3 < last
    assert last / first < 1.03
    fast, slow = bench.true_maxima(families["piecewise"])
    assert fast == pytest.approx((2e-4, 2e-3), rel=0.05)
    assert slow == pytest.approx((5e-3, 5e-2), rel=0.05)
    assert len(bench.true_maxima(families["RC x 2"])) == 2
    # Two arcs too close to make two maxima: the true position is that of the sum.
    merged = bench.true_maxima(bench.zarc(50.0, 1e-3, 0.7) + bench.zarc(50.0, 3e-3, 0.7))
    assert len(merged) == 1
    assert 1.3e-3 < merged[0][0] < 2.3e-3


def test_threads_and_their_ceiling(load, monkeypatch):
    threads = load("drt_threads")
    monkeypatch.syspath_prepend(str(BENCH))
    table = threads.run(spectra=64, rounds=1)
    assert set(table) == set(threads.TASKS)
    for row in table.values():
        assert row["one thread"] > 0.0
        assert row["iondrift"] > 0.0
        assert 0.1 < row[threads.CEILING] < 10.0


def test_the_exact_solution_says_who_is_off(load):
    bench = load("drt_exact")
    # One unknown positive, one at its bound: x = (3/2, 0).
    design, penalty = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    assert bench.exact(design, penalty, np.array([3.0, -1.0]), np.array([True, True])).tolist() == [1.5, 0.0]
    assert bench.exact(design, penalty, np.array([3.0, 2.0]), np.array([False, True])).tolist() == [1.5, 1.0]
    for row in bench.run(1, (("none", 0, 0.05), ("modulus", 1, 0.4))).values():
        assert row["iondrift"] < 1e-9
        assert row["iondrift"] < row["CLARABEL 1e-08"]
        assert row["CLARABEL 1e-12"] < 1e-6
        assert row["twin 1e-14"] < 1e-6


def test_absent_peer_is_named(load):
    peers = load("drt_peers")

    def build():
        raise ImportError("No module named nothing")

    built, notes = peers.available({"nothing": ("scipy", build)})
    assert built == {}
    assert notes == {"nothing": "absent (No module named nothing)"}


def test_coverage_prints_the_table_of_all_methods(load, monkeypatch, capsys):
    bench = load("drt_coverage")
    monkeypatch.setattr(bench, "families", lambda: {"ZARC x 1": bench.zarc(50.0, 1e-3, 0.8)})
    monkeypatch.setattr(sys, "argv", ["drt_coverage.py", "--seeds", "1", "--noise", "0.005", "--random", "2"])
    bench.main()
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [line.count("|") for line in table] == [len(bench.SUMMARY) + 3] * 8
    kinds = [tuple(cell.strip() for cell in line.split("|")[1:3]) for line in table[2:]]
    spectra = ("1 nine families", "2 random sums")
    assert kinds == [(f"`{method}`", which) for method in ("calibrated", "noise", "prior") for which in spectra]
