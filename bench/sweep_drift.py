"""Drift within a sweep: how often it is found, how often it is called where there is none, and what correcting does.

    python bench/sweep_drift.py [--series 200] [--change 0.03] [--noise 0.002]

Random series of 6 to 20 spectra of one to three ZARCs, 20 to 60 frequencies, sweeps back to back or with pauses of up
to ten sweeps; every point is measured at its own moment. During a sweep all resistances change by the asked share, or
one of them alone does, or none.
"""

from __future__ import annotations

import argparse

import numpy as np
import xarray as xr

import iondrift
from iondrift.impedance.sweep_drift import _offsets


def series(
    random: np.random.Generator, change: float, noise: float, *, alone: bool
) -> tuple[xr.DataArray, np.ndarray, np.ndarray]:
    """Return Z with times, what was true in the middle of each sweep, and the true changes of |Z|."""
    frequency = np.logspace(random.uniform(4, 6), random.uniform(-2, 0.5), random.integers(20, 60))
    omega = 2.0 * np.pi * frequency
    spectra, duration = int(random.integers(6, 21)), random.uniform(1.0, 3.0) * 5.0 / frequency.min()
    starts = np.arange(spectra) * duration * (1.0 + random.choice([0.0, random.uniform(0.0, 10.0)]))
    arcs = random.integers(1, 4)
    resistance, tau = random.uniform(10.0, 80.0, arcs), 10.0 ** random.uniform(-4.5, -1.0, arcs)
    exponent, ohmic = random.uniform(0.65, 1.0, arcs), random.uniform(1.0, 30.0)
    rate = np.zeros(arcs + 1)
    rate[random.integers(0, arcs) if alone else slice(None)] = change * random.choice([-1.0, 1.0])

    def at(moments: np.ndarray) -> np.ndarray:
        """Return Z (spectrum, frequency) of what is true at moments of that shape, in sweeps."""
        z = ohmic * (1.0 + rate[-1] * moments)
        for r, t, a, g in zip(resistance, tau, exponent, rate, strict=False):
            z = z + r * (1.0 + g * moments) / (1.0 + (1j * omega * t) ** a)
        return z

    centre = np.median(starts)
    moments = (starts[:, None] - centre) / duration + _offsets(frequency, np.full(spectra, duration))
    truth = at((starts[:, None] - centre) / duration + 0.5 + 0.0 * moments)
    z = at(moments)
    changes = ((at(moments + 0.5) - at(moments - 0.5)) / z).real
    z = z + noise * np.abs(z) * (random.standard_normal(z.shape) + 1j * random.standard_normal(z.shape))
    coords = {
        "frequency": frequency, "time": ("spectrum", starts), "duration": ("spectrum", np.full(spectra, duration)),
    }  # fmt: skip
    return xr.DataArray(z, dims=("spectrum", "frequency"), coords=coords), truth, changes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--change", type=float, default=0.03, help="of resistances in a sweep")
    parser.add_argument("--noise", type=float, default=0.002, help="of |Z|")
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    for name, change, alone in (
        ("no drift", 0.0, False), ("all resistances", options.change, False), ("one alone", options.change, True),
    ):  # fmt: skip
        random = np.random.default_rng(options.seed)
        called, inside, ratios, before, after = [], [], [], [], []
        for _ in range(options.series):
            data, truth, changes = series(random, change, options.noise, alone=alone)
            found = iondrift.sweep_drift(data)
            called += list(found.sweep_drifts.values)
            where = [int(np.argmin(np.abs(data.frequency.values - f))) for f in found.sweep_change_frequency.values]
            low, _, high = found.largest_sweep_change_band.values
            true = np.take_along_axis(changes, np.array(where)[:, None], axis=1)[:, 0]
            inside += list((low <= true) & (true <= high))
            ratios += list(found.series_noise.values / options.noise)
            before.append(np.sqrt(np.mean(np.abs((data.values - truth) / truth) ** 2)))
            after.append(np.sqrt(np.mean(np.abs((found.impedance_at_moment.values - truth) / truth) ** 2)))
        print(
            f"{name:16s}: called drifting {100 * np.mean(called):5.1f} % of {len(called)} spectra; noise found "
            f"{np.nanmedian(ratios):.2f} of the true; rms error of Z at the middle of the sweep "
            f"{100 * np.median(before):.2f} % as measured, {100 * np.median(after):.2f} % carried there; largest "
            f"change in its band in {100 * np.mean(inside):.0f} %"
        )


if __name__ == "__main__":
    main()
