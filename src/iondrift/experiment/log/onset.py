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
_EXPONENTS: Final = (0.1, 5.0)
_LEFT_BY_DRIFT: Final = 0.7  # of what the law alone leaves, where the drift counts
_WIDEST: Final = 0.2  # of the segment, of a jump
_EXPONENTS_BESIDE_DRIFT: Final = (0.5, 1.0, 2.0)
_HIGHER: Final = 10.0  # times what the fit leaves, of a rise beside a drift
_NEAR: Final = 0.5  # of the time seen, how far such a rise may diverge beyond the last sample
_BETTER: Final = 0.25  # residual sum of squares, relative to that of a cubic in the square root of time
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
        samples are left out: the form of the rise, not the noise, limits what is known; beside a drift with half
        the distance between exponents of 1/2 and 2 in quadrature.
    exponent
        p in V = V0 + A (1 - t / tau)^-p, 1 beside a drift; None where the voltage was seen to jump and settle.
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
    a quarter of the squares that a cubic in sqrt(t), with as many parameters, leaves.

    Beside a drift, as of a full cell's EMF, ``V(t) = V0 + B t + A (1 - t / tau)^-1``: sudden if the last slope exceeds
    the median one by three robust standard deviations of those before, with the same quarter, and if the rise is ten
    times what the fit leaves. It counts where it leaves 0.7 times what the law without drift leaves, or that one finds
    none. Drift and exponent stand for one another, so that exponents of 1/2 and 2 widen the uncertainty.

    Where the voltage settles again within the segment, the steepest place counts, with half the width of the jump as
    uncertainty; a jump is over within a fifth of the segment and does not begin it.

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
    plain, beside = _of_rise(t, V, slope, start), _of_rise_beside_drift(t, V, slope, start)
    if plain is None or beside is None or plain.residual is None or beside.residual is None:
        return plain or beside
    return beside if beside.residual < _LEFT_BY_DRIFT * plain.residual else plain


def _of_rise(t: FloatArray, V: FloatArray, slope: FloatArray, start: float) -> Onset | None:
    """Return where the rise up to the steepest place diverges, if it is sudden beside the usual slope."""
    stop = int(np.argmax(slope)) + _SLOPE_SAMPLES
    if stop < _FEWEST or slope[stop - _SLOPE_SAMPLES] < _STEEPER * np.median(slope[:stop]):
        return None
    t, V = t[:stop], V[:stop]
    fit = _fit(t, V, starts=tuple((t[-1] * ahead, 1.0) for ahead in (1.02, 1.1, 1.4)))
    if fit.squares > _BETTER * _smooth_squares(t, V, 4) or fit.tau > 0.99 * (1.0 + _BEYOND) * t[-1]:
        return None
    return Onset(
        time=start + fit.tau, uncertainty=_spread(t, V, fit), exponent=fit.exponent,
        residual=float(np.sqrt(fit.squares / len(t))),
    )  # fmt: skip


def _of_rise_beside_drift(t: FloatArray, V: FloatArray, slope: FloatArray, start: float) -> Onset | None:
    """Return where a rise diverges that stands out of a drift, by the exponent 1.

    Drift and exponent stand for one another, so that exponents of 1/2 and 2 give the uncertainty.
    """
    stop = int(np.argmax(slope)) + _SLOPE_SAMPLES
    before = slope[: stop - _SLOPE_SAMPLES]
    if stop < _FEWEST:
        return None
    spread = 1.4826 * float(np.median(np.abs(before - np.median(before))))
    if slope[stop - _SLOPE_SAMPLES] < np.median(slope[:stop]) + _STEEPER * spread:
        return None
    t, V = t[:stop], V[:stop]
    ahead = tuple(t[-1] * factor for factor in (1.02, 1.1, 1.4))
    low, fit, high = (
        _fit(t, V, starts=tuple((at, p) for at in ahead), drift=True, exponent=p) for p in _EXPONENTS_BESIDE_DRIFT
    )
    residual = float(np.sqrt(fit.squares / len(t)))
    sudden = fit.squares <= _BETTER * _smooth_squares(t, V, 4) and fit.height > _HIGHER * residual
    if not sudden or fit.tau > (1.0 + _NEAR) * t[-1]:
        return None
    shape = 0.5 * abs(high.tau - low.tau)
    uncertainty = float(np.hypot(_spread(t, V, fit), shape))
    return Onset(time=start + fit.tau, uncertainty=uncertainty, exponent=fit.exponent, residual=residual)


