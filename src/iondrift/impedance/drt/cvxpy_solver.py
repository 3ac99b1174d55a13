"""The same distribution of relaxation times in cvxpy: an independent check, and what only cvxpy can add.

    minimise ||W (A x - z)||^2 + ||K x - k||^2 (+ mu^2 sum_s ||x_tau,s+1 - x_tau,s||^2)   subject to x >= 0, extras

The problem is written once with z (and W A, K, k where they differ between spectra) as parameters; it is DPP,
so that a series is compiled once and only re-solved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import cvxpy
import numpy as np
import numpy.typing as npt

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, DataError
from iondrift.impedance.drt.constraints import Constraint
from iondrift.impedance.drt.logarithmic import adapted_penalty
from iondrift.impedance.drt.problem import DrtProblem, DrtSolution, duality_gap

if TYPE_CHECKING:
    from iondrift.impedance.drt.model import RelaxationModel

DATA_SIZE = 100.0  # rms of the data as the solver sees them: absolute tolerances then bind less than relative ones
TOLERANCES: dict[str, dict[str, float | int | bool]] = {
    "CLARABEL": {"tol_gap_abs": 1e-14, "tol_gap_rel": 1e-14, "tol_feas": 1e-12, "tol_ktratio": 1e-9},
    "OSQP": {"eps_abs": 1e-9, "eps_rel": 1e-9, "max_iter": 200_000, "polishing": True},
    "SCS": {"eps_abs": 1e-9, "eps_rel": 1e-9, "max_iters": 200_000},
}


class CvxpyDrt:
    """One parametrised problem for ``count`` spectra at a time.

    Parameters
    ----------
    model
        Grid and columns.
    design, penalty
        (count, m, n) W A and (count, rows, n) K of the first spectra.
    fixed
        Whether all other spectra have the same: constants then, not parameters.
    constraints, time_smoothness
        Extras; see :func:`iondrift.drt`.
    free
        (n) which of x may be negative; None where none may.
    """

    def __init__(
        self,
        model: RelaxationModel,
        design: FloatArray,
        penalty: FloatArray,
        *,
        fixed: bool,
        constraints: Sequence[Constraint] = (),
        time_smoothness: float = 0.0,
        free: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        count, m, n = design.shape
        self.fixed = fixed
        # Unknowns near one make tolerances mean something: x = size * y, size = scale * columns. Every spectrum has its
        # own columns: the adapted penalty of one may be ten decades above another's.
        self.columns = cvxpy.Parameter((count, n), pos=True, value=_columns(design, penalty))
        self.size = cvxpy.Parameter((count, n), pos=True)  # a parameter of its own: DPP knows no product of two
        self.y = cvxpy.Variable((count, n), nonneg=free is None)
        self.data = [cvxpy.Parameter(m) for _ in range(count)]
        self.target = [cvxpy.Parameter(penalty.shape[1]) for _ in range(count)]
        self.design = [self._matrix(design[s] * self.columns.value[s]) for s in range(count)]
        self.penalty = [self._matrix(penalty[s] * self.columns.value[s]) for s in range(count)]
        cost: Any = 0.0
        for s in range(count):
            cost += cvxpy.sum_squares(self.design[s] @ self.y[s] - self.data[s])
            cost += cvxpy.sum_squares(self.penalty[s] @ self.y[s] - self.target[s])
        if time_smoothness and count > 1:
            scaled = cvxpy.multiply(self.columns, self.y)[:, model.count :]
            cost += time_smoothness**2 * cvxpy.sum_squares(scaled[1:] - scaled[:-1])
        resistances = cvxpy.multiply(self.size, self.y)[:, model.count :]
        signs = [] if free is None or free.all() else [self.y[:, np.flatnonzero(~free)] >= 0.0]
        extras = signs + [item for build in constraints for item in build(resistances, model)]
        self.problem = cvxpy.Problem(cvxpy.Minimize(cost), extras)
        if not self.problem.is_dcp(dpp=True):
            raise ConfigurationError("constraints: they do not make a convex problem (cvxpy's DPP rules)")

    def _matrix(self, scaled: FloatArray) -> Any:
        return scaled if self.fixed else cvxpy.Parameter(scaled.shape, value=scaled)

    def solve(
        self, design: FloatArray, data: FloatArray, penalty: FloatArray, target: FloatArray, solver: str
    ) -> tuple[FloatArray, int]:
        """Return x (count, n) in ohm and the iterations; arrays carry a leading axis over the spectra."""
        scale = float(np.sqrt(np.mean(data**2))) / DATA_SIZE
        columns = _columns(design, penalty)
        self.columns.value, self.size.value = columns, scale * columns
        for s in range(len(self.data)):
            if not self.fixed:
                self.design[s].value = design[s] * columns[s]
                self.penalty[s].value = penalty[s] * columns[s]
            self.data[s].value = data[s] / scale
            self.target[s].value = target[s] / scale
        self.problem.solve(solver=solver, **TOLERANCES[solver])
        if self.problem.status not in ("optimal", "optimal_inaccurate") or self.y.value is None:
            raise DataError(f"cvxpy with {solver}: {self.problem.status}; the constraints may contradict each other")
        return np.asarray(self.y.value) * self.size.value, int(self.problem.solver_stats.num_iters or 0)


def _columns(design: FloatArray, penalty: FloatArray) -> FloatArray:
    """Return what makes the Hessian of every spectrum have a unit diagonal, (count, n)."""
    squares = (design**2).sum(axis=1) + (penalty**2).sum(axis=1)
    return np.asarray(1.0 / np.sqrt(np.maximum(squares, 1e-300)))


def solve_with_cvxpy(
    problem: DrtProblem,
    compiled: DrtSolution,
    *,
    solver: str = "CLARABEL",
    constraints: Sequence[Constraint] = (),
    time_smoothness: float = 0.0,
) -> DrtSolution:
    """Solve the quadratic programmes of ``compiled`` again, with extras.

    Lambda, or the adapted penalty of the automatic choice, is taken from the compiled run.

    Raises
    ------
    ConfigurationError
        The solver is unknown or the extras are not convex.
    DataError
        The extras contradict each other.
    """
    if solver not in TOLERANCES:
        raise ConfigurationError(f"cvxpy_solver: expected one of {', '.join(TOLERANCES)}, got {solver!r}")
    smoothness = cast.scalar(time_smoothness, "time_smoothness")
    began = perf_counter()
    model, rows, weights = problem.model, problem.rows, problem.weights
    spectra = rows.shape[0]
    scaled = weights[:, :, None] * model.design
    pairs = [_penalty(problem, compiled, s) for s in range(spectra)]
    penalty = np.stack([matrix for matrix, _ in pairs])
    target = np.stack([value for _, value in pairs])
    group = spectra if smoothness else 1
    fixed = bool((scaled == scaled[0]).all() and (penalty == penalty[0]).all())
    twin = CvxpyDrt(
        model, scaled[:group], penalty[:group], fixed=fixed, constraints=constraints, time_smoothness=smoothness,
        free=problem.free,
    )  # fmt: skip
    x, gaps, residuals = np.empty_like(compiled.x), np.empty(spectra), np.empty(spectra)
    iterations = np.empty(spectra, np.int64)
    for first in range(0, spectra, group):
        part = slice(first, first + group)
        x[part], iterations[part] = twin.solve(
            scaled[part], (weights * rows)[part], penalty[part], target[part], solver
        )
    free = not constraints and not smoothness
    for s in range(spectra):
        gaps[s] = duality_gap(model.design, weights[s], rows[s], penalty[s], target[s], x[s]) if free else np.nan
        residuals[s] = (
            _kkt(scaled[s], weights[s] * rows[s], penalty[s], target[s], x[s], problem.free) if free else np.nan
        )
    extras = {"cvxpy_status": twin.problem.status, "time_smoothness": smoothness, "constraints": len(constraints)}
    return replace(
        compiled, x=x, kkt_residual=residuals, iterations=iterations, seconds=perf_counter() - began, gap=gaps,
        solver=f"cvxpy/{solver}", extras=extras,
    )  # fmt: skip


def _penalty(problem: DrtProblem, compiled: DrtSolution, spectrum: int) -> tuple[FloatArray, FloatArray]:
    if compiled.fit is not None:
        return adapted_penalty(problem.model, compiled.fit, spectrum)
    matrix = compiled.regularization[spectrum] * problem.difference
    return matrix, np.zeros(matrix.shape[0])


def _kkt(
    design: FloatArray, data: FloatArray, matrix: FloatArray, target: FloatArray, x: FloatArray,
    free: npt.NDArray[np.bool_] | None,
) -> float:  # fmt: skip
    """Return the same relative KKT residual as the compiled solver."""
    hessian = design.T @ design + matrix.T @ matrix
    linear = -design.T @ data - matrix.T @ target
    scales = 1.0 / np.sqrt(np.diag(hessian))
    slope = scales * (hessian @ x + linear)
    wrong = np.minimum(x / scales, slope)
    if free is not None:
        wrong[free] = slope[free]
    return float(np.abs(wrong).max() / np.abs(scales * linear).max())
