"""Fitted lines in ppm and in the unit of the spectra, with their errors, as one labelled set."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.nmr.line_errors import noise_correlation, sandwich_covariance
from iondrift.nmr.line_problem import Scaled, evaluated
from iondrift.nmr.options import LineOptions
from iondrift_kernels import line_shapes as kernels

_EDGE: Final = 0.01  # mixing, or share of either width, that counts as a bound
_CLOSE: Final = 0.2  # of a width: two lines that are one
_SEEN: Final = 2.0  # standard errors of an area
_TO_FWHM: Final = 2.0 * np.sqrt(2.0 * np.log(2.0))


def labelled(
    x: FloatArray, y: FloatArray, scaled: Scaled, solutions: FloatArray, options: LineOptions,
    scores: dict[int, tuple[float, float]],
) -> xr.Dataset:  # fmt: skip
    """Return solutions in ppm and in the unit of the spectra, with their uncertainty."""
    lines = scaled.lines
    rows = [_row(scaled, spectrum, parameters, options) for spectrum, parameters in zip(y, solutions, strict=True)]
    data: dict[str, Any] = {name: (("spectrum", "line"), np.array([row[name] for row in rows])) for name in _OF_LINE}
    data |= {name: ("spectrum", np.array([row[name] for row in rows])) for name in _OF_SPECTRUM}
    data |= {name: (("spectrum", "point"), np.array([row[name] for row in rows])) for name in ("fitted", "baseline")}
    data["measured"] = (("spectrum", "point"), y)
    data["component"] = (("spectrum", "line", "point"), np.array([row["component"] for row in rows]))
    counted = np.where(data["resolved"][1], data["area"][1], np.nan)
    data["area_share"] = (("spectrum", "line"), counted / np.nansum(counted, axis=1, keepdims=True))
    for which, name in enumerate(("aicc", "bic")):
        data[name] = ("lines_tried", np.array([score[which] for score in scores.values()]))
    units = dict.fromkeys(("position", "position_error", "width", "width_error"), "ppm") | {"phase": "degree"}
    result = xr.Dataset(data, {"shift": ("point", x, {"units": "ppm"}), "lines_tried": list(scores)})
    for name, unit in units.items():
        result[name].attrs["units"] = unit
    result.attrs = {"shape": options.shape, "lines": lines.number, "reference": options.reference or np.nan}
    return result


_OF_LINE: Final = (
    "position", "position_error", "width", "width_error", "area", "area_error", "mixing", "phase", "resolved",
)  # fmt: skip
_OF_SPECTRUM: Final = ("r_squared", "noise", "correlation_length", "residual_correlation")


def _row(scaled: Scaled, spectrum: FloatArray, parameters: FloatArray, options: LineOptions) -> dict[str, Any]:
    """Return everything of one spectrum by its name."""
    lines, step = scaled.lines, kernels.per_line(scaled.lines)
    model, jacobian = evaluated(lines, parameters)
    left = spectrum / scaled.height - model
    correlation = noise_correlation(lines, left, model, parameters)
    covariance = sandwich_covariance(jacobian, left, correlation)
    of_lines = parameters[: lines.number * step].reshape(lines.number, step)
    values, slopes = zip(*(_physical(lines, line) for line in of_lines), strict=True)
    found, errors = np.array(values), np.empty((lines.number, 3))
    to_units = np.array([scaled.half, scaled.half, scaled.half * scaled.height])
    for k, slope in enumerate(slopes):
        own = covariance[k * step : (k + 1) * step, k * step : (k + 1) * step]
        errors[k] = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", slope, own, slope), 0.0)) * to_units
    position = scaled.centre + scaled.half * found[:, 0]
    if options.reference is not None:
        position, errors[:, 0] = _referred(position, options.reference, covariance, step, scaled.half)
    components = np.array([_component(lines, parameters, k) for k in range(lines.number)]) * scaled.height
    baseline = parameters[lines.number * step :] @ lines.baseline * scaled.height
    centred = spectrum - spectrum.mean()
    lag = correlation[1] if correlation.size > 1 else 0.0
    return {
        "position": position, "width": found[:, 1] * scaled.half, "area": found[:, 2] * scaled.half * scaled.height,
        "position_error": errors[:, 0], "width_error": errors[:, 1], "area_error": errors[:, 2],
        "mixing": found[:, 3], "phase": found[:, 4], "resolved": _resolved(lines, found, errors[:, 2] / to_units[2]),
        "fitted": model * scaled.height, "baseline": baseline, "component": components,
        "r_squared": 1.0 - float(left @ left) * scaled.height**2 / float(centred @ centred),
        "noise": float(np.sqrt(left @ left / max(1, left.size - parameters.size))) * scaled.height,
        "correlation_length": 1.0 + 2.0 * float(correlation[1:].sum()), "residual_correlation": lag,
    }  # fmt: skip


def _physical(lines: kernels.Lines, line: FloatArray) -> tuple[list[float], FloatArray]:
    """Return position, full width, area, mixing and phase of one line, and the slopes (3, step) of the first three."""
    slopes = np.zeros((3, line.size))
    slopes[0, 0] = 1.0
    if lines.shape == kernels.PSEUDO_VOIGT:
        width, mixing, height = np.exp(line[1]), 1.0 / (1.0 + np.exp(-line[2])), line[3]
        lorentz, gauss = np.pi / 2.0, np.sqrt(np.pi / (4.0 * np.log(2.0)))
        form = mixing * lorentz + (1.0 - mixing) * gauss
        area = height * width * form
        slopes[1, 1] = width
        slopes[2, 1:4] = area, height * width * mixing * (1.0 - mixing) * (lorentz - gauss), width * form
        return [float(line[0]), float(width), float(area), float(mixing), 0.0], slopes
    gauss, lorentz = _TO_FWHM * np.exp(line[1]), 2.0 * np.exp(line[2])
    # Olivero and Longbothum, J. Quant. Spectrosc. Radiat. Transf. 17, 233 (1977): to 0.02 %
    root = np.sqrt(0.2166 * lorentz**2 + gauss**2)
    slopes[1, 1], slopes[1, 2] = gauss**2 / root, 0.5346 * lorentz + 0.2166 * lorentz**2 / root
    real, imaginary = line[3], line[4] if lines.phases else 0.0
    area = float(np.hypot(real, imaginary)) if lines.phases or lines.magnitude else float(real)
    slopes[2, 3] = real / area if lines.phases and area else 1.0
    if lines.phases and area:
        slopes[2, 4] = imaginary / area
    phase = float(np.degrees(np.arctan2(imaginary, real))) if lines.phases else 0.0
    width = 0.5346 * lorentz + root
    return [float(line[0]), float(width), area, float(lorentz / (lorentz + gauss)), phase], slopes


def _referred(
    position: FloatArray, reference: float, covariance: FloatArray, step: int, half: float
) -> tuple[FloatArray, FloatArray]:
    """Return positions with the line nearest to the reference moved there, and the errors of the differences."""
    bulk = int(np.argmin(np.abs(position - reference)))
    at = np.arange(position.size) * step
    variance = np.diag(covariance)[at] + covariance[at[bulk], at[bulk]] - 2.0 * covariance[at, at[bulk]]
    return position - position[bulk] + reference, half * np.sqrt(np.maximum(variance, 0.0))


def _resolved(lines: kernels.Lines, found: FloatArray, area_error: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which lines are at no bound, have no other within a fifth of a width, and an area beyond its error."""
    place, width, mixing = found[:, 0], found[:, 1], found[:, 3]
    point = 2.0 / (lines.x.size - 1)
    inside = (np.abs(place) < 1.0) & (width > 2.0 * point) & (width < 2.0)
    inside &= (mixing > _EDGE) & (mixing < 1.0 - _EDGE) & (np.abs(found[:, 2]) > _SEEN * area_error)
    apart = np.abs(place[:, None] - place[None, :]) + np.where(np.eye(place.size) > 0, np.inf, 0.0)
    return np.asarray(inside & (apart > _CLOSE * np.minimum(width[:, None], width[None, :])).all(axis=1))


def _component(lines: kernels.Lines, parameters: FloatArray, k: int) -> FloatArray:
    step = kernels.per_line(lines)
    alone = lines._replace(number=1, baseline=np.empty((0, lines.x.size)))
    return evaluated(alone, np.ascontiguousarray(parameters[k * step : (k + 1) * step]))[0]
