"""Flux integration, field reconstruction and drift velocity: compiled against vectorised NumPy, same arithmetic.

    python bench/bench_reconstruction.py

Both run in this process, in turn, on 5,000 profiles of 64 points; then the compiled cost per profile from 100 to 10,000
profiles. Figures are medians of interleaved repeats.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.integrate import cumulative_trapezoid

from iondrift.reference.drift_velocity import drift_velocity as plain
from iondrift_kernels import constants, drift_velocity, flux_integration
from iondrift_kernels.codes import CONCENTRATION, EXPONENTIAL

THERMAL = constants.GAS_CONSTANT * 313.15 / constants.FARADAY
POINTS = 64
LAW = drift_velocity.Law(EXPONENTIAL, CONCENTRATION, np.array([0.0, 0.0, -np.inf, np.inf, 3e-12, 5e-4]))


def problem(profiles: int) -> dict[str, np.ndarray]:
    """Return concentrations of a size, random but in a physical range, with times, places and voltages."""
    rng = np.random.default_rng(0)
    return {
        "c": rng.uniform(1200.0, 1900.0, (profiles, POINTS)),
        "time": 60.0 * np.arange(profiles),
        "x": np.linspace(0.0, 1e-3, POINTS),
        "weights": np.full(POINTS, 1e-3 / POINTS),
        "voltage": rng.uniform(0.1, 1.5, profiles),
        "none": np.zeros(profiles),
    }


def compiled(p: dict[str, np.ndarray], out: np.ndarray) -> drift_velocity.Result:
    """Differentiate, integrate, close by the voltage and divide, compiled; ``out`` (10, T, X) is filled."""
    junction = np.empty_like(p["voltage"])
    slopes = flux_integration.Slopes(out[0], out[1], junction)
    flux_integration.integrate_flux(p["c"], flux_integration.Grid(p["time"], p["x"], p["weights"], 3), slopes)
    profiles = drift_velocity.Profiles(p["c"], slopes.gradient, slopes.integrated, p["weights"])
    closing = drift_velocity.Closing(p["voltage"], THERMAL * junction, p["none"], p["none"], p["none"], 0.1, THERMAL)
    result = drift_velocity.Result(*out[2:])
    drift_velocity.drift_velocity(drift_velocity.VOLTAGE, profiles, LAW, closing, result)
    return result


def vectorised(p: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return the same variables, in the same order, with NumPy on whole arrays."""
    c = p["c"]
    rate, gradient = (np.gradient(c, p[name], axis=n, edge_order=2) for n, name in enumerate(("time", "x")))
    integrated = -cumulative_trapezoid(rate, p["x"], axis=1, initial=0.0)
    diffusivity = 3e-12 * np.exp(-5e-4 * c)
    junction = THERMAL * (gradient / c) @ p["weights"]
    profiles = (c, gradient, integrated, diffusivity, p["weights"])
    flux, field, velocity = plain("voltage", profiles, (p["voltage"], junction, p["none"], p["none"], 0.1, THERMAL))
    balance = flux * p["none"][:, None]
    return (
        diffusivity, velocity, field, flux, -diffusivity * gradient, c * velocity, diffusivity / THERMAL, balance,
    )  # fmt: skip


def seconds(function: Callable[[], object]) -> float:
    """Return the wall time of one call."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def main(repeats: int = 21) -> None:
    """Print the ratio and the scaling."""
    p = problem(5000)
    out = np.empty((10, *p["c"].shape))
    worst = max(
        float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-300))
        for ours, theirs in zip(compiled(p, out), vectorised(p), strict=True)
    )
    pairs = [(seconds(lambda: compiled(p, out)), seconds(lambda: vectorised(p))) for _ in range(repeats)]
    ours, theirs = np.median(pairs, axis=0)
    print(f"5,000 x {POINTS}: compiled {1e3 * ours:.2f} ms, NumPy {1e3 * theirs:.1f} ms: {theirs / ours:.1f} times")
    print(f"largest difference {worst:.1e} of the largest value")
    for profiles in (100, 1000, 10000):
        sized = problem(profiles)
        arrays = np.empty((10, *sized["c"].shape))
        compiled(sized, arrays)
        run = partial(compiled, sized, arrays)
        median = np.median([seconds(run) for _ in range(repeats)])
        print(f"{profiles:6d} profiles: {1e9 * median / profiles:.0f} ns a profile")


if __name__ == "__main__":
    main()
