"""Choosing lambda of the quadratic penalty from the data, by four published criteria side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray
from iondrift.impedance.drt.model import RelaxationModel
from iondrift.impedance.drt.nonnegative import Solution, gram, solve_model

CRITERIA = ("marginal_likelihood", "gcv", "l_curve", "re_im")
LAMBDAS = np.geomspace(1e-4, 10.0, 26)  # five a decade


@dataclass(frozen=True, kw_only=True)
class RegularizationScan:
    """Scores over lambda; the smallest is the choice."""

    values: FloatArray  # (lambda)
    scores: dict[str, FloatArray]  # (lambda, spectra)

    def choice(self, criterion: str, *, together: bool) -> FloatArray:
        """Return lambda for every spectrum, or the same for all of them."""
        score = self.scores[criterion]
        if together:
            score = np.broadcast_to(score.mean(axis=1, keepdims=True), score.shape)
        return np.asarray(self.values[score.argmin(axis=0)])


def scan_regularization(
    model: RelaxationModel,
    penalty: FloatArray,
    rank: int,
    rows: FloatArray,
    weights: FloatArray,
    values: FloatArray = LAMBDAS,
    *,
    free: npt.NDArray[np.bool_] | None = None,
) -> RegularizationScan:
    """Solve for every lambda and score it.

    marginal_likelihood
        -2 log of the evidence of a Gaussian prior with sigma marginalised: (m - n + rank) ln E + ln det H
        - rank ln lambda^2, E the minimum. MacKay (1992); its Gaussian ignores x >= 0.
    gcv
        ln of ||W(Ax - z)||^2 / (m - tr A H^-1 A'W^2)^2. Golub, Heath and Wahba (1979).
    l_curve
        Minus the curvature of (ln misfit, ln roughness). Hansen (1992).
    re_im
        Misfit of each part of Z predicted from the other. Saccoccio et al. (2014).

    Parameters
    ----------
    model, penalty, rank
        Grid; (n, n) P = D'D; its rank.
    rows, weights
        (spectra, 2 frequencies) z in ohm and W.
    values
        lambda, increasing.
    free
        (n) which of x may be negative; None where none may.
    """
    spectra = rows.shape[0]
    n = model.design.shape[1]
    points = (weights > 0.0).sum(axis=1)
    misfit = np.empty((values.size, spectra))
    rough = np.empty_like(misfit)
    log_determinant = np.empty_like(misfit)
    freedom = np.empty_like(misfit)
    crossed = np.empty_like(misfit)
    shared = bool((weights == weights[0]).all())
    grams = [gram(model.design * w[:, None]) for w in (weights[:1] if shared else weights)]
    for i, value in enumerate(values):
        solution = solve_model(model.design, penalty, np.full(spectra, value), weights, rows, free)
        misfit[i] = (((solution.x @ model.design.T - rows) * weights) ** 2).sum(axis=1)
        rough[i] = np.einsum("si,ij,sj->s", solution.x, penalty, solution.x)
        for s, normal in enumerate(grams):
            hessian = normal + value**2 * penalty
            every = slice(None) if shared else s
            log_determinant[i, every] = np.linalg.slogdet(hessian)[1]
            freedom[i, every] = np.trace(np.linalg.solve(hessian, normal))
        crossed[i] = _cross_validate(model, penalty, value, rows, weights, free)
    squared = values[:, None] ** 2
    energy = np.maximum(misfit + squared * rough, 1e-300)
    evidence = (points - n + rank) * np.log(energy) + log_determinant - rank * np.log(squared)
    gcv = np.log(np.maximum(misfit, 1e-300)) - 2.0 * np.log(np.maximum(points - freedom, 1e-9))
    curve = -_curvature(np.log(values), np.log(np.maximum(misfit, 1e-300)), np.log(np.maximum(rough, 1e-300)))
    scores = {"marginal_likelihood": evidence, "gcv": gcv, "l_curve": curve, "re_im": np.log(crossed)}
    return RegularizationScan(values=values, scores=scores)


def _cross_validate(
    model: RelaxationModel, penalty: FloatArray, value: float, rows: FloatArray, weights: FloatArray,
    free: npt.NDArray[np.bool_] | None,
) -> FloatArray:  # fmt: skip
    """Return the misfit of Im predicted from Re and of Re predicted from Im, series terms fitted afterwards."""
    half = rows.shape[1] // 2
    total = np.zeros(rows.shape[0])
    for known, asked in ((slice(0, half), slice(half, None)), (slice(half, None), slice(0, half))):
        # A series term that the known part cannot see is held by nothing: give it a little penalty.
        held = penalty + 1e-9 * np.eye(penalty.shape[0])
        part: Solution = solve_model(
            np.ascontiguousarray(model.design[known]), held, np.full(rows.shape[0], value),
            np.ascontiguousarray(weights[:, known]), np.ascontiguousarray(rows[:, known]), free,
        )  # fmt: skip
        seen = np.abs(model.design[asked, : model.count]).max(axis=0) > 0.0
        for s in range(rows.shape[0]):
            w = weights[s, asked]
            left = (rows[s, asked] - model.design[asked, model.count :] @ part.x[s, model.count :]) * w
            terms = model.design[asked, : model.count][:, seen] * w[:, None]
            left -= terms @ np.linalg.lstsq(terms, left, rcond=None)[0]
            total[s] += left @ left
    return np.maximum(total, 1e-300)


def _curvature(t: FloatArray, u: FloatArray, v: FloatArray) -> FloatArray:
    """Return the signed curvature of (u, v) along t; the corner of an L turns left."""
    u1, v1 = np.gradient(u, t, axis=0), np.gradient(v, t, axis=0)
    u2, v2 = np.gradient(u1, t, axis=0), np.gradient(v1, t, axis=0)
    speed = np.maximum((u1**2 + v1**2) ** 1.5, 1e-300)
    curvature = (u1 * v2 - u2 * v1) / speed
    curvature[[0, -1]] = -np.inf  # one-sided differences at the ends are no corner
    return np.asarray(curvature)
