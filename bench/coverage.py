"""How often do nominal 68 and 95 % bands hold the truth? Statistical verification, apart from the unit tests.

    python bench/coverage.py [--draws 200] [--workers 2] [--method posterior]

Every case with a known drift velocity (closed forms, and the forward simulator), at every signal-to-noise ratio, with
white and with zero-filled noise, is drawn, reconstructed and banded again and again. Printed is a Markdown table: the
mean coverage over cells (time, x) and draws, and the worst time slice. Uncertainties are profile noise alone: the
systematic inputs are exact in these cases.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

if __name__ == "coverage":  # Numba, started from this folder, looks for the package of this name
    raise ImportError("this is a bench of iondrift, not the coverage package")

# One thread a worker, here and below: the draws are what runs in parallel.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import numba
import numpy as np

from iondrift.drift.bands.monte_carlo import drift_bands
from iondrift.drift.bands.uncertainties import Uncertainties
from manufactured import C0, CASES, TEMPERATURE, noise, simulated

NAMES = {
    "bulk": "bulk waves",
    "layers": "two layers (180, 250 um)",
    "thin": "80 um layer",
    "front": "moving front",
    "step": "protocol step",
    "simulator": "forward simulator",
}
RATIOS = (50, 100, 200)
SAMPLES = 400


def one(job: tuple[str, int, bool, str, int]) -> tuple[np.ndarray, np.ndarray, float]:
    """Return per time slice the share of cells inside the 95 % and the 68 % band, and the relative RMSE."""
    name, ratio, zero_filled, method, seed = job
    if name == "simulator":
        clean, voltage, diffusivity, truth, breaks = simulated()
    else:
        case = CASES[name]
        clean, voltage = case.data()
        diffusivity, breaks = case.diffusivity, case.breaks
        truth = case.velocity(clean["time"].values, clean["x"].values)
    rng = np.random.default_rng([seed, ratio, int(zero_filled)])
    measured = clean + C0 / ratio * noise(clean.shape, rng, zero_filled=zero_filled)
    bands = drift_bands(
        measured,
        voltage,
        diffusivity,
        temperature=TEMPERATURE,
        method=method,
        uncertainties=Uncertainties.none(),
        samples=SAMPLES,
        seed=seed,
        quantiles=(0.025, 0.16, 0.5, 0.84, 0.975),
        variables_wanted=("drift_velocity",),
        breaks=breaks,
    )["drift_velocity"].values
    wide = (truth >= bands[0]) & (truth <= bands[4])
    narrow = (truth >= bands[1]) & (truth <= bands[3])
    error = np.sqrt(np.mean((bands[2] - truth) ** 2) / np.mean(truth**2))
    return wide.mean(axis=1), narrow.mean(axis=1), float(error)


def row(title: str, found: list[tuple[np.ndarray, np.ndarray, np.ndarray]], draws: int) -> str:
    """Return a row of the table from coverage by draw and time slice (wide, narrow) and errors, one a ratio."""
    errors, wide, narrow = (
        " / ".join(f"{100 * value:.{digits}f}" for value in values)
        for values, digits in (
            ([np.mean(e) for _, _, e in found], 2),
            ([np.mean(w) for w, _, _ in found], 1),
            ([np.mean(n) for _, n, _ in found], 1),
        )
    )
    worst = min(w.mean(axis=0).min() for w, _, _ in found)
    return f"| {title} | {errors} % | {wide} % | {100 * worst:.1f} % | {narrow} % | {draws} |"


def main() -> None:
    """Run every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--method", default="posterior", choices=("posterior", "perturb"))
    parser.add_argument("--cases", nargs="*", default=list(NAMES), choices=NAMES)
    options = parser.parse_args()
    ratios = " / ".join(map(str, RATIOS))
    print(f"| case | noise | RMSE of v at SNR {ratios} | 95 % band holds | worst profile | 68 % band holds | draws |")
    print("|---|---|---|---|---|---|---|")
    everything = []
    with ProcessPoolExecutor(options.workers, initializer=numba.set_num_threads, initargs=(1,)) as pool:
        for name, zero_filled in product(options.cases, (False, True)):
            found = []
            for ratio in RATIOS:
                jobs = [(name, ratio, zero_filled, options.method, seed) for seed in range(options.draws)]
                wide, narrow, errors = zip(*pool.map(one, jobs, chunksize=5), strict=True)
                found.append((np.array(wide), np.array(narrow), np.array(errors)))
            title = f"{NAMES[name]} | {'zero-filled' if zero_filled else 'white'}"
            print(row(title, found, options.draws), flush=True)
            everything += found
    means = [np.mean([part[k].mean() for part in everything]) for k in (0, 1)]
    worst = min(wide.mean(axis=0).min() for wide, _, _ in everything)
    print(f"| **mean** | | | **{100 * means[0]:.1f} %** | **{100 * worst:.1f} %** | **{100 * means[1]:.1f} %** | |")
    print(f"({options.method}; SNR {ratios}; the worst profile is the worst time slice of the three.)")


if __name__ == "__main__":
    main()
