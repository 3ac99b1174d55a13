"""The onset of mass-transport limitation, from how the voltage rises at constant current."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from iondrift.cast import FloatArray
from iondrift.experiment.log.protocol import Segment, elapsed

if TYPE_CHECKING:
    import xarray as xr

    from iondrift.cast import FloatArray

_TRIMS: Final = tuple((first, last) for first in (0.0, 0.2, 0.4) for last in (1.0, 0.97, 0.94))  # of the samples
_FEWEST: Final = 30  # samples at constant current
_SLOPE_SAMPLES: Final = 9
_STEEPER: Final = 3.0  # times the median slope, at the end of a sudden rise
_BETTER: Final = 0.25  # residual sum of squares, relative to that of a cubic in the square root of time
_EXPONENTS: Final = (0.1, 5.0)
_BEYOND: Final = 1.0  # of the time seen, how far the divergence may lie beyond the last sample


@dataclass(frozen=True, kw_only=True)
class Onset:
    """When mass transport became limiting.

    Attributes
    ----------
    time
        When the voltage would diverge, s since the first sample of the log.
    uncertainty
        How far ``time`` moves, s, root mean square, when the first 20 or 40 % and the last 3 or 6 % of the
        samples are left out: the form of the rise, not the noise, limits what is known.
    exponent
        p in V = V0 + A (1 - t / tau)^-p; None where the voltage was seen to jump and settle.
    residual
        Root mean square of what the fit leaves, V; None where there was no fit.
    """

    time: float
    uncertainty: float
    exponent: float | None
    residual: float | None


def locate_onset(log: xr.Dataset, segments: Sequence[Segment]) -> Onset | None:
    """Return when a sudden rise of the voltage at constant current would diverge, or None where there is none.

    ``V(t) = V0 + A (1 - t / tau)^-p``, least squares over the samples of a constant-current segment up to the
    steepest rise; t counts from the start of the segment. Depletion at the plating electrode makes the layer
    next to it resistive; tau is when nothing would be left to carry the current, and it is found also where a
    voltage limit ends the segment shortly before.

    The rise counts as sudden if the last slope is three times the median one and if the fit leaves less than
    a quarter of the squares that a cubic in sqrt(t), with as many parameters, leaves. Where the voltage
    settles again within the segment, the steepest place counts, with half the width of the jump as
    uncertainty.

    Parameters
    ----------
    log
        ``voltage`` (time), V.
    segments
        As :func:`segment_protocol <iondrift.experiment.log.protocol.segment_protocol>` returns them; the first one of
        constant current with a sudden rise counts.

    Returns
    -------
    Onset or None

    Notes
    -----
    The form is empirical. On the Li||Li cell of doi:10.5281/zenodo.14103250 it leaves 5.9 mV of a rise of
    1.35 V and gives 91 min with p = 1.1, where the authors saw the jump at about 90 min.
    """
    time = elapsed(log)
    voltage = np.asarray(log["voltage"].values, dtype=np.float64)
    for segment in segments:
        if segment.kind == "constant_current":
            inside = (time >= segment.start) & ((time < segment.stop) | (segment.stop >= time[-1]))
            driven = -np.sign(segment.level) * voltage[inside]  # a current of either sign drives its voltage up
            onset = _of_segment(time[inside] - segment.start, driven, segment.start)
            if onset is not None:
                return onset
    return None


def _of_segment(t: FloatArray, V: FloatArray, start: float) -> Onset | None:
    if len(t) < _FEWEST:
        return None
    slope = _slopes(t, V)
    if slope[-1] < 0.5 * slope.max():
        return _of_jump(t, V, slope, start)
    stop = int(np.argmax(slope)) + _SLOPE_SAMPLES
    if stop < _FEWEST or slope[stop - _SLOPE_SAMPLES] < _STEEPER * np.median(slope[:stop]):
        return None
    t, V = t[:stop], V[:stop]
    tau, exponent, squares = _fit(t, V, starts=tuple((t[-1] * ahead, 1.0) for ahead in (1.02, 1.1, 1.4)))
    smooth = np.vander(np.sqrt(t / t[-1]), 4)
    left = V - smooth @ np.linalg.lstsq(smooth, V, rcond=None)[0]
    if squares > _BETTER * float(left @ left) or tau > 0.99 * (1.0 + _BEYOND) * t[-1]:
        return None
    return Onset(
        time=start + tau,
        uncertainty=_spread(t, V, tau, exponent),
        exponent=exponent,
        residual=float(np.sqrt(squares / len(t))),
    )


def _of_jump(t: FloatArray, V: FloatArray, slope: FloatArray, start: float) -> Onset | None:
    """Return the steepest place of a jump that is over, if it stands out of the noise and of the whole range."""
    top = int(np.argmax(slope))
    gentle = np.flatnonzero(slope < 0.5 * slope[top])
    first = int(gentle[gentle < top].max(initial=0))
    last = int(gentle[gentle > top].min(initial=len(slope) - 1))
    middle = _SLOPE_SAMPLES // 2
    height = V[last + middle] - V[first + middle]
    noise = np.median(np.abs(np.diff(V, 2))) * 1.4826 / np.sqrt(6.0)
    steep = slope[top] >= _STEEPER * max(float(np.median(slope)), 0.0)
    if not steep or height < 10.0 * noise or height < 0.2 * np.ptp(V):
        return None
    width = t[last + middle] - t[first + middle]
    return Onset(time=start + t[top + middle], uncertainty=0.5 * width, exponent=None, residual=None)


def _slopes(t: FloatArray, V: FloatArray) -> FloatArray:
    """Return the slope of a straight line through every ``_SLOPE_SAMPLES`` samples in a row."""
    view = np.lib.stride_tricks.sliding_window_view
    x, y = view(t, _SLOPE_SAMPLES), view(V, _SLOPE_SAMPLES)
    x = x - x.mean(axis=1, keepdims=True)
    result: FloatArray = (x * y).sum(axis=1) / (x * x).sum(axis=1)
    return result


def _fit(t: FloatArray, V: FloatArray, *, starts: tuple[tuple[float, float], ...]) -> tuple[float, float, float]:
    """Return tau, p and the sum of squares; V0 and A are linear and projected out."""
    from scipy.optimize import least_squares

    seen = float(t[-1])

    def residuals(parameters: FloatArray) -> FloatArray:
        tau, exponent = seen * (1.0 + np.exp(parameters[0])), np.exp(parameters[1])
        rise = (1.0 - t / tau) ** -exponent
        rise -= rise.mean()
        result: FloatArray = rise * ((rise @ level) / (rise @ rise)) - level  # A by projection, V0 by the means
        return result

    level = V - V.mean()
    low, high = [np.log(1e-4), np.log(_EXPONENTS[0])], [np.log(_BEYOND), np.log(_EXPONENTS[1])]
    # the valley between tau and p is long and bent: from several places, the best
    fits = [least_squares(residuals, [np.log(at / seen - 1.0), np.log(p)], bounds=(low, high)) for at, p in starts]
    best = min(fits, key=lambda fit: float(fit.cost))
    tau, exponent = seen * (1.0 + np.exp(best.x[0])), np.exp(best.x[1])
    return float(tau), float(exponent), 2.0 * float(best.cost)


def _spread(t: FloatArray, V: FloatArray, tau: float, exponent: float) -> float:
    """Return how far tau moves, root mean square, when either end of the samples is left out."""
    cuts = [slice(int(first * len(t)), int(last * len(t))) for first, last in _TRIMS[1:]]
    moved = [_fit(t[cut], V[cut], starts=((tau, exponent),))[0] - tau for cut in cuts]
    return float(np.sqrt(np.mean(np.square(moved))))