def _smooth_squares(t: FloatArray, V: FloatArray, parameters: int) -> float:
    """Return what a polynomial in sqrt(t) leaves."""
    smooth = np.vander(np.sqrt(t / t[-1]), parameters)
    left = V - smooth @ np.linalg.lstsq(smooth, V, rcond=None)[0]
    return float(left @ left)


def _of_jump(t: FloatArray, V: FloatArray, slope: FloatArray, start: float) -> Onset | None:
    """Return the steepest place of a jump that is over, if it stands out of the noise and of the whole range."""
    top = int(np.argmax(slope))
    gentle = np.flatnonzero(slope < 0.5 * slope[top])
    if np.count_nonzero(gentle < top) < _SLOPE_SAMPLES:  # the current was switched on
        return None
    first = int(gentle[gentle < top].max())
    last = int(gentle[gentle > top].min(initial=len(slope) - 1))
    middle = _SLOPE_SAMPLES // 2
    height = V[last + middle] - V[first + middle]
    noise = np.median(np.abs(np.diff(V, 2))) * 1.4826 / np.sqrt(6.0)
    steep = slope[top] >= _STEEPER * max(float(np.median(slope)), 0.0)
    width = t[last + middle] - t[first + middle]
    if not steep or height < 10.0 * noise or height < 0.2 * np.ptp(V) or width > _WIDEST * t[-1]:
        return None
    return Onset(time=start + t[top + middle], uncertainty=0.5 * width, exponent=None, residual=None)


def _slopes(t: FloatArray, V: FloatArray) -> FloatArray:
    """Return the slope of a straight line through every ``_SLOPE_SAMPLES`` samples in a row."""
    view = np.lib.stride_tricks.sliding_window_view
    x, y = view(t, _SLOPE_SAMPLES), view(V, _SLOPE_SAMPLES)
    x = x - x.mean(axis=1, keepdims=True)
    result: FloatArray = (x * y).sum(axis=1) / (x * x).sum(axis=1)
    return result


@dataclass(frozen=True, kw_only=True)
class _Fit:
    tau: float
    exponent: float
    squares: float
    height: float  # of the rise, V
    drift: bool
    fixed: bool  # the exponent


def _fit(
    t: FloatArray, V: FloatArray, *, starts: tuple[tuple[float, float], ...], drift: bool = False,
    exponent: float | None = None,
) -> _Fit:  # fmt: skip
    """Return the law that leaves least, with a drift and with a given exponent where asked.

    V0, the drift and A are linear and projected out.
    """
    from scipy.optimize import least_squares

    seen = float(t[-1])
    basis = np.linalg.qr(np.vander(t / seen, 2 if drift else 1))[0]

    def law(parameters: FloatArray) -> FloatArray:
        tau = seen * (1.0 + np.exp(parameters[0]))
        result: FloatArray = (1.0 - t / tau) ** -(np.exp(parameters[1]) if exponent is None else exponent)
        return result

    def residuals(parameters: FloatArray) -> FloatArray:
        rise = law(parameters)
        rise -= basis @ (basis.T @ rise)
        result: FloatArray = rise * ((rise @ level) / (rise @ rise)) - level
        return result

    level = V - basis @ (basis.T @ V)
    free = 2 if exponent is None else 1
    low, high = [np.log(1e-4), np.log(_EXPONENTS[0])][:free], [np.log(_BEYOND), np.log(_EXPONENTS[1])][:free]
    # the valley between tau and p is long and bent: from several places, the best; inside what these samples allow
    first = [np.clip([np.log(max(at / seen - 1.0, 1e-9)), np.log(p)][:free], low, high) for at, p in starts]
    fits = [least_squares(residuals, start, bounds=(low, high)) for start in first]
    best = min(fits, key=lambda fit: float(fit.cost))
    rise = law(best.x)
    alone = rise - basis @ (basis.T @ rise)
    return _Fit(
        tau=float(seen * (1.0 + np.exp(best.x[0]))),
        exponent=float(np.exp(best.x[1])) if exponent is None else exponent,
        squares=2.0 * float(best.cost), height=float((alone @ level) / (alone @ alone) * np.ptp(rise)),
        drift=drift, fixed=exponent is not None,
    )  # fmt: skip


def _spread(t: FloatArray, V: FloatArray, fit: _Fit) -> float:
    """Return how far tau moves, root mean square, when either end of the samples is left out."""
    cuts = [slice(int(first * len(t)), int(last * len(t))) for first, last in _TRIMS[1:]]
    start, given = ((fit.tau, fit.exponent),), fit.exponent if fit.fixed else None
    moved = [_fit(t[cut], V[cut], starts=start, drift=fit.drift, exponent=given).tau - fit.tau for cut in cuts]
    return float(np.sqrt(np.mean(np.square(moved))))
