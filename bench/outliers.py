"""Points and profiles that stand out: how many are found, how many taken for such on clean data, and what is left of v.

``python bench/outliers.py [CASES]``: random cases by family (:mod:`random_cases`, seeds that nothing was set by), clean
and with 0.1 and 1 % of all points three times too high or nearly nought, and one whole profile damaged. v under
``blocking`` at the plating side is counted as kept where it lies within the clean fit's own 95 % band, over profiles;
a case counts where that holds for 95 % of its profiles.
"""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import xarray as xr

import iondrift
from iondrift import Diffusivity
from iondrift.errors import DataError
from iondrift.nmr.outliers import find_outliers
from random_cases import FAMILIES, RandomCase, draw

FIRST_SEED = 7_000
RATES = (0.001, 0.01)
PROFILES = {
    "30 % too high": lambda row: 1.3 * row,
    "half": lambda row: 0.5 * row,
    "nought": lambda row: np.full_like(row, 1.0),
}
D = Diffusivity.constant(1.3e-12)


def spiked(values: np.ndarray, rate: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return values with a share of points three times too high or nearly nought, and which."""
    hit = rng.random(values.shape) < rate
    return np.where(hit, np.where(rng.random(values.shape) < 0.5, 3.0, 0.02) * values, values), hit


def velocity(case: RandomCase, values: np.ndarray, *, banded: bool = False) -> np.ndarray:
    """Return v at the plating side through time, or its band."""
    concentration = case.measured.copy(data=values)
    volts = xr.ones_like(concentration.time)
    options = {
        "closure": "blocking", "temperature": 313.15, "breaks": case.breaks,
        "reference_profiles": 1 if case.reference else None, "reference_index": 0 if case.reference else None,
    }  # fmt: skip
    if banded:
        none = iondrift.Uncertainties.none()
        found = iondrift.drift_bands(concentration, volts, D, samples=400, seed=0, uncertainties=none, **options)
        return found.drift_velocity.values[[0, -1], :, 0]
    return iondrift.reconstruct_drift(concentration, volts, D, **options).drift_velocity.values[:, 0]


def main(cases: int) -> None:
    """Print the table."""
    counts: Counter[str] = Counter()
    for family in sorted(FAMILIES):
        for seed in range(FIRST_SEED, FIRST_SEED + cases):
            case, rng = draw(family, seed, reference=False), np.random.default_rng(seed)
            values = case.measured.values
            clean = find_outliers(values)
            counts["clean points"] += values.size
            counts["taken out of clean ones"] += int(clean.points.sum() + clean.profiles.sum() * values.shape[1])
            low, high = velocity(case, clean.cleaned, banded=True)
            for rate in RATES:
                damaged, hit = spiked(values, rate, rng)
                found = find_outliers(damaged)
                counts[f"spikes {rate:.1%}"] += int(hit.sum())
                counts[f"spikes {rate:.1%} found"] += int((hit & (found.points | found.profiles[:, None])).sum())
                for name, given in ((f"v kept {rate:.1%}", found.cleaned), (f"v kept {rate:.1%}, all used", damaged)):
                    try:
                        v = velocity(case, given)
                    except DataError:  # spikes that are used can make the fit negative: refused, not kept
                        counts[f"refused {rate:.1%}{', all used' if given is damaged else ''}"] += 1
                        continue
                    counts[name] += int(((v >= low) & (v <= high)).mean() >= 0.95)
            for name, damage in PROFILES.items():
                k = int(rng.integers(len(values)))
                damaged = values.copy()
                damaged[k] = damage(values[k])
                counts[f"profile {name} found"] += int(find_outliers(damaged).profiles[k])
            counts["cases"] += 1
    for name, count in counts.items():
        print(f"{name:32}{count:10}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
