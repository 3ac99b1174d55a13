"""The choice of penalties: trust-region Newton on the restricted likelihood, from starts that see its valleys.

Source: Wood 2011 (Newton in log-penalties); More and Sorensen 1983 (trust region).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray
from iondrift.drift.smoothing.likelihood import Likelihood
from iondrift.drift.smoothing.penalties import Penalties

# Natural logarithms: penalties in space, in time, in both over that in space; two adaptivities and their extent.
BOUNDS = np.array(
    [(-45.0, 20.0), (-30.0, 21.0), (-20.0, 21.0), (-8.0, 10.0), (-8.0, 10.0), (np.log(0.03), np.log(0.5))]
)
_ADAPTIVITY_STARTS = ((6.0, 6.0, np.log(0.15)), (2.0, 2.0, np.log(0.15)))  # the second from the side of w = 1
_GRID_EIGENVALUES = (1, 5, 13)
_GRID_TIMES = (-14.0, -7.0, 0.0, 7.0, 14.0)
_SHELF = (-18.0, -12.0, -6.0, 0.0, 4.0, 8.0)  # ln mu - ln lambda_t
_SHELF_WITHIN = 3.0  # of -2 ln L
_VALLEY = (1.0, 2.0, 4.0, 8.0, 16.0)  # from the optimum in ln lambda_t
_VALLEY_DEPTH = 12.0
_VALLEY_STEPS = 2
_FLOOR = 0.02  # of a curvature
_RADIUS = 3.0
_SMALLEST_RADIUS = 1e-4
_GAIN = 1e-3  # of -2 ln L: where Newton expects less, it stops
_MOST_STEPS = 60
_PRICE = 6.0  # layers are expected: three more parameters need no more evidence than Akaike asks
_LN_TIME, _LN_BOTH = 1, 2


@dataclass(frozen=True, kw_only=True)
class Optimum:
    """A minimum of -2 ln L: ``place`` (3 or 6 log-penalties), ``value``, ``gradient`` and ``hessian`` there."""

    place: FloatArray
    value: float
    gradient: FloatArray
    hessian: FloatArray

    @property
    def penalties(self) -> Penalties:
        """The penalties themselves."""
        space, time, both = np.exp([self.place[0], self.place[1], self.place[0] + self.place[2]])
        adaptivity = None
        if self.place.size > 3:
            adaptivity = (float(self.place[3]), float(self.place[4]), float(np.exp(self.place[5])))
        return Penalties(space=float(space), time=float(time), both=float(both), adaptivity=adaptivity)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the search found: the optimum with w = 1, and with an adaptive w where one was asked for."""

    plain: Optimum
    adaptive: Optimum | None

    @property
    def reported(self) -> Optimum:
        """The adaptive optimum where it is worth its price."""
        if self.adaptive is not None and self.adaptive.value + _PRICE < self.plain.value:
            return self.adaptive
        return self.plain


def choose(likelihood: Likelihood, *, adaptive: bool) -> Choice:
    """Minimise -2 ln L, first with w = 1, then, if asked for, with w falling towards the electrodes."""
    plain = _valley(likelihood, _shelf(likelihood, _plain(likelihood)))
    if not adaptive:
        return Choice(plain=plain, adaptive=None)
    found = _side_by_side(likelihood, [partial(_adaptive, plain=plain, extra=extra) for extra in _ADAPTIVITY_STARTS])
    return Choice(plain=plain, adaptive=_shelf(likelihood, found))


def _best(found: list[Optimum]) -> Optimum:
    return min(found, key=lambda optimum: optimum.value)


def _side_by_side(likelihood: Likelihood, walks: Sequence[Callable[[Likelihood], Optimum]]) -> Optimum:
    """Return the best that these walks find, each on a thread of its own where there is one."""
    from iondrift_kernels.job_queue import together

    twins = [likelihood, *(likelihood.twin() for _ in walks[1:])]
    return _best(together([partial(walk, twin) for walk, twin in zip(walks, twins, strict=True)]))


def _plain(likelihood: Likelihood) -> Optimum:
    """Newton from the best of a grid, and from the best whose ln lambda_t differs by more than a step of the grid."""
    eigenvalues = likelihood.plain_eigenvalues
    # Without a spatial penalty, as of a course in time alone, one place in space stands for all.
    numbers = [min(number, eigenvalues.size - 1) for number in _GRID_EIGENVALUES if eigenvalues.size]
    spaces = [-np.log(eigenvalues[number]) for number in numbers] or [0.0]
    grid = [np.array([space, time, time]) for space in spaces for time in _GRID_TIMES]
    ranked = sorted(((likelihood.value(place), k) for k, place in enumerate(grid)))
    first = grid[ranked[0][1]]
    step = _GRID_TIMES[1] - _GRID_TIMES[0]
    other = next(grid[k] for _, k in ranked if abs(grid[k][_LN_TIME] - first[_LN_TIME]) > step)
    return _side_by_side(likelihood, [partial(_newton, start=start) for start in (first, other)])


