"""Linear algebra on one thread while iondrift computes, and as the caller had it afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
import threadpoolctl

from iondrift.threads import one_algebra_thread


def algebra_threads() -> set[int]:
    """Return the numbers of threads of the libraries that have any: a solver's own may be built without."""
    pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    return {pool["num_threads"] for pool in pools if pool["threading_layer"] != "disabled"}


@one_algebra_thread
def inside(seconds: float = 0.0) -> set[int]:
    sleep(seconds)
    return algebra_threads()


@pytest.fixture(autouse=True)
def _two_threads():
    import scipy.linalg  # its library counts, too  # noqa: F401

    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        if algebra_threads() != {2}:
            pytest.skip("the library of linear algebra here works on one thread only")
        yield


def test_one_thread_inside_and_the_callers_number_behind() -> None:
    assert inside() == {1}
    assert algebra_threads() == {2}


def test_the_callers_number_returns_after_an_error() -> None:
    @one_algebra_thread
    def fails() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        fails()
    assert algebra_threads() == {2}


def test_calls_that_overlap_in_threads_stay_on_one_and_restore_at_the_end() -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(inside, [0.05, 0.01, 0.1, 0.02, 0.03, 0.0]))
    assert found == [{1}] * 6
    assert algebra_threads() == {2}


def test_importing_sets_nothing_in_the_environment() -> None:
    code = "import os; before = dict(os.environ); import iondrift; iondrift.drt; print(dict(os.environ) == before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "True"
