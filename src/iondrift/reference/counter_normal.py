"""Counter-based normals in plain NumPy: Philox4x32-10 by the paper, Box-Muller by the formula."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray

WordArray = npt.NDArray[np.uint64]


def philox(counter: tuple[npt.ArrayLike, ...], key: tuple[int, int]) -> WordArray:
    """Return words (4, ...) of four broadcastable counter words and two key words, all 32 bits (Salmon et al. 2011)."""
    x = [np.asarray(word, dtype=np.uint64) for word in counter]
    for turn in range(10):
        left = (key[0] + turn * 0x9E3779B9) % 2**32
        right = (key[1] + turn * 0xBB67AE85) % 2**32
        high_0, low_0 = np.divmod(x[0] * np.uint64(0xD2511F53), np.uint64(2**32))
        high_1, low_1 = np.divmod(x[2] * np.uint64(0xCD9E8D57), np.uint64(2**32))
        x = [high_1 ^ x[1] ^ np.uint64(left), low_1, high_0 ^ x[3] ^ np.uint64(right), low_0]
    return np.stack(np.broadcast_arrays(*x))


def normals(
    seed: int, replicate: npt.ArrayLike, time: npt.ArrayLike, group: npt.ArrayLike, source: npt.ArrayLike
) -> FloatArray:
    """Return normals (4, ...) of indices 4 group .. 4 group + 3; the counter broadcasts."""
    words = philox((replicate, time, group, source), (seed % 2**32, seed >> 32)).astype(np.float64)
    radius = np.sqrt(-2.0 * np.log((words[0::2] + 0.5) / 2.0**32))
    arc, within = np.divmod(words[1::2], 2.0**30)
    theta = np.pi / 2.0 * ((within + 0.5) / 2.0**30 - 0.5)
    phi = np.choose(arc.astype(int), [theta, np.pi / 2.0 - theta, np.pi - theta, theta - np.pi / 2.0])
    return np.stack(
        [radius[0] * np.cos(phi[0]), radius[0] * np.sin(phi[0]), *(radius[1] * [np.cos(phi[1]), np.sin(phi[1])])]
    )