def _adaptive(likelihood: Likelihood, *, plain: Optimum, extra: tuple[float, float, float]) -> Optimum:
    return _newton(likelihood, _start(likelihood, plain, extra))


def _start(likelihood: Likelihood, plain: Optimum, extra: tuple[float, float, float]) -> FloatArray:
    """Return the plain optimum with an adaptivity, ln mu its own or ln lambda_t (a product), whichever is lower."""
    own = np.concatenate([plain.place, extra])
    product = own.copy()
    product[_LN_BOTH] = min(own[_LN_TIME], BOUNDS[_LN_BOTH, 1])
    return min((own, product), key=likelihood.value)


def _shelf(likelihood: Likelihood, optimum: Optimum) -> Optimum:
    """Look past the plateau where ln mu does not matter, however far the minimum beyond it is."""
    found = []
    for offset in _SHELF:
        place = optimum.place.copy()
        place[_LN_BOTH] = np.clip(place[_LN_TIME] + offset, *BOUNDS[_LN_BOTH])
        found.append((likelihood.value(place), offset, place))
    value, _, place = min(found, key=lambda entry: entry[:2])
    if value > optimum.value + _SHELF_WITHIN:
        return optimum
    return _best([optimum, _newton(likelihood, place)])


def _valley(likelihood: Likelihood, optimum: Optimum) -> Optimum:
    """Walk along ln lambda_t, the rest following, for a second minimum behind a low pass."""
    return _side_by_side(likelihood, [partial(_walk, optimum=optimum, side=side) for side in (-1.0, 1.0)])


def _walk(likelihood: Likelihood, *, optimum: Optimum, side: float) -> Optimum:
    """Walk to one side of an optimum; return the best on the way."""
    best, place = optimum, optimum.place
    held = np.array([True, False, True])
    for offset in _VALLEY:
        moved = place.copy()
        moved[_LN_TIME] = optimum.place[_LN_TIME] + side * offset
        if not BOUNDS[_LN_TIME, 0] <= moved[_LN_TIME] <= BOUNDS[_LN_TIME, 1]:
            break
        there = _newton(likelihood, moved, free=held, steps=_VALLEY_STEPS)
        place = there.place
        if there.value > optimum.value + _VALLEY_DEPTH:
            break
        if there.value < best.value - _GAIN:
            best = _best([best, _newton(likelihood, place)])
    return best


def _newton(
    likelihood: Likelihood,
    start: FloatArray,
    *,
    free: npt.NDArray[np.bool_] | None = None,
    steps: int = _MOST_STEPS,
) -> Optimum:
    """Minimise within the bounds; ``free`` (n,) marks the parameters that may move."""
    size = start.size
    low, high = BOUNDS[:size].T
    place, radius = np.clip(start, low, high), _RADIUS
    value = likelihood.value(place)
    gradient, hessian = likelihood.derivatives(size)
    for _ in range(steps):
        inside = ~((place <= low) & (gradient > 0.0) | (place >= high) & (gradient < 0.0))
        if free is not None:
            inside &= free
        taken = _step(gradient, hessian, np.flatnonzero(inside))
        if taken is None:
            break
        while radius > _SMALLEST_RADIUS:
            trial = np.clip(place + taken(radius), low, high)
            tried = likelihood.value(trial)
            if tried < value:
                break
            radius = 0.3 * min(radius, float(np.linalg.norm(trial - place)))
        else:
            break
        place, value, radius = trial, tried, 2.5 * radius
        gradient, hessian = likelihood.derivatives(size)
    return Optimum(place=place, value=value, gradient=gradient, hessian=hessian)


def _step(
    gradient: FloatArray, hessian: FloatArray, inside: npt.NDArray[np.int64]
) -> Callable[[float], FloatArray] | None:
    """Return the step of a trust radius; None where less than ``_GAIN`` is to be had."""
    if inside.size == 0 or not np.isfinite(hessian).all():
        return None
    curvatures, directions = np.linalg.eigh(hessian[np.ix_(inside, inside)])
    curvatures = np.maximum(np.abs(curvatures), _FLOOR)
    slopes = directions.T @ gradient[inside]
    if 0.5 * float((slopes**2 / curvatures).sum()) < _GAIN:
        return None

    def step(radius: float) -> FloatArray:
        damping = 0.0
        length = float(np.linalg.norm(slopes / curvatures))
        if length > radius:
            low, high = 0.0, float(np.linalg.norm(slopes)) / radius
            for _ in range(20):
                damping = 0.5 * (low + high)
                longer = float(((slopes / (curvatures + damping)) ** 2).sum()) > radius**2
                low, high = (damping, high) if longer else (low, damping)
            damping = high
        moved = np.zeros(gradient.size)
        moved[inside] = -(directions @ (slopes / (curvatures + damping)))
        return moved

    return step
