"""Posterior of a smoothed series whose penalties are uncertain: a Laplace mixture over them, of two orders in time.

One fit's posterior takes its penalties for known, and holds too little where the data leave them open. So replicates
are drawn from several fits, the members: their log-penalties are spread like ``N(th, C)`` about the optimum th of the
restricted likelihood, with ``C^-1 = H / 2 + prior`` from the Hessian H of -2 ln L there and a uniform prior over the
bounds of the search. Some penalise the third derivative in time, the others the second, each about an optimum of its
own. Restricted likelihoods of two orders cannot be compared, for their priors are improper on different null spaces; so
the members are shared out by how either fit would predict, Akaike's ``exp(-(N ln misfit + 2 tr H) / 2)``. Penalties
that were given are taken for known.

Source: Rue, Martino and Chopin 2009 (nodes of equal weight); Burnham and Anderson 2002 (Akaike weights); Roberts 2018
(a sequence that fills a cube evenly).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.special import expit, ndtri

from iondrift.cast import FloatArray
from iondrift.drift.smoothing.likelihood import Likelihood
from iondrift.drift.smoothing.penalties import Penalties
from iondrift.drift.smoothing.search import BOUNDS, Choice, Optimum, choose

_E = TypeVar("_E")
Adaptivity = tuple[float, float, float] | None

MEMBERS = 20
_LEAST_PRECISION = 1.0 / 36.0  # along a flat valley penalties move by e^6 a standard deviation, and nothing else does


@dataclass(frozen=True, kw_only=True)
class Member:
    """One fit of the mixture: its penalties, and whether the penalty in time is of the other order."""

    penalties: Penalties
    other_order: bool = False


@dataclass(frozen=True, kw_only=True)
class OtherOrder:
    """The other order in time: its choice of penalties, Akaike's number, its penalty's band, degrees of freedom."""

    choice: Choice
    akaike: float
    penalty: FloatArray
    free: int

    @classmethod
    def of(cls, likelihood: Likelihood, *, adaptive: bool) -> Self:
        """Search; of the likelihood, with much scratch, nothing else is kept."""
        choice = choose(likelihood, adaptive=adaptive)
        return cls(
            choice=choice,
            akaike=likelihood.akaike(_centre(choice).place),
            penalty=likelihood.series.penalty,
            free=likelihood.free,
        )


@dataclass(frozen=True, kw_only=True)
class Fits:
    """Members as the kernels take them; ``rotation`` (bases, functions, modes) to B-splines, filled up to fours.

    ``level``: what all coefficients are counted from.
    """

    members: Any
    rotation: FloatArray
    level: float

    def sweep(self, borders: npt.NDArray[np.int64]) -> tuple[Any, Any]:
        """Go forward through the stretches that begin at ``borders`` (N + 1,); return room for one, and what was found.

        The stretch is the last one when N = 1, and scratch else.
        """
        from iondrift_kernels import spline_members as kernels
        from iondrift_kernels.spline_layout import EDGE, LANES, ROW

        count, blocks = self.members.scale.shape[:2]
        modes = self.members.held.shape[1]
        rows = int(np.diff(borders).max()) + 2 * EDGE
        stretch = kernels.Stretch(
            lower=np.zeros((count, blocks, rows * ROW)),
            half=np.zeros((count, blocks, rows * LANES)),
            influence=np.zeros((count, blocks, rows * LANES)),
        )
        found = kernels.Found(
            checkpoints=np.zeros((count, borders.size - 1, blocks, kernels.CHECKPOINT)),
            sigma=np.empty(count),
            pattern=np.empty((count, modes)),
            deviation=np.empty((count, modes)),
            sums=np.zeros((count, 3, modes)),
        )
        kernels.sweep(self.members, borders, stretch, found)
        return stretch, found


class Posterior:
    """Fits of one series with penalties that its data allow, made when they are asked for.

    ``likelihood`` is that of the reported fit, ``other`` gives what is known of the other order in time; ``to_splines``
    turns spatial modes into B-splines; ``penalties`` are the reported ones, which ``choice`` found unless they were
    given; data are counted from ``level``.
    """

    def __init__(
        self,
        *,
        likelihood: Likelihood,
        other: Callable[[], OtherOrder],
        to_splines: Callable[[FloatArray], FloatArray],
        penalties: Penalties,
        choice: Choice | None,
        level: float,
    ) -> None:
        self._likelihood, self._other, self._to_splines, self._level = likelihood, other, to_splines, level
        self._penalties, self._choice = penalties, choice
        self._made: dict[int, Fits] = {}

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """All members, both orders evenly mixed; the reported fit alone where its penalties were given."""
        if self._choice is None:
            return (Member(penalties=self._penalties),)
        second = self._second
        first = self._likelihood.akaike(_centre(self._choice).place)
        count = round(MEMBERS * float(expit((second.akaike - first) / 2.0)))
        shares = ((self._choice, count, False), (second.choice, MEMBERS - count, True))
        placed = [
            ((k + 0.5) / number, Member(penalties=penalties, other_order=other))
            for choice, number, other in shares
            for k, penalties in enumerate(_spread(choice, number))
        ]
        return tuple(member for _, member in sorted(placed, key=lambda entry: entry[0]))

    def fits(self, count: int) -> Fits:
        """Return the first members, ``count`` of them at most."""
        members = self.members[:count]
        if len(members) not in self._made:
            self._made[len(members)] = self._assemble(members)
        return self._made[len(members)]

    @cached_property
    def reported(self) -> Fits:
        """The reported fit alone."""
        return self._assemble((Member(penalties=self._penalties),))

    @cached_property
    def _second(self) -> OtherOrder:
        return self._other()

    def _bases(self, adaptivities: Sequence[Adaptivity]) -> list[tuple[FloatArray, ...]]:
        """Return B, y'W l, eigenvalues and modes in terms of B-splines for each adaptivity, shared by threads."""
        from iondrift_kernels.job_queue import together

        def of_share(likelihood: Likelihood, share: Sequence[Adaptivity]) -> list[tuple[FloatArray, ...]]:
            found: list[tuple[FloatArray, ...]] = []
            for adaptivity in share:
                modes = likelihood.modes(adaptivity)  # overwritten by the next
                turned = self._to_splines(modes.rotation[:, : likelihood.size])
                rotation = np.pad(turned, [(0, -size % 4) for size in turned.shape])
                found.append((modes.right.copy(), modes.held.copy(), modes.spatial.copy(), rotation))
            return found

        shares = _shares(adaptivities)
        twins = [self._likelihood, *(self._likelihood.twin() for _ in shares[1:])]
        parts = together([partial(of_share, twin, share) for twin, share in zip(twins, shares, strict=True)])
        return [basis for part in parts for basis in part]

    def _assemble(self, members: Sequence[Member]) -> Fits:
        """Return the members' problems: penalties differ from one to the next, spatial bases with the adaptivity."""
        from iondrift_kernels import spline_members as kernels

        series = self._likelihood.series
        seconds = [self._second.penalty] if any(member.other_order for member in members) else []
        adaptivities = list(dict.fromkeys(member.penalties.adaptivity for member in members))
        right, held, spatial, rotation = zip(*self._bases(adaptivities), strict=True)
        basis = np.array([adaptivities.index(member.penalties.adaptivity) for member in members])
        scale = np.stack([_scale(member.penalties, spatial[k]) for member, k in zip(members, basis, strict=True)])
        free = [self._second.free if member.other_order else self._likelihood.free for member in members]
        return Fits(
            members=kernels.Members(
                gram=series.gram,
                penalties=np.stack([series.penalty, *seconds]),
                order=np.array([int(member.other_order) for member in members]),
                basis=basis,
                scale=scale,
                right=np.stack(right),
                held=np.stack(held),
                arrow=series.arrow,
                loaded=series.loaded,
                kappa=series.kappa,
                total=series.total,
                free=np.array(free, dtype=float),
            ),
            rotation=np.stack(rotation),
            level=self._level,
        )


