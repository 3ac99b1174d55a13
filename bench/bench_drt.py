"""Distributions of relaxation times and Kramers-Kronig tests per second, beside peers, in one interleaved run.

    python bench/bench_drt.py [--rounds 3] [--spectra 2000] [--check]

31 frequencies, 92 time constants. Peers solve a sample of the same spectra; ours solves all of them. Ratios are of
the best times of interleaved rounds. --check exits with 1 where a ratio misses its target.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # peers too: one thread each, as they would run in a batch

import numba
import numpy as np
import xarray as xr

import drt_peers
import drt_threads
from drt_cases import FREQUENCY, IDENTITY, MODEL, bootstrap, drifting_series, ours, timed
from iondrift.impedance.drt.bands import drt_bands
from iondrift.impedance.drt.estimate import drt
from iondrift.impedance.drt.model import stack
from iondrift.impedance.drt.nonnegative import solve_model
from iondrift.impedance.kramers_kronig import kramers_kronig
from iondrift.impedance.options import DrtModel
from iondrift.impedance.spectra import weights_of
from iondrift.reference.relaxation_spectra import families, measured

TARGETS = {
    ("series, paper", "scipy nnls"): 150,
    ("series, paper", "daqp"): 50,
    ("series, paper", "cvxpy CLARABEL"): 1000,
    ("series, paper", "pyDRTtools"): 8000,
    ("bootstrap, paper", "scipy nnls"): 80,
    ("series, 0.05", "scipy nnls"): 40,
    ("series, 1e-3", "scipy nnls"): 6,
    ("modulus, paper", "scipy nnls"): 3,
    ("lin-KK", "impedance.py"): 60,
    **{(task, "one thread"): 1.7 for task in drt_threads.TASKS},
}


def interleave(calls: dict[str, tuple[Callable[[], object], int]], rounds: int) -> dict[str, float]:
    """Return the best seconds a spectrum of each call, taken in turns."""
    best = dict.fromkeys(calls, np.inf)
    for _ in range(rounds):
        for name, (call, spectra) in calls.items():
            best[name] = min(best[name], timed(call) / spectra)
    return best


def loop(solver: Callable[[np.ndarray], object], rows: np.ndarray) -> Callable[[], object]:
    return lambda: [solver(row) for row in rows]


def solver_tasks(spectra: int, sample: int) -> list[tuple[str, np.ndarray, float, str]]:
    series = stack(drifting_series(spectra))
    replicates = stack(bootstrap(max(spectra // 2, 1)))
    return [
        ("series, paper", series, 0.5, "none"),
        ("bootstrap, paper", replicates, 0.5, "none"),
        ("series, 0.05", series, 0.05, "none"),
        ("series, 0.01", series, 0.01, "none"),
        ("series, 1e-3", series, 1e-3, "none"),
        ("modulus, paper", series[: max(spectra // 4, 1)], 0.5, "modulus"),
    ]


def run_solvers(spectra: int, sample: int, rounds: int) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """Return task -> name -> seconds a spectrum, and what the peers are."""
    table: dict[str, dict[str, float]] = {}
    notes: dict[str, str] = {}
    for task, rows, strength, weighting in solver_tasks(spectra, sample):
        half = rows.shape[1] // 2
        values = rows[:, :half] + 1j * rows[:, half:]
        weights = weights_of(weighting, values, np.ones(values.shape, dtype=bool))[0]
        places = np.linspace(0, rows.shape[0] - 1, sample).astype(int)
        calls = {"iondrift": (ours(rows, strength, weights), rows.shape[0])}
        if weighting == "none":
            peers, found = drt_peers.available(drt_peers.SOLVERS, MODEL.design, strength * IDENTITY)
            for name, solver in peers.items():
                calls[name] = (loop(solver, rows[places]), sample)
            if task == "series, paper":
                whole, more = drt_peers.available(
                    {"pyDRTtools": drt_peers.DISTRIBUTIONS["pyDRTtools"]}, FREQUENCY, MODEL.tau
                )
                found |= more
                few = rows[places[:: max(1, sample // 4)]]
                for name, solver in whole.items():
                    calls[name] = (loop(solver, few), len(few))
            notes |= found
        else:
            weighted = [
                (drt_peers.scipy_nnls(MODEL.design * weights[p][:, None], strength * IDENTITY), weights[p] * rows[p])
                for p in places
            ]
            calls["scipy nnls"] = (lambda pairs=weighted: [solve(z) for solve, z in pairs], sample)
        calls["iondrift"][0]()  # compile
        table[task] = interleave(calls, rounds)
        worst = max(
            solve_model(MODEL.design, IDENTITY.T @ IDENTITY, np.full(len(rows), strength), weights, rows).kkt_residual
        )
        table[task]["largest KKT residual"] = float(worst)
    return table, notes


def run_kramers_kronig(seeds: int, rounds: int) -> tuple[dict[str, float], dict[str, str], int, int]:
    """Return seconds a spectrum, notes, and in how many of all spectra M agrees."""
    z = np.vstack([measured(s, FREQUENCY, 0.003, range(seeds)) for s in families().values()])
    data = xr.DataArray(np.repeat(z, 20, axis=0), dims=("spectrum", "frequency"), coords={"frequency": FREQUENCY})
    calls: dict[str, tuple[Callable[[], object], int]] = {
        "iondrift": (lambda: kramers_kronig(data), data.sizes["spectrum"])
    }
    built, notes = drt_peers.available({"impedance.py": ("impedance", drt_peers.linkk)}, FREQUENCY)
    same = total = 0
    elements = kramers_kronig(data).kk_elements.values[::20]
    for name, solver in built.items():
        calls[name] = (loop(solver, z), len(z))
        same, total = int(sum(solver(row) == m for row, m in zip(z, elements, strict=True))), len(z)
    return interleave(calls, rounds), notes, same, total


PUBLIC = {  # whole public calls: how many spectra at once, the options, and what they may cost in nnls a spectrum
    "drt(...)": ((2000, 10, 1), drt, {}, 2.0),
    'drt(..., regularization="paper")': ((2000, 10, 1), drt, {"regularization": "paper"}, 1.0 / 60.0),
    "drt_bands(...), 1,000 draws": ((100, 10, 1), drt_bands, {}, None),
}


def run_public(spectra: int, rounds: int) -> dict[tuple[str, int], tuple[float, float]]:
    """Return wall and processor seconds a spectrum of whole public calls, labels included, and of scipy's nnls."""
    z = drifting_series(spectra)
    data = xr.DataArray(z, dims=("spectrum", "frequency"), coords={"frequency": FREQUENCY})
    nnls = drt_peers.scipy_nnls(MODEL.design, 0.5 * IDENTITY)
    calls: dict[tuple[str, int], Callable[[], object]] = {("scipy nnls", 20): loop(nnls, stack(z[:20]))}
    for name, (sizes, function, options, _) in PUBLIC.items():
        for size in sizes:
            part = data[: min(size, spectra)]
            calls[name, part.sizes["spectrum"]] = lambda f=function, part=part, options=options: f(part, **options)
            function(part[:2], **options)
    best = dict.fromkeys(calls, (np.inf, np.inf))
    for _ in range(rounds):
        for key, call in calls.items():
            began = time.process_time()
            wall, busy = timed(call) / key[1], (time.process_time() - began) / key[1]
            best[key] = (min(best[key][0], wall), min(best[key][1], busy))
    return best


