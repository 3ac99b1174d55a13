"""Arguments of bands, budget and reconstruction: each mistake named, with what is allowed, before anything is drawn."""

from __future__ import annotations

import os
import re
import tracemalloc
from dataclasses import fields

import numpy as np
import pytest
import xarray as xr

from iondrift import Diffusivity, Uncertainties, drift_bands, error_budget, errors, reconstruct_drift
from iondrift.drift.bands.uncertainties import LIMITS
from iondrift.drift.smoothing.penalised_splines import smooth
from iondrift.experiment.file.schema import Uncertainty

PROFILES, POINTS = 10, 20
TIME, X = 500.0 * np.arange(PROFILES), np.linspace(0.0, 1e-3, POINTS)
DIFFUSIVITY = Diffusivity.constant(1.3e-12)


def made(values: np.ndarray, **coords: np.ndarray) -> xr.DataArray:
    return xr.DataArray(values, dims=tuple(coords), coords=coords)


@pytest.fixture(scope="module")
def cell() -> dict[str, object]:
    noise = 0.002 * np.random.default_rng(2).standard_normal((PROFILES, POINTS))
    c = made(1666.0 * (1.0 + noise), time=TIME, x=X)
    voltage = made(np.full(PROFILES, 1.5), time=TIME)
    return {"concentration": c, "voltage": voltage, "diffusivity": DIFFUSIVITY, "temperature": 313.15}


WHOLE = "found; allowed are whole numbers from"
COMMON = [
    ({"samples": 3}, f"samples: 3 {WHOLE} 40 to 1000000, or 'auto'"),
    ({"samples": 10**10}, f"samples: 10000000000 {WHOLE} 40 to 1000000, or 'auto'"),
    ({"samples": 100.0}, f"samples: 100.0 (float) {WHOLE} 40 to 1000000, like 100, or 'auto'"),
    ({"samples": 1000.5}, "samples: 1000.5 (float) found"),
    ({"samples": float("nan")}, "samples: nan (float) found"),
    ({"samples": None}, "samples: None (NoneType) found"),
    ({"samples": [100]}, "samples: [100] (list) found"),
    ({"samples": "many"}, "samples: 'many' (str) found"),
    ({"seed": -1}, f"seed: -1 {WHOLE} 0"),
    ({"seed": 2**63}, f"seed: 9223372036854775808 {WHOLE} 0"),
    ({"seed": 1.5}, "seed: 1.5 (float) found"),
    ({"seed": "a"}, "seed: 'a' (str) found"),
    ({"seed": None}, "seed: None (NoneType) found"),
    ({"method": "bootstrap"}, "method: 'bootstrap' found; allowed are posterior, perturb"),
    ({"method": ["posterior"]}, "method: ['posterior'] found"),
    ({"uncertainties": Uncertainties}, "uncertainties: expected one Uncertainties, got the class Uncertainties itself"),
    ({"uncertainties": {"temperature_K": 1.0}}, "uncertainties: expected one Uncertainties, got dict"),
    ({"uncertainties": "none"}, "uncertainties: expected one Uncertainties, got str"),
    (
        {"uncertainties": Uncertainties(region_edge_points=5.0)},
        "region_edge_points: 5 found; with 20 points along x it must be below 3.4",
    ),
    (
        {"uncertainties": Uncertainties(temperature_K=19.0), "temperature": 100.0},
        "temperature_K: 19 K found; at 100 K it must be below 14.3 K",
    ),
    ({"end_at": 9e9}, "end_at: 9e+09 s lies outside the profiles, 0 to 4500 s"),
    ({"end_at": "last"}, "end_at: expected numbers, got text"),
]
FOR_ALL = [
    ({"closure": "magic"}, "closure: 'magic' found; allowed are voltage, blocking, current"),
    ({"closure": "current", "transference_number": 0.9}, "closure 'current' needs current_density"),
    ({"diffusivity": 1e-12}, "diffusivity: expected one Diffusivity, got float; make it: Diffusivity.constant("),
    ({"diffusivity": Diffusivity}, "diffusivity: expected one Diffusivity, got the class Diffusivity itself"),
    ({"concentration": np.ones((PROFILES, POINTS))}, "concentration: expected an xarray.DataArray"),
    ({"temperature": -1.0}, "temperature: value -1"),
    ({"reference_profiles": 0}, f"reference_profiles: 0 {WHOLE} 1"),
    ({"reference_profiles": -1}, f"reference_profiles: -1 {WHOLE} 1"),
    ({"reference_profiles": 1.0}, "reference_profiles: 1.0 (float) found"),
    ({"reference_index": 100, "reference_profiles": 1}, f"reference_index: 100 {WHOLE} 0 to 9"),
    ({"reference_index": -1, "reference_profiles": 1}, f"reference_index: -1 {WHOLE} 0 to 9"),
    ({"breaks": 1500.0}, "breaks: expected 1 dimension(s)"),
    ({"breaks": (float("nan"),)}, "breaks: value nan"),
    ({"breaks": ("noon",)}, "breaks: expected numbers"),
    ({"noise": 0.01}, "noise: expected one NoiseEstimate, got float; iondrift.estimate_noise makes one"),
    ({"penalties": (1.0, 1.0)}, "penalties: expected one Penalties, got tuple"),
    ({"series": "auto"}, "series: expected one SmoothSeries, got str"),
]
BANDS = [
    ({"quantiles": (0.1, 1.2)}, "quantiles: (0.1, 1.2) found; levels lie between 0 and 1"),
    ({"quantiles": (0.9, 0.1)}, "quantiles must increase"),
    ({"variables_wanted": ("drift_velocity", "speed")}, "variables_wanted: 'speed' found; allowed are drift_velocity"),
    ({"variables_wanted": ("flux",)}, "variables_wanted: must name drift_velocity"),
    ({"variables_wanted": "drift_velocity"}, "variables_wanted: 'drift_velocity' found; give a sequence of names"),
    ({"variables_wanted": None}, "variables_wanted: None found; give a sequence of names"),
    ({"seeds": {"temperature_K": 0.5}}, "seeds: temperature_K: 0.5 (float) found"),
    ({"seeds": 5}, "seeds: 5 found; name the sources"),
    ({"growth_from": "CV"}, "growth_from: expected numbers, got text"),
]
CASES = [
    *((drift_bands, *case) for case in COMMON + FOR_ALL + BANDS),
    *((error_budget, *case) for case in COMMON + FOR_ALL),
    *((reconstruct_drift, *case) for case in FOR_ALL),
]


