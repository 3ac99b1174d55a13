"""Where fits of lines start: peaks that are seen, a known solution, and a Latin hypercube."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d

from iondrift.cast import FloatArray
from iondrift_kernels import line_shapes as kernels

_SMOOTHING: Final = (0.004, 0.012, 0.03)  # of the window: standard deviations for the second derivative
_NARROW, _WIDE = 0.01, 0.25  # of the window's half: widths of random starts


def starts_for(
    lines: kernels.Lines, spectra: FloatArray, random_starts: int, seed: int, known: FloatArray | None = None
) -> FloatArray:
    """Return starts (spectrum, start, p), amplitudes and baseline already those of least squares.

    Parameters
    ----------
    lines
        What is fitted.
    spectra : (spectrum, point)
    random_starts
        Of a Latin hypercube, the same for all.
    seed
        Of it.
    known : (p,)
        A solution to start from as well, as of the mean spectrum.
    """
    random = _random(lines, random_starts, seed)
    found = []
    for spectrum in spectra:
        own = [_seen(lines, spectrum, smoothing) for smoothing in _SMOOTHING]
        placed = _weighted(lines, random, spectrum)
        nonlinear = [*own, *placed] + ([] if known is None else [_nonlinear(lines, known)])
        found.append([_with_amplitudes(lines, spectrum, start) for start in nonlinear])
    return np.array(found)


def _nonlinear(lines: kernels.Lines, parameters: FloatArray) -> FloatArray:
    step = kernels.per_line(lines)
    return parameters[: lines.number * step].reshape(lines.number, step)[:, :3].copy()


def _seen(lines: kernels.Lines, spectrum: FloatArray, smoothing: float) -> FloatArray:
    """Return places and widths of the strongest peaks of the negative second derivative: (line, 3)."""
    n = spectrum.size
    deviation = max(1.0, smoothing * n)
    bend = -gaussian_filter1d(spectrum, deviation, order=2)
    peaks = np.flatnonzero((bend[1:-1] >= bend[:-2]) & (bend[1:-1] > bend[2:]) & (bend[1:-1] > 0.0)) + 1
    strongest = peaks[np.argsort(bend[peaks])[::-1]][: lines.number]
    missing = lines.number - strongest.size
    spread = np.linspace(0.25, 0.75, missing) * n if missing else np.empty(0)
    places = np.concatenate([lines.x[strongest], lines.x[spread.astype(int)]])
    return _line_parameters(lines, places, np.full(lines.number, 2.0 * deviation / n * 2.0), np.full(lines.number, 0.5))


def _line_parameters(lines: kernels.Lines, places: FloatArray, widths: FloatArray, mixing: FloatArray) -> FloatArray:
    """Return the three parameters a line that are not linear."""
    if lines.shape == kernels.PSEUDO_VOIGT:
        return np.stack([places, np.log(widths), np.log(mixing / (1.0 - mixing))], axis=1)
    return np.stack([places, np.log(widths * (1.0 - mixing) / 2.0), np.log(widths * mixing / 2.0)], axis=1)


def _random(lines: kernels.Lines, count: int, seed: int) -> FloatArray:
    """Return a Latin hypercube (start, line, 3) of places in the cumulated signal, widths and mixing."""
    if count == 0:
        return np.empty((0, lines.number, 3))
    from scipy.stats import qmc  # a second to import, which only a fit of lines needs

    return np.asarray(qmc.LatinHypercube(3 * lines.number, rng=seed).random(count)).reshape(count, lines.number, 3)


def _weighted(lines: kernels.Lines, cube: FloatArray, spectrum: FloatArray) -> list[FloatArray]:
    """Return starts whose places are where the signal is."""
    signal = np.abs(spectrum - np.median(spectrum))
    share = np.cumsum(signal) / max(float(signal.sum()), 1e-300)
    out = []
    for start in cube:
        places = np.interp(np.sort(start[:, 0]), share, lines.x)
        widths = _NARROW * (_WIDE / _NARROW) ** start[:, 1]
        out.append(_line_parameters(lines, places, widths, np.clip(start[:, 2], 0.05, 0.95)))
    return out


def _with_amplitudes(lines: kernels.Lines, spectrum: FloatArray, start: FloatArray) -> FloatArray:
    """Return all parameters of a start: linear ones by least squares, phases 0."""
    step = kernels.per_line(lines)
    parameters = np.zeros(lines.number * step + lines.baseline.shape[0])
    of_lines = parameters[: lines.number * step].reshape(lines.number, step)
    of_lines[:, :3], of_lines[:, 3] = start, 1.0
    model, jacobian = np.empty(spectrum.size), np.empty((parameters.size, spectrum.size))
    kernels.evaluate(lines._replace(magnitude=False), parameters, model, jacobian)
    linear = [*(np.arange(lines.number) * step + 3), *range(lines.number * step, parameters.size)]
    parameters[linear] = np.linalg.lstsq(jacobian[linear].T, spectrum, rcond=1e-10)[0]
    return parameters
