"""The restricted likelihood of one smoothing problem, with gradient and Hessian in its log-penalties."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.interpolate import make_interp_spline
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dsyevd

from iondrift.cast import FloatArray
from iondrift.drift.smoothing.penalties import Penalties
from iondrift.errors import DataError

if TYPE_CHECKING:
    from iondrift_kernels.spline_layout import Modes, Roughness, Series, Table, Work

_TABLE_STEP = 0.5  # right to 7e-7 in f with polynomials of degree 7 (K = 612)
_FLAT_BELOW = 22.0  # e^-22 of the largest eigenvalue changes no determinant
_STRAIGHT_ABOVE = 41.0


@dataclass(frozen=True, kw_only=True)
class Spatial:
    """The spatial penalty: third derivatives ``rows`` (Q, M), Gauss ``places`` and ``shares`` (Q, 4) of an interval."""

    rows: FloatArray
    places: FloatArray
    shares: FloatArray


@dataclass(frozen=True, kw_only=True)
class Temporal:
    """What the time axis gives.

    Bands (K, 4) ``gram``, ``penalty``; their roots as rows of 4 numbers from column ``starts`` on; ``null_space``: the
    dimension of what the penalty in time does not see; ``weakest``: its least weight at any time over the largest.
    """

    gram: FloatArray
    penalty: FloatArray
    starts: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
    roots: tuple[FloatArray, FloatArray]
    null_space: int
    weakest: float


@dataclass(frozen=True, kw_only=True)
class Data:
    """The data as :class:`iondrift_kernels.spline_layout.Series` takes them, and the ``count`` of numbers.

    ``right`` (K, M), ``arrow`` (K,), ``held`` (M,), ``loaded``, ``kappa``, ``total``.
    """

    right: FloatArray
    arrow: FloatArray
    held: FloatArray
    loaded: float
    kappa: float
    total: float
    count: int


class Likelihood:
    """-2 log restricted likelihood up to a constant, noise variance profiled out.

    Parameters ``place``: ln lambda_x, ln lambda_t, ln(lambda_xt / lambda_x), and for a weight w(x) that falls towards
    the electrodes plating, counter and ln length: 3 or 6 numbers. One object serves one thread.
    """

    def __init__(self, *, spatial: Spatial, temporal: Temporal, data: Data) -> None:
        from iondrift_kernels.spline_layout import EDGE, Roughness, Series

        functions, self.size = data.right.shape
        self._null = self.size - spatial.rows.shape[0]  # spatial functions without a penalty come first
        null_space = self._null * temporal.null_space
        band = [(0, EDGE), (0, 0)]
        self.count, self.free = data.count, data.count - null_space
        self.series: Series = Series(
            gram=np.pad(temporal.gram, band),
            penalty=np.pad(temporal.penalty, band),
            right=data.right,
            arrow=data.arrow,
            held=data.held,
            loaded=data.loaded,
            kappa=data.kappa,
            total=data.total,
            free=float(self.free),
            flat=float(self._null * functions - null_space),
            table=_table(temporal),
        )
        self.roughness: Roughness = Roughness(
            rows=spatial.rows,
            places=spatial.places,
            shares=spatial.shares,
            weights=np.empty((10, spatial.rows.shape[0])),
        )
        span, triangle = np.linalg.qr(spatial.rows.T, mode="complete")  # what is penalised, then what is not
        rank = spatial.rows.shape[0]
        self._penalised, self._free_of_penalty = np.ascontiguousarray(span[:, :rank]), _fixed_basis(span[:, rank:])
        self._inverse: FloatArray = np.ascontiguousarray(solve_triangular(triangle[:rank], np.eye(rank)))
        self._plain = self._modes(spatial.shares.sum(axis=1), self._empty_modes())
        self._adaptive: Modes | None = None
        self._adaptivity: tuple[float, float, float] | None = None  # that of the modes at hand
        self._work = _scratch(functions, self.size, spatial.rows.shape[0])
        self._last: tuple[Modes, FloatArray, float] | None = None

    def twin(self) -> Likelihood:
        """Return the same likelihood with scratch of its own, for another thread."""
        other = copy(self)
        other.roughness = self.roughness._replace(weights=np.empty_like(self.roughness.weights))
        other._adaptive = other._adaptivity = other._last = None
        other._work = _scratch(self.series.arrow.size, self.size, self.roughness.rows.shape[0])
        return other

    @property
    def plain_eigenvalues(self) -> FloatArray:
        """Positive eigenvalues of the spatial penalty for w = 1, ascending."""
        return self._plain.spatial[self._null : self.size]

    def value(self, place: FloatArray) -> float:
        """Return V; infinite where the normal equations lose their last digit."""
        adaptivity = None if place.size == 3 else (float(place[3]), float(place[4]), float(np.exp(place[5])))
        return self._evaluate(np.exp([place[0], place[1], place[0] + place[2]]), self.modes(adaptivity))[0]

    def derivatives(self, parameters: int) -> tuple[FloatArray, FloatArray]:
        """Return gradient and Hessian (3 or 6 parameters) where V was evaluated last."""
        from iondrift_kernels.spline_derivatives import derivatives

        modes, penalties, rest = self._taken()
        gradient, hessian = np.empty(parameters), np.empty((parameters, parameters))
        derivatives(self.series, modes, self.roughness, penalties, rest, self._work, gradient, hessian)
        return gradient, hessian

    def of(self, penalties: Penalties) -> tuple[float, float]:
        """Return V and the penalised sum of squares of given penalties."""
        modes = self.modes(penalties.adaptivity)
        return self._evaluate(np.array([penalties.space, penalties.time, penalties.both]), modes)

    def freedom(self, penalties: Penalties) -> float:
        """Return tr H of the smoother."""
        modes = self.modes(penalties.adaptivity)
        return self._freedom(np.array([penalties.space, penalties.time, penalties.both]), modes.spatial)

    def akaike(self, place: FloatArray) -> float:
        """Return N ln(misfit / N) + 2 tr H: comparable between likelihoods of other penalties on the same data."""
        from iondrift_kernels.spline_derivatives import roughness

        self.value(place)
        self.derivatives(3)
        modes, penalties, rest = self._taken()
        misfit = rest - roughness(modes, self._work)
        return float(self.count * np.log(misfit / self.count)) + 2.0 * self._freedom(penalties, modes.spatial)

    def modes(self, adaptivity: tuple[float, float, float] | None) -> Modes:
        """Return the spatial basis for (plating, counter, length); the next call may overwrite it."""
        from iondrift_kernels.spline_modes import adaptive_weights

        if adaptivity is None:
            return self._plain
        if self._adaptive is None:
            self._adaptive = self._empty_modes()
        if adaptivity == self._adaptivity:
            return self._adaptive
        self._adaptivity = adaptivity
        adaptive_weights(adaptivity, self.roughness)
        self._adaptive = self._modes(self.roughness.weights[0], self._adaptive)
        return self._adaptive

    def _freedom(self, penalties: FloatArray, spatial: FloatArray) -> float:
        """Return tr H from how ln|A| answers to a common factor e^u of all penalties at u = 0: p - tr H."""
        from iondrift_kernels.determinant_table import look_up

        functions, spatial = self.series.arrow.size, spatial[: self.size]
        alpha = 1.0 + penalties[0] * spatial
        gamma = penalties[1] + penalties[2] * spatial
        slope = np.array([look_up(self.series.table, r)[1] for r in np.log(gamma) - np.log(alpha)])
        answer = float((functions * (1.0 - 1.0 / alpha) + slope / alpha).sum())
        return float(spatial.size * functions) - answer

    def _taken(self) -> tuple[Modes, FloatArray, float]:
        """Return where V was evaluated last: modes, penalties and the penalised sum of squares."""
        if self._last is None:
            raise RuntimeError("derivatives follow a value")
        return self._last

    def _evaluate(self, penalties: FloatArray, modes: Modes) -> tuple[float, float]:
        from iondrift_kernels.spline_modes import value

        found, rest = value(self.series, modes, penalties, self._work)
        self._last = modes, penalties, rest
        return (float(found) if np.isfinite(found) else np.inf), float(rest)

    def _empty_modes(self) -> Modes:
        from iondrift_kernels.spline_layout import EDGE, LANES, Modes

        functions, size = self.series.right.shape
        blocks = -(-size // LANES)
        wide = blocks * LANES
        return Modes(
            spatial=np.zeros(wide),
            rotation=np.zeros((size, wide)),
            rough=np.zeros((self.roughness.rows.shape[0], wide)),
            right=np.zeros((blocks, (functions + 2 * EDGE) * LANES)),
            held=np.zeros(wide),
        )

    def _modes(self, weights: FloatArray, out: Modes) -> Modes:
        """Fill the basis that makes the penalty of these weights (Q,) diagonal; functions without a penalty first."""
        from iondrift_kernels.spline_modes import rotate

        out.rotation[:, : self._null] = self._free_of_penalty
        if weights.size:  # a course in time alone has no spatial penalty
            inverses, turned = self._penalised_modes(weights)
            out.spatial[self._null : self.size] = 1.0 / inverses
            # Random numbers belong to modes: their signs are fixed here, not by the library that found them.
            out.rotation[:, self._null : self.size] = turned * np.where(turned[0] < 0.0, -1.0, 1.0)
        rotate(self.series, self.roughness.rows, out)
        return out

    def _penalised_modes(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return reciprocal eigenvalues, descending, and eigenvectors (M, Q) of the penalty of these weights (Q,).

        Rows = L Q' gives the pseudo-inverse Q L^-1 diag(1 / w) L'^-1 Q'. Its eigenvalues 1 / s are precise where they
        are large: the likelihood is sensitive to small s, which those of the penalty itself lose under an uneven w.
        """
        from iondrift_kernels.ordered_products import cross_rows, multiply

        matrix = np.empty((weights.size, weights.size))
        cross_rows(self._inverse, 1.0 / weights, matrix)
        inverses, vectors, failed = dsyevd(matrix.T, lower=1, overwrite_a=1)  # symmetric: its transpose is itself
        if failed:
            raise DataError("the spatial penalty has no eigenvalues; profiles or noise are not finite")
        turned = np.empty((self.size, weights.size))
        multiply(self._penalised, np.ascontiguousarray(vectors[:, ::-1]), turned)
        return np.maximum(inverses[::-1], inverses[-1] * np.finfo(float).eps), turned


