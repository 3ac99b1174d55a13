"""What the benchmarks of relaxation times solve: one grid, a drifting series, replicates of one spectrum."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from iondrift.impedance.drt.model import build_model, relaxation_times
from iondrift.impedance.drt.nonnegative import solve_model

FREQUENCY = np.logspace(5, 0, 31)
MODEL = build_model(FREQUENCY, relaxation_times(FREQUENCY, 92))
IDENTITY = np.hstack([np.zeros((92, MODEL.count)), np.eye(92)])


def drifting_series(count: int, noise: float = 0.005, seed: int = 0) -> np.ndarray:
    """Return Z (count, 31): three arcs that grow and move, in the order of time."""
    random = np.random.default_rng(seed)
    t = np.linspace(0.0, 1.0, count)[:, None]
    omega = 2.0 * np.pi * FREQUENCY

    def arc(R: np.ndarray, tau: np.ndarray, exponent: float) -> np.ndarray:
        return R / (1.0 + (1j * omega * tau) ** exponent)

    z = 5.0 + arc(30 + 20 * t, 1e-4 * (1 + t), 0.85) + arc(60 + 60 * t, 3e-3 * (1 + 0.5 * t), 0.8)
    z = z + arc(20 - 5 * t, 0.05 + 0.0 * t, 0.9)
    return z + noise * np.abs(z) * (random.standard_normal(z.shape) + 1j * random.standard_normal(z.shape))


def bootstrap(count: int, noise: float = 0.005) -> np.ndarray:
    """Return Z (count, 31): one spectrum with fresh noise."""
    one = drifting_series(2)[0]
    random = np.random.default_rng(1)
    shape = (count, one.size)
    return one + noise * np.abs(one) * (random.standard_normal(shape) + 1j * random.standard_normal(shape))


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def ours(rows: np.ndarray, strength: float, weights: np.ndarray) -> Callable[[], object]:
    penalty, values = IDENTITY.T @ IDENTITY, np.full(rows.shape[0], strength)
    return lambda: solve_model(MODEL.design, penalty, values, weights, rows)
