"""The automatic choice: ln gamma smooth, its roughness and the noise inferred with every spectrum."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray
from iondrift.impedance.drt.model import RelaxationModel, difference, difference_coefficients, unstack
from iondrift.impedance.drt.nonnegative import solve_weighted
from iondrift.threads import threads_for

IntArray = npt.NDArray[np.int64]

FREEDOM = 1.0  # of the Student prior on differences: Cauchy, which lets a sharp peak be sharp
_START_REGULARIZATION = 0.3  # first-difference solution the iteration starts from; its end does not remember it
_START_NOISE = 0.005  # of |Z|
_START_PRECISION = {1: 3.0, 2: 30.0, 3: 300.0}


@dataclass(frozen=True, kw_only=True)
class LogarithmicFit:
    """What was inferred. Everything in units of ``scale`` (ohm), the rms |Z| of each spectrum."""

    scale: FloatArray  # (spectra) ohm
    x: FloatArray  # (spectra, n) [terms, R_k]
    position: FloatArray  # (spectra, n) [terms, ln R_k]: the centre of the last quadratic programme
    precisions: FloatArray  # (spectra, n_tau - order) a_k
    centre: FloatArray  # (spectra) f0
    noise: FloatArray  # (spectra) standard deviation of the weighted data
    effective: FloatArray  # (spectra) parameters decided by data
    kkt_residual: FloatArray  # (spectra)
    rounds: IntArray  # (spectra)
    change: FloatArray  # (spectra) relative change in the last round
    order: int
    seconds: float


def fit_logarithmic(
    model: RelaxationModel,
    rows: FloatArray,
    weights: FloatArray,
    *,
    order: int = 2,
    freedom: float = FREEDOM,
    noise: FloatArray | None = None,
    together: bool = False,
) -> LogarithmicFit:
    """Fit every spectrum by itself.

    Parameters
    ----------
    model
        Grid and columns.
    rows, weights
        (spectra, 2 frequencies) z in ohm and W.
    order
        Of the difference of ln gamma: 1, 2 or 3.
    freedom
        nu of the Student prior; inf gives all differences one precision.
    noise
        (spectra) known standard deviation of W z in ohm; None infers it.
    together
        One set of precisions for the series: the geometric mean of the spectra's own.
    """
    from iondrift_kernels import drt_logarithmic as kernels

    began = perf_counter()
    count = rows.shape[0]
    modulus = np.abs(unstack(rows))
    used = weights[:, : modulus.shape[1]] > 0.0
    scale = np.sqrt((modulus**2 * used).sum(axis=1) / used.sum(axis=1))
    data = np.ascontiguousarray(rows / scale[:, None])
    series = kernels.Series(data=data, weights=np.ascontiguousarray(weights), centre=_centre(model, data, used))
    fits = kernels.Fits(
        position=_start(model, data, weights),
        precisions=np.full((count, model.tau.size - order), _START_PRECISION[order]),
        noise=np.full(count, _START_NOISE) if noise is None else noise / scale,
        x=np.empty((count, model.design.shape[1])),
        kkt_residual=np.empty(count),
        effective=np.empty(count),
        rounds=np.empty(count, np.int64),
        change=np.empty(count),
    )
    rounds = np.zeros(count, np.int64)
    for learn in (True, False) if together else (True,):
        shared = kernels.Model(
            design=model.design, terms=model.count, coefficients=difference_coefficients(order), freedom=freedom,
            learn=learn, learn_noise=noise is None and learn,
        )  # fmt: skip
        with threads_for(count) as workers:
            kernels.fit(workers, shared, series, fits)
        rounds += fits.rounds
        if learn and together:
            fits.precisions[:] = np.exp(np.log(fits.precisions).mean(axis=0))
    found = fits._replace(rounds=rounds)._asdict()
    return LogarithmicFit(**found, scale=scale, centre=series.centre, order=order, seconds=perf_counter() - began)


def _start(model: RelaxationModel, data: FloatArray, weights: FloatArray) -> FloatArray:
    """Return [terms, ln R_k] (spectra, n) of a quadratic fit of first differences to z and W (spectra, rows)."""
    n = model.design.shape[1]
    rough = np.zeros((n, n))
    first = difference(1, model.tau.size)
    rough[model.count :, model.count :] = first.T @ first
    position = solve_weighted(model.design, rough, np.full(data.shape[0], _START_REGULARIZATION**2), weights, data).x
    resistances = position[:, model.count :]
    floor = 1e-3 * np.maximum(resistances.max(axis=1, keepdims=True), 1e-9)
    position[:, model.count :] = np.log(np.maximum(resistances, floor))
    return position


def _centre(model: RelaxationModel, data: FloatArray, used: npt.NDArray[np.bool_]) -> FloatArray:
    """Return f0 (spectra): ln of an equal share of the span of Re Z (spectra, rows) over the points used, less 2."""
    real = unstack(data).real
    span = np.where(used, real, -np.inf).max(axis=1) - np.where(used, real, np.inf).min(axis=1)
    return np.asarray(np.log(np.maximum(span, 1e-6) / model.tau.size) - 2.0)


def adapted_penalty(model: RelaxationModel, fit: LogarithmicFit, spectrum: int) -> tuple[FloatArray, FloatArray]:
    """Return K (rows, n) and target k of the quadratic programme the fit of one spectrum ended at.

    minimise ||W (A x - z)||^2 + ||K x - k||^2 subject to x >= 0, in ohm: the penalty of the automatic choice in
    the form any solver of quadratic programmes takes.
    """
    from iondrift_kernels.drt_logarithmic import PULL

    tau = model.tau.size
    f = fit.position[spectrum, model.count :]
    rough = np.sqrt(fit.precisions[spectrum])[:, None] * difference(fit.order, tau)
    whole = fit.noise[spectrum] * np.vstack([rough, np.sqrt(PULL) * np.eye(tau)])
    matrix = np.zeros((whole.shape[0], model.design.shape[1]))
    matrix[:, model.count :] = whole / np.exp(f)
    return matrix, fit.scale[spectrum] * (whole @ (1.0 - f + fit.centre[spectrum]))


def fitted_gap(model: RelaxationModel, fit: LogarithmicFit, data: FloatArray, fitted: FloatArray) -> FloatArray:
    """Return |x'(H x + q)| / ||W z||^2 (spectra) of the programmes of :func:`adapted_penalty`, none of them formed.

    ``data`` and ``fitted``: (spectra, 2 frequencies) W z and W A x in ohm.
    """
    from iondrift_kernels.drt_logarithmic import PULL

    f = fit.position[:, model.count :]
    y = fit.x[:, model.count :] / np.exp(f)  # K x = noise scale whole y, k = noise scale whole (1 - f + f0)
    target = y - (1.0 - f + fit.centre[:, None])
    rough = (fit.precisions * np.diff(y, fit.order) * np.diff(target, fit.order)).sum(axis=1)
    held = (fit.noise * fit.scale) ** 2 * (rough + PULL * (y * target).sum(axis=1))
    return np.asarray(np.abs((fitted * (fitted - data)).sum(axis=1) + held) / (data**2).sum(axis=1))
