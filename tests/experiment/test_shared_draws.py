"""Two cells drawn with one seed share the draws of what they have in common, and no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cells
from iondrift.drift.bands.options import DrawOptions
from iondrift.experiment import pipeline
from iondrift.experiment.file.schema import load

ZERO = {
    "concentration_relative": 0.0, "temperature_K": 0.0, "field_of_view_relative": 0.0, "region_edge_points": 0.0,
    "voltage_offset_V": 0.0, "transference_number": 0.0, "clock_offset_s": 0.0, "voltage_noise_V": 0.0,
    "current_noise_relative": 0.0, "diffusivity_relative": 0.0,
}  # fmt: skip


def _pair(folder: Path, closure: str = "current", **uncertainty: float) -> np.ndarray:
    """Return final velocities (cell, replicate) at x0 of two cells that differ in their noise alone."""
    section = "".join(f"{name} = {value}\n" for name, value in (ZERO | uncertainty).items())
    found = []
    for k, factor in enumerate((1.0, 0.999)):
        file = cells.write_cell(
            folder / str(k), toml=cells.TOML.replace('smoothing = "none"', "") + f"[uncertainty]\n{section}"
        )
        noise = np.random.default_rng(k).standard_normal((cells.PROFILES, cells.POINTS))
        for n, intensity in enumerate(factor * cells.intensities() + 800.0 * noise):
            cells.write_profile(folder / str(k) / "profiles" / f"p({n + 1:03d}).txt", np.abs(intensity))
        bands = pipeline.analyse(load(file), bands=DrawOptions(samples=400)).bands
        assert bands is not None
        found.append(bands.by_closure[closure].final_drift_velocity.values[0])
    return np.array(found)


def test_noise_is_each_cells_own(tmp_path: Path) -> None:
    assert abs(np.corrcoef(_pair(tmp_path))[0, 1]) < 0.15  # three standard errors


@pytest.mark.parametrize(("source", "value"), [("concentration_relative", 0.3), ("transference_number", 0.09)])
def test_what_cells_have_in_common_is_drawn_together(tmp_path: Path, source: str, value: float) -> None:
    assert np.corrcoef(_pair(tmp_path, **{source: value}))[0, 1] > 0.5


def test_the_offset_of_the_voltage_is_each_cells_own(tmp_path: Path) -> None:
    """It makes all of the band under this closure; so would a draw in common make all of the correlation."""
    draws = _pair(tmp_path, "voltage", voltage_offset_V=0.3)
    assert (draws.std(axis=1) > 0.1 * np.abs(draws.mean(axis=1))).all()
    assert abs(np.corrcoef(draws)[0, 1]) < 0.15
