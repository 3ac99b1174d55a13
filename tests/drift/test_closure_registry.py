"""A closure is one place: one that is registered here reaches arrays, bands, budget, file, report and figures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import cells
import iondrift
from iondrift.cli.app import app
from iondrift.drift.closures import CLOSURES, Closure, closure_named, register, rows
from iondrift.errors import ConfigurationError
from iondrift.runs import store
from manufactured import TEMPERATURE

LEAK, SPREAD = 3e-8, 0.1  # mol m-2 s-1, and its relative standard error
D = 1.315192e-12


class Leak:
    """A flux known to ``SPREAD``: one standard normal number a draw, after those of the other sources."""

    normals = 1

    def __init__(self, profiles: int) -> None:
        self.profiles = profiles

    def flux(self) -> np.ndarray:
        return np.full(self.profiles, LEAK)

    def draw_flux(self, standard_normals: np.ndarray, systematic: Mapping[str, np.ndarray]) -> np.ndarray:
        assert all(draws.shape == standard_normals[0].shape for draws in systematic.values())
        return self.flux()[:, None] * (1.0 + SPREAD * standard_normals)

    def exact_flux(self, systematic: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.tile(self.flux()[:, None], systematic["length"].size)


def layers() -> tuple[xr.DataArray, xr.DataArray]:
    """Return a concentration that falls in a layer at x = 0, and a voltage."""
    time, x = np.arange(24) * 513.0, np.linspace(0.0, 1e-3, 20)
    rng = np.random.default_rng(5)
    c = 1650.0 - 0.02 * time[:, None] * np.exp(-x / 2e-4) + 3.0 * rng.standard_normal((24, 20))
    coords = {"time": time, "x": x}
    voltage = xr.DataArray(np.linspace(0.2, 1.5, 24), dims="time", coords={"time": time})
    return xr.DataArray(c, dims=("time", "x"), coords=coords), voltage


@pytest.fixture
def leaky() -> Iterator[Closure]:
    """A plating electrode that lets anions pass at a known rate."""
    closure = Closure(
        name="leaky",
        meaning="the plating electrode lets anions pass at a known rate",
        hint="a known rate",
        kernel="BLOCKING",
        colour="#777777",
        origin=lambda inputs, _: Leak(inputs.time.size),
    )
    register(closure)
    yield closure
    del CLOSURES["leaky"]


def test_every_array_function_closes_by_it(leaky: Closure) -> None:
    c, voltage = layers()
    inputs = iondrift.DriftInputs.of(c, voltage, iondrift.Diffusivity.constant(D), temperature=TEMPERATURE)
    found = iondrift.reconstruct_drift(inputs, closure="leaky")
    np.testing.assert_allclose(found.flux[:, 0], LEAK, rtol=1e-9)
    assert found.attrs["closure_meaning"] == leaky.meaning
    none = iondrift.Uncertainties.none()
    bands = iondrift.drift_bands(inputs, closure="leaky", uncertainties=none, samples=40, profile_noise=False)
    np.testing.assert_allclose(bands.drift_velocity[1], found.drift_velocity, rtol=1e-6)  # two ways to solve
    spread = iondrift.drift_bands(inputs, closure="leaky", uncertainties=none, samples=4000, quantiles=(0.16, 0.84))
    half = (spread.flux[1] - spread.flux[0]).values[:, 0] / 2.0
    np.testing.assert_allclose(half, 0.9945 * SPREAD * LEAK, rtol=0.05)  # its own draws, replicate by replicate
    budget = iondrift.error_budget(inputs, closure="leaky", samples=40)
    assert list(budget.closure.values) == ["voltage", "blocking", "leaky"]
    assert float(budget.closure_shift.sel(closure="leaky", quantity="v_x0")) == 0.0


def test_its_flux_is_what_it_says_whatever_else_is_drawn(leaky: Closure) -> None:
    """Concentration, length, D(c) and temperature are drawn; a flux that does not hang on them stays."""
    c, voltage = layers()
    inputs = iondrift.DriftInputs.of(c, voltage, iondrift.Diffusivity.constant(D), temperature=TEMPERATURE)
    inside = iondrift.Uncertainties(region_edge_points=0.0)
    bands = iondrift.drift_bands(inputs, closure="leaky", uncertainties=inside, samples=200, profile_noise=False)
    np.testing.assert_allclose(bands.flux[:, :, 0], LEAK, rtol=1e-9)
    assert (bands.drift_velocity[-1, :, 0] > 1.01 * bands.drift_velocity[0, :, 0]).all()


def test_a_run_reports_and_draws_it(leaky: Closure, tmp_path: Path) -> None:
    toml = cells.TOML.replace('smoothing = "none"', 'closure = "leaky"\nsmoothing = "pspline"')
    file = cells.write_cell(tmp_path / "cell", toml=toml)
    result = CliRunner().invoke(app, ["run", str(file), "--out", str(tmp_path / "out"), "--samples", "40"])
    assert result.exit_code == 0, result.output
    dataset = store.read(tmp_path / "out" / "results.zarr")
    assert dataset.attrs["closure"] == "leaky"
    assert "leaky" in dataset.closure.values
    np.testing.assert_allclose(dataset.flux[:, 0], LEAK, rtol=1e-9)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["closures"]["leaky"]["meaning"] == leaky.meaning
    assert "leaky" in (tmp_path / "out" / "report.txt").read_text()
    assert (tmp_path / "out" / "figures" / "bands_through_time.png").is_file()


def test_a_file_or_an_option_with_another_name_is_told_all_names(leaky: Closure, tmp_path: Path) -> None:
    file = cells.write_cell(tmp_path / "cell", toml=cells.TOML.replace('smoothing = "none"', 'closure = "leeky"'))
    result = CliRunner().invoke(app, ["check", str(file)])
    assert result.exit_code == 1
    assert "'voltage', 'blocking', 'current', 'concentrated' or 'leaky'" in " ".join(result.stderr.split())
    option = CliRunner().invoke(app, ["run", str(file), "--closure", "leeky"])
    assert option.exit_code == 2
    assert "'leaky'" in option.stderr


def test_a_name_is_given_once_and_rows_stand_behind_their_closure(leaky: Closure) -> None:
    with pytest.raises(ConfigurationError, match="closure 'leaky' is there already"):
        register(leaky)
    assert list(rows()) == [
        "voltage", "blocking", "blocking, x0 as electrode", "current", "concentrated", "leaky",
    ]  # fmt: skip
    assert closure_named("leaky") is leaky
    names = "voltage, blocking, current, concentrated, leaky"
    with pytest.raises(ConfigurationError, match=f"closure: 'x' found; allowed are {names}"):
        closure_named("x")


def test_a_closure_says_what_it_lacks() -> None:
    c, voltage = layers()
    inputs = iondrift.DriftInputs.of(c, voltage, iondrift.Diffusivity.constant(D), temperature=TEMPERATURE)
    assert not CLOSURES["current"].allows(inputs)
    with pytest.raises(ConfigurationError, match=r"needs current_density \(time\).* and transference_number"):
        iondrift.reconstruct_drift(inputs, closure="current")


def test_inputs_or_arrays_not_both() -> None:
    c, voltage = layers()
    inputs = iondrift.DriftInputs.of(c, voltage, iondrift.Diffusivity.constant(D), temperature=TEMPERATURE)
    with pytest.raises(ConfigurationError, match="voltage, temperature: the inputs hold that already"):
        iondrift.reconstruct_drift(inputs, voltage, temperature=300.0)
    with pytest.raises(ConfigurationError, match="temperature: is missing; give it in K"):
        iondrift.reconstruct_drift(c, voltage, iondrift.Diffusivity.constant(D))
    with pytest.raises(ConfigurationError, match=r"drift_bands: option 'sample' is unknown; allowed are .*samples"):
        iondrift.drift_bands(inputs, sample=40)  # type: ignore[call-arg]


def test_the_record_gives_the_numbers_of_the_arrays() -> None:
    c, voltage = layers()
    made = iondrift.Diffusivity.constant(D)
    inputs = iondrift.DriftInputs.of(c, voltage, made, temperature=TEMPERATURE)
    xr.testing.assert_identical(
        iondrift.reconstruct_drift(inputs), iondrift.reconstruct_drift(c, voltage, made, temperature=TEMPERATURE)
    )
