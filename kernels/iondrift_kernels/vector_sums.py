"""Sums of products in vector registers, added in one order on every processor.

A sum in the order of its index waits for each addition; letting the compiler choose another order would leave the bits
to the width of its registers. Here the order is fixed: LANES partial sums, product k into sum k mod LANES, each product
and each sum rounded, then halves upon halves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils as _untyped
from numba.extending import intrinsic, overload

from iondrift_kernels._jit import inlined_kernel

FloatArray = npt.NDArray[np.float64]

LANES = 16  # partial sums: two AVX-512 registers or four of AVX2, so that one addition need not wait for the last
_cgutils: Any = _untyped
_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_MASK = ir.VectorType(ir.IntType(1), LANES)
_INDEX = ir.IntType(64)


def dot(left: FloatArray, right: FloatArray, count: int) -> float:
    """Return the sum of left[k] right[k] over the first ``count`` entries of two contiguous rows."""
    sums = np.zeros(LANES)
    for first in range(0, count, LANES):
        last = min(first + LANES, count)
        sums[: last - first] += left[first:last] * right[first:last]
    while sums.size > 1:
        sums = sums[: sums.size // 2] + sums[sums.size // 2 :]
    return float(sums[0])


def _dot_in_registers(context: Any, left: Any, right: Any, count: Any) -> Any:
    """Write :func:`dot` in LLVM's own words: Numba has no vectors."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows = [
            context.make_array(kind)(context, builder, array).data
            for kind, array in zip(signature.args[:2], arguments, strict=False)
        ]
        count = arguments[2]
        whole = builder.and_(count, _INDEX(-LANES))
        sums = _cgutils.alloca_once_value(builder, _VECTOR([0.0] * LANES))

        def add(first: Any, load: Any) -> None:
            """Add the products of the LANES entries from ``first`` on."""
            a, b = (load(builder.gep(row, [first])) for row in rows)
            builder.store(builder.fadd(builder.load(sums), builder.fmul(a, b)), sums)

        step = _INDEX(LANES)
        with _cgutils.for_range_slice(builder, _INDEX(0), whole, step, _INDEX) as (first, _):
            add(first, lambda place: builder.load(builder.bitcast(place, _VECTOR.as_pointer()), align=8))
        with builder.if_then(builder.icmp_signed("<", whole, count)):
            rest = _spread(builder, builder.sub(count, whole), _INDEX)
            numbers = ir.Constant(ir.VectorType(_INDEX, LANES), list(range(LANES)))
            mask = builder.icmp_signed("<", numbers, rest)
            add(whole, lambda place: _masked_load(builder, place, mask))
        return _add_up(builder, builder.load(sums))

    return types.float64(left, right, types.int64), generate


def _spread(builder: Any, value: Any, kind: Any) -> Any:
    """Return a vector of LANES times ``value``."""
    vector = ir.VectorType(kind, LANES)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.IntType(32)(0))
    order = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), order)


def _masked_load(builder: Any, place: Any, mask: Any) -> Any:
    """Return what stands from ``place`` on where ``mask`` allows to look, zeros elsewhere."""
    pointer = _VECTOR.as_pointer()
    kind = ir.FunctionType(_VECTOR, (pointer, ir.IntType(32), _MASK, _VECTOR))
    load = _cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.load.v{LANES}f64.p0")
    zeros = ir.Constant(_VECTOR, [0.0] * LANES)
    return builder.call(load, (builder.bitcast(place, pointer), ir.IntType(32)(8), mask, zeros))


def _add_up(builder: Any, sums: Any) -> Any:
    """Return the sum of a vector's entries: the upper half onto the lower one until one is left."""
    width = LANES
    while width > 1:
        width //= 2
        halves = [
            builder.shuffle_vector(
                sums, sums, ir.Constant(ir.VectorType(ir.IntType(32), width), list(range(first, first + width)))
            )
            for first in (0, width)
        ]
        sums = builder.fadd(*halves)
    return builder.extract_element(sums, ir.IntType(32)(0))


_dot: Any = intrinsic(_dot_in_registers)


@overload(dot)
def _dot_compiled(left: Any, right: Any, count: Any) -> Any:
    for row in (left, right):
        if not (isinstance(row, types.Array) and row.ndim == 1 and row.layout == "C" and row.dtype == types.float64):
            return None

    def implementation(left: Any, right: Any, count: Any) -> Any:
        return _dot(left, right, types.int64(count))

    return implementation


@inlined_kernel
def dot_behind(left: FloatArray, right: FloatArray, count: int) -> float:
    """Return :func:`dot` of rows whose last entries have just been written, one by one.

    Those are read one by one, too: a load of many would wait until the last of them has reached the memory.
    """
    whole = count & -LANES
    value = dot(left, right, whole)
    for k in range(whole, count):
        value += left[k] * right[k]
    return value
