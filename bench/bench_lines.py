"""A fit of three lines to 1,200 points, beside scipy.optimize.curve_fit and lmfit (where it is installed).

``python bench/bench_lines.py``: times from one start each, ratios, and whether the optimum is the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from scipy.optimize import curve_fit

from iondrift_kernels import line_shapes as kernels

POINTS, LN2 = 1200, np.log(2.0)
X = np.linspace(-1.0, 1.0, POINTS)
TRUE = ((-0.25, 0.12, 0.6, 1.0), (0.03, 0.15, 0.4, 0.6), (0.29, 0.13, 0.5, 0.4))  # place, width, mixing, height


def model(x: np.ndarray, *parameters: float) -> np.ndarray:
    """Return three pseudo-Voigt lines on a straight line: the same in plain NumPy."""
    total = parameters[12] + parameters[13] * x
    for k in range(3):
        place, width, mixing, height = parameters[4 * k : 4 * k + 4]
        u = (x - place) / width
        total = total + height * (mixing / (1 + 4 * u**2) + (1 - mixing) * np.exp(-4 * LN2 * u**2))
    return total


def fastest(run: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


def compiled(y: np.ndarray, start: np.ndarray) -> tuple[Callable[[], np.ndarray], kernels.Lines]:
    baseline = np.ascontiguousarray(np.vander(X, 2, increasing=True).T)
    lines = kernels.Lines(X, baseline, kernels.PSEUDO_VOIGT, 3, False, False)
    first = start.copy()
    for k in range(3):
        first[4 * k + 1] = np.log(start[4 * k + 1])
        first[4 * k + 2] = np.log(start[4 * k + 2] / (1 - start[4 * k + 2]))
    limits = np.tile([-1e6, 1e6], (first.size, 1))

    def run() -> np.ndarray:
        found = first.copy()
        kernels.fit(lines, y, limits, 200, found)
        return found

    return run, lines


def with_lmfit(y: np.ndarray, start: np.ndarray) -> Callable[[], np.ndarray]:
    import lmfit

    names = [f"p{k}" for k in range(start.size)]

    def residual(parameters: lmfit.Parameters) -> np.ndarray:
        return model(X, *(parameters[name].value for name in names)) - y

    def run() -> np.ndarray:
        given = lmfit.Parameters()
        for name, value in zip(names, start, strict=True):
            given.add(name, value=value)
        return np.array([lmfit.minimize(residual, given).params[name].value for name in names])

    return run


def main(repeats: int = 20) -> None:
    truth = np.array([value for line in TRUE for value in line] + [0.05, 0.02])
    y = model(X, *truth) + 0.01 * np.random.default_rng(0).standard_normal(POINTS)
    start = truth.copy()
    start[[0, 4, 8]] += 0.03
    start[[1, 5, 9]] *= 1.3
    own, _ = compiled(y, start)
    own()
    ours = fastest(own, repeats)
    found = own()
    print(f"compiled, three pseudo-Voigt lines, {POINTS} points: {1e3 * ours:.2f} ms")
    peer = fastest(lambda: curve_fit(model, X, y, start), repeats)
    theirs = curve_fit(model, X, y, start)[0]
    apart = max(abs(found[4 * k] - theirs[4 * k]) for k in range(3))
    print(f"scipy curve_fit without Jacobian: {1e3 * peer:.1f} ms, ratio {peer / ours:.0f}, places apart {apart:.1e}")
    if find_spec("lmfit") is None:
        print("lmfit is not installed (pip install iondrift[peers])")
        return
    run = with_lmfit(y, start)
    peer = fastest(run, max(2, repeats // 5))
    apart = max(abs(found[4 * k] - run()[4 * k]) for k in range(3))
    print(f"lmfit: {1e3 * peer:.0f} ms, ratio {peer / ours:.0f}, places apart {apart:.1e}")


if __name__ == "__main__":
    main()
