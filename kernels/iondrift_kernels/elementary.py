"""Exponential and logarithm in sums, products and bits, so that loops over them become vector instructions.

The library's functions are called number by number. Neither is for infinities or NaN: those must be looked for
elsewhere.

Source: the logarithm's polynomial is that of FreeBSD's msun (e_log.c; Sun Microsystems). :mod:`counter_normal` writes
it again, in the shape that a radius takes.
"""

from __future__ import annotations

import math

import numpy as np

from iondrift_kernels._jit import kernel

_LOG2_E = math.log2(math.e)
# ln 2 in two parts; the first has zeros at its end, so that its product with an exponent is exact.
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
_ROUND = 1.5 * 2.0**52  # what is added to it is rounded to an integer, held in its lowest bits
_MANTISSA_LENGTH = np.int64(52)
_EXPONENT_OF_ONE = np.int64(1023)
_TERM = tuple(1.0 / math.factorial(k) for k in range(14))  # of the exponential series

_TWO_52_BITS = np.int64(0x4330000000000000)  # a word below 2^52 under these bits reads as 2^52 + word
_EXPONENT_OFFSET = 2.0**52 + 1023.0
_MANTISSA = np.int64(0x000FFFFFFFFFFFFF)
# Mantissas are taken from [sqrt(1/2), sqrt(2)), so that log keeps its relative precision next to one.
_SQRT_HALF_BITS = np.int64(0x3FE6A09E00000000)
_ONE_LESS_SQRT_HALF_BITS = np.int64(0x3FF0000000000000 - 0x3FE6A09E00000000)


@kernel
def exponential(x: float) -> float:
    """exp(x) to two units in the last place, for |x| < 700.

    2^k is written as bits, the rest is a polynomial; no conversion to integers, which AVX2 has not for 64 bits. ``r``
    is exact because the first product is: sums must keep their order.
    """
    shifted = x * _LOG2_E + _ROUND
    power = shifted - _ROUND
    r = (x - power * _LN2_HIGH) - power * _LN2_LOW
    # Three sums of four terms side by side: a chain of twelve would wait for each product.
    square = r * r
    fourth = square * square
    low = (_TERM[2] + _TERM[3] * r) + (_TERM[4] + _TERM[5] * r) * square
    middle = (_TERM[6] + _TERM[7] * r) + (_TERM[8] + _TERM[9] * r) * square
    high = (_TERM[10] + _TERM[11] * r) + (_TERM[12] + _TERM[13] * r) * square
    p = low + (middle + high * fourth) * fourth
    bits = np.int64((np.float64(shifted).view(np.int64) + _EXPONENT_OF_ONE) << _MANTISSA_LENGTH)
    scale: float = bits.view(np.float64)
    return ((p * square + r) + 1.0) * scale


@kernel
def logarithm(x: float) -> float:
    """log(x) to two units in the last place, for normal x > 0."""
    bits = np.int64(np.float64(x).view(np.int64) + _ONE_LESS_SQRT_HALF_BITS)
    shifted = np.int64((bits >> _MANTISSA_LENGTH) | _TWO_52_BITS)
    power = shifted.view(np.float64) - _EXPONENT_OFFSET
    bits = np.int64((bits & _MANTISSA) + _SQRT_HALF_BITS)
    f = bits.view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 1.531383769920937332e-01 + z * 1.479819860511658591e-01
    p = 1.818357216161805012e-01 + z * p
    p = 2.222219843214978396e-01 + z * p
    p = 2.857142874366239149e-01 + z * p
    p = 3.999999999940941908e-01 + z * p
    p = 6.666666666666735130e-01 + z * p
    half_square = 0.5 * f * f
    low = s * (half_square + z * p) + power * _LN2_LOW
    return power * _LN2_HIGH - ((half_square - low) - f)
