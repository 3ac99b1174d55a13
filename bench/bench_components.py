"""What one normal, one quantile value, one division and one exponential cost on one thread, in nanoseconds.

The sum of these over a kernel's operations is the limit that the kernel is compared with. Each figure is the
minimum over repeats of a short run: the machine's best, not its mood.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from iondrift_kernels._jit import kernel
from iondrift_kernels.counter_normal import GROUP, fill_normals
from iondrift_kernels.elementary import exponential
from iondrift_kernels.lanes import LANES
from iondrift_kernels.quantile import make_workspace, quantiles

REPLICATES = 1000
LEVELS = np.array([0.025, 0.16, 0.5, 0.84, 0.975])


@kernel
def _draw(turns, words, out):
    total = 0.0
    for turn in range(turns):
        fill_normals(np.uint64(1), 0, turn, 0, 0, words, out)
        total += out[0, 0]
    return total


@kernel
def _quantiles(turns, values, workspace, levels, out):
    for turn in range(turns):
        row = turn % values.shape[0]
        quantiles(values[row], values.shape[1], levels, workspace, out[row])


@kernel
def _divide(turns, numerator, denominator, out):
    for turn in range(turns):
        shift = float(turn)
        for i in range(out.shape[0]):
            out[i] = (numerator[i] + shift) / denominator[i]


@kernel
def _exponential(turns, argument, out):
    for turn in range(turns):
        shift = 1e-3 * turn
        for i in range(out.shape[0]):
            out[i] = exponential(argument[i] - shift)


def best_nanoseconds(function: Callable[..., Any], *arguments: Any, operations: int, repeats: int = 15) -> float:
    """Return the least time of one operation over ``repeats`` runs, after one run that compiles."""
    function(*arguments)
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        function(*arguments)
        best = min(best, time.perf_counter() - start)
    return float(best / operations * 1e9)


def component_costs(repeats: int = 15) -> dict[str, float]:
    """Return nanoseconds per normal, quantile value (1000 values, 5 levels), division and exponential."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((64, REPLICATES))
    positive = rng.uniform(0.5, 2.0, REPLICATES)
    out = np.empty(REPLICATES)
    words = np.empty((GROUP, LANES), dtype=np.uint64)
    normals = np.empty((GROUP, LANES))
    bands = np.empty((64, LEVELS.size))
    workspace = make_workspace(REPLICATES, LEVELS.size)
    turns = 256

    def cost(function: Callable[..., Any], *arguments: Any, size: int) -> float:
        return best_nanoseconds(function, turns, *arguments, operations=turns * size, repeats=repeats)

    return {
        "normal": cost(_draw, words, normals, size=normals.size),
        "quantile value": cost(_quantiles, values, workspace, LEVELS, bands, size=REPLICATES),
        "division": cost(_divide, values[0], positive, out, size=REPLICATES),
        "exponential": cost(_exponential, values[0], out, size=REPLICATES),
    }


def main() -> None:
    """Print the table."""
    numba.set_num_threads(1)
    for name, nanoseconds in component_costs().items():
        print(f"{name:<16}{nanoseconds:8.2f} ns")


if __name__ == "__main__":
    main()