def _shares(entries: Sequence[_E]) -> list[Sequence[_E]]:
    """Return the entries in as many parts as threads may work."""
    from iondrift_kernels.job_queue import workers_for

    count = workers_for(len(entries))
    return [entries[k * len(entries) // count : (k + 1) * len(entries) // count] for k in range(count)]


def _scale(penalties: Penalties, spatial: FloatArray) -> FloatArray:
    """Return alpha and gamma of the modes (blocks, 2 LANES) with eigenvalues ``spatial`` (blocks LANES,)."""
    from iondrift_kernels.spline_layout import LANES

    alpha = 1.0 + penalties.space * spatial
    gamma = penalties.time + penalties.both * spatial
    return np.concatenate([alpha.reshape(-1, LANES), gamma.reshape(-1, LANES)], axis=1)


def _centre(choice: Choice) -> Optimum:
    return choice.plain if choice.adaptive is None else choice.adaptive


def _spread(choice: Choice, count: int) -> list[Penalties]:
    """Return penalties whose logarithms are spread like the Laplace approximation about the optimum."""
    optimum = _centre(choice)
    low, high = BOUNDS[: optimum.place.size].T
    places = optimum.place + _normal_points(count, optimum.place.size) @ _root_covariance(optimum)
    return [
        Optimum(place=place, value=optimum.value, gradient=optimum.gradient, hessian=optimum.hessian).penalties
        for place in np.clip(places, low, high)
    ]


def _root_covariance(optimum: Optimum) -> FloatArray:
    """Return the symmetric root of C, which does not depend on the signs that a library gives eigenvectors.

    A uniform prior has a normal's precision 12 / width^2; the three penalties' own is left out, their bounds being far.
    """
    precision = optimum.hessian / 2.0
    width = np.diff(BOUNDS[3 : optimum.place.size], axis=1).ravel()
    precision[3:, 3:] += np.diag(12.0 / width**2)
    values, vectors = np.linalg.eigh(precision)
    return np.asarray(vectors / np.sqrt(np.maximum(values, _LEAST_PRECISION)) @ vectors.T)


def _normal_points(count: int, dimensions: int) -> FloatArray:
    """Return points (count, dimensions) that fill the standard normal distribution evenly: no random number.

    Fractions of k / g^i, with g the root of g^(dimensions + 1) = g + 1 that gives the golden ratio in one dimension.
    """
    ratio = 2.0
    for _ in range(64):
        ratio = (1.0 + ratio) ** (1.0 / (dimensions + 1))
    steps = ratio ** -np.arange(1.0, dimensions + 1)
    return np.asarray(ndtri((0.5 + np.arange(1, count + 1)[:, None] * steps) % 1.0))
