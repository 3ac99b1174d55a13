"""Effective b values of pulsed-field-gradient sequences, for any shape of the pulses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError
from iondrift.nmr.options import GradientSequence

SEQUENCES: Final[Mapping[GradientSequence, str]] = {
    "ste": "stimulated echo, one pulse each to encode and decode (diffSte, stegp)",
    "bipolar": "stimulated echo with bipolar pairs (stebpgp, ledbpgp)",
    "double-bipolar": "double stimulated echo with bipolar pairs (dstebpgp)",
}


@dataclass(frozen=True, kw_only=True)
class PulseShape:
    r"""What the shape s(u), 0 <= u <= 1, of a gradient pulse comes down to.

    Attributes
    ----------
    area
        sigma, mean of s: the peak times it is the mean gradient.
    mean, square
        Integrals over u of a(u) and a(u)^2, ``a(u) = int_0^u s / sigma``.
    """

    area: float
    mean: float
    square: float


RECTANGLE: Final = PulseShape(area=1.0, mean=0.5, square=1.0 / 3.0)
HALF_SINE: Final = PulseShape(area=2.0 / np.pi, mean=0.5, square=3.0 / 8.0)


def pulse_shape(samples: Sequence[float] | FloatArray) -> PulseShape:
    """Return the shape of a pulse from equal steps of constant gradient, as a shape file holds them.

    Raises
    ------
    ConfigurationError
        The steps add up to nothing.

    Examples
    --------
    >>> pulse_shape([1.0, 1.0, 1.0])
    PulseShape(area=1.0, mean=0.5, square=0.3333333333333333)
    """
    steps = cast.array(samples, "samples of a gradient shape", ndim=1)
    area = float(steps.mean()) if steps.size else 0.0
    if not area > 0.0:
        raise ConfigurationError(f"gradient shape: its mean is {area:g}; give one that encodes")
    edges = np.concatenate([[0.0], np.cumsum(steps)]) / (steps.size * area)
    low, high = edges[:-1], edges[1:]
    mean = float((low + high).mean() / 2.0)
    return PulseShape(area=area, mean=mean, square=float((low**2 + low * high + high**2).mean() / 3.0))


@dataclass(frozen=True, kw_only=True)
class GradientTiming:
    """The pulses of a sequence in time, s.

    Attributes
    ----------
    sequence
        See :data:`SEQUENCES`.
    pulse
        Length of one gradient pulse; of a bipolar pair, of either.
    diffusion_time
        From the start of the first encoding pulse to the start of the first pulse of the last decoding.
    gap
        Between the two pulses of a pair, end to start.
    recovery
        After a gradient pulse, d16; of a double stimulated echo alone.
    shape
        Of every pulse.
    """

    sequence: GradientSequence
    pulse: float
    diffusion_time: float
    gap: float = 0.0
    recovery: float = 0.0
    shape: PulseShape = RECTANGLE

    def __post_init__(self) -> None:
        cast.one_of(self.sequence, "sequence", list(SEQUENCES))
        cast.number(self.pulse, "pulse", above=0.0)
        cast.number(self.gap, "gap", lowest=0.0)
        cast.number(self.recovery, "recovery", lowest=0.0)
        starts = [start for start, _ in self.effective_pulses()]
        if any(later - start < self.pulse * (1.0 - 1e-9) for start, later in pairwise(starts)):
            raise ConfigurationError(
                f"diffusion_time: {self.diffusion_time:g} s is too short for pulses of {self.pulse:g} s"
            )

    def effective_pulses(self) -> tuple[tuple[float, int], ...]:
        """Return start, s, and sign along the selected coherence path of every pulse."""
        if self.sequence == "ste":
            return (0.0, 1), (self.diffusion_time, -1)
        second = self.pulse + self.gap
        pair = ((0.0, 1), (second, 1))
        if self.sequence == "bipolar":
            return (*pair, (self.diffusion_time, -1), (self.diffusion_time + second, -1))
        # In the middle decoding and encoding follow each other after this, as dstebpgp3s times them.
        between = 1.5 * self.recovery - 0.5 * self.gap
        length = second + self.pulse
        middle = (self.diffusion_time - length - between) / 2.0
        starts = (middle, middle + length + between, self.diffusion_time)
        signs = (-1, 1, -1)
        later = [(start + shift, sign) for start, sign in zip(starts, signs, strict=True) for shift in (0.0, second)]
        return (*pair, *later)

    def seconds(self) -> float:
        r"""Return b over (gamma g sigma p)^2, s: the integral of F(t)^2 for pulses of unit area.

        F is constant between pulses, and during one ``F_0 + sign a(u)``, whose square needs the two integrals of
        the shape alone. This is exact for every sequence and shape.
        """
        total, level, before = 0.0, 0.0, 0.0
        for start, sign in self.effective_pulses():
            total += level**2 * (start - before)
            total += self.pulse * (level**2 + 2.0 * level * sign * self.shape.mean + self.shape.square)
            level += sign
            before = start + self.pulse
        return total


def b_values(gradients: FloatArray, gyromagnetic_ratio: float, timing: GradientTiming) -> FloatArray:
    r"""Return effective b values: gamma^2 times the integral of F(t)^2, ``F = int g_eff dt``.

    For pulses of length p and shape a (sigma, I), bipolar pairs with delta = 2 p and gap tau:

    - single pulses: ``(gamma g sigma p)^2 (Delta - p (1 - 2 I))``,
    - bipolar pairs: ``(gamma g sigma delta)^2 (Delta - p (1 - I) - tau / 2)``,
    - double stimulated echo: ``(gamma g sigma delta)^2 (Delta - p (4 - 2 I) - 1.5 (tau + d16))``.

    Parameters
    ----------
    gradients : (row,)
        Mean over a pulse, g sigma, T/m; a peak gradient has to be multiplied by the shape's area first.
    gyromagnetic_ratio
        rad s-1 T-1.
    timing
        Sequence, times and shape.

    Returns
    -------
    (row,)
        s m-2.

    References
    ----------
    E. O. Stejskal and J. E. Tanner, J. Chem. Phys. 42, 288 (1965); W. S. Price and P. W. Kuchel, J. Magn. Reson. 94,
    133 (1991); D. Wu, A. Chen, C. S. Johnson, J. Magn. Reson. A 115, 260 (1995); A. Jerschow and N. Mueller, J. Magn.
    Reson. 125, 372 (1997); D. Sinnaeve, Concepts Magn. Reson. A 40, 39 (2012).

    Examples
    --------
    >>> timing = GradientTiming(sequence="ste", pulse=1e-3, diffusion_time=0.1)
    >>> f"{b_values(np.array([0.5]), 2.6752e8, timing)[0]:.5e}"
    '1.78321e+09'
    """
    strength = cast.array(gradients, "gradients", ndim=1)
    return (gyromagnetic_ratio * strength * timing.pulse) ** 2 * timing.seconds()
