"""Every public function in processes that differ in threads, target of compilation, and code of the libraries.

    python bench/bits.py [--quick]

The calls are those of ``tests/every_function.py``, and a series of 700 profiles of 90 points, of a size that threads of
linear algebra would divide. Printed for every process: how many arrays differ from those of the first, and by how much
the velocities, their bands and the distributions of relaxation times do, over the largest value of each array.
"""

from __future__ import annotations

import argparse
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np

HERE = Path(__file__).resolve()
TESTS = HERE.parents[1] / "tests"
SHOWN = {"reconstruct_drift": "drift_velocity", "drift_bands": "drift_velocity", "drt": "gamma", "drt_bands": "gamma"}
LIBRARIES = {
    "NumPy without AVX-512": {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL"},
    "mathematical library without AVX2 and FMA": {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F"},
    "OpenBLAS for Nehalem": {"OPENBLAS_CORETYPE": "Nehalem"},
}


def processes() -> dict[str, dict[str, str]]:
    """Return what each process finds in its environment."""
    features = llvm.get_host_cpu_features()
    for name in features:
        features[name] = bool(features[name]) and not name.startswith("avx512")
    return {
        "first": {},
        "one thread": {"NUMBA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        "compiled for generic x86-64": {"NUMBA_CPU_NAME": "generic"},
        "compiled for AVX2": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": features.flatten()},
        **LIBRARIES,
        "all three": {name: value for variables in LIBRARIES.values() for name, value in variables.items()},
    }


def compute(names: Sequence[str], path: Path) -> None:
    """Write all numbers that the jobs return."""
    sys.path.insert(0, str(TESTS))
    from every_function import JOBS, arrays
    from manufactured import C0, CASES, TEMPERATURE

    def long() -> object:
        import iondrift

        clean, voltage = CASES["layers"].data(700, 90)
        noisy = clean + 0.01 * C0 * np.random.default_rng(0).standard_normal(clean.shape)
        return iondrift.drift_bands(noisy, voltage, CASES["layers"].diffusivity, temperature=TEMPERATURE, samples=100)

    jobs = JOBS | {"drift_bands of 700 x 90": long}
    found = {
        (job, name): array for job in names or jobs for name, array in arrays(jobs[job]()) if array.dtype.kind in "fc"
    }
    path.write_bytes(pickle.dumps(found))


def largest(job: str, first: dict, other: dict) -> float:
    """Return the largest difference of what is shown of a function, over the largest value."""
    apart = [0.0]
    for key, value in first.items():
        if key[0].split()[0] == job and key[1] == f".{SHOWN[job]}":
            apart.append(float(np.nanmax(abs(other[key] - value)) / np.nanmax(abs(value))))
    return max(apart)


def main(names: Sequence[str] = (), chosen: Sequence[str] | None = None) -> None:
    """Print the table for these jobs, or all, in these processes, or all."""
    found: dict[str, dict] = {}
    with tempfile.TemporaryDirectory() as folder:
        for process, variables in processes().items():
            if chosen is None or process in chosen:
                path = Path(folder) / "numbers"
                command = [sys.executable, str(HERE), "--into", str(path), *names]
                subprocess.run(command, check=True, env={**os.environ, **variables})
                found[process] = pickle.loads(path.read_bytes())
    first = next(iter(found.values()))
    print("| process | arrays that differ | " + " | ".join(f"{name}, {job}" for job, name in SHOWN.items()) + " |")
    for process, other in found.items():
        differing = sum(not np.array_equal(value, other[key], equal_nan=True) for key, value in first.items())
        apart = " | ".join(f"{largest(job, first, other):.0e}" for job in SHOWN)
        print(f"| {process} | {differing} of {len(first)} | {apart} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="Two processes and one function.")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.into:
        compute(options.names, options.into)
    elif options.quick:
        main(["kramers_kronig"], ["first", "one thread"])
    else:
        main(options.names)
