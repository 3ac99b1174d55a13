"""Coverage of the bands of a distribution of relaxation times: how often the truth lies inside.

    python bench/drt_coverage.py [--seeds 12] [--noise 0.001 0.005 0.01]

Nine families of spectra with known distributions, nominal 95 % bands: fraction of tau points, of total and of
windowed resistances, and of peak positions that lie inside, and the band's width relative to gamma (rms over tau).
"""

from __future__ import annotations

import argparse

import numpy as np
import xarray as xr

from iondrift.reference.relaxation_spectra import AnalyticSpectrum, families, measured, zarc
from iondrift.relaxation_bands import METHODS, drt_bands

FREQUENCY = np.logspace(5, 0, 31)
WINDOW = (1e-4, 1.0)
COLUMNS = ("gamma", "total R", "windowed R", "peak position", "width")


def inside(low: np.ndarray, truth: np.ndarray | float, high: np.ndarray, slack: float = 0.0) -> np.ndarray:
    return (truth >= low - slack) & (truth <= high + slack)


def coverage(
    spectrum: AnalyticSpectrum, noise: float, seeds: list[int], method: str, **options: object
) -> dict[str, list[float]]:
    """Return one number for every seed and column; peaks give one for each peak."""
    z = measured(spectrum, FREQUENCY, noise, seeds)
    data = xr.DataArray(z, dims=("spectrum", "frequency"), coords={"frequency": FREQUENCY})
    bands = drt_bands(data, method=method, window=WINDOW, **options)
    tau = bands.tau.values
    truth = spectrum.bins(tau)
    low, _, high = bands.gamma.values * bands.attrs["ln_tau_step"]
    found: dict[str, list[float]] = {name: [] for name in COLUMNS}
    # Below a billionth of the largest bin a truth counts as zero.
    found["gamma"] = list(inside(low, truth, high, 1e-9 * truth.max()).mean(axis=1))
    found["width"] = list(np.sqrt(((high - low) ** 2).mean(axis=1) / (truth**2).mean()))
    for column, name, value in (
        ("total R", "polarisation_resistance", spectrum.between(1e-12, 1e12)),
        ("windowed R", "windowed_resistance", spectrum.between(*WINDOW)),
    ):
        below, _, above = bands[name].values
        found[column] = list(inside(below, value, above).astype(float))
    for s in range(len(seeds)):
        places = bands.peak_tau.values[:, :, s]
        for tau_true in spectrum.peaks:
            if not np.isfinite(places[1]).any():
                found["peak position"].append(0.0)
                continue
            k = int(np.nanargmin(np.abs(np.log(places[1] / tau_true))))
            found["peak position"].append(float(inside(places[0, k], tau_true, places[2, k])))
    return found


def run(
    seeds: int, noises: list[float], methods: list[str], samples: int = 1000
) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Return method -> family (and "all") -> column -> values."""
    table: dict[str, dict[str, dict[str, list[float]]]] = {}
    for method in methods:
        rows: dict[str, dict[str, list[float]]] = {}
        for name, spectrum in families().items():
            row: dict[str, list[float]] = {column: [] for column in COLUMNS}
            for noise in noises:
                found = coverage(spectrum, noise, list(range(seeds)), method, samples=samples)
                for column in COLUMNS:
                    row[column] += found[column]
            rows[name] = row
        rows["all"] = {c: [v for row in rows.values() for v in row[c]] for c in COLUMNS}
        table[method] = rows
    return table


def random_row(spectra: int, noises: list[float], method: str, samples: int = 1000) -> dict[str, list[float]]:
    """Return the columns for random sums of one to four ZARCs: the share of rough draws was not set on these.

    Time constants reach the edges of the window and arcs overlap; a peak that merges with another counts as missed.
    """
    random = np.random.default_rng(123)
    row: dict[str, list[float]] = {column: [] for column in COLUMNS}
    for k in range(spectra):
        arcs = [
            zarc(random.uniform(10.0, 80.0), 10.0 ** random.uniform(-4.8, -1.0), random.uniform(0.65, 0.98))
            for _ in range(random.integers(1, 5))
        ]
        spectrum = arcs[0]
        for arc in arcs[1:]:
            spectrum = spectrum + arc
        found = coverage(spectrum, noises[k % len(noises)], [1000 + k], method, samples=samples)
        for column in COLUMNS:
            row[column] += found[column]
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--noise", type=float, nargs="+", default=[0.001, 0.005, 0.01])
    parser.add_argument("--random", type=int, default=120, help="further spectra, random sums of ZARCs")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    options = parser.parse_args()
    table = run(options.seeds, options.noise, options.methods)
    spectra = options.seeds * len(options.noise)
    print(f"nominal 95 %; {spectra} spectra a family, {spectra * len(families())} in all, noise {options.noise} of |Z|")
    for method, rows in table.items():
        if options.random:
            rows["random ZARCs"] = random_row(options.random, options.noise, method)
        print(f"\n{method:18s}" + "".join(f"{column:>15s}" for column in COLUMNS))
        for name, row in rows.items():
            cells = [f"{np.mean(row[c]):15.2f}" if row[c] else f"{'-':>15s}" for c in COLUMNS]
            print(f"{name:18s}" + "".join(cells))


if __name__ == "__main__":
    main()
