"""Sums of products in vector registers: the order that is promised, whatever the length."""

from __future__ import annotations

import math

import numpy as np
import pytest

from iondrift_kernels._jit import kernel
from iondrift_kernels.vector_sums import LANES, dot, dot_behind


@kernel
def compiled(left, right, count):
    return dot(left, right, count)


@kernel
def compiled_behind(left, right, count):
    return dot_behind(left, right, count)


@pytest.mark.parametrize("count", [0, 1, LANES - 1, LANES, LANES + 1, 2 * LANES, 3 * LANES + 7, 1000])
def test_bits_are_those_of_the_definition(count):
    left, right = np.random.default_rng(count).standard_normal((2, count + 5))
    left[count:] = np.nan  # what lies beyond is not read into the sum
    exact = math.fsum(left[:count] * right[:count])
    assert compiled(left, right, count) == dot(left, right, count) == pytest.approx(exact, rel=1e-13, abs=1e-13)
    assert compiled_behind(left, right, count) == pytest.approx(exact, rel=1e-13, abs=1e-13)


def test_nan_stays_nan():
    row = np.ones(40)
    row[37] = np.nan
    assert math.isnan(compiled(row, row, 40))
    assert compiled(row, row, 37) == 37.0