@pytest.mark.parametrize(("function", "arguments", "message"), CASES)
def test_a_bad_argument_is_named_with_what_is_allowed(cell, function, arguments, message):
    with pytest.raises(errors.IondriftError, match=re.escape(message)):
        function(**(cell | arguments))


@pytest.mark.parametrize("function", [drift_bands, error_budget])
@pytest.mark.parametrize("arguments", [{"samples": 3}, {"end_at": 9e9}, {"uncertainties": {}}, {"voltage": TIME}])
def test_arguments_are_refused_before_anything_is_smoothed(cell, function, arguments):
    """Smoothing would begin with a warning about the break, which is an error here."""
    with pytest.raises(errors.IondriftError):
        function(**(cell | arguments), breaks=(-4.5,))


@pytest.mark.parametrize("function", [drift_bands, error_budget])
def test_the_profiles_are_smoothed_once(cell, function):
    """So the warning about the break comes once, however many runs follow."""
    with pytest.warns(errors.IondriftWarning, match="left out") as warned:
        function(**cell, samples=40, breaks=(-4.5,))
    assert len(warned) == 1


@pytest.mark.parametrize("function", [drift_bands, error_budget, reconstruct_drift])
def test_a_fit_of_other_profiles_is_refused(cell, function):
    c = cell["concentration"]
    others = {
        "was fitted to 9 entries along time, the concentration has 10": c[1:],
        "was fitted to 19 entries along x, the concentration has 20": c[:, 1:],
        "was fitted at time = 9000 (index 9), where the concentration has 4500": c.assign_coords(time=2.0 * TIME),
        "was fitted at x = 0.002 (index 19), where the concentration has 0.001": c.assign_coords(x=2.0 * X),
        "mol m-3 on average, the concentration has": c * 1.001,
    }
    for message, other in others.items():
        with pytest.raises(errors.ShapeError, match=re.escape(message)):
            function(**cell, series=smooth(other))


def test_breaks_outside_the_profiles_are_left_out_with_a_warning(cell):
    with pytest.warns(errors.IondriftWarning, match=r"breaks: -4.5, 5000 s not between .* \(0 to 4500 s\), left out"):
        result = reconstruct_drift(**cell, breaks=(-4.5, 2000.0, 5000.0))
    assert result.attrs["breaks_s"] == "(2000.0,)"


