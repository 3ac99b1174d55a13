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

THERMAL = constants.GAS_CONSTANT * 313.15 / constants.FARADAY
POINTS = 64


def problem(profiles: int) -> dict[str, np.ndarray]:
    """Return concentrations, slopes and rates of a size, random but in a physical range."""
    rng = np.random.default_rng(0)
    shape = (profiles, POINTS)
    return {
        "c": rng.uniform(1200.0, 1900.0, shape),
        "gradient": 1e6 * rng.standard_normal(shape),
        "rate": 1e-2 * rng.standard_normal(shape),
        "diffusivity": 1e-12 * rng.uniform(0.8, 1.5, shape),
        "x": np.linspace(0.0, 1e-3, POINTS),
        "weights": np.full(POINTS, 1e-3 / POINTS),
        "voltage": rng.uniform(0.1, 1.5, profiles),
        "junction": 0.01 * rng.standard_normal(profiles),
        "none": np.zeros(profiles),
    }


def compiled(p: dict[str, np.ndarray], out: list[np.ndarray]) -> None:
    """Integrate, close by the voltage and divide, compiled."""
    integrated, flux, field, velocity = out
    flux_integration.integrate_flux(p["rate"], p["x"], integrated)
    profiles = drift_velocity.Profiles(p["c"], p["gradient"], integrated, p["diffusivity"], p["weights"])
    closing = drift_velocity.Closing(p["voltage"], p["junction"], p["none"], p["none"], 0.1, THERMAL)
    drift_velocity.drift_velocity(
        drift_velocity.VOLTAGE, profiles, closing, drift_velocity.Result(flux, field, velocity)
    )


def vectorised(p: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Do the same with NumPy on whole arrays."""
    integrated = -cumulative_trapezoid(p["rate"], p["x"], axis=1, initial=0.0)
    profiles = (p["c"], p["gradient"], integrated, p["diffusivity"], p["weights"])
    return plain("voltage", profiles, (p["voltage"], p["junction"], p["none"], p["none"], 0.1, THERMAL))


def seconds(function: Callable[[], object]) -> float:
    """Return the wall time of one call."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def main(repeats: int = 21) -> None:
    """Print the ratio and the scaling."""
    p = problem(5000)
    out = [np.empty_like(p["c"]) for _ in range(4)]
    compiled(p, out)
    expected = vectorised(p)
    worst = max(
        float(np.abs(ours - theirs).max() / np.abs(theirs).max())
        for ours, theirs in zip(out[1:], expected, strict=True)
    )
    pairs = [(seconds(lambda: compiled(p, out)), seconds(lambda: vectorised(p))) for _ in range(repeats)]
    ours, theirs = np.median(pairs, axis=0)
    print(f"5,000 x {POINTS}: compiled {1e3 * ours:.2f} ms, NumPy {1e3 * theirs:.1f} ms: {theirs / ours:.1f} times")
    print(f"largest difference {worst:.1e} of the largest value")
    for profiles in (100, 1000, 10000):
        sized = problem(profiles)
        arrays = [np.empty_like(sized["c"]) for _ in range(4)]
        compiled(sized, arrays)
        run = partial(compiled, sized, arrays)
        median = np.median([seconds(run) for _ in range(repeats)])
        print(f"{profiles:6d} profiles: {1e9 * median / profiles:.0f} ns a profile")


if __name__ == "__main__":
    main()
