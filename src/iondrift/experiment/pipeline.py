"""From an experiment file to labelled results: read, one clock, calibrate, smooth, close."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift import variables
from iondrift.drift.bands.options import DEFAULT_DRAWS, DrawOptions
from iondrift.errors import collected_warnings
from iondrift.experiment.closure_bands import Row, bands_of, closure_rows, labelled, sand_time
from iondrift.experiment.measure import measure_cell
from iondrift.experiment.results import Analysis, Bands, Measured, unavailable_closures
from iondrift.progress import Progress, silent

if TYPE_CHECKING:
    from iondrift.drift.names import Smoothing
    from iondrift.drift.smoothing.series import SmoothSeries
    from iondrift.experiment.file.schema import Experiment

SWITCHED_OFF = "switched off"


def measure(experiment: Experiment, *, progress: Progress = silent) -> Measured:
    """Read and calibrate one cell; compute nothing else, write nothing.

    Parameters
    ----------
    experiment
        A validated experiment file.
    progress
        Told each step as it begins.

    Raises
    ------
    IondriftError
        Files, values or settings that do not fit; the message names the place and the remedy.
    """
    notes: list[str] = []
    with collected_warnings(notes):
        measured = measure_cell(experiment, progress=progress)
    return measured.with_notes(notes)


def analyse(
    experiment: Experiment,
    *,
    closure: str | None = None,
    smoothing: Smoothing | None = None,
    bands: DrawOptions | None = DEFAULT_DRAWS,
    progress: Progress = silent,
) -> Analysis:
    """Reconstruct the drift velocity of one cell under the chosen closure, and under the others beside it.

    Parameters
    ----------
    experiment
        A validated experiment file.
    closure, smoothing
        Instead of those in the file.
    bands
        How to draw uncertainty bands; None for no bands.
    progress
        Told each step as it begins.

    Raises
    ------
    IondriftError
        Files, values or settings that do not fit; the message names the place and the remedy.
    """
    experiment = experiment.with_options(closure=closure, smoothing=smoothing)
    notes: list[str] = []
    with collected_warnings(notes):
        measured = measure_cell(experiment, progress=progress)
        progress("smoothing")
        series = _fit(measured)
        rows = closure_rows(measured)
        closures: dict[str, xr.Dataset] = {}
        for name, row in rows.items():
            progress(f"closure {name}")
            closures[name] = _reconstruct(measured, row, series)
        drawn = None
        if bands is not None and series is not None:
            drawn = bands_of(measured, rows, series, bands, progress=progress)
    return Analysis(
        measured=measured,
        dataset=_dataset(measured, series, closures, drawn),
        closures=closures,
        unavailable=unavailable_closures(measured),
        sand_time=_sand_time(measured),
        bands=drawn,
        no_bands=_no_bands(series, bands),
        notes=tuple(dict.fromkeys(notes)),
    )


def _no_bands(series: SmoothSeries | None, bands: DrawOptions | None) -> str:
    """Return why there are no bands; empty where there are."""
    if bands is None:
        return SWITCHED_OFF
    if series is None:
        return "they need smoothing pspline: what is drawn are the coefficients of its splines"
    return ""


def _reconstruct(measured: Measured, row: Row, series: SmoothSeries | None) -> xr.Dataset:
    """Return what one closure gives; ``series`` is the fit, where splines smooth."""
    from iondrift.drift.reconstruction import reconstruct_drift

    settings = measured.experiment.reconstruction
    return reconstruct_drift(
        row.inputs,
        closure=row.closure,
        smoothing=settings.smoothing,
        polynomial_orders=(settings.polynomial_order_x, settings.polynomial_order_t),
        series=series,
    )


def _fit(measured: Measured) -> SmoothSeries | None:
    """Return the fit that all closures share; None where the profiles are not smoothed by splines."""
    from iondrift.drift.smoothing.penalised_splines import smooth

    if measured.experiment.reconstruction.smoothing != "pspline":
        return None
    return smooth(
        measured.concentration,
        breaks=measured.breaks,
        reference_profiles=len(measured.calibration.reference) or None,
        reference_index=measured.reference_index,
        noise=measured.noise,
    )


def _dataset(
    measured: Measured, series: SmoothSeries | None, closures: dict[str, xr.Dataset], bands: Bands | None
) -> xr.Dataset:
    experiment = measured.experiment
    chosen = closures[experiment.reconstruction.closure]
    dataset = chosen.copy()
    coords = {"time": dataset.time, "x": dataset.x, "closure": np.array(list(closures), dtype=object)}
    for name, array in (
        ("concentration_measured", measured.concentration),
        ("voltage", measured.voltage),
        ("current_density", measured.current_density),
        ("electrode_storage", measured.electrode_storage),
        ("total_anions", measured.total_anions),
    ):
        if array is not None:
            dataset[name] = variables.dataarray(name, array.values, coords)
    stacked = np.stack([result.drift_velocity.values for result in closures.values()])
    dataset["drift_velocity_by_closure"] = variables.dataarray("drift_velocity_by_closure", stacked, coords)
    if series is not None:
        pattern = np.outer(series.loading, series.value @ series.pattern[:, 0])
        relative = dataset.concentration.values / (
            experiment.electrolyte.concentration_mol_per_L * 1e3
        )  # a ratio multiplies
        dataset["reference_noise"] = variables.dataarray("reference_noise", pattern * relative, coords)
    if bands is not None:
        for name, array in labelled(bands, experiment.reconstruction.closure).items():
            if "closure" in array.dims:
                array = array.reindex(closure=coords["closure"])
            dataset[name] = array.drop_vars([c for c in array.coords if c not in array.dims])
        for found in bands.by_closure.values():
            kept = ("method", "samples", "seed", "uncertainties", "relative_monte_carlo_error")
            dataset.attrs |= {f"bands_{name}": found.attrs[name] for name in kept}
    dataset.attrs |= {
        "cell": experiment.cell.name,
        "closure": experiment.reconstruction.closure,
        "smoothing": experiment.reconstruction.smoothing,
        "temperature_K": experiment.electrolyte.temperature_K,
        "voltage_offset_V": experiment.reconstruction.voltage_offset_V,
        "diffusivity": measured.diffusivity.describe(),
        "assumptions": "dilute solution; Nernst-Einstein mobility; one dimension; no convection",
    }
    return dataset


def _sand_time(measured: Measured) -> float | None:
    electrolyte = measured.experiment.electrolyte
    if electrolyte.transference_number is None:
        return None
    concentration = electrolyte.concentration_mol_per_L * 1e3
    found = sand_time(
        measured,
        concentration=concentration,
        transference=electrolyte.transference_number,
        diffusivity=measured.diffusivity(concentration),
    )
    return None if found is None else float(found)
