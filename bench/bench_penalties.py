"""The choice of penalties beside a search with dense matrices and finite differences, its slow oracle, in one run.

    python bench/bench_penalties.py [--cases 6]

Random cases (bench/random_cases.py): time of either search, and the worst difference of their optima in -2 ln L
(positive: the oracle found a lower one). Then the time and the peak memory over the number of profiles.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np
import xarray as xr

sys.path.insert(0, str(Path(__file__).resolve().parent))

from iondrift.drift.smoothing.noise import estimate_noise
from iondrift.drift.smoothing.problem import Problem
from iondrift.drift.smoothing.search import Choice, choose
from iondrift.drift.smoothing.spline_basis import usable_breaks
from iondrift.reference.spline_modes import dense
from iondrift.threads import bounded_threads
from random_cases import C0, FAMILIES, draw, noise


def problem_of(c: xr.DataArray, breaks: tuple[float, ...], *, reference: bool) -> Problem:
    """Return the smoothing problem of a series (time, x)."""
    times = c["time"].values
    return Problem(
        values=c.values,
        times=times,
        x=c["x"].values,
        breaks=usable_breaks(times, breaks, fewest=3),
        noise=estimate_noise(c),
        kappa=1.0 if reference else 0.0,
        reference_index=0 if reference else None,
    )


@bounded_threads
def timed(c: xr.DataArray, breaks: tuple[float, ...], *, reference: bool) -> tuple[float, Choice, Problem]:
    """Return seconds of setting up and choosing, best of three, with what came of it."""
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        problem = problem_of(c, breaks, reference=reference)
        choice = choose(problem.likelihood, adaptive=True)
        seconds.append(time.perf_counter() - started)
    return min(seconds), choice, problem


def cases(count: int) -> None:
    """Print ratios and the worst difference of the optima."""
    ratios, differences = [], []
    for seed in range(count):
        for family in FAMILIES:
            case = draw(family, seed)
            mine, choice, problem = timed(case.measured, case.breaks, reference=case.reference)
            started = time.perf_counter()
            lowest = dense(problem.likelihood).lowest()
            slow = time.perf_counter() - started
            ratios.append(slow / mine)
            differences.append(max(choice.plain.value - lowest[0], choice.adaptive.value - lowest[1]))
            print(
                f"{family} {seed}: {case.measured.shape[0]} x {case.measured.shape[1]}, {1e3 * mine:.1f} ms, oracle "
                f"{slow:.1f} s, {ratios[-1]:.0f} times; optimum {differences[-1]:+.3f} from the oracle's",
                flush=True,
            )
    print(f"{len(ratios)} cases: {min(ratios):.0f} times or more; worst optimum {max(differences):+.3f}")


def scaling(sizes: tuple[tuple[int, int], ...]) -> None:
    """Print the time over size, with the peak memory of the process so far."""
    for profiles, points in sizes:
        x, t = np.linspace(0.0, 1e-3, points), np.linspace(0.0, 4e4, profiles)
        layers = 0.3 * (1.0 - np.exp(-t / 1e4))[:, None] * (np.exp(-x / 2e-4) - np.exp((x - 1e-3) / 2e-4))
        values = C0 * (1.0 - layers) + 0.01 * C0 * noise(layers.shape, np.random.default_rng(0), zero_filled=False)
        c = xr.DataArray(values, dims=("time", "x"), coords={"time": t, "x": x})
        for reference in (False, True):
            if reference:
                c = C0 * c / c[0].values
            seconds = timed(c, (), reference=reference)[0]
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            print(f"{profiles} x {points}, reference {reference}: {1e3 * seconds:.0f} ms, {memory:.2f} GB", flush=True)


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2, help="of each family")
    scaling(((80, 46), (2000, 64), (5000, 64), (20000, 64)))
    cases(parser.parse_args().cases)


if __name__ == "__main__":
    main()
