"""What a call on all threads costs beside other busy processes, over one thread there: waiting threads must not spin.

    python bench/bench_busy.py [--rounds 9]

As many processes as there are processors do nothing but take time. Public calls with their defaults, on one thread and
on all, alone and beside them, in turns; medians, and the longest.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

import numba
import numpy as np
import xarray as xr

import iondrift
from drt_cases import drifting_series
from iondrift import Diffusivity
from iondrift.resources import processors


def bands(profiles: int, points: int, samples: int) -> Callable[[], object]:
    """Return a call of ``drift_bands`` on a cell that depletes at one side, with 1 % noise."""
    time, x = np.arange(profiles) * 500.0, np.linspace(0.0, 1e-3, points)
    late, place = (time / time[-1])[:, None], x / x[-1]
    values = 1666.0 * (1.0 + late * (0.2 * np.exp((place - 1.0) / 0.2) - 0.3 * np.exp(-place / 0.2)))
    values += 16.66 * np.random.default_rng(0).standard_normal(values.shape)
    cell = xr.DataArray(values, {"time": time, "x": x})
    volts = xr.DataArray(0.1 + late[:, 0], {"time": time})
    D = Diffusivity.exponential(1.315e-12, 0.675, 1666.0, relative_uncertainty=0.05)
    return lambda: iondrift.drift_bands(cell, volts, D, temperature=313.15, samples=samples, seed=0)


def relaxation(spectra: int) -> Callable[[], object]:
    """Return a call of ``drt`` on a series that drifts."""
    z = drifting_series(spectra)
    series = xr.DataArray(z, dims=("spectrum", "frequency"), coords={"frequency": np.logspace(5, -1, z.shape[1])})
    return lambda: iondrift.drt(series)


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Let so many processes take what time they get."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def measure(call: Callable[[], object], threads: tuple[int, ...], rounds: int) -> dict[int, np.ndarray]:
    """Return seconds of every round for each number of threads, in turns."""
    most, found = numba.get_num_threads(), {count: np.empty(rounds) for count in threads}
    for k in range(rounds):
        for count, seconds in found.items():
            numba.set_num_threads(count)
            start = perf_counter()
            call()
            seconds[k] = perf_counter() - start
            numba.set_num_threads(most)
    return found


def main(rounds: int = 9, size: tuple[int, int, int] = (80, 46, 1000), spectra: int = 500) -> None:
    """Print medians and ratios."""
    counts = tuple(dict.fromkeys((1, min(processors(), numba.get_num_threads()))))
    calls = {f"drift_bands {' x '.join(map(str, size))}": bands(*size), f"drt, {spectra} spectra": relaxation(spectra)}
    for name, call in calls.items():
        call()
        for others in (0, processors()):
            with busy(others):
                found = measure(call, counts, rounds)
            told = [f"{n} threads {1e3 * np.median(s):.0f} (longest {1e3 * s.max():.0f}) ms" for n, s in found.items()]
            ratio = np.median(found[counts[-1]]) / np.median(found[1])
            print(f"{name}, {others} busy processes beside: {', '.join(told)}, ratio {ratio:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    main(parser.parse_args().rounds)
