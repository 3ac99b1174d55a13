"""Standard normals as a pure function of a counter: Philox4x32-10, then Box-Muller.

Four 32-bit words ``w0..w3 = Philox(counter, key)`` give two independent pairs of normals

    z0 = r cos(phi),  z1 = r sin(phi),  r = sqrt(-2 log((w0 + 1/2) / 2^32)),
    theta = (pi / 2) ((w1 mod 2^30 + 1/2) / 2^30 - 1/2),
    phi = theta, pi/2 - theta, pi - theta, theta - pi/2 for the upper two bits 0, 1, 2, 3 of w1

(z2, z3 likewise from w2, w3); the four arcs tile the circle. Box-Muller beats the inverse distribution
function here: no table, hence no gather, so all of it runs in vector registers. |z| < 6.77; never infinite or NaN.

The kernel calls no mathematical library: integer operations, IEEE additions,
products, one quotient and one square root. So the bits depend on the counter and the key alone, not on the
number of lanes, the vector width, or the machine.

Sources: Salmon et al., SC'11, doi:10.1145/2063384.2063405 (Philox); Box and Muller, Ann. Math. Stat. 29, 610 (1958);
the polynomials of log, sine and cosine are those of FreeBSD's msun (e_log.c, k_sin.c, k_cos.c; Sun Microsystems).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel

FloatArray = npt.NDArray[np.float64]

GROUP = 4  # normals of one counter value: indices 4 group .. 4 group + 3

_ROUNDS = 10
_LOW = np.uint64(0xFFFFFFFF)
_HALF_WORD = np.uint64(32)
_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)  # golden ratio, sqrt(3) - 1

# A word below 2^52 under these exponent bits reads as the float 2^52 + word: an exact conversion in one OR.
_TWO_52_BITS = np.uint64(0x4330000000000000)
_TWO_52_LESS_HALF = 2.0**52 - 0.5

# Mantissas are taken from [sqrt(1/2), sqrt(2)), so that log keeps its relative precision next to u = 1.
_SQRT_HALF_BITS = np.uint64(0x3FE6A09E00000000)
_ONE_LESS_SQRT_HALF_BITS = np.uint64(0x3FF0000000000000 - 0x3FE6A09E00000000)
_MANTISSA = np.uint64(0x000FFFFFFFFFFFFF)
_MANTISSA_LENGTH = np.uint64(52)
_EXPONENT_OF_UNIT = 2.0**52 + 1023.0 + 32.0  # conversion, bias, and u = (w + 1/2) / 2^32
_MINUS_TWO_LOG_2 = -2.0 * math.log(2.0)

_ANGLE = np.uint64(0x3FFFFFFF)
_BIT_30, _BIT_31 = np.uint64(1 << 30), np.uint64(1 << 31)
_ANGLE_STEP = math.pi / 2.0 / 2.0**30
_TWO_52_AND_HALF_RANGE = 2.0**52 + 2.0**29


@kernel
def fill_words(
    seed: np.uint64 | int, replicate: int, time: int, group: int, source: int, out: npt.NDArray[np.uint64]
) -> None:
    """Philox4x32-10 words of consecutive replicates.

    Parameters
    ----------
    seed
        64-bit key, in [0, 2^64).
    replicate, time, group, source
        Counter, each taken modulo 2^32; ``replicate`` is that of lane 0.
    out
        (4, LANES): the words, 32 bits each.
    """
    key = np.uint64(seed)
    first = np.uint64(replicate)
    word_1 = np.uint64(time) & _LOW
    word_2 = np.uint64(group) & _LOW
    word_3 = np.uint64(source) & _LOW
    for lane in range(out.shape[1]):
        key_0 = key & _LOW
        key_1 = key >> _HALF_WORD
        c0 = (first + np.uint64(lane)) & _LOW
        c1, c2, c3 = word_1, word_2, word_3
        for _ in range(_ROUNDS):
            product_0 = _MULTIPLIER_0 * c0
            product_1 = _MULTIPLIER_1 * c2
            c0 = (product_1 >> _HALF_WORD) ^ c1 ^ key_0
            c2 = (product_0 >> _HALF_WORD) ^ c3 ^ key_1
            c1 = product_1 & _LOW
            c3 = product_0 & _LOW
            key_0 = (key_0 + _WEYL_0) & _LOW
            key_1 = (key_1 + _WEYL_1) & _LOW
        out[0, lane] = c0
        out[1, lane] = c1
        out[2, lane] = c2
        out[3, lane] = c3


@kernel
def _split(word: np.uint64) -> tuple[float, float]:
    """Return s and the rest of ``-2 log u = rest - 4 artanh s`` for the word's u; see e_log.c."""
    bits = np.uint64(word | _TWO_52_BITS)
    unit = np.float64(bits.view(np.float64) - _TWO_52_LESS_HALF)
    bits = np.uint64(unit.view(np.uint64) + _ONE_LESS_SQRT_HALF_BITS)
    shifted = np.uint64((bits >> _MANTISSA_LENGTH) | _TWO_52_BITS)
    bits = np.uint64((bits & _MANTISSA) + _SQRT_HALF_BITS)
    f = bits.view(np.float64) - 1.0
    return f / (2.0 + f), (shifted.view(np.float64) - _EXPONENT_OF_UNIT) * _MINUS_TWO_LOG_2


