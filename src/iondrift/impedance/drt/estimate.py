"""Distribution of relaxation times of impedance spectra."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any, Literal, Unpack

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift.cast import number, one_of
from iondrift.errors import ConfigurationError
from iondrift.impedance.drt.criteria import scan_regularization
from iondrift.impedance.drt.labels import check_readout, label_result
from iondrift.impedance.drt.logarithmic import fit_logarithmic, fitted_gap
from iondrift.impedance.drt.nonnegative import solve_model
from iondrift.impedance.drt.problem import DrtProblem, DrtSolution, check_solved, pose
from iondrift.impedance.options import DrtModel, ModelKeywords, Readout, ReadoutKeywords
from iondrift.settings import split_keywords, subject
from iondrift.threads import bounded_threads


class DrtKeywords(ModelKeywords, ReadoutKeywords, total=False):
    """Options of :func:`drt` beside those of its signature, described there."""


@bounded_threads
def drt(
    impedance: xr.DataArray | xr.Dataset,
    *,
    model: DrtModel = DrtModel(),
    solver: Literal["compiled", "cvxpy"] = "compiled",
    cvxpy_solver: Literal["CLARABEL", "OSQP", "SCS"] = "CLARABEL",
    constraints: Sequence[Callable[..., Any]] = (),
    time_smoothness: float = 0.0,
    mask: npt.ArrayLike | None = None,
    **options: Unpack[DrtKeywords],
) -> xr.Dataset:
    """Distribution of relaxation times of one spectrum or of a series on one frequency grid.

    Quadratic, for a given lambda or one of the four criteria::

        minimise ||W (A x - z)||^2 + lambda^2 ||D x_tau||^2   subject to x >= 0
        Z(omega) = R + j omega L + 1 / (j omega C) + sum_k R_k / (1 + j omega tau_k),   x = [R, L, 1/C, R_1 ...]

    "auto", the default because it measured best (``bench/drt_accuracy.py``)::

        minimise ||W (A x - z)||^2 / sigma^2 + sum_k a_k (D ln x_tau)_k^2

    with sigma and every a_k inferred from the spectrum; its solution is that of the quadratic programme it ends
    at, and is proved as such. gamma = R_k / dln tau, so that sum_k R_k is the polarisation resistance.

    Parameters
    ----------
    impedance
        Complex Z (spectrum, frequency) or (frequency) in ohm, coordinate frequency in Hz; or the dataset of
        :func:`iondrift.read_impedance`.
    model
        Options of the model and its regularisation in one record, :class:`iondrift.DrtModel`; those given beside it
        replace its own.
    time_constants, tau_range
        How many, and first and last in s. None: half a decade beyond 1 / (2 pi f) at either end; "auto", a decade at
        the slow one.
    regularization
        "auto"; lambda (a number, or one for every spectrum); "paper": 0.5, identity, unweighted; or the criterion
        that chooses lambda: "marginal_likelihood", "gcv", "l_curve", "re_im" (all four are then reported).
    order
        Of D: 0 (identity), 1, 2, 3. None: 2 for "auto", 1 for a criterion, 0 for a given lambda.
    weighting
        "none": 1; "modulus": rms |Z| / |Z|; or the standard deviation of Z in ohm (a number, per frequency or per
        point): rms sigma / sigma, and "auto" then takes sigma as known. None: "modulus" where lambda is chosen,
        "none" where it is given.
    ohmic, inductive, capacitive
        Which series terms to fit.
    negative, negative_range
        Whether gamma may be negative: everywhere, or between two time constants in s. An inductive loop at low
        frequency or a negative resistance needs it. "auto" then means the marginal likelihood: a logarithm has no sign.
    per
        Whether roughness is chosen for every spectrum or once for the series.
    solver, cvxpy_solver
        "compiled", or "cvxpy": the same problem through :mod:`iondrift.impedance.drt.cvxpy_solver`.
    constraints
        For cvxpy: :func:`iondrift.known_resistance`, :func:`iondrift.confined`, or functions (resistances, model) ->
        list of cvxpy constraints; resistances has one row a spectrum, one column for each model.tau, in ohm.
    time_smoothness
        For cvxpy: mu in mu^2 ||x_tau,s+1 - x_tau,s||^2 added over the series, which becomes one problem.
    window
        Range of tau in s of ``windowed_resistance``; bins are cut where the window cuts them.
    electrodes, area
        Number of equal electrodes in series (2 in Li||Li) and area of one in m2, for ``electrode_resistance`` and
        ``area_resistance``.
    mask
        True where a point must not count: (frequency) or (spectrum, frequency).

    Returns
    -------
    Dataset with gamma (spectrum, tau) ohm, gamma_normalised, ohmic_resistance ohm, inductance H,
    inverse_capacitance 1/F, polarisation_resistance, unmeasured_fraction (its share at time constants that were not
    measured), polarisation_resolved (whether that is at most a tenth), windowed_resistance, impedance_fit,
    relative_residual, noise, regularization, kkt_residual, duality_gap, iterations; criterion_score and
    criterion_choice where a criterion chose; every convention in attrs.

    Raises
    ------
    ShapeError, DataError
        The input is not an impedance; the message gives the place.
    ConfigurationError
        An option that does not exist or does not fit the others.

    References
    ----------
    Saccoccio et al., Electrochim. Acta 147 (2014) 470-482. Boukamp, J. Phys. Energy 2 (2020) 042001.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> f = np.logspace(5, 0, 31)
    >>> z = xr.DataArray(5 + 50 / (1 + (2j * np.pi * f * 1e-3) ** 0.9), coords={"frequency": f}, dims="frequency")
    >>> result = drt(z)
    >>> round(float(result.polarisation_resistance[0]), 1), round(float(result.ohmic_resistance[0]), 1)
    (50.0, 5.0)

    What else is known enters as constraints:

    >>> from iondrift import known_resistance
    >>> held = drt(z, solver="cvxpy", constraints=[known_resistance(48.0, tolerance=0.5)])
    >>> 47.5 <= round(float(held.polarisation_resistance[0]), 3) <= 48.5
    True
    """
    changes, read = split_keywords("drt", options, DrtModel, Readout)
    readout = Readout(**read)
    problem = pose(impedance, replace(model, **changes), mask)
    check_readout(problem.model.tau, readout)
    one_of(solver, "solver", ("compiled", "cvxpy"))
    number(time_smoothness, "time_smoothness", lowest=0.0)
    if not isinstance(constraints, Sequence) or not all(map(callable, constraints)):
        raise ConfigurationError(
            f"{subject('constraints')}: expected a list of functions, such as [iondrift.known_resistance(50.0)]"
        )
    if solver == "compiled" and (constraints or time_smoothness):
        raise ConfigurationError('constraints and time_smoothness need solver="cvxpy"')
    solution = solve(problem)
    if solver == "cvxpy":
        from iondrift.impedance.drt.cvxpy_solver import solve_with_cvxpy

        solution = solve_with_cvxpy(
            problem, solution, solver=cvxpy_solver, constraints=constraints, time_smoothness=time_smoothness
        )
    return label_result(problem, solution, readout)


def solve(problem: DrtProblem) -> DrtSolution:
    """Solve with the compiled kernels, choosing lambda first where asked to."""
    model, rows, weights = problem.model, problem.rows, problem.weights
    if problem.logarithmic:
        fit = fit_logarithmic(model, rows, weights, order=problem.order, noise=problem.noise, together=problem.together)
        x = fit.x * fit.scale[:, None]
        gap = fitted_gap(model, fit, weights * rows, weights * (x @ model.design.T))
        check_solved(problem, x, fit.kkt_residual)
        return DrtSolution(
            x=x, kkt_residual=fit.kkt_residual, iterations=fit.rounds, seconds=fit.seconds, solver="compiled",
            regularization=np.full(rows.shape[0], np.nan), gap=gap, fit=fit,
        )  # fmt: skip
    began = perf_counter()
    matrix = problem.difference
    penalty = matrix.T @ matrix
    scan = None
    if problem.regularization is None:
        scan = scan_regularization(model, penalty, matrix.shape[0], rows, weights, free=problem.free)
        strength = scan.choice(problem.criterion, together=problem.together)
    else:
        strength = problem.regularization
    answer = solve_model(model.design, penalty, strength, weights, rows, problem.free)
    seconds = perf_counter() - began
    fitted = answer.x @ model.design.T
    along = (weights**2 * (fitted - rows) * fitted).sum(axis=1)  # x'(H x + q), without forming H
    rough = np.diff(answer.x[:, model.count :], problem.order)
    gap = np.abs(along + strength**2 * (rough**2).sum(axis=1))
    gap /= ((weights * rows) ** 2).sum(axis=1)
    check_solved(problem, answer.x, answer.kkt_residual)
    return DrtSolution(
        x=answer.x, kkt_residual=answer.kkt_residual, iterations=answer.iterations, seconds=seconds,
        solver="compiled", regularization=strength, gap=gap, scan=scan,
    )  # fmt: skip
