"""Coverage of the bands of D and of line positions, and how often one component is split into two.

``python bench/nmr_coverage.py [DRAWS]`` prints tables; 500 draws of each case.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from iondrift.nmr.diffusion import fit_diffusion
from iondrift.nmr.lines import fit_lineshape
from iondrift.nmr.options import LineOptions

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from synthetic_lines import PLACES, spectrum

TRUE_D = 1.3e-12
NOISES = {"white": {}, "exponential window": {"window": 3.0}, "zero-filled": {"zero_filling": 2}}


def diffusion(draws: int) -> None:
    print(f"95 % bands of D, {draws} draws, noise 2 % of the first point; split: one component taken for two")
    for count in (8, 12, 16):
        b = np.linspace(0.05, 1.0, count) ** 2 * 3.0 / TRUE_D
        for noise in (None, 0.02):
            random = np.random.default_rng(count)
            held = split = 0
            for _ in range(draws):
                fit = fit_diffusion(np.exp(-TRUE_D * b) + 0.02 * random.standard_normal(count), b, noise=noise)
                single = fit if fit.amplitudes.size == 1 else fit.rejected
                split += fit.amplitudes.size > 1
                low, high = single.interval()[0]
                held += low <= TRUE_D <= high
            known = "from residuals" if noise is None else "given"
            print(f"  {count:>2} gradients, noise {known:<14} {held / draws:6.1%}  split {split / draws:.1%}")


def lines(draws: int) -> None:
    print(f"95 % bands of three positions, {draws} draws")
    for name, how in NOISES.items():
        made = [spectrum(seed, **how) for seed in range(draws)]
        found = fit_lineshape(made[0][0], np.array([y for _, y in made]), LineOptions(lines=3, starts=0))
        z = np.abs(found.position.values - PLACES) / found.position_error.values
        held = (z < 1.96).mean(axis=0)
        print(f"  {name:<20} {'  '.join(f'{value:.1%}' for value in held)}")


def main(draws: int = 500) -> None:
    diffusion(draws)
    lines(draws)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
