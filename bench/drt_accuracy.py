"""How close a distribution of relaxation times comes to the truth, beside other people's settings.

    python bench/drt_accuracy.py [--seeds 8] [--noise 0.001 0.005 0.01]

Nine families with known distributions, 31 frequencies from 100 kHz to 1 Hz, noise proportional to |Z|. Median over
spectra of: relative L2 error of gamma (resistances in the bins of one common grid of 92, so that a delta function has
a finite answer); error of the total resistance in %; error of peak positions in decades; milliseconds a spectrum.
A peer that is not installed is named as absent.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import xarray as xr

import drt_peers
from iondrift.impedance.drt.estimate import drt
from iondrift.impedance.drt.model import build_model, difference, relaxation_times, stack
from iondrift.impedance.drt.peaks import find_peaks
from iondrift.reference.relaxation_spectra import AnalyticSpectrum, families, measured

FREQUENCY = np.logspace(5, 0, 31)
MODEL = build_model(FREQUENCY, relaxation_times(FREQUENCY, 92))
OURS: dict[str, dict[str, object]] = {
    "auto (default)": {},
    "marginal likelihood": {"regularization": "marginal_likelihood"},
    "GCV": {"regularization": "gcv"},
    "L-curve": {"regularization": "l_curve"},
    "re-im": {"regularization": "re_im"},
    "paper (identity 0.5)": {"regularization": "paper"},
}
SCIPY = {"scipy identity 0.05": (0, 0.05), "scipy first 0.05": (1, 0.05), "scipy second 0.5": (2, 0.5)}
Estimate = Callable[[np.ndarray], np.ndarray]  # Z (spectra, frequency) -> gamma (spectra, tau)


def ours(options: dict[str, object]) -> Estimate:
    def estimate(z: np.ndarray) -> np.ndarray:
        data = xr.DataArray(z, dims=("spectrum", "frequency"), coords={"frequency": FREQUENCY})
        return drt(data, tau_range=(MODEL.tau[0], MODEL.tau[-1]), **options).gamma.values

    return estimate


def scipy(order: int, strength: float) -> Estimate:
    matrix = np.hstack([np.zeros((92 - order, MODEL.count)), difference(order, 92)])
    solve = drt_peers.scipy_nnls(MODEL.design, strength * matrix)
    return lambda z: np.array([solve(stack(row))[MODEL.count :] / MODEL.step for row in z])


def looped(solver: drt_peers.Solver) -> Estimate:
    return lambda z: np.array([solver(stack(row)) for row in z])


def estimates() -> tuple[dict[str, Estimate], dict[str, str]]:
    """Return every estimate that can be made, and notes on the peers."""
    peers, notes = drt_peers.available(drt_peers.DISTRIBUTIONS, FREQUENCY, MODEL.tau)
    table = {name: ours(options) for name, options in OURS.items()}
    table |= {name: scipy(*setting) for name, setting in SCIPY.items()}
    return table | {name: looped(solver) for name, solver in peers.items()}, notes


def errors(gamma: np.ndarray, truth: AnalyticSpectrum) -> tuple[float, float, list[float]]:
    """Return the error of gamma, of the total resistance in %, and of each peak in decades."""
    bins, found = truth.bins(MODEL.tau), gamma * MODEL.step
    total = truth.between(1e-12, 1e12)
    peaks = [p.tau for p in find_peaks(MODEL.tau, gamma)]
    missed = [min((abs(np.log10(p / t)) for p in peaks), default=np.inf) for t in truth.peaks]
    return (
        float(np.linalg.norm(found - bins) / np.linalg.norm(bins)),
        100.0 * float(abs(found.sum() / total - 1.0)),
        missed,
    )


def run(seeds: int, noises: list[float]) -> tuple[dict[str, dict[str, list[list[float]]]], dict[str, str]]:
    """Return estimate -> family -> [gamma, total, peaks, milliseconds], and notes."""
    table, notes = estimates()
    found: dict[str, dict[str, list[list[float]]]] = {name: {} for name in table}
    for family, truth in families().items():
        data = np.vstack([measured(truth, FREQUENCY, noise, range(seeds)) for noise in noises])
        for name, estimate in table.items():
            if family == next(iter(families())):
                estimate(data[:1])  # compile, import
            began = time.perf_counter()
            gamma = estimate(data)
            spent = 1e3 * (time.perf_counter() - began) / len(data)
            each = [errors(row, truth) for row in gamma]
            found[name][family] = [
                [e[0] for e in each], [e[1] for e in each], [p for e in each for p in e[2]], [spent],
            ]  # fmt: skip
    return found, notes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--noise", type=float, nargs="+", default=[0.001, 0.005, 0.01])
    options = parser.parse_args()
    found, notes = run(options.seeds, options.noise)
    for name, note in notes.items():
        print(f"  {name:22s} {note}")
    names = list(families())
    print(f"\n{options.seeds * len(options.noise)} spectra a family; relative L2 error of gamma, median")
    print(
        f"{'':22s}"
        + "".join(f"{n[:11]:>12s}" for n in names)
        + f"{'median':>9s}{'R / %':>8s}{'peak/dec':>9s}{'ms':>9s}"
    )
    for name, rows in found.items():
        medians = [float(np.median(rows[n][0])) for n in names]
        pooled = [[v for n in names for v in rows[n][k]] for k in (1, 2, 3)]
        print(
            f"{name:22s}" + "".join(f"{m:12.3f}" for m in medians) + f"{np.median(medians):9.3f}"
            f"{np.median(pooled[0]):8.2f}{np.median(pooled[1]):9.3f}{np.median(pooled[2]):9.2f}"
        )  # fmt: skip


if __name__ == "__main__":
    main()
