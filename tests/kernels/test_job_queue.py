"""The queue from which threads take their jobs."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest

from iondrift_kernels import job_queue
from iondrift_kernels._jit import kernel


@kernel
def _drain(queue, out):
    job = job_queue.take(queue)
    while job < out.size:
        out[job] += 1
        job = job_queue.take(queue)


def test_queue_gives_every_job_once_whoever_asks():
    queue, taken = np.zeros(1, np.int64), np.zeros(20_000, np.int64)
    _drain(np.zeros(1, np.int64), taken[:0])  # compiled before the threads race
    count = 1 if numba.config.DISABLE_JIT else 4  # interpreted there is one thread, and nothing is atomic
    threads = [threading.Thread(target=_drain, args=(queue, taken)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (taken == 1).all()
    assert queue[0] == taken.size + len(threads)


@kernel
def _refuse_the_last(queue, out):
    job = job_queue.take(queue)
    while job < out.size:
        if job == out.size - 1:
            raise ValueError("the last one")
        out[job] += 1
        job = job_queue.take(queue)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_shared_jobs_are_done_once_each(workers):
    done = np.zeros(10_000, np.int64)
    job_queue.share(workers, _drain, done)
    assert (done == 1).all()


def test_an_error_reaches_who_asked_whichever_thread_it_struck():
    for _ in range(20):
        with pytest.raises(ValueError, match="the last one"):
            job_queue.share(3, _refuse_the_last, np.zeros(5000, np.int64))


def test_calls_from_several_threads_do_not_wait_for_each_other_in_a_circle():
    def call(_):
        done = np.zeros(2000, np.int64)
        job_queue.share(8, _drain, done)
        return (done == 1).all()

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(call, range(60)))


def test_calls_side_by_side_give_their_answers_in_order_also_within_each_other():
    def fifth(k):
        return sum(job_queue.together([lambda j=j: 5 * k + j for j in range(5)]))

    assert job_queue.together([]) == []
    for _ in range(20):
        answers = job_queue.together([lambda k=k: fifth(k) for k in range(8)])
        assert answers == [25 * k + 10 for k in range(8)]


def test_calls_side_by_side_work_on_as_many_threads_as_the_caller_may():
    most = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        names = job_queue.together([lambda: threading.current_thread().name for _ in range(5)])
    finally:
        numba.set_num_threads(most)
    assert set(names) == {threading.current_thread().name}


def test_an_error_of_one_of_the_calls_reaches_who_asked():
    def refuse():
        raise ValueError("the second one")

    for _ in range(20):
        with pytest.raises(ValueError, match="the second one"):
            job_queue.together([lambda: 1, refuse, lambda: 3])


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # with threads alive, which is what is asked here
def test_a_forked_process_gets_threads_of_its_own():
    done = np.zeros(1000, np.int64)
    job_queue.share(4, _drain, done)
    child = os.fork()
    if child == 0:
        job_queue.share(4, _drain, done)
        os._exit(0 if (done == 2).all() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
