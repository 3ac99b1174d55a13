"""Labels for distributions of relaxation times, and what is read off them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast, variables
from iondrift.cast import FloatArray, number, pair
from iondrift.errors import ConfigurationError
from iondrift.impedance.drt.model import unstack, window_fractions
from iondrift.impedance.options import Readout
from iondrift.impedance.spectra import attach, series_coordinates
from iondrift.settings import setting, subject
from iondrift.threads import threads_for

if TYPE_CHECKING:
    from iondrift.impedance.drt.problem import DrtProblem, DrtSolution


UNMEASURED_LIMIT = 0.1  # of the polarisation resistance: beyond it the total rests on extrapolation


def check_readout(tau: FloatArray, readout: Readout) -> None:
    """Refuse what :func:`resistances` could not read off a solution on the grid tau, s.

    Raises
    ------
    ConfigurationError
        An option is out of its range, or the window asked for lies off the grid.
    """
    cast.whole(readout.electrodes, subject("electrodes"), lowest=1)
    if readout.area is not None:
        number(readout.area, "area", above=0.0)
    first, last = pair(readout.window, "window")
    if not window_fractions(tau, (first, last)).any() and (first, last) != Readout().window:
        raise ConfigurationError(
            f"{subject('window')}: no time constant lies in {first:g} to {last:g} s; the grid holds {tau[0]:.3g} to "
            f"{tau[-1]:.3g} s: choose a window inside it, or move the grid with {setting('tau_range')}"
        )


def resistances(problem: DrtProblem, x: FloatArray, readout: Readout) -> dict[str, FloatArray]:
    """Return the resistances read off solutions x (..., n), in ohm; one value for each leading index.

    That in a window without a time constant is NaN: nothing was measured there.
    """
    model = problem.model
    distributed = x[..., model.count :]
    fractions = window_fractions(model.tau, readout.window)
    windowed = distributed @ fractions if fractions.any() else np.full(x.shape[:-1], np.nan)
    found = {
        "ohmic_resistance": model.term(x, "ohmic"),
        "inductance": model.term(x, "inductive"),
        "inverse_capacitance": model.term(x, "capacitive"),
        "polarisation_resistance": distributed.sum(axis=-1),
        "windowed_resistance": windowed,
        "electrode_resistance": windowed / readout.electrodes,
    }
    if readout.area is not None:
        found["area_resistance"] = windowed / readout.electrodes * readout.area
    return found


def unmeasured_fraction(problem: DrtProblem, x: FloatArray) -> FloatArray:
    """Return the share of the polarisation resistance at time constants outside 1 / omega of the points used.

    The data hold little of it: a smooth tail continued, or an arc whose maximum was not reached. Of a resistance of
    zero nothing is unmeasured.
    """
    model = problem.model
    inverse = np.broadcast_to(1.0 / (2.0 * np.pi * problem.model.frequency), problem.used.shape)
    fastest = np.where(problem.used, inverse, np.inf).min(axis=1, keepdims=True)
    slowest = np.where(problem.used, inverse, 0.0).max(axis=1, keepdims=True)
    distributed = np.abs(x[:, model.count :])  # parts of either sign do not cancel
    outside = np.where((model.tau < fastest) | (model.tau > slowest), distributed, 0.0).sum(axis=1)
    total = distributed.sum(axis=1)
    return np.asarray(np.divide(outside, total, out=np.zeros_like(total), where=total > 0.0))


def resolution(problem: DrtProblem, x: FloatArray) -> dict[str, npt.NDArray[Any]]:
    """Return what is unmeasured of the polarisation resistance, and whether it may be called resolved."""
    fraction = unmeasured_fraction(problem, x)
    return {"unmeasured_fraction": fraction, "polarisation_resolved": fraction <= UNMEASURED_LIMIT}


def noise_of(problem: DrtProblem, solution: DrtSolution, effective: FloatArray) -> FloatArray:
    """Return the standard deviation of Re Z and Im Z (spectrum, frequency) in ohm, NaN where masked.

    Given, or inferred with the fit, or else the weighted residual with the parameters counted off.
    """
    half = problem.values.shape[1]
    weights = problem.weights[:, :half]
    if problem.noise is not None:
        level = problem.noise
    elif solution.fit is not None:
        level = solution.fit.noise * solution.fit.scale
    else:
        residual = (solution.x @ problem.model.design.T - problem.rows) * problem.weights
        free = np.maximum((problem.weights > 0).sum(axis=1) - effective, 1.0)
        level = np.sqrt((residual**2).sum(axis=1) / free)
    spread = np.full(weights.shape, np.nan)
    np.divide(level[:, None], weights, out=spread, where=weights > 0.0)
    return spread


def effective_parameters(problem: DrtProblem, solution: DrtSolution) -> FloatArray:
    """Return tr(A_P H_PP^-1 A_P'W^2) over the passive set of every solution."""
    if solution.fit is not None:
        return solution.fit.effective
    from iondrift_kernels.drt_freedom import effective_parameters as count
    from iondrift_kernels.nonnegative_weighted import Hessians

    matrix = problem.difference
    weights, strength, x = problem.weights, solution.regularization**2, np.ascontiguousarray(np.abs(solution.x))
    back = np.arange(x.shape[0])
    if (weights == weights[0]).all() and (strength == strength[0]).all():
        first, back = _distinct(x > 0.0)  # only the passive set matters then, and neighbours share it
        weights, strength, x = weights[first], strength[first], x[first]
    counts = np.empty(x.shape[0])
    hessians = Hessians(
        transposed=np.ascontiguousarray(problem.model.design.T), penalty=matrix.T @ matrix, weights=weights,
        strength=strength,
    )  # fmt: skip
    with threads_for(counts.size) as workers:
        count(workers, hessians, x, counts)
    return np.asarray(counts[back])


def _distinct(rows: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return where each distinct row (spectra, n) stands first, and for every row which of those it is."""
    packed = np.packbits(rows, axis=1)
    words = np.zeros((rows.shape[0], -(-packed.shape[1] // 8) * 8), np.uint8)
    words[:, : packed.shape[1]] = packed
    keys = words.view(np.uint64)
    order = np.lexsort(keys.T)  # a stable sort of a few words a row; numpy.unique compares bytes one by one
    fresh = np.ones(order.size, np.bool_)
    fresh[1:] = (keys[order[1:]] != keys[order[:-1]]).any(axis=1)
    back = np.empty(order.size, np.int64)
    back[order] = np.cumsum(fresh) - 1
    return order[fresh], back


def label_result(problem: DrtProblem, solution: DrtSolution, readout: Readout) -> xr.Dataset:
    """Return the dataset of :func:`iondrift.drt`."""
    model = problem.model
    series = series_coordinates(problem.impedance)
    coords = {**series, "tau": ("tau", model.tau)}
    x = solution.x
    gamma = x[:, model.count :] / model.step
    total = x[:, model.count :].sum(axis=1, keepdims=True)
    fitted = unstack(x @ model.design.T)
    residual = np.full(fitted.shape, np.nan + 0j)
    np.divide(problem.values - fitted, np.abs(problem.values), out=residual, where=problem.used)
    effective = effective_parameters(problem, solution)
    values: dict[str, npt.ArrayLike] = {
        "gamma": gamma,
        "gamma_normalised": np.divide(gamma, total, out=np.full_like(gamma, np.nan), where=total != 0.0),
        **resistances(problem, x, readout),
        **resolution(problem, x),
        "impedance_fit": fitted,
        "relative_residual": residual,
        "noise": noise_of(problem, solution, effective),
        "regularization": solution.regularization,
        "effective_parameters": effective,
        "kkt_residual": solution.kkt_residual,
        "duality_gap": solution.gap,
        "iterations": solution.iterations,
    }
    if solution.scan is not None:
        names = list(solution.scan.scores)
        coords |= {"criterion": names, "regularization_value": solution.scan.values}
        values["criterion_score"] = np.stack([solution.scan.scores[name] for name in names])
        values["criterion_choice"] = np.stack([solution.scan.choice(name, together=problem.together) for name in names])
    result = variables.dataset(values, coords)
    result.attrs = {**conventions(problem), **solution.extras}
    result.attrs |= {
        "solver": solution.solver,
        "seconds": solution.seconds,
        "window_s": tuple(map(float, readout.window)),
        "electrodes": readout.electrodes,
    }
    if readout.area is not None:
        result.attrs["area_m2"] = float(readout.area)
    return attach(result, series)


def _constraint(problem: DrtProblem) -> str:
    """Return what signs x may have."""
    if problem.free is None:
        return "x >= 0"
    tau = problem.model.tau[problem.free[problem.model.count :]]
    where = "" if tau.size == problem.model.tau.size else f" at tau from {tau[0]:.3g} to {tau[-1]:.3g} s"
    return f"series terms >= 0, R_k of either sign{where}"


def conventions(problem: DrtProblem) -> dict[str, Any]:
    """Return every convention that changes the numbers."""
    model = problem.model
    if problem.logarithmic:
        penalty = f"sum a_k (difference of order {problem.order} of ln R)_k^2, a_k inferred (Student, 1 degree)"
    else:
        name = "identity" if problem.order == 0 else f"difference of order {problem.order}"
        penalty = f"lambda^2 ||D R||^2, D {name}, R_k in ohm (dln tau not included)"
    return {
        "model": "Z = terms + sum R_k / (1 + j omega tau_k)",
        "gamma_definition": "gamma(ln tau) = R_k / dln tau",
        "tau_definition": "tau = 1 / (2 pi f)",
        "time_constants": model.tau.size,
        "tau_first_s": float(model.tau[0]),
        "tau_last_s": float(model.tau[-1]),
        "ln_tau_step": model.step,
        "series_terms": ", ".join(model.terms) or "none",
        "constraint": _constraint(problem),
        "penalty": penalty,
        "order": problem.order,
        "weighting": {
            "none": "none",
            "modulus": "rms |Z| / |Z|",
            "sigma": "rms sigma / sigma",
        }[problem.weighting],
        "regularization_chosen_by": problem.criterion,
        "regularization_chosen_per": "series" if problem.together else "spectrum",
        "points_masked": int((~problem.used).sum()),
    }
