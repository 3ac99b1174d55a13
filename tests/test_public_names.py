"""The names of the package: loaded when first used."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import xarray as xr
from typer.testing import CliRunner

import iondrift
from cells import RESTING, write_cell
from iondrift.cli.app import app


def test_public_names_stay_what_they_are_when_every_module_is_imported() -> None:
    modules = [
        name for _, name, _ in pkgutil.walk_packages(iondrift.__path__, "iondrift.") if not name.endswith("__main__")
    ]
    assert len(modules) > 30
    for name in modules:
        import_module(name)
    for name in set(iondrift.__all__) - set(iondrift._MODULES):
        assert callable(getattr(iondrift, name)), f"iondrift.{name} is not callable"


def test_importing_the_package_loads_no_science() -> None:
    code = "import sys, iondrift; print('numpy' in sys.modules, callable(iondrift.drt), 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]


def test_own_data_step_by_step_give_what_the_command_gives(tmp_path: Path) -> None:
    path = write_cell(tmp_path / "cell")
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(tmp_path / "results"), "--no-bands", "--quiet"])
    assert done.exit_code == 0, done.output
    with xr.open_zarr(tmp_path / "results" / "results.zarr") as stored:
        expected = stored.load()

    log = iondrift.read_log(tmp_path / "cell" / "log.txt", current_density_column=3)
    log = log.assign_coords(time=log.time - log.time[0])
    profiles = iondrift.read_profiles(str(tmp_path / "cell" / "profiles" / "*.txt"))
    start, stop = iondrift.profile_windows(profiles.sizes["profile"], interval=500.0, duration=450.0)
    averaged = iondrift.average_over_windows(log, start, stop)
    assert next(segment.kind for segment in iondrift.segment_protocol(log)) == "open_circuit"
    resting = range(RESTING)  # before the current
    cell = iondrift.calibrate(profiles, time=averaged.time, field_of_view=4e-3, concentration=1666.0, reference=resting)
    D = iondrift.Diffusivity.constant(1.3e-12)
    found = iondrift.reconstruct_drift(
        cell.concentration, averaged.voltage, D, temperature=313.15, smoothing="none", closure="voltage",
        voltage_offset=expected.voltage_offset,
    )  # fmt: skip
    np.testing.assert_allclose(found.drift_velocity, expected.drift_velocity, rtol=1e-12, atol=0.0)