def report_public(best: dict[tuple[str, int], tuple[float, float]]) -> None:
    """Print them in multiples of nnls: wall (two threads where there are), and processor time (busy machines)."""
    wall, busy = next(value for (name, _), value in best.items() if name == "scipy nnls")
    print(f"\nwhole public calls; scipy nnls {1e3 * wall:.3f} ms wall, {1e3 * busy:.3f} ms of a processor")
    for (name, size), (mine, own) in best.items():
        if name in PUBLIC:
            most = PUBLIC[name][3]
            target = "" if most is None else f"   at most {most:.3g}"
            print(
                f"  {name:34s} {size:5d} spectra: {1e3 * mine:8.4f} ms, {mine / wall:7.3f} nnls; processor "
                f"{1e3 * own:8.4f} ms, {own / busy:7.3f} nnls{target}"
            )


def run_band(samples: int, rounds: int) -> float:
    """Return seconds for the arrays of one band of one spectrum on one thread: draws, solutions, quantiles."""
    from iondrift.impedance.drt.band_collector import quantiles
    from iondrift.impedance.drt.draws import generator, perturbed_solutions
    from iondrift.impedance.drt.problem import pose

    one = drifting_series(2)[:1]
    data = xr.DataArray(one, dims=("spectrum", "frequency"), coords={"frequency": FREQUENCY})
    problem = pose(data, DrtModel(regularization="paper"))
    level = 0.005 * np.tile(np.abs(one[0]), 2)
    probabilities = np.array([0.025, 0.5, 0.975])

    def band() -> np.ndarray:
        answer = perturbed_solutions(problem, 0.5, 0, level, samples, generator(0, 0), prior=False)
        return quantiles(answer.x, probabilities)

    most = numba.get_num_threads()
    numba.set_num_threads(1)
    band()
    best = min(timed(band) for _ in range(3 * rounds))
    numba.set_num_threads(most)
    return best


def report(table: dict[str, dict[str, float]]) -> bool:
    good = True
    for task, row in table.items():
        print(f"\n{task}: {1e6 * row['iondrift']:.2f} us a spectrum", end="")
        print(f", KKT residual <= {row['largest KKT residual']:.0e}" if "largest KKT residual" in row else "")
        for name, seconds in row.items():
            if name in ("iondrift", "largest KKT residual", drt_threads.CEILING):
                continue
            ratio, target = seconds / row["iondrift"], TARGETS.get((task, name))
            verdict = "" if target is None else f"   target {target}: {'met' if ratio >= target else 'MISSED'}"
            good &= target is None or ratio >= target
            print(f"  {name:16s} {1e6 * seconds:11.1f} us   {ratio:9.2f} x{verdict}")
        if drt_threads.CEILING in row:
            print(f"  {drt_threads.CEILING}: {row[drt_threads.CEILING]:.2f} x the work of one alone in the same time")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--spectra", type=int, default=2000)
    parser.add_argument("--sample", type=int, default=20, help="spectra each peer solves in a round")
    parser.add_argument("--public", action="store_true", help="whole public calls alone")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    print(f"{numba.config.NUMBA_NUM_THREADS} threads; peers on one thread each")
    if options.public:
        report_public(run_public(options.spectra, options.rounds))
        return 0
    table, notes = run_solvers(options.spectra, options.sample, options.rounds)
    table |= drt_threads.run(max(10 * options.spectra, 100), 2 * options.rounds)
    row, more, same, total = run_kramers_kronig(4, options.rounds)
    table["lin-KK"] = row
    for name, note in {**notes, **more}.items():
        print(f"  {name:16s} {note}")
    good = report(table)
    print(f"\nlin-KK: same M in {same} of {total}")
    band = run_band(1000, options.rounds)
    print(f"band of 1000 replicates, one spectrum, one thread: {1e3 * band:.1f} ms   target 10: ", end="")
    print("met" if band <= 0.010 else "MISSED")
    report_public(run_public(options.spectra, options.rounds))
    good &= same == total and band <= 0.010
    return 1 if options.check and not good else 0


if __name__ == "__main__":
    sys.exit(main())
