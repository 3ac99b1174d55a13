"""What a distribution of relaxation times is asked for, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast
from iondrift.cast import ComplexArray, FloatArray, flag, number, one_of, pair
from iondrift.errors import ConfigurationError, DataError
from iondrift.impedance.drt.criteria import RegularizationScan
from iondrift.impedance.drt.logarithmic import LogarithmicFit
from iondrift.impedance.drt.model import (
    BEYOND,
    FAR_BEYOND,
    RelaxationModel,
    build_model,
    difference,
    relaxation_times,
    stack,
)
from iondrift.impedance.options import REGULARIZATIONS, DrtModel, Per
from iondrift.impedance.spectra import aligned, read_impedance_array, weights_of
from iondrift.settings import setting, subject

PAPER_REGULARIZATION = 0.5  # identity on R_k, lambda squared, unweighted: doi.org/10.5281/zenodo.14067949
_TOO_STRONG = 1e100  # lambda squared times a penalty must stay a number


@dataclass(frozen=True, kw_only=True)
class DrtProblem:
    """Everything :func:`drt` was asked, as arrays."""

    impedance: xr.DataArray
    values: ComplexArray  # (spectrum, frequency), zero where masked
    used: npt.NDArray[np.bool_]
    model: RelaxationModel
    weights: FloatArray  # (spectrum, 2 frequencies)
    weighting: str
    order: int
    logarithmic: bool
    criterion: str  # "given", "paper", "hierarchical" or one of CRITERIA
    regularization: FloatArray | None  # (spectrum) where given
    noise: FloatArray | None  # (spectrum) known standard deviation of W z, ohm
    together: bool
    free: npt.NDArray[np.bool_] | None = None  # (n) which of x may be negative; None where none may

    @property
    def rows(self) -> FloatArray:
        """Right-hand sides [Re Z, Im Z]."""
        return stack(self.values)

    @property
    def difference(self) -> FloatArray:
        """D padded with zero columns for the series terms."""
        model = self.model
        matrix = difference(self.order, model.tau.size)
        return np.hstack([np.zeros((matrix.shape[0], model.count)), matrix])


@dataclass(kw_only=True)
class DrtSolution:
    """What a solver returns for a :class:`DrtProblem`."""

    x: FloatArray  # (spectrum, n) ohm
    kkt_residual: FloatArray
    iterations: npt.NDArray[np.int64]
    seconds: float
    regularization: FloatArray
    solver: str
    gap: FloatArray
    fit: LogarithmicFit | None = None
    scan: RegularizationScan | None = None
    extras: dict[str, Any] = field(default_factory=dict)


def pose(
    impedance: xr.DataArray | xr.Dataset, options: DrtModel = DrtModel(), mask: npt.ArrayLike | None = None
) -> DrtProblem:
    """Check what :func:`drt` was asked and turn it into arrays; options as there."""
    array, values, frequency, used = read_impedance_array(impedance, mask)
    one_of(options.per, "per", get_args(Per))
    weighting = aligned(options.weighting, "weighting", array, "ohm")
    criterion, given = _regularization(aligned(options.regularization, "regularization", array), values.shape[0])
    if criterion == "hierarchical" and options.signed:
        criterion = "marginal_likelihood"  # a logarithm has no sign to give
    if criterion == "paper":
        _check_paper(options.order, weighting)
    logarithmic = criterion == "hierarchical"
    tau = relaxation_times(
        frequency, options.time_constants, options.tau_range, beyond=FAR_BEYOND if logarithmic else BEYOND
    )
    model = build_model(
        frequency,
        tau,
        ohmic=flag(options.ohmic, "ohmic"),
        inductive=flag(options.inductive, "inductive"),
        capacitive=flag(options.capacitive, "capacitive"),
    )
    free = _free(options, model)
    order = options.order
    if order is None:
        order = 2 if logarithmic else 0 if given is not None else 1
    order = cast.whole(order, subject("order"), lowest=0, highest=3)
    if logarithmic and order == 0:
        raise ConfigurationError(
            f"{subject('order')}: the automatic choice makes ln gamma smooth and needs order 1, 2 or 3; for the "
            f"identity choose lambda by {setting('regularization', 'marginal_likelihood')}"
        )
    if weighting is None:
        weighting = "none" if given is not None else "modulus"
    weights, name, _ = weights_of(weighting, values, used)
    noise = None
    if name == "sigma":
        spread = np.broadcast_to(cast.array(weighting, "weighting"), values.shape)
        noise = np.sqrt((spread**2 * used).sum(axis=1) / used.sum(axis=1))
    return DrtProblem(
        impedance=array, values=values, used=used, model=model, weights=weights, weighting=name, order=order,
        logarithmic=logarithmic, criterion=criterion, regularization=given, noise=noise,
        together=options.per == "series", free=free,
    )  # fmt: skip


def _free(options: DrtModel, model: RelaxationModel) -> npt.NDArray[np.bool_] | None:
    """Return which of x (n) may be negative: R_k everywhere or in a range of tau; None where none may."""
    everywhere = flag(options.negative, "negative")
    if not options.signed:
        return None
    free = np.zeros(model.design.shape[1], np.bool_)
    if options.negative_range is None:
        free[model.count :] = everywhere
        return free
    first, last = pair(options.negative_range, "negative_range")
    free[model.count :] = (model.tau >= first) & (model.tau <= last)
    if not free.any():
        raise ConfigurationError(
            f"{subject('negative_range')}: no time constant lies in {first:g} to {last:g} s; the grid holds "
            f"{model.tau[0]:.3g} to {model.tau[-1]:.3g} s"
        )
    return free


def _regularization(regularization: Any, spectra: int) -> tuple[str, FloatArray | None]:
    """Return the criterion that chooses lambda, and lambda (spectrum,) where it is given."""
    if isinstance(regularization, str):
        criterion = one_of(regularization, "regularization", REGULARIZATIONS)
        if criterion == "paper":
            return criterion, np.full(spectra, PAPER_REGULARIZATION)
        return ("hierarchical" if criterion == "auto" else criterion), None
    if np.ndim(regularization) == 0:
        number(regularization, "regularization", above=0.0, below=_TOO_STRONG)
    strength = cast.array(regularization, subject("regularization"), positive=True)
    number(strength.max(initial=0.0), "regularization", below=_TOO_STRONG)
    if strength.shape not in ((), (spectra,)):
        raise ConfigurationError(
            f"{subject('regularization')}: expected one number or one for each of {spectra} spectra, got shape "
            f"{strength.shape}"
        )
    return "given", np.ascontiguousarray(np.broadcast_to(strength, spectra))


def _check_paper(order: int | None, weighting: Any) -> None:
    """Refuse another order or weighting than the paper's."""
    plain = weighting is None or (isinstance(weighting, str) and weighting == "none")
    if order not in (None, 0) or not plain:
        raise ConfigurationError(
            f"{setting('regularization', 'paper')} is the identity without weights; for another order or weighting "
            f"give the number, {PAPER_REGULARIZATION}"
        )