@pytest.mark.parametrize("name", [entry.name for entry in fields(Uncertainties)])
def test_every_uncertainty_has_its_limits(name):
    below = LIMITS[name]
    for value in (0.0, 0.9 * below):
        assert getattr(Uncertainties(**{name: value}), name) == value
    for value in (-1e-9, below, 5.0 * below):
        message = rf"{name}: {value:g} found; a standard uncertainty of this is zero or more and below {below:g}"
        with pytest.raises(errors.ConfigurationError, match=re.escape(message)):
            Uncertainties(**{name: value})
    for value in (float("nan"), float("inf"), [1.0]):
        with pytest.raises((errors.DataError, errors.ShapeError), match=name):
            Uncertainties(**{name: value})
    for value in (True, "0.1", *([] if name in ("diffusivity_relative", "solution_relative") else [None])):
        with pytest.raises(errors.ConfigurationError, match=rf"{name}: {value!r} found"):
            Uncertainties(**{name: value})


def test_the_largest_uncertainties_turn_nothing_inside_out(cell):
    """Temperature and length stay positive in every draw just below what is refused."""
    for name, largest in (("temperature_K", 19.9), ("region_edge_points", 3.3)):
        model = Uncertainties(**{name: largest}).only(name)
        found = drift_bands(**cell, uncertainties=model, samples=2000)
        assert (found.final_drift_velocity > 0.0).all()


def test_the_experiment_file_has_the_same_limits():
    for name, field in Uncertainty.model_fields.items():
        limits = {type(limit).__name__: limit for limit in field.metadata}
        assert (limits["Ge"].ge, limits["Lt"].lt) == (0, LIMITS[name])


def test_a_budget_of_automatic_samples_draws_as_many_of_every_source(cell):
    found = error_budget(**cell, samples="auto", sobol=True)
    assert found.attrs["samples"] >= 1000
    xr.testing.assert_identical(found, error_budget(**cell, samples=found.attrs["samples"], sobol=True))


def test_a_budget_tells_how_far_it_is(cell):
    told: list[float] = []
    error_budget(**cell, samples=40, progress=told.append)
    assert 0.0 < told[0] < 1.0
    assert told[-1] == 1.0
    assert told == sorted(told)


def machine_of(patch: pytest.MonkeyPatch, size: float) -> None:
    """Let the system say that it has so many bytes of memory."""
    patch.setattr(os, "sysconf_names", {"SC_PAGE_SIZE": 0, "SC_PHYS_PAGES": 1}, raising=False)
    patch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 1, "SC_PHYS_PAGES": int(size)}.__getitem__, raising=False)


def refusal(cell: dict[str, object], **options: object) -> re.Match[str]:
    """Return what the message says is needed, in GB, and the replicates that it allows."""
    with pytest.raises(errors.ConfigurationError, match=f"samples: {options['samples']} replicates of this") as caught:
        drift_bands(**cell, **options)
    found = re.search(r"need (\S+) GB of the \S+ GB that this process may hold; take at most (\d+)$", str(caught.value))
    assert found is not None
    return found


@pytest.mark.parametrize("method", ["posterior", "perturb"])
def test_more_replicates_than_the_machine_holds_are_refused(cell, method, monkeypatch):
    """What is needed grows with the replicates, and as many as the message allows are let through."""
    machine_of(monkeypatch, 5e7)
    needed, allowed = refusal(cell, samples=80_000, method=method).groups()
    assert float(refusal(cell, samples=160_000, method=method)[1]) == pytest.approx(2.0 * float(needed), rel=0.1)
    most = int(allowed)
    assert 40 < most < 80_000
    assert most / 80_000 * float(needed) == pytest.approx(0.8 * 0.05, rel=0.1)  # GB: four fifths of the machine
    assert drift_bands(**cell, samples=most, method=method).sizes["replicate"] == most
    assert int(refusal(cell, samples=most + 1, method=method)[2]) == most


def test_the_memory_that_is_said_to_be_needed_is_taken(cell, monkeypatch):
    """It is within a factor of what allocations add up to while bands are drawn."""
    samples = 20_000
    drift_bands(**cell, samples=40)  # compiled
    with monkeypatch.context() as small:
        machine_of(small, 1e6)
        needed = 1e9 * float(refusal(cell, samples=samples)[1])
    tracemalloc.start()
    drift_bands(**cell, samples=samples)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.5 < peak / needed < 1.5
