"""How often do nominal 95 and 68 % bands hold the truth where nobody tuned them? Random cases, all closures.

    python bench/coverage_random.py [--cases 150] [--workers 2]

Every case of :mod:`random_cases` is fitted and banded once with the defaults, profile noise alone: the first profile
free of noise, then as the reference that all were divided by. Printed is a Markdown table over cases: mean share of
cells (time, x) inside the band, its 5th percentile, the share of cases in which it is below 85 %; beside them the
same for the oracle, whose truth is a draw from the fit's own posterior: a case has few degrees of freedom, so that
even bands that are right by construction hold little in some. RMSE of the median and the mean width are relative to
the root mean square of v, medians over cases.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a worker has one thread: cases are what runs in parallel

import numba
import numpy as np
import xarray as xr
from scipy.integrate import simpson

from iondrift import Diffusivity
from iondrift.drift.bands.monte_carlo import drift_bands
from iondrift.drift.bands.uncertainties import Uncertainties
from iondrift.drift.smoothing.penalised_splines import SmoothSeries, smooth
from iondrift.drift.smoothing.spline_basis import cubic_quadrature, dense_basis
from iondrift.reference.drift_bands import draw_coefficients
from random_cases import C0, FAMILIES, RandomCase, draw

CLOSURES = ("voltage", "blocking", "current")
TEMPERATURE = 313.15
FARADAY = 96485.33212331001
THERMAL_VOLTAGE = 8.31446261815324 * TEMPERATURE / FARADAY
DIFFUSIVITY = Diffusivity.exponential(1.3e-12, 0.5, C0)
LEVELS = (0.025, 0.16, 0.5, 0.84, 0.975)
ORACLES = 4  # draws a case
FINE = 801


@dataclass(frozen=True, kw_only=True)
class Drive:
    """What closes the cases beside the profiles: voltage, current density in A m-2, transference number."""

    voltage: float
    current: float
    transference: float


@dataclass(frozen=True, kw_only=True)
class Score:
    """Of one case and closure: shares inside the 95 and the 68 % band, error and width; shares of the oracles."""

    wide: float
    narrow: float
    error: float
    width: float
    oracle: tuple[float, ...]


def velocities(
    fields: tuple[np.ndarray, np.ndarray, np.ndarray], ends: tuple[np.ndarray, np.ndarray, np.ndarray], drive: Drive
) -> dict[str, np.ndarray]:
    """Return v (time, x) by closure from c, dc/dx, G; ``ends`` (time,): int G/(Dc), int 1/(Dc), ln(c_L / c_0)."""
    c, gradient, integrated = fields
    D = np.asarray(DIFFUSIVITY(c))
    flowing, resisting, junction = ends
    origin = (drive.voltage / THERMAL_VOLTAGE - junction - flowing) / resisting
    ratio = (1.0 - drive.transference) / drive.transference
    carried = drive.current / FARADAY + (ratio - 1.0) * D * gradient
    return {
        "voltage": (origin[:, None] + integrated + D * gradient) / c,
        "blocking": (integrated + D * gradient) / c,
        "current": -carried / ((1.0 + ratio) * c),
    }


def truth_of(case: RandomCase, drive: Drive) -> dict[str, np.ndarray]:
    """Return the true v by closure, integrals along x by Simpson's rule on a fine grid."""
    x = case.clean["x"].values
    fine = np.linspace(x[0], x[-1], FINE)
    c, _, integrated = case.fields(fine)
    resistance = 1.0 / (np.asarray(DIFFUSIVITY(c)) * c)
    ends = (
        simpson(resistance * integrated, x=fine, axis=1), simpson(resistance, x=fine, axis=1),
        np.log(c[:, -1] / c[:, 0]),
    )  # fmt: skip
    return velocities(case.fields(x), ends, drive)


