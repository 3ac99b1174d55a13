"""Cubic B-spline bases in space and time: values, derivatives, antiderivatives, roughness penalties."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.interpolate import BSpline

from iondrift.cast import FloatArray

DEGREE = 3
_GAUSS_NODES, _GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(4)


def knots_at_sites(sites: FloatArray) -> FloatArray:
    """Return clamped cubic knots with as many basis functions as sites (de Boor's averages of sites)."""
    inner = (sites[1:-3] + sites[2:-2] + sites[3:-1]) / 3.0
    return np.concatenate([np.full(4, sites[0]), inner, np.full(4, sites[-1])])


def knots_with_breaks(sites: FloatArray, breaks: FloatArray) -> FloatArray:
    """Return clamped cubic knots over ``sites`` with a kink allowed at every break (triple knots).

    A short piece gets as many interior knots as its sites support, a long one three for ten sites: what profiles of
    one series can resolve through their noise, at a condition number that leaves digits.
    """
    edges = np.concatenate([[sites[0]], breaks, [sites[-1]]])
    pieces = []
    for left, right in pairwise(edges):
        inside = sites[(sites >= left) & (sites <= right)]
        count = max(min(inside.size - 4, int(8 + 0.3 * inside.size)), 0)
        levels = np.arange(1, count + 1) / (count + 1)
        pieces.append(np.quantile(np.concatenate([[left], inside, [right]]), levels))
        pieces.append(np.full(3, right))
    return np.concatenate([np.full(4, edges[0]), *pieces, edges[-1:]])


def usable_breaks(times: FloatArray, breaks: Sequence[float], *, fewest: int) -> tuple[float, ...]:
    """Return the breaks, ascending, with at least so many profiles on either side to carry a kink."""
    kept: list[float] = []
    left = -np.inf
    for moment in sorted(breaks):
        before = np.count_nonzero((times > left) & (times <= moment))
        after = np.count_nonzero(times > moment)
        if before >= fewest and after >= fewest:
            kept.append(float(moment))
            left = moment
    return tuple(kept)


@dataclass(frozen=True)
class LocalBasis:
    """The four basis functions that differ from zero at each point.

    Attributes
    ----------
    start
        Index of the first of them (points,).
    value, slope
        Their values and first derivatives (points, 4).
    """

    start: npt.NDArray[np.int64]
    value: FloatArray
    slope: FloatArray


def local_basis(knots: FloatArray, points: FloatArray) -> LocalBasis:
    """Evaluate a cubic basis where memory must stay linear in the number of points."""
    interval = np.clip(np.searchsorted(knots, points, side="right") - 1, DEGREE, knots.size - DEGREE - 2)
    previous = np.ones((points.size, 1))
    for _ in range(1, DEGREE):
        previous = _raise_degree(knots, points, interval, previous)
    value = _raise_degree(knots, points, interval, previous)
    slope = np.zeros_like(value)
    for j in range(DEGREE):
        share = DEGREE * previous[:, j] / (knots[interval + 1 + j] - knots[interval - DEGREE + 1 + j])
        slope[:, j] -= share
        slope[:, j + 1] += share
    return LocalBasis(start=(interval - DEGREE).astype(np.int64), value=value, slope=slope)


def local_integrals(knots: FloatArray, points: FloatArray, basis: LocalBasis) -> FloatArray:
    """Return the integrals (points, 4), from the first knot to each point, of the functions of ``basis`` there.

    ``int B_k = (t[k + 4] - t[k]) / 4 sum_(m >= k) B_m`` with functions of one degree more on the right (de Boor).
    """
    extended = np.concatenate([knots[:1], knots, knots[-1:]])
    quartic = _raise_degree(extended, points, basis.start + DEGREE + 1, basis.value)
    from_above = np.cumsum(quartic[:, :0:-1], axis=1)[:, ::-1]
    columns = basis.start[:, None] + np.arange(DEGREE + 1)
    return np.asarray((knots[columns + DEGREE + 1] - knots[columns]) / (DEGREE + 1) * from_above)


def _raise_degree(
    knots: FloatArray, points: FloatArray, interval: npt.NDArray[np.int64], values: FloatArray
) -> FloatArray:
    """Return the functions (points, d + 1) of degree d that differ from zero, from those of degree d - 1 (Cox)."""
    degree = values.shape[1]
    raised = np.zeros((points.size, degree + 1))
    for j in range(degree):
        left, right = knots[interval - degree + 1 + j], knots[interval + 1 + j]
        share = values[:, j] / (right - left)
        raised[:, j] += (right - points) * share
        raised[:, j + 1] += (points - left) * share
    return raised


def dense_basis(knots: FloatArray, points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return values, first derivatives and antiderivatives from the first knot, each (points, functions)."""
    functions = knots.size - DEGREE - 1
    spline = BSpline(knots, np.eye(functions), DEGREE)
    integral = spline.antiderivative()
    return (
        np.asarray(spline(points)),
        np.asarray(spline.derivative()(points)),
        np.asarray(integral(points) - integral(knots[0])),
    )


def roughness_nodes(knots: FloatArray, order: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return Gauss nodes, weights and derivatives (nodes, functions) for ``int w(x) (d^order f)^2 dx``."""
    edges = np.unique(knots)
    half = np.diff(edges) / 2.0
    nodes = (edges[:-1] + half)[:, None] + half[:, None] * _GAUSS_NODES
    weights = half[:, None] * _GAUSS_WEIGHTS
    functions = knots.size - DEGREE - 1
    rough = BSpline(knots, np.eye(functions), DEGREE).derivative(order)
    return nodes.ravel(), weights.ravel(), np.asarray(rough(nodes.ravel()))


def band_gram(basis: LocalBasis, functions: int, weights: FloatArray) -> FloatArray:
    """Return the band (functions, 4) of T' diag(weights) T."""
    return band_of_rows(basis.start, np.sqrt(weights)[:, None] * basis.value, functions)


def roughness_rows(
    knots: FloatArray, order: int, weight: Callable[[FloatArray], FloatArray] = np.ones_like
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Return rows (n, 4) and their first columns: a root of ``int w(t) d^order B_i d^order B_j dt``.

    ``order`` is 2 or 3: the derivatives are linear or constant between knots, and w = 1 is integrated exactly by two
    Gauss points; a constant needs one row for both.
    """
    edges = np.unique(knots)
    half = np.diff(edges) / 2.0
    nodes = edges[:-1] + half * (1.0 + np.array([[-1.0], [1.0]]) / np.sqrt(3.0))  # (2, intervals)
    shares = weight(nodes) * half
    if order == DEGREE:
        nodes, shares = nodes[:1], shares.sum(axis=0, keepdims=True)
    rough, start = _derivatives(knots, nodes.T.ravel(), order)
    return start, np.sqrt(shares).T.reshape(-1, 1) * rough


def band_roughness(
    knots: FloatArray, order: int, weight: Callable[[FloatArray], FloatArray] = np.ones_like
) -> FloatArray:
    """Return the band (functions, 4) of ``int w(t) d^order B_i d^order B_j dt``, see :func:`roughness_rows`."""
    return band_of_rows(*roughness_rows(knots, order, weight), knots.size - DEGREE - 1)


def band_of_rows(start: npt.NDArray[np.int64], rows: FloatArray, functions: int) -> FloatArray:
    """Return the band (functions, 4) of rows' rows; ``band[k, d]`` is element (k, k - d)."""
    band = np.zeros((functions, DEGREE + 1))
    for i in range(DEGREE + 1):
        for j in range(i + 1):
            np.add.at(band[:, i - j], start + i, rows[:, i] * rows[:, j])
    return band


def _derivatives(knots: FloatArray, points: FloatArray, order: int) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Return derivatives (points, 4) of the basis functions that differ from zero, and the first one's index."""
    interval = np.searchsorted(knots, points, side="right") - 1
    values = np.ones((points.size, 1))
    for degree in range(1, DEGREE + 1):
        if degree <= DEGREE - order:
            values = _raise_degree(knots, points, interval, values)
            continue
        differentiated = np.zeros((points.size, degree + 1))
        for j in range(degree):
            share = degree * values[:, j] / (knots[interval + 1 + j] - knots[interval - degree + 1 + j])
            differentiated[:, j] -= share
            differentiated[:, j + 1] += share
        values = differentiated
    return values, (interval - DEGREE).astype(np.int64)


def cubic_quadrature(x: FloatArray) -> FloatArray:
    """Return weights w with ``sum w f(x)`` the integral of the not-a-knot cubic spline through f: fourth order."""
    return _cubic_weights(np.ascontiguousarray(x, dtype=np.float64).tobytes()).copy()


@lru_cache(maxsize=64)  # closures and sources of error ask for the same points again and again
def _cubic_weights(points: bytes) -> FloatArray:
    x = np.frombuffer(points)
    if x.size < 4:
        return np.asarray(np.gradient(x) if x.size > 2 else np.full(2, (x[1] - x[0]) / 2.0))
    from scipy.interpolate import CubicSpline

    return np.asarray(CubicSpline(x, np.eye(x.size)).integrate(x[0], x[-1]))
