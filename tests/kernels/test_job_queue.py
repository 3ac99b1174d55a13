"""The queue from which threads take their jobs."""

from __future__ import annotations

import threading

import numba
import numpy as np

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
