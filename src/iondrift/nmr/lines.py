"""Lines of spectra: positions, widths and areas with uncertainties that hold for correlated noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, DataError
from iondrift.nmr.line_starts import starts_for
from iondrift.nmr.options import LineOptions
from iondrift.progress import Progress, silent
from iondrift.threads import threads_for
from iondrift_kernels import line_shapes as kernels

_MOST_STEPS: Final = 100
_JUDGED: Final = 8  # spectra of a series that the number of lines is chosen by
_BLOCK: Final = 64  # spectra between two words of progress
_FAR: Final = 0.01  # of the highest point of the lines: what is below is free of signal
_FEWEST_FREE: Final = 60  # points that a correlation is estimated from
_LONGEST: Final = 64  # points of correlation
_EDGE: Final = 0.01  # mixing, or share of either width, that counts as a bound
_SEEN: Final = 2.0  # standard errors of an area
_CLOSE: Final = 0.2  # of a width: two lines that are one
_TO_FWHM: Final = 2.0 * np.sqrt(2.0 * np.log(2.0))


@dataclass(frozen=True, kw_only=True)
class _Scaled:
    """Shifts from -1 to 1 and spectra of order one, for the solver."""

    lines: kernels.Lines
    spectra: FloatArray
    centre: float
    half: float
    height: float
    limits: FloatArray

    def with_lines(self, count: int) -> _Scaled:
        return replace(self, lines=self.lines._replace(number=count), limits=_limits(self.lines, count))


def fit_lineshape(
    shift: Any, spectra: Any, options: LineOptions = LineOptions(), *, seed: int = 0, progress: Progress = silent
) -> xr.Dataset:
    r"""Fit a sum of lines and a baseline to one spectrum or a series.

    Voigt: ``f(x) = Re(a exp(i p) w(z)) / (s sqrt(2 pi))``, ``z = (x - x0 + i g) / (s sqrt 2)``; pseudo-Voigt:
    ``f = A (e L + (1 - e) G)`` of one width. Widths and mixing are transformed, so that no bound is met; amplitudes are
    linear at every start. Every spectrum is fitted from the peaks of its second derivative, from the solution of the
    mean spectrum, and from a Latin hypercube.

    Parameters
    ----------
    shift : (point,)
        ppm, evenly spaced, rising or falling.
    spectra : (point,) or (spectrum, point)
        Real, phased; magnitudes where ``options.magnitude``.
    options
        Shape, number of lines, baseline, window, reference.
    seed
        Of the random starts.
    progress
        Told how far it is.

    Returns
    -------
    xarray.Dataset
        - ``position``, ``width`` (full, at half maximum), ``area``, ``mixing`` (of the Lorentzian) and ``phase``
          (spectrum, line), by rising position; ``position_error``, ``width_error``, ``area_error``; ``area_share``
          of what is resolved, NaN of what is not;
        - ``resolved`` (spectrum, line): at no bound, no other line within a fifth of a width, and an area of at least
          two standard errors;
        - ``fitted``, ``measured``, ``baseline`` (spectrum, point), ``component`` (spectrum, line, point);
        - ``r_squared``, ``noise``, ``correlation_length`` (spectrum);
        - ``aicc``, ``bic`` (lines_tried), over the spectra judged.

        Standard errors are those of the sandwich ``H^-1 (J' R J) H^-1 s^2`` with R the autocorrelation of the
        residuals where no signal is. With a reference, positions are differences to the bulk's line, whose error is 0:
        var = C_kk + C_11 - 2 C_1k.

    Raises
    ------
    ConfigurationError
        Phases or magnitudes of a pseudo-Voigt, or a window without points.
    DataError
        Not evenly spaced, NaN, or fewer points than parameters.

    Examples
    --------
    >>> x = np.linspace(200.0, 300.0, 401)
    >>> y = np.exp(-4 * np.log(2) * ((x - 245.0) / 10.0) ** 2) + 0.5 / (1 + 4 * ((x - 268.0) / 8.0) ** 2)
    >>> found = fit_lineshape(x, y, LineOptions(lines=2, shape="pseudo-voigt"))
    >>> found.position.values.round(3).tolist()
    [[245.0, 268.0]]
    """
    x, y = _checked(shift, spectra, options)
    scaled = _scaled(x, y, options)
    tried = [options.lines] if options.lines != "auto" else list(range(1, options.most_lines + 1))
    judged = scaled.spectra[cast.evenly_spaced(len(y), _JUDGED)]
    scores: dict[int, tuple[float, float]] = {}
    if len(tried) > 1:
        scores = _criteria(replace(scaled, spectra=judged), tried, options.starts, seed, progress)
    chosen = _chosen(scores) if scores else tried[0]
    final = scaled.with_lines(chosen)
    solutions = _solutions(final, options.starts, seed, progress)
    return _described(x, y, final, solutions, options, scores)


def _checked(shift: Any, spectra: Any, options: LineOptions) -> tuple[FloatArray, FloatArray]:
    if options.shape == "pseudo-voigt" and (options.phases or options.magnitude):
        raise ConfigurationError("shape: phases and magnitudes are those of Voigt lines; take 'voigt'")
    x = cast.array(shift, "shift", ndim=1)
    y = cast.array(spectra, "spectra")
    y = y[None, :] if y.ndim == 1 else y
    if y.ndim != 2 or y.shape[1] != x.size:
        raise DataError(f"spectra: shape {np.shape(spectra)} does not fit {x.size} shifts; give (spectrum, point)")
    if options.window is not None:
        inside = (x >= options.window[0]) & (x <= options.window[1])
        if not inside.any():
            raise ConfigurationError(
                f"window: no point lies from {options.window[0]:g} to {options.window[1]:g} ppm; the spectrum spans "
                f"{x.min():.4g} to {x.max():.4g}"
            )
        x, y = x[inside], y[:, inside]
    if x.size > 1 and x[0] > x[-1]:
        x, y = x[::-1], y[:, ::-1]
    least = 5 * (options.most_lines if options.lines == "auto" else options.lines) + options.baseline + 2
    if x.size <= least:
        raise DataError(f"shift: {x.size} points for up to {least} parameters; widen the window or take fewer lines")
    if not np.allclose(np.diff(x), (x[-1] - x[0]) / (x.size - 1), rtol=1e-3, atol=0.0):
        raise DataError("shift: points are not evenly spaced; give the axis of one Fourier transform")
    return x, np.ascontiguousarray(y)


def _scaled(x: FloatArray, y: FloatArray, options: LineOptions) -> _Scaled:
    centre, half = float(x[0] + x[-1]) / 2.0, float(x[-1] - x[0]) / 2.0
    height = float(np.abs(y).max()) or 1.0
    places = (x - centre) / half
    basis = np.linalg.qr(np.vander(places, options.baseline + 1, increasing=True))[0]
    lines = kernels.Lines(
        x=np.ascontiguousarray(places),
        baseline=np.ascontiguousarray(basis.T),
        shape=kernels.VOIGT if options.shape == "voigt" else kernels.PSEUDO_VOIGT,
        number=1,
        phases=options.phases,
        magnitude=options.magnitude,
    )
    return _Scaled(lines=lines, spectra=y / height, centre=centre, half=half, height=height, limits=_limits(lines, 1))


def _limits(lines: kernels.Lines, count: int) -> FloatArray:
    """Return where a step would leave for good: (p, 2)."""
    point = 2.0 / (lines.x.size - 1)
    far = [-1e12, 1e12]
    width = [np.log(0.02 * point), np.log(20.0)]
    second = width if lines.shape == kernels.VOIGT else [-12.0, 12.0]
    if lines.shape == kernels.PSEUDO_VOIGT:
        width = [np.log(point), np.log(20.0)]
    one = [[-1.2, 1.2], width, second, *[far] * (kernels.per_line(lines) - 3)]
    return np.array(one * count + [far] * lines.baseline.shape[0])


def _solutions(scaled: _Scaled, random_starts: int, seed: int, progress: Progress = silent) -> FloatArray:
    """Return the parameters of every spectrum: (spectrum, p), lines by rising position."""
    spectra = scaled.spectra
    mean = spectra.mean(axis=0, keepdims=True)
    common = _fitted(scaled, mean, starts_for(scaled.lines, mean, random_starts, seed))[0][0]
    found = np.empty((len(spectra), common.size))
    for first in range(0, len(spectra), _BLOCK):
        if len(spectra) > _BLOCK:
            progress(f"lines, {first} of {len(spectra)} spectra")
        block = spectra[first : first + _BLOCK]
        starts = starts_for(scaled.lines, block, random_starts, seed, known=common)
        found[first : first + _BLOCK] = _fitted(scaled, block, starts)[0]
    return _in_order(scaled.lines, found)


def _fitted(scaled: _Scaled, spectra: FloatArray, starts: FloatArray) -> tuple[FloatArray, FloatArray]:
    out, squares = np.empty((len(spectra), starts.shape[2])), np.empty(len(spectra))
    with threads_for(len(spectra)):
        kernels.fit_series(
            scaled.lines, np.ascontiguousarray(spectra), starts, scaled.limits, _MOST_STEPS, out, squares
        )
    return out, squares


def _in_order(lines: kernels.Lines, parameters: FloatArray) -> FloatArray:
    step = kernels.per_line(lines)
    of_lines = parameters[:, : lines.number * step].reshape(len(parameters), lines.number, step)
    order = np.argsort(of_lines[:, :, 0], axis=1)
    ordered = np.take_along_axis(of_lines, order[:, :, None], axis=1)
    return np.hstack([ordered.reshape(len(parameters), -1), parameters[:, lines.number * step :]])


def _criteria(
    scaled: _Scaled, tried: list[int], random_starts: int, seed: int, progress: Progress
) -> dict[int, tuple[float, float]]:  # fmt: skip
    """Return AICc and BIC by number of lines, summed over spectra.

    The points that count are those of the noise, whatever is fitted: its correlation is that of the residuals of the
    largest number of lines.
    """
    squares: dict[int, tuple[list[float], int]] = {}
    counted = np.empty(len(scaled.spectra))
    n = scaled.lines.x.size
    for number in tried:
        progress(f"{number} line{'s' if number > 1 else ''}")
        model_of = scaled.with_lines(number)
        solutions = _solutions(model_of, random_starts, seed)
        sums = []
        for s, (spectrum, parameters) in enumerate(zip(scaled.spectra, solutions, strict=True)):
            model, _ = _evaluated(model_of.lines, parameters)
            left = spectrum - model
            sums.append(float(left @ left))
            counted[s] = n / (1.0 + 2.0 * float(_correlation(model_of.lines, left, model, parameters)[1:].sum()))
        squares[number] = sums, solutions.shape[1] + 1
    return {number: _score(np.array(sums), counted, n, k) for number, (sums, k) in squares.items()}


def _score(squares: FloatArray, counted: FloatArray, n: int, parameters: int) -> tuple[float, float]:
    """Return AICc and BIC of so many parameters; infinite where so few points count that they have none."""
    free = counted - parameters - 1
    if (free <= 0.0).any():
        return float("inf"), float("inf")
    fit = counted * np.log(np.maximum(squares, 1e-300) / n)
    aicc = fit + 2 * parameters + 2 * parameters * (parameters + 1) / free
    return float(aicc.sum()), float((fit + parameters * np.log(counted)).sum())


def _chosen(scores: dict[int, tuple[float, float]]) -> int:
    """Return the number of lines of lowest AICc, or of lowest BIC where that is fewer."""
    return min(min(scores, key=lambda count: scores[count][which]) for which in (0, 1))


def _evaluated(lines: kernels.Lines, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
    model, jacobian = np.empty(lines.x.size), np.empty((parameters.size, lines.x.size))
    kernels.evaluate(lines, parameters, model, jacobian)
    return model, jacobian


def _correlation(lines: kernels.Lines, left: FloatArray, model: FloatArray, parameters: FloatArray) -> FloatArray:
    """Return the autocorrelation of residuals from lag 0 to before its first zero, where no signal is."""
    signal = np.abs(model - parameters[-lines.baseline.shape[0] :] @ lines.baseline)
    free = signal < _FAR * signal.max()
    if free.sum() < _FEWEST_FREE:
        free = np.ones_like(free)
    values = np.where(free, left - left[free].mean(), 0.0)
    variance = float((values**2).sum() / free.sum())
    found = [1.0]
    for lag in range(1, min(_LONGEST, left.size // 4)):
        pairs = float((free[lag:] & free[:-lag]).sum())
        value = float(values[lag:] @ values[:-lag]) / pairs / variance if pairs and variance > 0.0 else 0.0
        if value <= 0.0:
            break
        found.append(value)
    return np.array(found)


def _sandwich(jacobian: FloatArray, left: FloatArray, correlation: FloatArray) -> FloatArray:
    """Return H^-1 (J' R J) H^-1 s^2 of a Jacobian (p, n)."""
    size = np.sqrt((jacobian**2).sum(axis=1))
    size[size == 0.0] = 1.0
    unit = jacobian / size[:, None]
    middle = unit @ unit.T
    inverse = np.linalg.pinv(middle, rcond=1e-12, hermitian=True)
    for lag, value in enumerate(correlation[1:], 1):
        product = unit[:, lag:] @ unit[:, :-lag].T
        middle = middle + value * (product + product.T)
    variance = float(left @ left) / max(1, left.size - len(jacobian))
    return np.asarray(inverse @ middle @ inverse * variance / np.outer(size, size))


def _described(
    x: FloatArray, y: FloatArray, scaled: _Scaled, solutions: FloatArray, options: LineOptions,
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


def _row(scaled: _Scaled, spectrum: FloatArray, parameters: FloatArray, options: LineOptions) -> dict[str, Any]:
    """Return everything of one spectrum by its name."""
    lines, step = scaled.lines, kernels.per_line(scaled.lines)
    model, jacobian = _evaluated(lines, parameters)
    left = spectrum / scaled.height - model
    correlation = _correlation(lines, left, model, parameters)
    covariance = _sandwich(jacobian, left, correlation)
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
    return _evaluated(alone, np.ascontiguousarray(parameters[k * step : (k + 1) * step]))[0]
