"""Impedances whose distribution of relaxation times is known in closed form.

Each gives Z(omega) and the resistance below a time constant, R(tau) = integral of gamma up to ln tau: comparing
integrals over the bins of a grid treats a delta function and a smooth peak alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from iondrift.cast import ComplexArray, FloatArray


@dataclass(frozen=True, kw_only=True)
class AnalyticSpectrum:
    """One impedance without its ohmic resistance."""

    impedance: Callable[[FloatArray], ComplexArray]  # Z(omega), ohm
    below: Callable[[FloatArray], FloatArray]  # resistance at time constants below tau, ohm
    peaks: tuple[float, ...]  # s; empty where gamma has no maximum

    def __add__(self, other: AnalyticSpectrum) -> AnalyticSpectrum:
        """Return both in series."""
        return AnalyticSpectrum(
            impedance=lambda omega: self.impedance(omega) + other.impedance(omega),
            below=lambda tau: self.below(tau) + other.below(tau),
            peaks=self.peaks + other.peaks,
        )

    def bins(self, tau: FloatArray) -> FloatArray:
        """Return the resistance in each bin of ln tau, centred on log-spaced ``tau``."""
        step = np.log(tau[-1] / tau[0]) / (tau.size - 1)
        edges = np.append(tau * np.exp(-0.5 * step), tau[-1] * np.exp(0.5 * step))
        return np.diff(self.below(edges))

    def between(self, first: float, last: float) -> float:
        """Return the resistance at time constants from ``first`` to ``last``."""
        low, high = self.below(np.array([first, last]))
        return float(high - low)


def rc(R: float, tau: float) -> AnalyticSpectrum:
    """R / (1 + j omega tau): a delta function."""
    return AnalyticSpectrum(
        impedance=lambda omega: np.asarray(R / (1.0 + 1j * omega * tau), dtype=np.complex128),
        below=lambda t: np.asarray(R * (t >= tau), dtype=np.float64),
        peaks=(tau,),
    )


def zarc(R: float, tau: float, exponent: float) -> AnalyticSpectrum:
    """R / (1 + (j omega tau)^p); gamma = R / 2pi sin((1-p) pi) / (cosh(p ln(t / tau)) - cos((1-p) pi))."""
    angle = np.pi * (1.0 - exponent)

    def below(t: FloatArray) -> FloatArray:
        half = np.tanh(0.5 * exponent * np.log(t / tau))
        rotated = 2.0 * np.arctan(half * (1.0 + np.cos(angle)) / np.sin(angle))
        return np.asarray(R / (2.0 * np.pi * exponent) * (rotated + np.pi * exponent))

    return AnalyticSpectrum(
        impedance=lambda omega: np.asarray(R / (1.0 + (1j * omega * tau) ** exponent), dtype=np.complex128),
        below=below,
        peaks=(tau,),
    )


def gerischer(R: float, tau: float) -> AnalyticSpectrum:
    """R / sqrt(1 + j omega tau); gamma = R / pi sqrt(t / (tau - t)) below tau, where it is singular."""
    return AnalyticSpectrum(
        impedance=lambda omega: np.asarray(R / np.sqrt(1.0 + 1j * omega * tau), dtype=np.complex128),
        below=lambda t: np.asarray(R * 2.0 / np.pi * np.arcsin(np.sqrt(np.minimum(t / tau, 1.0)))),
        peaks=(tau,),
    )


def finite_warburg(R: float, tau: float, terms: int = 4000) -> AnalyticSpectrum:
    """R tanh(s) / s, s = sqrt(j omega tau): deltas of 2 R / q_k^2 at tau / q_k^2, q_k = (k - 1/2) pi."""
    q = (np.arange(1, terms + 1) - 0.5) * np.pi
    where, held = (tau / q**2)[::-1], (2.0 * R / q**2)[::-1]
    total = np.concatenate([[0.0], np.cumsum(held)])

    def impedance(omega: FloatArray) -> ComplexArray:
        s = np.sqrt(1j * omega * tau)
        return np.asarray(R * np.tanh(s) / s)

    return AnalyticSpectrum(
        impedance=impedance,
        below=lambda t: total[np.searchsorted(where, t, side="right")],
        peaks=(float(where[-1]), float(where[-2])),
    )


def box(height: float, first: float, last: float) -> AnalyticSpectrum:
    """Gamma constant from ``first`` to ``last``: Z = h (ln(last / first) - ln((1 + jw last) / (1 + jw first)))."""

    def impedance(omega: FloatArray) -> ComplexArray:
        ratio = np.log((1.0 + 1j * omega * last) / (1.0 + 1j * omega * first))
        return np.asarray(height * (np.log(last / first) - ratio))

    return AnalyticSpectrum(
        impedance=impedance,
        below=lambda t: height * np.log(np.clip(t, first, last) / first),
        peaks=(),
    )


def families() -> dict[str, AnalyticSpectrum]:
    """Return the test bank of the accuracy and coverage tables."""
    return {
        "RC x 2": rc(40.0, 3e-4) + rc(60.0, 1e-2),
        "ZARC x 1": zarc(50.0, 1e-3, 0.8),
        "ZARC x 2": zarc(40.0, 1e-4, 0.75) + zarc(60.0, 1e-2, 0.85),
        "ZARC x 2, narrow": zarc(40.0, 3e-4, 0.95) + zarc(60.0, 1e-2, 0.95),
        "ZARC x 3": three_zarc(),
        "ZARC x 3, wide": zarc(30.0, 4e-5, 0.85) + zarc(60.0, 1e-3, 0.8) + zarc(25.0, 3e-2, 0.9),
        "Gerischer": gerischer(50.0, 1e-2),
        "finite Warburg": finite_warburg(60.0, 0.05),
        "piecewise": box(20.0, 2e-4, 2e-3) + box(10.0, 5e-3, 5e-2),
    }


def three_zarc() -> AnalyticSpectrum:
    """Return the three-ZARC test: all inside the window of 100 kHz to 1 Hz."""
    return zarc(30.0, 4e-5, 0.9) + zarc(60.0, 1e-3, 0.9) + zarc(25.0, 3e-2, 0.9)


def measured(
    spectrum: AnalyticSpectrum,
    frequency: FloatArray,
    noise: float,
    seeds: Sequence[int],
    *,
    ohmic: float = 5.0,
) -> ComplexArray:
    """Return (seeds, frequency) noisy impedances: ``noise`` |Z| on the real and on the imaginary part."""
    exact = ohmic + spectrum.impedance(2.0 * np.pi * frequency)
    rows = []
    for seed in seeds:
        random = np.random.default_rng(seed)
        error = random.standard_normal(exact.size) + 1j * random.standard_normal(exact.size)
        rows.append(exact + noise * np.abs(exact) * error)
    return np.array(rows)
