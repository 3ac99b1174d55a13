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

# One thread a worker: the draws are what runs in parallel.
os.environ.setdefault("NUMBA_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import numpy as np

from iondrift.bands import drift_bands
from iondrift.uncertainties import Uncertainties
from manufactured import C0, CASES, TEMPERATURE, noise, simulated

NAMES = ("bulk", "layers", "thin", "front", "step", "simulator")
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


def main() -> None:
    """Run every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--method", default="posterior", choices=("posterior", "perturb"))
    parser.add_argument("--cases", nargs="*", default=list(NAMES), choices=NAMES)
    options = parser.parse_args()
    print(
        f"| case | noise | SNR | RMSE of v | 95 % band holds | worst time slice | 68 % band holds |  {options.method}"
    )
    print("|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(options.workers) as pool:
        for name, zero_filled, ratio in product(options.cases, (False, True), RATIOS):
            jobs = [(name, ratio, zero_filled, options.method, seed) for seed in range(options.draws)]
            wide, narrow, errors = zip(*pool.map(one, jobs, chunksize=5), strict=True)
            slices = np.mean(wide, axis=0)
            worst = f"{100 * slices.min():.1f} % (profile {slices.argmin()})"
            print(
                f"| {name} | {'zero-filled' if zero_filled else 'white'} | {ratio} | {100 * np.mean(errors):.2f} % "
                f"| {100 * slices.mean():.1f} % | {worst} | {100 * np.mean(narrow):.1f} % |",
                flush=True,
            )


if __name__ == "__main__":
    main()
