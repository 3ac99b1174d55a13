"""The fit beside that of an earlier version in a tree of its own, taking turns: seconds, and the optimum of -2 ln L.

    git worktree add /tmp/before 9430b8d
    python bench/bench_fit_before.py /tmp/before/src:/tmp/before/kernels [--cases 34]

Random cases (bench/random_cases.py) without a noisy reference, then two sizes for the time. Before, the penalty in time
had the same weight throughout: for the comparison of optima, and for it alone, so it has here. Printed is by how much
the likelihood at the earlier penalties lies above the optimum found now.
"""

from __future__ import annotations

import argparse
import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import xarray as xr

HERE = Path(__file__).resolve()
SIZES = ((80, 46), (2000, 64))
Job = tuple[xr.DataArray, tuple[float, ...], int]


def serve() -> None:
    """Answer every path of a job on standard input: fit it with the version that is imported, write beside it."""
    try:
        from iondrift.drift.smoothing.penalised_splines import smooth
    except ImportError:
        from iondrift.smoothing import smooth

    for line in sys.stdin:
        path = Path(line.strip())
        concentration, breaks, rounds = pickle.loads(path.read_bytes())
        seconds = []
        for _ in range(rounds):
            started = time.perf_counter()
            fit = smooth(concentration, breaks=breaks)
            seconds.append(time.perf_counter() - started)
        p = fit.penalties
        path.write_bytes(pickle.dumps((min(seconds), (p.space, p.time, p.both, p.adaptivity))))
        print("done", flush=True)


class Version:
    """One version in a process of its own."""

    def __init__(self, path: str) -> None:
        environment = {**os.environ, "PYTHONPATH": path, "NUMBA_CACHE_DIR": os.environ["NUMBA_CACHE_DIR"] + "-before"}
        command = [sys.executable, str(HERE), "--serve"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment if path else dict(os.environ),
        )  # fmt: skip

    def fit(self, job: Job) -> tuple[float, tuple[float, float, float, tuple[float, float, float] | None]]:
        """Return seconds, the least of its rounds, and penalties."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "job"
            path.write_bytes(pickle.dumps(job))
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.write(f"{path}\n")
            self.process.stdin.flush()
            if self.process.stdout.readline().strip() != "done":
                raise SystemExit("a version ended")
            return pickle.loads(path.read_bytes())


def above(concentration: xr.DataArray, breaks: tuple[float, ...], earlier: tuple) -> float:
    """Return -2 ln L at the earlier penalties less that at the optimum found now, one weight in time throughout."""
    import bench_penalties
    from iondrift.drift.smoothing import time_axis
    from iondrift.drift.smoothing.penalties import Penalties
    from iondrift.drift.smoothing.search import choose

    kept, time_axis._SETTLING = time_axis._SETTLING, 0.0
    likelihood = bench_penalties.problem_of(concentration, breaks, reference=False).likelihood
    time_axis._SETTLING = kept
    choice = choose(likelihood, adaptive=True)
    space, in_time, both, adaptivity = earlier
    optimum = choice.plain if adaptivity is None else choice.adaptive
    there = likelihood.of(Penalties(space=space, time=in_time, both=both, adaptivity=adaptivity))[0]
    return there - optimum.value


def main(path: str, cases: int) -> None:
    """Print ratios of the sizes, and the worst optimum of the cases."""
    import bench_whole_calls
    import random_cases

    before, now = Version(path), Version("")
    for profiles, points in SIZES:
        c = bench_whole_calls.cell(profiles, points)[0]
        pairs = np.array([[version.fit((c, (), 2))[0] for version in (before, now)] for _ in range(3)])
        old, new = pairs.min(axis=0)
        print(
            f"{profiles} x {points}: {1e3 * old:.0f} ms before, {1e3 * new:.0f} ms now: {old / new:.1f} times",
            flush=True,
        )
    found, ratios = [], []
    for seed in range(cases):
        for family in random_cases.FAMILIES:
            case = random_cases.draw(family, seed, reference=False)
            old, penalties = before.fit((case.measured, case.breaks, 1))
            ratios.append(old / now.fit((case.measured, case.breaks, 1))[0])
            found.append(above(case.measured, case.breaks, penalties))
            if found[-1] < 0.0:
                print(f"{family} {seed}: the earlier optimum is lower by {-found[-1]:.3f}", flush=True)
    print(
        f"{len(found)} cases: earlier optima from {min(found):+.3f} to {max(found):+.1f} above those found now; ",
        end="",
    )
    print(f"time {min(ratios):.0f} to {max(ratios):.0f} times, median {np.median(ratios):.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", nargs="?", default="", help="PYTHONPATH of the earlier version")
    parser.add_argument("--cases", type=int, default=34, help="of each family")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
    else:
        sys.path.insert(0, str(HERE.parent))
        main(options.path, options.cases)
