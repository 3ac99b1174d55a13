"""Counter-based normals against published words and plain NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from iondrift.reference import counter_normal as reference
from iondrift_kernels import counter_normal as kernels

SEED = 0x0123456789ABCDEF
LAST = 2**32 - 1

# Random123 1.x, tests/kat_vectors, philox4x32 with 10 rounds: counter, key, words.
PUBLISHED = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((LAST, LAST, LAST, LAST), (LAST, LAST), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def draw(seed, replicate, time, group, source, lanes):
    out = np.full((4, lanes), np.nan)
    words = np.empty((4, lanes), dtype=np.uint64)
    kernels.fill_normals(np.uint64(seed), replicate, time, group, source, words, out)
    return out


@pytest.mark.parametrize(("counter", "key", "words"), PUBLISHED)
def test_words_are_the_published_ones(counter, key, words):
    out = np.empty((4, 1), dtype=np.uint64)
    kernels.fill_words(np.uint64(key[0] | key[1] << 32), *counter, out)
    assert tuple(out[:, 0]) == words
    assert tuple(reference.philox(counter, key)) == words


def test_words_and_normals_equal_plain_numpy():
    lanes = 19
    words = np.empty((4, lanes), dtype=np.uint64)
    kernels.fill_words(np.uint64(SEED), 100, 7, 3, 2, words)
    replicates = np.arange(100, 100 + lanes)
    np.testing.assert_array_equal(words, reference.philox((replicates, 7, 3, 2), (SEED % 2**32, SEED >> 32)))
    expected = reference.normals(SEED, replicates, 7, 3, 2)
    np.testing.assert_allclose(draw(SEED, 100, 7, 3, 2, lanes), expected, rtol=0.0, atol=4e-15)


def test_bits_depend_neither_on_lanes_nor_on_where_a_chunk_starts():
    whole = draw(SEED, 1000, 5, 6, 1, 71)
    for start, lanes in [(0, 8), (3, 16), (8, 32), (39, 32), (70, 1), (13, 58)]:
        np.testing.assert_array_equal(draw(SEED, 1000 + start, 5, 6, 1, lanes), whole[:, start : start + lanes])


def test_compiled_bits_are_those_of_the_interpreter():
    lanes = 9
    words = np.empty((4, lanes), dtype=np.uint64)
    out = np.empty((4, lanes))
    interpreted = np.empty((4, lanes))
    kernels.fill_words(np.uint64(SEED), 0, 1, 2, 3, words)
    kernels.turn_into_normals(words, out)
    python = getattr(kernels.turn_into_normals, "py_func", kernels.turn_into_normals)
    python(words, interpreted)
    np.testing.assert_array_equal(out, interpreted)


def test_every_counter_word_and_both_key_words_matter():
    base = {"seed": SEED, "replicate": 1, "time": 2, "group": 3, "source": 4, "lanes": 1}
    drawn = [draw(**base)]
    drawn += [draw(**(base | {name: base[name] + 1})) for name in ("seed", "replicate", "time", "group", "source")]
    drawn.append(draw(**(base | {"seed": SEED + 2**32})))
    assert len(np.unique(np.concatenate(drawn))) == 4 * len(drawn)


def test_replicates_wrap_at_32_bits():
    np.testing.assert_array_equal(draw(SEED, LAST, 0, 0, 0, 2)[:, 1:], draw(SEED, 0, 0, 0, 0, 1))


def test_extreme_words_give_finite_normals_of_full_precision():
    edges = np.array(
        [0, 1, 2**29, 2**30 - 1, 2**30, 2**31 - 1, 2**31, 3 * 2**30, 3037000499, 3037000500, LAST - 1, LAST]
    )
    radial, angular = (grid.ravel().astype(np.uint64) for grid in np.meshgrid(edges, edges))
    normals = np.empty((4, radial.size))
    kernels.turn_into_normals(np.stack([radial, angular, angular, radial]), normals)
    out = normals[:2]
    # log1p of the exact distance from 1: log itself loses digits there.
    distance = (2.0**32 - radial.astype(float) - 0.5) / 2.0**32
    radius = np.sqrt(-2.0 * np.log1p(-distance))
    # 1 - distance is rounded for the smallest words; log of the exact quotient serves them.
    small = radial < 2**20
    radius[small] = np.sqrt(-2.0 * np.log((radial[small] + 0.5) / 2.0**32))
    np.testing.assert_allclose(np.hypot(out[0], out[1]), radius, rtol=1e-15)
    assert np.abs(out).max() <= math.sqrt(66.0 * math.log(2.0))
    assert np.abs(out).max() > 6.7


def test_the_four_arcs_tile_the_circle():
    step = 2**26
    angular = np.arange(0, 2**32, step, dtype=np.uint64)
    radial = np.full(angular.size, 2**31, dtype=np.uint64)
    normals = np.empty((4, angular.size))
    kernels.turn_into_normals(np.stack([radial, angular, angular, radial]), normals)
    out = normals[:2]
    angle = np.sort(np.arctan2(out[1], out[0]))
    # A mirrored arc meets its neighbour within one word step of 2 pi / 2^32.
    gaps = np.diff(np.append(angle, angle[0] + 2.0 * np.pi))
    assert gaps.max() < 2.0 * np.pi / angular.size * 2.01
    assert (
        np.bincount(np.floor((angle + 1.25 * np.pi) / (np.pi / 2.0)).astype(int) % 4).tolist()
        == [angular.size // 4] * 4
    )
