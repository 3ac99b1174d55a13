"""Threads while iondrift computes, and as the caller had them afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import numba
import pytest
import threadpoolctl

from iondrift import threads
from iondrift.errors import ConfigurationError
from iondrift.threads import bounded_threads


def algebra_threads() -> set[int]:
    """Return the numbers of threads of the libraries that have any: a solver's own may be built without."""
    pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    return {pool["num_threads"] for pool in pools if pool["threading_layer"] != "disabled"}


@bounded_threads
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
    @bounded_threads
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


@bounded_threads
def kernel_threads() -> int:
    return numba.get_num_threads()


def test_kernels_work_on_the_processors_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    before = numba.get_num_threads()
    for granted, expected in ((1, 1), (before + 5, before)):
        monkeypatch.setattr(threads, "processors", lambda granted=granted: granted)
        assert kernel_threads() == expected
        assert numba.get_num_threads() == before


def test_a_number_that_the_user_names_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", str(numba.get_num_threads()))
    monkeypatch.setattr(threads, "processors", lambda: 1)
    assert kernel_threads() == numba.get_num_threads()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("NUMBA_NUM_THREADS", text) for text in ("0", "-1", "many", "", "1.5", "99999", "٣", "9" * 5000)]
    + [("NUMBA_THREADING_LAYER", text) for text in ("nonsense", "")],
)
def test_variables_that_numba_stumbles_over_are_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=rf"^{variable}: the environment says .*unset the variable$") as caught:
        kernel_threads()
    assert len(str(caught.value)) < 200


def test_a_pool_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba.np.ufunc.tbbpool", None)
    monkeypatch.setenv("NUMBA_THREADING_LAYER", "TBB")
    with pytest.raises(ConfigurationError, match=r"'TBB', which is not installed; here are .*workqueue"):
        kernel_threads()
    monkeypatch.setenv("NUMBA_THREADING_LAYER", "workqueue")
    assert kernel_threads() >= 1
