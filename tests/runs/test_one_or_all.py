"""One cell at a time or all at once, on the command line or from Python: the same bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import cells
from iondrift import drift_bands, load
from iondrift.cli.app import app
from iondrift.drift.bands.options import BANDED
from iondrift.experiment import pipeline
from iondrift.experiment.closure_bands import common_seeds, inputs_of, own_seed
from iondrift.experiment.ledger import model_of
from iondrift.experiment.results import LEVELS, Analysis
from iondrift.ledger import LEDGER
from iondrift.runs import cell as job
from iondrift.runs import store
from iondrift.runs.crate import CRATE
from iondrift.runs.options import RunOptions

SMOOTHED = cells.TOML.replace('smoothing = "none"', "")
TOML = {
    "first": SMOOTHED.replace('"small"', '"first"'),
    "second": SMOOTHED.replace('"small"', '"second"').replace("313.15", "333.15")
    + "[uncertainty]\nclock_offset_s = 5\n",
}
SAMPLES, SEED = 64, 3


def run(files: list[Path], out: Path) -> None:
    options = ["--out", str(out), "--samples", str(SAMPLES), "--seed", str(SEED), "--quiet"]
    result = CliRunner().invoke(app, ["run", *map(str, files), *options])
    assert result.exit_code == 0, result.output


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for name, toml in TOML.items():
        file = cells.write_cell(tmp_path_factory.mktemp(name), toml=toml)
        made[name] = file.rename(file.with_name(f"{name}.toml"))
    return made


@pytest.fixture(scope="module")
def together(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, xr.Dataset]:
    """Return the results of both cells from one run."""
    out = tmp_path_factory.mktemp("together")
    run(list(files.values()), out)
    return {name: store.read(out / name / "results.zarr") for name in files}


def test_the_cells_differ(together: dict[str, xr.Dataset]) -> None:
    first, second = (found.drift_velocity_band.values for found in together.values())
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("name", TOML)
def test_a_run_of_one_cell_gives_the_bits_of_a_run_of_all(
    files: dict[str, Path], together: dict[str, xr.Dataset], tmp_path: Path, name: str
) -> None:
    run([files[name]], tmp_path)
    xr.testing.assert_identical(store.read(tmp_path / "results.zarr"), together[name])


def bands_from_python(analysis: Analysis) -> xr.Dataset:
    """Return the bands that the public function gives for what the command line found before it drew any."""
    measured, ledger = analysis.measured, analysis.ledger
    whole = inputs_of(measured)
    assert ledger is not None
    return drift_bands(
        whole.after(ledger.dataset),
        uncertainties=model_of(measured, ledger),
        samples=SAMPLES,
        seed=own_seed(measured, SEED),
        seeds=common_seeds(SEED),
        quantiles=LEVELS,
        breaks=measured.breaks,
        reference_profiles=len(measured.calibration.reference),
        reference_index=measured.reference_index,
        noise=measured.noise,
        end_at=float(measured.concentration.time[measured.end]),
    )


@pytest.mark.parametrize("name", TOML)
def test_bands_from_python_are_those_of_the_command_line(
    files: dict[str, Path], together: dict[str, xr.Dataset], name: str
) -> None:
    found = bands_from_python(pipeline.analyse(load(files[name]), bands=None))
    for variable in BANDED:
        np.testing.assert_array_equal(found[variable], together[name][f"{variable}_band"], err_msg=variable)
    for number in ("maximum_drift_velocity", "final_drift_velocity", "penetration_depth"):
        np.testing.assert_array_equal(found[number], together[name][number], err_msg=number)


def test_from_python_a_netcdf_file_is_written_on_request_alone(tmp_path: Path) -> None:
    experiment = load(cells.write_cell(tmp_path / "cell"))  # unsmoothed: no bands
    outcome = job.run(experiment, tmp_path / "out")
    assert outcome.folder == tmp_path / "out"
    usual = {path.name for path in outcome.folder.iterdir() if not path.name.startswith(".")}
    assert usual == {"results.zarr", "summary.json", "report.txt", "figures", CRATE, LEDGER}
    again = job.run(experiment, tmp_path / "out", options=RunOptions(netcdf=True))
    assert {path.name for path in again.folder.iterdir() if not path.name.startswith(".")} == usual | {"results.nc"}
