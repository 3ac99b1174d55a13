"""What a distribution of relaxation times is asked for, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast
from iondrift.cast import ComplexArray, FloatArray, choose, flag, number
from iondrift.errors import ConfigurationError, DataError
from iondrift.impedance.drt.criteria import CRITERIA, RegularizationScan
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
from iondrift.impedance.spectra import Weighting, read_impedance_array, weights_of
from iondrift.settings import setting, subject

Regularization = Literal["auto", "paper", "marginal_likelihood", "gcv", "l_curve", "re_im"] | float | FloatArray


PAPER_REGULARIZATION = 0.5  # identity on R_k, lambda squared, unweighted: doi.org/10.5281/zenodo.14067949


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
    impedance: xr.DataArray | xr.Dataset,
    *,
    time_constants: int = 92,
    tau_range: tuple[float, float] | None = None,
    regularization: Regularization = "auto",
    order: int | None = None,
    weighting: Weighting | None = None,
    ohmic: bool = True,
    inductive: bool = True,
    capacitive: bool = False,
    per: Literal["spectrum", "series"] = "spectrum",
    mask: npt.ArrayLike | None = None,
) -> DrtProblem:
    """Check what :func:`drt` was asked and turn it into arrays; parameters as there."""
    array, values, frequency, used = read_impedance_array(impedance, mask)
    choose("per", per, ("spectrum", "series"))
    given: FloatArray | None = None
    if isinstance(regularization, str):
        criterion = choose("regularization", regularization, ("auto", "paper", *CRITERIA))
        if criterion == "paper":
            given = np.full(values.shape[0], PAPER_REGULARIZATION)
            plain = weighting is None or (isinstance(weighting, str) and weighting == "none")
            if order not in (None, 0) or not plain:
                raise ConfigurationError(
                    f"{setting('regularization', 'paper')} is the identity without weights; for another order or "
                    f"weighting give the number, {PAPER_REGULARIZATION}"
                )
        elif criterion == "auto":
            criterion = "hierarchical"
    else:
        criterion = "given"
        if np.ndim(regularization) == 0:
            number(regularization, "regularization", above=0.0)
        strength = cast.array(regularization, subject("regularization"), positive=True)
        if strength.shape not in ((), (values.shape[0],)):
            raise ConfigurationError(
                f"{subject('regularization')}: expected one number or one for each of {values.shape[0]} spectra, "
                f"got shape {strength.shape}"
            )
        given = np.ascontiguousarray(np.broadcast_to(strength, values.shape[0]))
    logarithmic = criterion == "hierarchical"
    tau = relaxation_times(frequency, time_constants, tau_range, beyond=FAR_BEYOND if logarithmic else BEYOND)
    model = build_model(
        frequency, tau, ohmic=flag(ohmic, "ohmic"), inductive=flag(inductive, "inductive"),
        capacitive=flag(capacitive, "capacitive"),
    )  # fmt: skip
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
        logarithmic=logarithmic, criterion=criterion, regularization=given, noise=noise, together=per == "series",
    )  # fmt: skip


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
