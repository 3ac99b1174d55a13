"""Lines of spectra: positions, widths and areas with uncertainties that hold for correlated noise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import xarray as xr

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, DataError
from iondrift.nmr.line_errors import noise_correlation
from iondrift.nmr.line_labels import labelled
from iondrift.nmr.line_problem import Scaled, evaluated, scaled_problem
from iondrift.nmr.line_starts import starts_for
from iondrift.nmr.options import LineOptions
from iondrift.progress import Progress, silent
from iondrift.threads import threads_for
from iondrift_kernels import line_shapes as kernels

_MOST_STEPS: Final = 100
_JUDGED: Final = 8  # spectra of a series that the number of lines is chosen by
_BLOCK: Final = 64  # spectra between two words of progress


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
    scaled = scaled_problem(x, y, options)
    tried = [options.lines] if options.lines != "auto" else list(range(1, options.most_lines + 1))
    judged = scaled.spectra[cast.evenly_spaced(len(y), _JUDGED)]
    scores: dict[int, tuple[float, float]] = {}
    if len(tried) > 1:
        scores = _criteria(replace(scaled, spectra=judged), tried, options.starts, seed, progress)
    chosen = _chosen(scores) if scores else tried[0]
    final = scaled.with_lines(chosen)
    solutions = _solutions(final, options.starts, seed, progress)
    return labelled(x, y, final, solutions, options, scores)


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


def _solutions(scaled: Scaled, random_starts: int, seed: int, progress: Progress = silent) -> FloatArray:
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


def _fitted(scaled: Scaled, spectra: FloatArray, starts: FloatArray) -> tuple[FloatArray, FloatArray]:
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
    scaled: Scaled, tried: list[int], random_starts: int, seed: int, progress: Progress
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
            model, _ = evaluated(model_of.lines, parameters)
            left = spectrum - model
            sums.append(float(left @ left))
            counted[s] = n / (1.0 + 2.0 * float(noise_correlation(model_of.lines, left, model, parameters)[1:].sum()))
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
