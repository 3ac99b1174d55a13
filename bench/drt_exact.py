"""Which of two solvers is off, and by how much: both against the exact solution in fifty digits.

    python bench/drt_exact.py [--spectra 3]

minimise ||W (A x - z)||^2 + lambda^2 ||D x_tau||^2 subject to x >= 0 has one solution. Given its positive unknowns it
is that of a linear system; decimal arithmetic solves that, and proves the choice: no unknown, no slope is negative.
Differences are of the largest element. CLARABEL gets the problem as a user writes it in cvxpy, and as this package's
own twin scales it (drt(..., solver="cvxpy")), at several tolerances.
"""

from __future__ import annotations

import argparse
import os
from decimal import Decimal, localcontext

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import cvxpy
import numpy as np
import xarray as xr

from drt_cases import FREQUENCY, MODEL, drifting_series
from iondrift.impedance.drt import cvxpy_solver as drt_cvxpy
from iondrift.impedance.drt.estimate import drt
from iondrift.impedance.drt.model import difference, stack
from iondrift.impedance.drt.nonnegative import solve_model
from iondrift.impedance.spectra import weights_of

PROBLEMS = (("none", 0, 0.5), ("none", 0, 0.05), ("none", 0, 0.01), ("modulus", 1, 0.1), ("modulus", 1, 0.63))
TOLERANCES = (1e-8, 1e-12, 1e-14)
DIGITS = 50


def decimals(values: np.ndarray) -> np.ndarray:
    """Return the same numbers, exactly, as decimals."""
    return np.array([Decimal(float(v)) for v in values.ravel()], dtype=object).reshape(values.shape)


def solve_linear(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return matrix^-1 right by elimination; symmetric positive definite, so that no pivoting is needed."""
    rows = np.column_stack([matrix, right])
    n = right.size
    for k in range(n):
        for i in range(k + 1, n):
            if rows[i, k]:
                rows[i, k:] = rows[i, k:] - rows[k, k:] * (rows[i, k] / rows[k, k])
    x = rows[:, n]
    for k in range(n - 1, -1, -1):
        x[k] = (x[k] - (rows[k, k + 1 : n] * x[k + 1 :]).sum()) / rows[k, k]
    return x


def exact(design: np.ndarray, penalty: np.ndarray, row: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the solution, rounded at the very end; ``start`` (n) says which unknowns to try as positive first."""
    with localcontext() as context:
        context.prec = DIGITS
        a, k = decimals(design), decimals(penalty)
        hessian, linear = a.T @ a + k.T @ k, -(a.T @ decimals(row))
        passive = np.array(start)
        for _ in range(20):
            x = np.full(linear.size, Decimal(0), dtype=object)
            x[passive] = solve_linear(hessian[np.ix_(passive, passive)], -linear[passive])
            slope = hessian @ x + linear
            wrong = np.where(passive, x, slope) < 0
            if not wrong.any():
                return x.astype(np.float64)
            passive ^= wrong
    raise RuntimeError("no choice of positive unknowns was proved within 20 exchanges")


def clarabel(design: np.ndarray, penalty: np.ndarray, row: np.ndarray, tolerance: float) -> np.ndarray:
    x = cvxpy.Variable(design.shape[1], nonneg=True)
    cost = cvxpy.sum_squares(design @ x - row) + cvxpy.sum_squares(penalty @ x)
    cvxpy.Problem(cvxpy.Minimize(cost)).solve(
        solver="CLARABEL", tol_gap_abs=tolerance, tol_gap_rel=tolerance, tol_feas=min(tolerance, 1e-12)
    )
    return x.value


def twin(z: np.ndarray, problem: tuple[str, int, float], tolerance: float) -> np.ndarray:
    """Return R_k (spectra, tau) of the package's own cvxpy problem."""
    weighting, order, strength = problem
    data = xr.DataArray(z, dims=("spectrum", "frequency"), coords={"frequency": FREQUENCY})
    usual = drt_cvxpy.TOLERANCES["CLARABEL"]
    drt_cvxpy.TOLERANCES["CLARABEL"] = {**usual, "tol_gap_abs": tolerance, "tol_gap_rel": tolerance}
    try:
        result = drt(data, regularization=strength, order=order, weighting=weighting, solver="cvxpy")
    finally:
        drt_cvxpy.TOLERANCES["CLARABEL"] = usual
    return result.gamma.values * MODEL.step


def run(
    spectra: int, problems: tuple[tuple[str, int, float], ...] = PROBLEMS
) -> dict[tuple[str, int, float], dict[str, float]]:
    """Return (weights, order, lambda) -> solver -> largest difference from the exact solution."""
    z = drifting_series(spectra)
    rows = stack(z)
    table = {}
    for problem in problems:
        weighting, order, strength = problem
        weights = weights_of(weighting, z, np.ones(z.shape, dtype=bool))[0]
        matrix = np.hstack([np.zeros((92 - order, MODEL.count)), difference(order, 92)])
        ours = solve_model(MODEL.design, matrix.T @ matrix, np.full(spectra, strength), weights, rows).x
        worst = dict.fromkeys(["iondrift", *(f"CLARABEL {tolerance:.0e}" for tolerance in TOLERANCES)], 0.0)
        scaled = {f"twin {tolerance:.0e}": twin(z, problem, tolerance) for tolerance in TOLERANCES[1:]}
        worst |= dict.fromkeys(scaled, 0.0)
        for s, (row, weight, found) in enumerate(zip(rows, weights, ours, strict=True)):
            problem_as_written = MODEL.design * weight[:, None], strength * matrix, row * weight
            truth = exact(*problem_as_written, found > 0.0)
            answers = [found, *(clarabel(*problem_as_written, tolerance) for tolerance in TOLERANCES)]
            for name, answer in zip(worst, answers, strict=False):
                worst[name] = max(worst[name], float(np.abs(answer - truth).max() / truth.max()))
            for name, answer in scaled.items():
                apart = np.abs(answer[s] - truth[MODEL.count :]).max()
                worst[name] = max(worst[name], float(apart / truth[MODEL.count :].max()))
        table[problem] = worst
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spectra", type=int, default=3)
    options = parser.parse_args()
    print(f"largest difference from the exact solution of {options.spectra} spectra, of the largest element")
    for (weighting, order, strength), row in run(options.spectra).items():
        print(
            f"weights {weighting:8s} D of order {order}, lambda {strength:<5g}"
            + "".join(f"   {name} {value:.0e}" for name, value in row.items())
        )


if __name__ == "__main__":
    main()
