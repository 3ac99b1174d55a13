"""Several quantiles of one sample without sorting it: order statistics by binning.

    Q(p) = v_k + (h - k) (v_(k+1) - v_k),   h = p (n - 1),   k = floor(h)

for the sorted sample ``v_0 <= .. <= v_(n-1)``: definition 7 of Hyndman and Fan, Am. Stat. 50, 361 (1996), NumPy's
default. All levels share four passes: extremes, bin numbers, counts, and a gathering of the few bins that hold a
wanted order statistic; only those are sorted. A bin that holds many (ties, outliers, heavy tails) is binned again,
and after ``_DEPTH`` rounds sorted by heap, so the worst case is O(n log n). The order statistics are exact.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift_kernels._jit import kernel

FloatArray = npt.NDArray[np.float64]
IntegerArray = npt.NDArray[np.int64]

_BINS = 512
_SMALL = 40  # sorted by insertion up to here; binned again above
_DEPTH = 4  # rounds of binning before the heap takes over

# Floats order as their bits do once the magnitude bits of negative ones are turned over. Integers have no NaN to
# mind, so the pass over them vectorises; every NaN lands beyond the key of an infinity.
_MAGNITUDE = np.int64(0x7FFFFFFFFFFFFFFF)
_SIGN = np.int64(63)
_KEY_INFINITY = np.int64(0x7FF0000000000000)
_KEY_MINUS_INFINITY = np.int64(-0x7FF0000000000001)
# Columns of a segment: where its values lie, how many lie below it, and which ranks are wanted of it.
_START, _STOP, _BASE, _FIRST, _LAST = 0, 1, 2, 3, 4


class QuantileWorkspace(NamedTuple):
    """Scratch arrays of :func:`quantiles`, one set a thread; contents mean nothing between calls."""

    candidates: FloatArray  # (2, capacity): values of the bins that matter, from round to round
    bins: npt.NDArray[np.uint16]  # (capacity,)
    picks: npt.NDArray[np.uint32]  # (capacity,): where those values stand
    counts: IntegerArray  # (BINS,): counts, then where the bin's next value goes
    wanted: npt.NDArray[np.uint8]  # (BINS,): 1 where a bin holds a wanted order statistic
    ranks: IntegerArray  # (2 levels + 1,): wanted order statistics, ascending, and a sentinel
    statistics: FloatArray  # (2 levels,): their values
    segments: IntegerArray  # (2, 2 levels, 5): start, stop, rank of the smallest, first and last wanted


@kernel
def make_workspace(capacity: int, levels: int) -> QuantileWorkspace:
    """Allocate scratch for samples of up to ``capacity`` (< 2^32) values and up to ``levels`` levels."""
    return QuantileWorkspace(
        np.empty((2, capacity), dtype=np.float64),
        np.empty(capacity, dtype=np.uint16),
        np.empty(capacity, dtype=np.uint32),
        np.empty(_BINS, dtype=np.int64),
        np.empty(_BINS, dtype=np.uint8),
        np.empty(2 * levels + 1, dtype=np.int64),
        np.empty(2 * levels, dtype=np.float64),
        np.empty((2, 2 * levels, 5), dtype=np.int64),
    )


# Of the helpers below, those that pass over many values start at 0, lest numba's wraparound of negative indices
# keep the loop from vectorising; the others take whole arrays, for slices and tuples count references atomically.


@kernel
def _extreme_keys(values: FloatArray) -> tuple[np.int64, np.int64]:
    low = _MAGNITUDE
    high = ~_MAGNITUDE
    for i in range(values.shape[0]):
        bits = np.float64(values[i]).view(np.int64)
        key = bits ^ ((bits >> _SIGN) & _MAGNITUDE)
        low = min(low, key)
        high = max(high, key)
    return low, high


@kernel
def _from_key(key: np.int64) -> np.float64:
    bits = np.int64(key ^ ((key >> _SIGN) & _MAGNITUDE))
    return bits.view(np.float64)


@kernel
def _sort_by_insertion(out: FloatArray) -> None:
    for i in range(1, out.shape[0]):
        value = out[i]
        j = i
        while j > 0 and out[j - 1] > value:
            out[j] = out[j - 1]
            j -= 1
        out[j] = value


@kernel
def _sort_by_heap(out: FloatArray) -> None:
    end = out.shape[0]
    root = end // 2
    while end > 1:
        if root > 0:  # the heap is still being built
            root -= 1
            value = out[root]
        else:
            end -= 1
            value = out[end]
            out[end] = out[0]
        parent = root
        child = 2 * parent + 1
        while child < end:
            if child + 1 < end and out[child + 1] > out[child]:
                child += 1
            if not out[child] > value:
                break
            out[parent] = out[child]
            parent = child
            child = 2 * parent + 1
        out[parent] = value


@kernel
def _bin_numbers(values: FloatArray, low: float, scale: float, out: npt.NDArray[np.uint16]) -> None:
    """Ascending in the value: difference, product and truncation all round monotonically."""
    for i in range(values.shape[0]):
        out[i] = np.uint16(np.int32((values[i] - low) * scale))


@kernel
def _count(numbers: npt.NDArray[np.uint16], size: int, bins: int, out: IntegerArray) -> None:
    for b in range(bins):
        out[b] = 0
    for i in range(size):
        out[numbers[i]] += 1


@kernel
def _list_wanted_bins(
    number: int,
    base: int,
    first: int,
    last: int,
    ranks: IntegerArray,
    row: int,
    filled: int,
    counts: IntegerArray,
    wanted: npt.NDArray[np.uint8],
    segments: IntegerArray,
) -> int:
    """Mark the bins that hold the ranks ``first .. last - 1`` and give each a segment from ``filled`` on.

    ``counts`` of a wanted bin becomes the start of its segment. Returns the row after the last one written.
    """
    for b in range(number):
        wanted[b] = 0
    below = base
    rank = first
    for b in range(number):
        above = below + counts[b]
        if ranks[rank] < above:
            segments[row, _START] = filled
            segments[row, _BASE] = below
            segments[row, _FIRST] = rank
            while rank < last and ranks[rank] < above:
                rank += 1
            wanted[b] = 1
            counts[b] = filled
            filled += above - below
            segments[row, _STOP] = filled
            segments[row, _LAST] = rank
            row += 1
            if rank == last:
                break
        below = above
    return row


@kernel
def _gather(
    source: FloatArray,
    numbers: npt.NDArray[np.uint16],
    wanted: npt.NDArray[np.uint8],
    picks: npt.NDArray[np.uint32],
    counts: IntegerArray,
    out: FloatArray,
) -> None:
    """Copy the values of the wanted bins to their segments."""
    picked = np.int64(0)
    for i in range(source.shape[0]):  # without a branch: what is wanted is rare and unpredictable
        picks[picked] = i
        picked += np.int64(wanted[numbers[i]])
    for j in range(picked):
        i = picks[j]
        b = numbers[i]
        out[counts[b]] = source[i]
        counts[b] += 1


@kernel
def _rank_neighbours(count: int, levels: FloatArray, out: IntegerArray) -> None:
    """Ranks of both neighbours of every level, ascending, then the sentinel ``count``."""
    size = 0
    for level in range(levels.shape[0]):
        rank = int(levels[level] * (count - 1))
        for neighbour in range(2):
            wanted = min(rank + neighbour, count - 1)
            j = size
            while j > 0 and out[j - 1] > wanted:
                out[j] = out[j - 1]
                j -= 1
            out[j] = wanted
            size += 1
    out[size] = count


@kernel
def _find_order_statistics(
    values: FloatArray, low: float, high: float, last_rank: int, workspace: QuantileWorkspace
) -> None:
    """Fill ``statistics[:last_rank]`` with the order statistics of ``ranks[:last_rank]``, given both extremes."""
    candidates, numbers, picks, counts, wanted, ranks, statistics, segments = workspace
    source, target, spare = values, candidates[0], candidates[1]
    segments[0, 0, _START], segments[0, 0, _STOP], segments[0, 0, _BASE] = 0, values.shape[0], 0
    segments[0, 0, _FIRST], segments[0, 0, _LAST] = 0, last_rank
    rows = 1
    for depth in range(_DEPTH + 1):
        side = depth % 2
        following, filled = 0, 0
        for row in range(rows):
            start, stop, base = segments[side, row, _START], segments[side, row, _STOP], segments[side, row, _BASE]
            first, last = segments[side, row, _FIRST], segments[side, row, _LAST]
            part = source[start:stop]
            size = stop - start
            number = min(_BINS, max(16, size // 2))
            scale = 0.0
            if size > _SMALL and depth < _DEPTH:
                if depth > 0:
                    low_key, high_key = _extreme_keys(part)
                    low, high = _from_key(low_key), _from_key(high_key)
                if low == high:
                    for rank in range(first, last):
                        statistics[rank] = low
                    continue
                scale = (number - 0.5) / (high - low)
            if 0.0 < scale < math.inf:
                _bin_numbers(part, low, scale, numbers)
                _count(numbers, size, number, counts)
                following = _list_wanted_bins(
                    number, base, first, last, ranks, following, filled, counts, wanted, segments[1 - side]
                )
                filled = segments[1 - side, following - 1, _STOP]
                _gather(part, numbers, wanted, picks, counts, target)
            else:  # few; or no rounds left, infinities, a range that overflows or is subnormal
                if depth == 0:  # the sample stays as it is
                    part = target[:size]
                    for i in range(size):
                        part[i] = values[i]
                if size <= _SMALL:
                    _sort_by_insertion(part)
                else:
                    _sort_by_heap(part)
                for rank in range(first, last):
                    statistics[rank] = part[ranks[rank] - base]
        source, target, spare = target, spare, target
        rows = following


@kernel
def _interpolate(count: int, levels: FloatArray, ranks: IntegerArray, statistics: FloatArray, out: FloatArray) -> None:
    for level in range(levels.shape[0]):
        position = levels[level] * (count - 1)
        rank = int(position)
        fraction = position - rank
        j = 0
        while ranks[j] < rank:
            j += 1
        lower = statistics[j]
        while ranks[j] < min(rank + 1, count - 1):
            j += 1
        upper = statistics[j]
        if fraction == 0.0 or lower == upper:
            out[level] = lower
        elif not math.isfinite(upper - lower):  # an infinity, or a difference that overflows
            out[level] = lower * (1.0 - fraction) + upper * fraction
        elif fraction < 0.5:
            out[level] = lower + (upper - lower) * fraction
        else:  # as NumPy does: exact at the upper end
            out[level] = upper - (upper - lower) * (1.0 - fraction)


@kernel
def quantiles(
    values: FloatArray, count: int, levels: FloatArray, workspace: QuantileWorkspace, out: FloatArray
) -> None:
    """Quantiles of ``values[:count]``, interpolated linearly between order statistics.

    Parameters
    ----------
    values
        Sample, contiguous (at least ``count``,); left as it is.
    count
        How many values count. 0 gives NaN.
    levels
        (L,), each in [0, 1], in any order.
    workspace
        Of :func:`make_workspace`, for at least ``count`` values and L levels.
    out
        (L,). All NaN where one value is NaN. An order statistic that needs no interpolation is returned as it is,
        infinite or not; between infinities of both signs the quantile is NaN.
    """
    sample = values[:count]
    low_key, high_key = _extreme_keys(sample)
    if count == 0 or low_key < _KEY_MINUS_INFINITY or high_key > _KEY_INFINITY:
        for level in range(levels.shape[0]):
            out[level] = math.nan
        return
    _rank_neighbours(count, levels, workspace.ranks)
    _find_order_statistics(sample, _from_key(low_key), _from_key(high_key), 2 * levels.shape[0], workspace)
    _interpolate(count, levels, workspace.ranks, workspace.statistics, out)


@kernel
def quantiles_of_rows(rows: FloatArray, levels: FloatArray, out: FloatArray) -> None:
    """Write the quantiles of every row, ``rows`` (samples, n) at ``levels`` (L,), into ``out`` (samples, L)."""
    workspace = make_workspace(rows.shape[1], levels.shape[0])
    for s in range(rows.shape[0]):
        quantiles(rows[s], rows.shape[1], levels, workspace, out[s])