def check_solved(problem: DrtProblem, x: FloatArray, kkt_residual: FloatArray) -> None:
    """Refuse solutions x (spectrum, n) that rounding destroyed.

    Raises
    ------
    DataError
        A value or a KKT residual (spectrum) is not finite; the message names what the spectrum was given.
    """
    lost = ~(np.isfinite(x).all(axis=1) & np.isfinite(kkt_residual))
    if lost.any():
        s = int(lost.argmax())
        size = np.abs(problem.values[s][problem.used[s]])
        given = [f"|Z| from {size.min():g} to {size.max():g} ohm"]
        if problem.noise is not None:
            given.append(f"a standard deviation of {problem.noise[s]:g} ohm")
        if problem.regularization is not None:
            given.append(f"lambda {problem.regularization[s]:g}")
        raise DataError(
            f"spectrum {s} ({int(lost.sum())} of {lost.size} like it): no finite distribution of relaxation times with "
            f"{', '.join(given)}; mask points that are far off, and leave {subject('weighting')}, {subject('noise')} "
            f"and {subject('regularization')} to the data"
        )


def duality_gap(
    design: FloatArray, weight: FloatArray, row: FloatArray, matrix: FloatArray, target: FloatArray, x: FloatArray
) -> float:
    """Return |x'(H x + q)| / ||W z||^2 for ||W (A x - z)||^2 + ||K x - k||^2."""
    slope = design.T @ (weight**2 * (design @ x - row)) + matrix.T @ (matrix @ x - target)
    return float(abs(x @ slope) / np.sum((weight * row) ** 2))
