"""How much two threads gain on relaxation times, beside what the machine itself allows.

    python bench/drt_threads.py [--spectra 20000] [--rounds 6]

Calls of more than 50 ms on one thread: a series in mixed order, the same in its own order (dearer towards its end), and
one where every spectrum has its own weights. The ceiling is measured, too: two processes that share nothing solve the
same spectra at once, on one thread each. What they fall short of 2 is the cores' common memory, cache and clock.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numba
import numpy as np

from drt_cases import drifting_series, ours, timed
from iondrift.impedance.drt.model import stack
from iondrift.impedance.spectra import weights_of

TASKS = ("two threads, mixed order", "two threads, sorted", "two threads, sorted, weights of their own")
CEILING = "two processes at once"


def call_for(task: str, spectra: int) -> Callable[[], object]:
    z = drifting_series(spectra)
    if task == TASKS[0]:
        z = z[np.random.default_rng(0).permutation(spectra)]
    if task == TASKS[2]:
        z = z[:: max(1, spectra // 500)]  # about 30 times as dear
        weights, _, _ = weights_of("modulus", z, np.ones(z.shape, dtype=bool))
        return ours(stack(z), 0.05, weights)
    return ours(stack(z), 0.05, np.ones((spectra, 2 * z.shape[1])))


class _Worker:
    """Another process that runs the call of a task on one thread whenever it is told to."""

    def __init__(self, task: str, spectra: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), "--worker", task, "--spectra", str(spectra)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "NUMBA_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )  # fmt: skip

    def begin(self) -> None:
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def seconds(self) -> float:
        return float(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()


def serve(task: str, spectra: int) -> None:
    call = call_for(task, spectra)
    call()
    for _ in sys.stdin:
        print(timed(call), flush=True)


def run(spectra: int, rounds: int) -> dict[str, dict[str, float]]:
    """Return task -> seconds a spectrum on one thread and on all, and the ceiling, all taken in turns."""
    most = numba.config.NUMBA_NUM_THREADS
    table = {}
    for task in TASKS:
        call = call_for(task, spectra)
        call()
        count = len(range(0, spectra, max(1, spectra // 500))) if task == TASKS[2] else spectra
        workers = [_Worker(task, spectra) for _ in range(most)]
        for worker in workers:  # compiled and warm
            worker.begin()
            worker.seconds()
        best = {"one thread": np.inf, "iondrift": np.inf, "alone": np.inf, "at once": np.inf}
        for _ in range(rounds):
            for label, threads in (("one thread", 1), ("iondrift", most)):
                numba.set_num_threads(threads)
                best[label] = min(best[label], timed(call))
            workers[0].begin()
            best["alone"] = min(best["alone"], workers[0].seconds())
            for worker in workers:
                worker.begin()
            best["at once"] = min(best["at once"], max(worker.seconds() for worker in workers))
        numba.set_num_threads(most)
        for worker in workers:
            worker.close()
        table[task] = {name: best[name] / count for name in ("one thread", "iondrift")}
        table[task][CEILING] = most * best["alone"] / best["at once"]
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spectra", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--worker", choices=TASKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        serve(options.worker, options.spectra)
        return
    for task, row in run(options.spectra, options.rounds).items():
        print(
            f"{task}: {1e6 * row['one thread']:.2f} us a spectrum on one thread, {1e6 * row['iondrift']:.2f} on "
            f"{numba.config.NUMBA_NUM_THREADS}: {row['one thread'] / row['iondrift']:.2f} x; "
            f"{CEILING}: {row[CEILING]:.2f} x"
        )


if __name__ == "__main__":
    main()
