"""Whole calls of every public function, labels and checks included, beside peers in one interleaved run.

    python bench/bench_whole_calls.py [--rounds 5] [--runs 1]

First the growth of time and memory with the number of profiles and the calls whose ratios are promised. Then what share
of a call of ``drift_bands`` each stage takes, on one thread and on all: what is serial, and what 16 cores would bring
by Amdahl's law. Then every public function on the small inputs of ``tests/every_function.py``. Times are the least of
rounds in which all take turns; a ratio that is missed is named at the end, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numba
import numpy as np
import xarray as xr

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "tests")]

import bench_reconstruction
import whole_call_peers
from bench_drift_bands import LEVELS, best_seconds
from every_function import JOBS
from iondrift import Diffusivity, DriftInputs, drift_bands, reconstruct_drift
from iondrift.drift.bands.arguments import Posed, check_draws
from iondrift.drift.bands.labels import label_bands
from iondrift.drift.bands.monte_carlo import draw
from iondrift.drift.bands.options import DrawOptions
from iondrift.drift.closures import closure_named
from iondrift.drift.smoothing.penalised_splines import smooth
from iondrift.drift.smoothing.spline_basis import cubic_quadrature
from iondrift.reference.drift_bands import Cell, vectorised
from iondrift.threads import bounded_threads
from iondrift_kernels.lanes import LANES

TEMPERATURE = 313.15
THERMAL_VOLTAGE = 8.31446261815324 * TEMPERATURE / 96485.33212331001
D = Diffusivity.exponential(1.315e-12, 0.675, 1666.0, relative_uncertainty=0.05)
SIZES = ((80, 46, 1000), (2000, 64, 200))
LENGTHS = (200, 2000, 20000)
CORES = 16
FIT = "fit, both orders in time"
WAYS = {FIT: 4}  # two orders, two starts each: more threads find nothing to do
Calls = dict[str, tuple[Callable[[], object], int]]


def cell(profiles: int, points: int) -> tuple[xr.DataArray, xr.DataArray]:
    """Return concentrations and voltage of a cell that depletes at one side, with 1 % noise."""
    time, x = np.arange(profiles) * 500.0, np.linspace(0.0, 1e-3, points)
    late, place = (time / time[-1])[:, None], x / x[-1]
    values = 1666.0 * (1.0 + late * (0.2 * np.exp((place - 1.0) / 0.2) - 0.3 * np.exp(-place / 0.2)))
    values += 16.66 * np.random.default_rng(0).standard_normal(values.shape)
    return xr.DataArray(values, {"time": time, "x": x}), xr.DataArray(0.1 + late[:, 0], {"time": time})


def monte_carlo(profiles: int, points: int, samples: int) -> Callable[[], object]:
    """Return the Monte Carlo of v alone in plain NumPy, its fit made before."""
    c, voltage = cell(profiles, points)
    known = Cell(
        series=smooth(c), weights=cubic_quadrature(c["x"].values), diffusivity=(D.parameters[4], D.parameters[5]),
        thermal_voltage=THERMAL_VOLTAGE, voltage=voltage.values,
    )  # fmt: skip
    return lambda: vectorised(known, "voltage", samples, np.array(LEVELS))


def bands(size: tuple[int, int, int], **options: object) -> Callable[[], object]:
    """Return a public call of ``drift_bands``, fit included."""
    c, voltage = cell(*size[:2])
    return lambda: drift_bands(c, voltage, D, temperature=TEMPERATURE, samples=size[2], **options)


def promised(rounds: int, sizes: tuple[tuple[int, int, int], ...], long: int) -> list[str]:
    """Print the calls with promised ratios; return those that miss theirs."""
    c, voltage = cell(long, 64)
    arrays = bench_reconstruction.problem(long)
    wanted = {"variables_wanted": ("drift_velocity",)}
    rows = [
        (f"`reconstruct_drift(smoothing=\"none\")`, {long:,} x 64", "vectorised NumPy", 5.0,
         lambda: reconstruct_drift(c, voltage, D, temperature=TEMPERATURE, smoothing="none"),
         lambda: bench_reconstruction.vectorised(arrays), 5),
        (f"`drift_bands`, {_named(sizes[0])}, v alone", "NumPy Monte Carlo of v, without its fit", 8.0,
         bands(sizes[0], **wanted), monte_carlo(*sizes[0]), 3),
        (f"`drift_bands`, {_named(sizes[0])}, ten variables", "the same", 4.0, bands(sizes[0]), None, 3),
        (f"`drift_bands`, {_named(sizes[1])}, ten variables", "NumPy Monte Carlo of v, without its fit", 5.0,
         bands(sizes[1]), monte_carlo(*sizes[1]), 1),
    ]  # fmt: skip
    calls: Calls = {}
    for name, _, _, ours, peer, times in rows:
        calls[name] = ours, times
        if peer is not None:  # threads of BLAS help on an idle machine, and spin on a busy one
            calls[f"peer of {name}"], calls[f"one thread of {name}"] = (peer, 1), (partial(_on, 1, peer), 1)
    best = best_seconds(calls, rounds)
    print("| whole call | ms | beside | ms | ratio | at least |\n|---|---|---|---|---|---|")
    missed, theirs = [], np.nan
    for name, beside, least, *_ in rows:
        if f"peer of {name}" in best:  # else the one above stands for this row, too
            theirs = min(best[f"peer of {name}"], best[f"one thread of {name}"])
        ratio = theirs / best[name]
        print(f"| {name} | {1e3 * best[name]:.1f} | {beside} | {1e3 * theirs:.0f} | {ratio:.1f} | {least:.0f} |")
        if ratio < least:
            missed.append(f"{name}: {ratio:.1f} times, {least:.0f} wanted")
    return missed


def stages(size: tuple[int, int, int], rounds: int) -> None:
    """Print the share of every stage of ``drift_bands``, on one thread and on all, and what more cores would bring."""
    c, voltage = cell(*size[:2])
    closure, groups = closure_named("voltage"), -(-size[2] // LANES)

    def checks() -> DriftInputs:
        inputs = DriftInputs.of(c, voltage, D, temperature=TEMPERATURE)
        check_draws(inputs, DrawOptions(samples=size[2]))
        return inputs

    inputs, series = checks(), smooth(c, drawn=True)
    posed = Posed(
        inputs=inputs, closure=closure, series=series, origin=None,
        draws=check_draws(inputs, DrawOptions(samples=size[2])),
    )  # fmt: skip
    outcome = draw(posed, posed.draws)

    def members() -> object:
        return series.posterior._assemble(series.posterior.members[:groups])  # what fits() keeps

    members()
    calls = {
        "checks": checks,
        FIT: lambda: smooth(c, drawn=True),
        "members": members,
        "draws and quantiles": lambda: draw(posed, posed.draws),
        "labels": lambda: label_bands(outcome, posed),
    }
    most = numba.get_num_threads()
    timed = {(name, n): (partial(_on, n, call), 2) for name, call in calls.items() for n in {1, most}}
    best = best_seconds(timed, rounds)
    total = {n: sum(best[name, n] for name in calls) for n in (1, most)}
    print(f"\n| stage, {_named(size)}, ten variables | 1 thread, ms | share | {most} threads, ms | gain |")
    print("|---|---|---|---|---|")
    for name in calls:
        one, all_ = best[name, 1], best[name, most]
        print(f"| {name} | {1e3 * one:.1f} | {100 * one / total[1]:.0f} % | {1e3 * all_:.1f} | {one / all_:.2f} |")
    gain = total[1] / total[most]
    print(f"| all | {1e3 * total[1]:.1f} | 100 % | {1e3 * total[most]:.1f} | {gain:.2f} |")
    if most > 1:
        expected, serial = 0.0, 0.0
        for name in calls:
            one, ways = best[name, 1], WAYS.get(name, CORES)
            # Amdahl's serial share of a stage, between none and all of it.
            share = float(np.clip((most * best[name, most] / one - 1.0) / (most - 1.0), 0.0, 1.0))
            serial += share * one
            expected += one * (share + (1.0 - share) / min(ways, CORES))
        print(f"\nserial {100 * serial / total[1]:.0f} % of one thread's time; {CORES} cores by Amdahl's law: ", end="")
        print(f"{total[1] / expected:.1f} times, the fit on no more than {WAYS[FIT]}")


def growth(lengths: tuple[int, ...], points: int, samples: int) -> None:
    """Print time and peak memory of the whole fit and of ``drift_bands`` over the number of profiles.

    All profiles are divided by the first, as the command line takes it: two fits, with the pattern of its noise.
    """
    divided = {"reference_profiles": 1, "reference_index": 0}
    columns = "us a profile | GB so far |"
    print(f"| profiles x {points} | fit, s | {columns} bands of {samples}, s | {columns}")
    print("|---|---|---|---|---|---|---|")
    for profiles in lengths:
        c, voltage = cell(profiles, points)
        c = 1666.0 * c / c[0].values
        row = f"| {profiles:,} |"
        series = smooth(c, drawn=True, **divided)
        calls = (
            partial(smooth, c, drawn=True, **divided),
            partial(drift_bands, c, voltage, D, temperature=TEMPERATURE, samples=samples, series=series, **divided),
        )
        for call in calls:
            seconds = bench_reconstruction.seconds(call)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # of the process so far
            row += f" {seconds:.2f} | {1e6 * seconds / profiles:.0f} | {memory:.2f} |"
        print(row, flush=True)


def every(rounds: int, names: Sequence[str] = tuple(JOBS)) -> None:
    """Print these public functions on small inputs beside their peers."""
    peers = {name: peer for name, peer in whole_call_peers.peers().items() if name in names}
    best = best_seconds({name: (JOBS[name], 1) for name in names}, rounds)
    theirs = best_seconds({name: (call, 1) for name, (_, call) in peers.items()}, rounds)
    print("\n| public function, small inputs | ms | beside | ms | ratio |\n|---|---|---|---|---|")
    for name, seconds in best.items():
        beside = peers[name][0] if name in peers else "-"
        ratio = f"{1e3 * theirs[name]:.2f} | {theirs[name] / seconds:.1f}" if name in peers else "- | -"
        print(f"| {name} | {1e3 * seconds:.2f} | {beside} | {ratio} |")


@bounded_threads
def _bounded(call: Callable[[], object]) -> None:
    call()


def _on(threads: int, call: Callable[[], object]) -> None:
    """Call on so many threads, then allow as many as before."""
    most = numba.get_num_threads()
    numba.set_num_threads(threads)
    _bounded(call)
    numba.set_num_threads(most)


def _named(size: tuple[int, int, int]) -> str:
    return " x ".join(f"{number:,}" for number in size)


def main(rounds: int = 5, runs: int = 1, sizes: tuple[tuple[int, int, int], ...] = SIZES, long: int = 5000) -> int:
    """Print everything; return 1 where a promised ratio was missed."""
    growth(LENGTHS, 64, 200)  # first: peak memory is that of the process so far
    missed = [miss for _ in range(runs) for miss in promised(rounds, sizes, long)]
    for size in sizes:
        stages(size, rounds)
    every(min(rounds, 3))
    print("\n" + "\n".join([f"MISSED {miss}" for miss in missed] or ["all promised ratios are met"]))
    return int(bool(missed))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=1, help="how often the promised ratios are measured")
    options = parser.parse_args()
    sys.exit(main(options.rounds, options.runs))
