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

# Smallest Cholesky pivot of H (unit diagonal) below which block pivoting cycles and the active set is quicker.
PIVOTING_LIMIT = 1e-6

# Smallest pivot above which the active set starts from all unknowns rather than from none.
FULL_START_LIMIT = 1e-5


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Solutions that can prove themselves."""

    x: FloatArray  # (spectra, n), >= 0
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


def solve_model(
    design: FloatArray, penalty: FloatArray, regularization: FloatArray, weights: FloatArray, rows: FloatArray
) -> Solution:
    """Minimise ||W (A x - z)||^2 + lambda^2 x'Px over x >= 0, sharing all that the spectra share.

    Parameters
    ----------
    design, penalty
        (m, n) A and (n, n) P = D'D.
    regularization, weights, rows
        (spectra) lambda, (spectra, m) W, (spectra, m) z.
    """
    if (weights == weights[0]).all() and (regularization == regularization[0]).all():
        weighted = design * weights[0][:, None]
        hessian = gram(weighted) + float(regularization[0]) ** 2 * penalty
        return solve_shared(hessian, -(weighted * weights[0][:, None]).T, rows)
    return solve_weighted(design, penalty, regularization**2, weights, rows)
