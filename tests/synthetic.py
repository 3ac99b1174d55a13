"""A small result to draw and to print: a depletion layer that grows, in closed form, labelled as real results are."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import xarray as xr

from iondrift.drift.bands.arguments import Posed, pose
from iondrift.drift.bands.budget import SOURCES, Spread, label_budget
from iondrift.drift.bands.labels import label_bands
from iondrift.drift.bands.options import BANDED, DrawOptions
from iondrift.drift.bands.replicates import BandOutcome
from iondrift.drift.bands.uncertainties import Uncertainties
from iondrift.drift.closures import CLOSURES
from iondrift.drift.reconstruction import label_drift
from iondrift.drift.smoothing.noise import NoiseEstimate
from iondrift.drift.smoothing.penalised_splines import Penalties, SmoothSeries, smooth
from iondrift.drift.smoothing.profiles import smooth_profiles
from iondrift.experiment.closure_bands import Row, closure_rows, inputs_of
from iondrift.experiment.file.schema import Experiment
from iondrift.experiment.labels import label_results
from iondrift.experiment.ledger import ledger_of
from iondrift.experiment.log.onset import Onset
from iondrift.experiment.log.protocol import Segment
from iondrift.experiment.results import LEVELS, Analysis, Bands, Calibration, CellLedger, Inputs, Measured, Reading
from iondrift.transport.diffusivity import Diffusivity
from iondrift.variables import dataarray
from iondrift_kernels.constants import FARADAY

SEGMENTS = (
    Segment(kind="open_circuit", start=0.0, stop=3600.0, level=0.0),
    Segment(kind="constant_current", start=3600.0, stop=9000.0, level=-1.0),
    Segment(kind="constant_voltage", start=9000.0, stop=26500.0, level=1.5),
)
MODEL = Uncertainties(temperature_K=0.5, clock_offset_s=0.0)
MOBILITY, DIFFUSIVITY = 4.87e-11, 1.315e-12
SHARES = {"voltage": 1.0, "blocking": 0.13, "current": 0.14}  # of v under the voltage closure
TIME, X = np.linspace(200.0, 26000.0, 46), np.linspace(8e-6, 1.01e-3, 40)
GROWTH = np.clip((TIME - 3600.0) / 20000.0, 0.0, 1.0)[:, None]
CONCENTRATION = 1666.0 * (1.0 - 0.35 * GROWTH * np.exp(-X / 1.2e-4) + 0.12 * GROWTH * np.exp((X - X[-1]) / 1.5e-4))
VOLTAGE = np.where(TIME < 3600.0, 0.0, np.minimum(0.2 + GROWTH[:, 0] * 4.0, 1.5))
CURRENT = np.where(TIME < 3600.0, 0.0, np.where(TIME < 9000.0, -1.0, -0.3))
FIELD = -VOLTAGE[:, None] / X[-1] * 1666.0 / CONCENTRATION
_NORMALS = np.random.default_rng(11).standard_normal(400)
READINGS = (
    Reading(
        name="Hittorf balance, plating half", symbol="t-", value=0.6, error=0.03, unit="1", assumes="a closed cell"
    ),
    Reading(name="semi-integral", symbol="D / t-^2", value=2.4e-13, error=None, unit="m2/s", assumes="c(0) = 0 then"),
)


def dataset(*, current: bool = True) -> xr.Dataset:
    """Return the variables that report and figures use."""
    return analysis(current=current).dataset


def analysis(*, current: bool = True) -> Analysis:
    """Return results without bands, with plausible facts."""
    cell = measured(current=current)
    ledger = _ledger(cell)
    closures = {name: _closed(row, name) for name, row in _rows(cell).items()}
    return Analysis(
        measured=cell,
        dataset=label_results(cell, _series(), closures, None, ledger),
        ledger=ledger,
        closures=closures,
        unavailable={} if current else {"current": "no current density in the log"},
        sand_time=6220.0,
        no_bands="switched off",
        readings=READINGS if current else (),
        notes=cell.notes,
    )


def measured(*, current: bool = True) -> Measured:
    """Return the cell as it would be read."""
    coords = {"time": TIME, "x": X}
    noise = 25.0 * np.random.default_rng(5).standard_normal(CONCENTRATION.shape)
    return Measured(
        experiment=_experiment(current=current),
        concentration=dataarray("concentration", CONCENTRATION + noise, coords),
        voltage=dataarray("voltage", VOLTAGE, coords),
        current_density=dataarray("current_density", CURRENT, coords) if current else None,
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
        onset=Onset(time=9000.0, uncertainty=250.0, exponent=None, residual=None),
        noise=NoiseEstimate(standard_deviation=33.0, autocorrelation=(1.0, 0.65, 0.04), common_mode=0.0037),
        diffusivity=Diffusivity.constant(DIFFUSIVITY),
        notes=("D(c) was measured for EO:Li 10 to 20; 4 % of the points lie outside.",),
    )


def banded(*, current: bool = True) -> Analysis:
    """Return :func:`analysis` with bands of 10 %."""
    plain = analysis(current=current)
    posed = {name: _posed(plain, name, row) for name, row in _rows(plain.measured).items()}
    bands = Bands(
        uncertainties=MODEL,
        by_closure={name: label_bands(_outcome(plain, name, posed[name]), posed[name]) for name in posed},
        failed={},
        budget=_budget(plain, posed[plain.experiment.reconstruction.closure]),
        sand_time=6220.0 * np.exp(0.2 * _NORMALS),
    )
    return replace(
        plain, dataset=label_results(plain.measured, _series(), plain.closures, bands, plain.ledger), bands=bands
    )


def _ledger(cell: Measured) -> CellLedger | None:
    profiles = smooth_profiles(cell.concentration, "pspline", series=_series())
    found = ledger_of(cell, inputs_of(cell), profiles, None)
    return None if found is None else replace(found, from_data=())  # the error model is that of MODEL


def _rows(cell: Measured) -> dict[str, Row]:
    ledger = _ledger(cell)
    return closure_rows(cell, None if ledger is None else inputs_of(cell).after(ledger.dataset))


def _experiment(*, current: bool) -> Experiment:
    return Experiment.model_validate(
        {
            "cell": {"name": "Li||Li"},
            "profiles": {"files": "p/*.txt", "interval_s": 513.0, "duration_s": 444.0, "reverse": True},
            "log": {"file": "log.txt"} | ({"current_density_column": 3} if current else {}),
            "electrolyte": {
                "concentration_mol_per_L": 1.666,
                "temperature_K": 313.15,
                "transference_number": 0.9,
            },
            "diffusivity": {"kind": "constant", "diffusion_coefficient_m2_per_s": DIFFUSIVITY},
        }
    )


@cache
def _series() -> SmoothSeries:
    """Return a fit of the profiles, with the noise that the report is to state."""
    cell = measured()
    fit = smooth(cell.concentration, noise=cell.noise, penalties=Penalties(space=1e-7, time=1e-3))
    return replace(fit, standard_deviation=33.0, nominal_points=30)


def _closed(row: Row, name: str) -> xr.Dataset:
    velocity, c = SHARES[name] * -MOBILITY * FIELD, CONCENTRATION
    gradient = np.gradient(c, X, axis=1)
    D = np.full(c.shape, DIFFUSIVITY)
    current = np.full(TIME.size, np.nan) if row.inputs.current is None else row.inputs.current
    arrays = {
        "drift_velocity": velocity,
        "electric_field": SHARES[name] * FIELD,
        "flux": velocity * c,
        "flux_diffusive": -D * gradient,
        "flux_migrative": velocity * c,
        "mobility": np.full(c.shape, MOBILITY),
        "diffusivity": D,
        "concentration": c,
        "concentration_gradient": gradient,
        "net_velocity": velocity,
        "voltage_across": -np.trapezoid(SHARES[name] * FIELD, X, axis=1),
        "charge_balance": -FARADAY * velocity * c / np.where(current == 0.0, np.nan, current)[:, None],
    }
    return label_drift(arrays, row.inputs, CLOSURES[row.closure], "pspline", _series())


def _posed(plain: Analysis, name: str, row: Row) -> Posed:
    chosen = name == plain.experiment.reconstruction.closure
    options = DrawOptions(
        uncertainties=MODEL,
        samples=_NORMALS.size,
        quantiles=LEVELS,
        variables_wanted=BANDED if chosen else ("drift_velocity",),
        growth_from=SEGMENTS[2].start,
        end_at=float(TIME[plain.end]),
    )
    return pose(row.inputs, CLOSURES[row.closure], options, _series(), {})


def _outcome(plain: Analysis, name: str, posed: Posed) -> BandOutcome:
    """Return draws that follow one normal number a replicate; at x_L that of the replicate before."""
    data, end = plain.closures[name], plain.end
    factor = 1.0 + 0.1 * _NORMALS
    wanted = np.stack([data[BANDED[code]].values for code in posed.draws.codes])
    bands = np.sort(wanted[..., None] * np.quantile(factor, LEVELS), axis=-1)
    velocity, flux = data.drift_velocity.values, data.flux.values
    at_ends = np.stack([factor, np.roll(factor, 1)])
    last = velocity[end, [0, -1], None] * at_ends
    growth = np.array([[0.490], [0.0229]]) + 0.04 * _NORMALS
    width = bands[0, [0, -1], :, -1] - bands[0, [0, -1], :, 0]
    travelled = np.trapezoid(velocity[: end + 1, [0, -1]], TIME[: end + 1], axis=0)
    return BandOutcome(
        samples=_NORMALS.size,
        bands=bands,
        sampled=TIME[[0, -1]],
        errors=np.repeat(0.021 * width[..., None], 2, axis=-1),
        width=width,
        ends=np.stack([last / (1.0 + growth), last], axis=1),
        flux_ends=np.repeat((flux[end, [0, -1], None] * at_ends)[:, None], 2, axis=1),
        penetration=travelled[:, None] * at_ends,
        maximum=velocity.max() * factor,
    )


def _budget(plain: Analysis, posed: Posed) -> xr.Dataset:
    unused = {"solution_relative", "interphase_relative", "electrode_concentration_relative", "electrode_gap_um"}
    varied = np.array([source not in unused for source in SOURCES])
    half = np.zeros((varied.size, 3))
    half[varied] = np.outer(np.linspace(1.0, 0.0, varied.sum()), [20.0, 10.0, 20.0]) / 3.6e9
    total = (half**2).sum(axis=0)
    last = {name: data.drift_velocity.values[plain.end][[0, -1, 0]] for name, data in plain.closures.items()}
    return label_budget(posed, Spread(half**2, half), Spread(total, np.sqrt(total)), last, {})
