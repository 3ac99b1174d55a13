"""A small result to draw and to print: a depletion layer that grows, in closed form."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import xarray as xr

from iondrift.drift.bands.budget import QUANTITIES, SOURCES
from iondrift.drift.bands.uncertainties import Uncertainties
from iondrift.drift.smoothing.noise import NoiseEstimate
from iondrift.experiment.closure_bands import labelled
from iondrift.experiment.file.schema import Experiment
from iondrift.experiment.results import LEVELS, Analysis, Bands, Calibration, Inputs, Measured
from iondrift.transport.diffusivity import Diffusivity
from iondrift.variables import dataarray
from iondrift_kernels.constants import FARADAY


class Step(NamedTuple):
    """Stands for one segment of the protocol."""

    kind: str
    start: float
    stop: float
    level: float


class Rise(NamedTuple):
    """Stands for the onset of mass-transport limitation."""

    time: float
    uncertainty: float


SEGMENTS = (
    Step("open_circuit", 0.0, 3600.0, 0.0),
    Step("constant_current", 3600.0, 9000.0, -1.0),
    Step("constant_voltage", 9000.0, 26500.0, 1.5),
)


def dataset(*, current: bool = True, profiles: int = 46, points: int = 40) -> xr.Dataset:
    """Return the variables that report and figures use."""
    time = np.linspace(200.0, 26000.0, profiles)
    x = np.linspace(8e-6, 1.01e-3, points)
    coords = {"time": time, "x": x}
    growth = np.clip((time - 3600.0) / 20000.0, 0.0, 1.0)[:, None]
    near, far = np.exp(-x / 1.2e-4), np.exp((x - x[-1]) / 1.5e-4)
    c = 1666.0 * (1.0 - 0.35 * growth * near + 0.12 * growth * far)
    noise = 25.0 * np.random.default_rng(5).standard_normal(c.shape)
    voltage = np.where(time < 3600.0, 0.0, np.minimum(0.2 + growth[:, 0] * 4.0, 1.5))
    mobility = 4.87e-11
    field = -voltage[:, None] / x[-1] * 1666.0 / c
    data = {
        "concentration": c,
        "concentration_measured": c + noise,
        "electric_field": field,
        "drift_velocity": -mobility * field,
        "voltage": voltage,
    }
    if current:
        data["current_density"] = np.where(time < 3600.0, 0.0, np.where(time < 9000.0, -1.0, -0.3))
    result = xr.Dataset({name: dataarray(name, values, coords) for name, values in data.items()})
    result.attrs = {"closure": "voltage", "smoothing": "pspline"}
    return result


def analysis(*, current: bool = True) -> Analysis:
    """Return an analysis around :func:`dataset`, with plausible facts."""
    result = dataset(current=current)
    experiment = Experiment.model_validate(
        {
            "cell": {"name": "Li||Li"},
            "profiles": {"files": "p/*.txt", "interval_s": 513.0, "duration_s": 444.0, "reverse": True},
            "log": {"file": "log.txt"} | ({"current_density_column": 3} if current else {}),
            "electrolyte": {
                "concentration_mol_per_L": 1.666,
                "temperature_K": 313.15,
                "transference_number": 0.9,
            },
            "diffusivity": {"kind": "constant", "diffusion_coefficient_m2_per_s": 1.315e-12},
        }
    )
    scale = {"voltage": 1.0, "blocking": 0.13} | ({"current": 0.14} if current else {})
    closures = {name: _closure(result, factor, current=current) for name, factor in scale.items()}
    result = result.merge(closures["voltage"].drop_vars("drift_velocity"))
    result["diffusivity"] = dataarray("diffusivity", np.full(result.concentration.shape, 1.315e-12), result)
    notes = ("D(c) was measured for EO:Li 10 to 20; 4 % of the points lie outside.",)
    measured = Measured(
        experiment=experiment,
        concentration=result.concentration_measured,
        voltage=result.voltage,
        current_density=result.get("current_density"),
        electrode_storage=None,
        total_anions=None,
        reference_index=None,
        inputs=Inputs(
            format="topspin-text",
            first_source="MRI10mm_Li_PEO_Li7(005).txt",
            last_source="MRI10mm_Li_PEO_Li7(051).txt",
            used=46,
            stored=94,
            points=256,
            log_file="polarisation.txt",
            log_samples=1021,
            log_start=0.0,
            log_stop=23534.0,
            voltage_range=(0.0, 1.5),
        ),
        calibration=Calibration(
            first_point=83,
            last_point=148,
            length=1.015625e-3,
            electrode_distance=1.203e-3,
            plating_gap=9.4e-5,
            reference=(1, 2, 3),
            background=0.083,
            anion_drift=-0.012,
            anion_drift_error=0.004,
        ),
        segments=SEGMENTS,
        onset=Rise(time=9000.0, uncertainty=250.0),
        noise=NoiseEstimate(standard_deviation=33.0, autocorrelation=(1.0, 0.65, 0.04), common_mode=0.0037),
        diffusivity=Diffusivity.constant(1.315e-12),
        notes=notes,
    )
    return Analysis(
        measured=measured,
        dataset=result,
        closures=closures,
        unavailable={} if current else {"current": "no current density in the log"},
        sand_time=6220.0,
        no_bands="switched off",
        notes=notes,
    )


def banded(*, current: bool = True) -> Analysis:
    """Return :func:`analysis` with bands of 10 %, as drift_bands and error_budget label them."""
    plain = analysis(current=current)
    found = {name: _bands(plain, data) for name, data in plain.closures.items()}
    budget = _budget(plain)
    bands = Bands(
        uncertainties=Uncertainties(temperature_K=0.5, clock_offset_s=0.0),
        by_closure=found,
        failed={},
        budget=budget,
        sand_time=6220.0 * np.exp(0.2 * _NORMALS),
    )
    result = plain.dataset.assign(labelled(bands, "voltage"))
    velocities = [data.drift_velocity.values for data in plain.closures.values()]
    result["drift_velocity_by_closure"] = (("closure", "time", "x"), np.stack(velocities))
    result.attrs |= {"noise_standard_deviation": 33.0, "noise_autocorrelation": "", "independent_points": 30}
    return replace(plain, dataset=result, bands=bands)


_NORMALS = np.random.default_rng(11).standard_normal(400)


def _bands(plain: Analysis, data: xr.Dataset) -> xr.Dataset:
    velocity, end = data.drift_velocity.values, plain.end
    factor = 1.0 + 0.1 * _NORMALS
    last = velocity[end, [0, -1], None]
    coords = {"quantile": np.array(LEVELS), "time": data.time, "x": data.x, "end": ["plating", "counter"]}
    edges = np.quantile(factor, LEVELS)[:, None, None] * velocity
    found = {
        "drift_velocity": dataarray("drift_velocity", edges, coords, dims=("quantile", "time", "x")),
        "maximum_drift_velocity": velocity.max() * factor,
        "final_drift_velocity": last * factor,
        "penetration_depth": np.trapezoid(velocity[: end + 1, [0, -1]], data.time[: end + 1], axis=0)[:, None] * factor,
        "spatial_spread": (last[0] - last[1]) / last[0] * factor,
        "growth": np.array([[0.490], [0.0229]]) + 0.04 * _NORMALS,
    }
    if "charge_balance" in data:
        found["final_charge_balance"] = data.charge_balance.values[end, [0, -1], None] * factor
    result = xr.Dataset({n: v if n == "drift_velocity" else dataarray(n, v, coords) for n, v in found.items()})
    result.attrs = {
        "method": "posterior",
        "method_meaning": "spline coefficients drawn from their posterior",
        "samples": _NORMALS.size,
        "seed": 0,
        "uncertainties": "",
        "relative_monte_carlo_error": 0.021,
    }
    return result


def _budget(plain: Analysis) -> xr.Dataset:
    half = np.outer(np.linspace(1.0, 0.0, len(SOURCES)), [20.0, 10.0, 20.0]) / 3.6e9
    coords = {"source": list(SOURCES), "quantity": list(QUANTITIES), "closure": list(plain.closures)}
    last = np.array([d.drift_velocity.values[plain.end][[0, -1, 0]] for d in plain.closures.values()])
    pairs, single, compared = ("source", "quantity"), ("quantity",), ("closure", "quantity")
    data = {
        "variance": (pairs, half**2),
        "half_width": (pairs, half),
        "share": (pairs, half**2 / (half**2).sum(axis=0)),
        "total_variance": (single, (half**2).sum(axis=0)),
        "total_half_width": (single, np.sqrt((half**2).sum(axis=0))),
        "closure_velocity": (compared, last),
        "closure_shift": (compared, last - last[0]),
    }
    return xr.Dataset(data, coords=coords, attrs={"samples": 400})


def _closure(result: xr.Dataset, factor: float, *, current: bool) -> xr.Dataset:
    velocity = factor * result.drift_velocity.values
    flux = velocity * result.concentration.values
    data = {"drift_velocity": velocity, "flux": flux}
    if current:
        i = np.where(result.current_density == 0.0, np.nan, result.current_density)[:, None]
        data["charge_balance"] = -FARADAY * flux / i
    return xr.Dataset({name: dataarray(name, values, result) for name, values in data.items()})
