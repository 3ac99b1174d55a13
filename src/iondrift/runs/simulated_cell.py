"""A simulated cell on disk: profiles as TopSpin text, log, experiment file and truth."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.progress import Progress, silent
from iondrift.runs import simulated_laboratory as laboratory
from iondrift.runs import simulated_topspin, store
from iondrift.runs.publication import published
from iondrift.transport.forward.simulation import PRESETS, simulate

Cell = Literal["li-li", "li-nmc622"]
Layout = Literal["text", "bruker"]

TRUTH = "truth.nc"
_EXPERIMENT, _LOG, _PROFILES, _DATA_SETS = "experiment.toml", "log.txt", "profiles", "nmr"
NOISE = 0.02  # of the plateau per stored point, as measured
TRANSFERENCE = 0.9
_INTERVAL, _DURATION = 513.0, 444.0
_FIRST_NUMBER = 5  # experiment numbers do not begin at 1 on a spectrometer either
# As found on the measured cells: one was stored from the far end, the other was not.
_REVERSED = {"li-li": True, "li-nmc622": False}
_NAMES = {"li-li": "Li||Li (simulated)", "li-nmc622": "Li||NMC622 (simulated)"}
_COUNTER = {"li-li": "Li metal", "li-nmc622": "NMC622"}

_TOML = """\
# A simulated cell (seed {seed}); the truth is in {truth}.

[cell]
name = "{name}"
counter_electrode = "{counter}"

{profiles}
[log]
file = "log.txt"
time_column = "time/h"
voltage_column = "voltage/V"
current_density_column = "current/mA cm-2"

[electrolyte]
concentration_mol_per_L = 1.666
temperature_K = 313.15
transference_number = 0.9

{others}
[reconstruction]
voltage_offset_V = {offset}                 # the cell's EMF
"""

_STATED_DIFFUSIVITY = """\
[diffusivity]
kind = "exponential"
diffusion_coefficient_m2_per_s = 1.315e-12
decay = 0.675
reference_concentration_mol_per_L = 1.666
"""

_TEXT_PROFILES = """\
[profiles]
files = "profiles/*.txt"
field_of_view_mm = 4.0
interval_s = 513.0
duration_s = 444.0
reverse = {reverse}
zero_filling = 2
"""


def write(
    cell: Cell, folder: Path, *, seed: int = 0, layout: Layout = "text", progress: Progress = silent
) -> Path:  # fmt: skip
    """Simulate a cell and write everything that ``iondrift run`` reads.

    Parameters
    ----------
    cell
        Which one.
    folder
        Where to; made when missing. An earlier simulation is replaced as a whole, and what was changed of it kept
        under another name.
    seed
        Of the noise.
    layout
        Profiles exported as text; or everything as the instruments leave it: profiles, diffusion experiments and
        7Li spectra as TopSpin data sets, impedance as files of a potentiostat.
    progress
        Told each step as it begins.

    Returns
    -------
    Path
        The experiment file.

    Raises
    ------
    StoreError
        The folder cannot be written, or holds such files that were not simulated.
    """
    # Profiles of another cell would be read as this one's.
    expected = (
        _EXPERIMENT, _LOG, TRUTH, f"{_PROFILES}/*", f"{_DATA_SETS}/*/acqus",
        f"{laboratory.PULSED_GRADIENTS}/*/acqus", f"{laboratory.IMPEDANCE}/*",
    )  # fmt: skip
    with published(folder, "simulated", expected=expected) as staging:
        progress(f"simulating {cell}")
        truth = simulate(
            cell,
            anion_transference=TRANSFERENCE,
            interval=_INTERVAL,
            duration=_DURATION,
            noise=NOISE if layout == "text" else 0.0,
            seed=seed,
            measurement=None if layout == "text" else simulated_topspin.OBJECT,
        )
        progress(f"writing {cell}")
        profiles, others = _TEXT_PROFILES, _STATED_DIFFUSIVITY
        if layout == "text":
            _write_profiles(truth.intensity.values, staging / _PROFILES, reverse=_REVERSED[cell])
        else:
            profiles, others = simulated_topspin.SECTION, laboratory.SECTIONS
            truth = _write_folders(cell, truth, staging, seed=seed)
        store.write_text(_log_text(truth), staging / _LOG)
        store.write_netcdf(truth.drop_vars(["intensity", "position"]), staging / TRUTH)
        text = _TOML.format(
            seed=seed,
            truth=TRUTH,
            name=_NAMES[cell],
            counter=_COUNTER[cell],
            profiles=profiles.format(reverse=str(_REVERSED[cell]).lower()),
            others=others,
            offset=PRESETS[cell]["electromotive_force"],
        )
        store.write_text(text, staging / _EXPERIMENT)
    return folder / _EXPERIMENT


def _write_folders(cell: Cell, truth: xr.Dataset, staging: Path, *, seed: int) -> xr.Dataset:
    """Write all that the instruments leave but the log; return the truth with what is true of it."""
    simulated_topspin.write_profiles(
        truth, staging / _DATA_SETS, reverse=_REVERSED[cell], interval=_INTERVAL, duration=_DURATION, noise=NOISE,
        first=_FIRST_NUMBER, seed=seed,
    )  # fmt: skip
    laboratory.write_diffusion(staging / laboratory.PULSED_GRADIENTS, seed=seed)
    pauses: FloatArray = np.arange(truth.sizes["time"], dtype=np.float64) * _INTERVAL + _DURATION
    lines = laboratory.write_spectra(truth, staging / _DATA_SETS, pauses=pauses + 1.0, seed=seed)
    resistance = laboratory.write_impedance(
        truth, staging / laboratory.IMPEDANCE, initial=PRESETS[cell]["interface_resistance"], starts=pauses + 35.0,
        seed=seed,
    )  # fmt: skip
    return xr.merge([truth, lines, resistance.to_dataset()], combine_attrs="override")


def _write_profiles(intensity: np.ndarray, folder: Path, *, reverse: bool) -> None:
    folder.mkdir()
    for k, profile in enumerate(intensity[:, ::-1] if reverse else intensity):
        number = k + _FIRST_NUMBER
        (folder / f"simulated({number:03d}).txt").write_text(_topspin_text(profile, number), encoding="ascii")


def _topspin_text(profile: np.ndarray, number: int) -> str:
    """Return one profile as TopSpin exports it; 400 ppm around 0 stand for the field of view."""
    header = (
        "# File created = simulated",
        f"# Data set = simulated  {number}  1  iondrift",
        "# Spectral Region:",
        "# LEFT = 200.0 ppm. RIGHT = -200.0 ppm.",
        "#",
        f"# SIZE = {profile.size} ( = number of points)",
        "#",
        "# In the following ordering is from the 'left' to the 'right' limits!",
        "# Lines beginning with '#' must be considered as comment lines.",
        "#",
    )
    return "\n".join([*header, *(f"{value:.4f}" for value in profile)]) + "\n"


def _log_text(truth: xr.Dataset) -> str:
    """Return time, voltage and current density; plating current positive, as cyclers write it."""
    hours = truth.log_time.values / 3600.0
    plating = -truth.log_current_density.values / 10.0  # mA cm-2
    lines = [
        f"{t:.6f}\t{v:.6f}\t{i:.6f}" for t, v, i in zip(hours, truth.log_voltage.values, plating + 0.0, strict=True)
    ]
    return "\n".join(["time/h\tvoltage/V\tcurrent/mA cm-2", *lines]) + "\n"
