"""Does the inverse model find the truth, and do its bands hold it? Six cells of two simulators, many noise draws each.

    python bench/transport_recovery.py [SETS] [ROW ...]

46 profiles of 33 points, noise 2 % of the plateau, 0.37 % common to a profile, gaps known to 15 um, exponential D. A
row says of ln D(c0) and t- bias / rmse / mean sd, how often the 95 % band holds ln D, q1 and t-, and of v at the first
point of the last profile the rmse and how often its 95 % band holds it, with the true D- and by Nernst-Einstein.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import transport_cells as cells
from iondrift.errors import IondriftWarning

EXPECTED = {  # rmse of ln D and t-, of v with the D- that is true, from a prototype of this method
    "iondrift exp(-0.675), t- 0.9": (0.067, 0.050, 0.10),
    "iondrift constant, t- 0.5": (0.052, 0.025, 0.06),
    "iondrift exp(+1), t- 0.6": (0.043, 0.024, 0.06),
    "independent k 0.8, t- 0.9": (0.075, 0.042, 0.10),
    "independent k -1.5, t- 0.55": (0.071, 0.028, 0.12),
    "independent constant, t- 0.5, rest": (0.061, 0.016, np.nan),
}


def truth(row: str) -> cells.Truth:
    """Return the cell of a row."""
    if row.startswith("iondrift exp(-"):
        return cells.product(D0=2.63e-13, k=-0.675, transference=0.9)
    if row.startswith("iondrift constant"):
        return cells.product(D0=8e-13, k=0.0, transference=0.5, interface_resistance=0.75)
    if row.startswith("iondrift exp(+"):
        return cells.product(D0=8e-13, k=1.0, transference=0.6, interface_resistance=0.6)
    if row.startswith("independent k 0.8"):
        return cells.independent(D0=4e-13, k=0.8, transference=0.9, current=-0.7)
    if row.startswith("independent k -1.5"):
        return cells.independent(D0=8e-13, k=-1.5, transference=0.55)
    return cells.independent(D0=8e-13, k=0.0, transference=0.5, profiles=60, rest_after=46 * cells.INTERVAL)


def sets(cell: cells.Truth, count: int) -> Iterator[np.ndarray]:
    """Yield of each set: ln D, its sd, q1, sd, t-, sd, v, low, high, v by Nernst-Einstein."""
    known = cells.anion_diffusivity(np.exp(cell.log_diffusivity), cell.slope, cell.transference)
    for seed in range(count):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IondriftWarning)
            found, dilute = (
                cells.fit(cell, seed, forms=("exponential",), anion_diffusivity=source, draws=draws).isel(form=0)
                for source, draws in ((known, 150), ("nernst-einstein", 50))
            )
        value, error = (dict(zip(found.parameter.values, found[name].values, strict=True)) for name in
                        ("fit_value", "fit_error"))  # fmt: skip
        D, v = value["salt_diffusion_coefficient"], found.drift_velocity[:, -1, 0].values
        yield np.array(
            [
                np.log(D), error["salt_diffusion_coefficient"] / D,
                value["diffusivity_slope"], error["diffusivity_slope"],
                value["anion_transference"], error["anion_transference"],
                v[2], v[0], v[-1], float(dilute.drift_velocity[2, -1, 0]),
            ]
        )  # fmt: skip


def report(row: str, cell: cells.Truth, found: np.ndarray) -> None:
    """Print one row."""
    text = [f"{row:35s}"]
    held = []
    for k, true in enumerate((cell.log_diffusivity, cell.slope, cell.transference)):
        value, error = found[:, 2 * k], found[:, 2 * k + 1]
        held.append(100.0 * np.mean(np.abs(value - true) < 1.96 * error))
        if k != 1:
            off = value - true
            text.append(f"{off.mean():+.3f} / {np.sqrt(np.mean(off**2)):.3f} / {error.mean():.3f}")
    text.append("  ".join(f"{share:3.0f}" for share in held))
    v = cell.velocity
    if v is not None and "rest" not in row:
        rms, dilute = (100.0 * np.sqrt(np.mean((found[:, k] / v - 1.0) ** 2)) for k in (6, 9))
        inside = 100.0 * np.mean((found[:, 7] <= v) & (v <= found[:, 8]))
        text.append(f"{rms:3.0f} % {inside:4.0f} {dilute:5.0f} %")
    else:
        text.append("  -      -       -")
    expected = EXPECTED[row]
    text.append(f"({expected[0]:.3f}, {expected[1]:.3f}, {100.0 * expected[2]:.0f} %)")
    print(" | ".join(text), flush=True)


def main(count: int = 30, rows: tuple[str, ...] = tuple(EXPECTED)) -> None:
    """Print the table."""
    print(f"{count} sets a row; last column: rmse of ln D, t- and v expected")
    print("truth | ln D bias / rmse / sd | t- bias / rmse / sd | 95 % holds ln D, q1, t- | v rmse, holds, by N.-E.")
    for row in rows:
        cell = truth(row)
        report(row, cell, np.array(list(sets(cell, count))))


if __name__ == "__main__":
    asked = [row for row in EXPECTED for word in sys.argv[2:] if word in row]
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30, tuple(asked or EXPECTED))
