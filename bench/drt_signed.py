"""Inductive loops at low frequency: whether they are seen, and what distributions of either sign make of them.

    python bench/drt_signed.py [--spectra 200]

Random sums of one to three ZARCs, half of them with an RC element of negative resistance behind the slowest arc (2 to
50 % of the total), 25 to 70 frequencies, noise 0.05 to 1 % of |Z|. First how often :func:`judge` calls the distribution
of gamma >= 0 unfit, with loop and without; then, of those it calls unfit, error of the total resistance with
gamma >= 0 and with ``negative=True``, and how often its 95 % bands hold the true total and gamma.
"""

from __future__ import annotations

import argparse

import numpy as np
import xarray as xr

import iondrift
from iondrift.impedance.representation import judge


def spectrum(random: np.random.Generator, *, loop: bool) -> tuple[xr.DataArray, float, float]:
    """Return Z, the true polarisation resistance, and what share of it without the loop the loop takes away."""
    frequency = np.logspace(random.uniform(4, 6), random.uniform(-2, 0), random.integers(25, 70))
    omega = 2.0 * np.pi * frequency
    tau = 10.0 ** random.uniform(-4.5, -1.5, random.integers(1, 4))
    resistance = random.uniform(10.0, 80.0, tau.size)
    z = random.uniform(1.0, 30.0) + np.zeros(frequency.size, complex)
    for r, t in zip(resistance, tau, strict=True):
        z += r / (1.0 + (1j * omega * t) ** random.uniform(0.75, 1.0))
    share = random.uniform(0.02, 0.5) if loop else 0.0
    slow = tau.max() * 10.0 ** random.uniform(0.3, 1.2)
    z -= share * resistance.sum() / (1.0 + 1j * omega * slow)
    noise = 10.0 ** random.uniform(-3.3, -2.0)
    z += noise * np.abs(z) * (random.standard_normal(z.size) + 1j * random.standard_normal(z.size))
    data = xr.DataArray(z[None], dims=("spectrum", "frequency"), coords={"frequency": frequency})
    return data, float((1.0 - share) * resistance.sum()), share


def unfit(data: xr.DataArray) -> bool:
    """Return whether gamma >= 0 is called unfit."""
    test = iondrift.kramers_kronig(data).assign(impedance=data)
    return not bool(judge(iondrift.drt(data), test)["represented"][0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spectra", type=int, default=200)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    false = np.mean([unfit(spectrum(random, loop=False)[0]) for _ in range(options.spectra)])
    seen, rows = [], []
    for _ in range(options.spectra):
        data, total, share = spectrum(random, loop=True)
        seen.append((share, unfit(data)))
        if seen[-1][1]:
            plain = float(iondrift.drt(data).polarisation_resistance[0])
            bands = iondrift.drt_bands(data, negative=True, samples=300)
            signed = float(bands.polarisation_resistance_estimate[0])
            low, _, high = bands.polarisation_resistance.values[:, 0]
            rows.append((abs(plain / total - 1.0), abs(signed / total - 1.0), low <= total <= high))
    shares, found = np.array(seen).T
    errors = np.array(rows, dtype=float)
    print(f"called unfit without a loop: {100 * false:.1f} % of {options.spectra}")
    for low, high in ((0.02, 0.1), (0.1, 0.25), (0.25, 0.5)):
        inside = (shares >= low) & (shares < high)
        print(f"called unfit, loop of {100 * low:.0f} to {100 * high:.0f} %: {100 * found[inside].mean():.0f} %")
    print(
        f"total resistance, median error: gamma >= 0 {100 * np.median(errors[:, 0]):.1f} %, of either sign "
        f"{100 * np.median(errors[:, 1]):.1f} %; inside its band in {100 * errors[:, 2].mean():.0f} % of {len(rows)}"
    )


if __name__ == "__main__":
    main()
