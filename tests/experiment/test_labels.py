"""The labelled results of a cell, and that the synthetic ones of the report's tests are labelled as they are."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import cells
import synthetic
from iondrift.drift.bands.options import DrawOptions
from iondrift.experiment import pipeline
from iondrift.experiment.file.schema import load
from iondrift.experiment.results import Analysis


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    toml = cells.TOML.replace('smoothing = "none"', 'smoothing = "pspline"')
    file = cells.write_cell(tmp_path_factory.mktemp("labels") / "cell", toml=toml)
    return pipeline.analyse(load(file), bands=DrawOptions(samples=40))


def schema(dataset: xr.Dataset) -> dict[str, tuple[tuple[str, ...], dict[str, object]]]:
    """Return dimensions and attributes of every variable and coordinate."""
    return {str(name): (array.dims, array.attrs) for name, array in dataset.variables.items()}


def test_the_synthetic_cell_is_labelled_as_a_real_one(real: Analysis) -> None:
    made = synthetic.banded()
    assert real.bands is not None
    assert made.bands is not None
    found, expected = schema(made.dataset), schema(real.dataset)
    stored = {"electrode_storage", "total_anions"}  # the synthetic cell was not measured over a field of view
    assert {name: entry for name, entry in expected.items() if name not in stored} == found
    assert list(made.dataset.attrs) == list(real.dataset.attrs)
    pairs = [(made.closures[name], real.closures[name]) for name in made.closures]
    pairs += [(made.bands.by_closure[name], real.bands.by_closure[name]) for name in made.closures]
    pairs.append((made.bands.budget, real.bands.budget))
    for one, other in pairs:
        assert schema(one) == schema(other)
        assert list(one.attrs) == list(other.attrs)


def test_the_chosen_closure_is_one_of_those_compared(real: Analysis) -> None:
    data = real.dataset
    assert real.bands is not None
    chosen = data.attrs["closure"]
    np.testing.assert_array_equal(data.drift_velocity_by_closure.sel(closure=chosen), data.drift_velocity)
    np.testing.assert_array_equal(data.drift_velocity_band_by_closure.sel(closure=chosen), data.drift_velocity_band)
    assert list(data.closure.values) == list(real.closures)
    errors = {name: found.attrs["relative_monte_carlo_error"] for name, found in real.bands.by_closure.items()}
    assert data.attrs["bands_relative_monte_carlo_error"] == errors[chosen]
    assert len(set(errors.values())) == len(errors)


def test_the_noise_of_the_reference_is_what_all_profiles_that_it_divides_share(real: Analysis) -> None:
    data = real.dataset
    relative = (data.reference_noise / data.concentration).values
    held = np.abs(relative).max(axis=1) > 0.0
    np.testing.assert_allclose(relative[held], np.tile(relative[held][:1], (held.sum(), 1)), rtol=1e-9)
    shared = (data.concentration_measured / data.concentration - 1.0).values[held].mean(axis=0)
    assert np.corrcoef(shared, relative[held][0])[0, 1] > 0.9
    assert np.std(relative[held][0]) == pytest.approx(np.std(shared), rel=0.3)
