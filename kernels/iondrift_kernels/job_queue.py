"""A queue of jobs for the threads of one loop: whichever is free takes the next.

Jobs differ in cost, by an order of magnitude in a series that drifts, and a core may be taken away for a while: shares
fixed beforehand leave one thread waiting for the other. What a job computes must not depend on who takes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types
from numba.extending import intrinsic, overload

IntArray = npt.NDArray[np.int64]


def take(queue: IntArray) -> int:
    """Return the number of the next job, counting up ``queue[0]``; no two threads get the same one."""
    job = int(queue[0])
    queue[0] = job + 1
    return job


def _increment_at_once(context: Any, queue: Any) -> Any:
    """Read and increment queue[0] in one atomic instruction, which Numba offers for GPUs alone."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.atomic_rmw("add", array.data, context.get_constant(types.int64, 1), "monotonic")

    return types.int64(queue), generate


_increment: Any = intrinsic(_increment_at_once)


@overload(take)
def _take_compiled(queue: Any) -> Any:
    def implementation(queue: Any) -> Any:
        return _increment(queue)

    return implementation
