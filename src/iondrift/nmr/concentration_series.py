"""D(c) from diffusion coefficients at several concentrations."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

import numpy as np

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import DataError, IondriftWarning
from iondrift.nmr.diffusion import corrected_criterion
from iondrift.nmr.options import DiffusivityForm
from iondrift.transport.diffusivity import Diffusivity
from iondrift_kernels.diffusivity import evaluate_array

FORMS: Final[tuple[DiffusivityForm, ...]] = get_args(DiffusivityForm)
_DEGREES: Final[Mapping[str, int]] = {"linear": 1, "quadratic": 2, "cubic": 3}
_PARAMETERS: Final[Mapping[str, int]] = {"constant": 1, "exponential": 2, "linear": 2, "quadratic": 3, "cubic": 4}
_TRIED: Final = ("constant", "exponential", "linear", "quadratic")  # by "auto"
_PUBLISHED: Final = (-3.09546e-16, -8.14922e-15, 5.01302e-13, -2.57336e-12)


@dataclass(frozen=True, kw_only=True)
class DiffusivityFit:
    """D(c) with its covariance, and how it was chosen.

    Attributes
    ----------
    diffusivity
        For bands and budgets.
    form
        That was fitted.
    criteria
        AICc of every form that has one for so many concentrations.
    residuals : (concentration,)
        Over the standard errors.
    """

    diffusivity: Diffusivity
    form: str
    criteria: Mapping[str, float]
    residuals: FloatArray


def fit_diffusivity(
    concentration: Any,
    coefficients: Any,
    standard_errors: Any,
    *,
    form: DiffusivityForm = "auto",
    common_uncertainty: float = 0.0,
    monotone: bool = False,
) -> DiffusivityFit:
    r"""Fit D(c) to coefficients measured at several concentrations.

    Weighted least squares, weights 1 / s.e.; ln D for the constant and for ``D0 exp(-k (c / c0 - 1))``, c0 the mean
    concentration. The covariance is scaled by the reduced chi-squared where that exceeds 1.

    Parameters
    ----------
    concentration : (concentration,)
        mol m-3, in any order, none twice.
    coefficients, standard_errors : (concentration,)
        m2 s-1.
    form
        "auto" takes the lowest AICc of constant, exponential, linear and quadratic; "spline" interpolates
        monotonically through the values.
    common_uncertainty
        Standard uncertainty of one factor common to all, relative: twice that of the gradient.
    monotone
        Refuse a form that turns within the range; of a spline, pool neighbours that are out of order.

    Returns
    -------
    DiffusivityFit

    Raises
    ------
    DataError
        Too few concentrations for the form (k >= n - 1 with k one more than its parameters), D is not positive
        somewhere within the range, or it is not monotone where that was asked for.

    Examples
    --------
    >>> c = np.array([500.0, 1000.0, 1500.0, 2000.0, 2500.0])
    >>> D = 1e-12 * np.exp(-0.5 * (c / 1500.0 - 1.0)) * (1.0 + 0.01 * np.array([1.0, -1.0, 1.0, -1.0, 1.0]))
    >>> fit = fit_diffusivity(c, D, 0.02 * D, form="exponential")
    >>> [round(float(value), 2) for value in fit.diffusivity.values * [1e12, 1.0]]
    [1.0, 0.5]
    """
    cast.one_of(form, "form", FORMS)
    c, D, errors = _sorted(concentration, coefficients, standard_errors)
    common = cast.number(common_uncertainty, "common_uncertainty", lowest=0.0, below=1.0)
    if form == "spline":
        return _spline(c, D, errors, common, monotone=monotone)
    names = _TRIED if form == "auto" else (form,)
    fits = {name: _linear_fit(name, c, D, errors) for name in names if _decides(name, form, c.size)}
    criteria = {name: fit.criterion for name, fit in fits.items()}
    if not fits:
        raise DataError(
            f"form: {c.size} concentrations do not decide on {form!r} (AICc is not defined); measure more, or take "
            "'constant' or 'spline'"
        )
    for name in sorted(fits, key=lambda name: criteria[name]):
        found = _diffusivity(fits[name], c, common)
        problem = _shape_problem(found, c, monotone=monotone)
        if not problem:
            return DiffusivityFit(diffusivity=found, form=name, criteria=criteria, residuals=fits[name].residuals)
        if form != "auto":
            raise DataError(f"form: D(c) as {name!r} {problem}; take another form")
    raise DataError("form: no form keeps D(c) positive (and monotone, where asked) within the range; take 'spline'")


def _decides(name: str, form: str, count: int) -> bool:
    """Say whether so many concentrations decide on a form; one value at all of them may be asked for by name."""
    return _PARAMETERS[name] + 1 < count - 1 or form == name == "constant"


def published_cubic() -> Diffusivity:
    """Return the cubic of Thienenkamp et al. for PEO / LiTFSI at 40 C, D(EO:Li ratio) from 10 to 20.

    Warns
    -----
    IondriftWarning
        It has four coefficients for about as many ratios, without covariance.
    """
    warnings.warn(
        "The published cubic D(EO:Li) passes through about as many points as it has coefficients: nothing tests it "
        "between them, no covariance is known, and it turns negative above a ratio of about 20. State its "
        "uncertainty, or fit a series of your own.",
        IondriftWarning,
        stacklevel=2,
    )
    return Diffusivity.polynomial(_PUBLISHED, argument="eo_li_ratio", valid_range=(10.0, 20.0))


def diffusivity_band(diffusivity: Diffusivity, concentration: Any, levels: Any, *, draws: int = 2000) -> FloatArray:
    """Return quantiles of D(c) over draws of its parameters: (level, concentration), m2 s-1.

    Parameters
    ----------
    diffusivity
        With its uncertainty; without, all quantiles are alike.
    concentration : (concentration,)
        mol m-3.
    levels : (level,)
        Of the quantiles.
    draws
        How many; their numbers are always the same.
    """
    c = cast.array(concentration, "concentration", ndim=1, positive=True)
    normals = np.random.default_rng(0).standard_normal((draws, diffusivity.n_random))
    values = np.empty((draws, c.size))
    for row, out in zip(diffusivity.draw_parameters(normals), values, strict=True):
        evaluate_array(diffusivity.form, diffusivity.argument_code, row, c, out)
    return np.asarray(np.quantile(values, levels, axis=0))


@dataclass(frozen=True, kw_only=True)
class _LinearFit:
    """Parameters as the form is linear in, their covariance and what decides between forms."""

    name: str
    parameters: FloatArray
    covariance: FloatArray
    residuals: FloatArray
    criterion: float


def _sorted(concentration: Any, coefficients: Any, errors: Any) -> tuple[FloatArray, FloatArray, FloatArray]:
    c = cast.array(concentration, "concentration", ndim=1, positive=True)
    order = np.argsort(c)
    c = cast.increasing(c[order], "concentration, in order")
    D = cast.array(coefficients, "coefficients", shape=order.shape, positive=True)[order]
    return c, D, cast.array(errors, "standard_errors", shape=order.shape, positive=True)[order]


def _linear_fit(name: str, c: FloatArray, D: FloatArray, errors: FloatArray) -> _LinearFit:
    scaled = c / c.mean()
    if name in _DEGREES:
        columns, target, weights = np.vander(scaled, _DEGREES[name] + 1), D, 1.0 / errors
    else:
        columns = np.ones((c.size, 1)) if name == "constant" else np.stack([np.ones(c.size), 1.0 - scaled], axis=1)
        target, weights = np.log(D), D / errors
    solution: FloatArray = np.asarray(
        np.linalg.lstsq(columns * weights[:, None], target * weights, rcond=None)[0], dtype=np.float64
    )
    left = weights * (target - columns @ solution)
    weighted = columns * weights[:, None]
    chi2 = float(left @ left) / max(1, c.size - solution.size)
    return _LinearFit(
        name=name,
        parameters=solution,
        covariance=np.asarray(np.linalg.inv(weighted.T @ weighted) * max(1.0, chi2), dtype=np.float64),
        residuals=left,
        criterion=corrected_criterion(float(left @ left), c.size, solution.size + 1),
    )


def _diffusivity(fit: _LinearFit, c: FloatArray, common: float) -> Diffusivity:
    """Return the fit as D(c), its covariance in the units of its parameters, one common factor added."""
    edges, mean = (float(c[0]), float(c[-1])), float(c.mean())
    if fit.name == "constant":
        relative = float(np.hypot(np.sqrt(fit.covariance[0, 0]), common))
        return Diffusivity.constant(float(np.exp(fit.parameters[0])), relative_uncertainty=relative)
    if fit.name == "exponential":
        D0 = float(np.exp(fit.parameters[0]))
        slope = np.array([D0, 1.0])
        covariance = fit.covariance * np.outer(slope, slope)
        covariance[0, 0] += (common * D0) ** 2
        return Diffusivity.exponential(D0, float(fit.parameters[1]), mean, valid_range=edges, covariance=covariance)
    powers = mean ** -np.arange(fit.parameters.size - 1.0, -1.0, -1.0)
    values = fit.parameters * powers
    covariance = fit.covariance * np.outer(powers, powers) + common**2 * np.outer(values, values)
    return Diffusivity.polynomial(values, valid_range=edges, covariance=covariance)


def _shape_problem(diffusivity: Diffusivity, c: FloatArray, *, monotone: bool) -> str:
    """Return what is wrong with D(c) within its range; empty where nothing is."""
    values = diffusivity(np.linspace(c[0], c[-1], 401))
    if not (values > 0.0).all():
        return "is not positive everywhere between the concentrations measured"
    steps = np.diff(values)
    tiny = 1e-9 * float(values.max())
    if monotone and (steps > tiny).any() and (steps < -tiny).any():
        return "is not monotone between the concentrations measured"
    return ""


def _spline(c: FloatArray, D: FloatArray, errors: FloatArray, common: float, *, monotone: bool) -> DiffusivityFit:
    if c.size < 2:
        raise DataError("form: a spline needs two concentrations; take 'constant'")
    values = _monotone(D, 1.0 / errors**2) if monotone else D
    covariance = np.diag(errors**2) + common**2 * np.outer(values, values)
    return DiffusivityFit(
        diffusivity=Diffusivity.table(c, values, covariance=covariance),
        form="spline",
        criteria={},
        residuals=(D - values) / errors,
    )


def _monotone(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the nearest values in order: falling or rising, whichever is nearer."""
    from scipy.optimize import isotonic_regression

    both = [isotonic_regression(values, weights=weights, increasing=rising).x for rising in (False, True)]
    return np.asarray(min(both, key=lambda found: float(weights @ (values - found) ** 2)))
