"""Whole calls on long series: seconds and cores a unit, and the peak memory, each in a process of its own.

    python bench/memory.py [--counts 200,2000,20000] [--only drift,drt]

drift: smoothing with REML and bands of all variables, N profiles x 64 points x 1,000 replicates, defaults.
drt: distribution with bands, N spectra of 60 frequencies x 1,000 draws, defaults. A unit is a profile or a spectrum;
kernels are warm: a small call comes first. The memory of the libraries alone is told beside it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import xarray as xr

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))


def drift(count: int) -> None:
    """Reconstruct and draw bands of so many profiles."""
    from iondrift import drift_bands
    from manufactured import C0, CASES, TEMPERATURE, noise

    case = CASES["layers"]
    clean, voltage = case.data(count, 64)
    measured = clean + 0.01 * C0 * noise(clean.shape, np.random.default_rng(0), zero_filled=False)
    drift_bands(measured, voltage, case.diffusivity, temperature=TEMPERATURE, samples=1000)


def drt(count: int) -> None:
    """Compute distributions and bands of so many spectra: two arcs that change along the series."""
    import iondrift

    frequency, share = np.logspace(5, -1, 60), np.linspace(0.0, 1.0, count)[:, None]
    omega = 2j * np.pi * frequency
    z = 4.0 + 40.0 / (1.0 + (omega * 3e-4) ** 0.9) + (60.0 + 40.0 * share) / (1.0 + (omega * 2e-2 * 3.0**share) ** 0.95)
    draws = np.random.default_rng(1).standard_normal((2, *z.shape))
    z = z + 2e-3 * np.abs(z) * (draws[0] + 1j * draws[1])
    spectra = xr.DataArray(z, {"frequency": frequency}, ("spectrum", "frequency"), attrs={"units": "ohm"})
    iondrift.drt_bands(spectra, samples=1000)


CALLS = {"drift": drift, "drt": drt}
WARM = {"drift": 60, "drt": 20}


def measured(name: str, count: int) -> dict[str, float]:
    """Return what a call cost, in this process."""
    CALLS[name](WARM[name])
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    CALLS[name](count)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    cores = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cores": cores, "peak": after.ru_maxrss * 1024.0, "warm": before.ru_maxrss * 1024.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", default="200,2000,20000")
    parser.add_argument("--only", default=",".join(CALLS))
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measured(asked.one[0], int(asked.one[1]))))
        return
    print("call    units   wall ms a unit   core ms a unit   over the first   peak GB   libraries GB   kB a unit")
    for name in asked.only.split(","):
        first = 0.0
        for count in map(int, asked.counts.split(",")):
            command = [sys.executable, __file__, "--one", name, str(count)]
            found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            each = 1e3 * found["cores"] / count
            first = first or each
            print(
                f"{name:6s}{count:7d}{1e3 * found['seconds'] / count:17.3f}{each:17.3f}{each / first:17.2f}"
                f"{found['peak'] / 1e9:10.2f}{found['warm'] / 1e9:15.2f}"
                f"{(found['peak'] - found['warm']) / count / 1e3:12.1f}", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
