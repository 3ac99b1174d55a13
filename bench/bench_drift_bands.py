"""Monte Carlo bands: compiled against vectorised NumPy and a loop over replicates with SciPy, in one run.

    python bench/bench_drift_bands.py [--quick]

80 profiles x 46 points x 1,000 replicates for the peers; scaling from 100 to 10,000 profiles of 64 points, with
the peak memory; and the cost of a cell and replicate beside the sum of its components, the limit.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numba
import numpy as np
import xarray as xr

from bench_components import component_costs

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from iondrift.drift.bands.monte_carlo import drift_bands
from iondrift.drift.bands.uncertainties import Uncertainties
from iondrift.drift.smoothing.penalised_splines import Penalties, SmoothSeries, smooth
from iondrift.drift.smoothing.spline_basis import cubic_quadrature
from iondrift.reference.drift_bands import Cell, one_by_one, vectorised
from manufactured import C0, CASES, TEMPERATURE, THERMAL_VOLTAGE, noise

CASE = CASES["layers"]
LEVELS = (0.025, 0.16, 0.5, 0.84, 0.975)


def series_of(profiles: int, points: int) -> tuple[xr.DataArray, xr.DataArray, SmoothSeries]:
    """Return a noisy series, its voltage and its fit; long series take given penalties."""
    clean, voltage = CASE.data(profiles, points)
    c = clean + 0.01 * C0 * noise(clean.shape, np.random.default_rng(0), zero_filled=False)
    penalties = None if profiles <= 100 else Penalties(space=1e-7, time=1e4, both=1e-3)
    return c, voltage, smooth(c, penalties=penalties)


def compiled(
    c: xr.DataArray, voltage: xr.DataArray, fit: SmoothSeries, samples: int, uncertainties: Uncertainties
) -> xr.Dataset:
    """Return bands of v alone."""
    return drift_bands(
        c, voltage, CASE.diffusivity, temperature=TEMPERATURE, uncertainties=uncertainties, samples=samples,
        quantiles=LEVELS, variables_wanted=("drift_velocity",), series=fit,
    )  # fmt: skip


def best_seconds(functions: Mapping[Any, tuple[Callable[[], object], int]], rounds: int) -> dict[Any, float]:
    """Return the least time of a call of each, over ``rounds`` in which one follows the other, so often a round.

    Each is called once more before it is timed, in its own state of caches and memory. A shared machine's slow moods
    last for seconds: the least times of several rounds compare its best with its best.
    """
    best = dict.fromkeys(functions, np.inf)
    for _ in range(rounds):
        for name, (function, calls) in functions.items():
            function()
            for _ in range(calls):
                started = time.perf_counter()
                function()
                best[name] = min(best[name], time.perf_counter() - started)
    return best


def on_one_thread(function: Callable[[], object]) -> None:
    """Call with one thread, then allow as many as before."""
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    function()
    numba.set_num_threads(threads)


def peers(rounds: int) -> None:
    """Print the ratios on 80 x 46 x 1,000."""
    c, voltage, fit = series_of(80, 46)
    A, B = CASE.diffusivity.parameters[4:6]
    weights = cubic_quadrature(c["x"].values)
    cell = Cell(
        series=fit, weights=weights, diffusivity=(A, B), thermal_voltage=THERMAL_VOLTAGE, voltage=voltage.values
    )
    none = Uncertainties.none()
    replicates = 40
    levels = np.array(LEVELS)
    best = best_seconds(
        {
            "compiled": (lambda: compiled(c, voltage, fit, 1000, none), 8),
            "one thread": (lambda: on_one_thread(lambda: compiled(c, voltage, fit, 1000, none)), 4),
            "NumPy": (lambda: vectorised(cell, "voltage", 1000, levels), 2),
            "SciPy": (lambda: one_by_one(cell, replicates, levels), 2),
        },
        rounds,
    )
    mine, numpy_, loop = best["compiled"], best["NumPy"], best["SciPy"] * 1000 / replicates
    threads = numba.get_num_threads()
    print(f"80 x 46 x 1,000, least of {rounds} rounds: compiled {1e3 * mine:.1f} ms, {threads} threads being")
    print(f"  {best['one thread'] / mine:.2f} times as fast as one (less where other work shares the cores);")
    print(f"  NumPy {1e3 * numpy_:.0f} ms, {numpy_ / mine:.1f} times;")
    print(f"  SciPy loop {loop:.1f} s, {loop / mine:.0f} times (timed on {replicates} replicates)")


def scaling(sizes: tuple[int, ...], rounds: int) -> None:
    """Print ns a cell and replicate over size, peak memory, and the limit: least of rounds in which all take turns."""
    runs, normals, memory = {}, {}, {}
    for profiles in sizes:
        c, voltage, fit = series_of(profiles, 64)
        run = partial(compiled, c, voltage, fit, 1000, Uncertainties())
        run()
        memory[profiles] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # of the process so far
        normals[profiles] = fit.coefficients.size / (profiles * 64)
        runs[profiles] = run, max(1, 1000 // profiles)
    best = best_seconds(runs, rounds)
    costs = component_costs()
    for profiles in sizes:
        cells = profiles * 64 * 1000
        limit = (
            normals[profiles] * costs["normal"]
            + costs["exponential"]
            + 2.0 * costs["division"]
            + costs["quantile value"]
        ) / numba.get_num_threads()
        nanoseconds = 1e9 * best[profiles] / cells
        print(
            f"{profiles:6d} profiles x 64 x 1,000: {best[profiles]:.2f} s, {nanoseconds:.1f} ns a cell and replicate; "
            f"components {limit:.1f} ns ({nanoseconds / limit:.1f} times); peak memory {memory[profiles]:.2f} GB",
            flush=True,
        )
    named = ", ".join(f"{name} {value:.2f}" for name, value in costs.items())
    print(f"components on one thread, ns: {named}; {numba.get_num_threads()} threads; least of {rounds} rounds")


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    quick = parser.parse_args().quick
    # The peers' arrays over all replicates come last: peak memory is that of the process so far.
    scaling((100,) if quick else (100, 1000, 5000, 10000), 2 if quick else 4)
    peers(2 if quick else 10)


if __name__ == "__main__":
    main()
