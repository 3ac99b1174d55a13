"""The inverse model: forward runs with derivatives against scipy, one fit, and a hundred cells.

    python bench/bench_transport.py [CELLS]

The peer is `scipy.integrate.solve_ivp` (BDF, sparse analytic Jacobian) on the same volumes, at the tolerance that makes
its error that of the compiled scheme; it gives profiles alone, the scheme their derivatives by six parameters, too.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import transport_cells as cells
from iondrift.drift.inverse.minimum import fit_forms
from iondrift.drift.inverse.schedule import steps
from iondrift.drift.inverse.transport_fit import pose
from iondrift.errors import IondriftWarning
from iondrift.reference import salt_diffusion as slow
from iondrift.transport.forward.simulation import graded_volumes
from iondrift_kernels import salt_diffusion as model

Floats = npt.NDArray[np.float64]
VOLUMES, PROFILES = 64, 46
THETA = np.array([np.log(8e-13), 1.0, 0.0, 0.5, 0.0, 1.17e-3])


def best(function: Callable[[], object], repeats: int) -> float:
    """Return the shortest of several times, s."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return min(times)


def by_scipy(truth: cells.Truth, tolerance: float) -> Floats:
    """Return profiles (K, n), means over the acquisitions, of the same volumes."""
    from scipy.integrate import solve_ivp
    from scipy.sparse import diags

    faces, _ = graded_volumes(1.0, VOLUMES)
    widths, gaps, shares = slow.grid(faces)
    t, i = truth.log.time.values, truth.log.values / (cells.FARADAY * cells.C0)
    start = truth.time - 0.5 * cells.DURATION

    def rate(at: float, u: Floats) -> Floats:
        return slow.rates(THETA, faces, float(np.interp(at, t, i)), u)

    def jacobian(_: float, u: Floats) -> object:
        s = shares * u[:-1] + (1.0 - shares) * u[1:] - 1.0
        conductance = np.exp(THETA[0] + THETA[1] * s) / THETA[5] ** 2 / gaps
        bent = conductance * THETA[1] * np.diff(u)
        left, right = shares * bent - conductance, (1.0 - shares) * bent + conductance
        middle = (np.append(left, 0.0) - np.append(0.0, right)) / widths
        return diags([-left / widths[1:], middle, right / widths[:-1]], [-1, 0, 1], format="csc")

    wanted = np.linspace(start, start + cells.DURATION, 13, axis=1)
    found, state = np.empty((*wanted.shape, VOLUMES)), np.ones(VOLUMES)
    for begin, end in pairwise((0.0, 5400.0, float(wanted.max()))):
        done = solve_ivp(
            rate, (begin, end), state, method="BDF", jac=jacobian, rtol=tolerance, atol=tolerance, dense_output=True
        )
        inside = (wanted >= begin) & (wanted <= end)
        found[inside], state = done.sol(wanted[inside]).T, done.y[:, -1]
    return np.asarray(np.trapezoid(found, wanted[..., None], axis=1) / cells.DURATION)


def forward(truth: cells.Truth, repeats: int = 20) -> None:
    """Print what a run with derivatives costs, and what scipy takes for profiles of the same error."""
    start = truth.time - 0.5 * cells.DURATION
    schedule = steps(start, start + cells.DURATION, truth.log.time.values, truth.log.values, cells.C0)
    grid = model.Grid(*slow.grid(graded_volumes(1.0, VOLUMES)[0]))
    profiles = np.empty((truth.time.size, VOLUMES))
    tangents = np.empty((*profiles.shape, model.PARAMETERS))
    model.run(THETA, grid, schedule, profiles, tangents)
    exact = by_scipy(truth, 1e-10)
    error = float(np.abs(profiles - exact)[1:].max())
    tolerance = 1e-3
    while (reached := float(np.abs(by_scipy(truth, tolerance) - exact)[1:].max())) > error:
        tolerance /= 2.0
    own = best(lambda: model.run(THETA, grid, schedule, profiles, tangents), repeats)
    alone = best(lambda: model.run(THETA, grid, schedule, profiles, tangents[:0]), repeats)
    peer = best(lambda: by_scipy(truth, tolerance), max(1, repeats // 6))
    size = schedule.durations.size
    print(f"forward, {size} steps of {VOLUMES} volumes, largest error after the first profile {error:.1e}")
    print(f"  profiles {1e3 * alone:.2f} ms, with six derivatives {1e3 * own:.2f} ms")
    print(f"  scipy BDF, tolerance {tolerance:.1e} (error {reached:.1e}) {1e3 * peer:.0f} ms: ratio {peer / own:.0f}")


def fits(truth: cells.Truth, repeats: int = 5) -> None:
    """Print what one fit costs, in parts."""
    profiles, gaps = cells.measured(truth, 0)
    given = {"duration": cells.DURATION, "gaps": gaps, "concentration": cells.C0}
    for forms in (("constant",), ("constant", "exponential")):
        posed = pose(profiles, truth.log, forms=forms, **given)
        least = best(lambda posed=posed, forms=forms: fit_forms(posed.problem, forms, sink=False), repeats)
        whole = best(lambda forms=forms: cells.fit(truth, 0, forms=forms), repeats)
        print(f"fit, {' and '.join(forms)}: {1e3 * least:.0f} ms; with posterior and consistency {1e3 * whole:.0f} ms")


def hundred(truth: cells.Truth, count: int = 100) -> None:
    """Print what many cells cost, both forms each, on two threads."""
    measured = [cells.measured(truth, seed) for seed in range(count)]

    def one(cell: tuple[xr.DataArray, tuple[float, float]]) -> object:
        return pose(cell[0], truth.log, duration=cells.DURATION, gaps=cell[1], concentration=cells.C0)

    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, measured))
    print(f"{count} cells, two forms each: {time.perf_counter() - began:.1f} s")
    began = time.perf_counter()
    for seed in range(count):
        cells.fit(truth, seed)
    print(f"{count} cells, posterior draws and consistency, too: {time.perf_counter() - began:.1f} s")


def main(count: int = 100, repeats: int = 20) -> None:
    """Print all."""
    truth = cells.independent(D0=8e-13, k=1.0, transference=0.5, profiles=PROFILES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IondriftWarning)
        forward(truth, repeats)
        fits(truth, max(1, repeats // 4))
        hundred(truth, count)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
