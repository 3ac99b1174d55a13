"""Same input, same bits: compiled just now or loaded, in any order, on one thread or two.

Two empty caches are filled by processes that call every public function, one from first to last on two threads, the
other from last to first on one; two more find what those compiled, the other way round.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl

import iondrift
from every_function import JOBS

PROGRAM = Path(__file__).with_name("every_function.py")
ROOTS = [str(Path(__file__).parents[1] / name) for name in ("src", "kernels")]


def call(names: list[str], **environment: str) -> dict[str, dict[str, str]]:
    """Return the digests of the jobs of a fresh process."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), *names], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(ROOTS), **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = map(json.loads, done.stdout.splitlines())
    return {line["name"]: line["digests"] for line in lines}


def on_threads(count: int, cache: Path) -> dict[str, str]:
    return {"NUMBA_CACHE_DIR": str(cache), "NUMBA_NUM_THREADS": str(count), "OPENBLAS_NUM_THREADS": str(count)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bits")


@pytest.fixture(scope="module")
def runs(folder: Path) -> dict[str, dict[str, dict[str, str]]]:
    names = list(JOBS)
    orders = {"forwards": names, "backwards": names[::-1]}
    found = {}
    with ThreadPoolExecutor(2) as pool:  # the first two fill a cache each
        for rounds in ((("forwards", 2, "a"), ("backwards", 1, "b")), (("backwards", 1, "a"), ("forwards", 2, "b"))):
            waiting = {
                f"{order}, {threads} thread(s), cache {cache}": pool.submit(
                    call, orders[order], **on_threads(threads, folder / cache)
                )
                for order, threads, cache in rounds
            }
            found |= {name: future.result() for name, future in waiting.items()}
    return found


def test_every_public_function_has_a_job() -> None:
    # those two read what a run has written, one draws a bar; the others are modules
    functions = {name for name in iondrift.__all__ if not isinstance(getattr(iondrift, name), type)}
    functions -= {"open_results", "compare", "progress_bar", "errors", "plot"}
    assert functions <= {name.split()[0] for name in JOBS}


def test_bits_do_not_depend_on_cache_order_or_threads(runs: dict[str, dict[str, dict[str, str]]]) -> None:
    (first, expected), *others = runs.items()
    for name, found in others:
        changed = [
            f"{job}{array}"
            for job, digests in expected.items()
            for array in {**digests, **found[job]}
            if digests.get(array) != found[job].get(array)
        ]
        assert not changed, f"{name} against {first}: {len(changed)} arrays, {changed[:20]}"


@pytest.mark.usefixtures("runs")  # which compile what is needed here
def test_draws_do_not_depend_on_the_library_of_linear_algebra(folder: Path) -> None:
    """Its code for another processor gives eigenvectors other signs: bits may differ, draws may not."""
    libraries = [pool for pool in threadpoolctl.threadpool_info() if pool["internal_api"] == "openblas"]
    if not any(pool.get("architecture") not in (None, "Nehalem") for pool in libraries):
        pytest.skip("no OpenBLAS with code for several processors")
    code = (
        "import sys, numpy; from every_function import bands; numpy.savez(sys.argv[1], **{name: value.values"
        " for name, value in bands('voltage', 'exponential').data_vars.items() if value.dtype.kind == 'f'})"
    )
    values = []
    for number, environment in enumerate(({}, {"OPENBLAS_CORETYPE": "Nehalem"})):
        path = folder / f"{number}.npz"
        roots = os.pathsep.join([*ROOTS, str(PROGRAM.parent)])
        environment = {**os.environ, **on_threads(2, folder / "a"), "PYTHONPATH": roots, **environment}
        subprocess.run([sys.executable, "-c", code, str(path)], check=True, env=environment)
        values.append(np.load(path))
    for name, expected in values[0].items():
        if not name.endswith("error"):  # how well a quantile is known: differences of neighbouring draws
            np.testing.assert_allclose(values[1][name], expected, rtol=0.0, atol=1e-6 * np.nanmax(abs(expected)))
