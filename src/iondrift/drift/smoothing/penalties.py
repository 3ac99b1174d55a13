"""What a smoothing penalises, and how much."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Penalties:
    """Smoothing penalties in space, in time and in both over the noise variance, on axes scaled to 0..1.

    ``adaptivity`` are (plating, counter, length): w(x) = 1 / (1 + e^plating exp(-x/length) + e^counter
    exp(-(L - x)/length)), length as a fraction of L; None for w = 1.
    """

    space: float
    time: float
    both: float = 0.0
    adaptivity: tuple[float, float, float] | None = None