@kernel
def _radius(s: float, rest: float) -> float:
    z = s * s
    w = z * z
    odd = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    even = 2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)
    series = odd + z * (6.666666666666735130e-01 + w * even)
    return math.sqrt(rest - 2.0 * (s * (2.0 + series)))


@kernel
def _turn(radius: float, word: np.uint64) -> tuple[float, float]:
    """Return r cos phi and r sin phi."""
    bits = np.uint64((word & _ANGLE) | _TWO_52_BITS)
    angle = (bits.view(np.float64) - _TWO_52_AND_HALF_RANGE + 0.5) * _ANGLE_STEP
    z = angle * angle
    w = z * z
    low = 8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04 + z * 2.75573137070700676789e-06)
    series = low + z * w * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)
    sine = angle + z * angle * (-1.66666666666666324348e-01 + z * series)
    low = z * (4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * 2.48015872894767294178e-05))
    high = -2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)
    cosine = 1.0 - (0.5 * z - z * (low + w * w * high))
    long = radius * cosine
    short = radius * sine
    long = long if word & _BIT_31 == 0 else -long
    return (long, short) if word & _BIT_30 == 0 else (short, long)


@kernel
def turn_into_normals(words: npt.NDArray[np.uint64], out: FloatArray) -> None:
    """Box-Muller: ``words`` (4, LANES) of 32 bits, pairs side by side, into normals ``out`` (4, LANES).

    Three sweeps, each short enough that a processor works on several lanes while one waits for its quotient or root.
    """
    for lane in range(words.shape[1]):
        out[0, lane], out[1, lane] = _split(words[0, lane])
        out[2, lane], out[3, lane] = _split(words[2, lane])
    for lane in range(words.shape[1]):
        out[0, lane] = _radius(out[0, lane], out[1, lane])
        out[2, lane] = _radius(out[2, lane], out[3, lane])
    for first in range(0, 4, 2):
        for lane in range(words.shape[1]):
            out[first, lane], out[first + 1, lane] = _turn(out[first, lane], words[first + 1, lane])


@kernel
def fill_normals(
    seed: np.uint64 | int,
    replicate: int,
    time: int,
    group: int,
    source: int,
    words: npt.NDArray[np.uint64],
    out: FloatArray,
) -> None:
    """Four standard normals for every one of LANES consecutive replicates.

    Parameters
    ----------
    seed
        64-bit key, in [0, 2^64).
    replicate, time, group, source
        Counter, each taken modulo 2^32; ``replicate`` is that of lane 0.
    words
        Workspace (4, LANES).
    out
        (4, LANES): normals of indices 4 group .. 4 group + 3.
    """
    fill_words(seed, replicate, time, group, source, words)
    turn_into_normals(words, out)
