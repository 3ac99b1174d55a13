"""Non-negative quadratic programmes in batches: the arrays in, proved solutions out."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray
from iondrift.threads import threads_for

if TYPE_CHECKING:
    from iondrift_kernels.nonnegative_active_set import Solutions

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# Smallest Cholesky pivot of H (unit diagonal) below which block pivoting cycles and the active set is quicker.
PIVOTING_LIMIT = 1e-6

# Smallest pivot above which the active set starts from all unknowns rather than from none.
FULL_START_LIMIT = 1e-5


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Solutions that can prove themselves."""

    x: FloatArray  # (spectra, n), >= 0 where not free to be negative
    kkt_residual: FloatArray  # (spectra) max |min(x, H x + q)| / max |q|, H with unit diagonal
    iterations: IntArray  # (spectra) linear systems solved
    seconds: float


def solve_shared(hessian: FloatArray, linear_map: FloatArray, rows: FloatArray) -> Solution:
    """Minimise x'Hx/2 + (Q z)'x over x >= 0 for every row z; H and Q serve all of them.

    Parameters
    ----------
    hessian, linear_map
        (n, n) H and (n, m) Q.
    rows
        (spectra, m).
    """
    from iondrift_kernels import nonnegative_pivoting as kernels
    from iondrift_kernels.dense import cholesky
    from iondrift_kernels.nonnegative_active_set import active_set, make_scratch

    began = perf_counter()
    n = hessian.shape[0]
    diagonal = np.diag(hessian)
    scales = np.divide(1.0, np.sqrt(diagonal), out=np.zeros(n), where=diagonal > 0.0)
    scaled = hessian * scales * scales[:, None]
    np.fill_diagonal(scaled, 1.0)
    scaled_map = np.ascontiguousarray(linear_map * scales[:, None])
    pivoting = bool(cholesky(scaled, np.empty((n, n))) > PIVOTING_LIMIT)
    base = np.full(n, pivoting)
    active_set(scaled, scaled_map @ rows.mean(axis=0), base, make_scratch(n), np.empty(n))
    transform, combined = scaled, np.ascontiguousarray(scaled_map.T)
    if pivoting:
        whole = np.empty((n, n + rows.shape[1]))
        kernels.pivot_transform(scaled, scaled_map, base, whole)
        transform = np.ascontiguousarray(whole[:, :n])
        combined = np.ascontiguousarray(np.hstack([whole[:, n:].T, scaled_map.T]))
    programmes = kernels.Programmes(
        rows=np.ascontiguousarray(rows), hessian=scaled, scales=scales, combined=combined, transform=transform,
        base=base, pivoting=pivoting,
    )  # fmt: skip
    answer = _unsolved(rows.shape[0], n)
    with threads_for(-(-rows.shape[0] // kernels.BLOCK)) as workers:
        kernels.solve(workers, programmes, answer)
    return _solved(answer, began)


def _unsolved(count: int, n: int) -> Solutions:
    """Return room for the solutions of ``count`` programmes of ``n`` unknowns."""
    from iondrift_kernels.nonnegative_active_set import Solutions

    return Solutions(x=np.empty((count, n)), kkt_residual=np.empty(count), systems=np.empty(count, np.int64))


def _solved(answer: Solutions, began: float) -> Solution:
    return Solution(
        x=answer.x, kkt_residual=answer.kkt_residual, iterations=answer.systems, seconds=perf_counter() - began
    )


def gram(design: FloatArray) -> FloatArray:
    """Return A'A."""
    from iondrift_kernels.dense import cross_product

    result = np.empty((design.shape[1], design.shape[1]))
    cross_product(np.ascontiguousarray(design), result)
    return result


def solve_weighted(
    design: FloatArray, penalty: FloatArray, strength: FloatArray, weights: FloatArray, rows: FloatArray
) -> Solution:
    """Minimise ||W_s (A x - z_s)||^2 + strength_s x'Px over x >= 0, every spectrum with its own weights.

    Parameters
    ----------
    design, penalty
        (m, n) A and (n, n) P.
    strength, weights, rows
        (spectra), (spectra, m), (spectra, m).
    """
    from iondrift_kernels import nonnegative_weighted as kernels
    from iondrift_kernels.dense import cholesky
    from iondrift_kernels.nonnegative_pivoting import BLOCK

    began = perf_counter()
    count, n = rows.shape[0], design.shape[1]
    # Where the penalty is strong most unknowns are positive, and one factorisation of all beats adding them singly.
    first = gram(design * weights[0][:, None]) + float(strength[0]) * penalty
    scales = 1.0 / np.sqrt(np.maximum(np.diag(first), 1e-300))
    pivot = cholesky(first * scales * scales[:, None], np.empty((n, n)))
    start = np.full(n, bool(pivot > FULL_START_LIMIT))
    hessians = kernels.Hessians(
        transposed=np.ascontiguousarray(design.T), penalty=penalty, weights=np.ascontiguousarray(weights),
        strength=np.ascontiguousarray(strength),
    )  # fmt: skip
    answer = _unsolved(count, n)
    with threads_for(-(-count // BLOCK)) as workers:
        kernels.solve(workers, hessians, np.ascontiguousarray(rows), start, answer)
    return _solved(answer, began)


def solve_signed(hessian: FloatArray, linear_map: FloatArray, rows: FloatArray, free: BoolArray) -> Solution:
    """Minimise x'Hx/2 + (Q z)'x for every row z, x >= 0 where it is not ``free`` (n) to be negative.

    The free unknowns are what the others leave them, x_F = -H_FF^-1 (Q_F z + H_FN x_N): what is left is a non-negative
    programme in the others, of the Schur complement.
    """
    began = perf_counter()
    n, held = free.size, ~free
    scales = 1.0 / np.sqrt(np.diag(hessian))
    scaled, scaled_map = hessian * scales * scales[:, None], linear_map * scales[:, None]
    right = np.hstack([scaled[np.ix_(free, held)], scaled_map[free]])
    eliminated = np.linalg.solve(scaled[np.ix_(free, free)], right)
    change = scaled[np.ix_(held, free)] @ eliminated
    count = int(held.sum())
    x = np.zeros((rows.shape[0], n))
    iterations = np.ones(rows.shape[0], np.int64)
    if count:
        reduced = scaled[np.ix_(held, held)] - change[:, :count]
        answer = solve_shared(0.5 * (reduced + reduced.T), scaled_map[held] - change[:, count:], rows)
        x[:, held], iterations = answer.x, answer.iterations
    x[:, free] = -(x[:, held] @ eliminated[:, :count].T + rows @ eliminated[:, count:].T)
    linear = rows @ scaled_map.T
    slope = x @ scaled + linear
    wrong = np.abs(np.where(held, np.minimum(x, slope), slope)).max(axis=1)
    return Solution(
        x=x * scales, kkt_residual=wrong / np.abs(linear).max(axis=1), iterations=iterations,
        seconds=perf_counter() - began,
    )  # fmt: skip


def solve_model(
    design: FloatArray, penalty: FloatArray, regularization: FloatArray, weights: FloatArray, rows: FloatArray,
    free: BoolArray | None = None,
) -> Solution:  # fmt: skip
    """Minimise ||W (A x - z)||^2 + lambda^2 x'Px over x >= 0, sharing all that the spectra share.

    Parameters
    ----------
    design, penalty
        (m, n) A and (n, n) P = D'D.
    regularization, weights, rows
        (spectra) lambda, (spectra, m) W, (spectra, m) z.
    free
        (n) which of x may be negative; None where none may.
    """
    if free is not None:
        return _solve_model_signed(design, penalty, regularization, weights, rows, free)
    if (weights == weights[0]).all() and (regularization == regularization[0]).all():
        weighted = design * weights[0][:, None]
        hessian = gram(weighted) + float(regularization[0]) ** 2 * penalty
        return solve_shared(hessian, -(weighted * weights[0][:, None]).T, rows)
    return solve_weighted(design, penalty, regularization**2, weights, rows)


def _solve_model_signed(
    design: FloatArray, penalty: FloatArray, regularization: FloatArray, weights: FloatArray, rows: FloatArray,
    free: BoolArray,
) -> Solution:  # fmt: skip
    """As :func:`solve_model`; spectra that share weights and lambda share one elimination."""
    settings, back = np.unique(np.column_stack([weights, regularization]), axis=0, return_inverse=True)
    x, wrong = np.empty((rows.shape[0], design.shape[1])), np.empty(rows.shape[0])
    iterations, seconds = np.empty(rows.shape[0], np.int64), 0.0
    for k, setting in enumerate(settings):
        alike = back.ravel() == k
        weighted = design * setting[:-1, None]
        hessian = gram(weighted) + setting[-1] ** 2 * penalty
        answer = solve_signed(hessian, -(weighted * setting[:-1, None]).T, rows[alike], free)
        x[alike], wrong[alike], iterations[alike] = answer.x, answer.kkt_residual, answer.iterations
        seconds += answer.seconds
    return Solution(x=x, kkt_residual=wrong, iterations=iterations, seconds=seconds)
