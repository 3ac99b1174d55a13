"""Small cells on disk for the command line: profiles as TopSpin text, a log and an experiment file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

INTERVAL, DURATION = 500.0, 450.0
PROFILES, POINTS = 16, 128
RESTING = 4  # profiles before the current
HEADER = "# Data set = small  1  1\n# LEFT = 100.0 ppm. RIGHT = -100.0 ppm.\n# SIZE = {size}\n"

TOML = """
[cell]
name = "small"
[profiles]
files = "profiles/*.txt"
field_of_view_mm = 4.0
interval_s = 500.0
duration_s = 450.0
[log]
file = "log.txt"
current_density_column = 3
[electrolyte]
concentration_mol_per_L = 1.666
temperature_K = 313.15
transference_number = 0.9
[diffusivity]
kind = "constant"
diffusion_coefficient_m2_per_s = 1.3e-12
[reconstruction]
smoothing = "none"
"""


def write_cell(folder: Path, *, toml: str = TOML) -> Path:
    """Write a complete cell; return its experiment file."""
    (folder / "profiles").mkdir(parents=True)
    for k, intensity in enumerate(intensities()):
        write_profile(folder / "profiles" / f"p({k + 1:03d}).txt", intensity)
    write_log(folder / "log.txt", *log())
    (folder / "cell.toml").write_text(toml, encoding="utf-8")
    return folder / "cell.toml"


def intensities() -> np.ndarray:
    """Return magnitudes (profile, point): a sample 1.2 mm thick, depleted at the left once current flows."""
    x = (np.arange(POINTS) + 0.5) * 4.0e-3 / POINTS - 1.4e-3
    edges = 0.5 * (np.tanh(x / 3e-5) - np.tanh((x - 1.2e-3) / 3e-5))
    growth = np.clip(np.arange(PROFILES) - RESTING + 0.5, 0.0, None)[:, None] / PROFILES
    depletion = 0.5 * np.exp(-np.clip(x, 0.0, None) / 2e-4) - 0.4 * np.exp((np.clip(x, None, 1.2e-3) - 1.2e-3) / 2e-4)
    noise = np.random.default_rng(3).standard_normal((PROFILES, POINTS))
    return 2e5 * edges * (1.0 - growth * depletion) + 300.0 * np.abs(noise) + 500.0


def log() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return hours, volts and mA cm-2 (plating positive): rest, constant current, constant voltage."""
    seconds = np.arange(0.0, PROFILES * INTERVAL + 1.0, 20.0)
    start, limit = RESTING * INTERVAL, 10 * INTERVAL
    decaying = 0.03 + 0.06 * np.exp(-(seconds - limit) / 1000.0)
    current = np.where(seconds < start, 0.0, np.where(seconds < limit, 0.1, decaying))
    rising = 0.2 + 1.3 * ((seconds - start) / (limit - start)) ** 2
    voltage = np.where(seconds < start, 0.0, np.where(seconds < limit, rising, 1.5))
    return seconds / 3600.0, voltage, current


def write_profile(path: Path, intensity: np.ndarray, *, size: int | None = None) -> None:
    """Write one profile as TopSpin text; ``size`` is what the header claims."""
    values = "\n".join(f"{value:.4f}" for value in intensity)
    path.write_text(HEADER.format(size=size or intensity.size) + values + "\n", encoding="ascii")


def write_log(path: Path, hours: np.ndarray, voltage: np.ndarray, current: np.ndarray) -> None:
    """Write a tab-separated log without header."""
    rows = zip(hours, voltage, current, strict=True)
    path.write_text("".join(f"{t:.6f}\t{v:.5f}\t{i:.5f}\n" for t, v, i in rows), encoding="ascii")
