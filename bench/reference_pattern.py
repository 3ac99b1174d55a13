"""Where bands of profiles divided by a noisy one miss: the error of the fitted pattern, mode by mode.

    python bench/reference_pattern.py [--family diffusion] [--cases 24]

Random cases (bench/random_cases.py). The reference's noise is a pattern common to all times; printed are, for the first
spatial modes, the root mean square of its error over the standard deviation that its posterior gives, and how often
the error has the sign of the change of concentration from the reference to the next profile.
"""

from __future__ import annotations

import argparse

import numpy as np

from iondrift.drift.smoothing import penalised_splines
from iondrift.drift.smoothing.problem import Problem, _whitening
from random_cases import C0, FAMILIES, draw

MODES = 10


def errors(family: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return errors of the pattern over their standard deviations, and the change that follows the reference."""
    case, undivided = draw(family, seed, reference=True), draw(family, seed, reference=False)
    posed: list[tuple[Problem, np.ndarray]] = []

    class Kept(Problem):
        def __init__(self, **options: object) -> None:
            super().__init__(**options)  # type: ignore[arg-type]
            posed.append((self, options["values"]))  # type: ignore[arg-type]

    penalised_splines.Problem = Kept  # type: ignore[misc]
    fit = penalised_splines.smooth(case.measured, breaks=case.breaks, reference_profiles=1, reference_index=0)
    penalised_splines.Problem = Problem  # type: ignore[misc]
    problem, values = posed[-1]
    whitening = _whitening(problem.noise, values.mean(axis=0))
    rotation = problem.likelihood.modes(fit.penalties.adaptivity).rotation[:, : fit.coefficients.shape[0]]

    def in_modes(profile: np.ndarray) -> np.ndarray:
        return np.asarray(rotation.T @ (problem.design.T @ (whitening @ profile)))[:MODES]

    pattern = in_modes(-(undivided.measured - case.clean)[0].values)
    found, deviation = fit.pattern[:MODES, 0], fit.standard_deviation * fit.pattern[:MODES, 1]
    return (found - pattern) / deviation, in_modes(case.clean[1].values - C0)


def main(family: str, cases: int) -> None:
    """Print a row a mode."""
    found, changes = map(np.array, zip(*(errors(family, seed) for seed in range(cases)), strict=True))
    print("| spatial mode | error of the pattern over its standard deviation, rms | sign of the change that follows |")
    print("|---|---|---|")
    for mode in range(MODES):
        alike = 100.0 * np.mean(found[:, mode] * changes[:, mode] > 0.0)
        print(f"| {mode + 1} | {np.sqrt(np.mean(found[:, mode] ** 2)):.1f} | {alike:.0f} % |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", default="diffusion", choices=FAMILIES)
    parser.add_argument("--cases", type=int, default=24)
    options = parser.parse_args()
    main(options.family, options.cases)
