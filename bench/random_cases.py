"""Random concentration series with a known truth, drawn by family and seed: cases that nobody tuned on.

A family gives the relative deviation ``u(x, t)`` of the concentration ``c = c0 (1 + depth u)`` with its slope and its
integral over x, on axes 0..1: ``diffusion`` (slab between electrodes under steps of the flux), ``exponentials``
(layers and relaxations, two to four), ``fronts`` (steps that travel and widen, under an amplitude that alternates),
``oscillations`` (slab under a sinusoidal flux that is switched off). A name enters the seeds by its place in the
alphabet.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.special import erf

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from manufactured import C0, noise

Deviation = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]

LENGTH = 1.0e-3  # m
PROFILE_TIME = 513.0  # s
WAVES = np.arange(1, 200, 2)  # of the slab: an antisymmetric flux excites the odd ones


@dataclass(frozen=True, kw_only=True)
class RandomCase:
    """One case.

    ``measured`` and ``clean`` (time, x), mol m-3; ``fields`` gives c, dc/dx and -int_0^x dc/dt dx' (time, x) of the
    clean one at any x (m); ``breaks``: the steps that the experimenter knows of, s; ``reference``: the first
    profile was the reference that all were divided by.
    """

    clean: xr.DataArray
    measured: xr.DataArray
    fields: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
    breaks: tuple[float, ...]
    reference: bool


def draw(family: str, seed: int, *, reference: bool | None = None) -> RandomCase:
    """Draw a case: depth 5 to 60 %, signal-to-noise ratio 30 to 300, 40 to 160 profiles of 30 to 90 points.

    ``reference``: whether all were divided by the first; None: as it falls.
    """
    rng = np.random.default_rng([sorted(FAMILIES).index(family), seed])
    profiles, points = int(rng.integers(40, 161)), int(rng.integers(30, 91))
    depth, ratio = rng.uniform(0.05, 0.6), np.exp(rng.uniform(np.log(30.0), np.log(300.0)))
    deviation, steps = FAMILIES[family](rng)
    t, x = np.linspace(0.0, 1.0, profiles), np.linspace(0.0, 1.0, points)
    amplitude = C0 * depth / np.abs(deviation(t[:, None], x)[0]).max()
    duration = profiles * PROFILE_TIME

    def fields(place: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        u, slope, _ = deviation(t[:, None], place / LENGTH)
        h = 1e-5
        rate = (deviation(t[:, None] + h, place / LENGTH)[2] - deviation(t[:, None] - h, place / LENGTH)[2]) / (2.0 * h)
        return C0 + amplitude * u, amplitude * slope / LENGTH, -amplitude * rate * LENGTH / duration

    clean = xr.DataArray(fields(x * LENGTH)[0], dims=("time", "x"), coords={"time": t * duration, "x": x * LENGTH})
    measured = clean + C0 / ratio * noise(clean.shape, rng, zero_filled=bool(rng.integers(2)))
    fallen = bool(rng.integers(2))
    divided = fallen if reference is None else reference
    if divided:
        measured = C0 * measured / measured[0].values
    return RandomCase(
        clean=clean,
        measured=measured,
        fields=fields,
        breaks=tuple(float(step * duration) for step in steps) if rng.integers(2) else (),
        reference=divided,
    )


def _diffusion(rng: np.random.Generator) -> tuple[Deviation, tuple[float, ...]]:
    """Let a uniform slab answer to one to three steps of a flux that is the same at both ends."""
    times = np.concatenate([[0.0], np.sort(rng.uniform(0.2, 0.8, rng.integers(0, 3)))])
    sizes = np.concatenate([[1.0], rng.uniform(-1.5, 1.0, times.size - 1)])
    diffusivity = np.exp(rng.uniform(np.log(0.03), np.log(0.6)))

    def deviation(t: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        k = WAVES * np.pi
        amplitudes = sum(
            size * -np.expm1(-(k**2) * diffusivity * np.maximum(t - start, 0.0)) * -4.0 / k**2
            for start, size in zip(times, sizes, strict=True)
        )  # (time, waves)
        angles = k[:, None] * x
        return (
            amplitudes @ np.cos(angles),
            amplitudes @ (-k[:, None] * np.sin(angles)),
            amplitudes @ (np.sin(angles) / k[:, None]),
        )

    return deviation, tuple(times[1:])


def _exponentials(rng: np.random.Generator) -> tuple[Deviation, tuple[float, ...]]:
    """Let two to four layers grow at the ends, each with a relaxation of its own."""
    count = int(rng.integers(2, 5))
    sizes, widths = rng.uniform(-1.0, 1.0, count), np.exp(rng.uniform(np.log(0.06), np.log(0.6), count))
    growths, far = np.exp(rng.uniform(np.log(0.05), np.log(1.0), count)), rng.integers(0, 2, count) == 1

    def deviation(t: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        parts = np.zeros((3, t.size, x.size))
        for size, width, growth, at_far in zip(sizes, widths, growths, far, strict=True):
            amplitude = size * -np.expm1(-t / growth)
            shape = np.exp(-(1.0 - x if at_far else x) / width)
            sign = 1.0 if at_far else -1.0
            integral = sign * width * (shape - np.exp(-(1.0 if at_far else 0.0) / width))
            parts += np.stack([amplitude * shape, amplitude * shape * sign / width, amplitude * integral])
        return parts[0], parts[1], parts[2]

    return deviation, ()


def _fronts(rng: np.random.Generator) -> tuple[Deviation, tuple[float, ...]]:
    """Let one to three steps travel and widen like the root of time, under an amplitude that alternates."""
    count = int(rng.integers(1, 4))
    sizes, starts, speeds = rng.uniform(-1.0, 1.0, count), rng.uniform(0.1, 0.9, count), rng.uniform(-0.4, 0.4, count)
    widths, spreads = rng.uniform(0.06, 0.3, count), rng.uniform(0.0, 0.05, count)
    rise, swing, periods = rng.uniform(0.05, 0.5), rng.uniform(0.0, 0.6), rng.uniform(0.5, 2.5)

    def deviation(t: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        level = -np.expm1(-t / rise) * (1.0 + swing * np.sin(2.0 * np.pi * periods * t))
        parts = np.zeros((3, t.size, x.size))
        for size, start, speed, width, spread in zip(sizes, starts, speeds, widths, spreads, strict=True):
            w = np.sqrt(width**2 + spread * np.abs(t))
            z, origin = (x - start - speed * t) / w, (-start - speed * t) / w
            integral = w * (_erf_integral(z) - _erf_integral(origin))
            parts += size * level * np.stack([erf(z), 2.0 / np.sqrt(np.pi) * np.exp(-(z**2)) / w, integral])
        return parts[0], parts[1], parts[2]

    return deviation, ()


def _oscillations(rng: np.random.Generator) -> tuple[Deviation, tuple[float, ...]]:
    """Let a uniform slab answer to a flux with a constant and a sinusoidal part, then relax without any."""
    end, constant, phase = rng.uniform(0.5, 0.9), rng.uniform(-1.0, 1.0), rng.uniform(0.0, 2.0 * np.pi)
    frequency = 2.0 * np.pi * rng.uniform(1.0, 6.0)
    diffusivity = np.exp(rng.uniform(np.log(0.03), np.log(0.6)))

    def deviation(t: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        k = WAVES * np.pi
        decay = diffusivity * k**2
        driven = np.clip(t, 0.0, end)
        fading = np.exp(-decay * driven)
        turned = frequency * driven + phase
        first = decay * np.sin(phase) - frequency * np.cos(phase)
        swing = (decay * np.sin(turned) - frequency * np.cos(turned) - fading * first) / (decay**2 + frequency**2)
        amplitudes = -4.0 * (swing + constant * (1.0 - fading) / decay) * np.exp(-decay * np.maximum(t - end, 0.0))
        angles = k[:, None] * x
        return (
            amplitudes @ np.cos(angles),
            amplitudes @ (-k[:, None] * np.sin(angles)),
            amplitudes @ (np.sin(angles) / k[:, None]),
        )

    return deviation, (float(end),)


def _erf_integral(z: np.ndarray) -> np.ndarray:
    return z * erf(z) + np.exp(-(z**2)) / np.sqrt(np.pi)


FAMILIES: dict[str, Callable[[np.random.Generator], tuple[Deviation, tuple[float, ...]]]] = {
    "diffusion": _diffusion,
    "exponentials": _exponentials,
    "fronts": _fronts,
    "oscillations": _oscillations,
}