def oracles_of(series: SmoothSeries, drive: Drive, rng: np.random.Generator) -> list[dict[str, np.ndarray]]:
    """Return v by closure of draws from the fit's own posterior, by dense matrices."""
    value, slope, integral = dense_basis(series.knots, (series.x - series.x[0]) / series.length)
    basis, weights, columns = series.time_basis, cubic_quadrature(series.x), series.time_basis.start[:, None]
    found = []
    for coefficients in draw_coefficients(series, ORACLES, rng):
        local = coefficients[:, columns + np.arange(4)]
        amplitude, rate = (np.einsum("td,jtd->tj", w, local) for w in (basis.value, basis.slope))
        c, integrated = amplitude @ value.T, -(rate @ integral.T) * series.length
        resistance = 1.0 / (np.asarray(DIFFUSIVITY(c)) * c)
        ends = (resistance * integrated) @ weights, resistance @ weights, np.log(c[:, -1] / c[:, 0])
        found.append(velocities((c, amplitude @ slope.T / series.length, integrated), ends, drive))
    return found


def score(job: tuple[str, int, bool]) -> dict[str, Score]:
    """Return the scores of one case by closure."""
    family, seed, reference = job
    case = draw(family, seed, reference=reference)
    rng = np.random.default_rng([sorted(FAMILIES).index(family), seed, 1])
    drive = Drive(voltage=rng.uniform(0.1, 4.3), current=rng.uniform(-3.0, -0.1), transference=rng.uniform(0.2, 1.0))
    options = {"reference_profiles": 1, "reference_index": 0} if reference else {}
    series = smooth(case.measured, breaks=case.breaks, **options)
    truth, oracles = truth_of(case, drive), oracles_of(series, drive, rng)
    time = case.clean["time"]
    voltage, current = (xr.full_like(time, value, dtype=float) for value in (drive.voltage, drive.current))
    found = {}
    for closure in CLOSURES:
        bands = drift_bands(
            case.measured, voltage, DIFFUSIVITY, temperature=TEMPERATURE, closure=closure, current_density=current,
            transference_number=drive.transference, series=series, uncertainties=Uncertainties.none(), seed=seed,
            quantiles=LEVELS, variables_wanted=("drift_velocity",),
        )["drift_velocity"].values  # fmt: skip
        v = truth[closure]
        size = np.sqrt(np.mean(v**2))
        found[closure] = Score(
            wide=_held(v, bands[0], bands[4]),
            narrow=_held(v, bands[1], bands[3]),
            error=float(np.sqrt(np.mean((bands[2] - v) ** 2)) / size),
            width=float(np.mean(bands[4] - bands[0]) / size),
            oracle=tuple(_held(oracle[closure], bands[0], bands[4]) for oracle in oracles),
        )
    return found


def _held(v: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    return float(((v >= low) & (v <= high)).mean())


def row(family: str, reference: bool, closure: str, scores: list[Score]) -> str:
    """Return one row of the table."""
    wide, oracle = np.array([s.wide for s in scores]), np.concatenate([s.oracle for s in scores])
    cells = [
        family, "noisy" if reference else "exact", closure,
        f"{100 * wide.mean():.1f} %", f"{100 * np.quantile(wide, 0.05):.0f} %", f"{100 * np.mean(wide < 0.85):.1f} %",
        f"{100 * oracle.mean():.1f} %", f"{100 * np.quantile(oracle, 0.05):.0f} %",
        f"{100 * np.mean(oracle < 0.85):.1f} %", f"{100 * np.mean([s.narrow for s in scores]):.1f} %",
        f"{np.median([s.error for s in scores]):.4f}", f"{np.median([s.width for s in scores]):.4f}", str(len(scores)),
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Run every family and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=150)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--families", nargs="*", default=list(FAMILIES), choices=FAMILIES)
    options = parser.parse_args()
    held = "5th percentile | below 85 %"
    print(
        f"| family | reference | closure | 95 % band holds | {held} | oracle holds | {held} | 68 % band holds ", end=""
    )
    print("| RMSE | width | cases |")
    print("|" + "---|" * 13)
    with ProcessPoolExecutor(options.workers, initializer=numba.set_num_threads, initargs=(1,)) as pool:
        for reference in (False, True):
            for family in options.families:
                jobs = [(family, seed, reference) for seed in range(options.cases)]
                found: list[Mapping[str, Score]] = list(pool.map(score, jobs, chunksize=5))
                for closure in CLOSURES:
                    print(row(family, reference, closure, [scores[closure] for scores in found]), flush=True)


if __name__ == "__main__":
    main()