def _fixed_basis(basis: FloatArray) -> FloatArray:
    """Return the orthonormal basis of a column space (M, d) that does not depend on the one given, but for rounding.

    The projections of d unit vectors, evenly apart, made orthonormal one after another.
    """
    size, count = basis.shape
    chosen = np.linspace(0, size - 1, count).astype(int)
    found = np.empty((size, count))
    for j, row in enumerate(chosen):
        column = basis @ basis[row]
        for other in found[:, :j].T:
            column = column - other * (other @ column)
        found[:, j] = column / np.sqrt(column @ column)
    return found


def _table(temporal: Temporal) -> Table:
    """Return ln|G + e^r P|; both ends lie where it is a straight line."""
    from iondrift_kernels.determinant_table import log_determinants, triangle
    from iondrift_kernels.spline_layout import DEGREE, EDGE, LANES, Table

    functions = temporal.gram.shape[0]
    diagonal = np.maximum(temporal.gram[:, 0], 1e-12 * temporal.gram[:, 0].max())
    lowest = -np.log(10.0 * np.max(temporal.penalty[:, 0] / diagonal)) - _FLAT_BELOW
    # Eigenvalues of P spread over K^6, and as its weights do.
    highest = max(_STRAIGHT_ABOVE, 6.0 * np.log(functions) + 4.0) - np.log(temporal.weakest)
    count = int(np.ceil((highest - lowest) / _TABLE_STEP)) + 1
    blocks = -(-count // LANES)
    nodes = lowest + _TABLE_STEP * np.arange(blocks * LANES)
    # The rows of T' W T are as many as profiles: their own triangle, made once, stands for them.
    scratch = np.zeros((functions + EDGE) * 4 * LANES)
    ones = np.ones((1, LANES))
    start, rows = temporal.starts[0], temporal.roots[0]
    triangle(start, rows, np.zeros(start.size, dtype=np.int64), ones, scratch)
    gram_rows = scratch.reshape(-1, 4, LANES)[:functions, :, 0]
    starts = np.concatenate([np.arange(functions), temporal.starts[1]])
    order = np.argsort(starts, kind="stable")
    scale = np.ones((blocks, 2, LANES))
    scale[:, 1] = np.exp(nodes / 2.0).reshape(blocks, -1)
    found = np.empty((blocks, LANES))
    kind = np.repeat(np.array([0, 1]), [functions, temporal.starts[1].size])
    log_determinants(
        starts[order], np.concatenate([gram_rows, temporal.roots[1]])[order], kind[order], scale, scratch, found
    )
    if not np.isfinite(found).all():
        raise DataError("breaks leave too few profiles between them for a smooth course in time; leave some out")
    spline = make_interp_spline(nodes, found.ravel(), k=DEGREE)
    pieces = np.empty((nodes.size - 1, DEGREE + 1))
    factorial = 1.0
    for power in range(DEGREE + 1):
        factorial *= max(power, 1)
        pieces[:, power] = spline(nodes[:-1], nu=power) / factorial
    return Table(first=float(nodes[0]), step=_TABLE_STEP, pieces=pieces)


def _scratch(functions: int, size: int, intervals: int) -> Work:
    from iondrift_kernels.spline_layout import EDGE, LANES, SUMS, Work

    blocks = -(-size // LANES)
    wide, rows = blocks * LANES, (functions + 2 * EDGE) * LANES
    return Work(
        lower=np.zeros((blocks, 4 * rows)),
        coefficients=np.zeros((blocks, rows)),
        influence=np.zeros((blocks, rows)),
        rough=np.zeros((blocks, rows)),
        bent=np.zeros((blocks, rows)),
        moved=np.zeros((3, rows)),
        mixed=np.zeros((functions, wide)),
        product=np.zeros((functions, wide)),
        scale=np.zeros((blocks, 2 * LANES)),
        sums=np.zeros((SUMS, wide)),
        squares=np.zeros((2, wide, wide)),
        turned=np.zeros((3, wide, wide)),
        crossed=np.zeros((15, wide)),
        traces=np.zeros((5, wide)),
        plane=np.zeros((intervals, wide)),
    )
