"""From an experiment file to labelled results: read, one clock, calibrate, smooth, close."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift import variables
from iondrift.analysis import Analysis, Measured, unavailable_closures
from iondrift.electrode_flux import flux_from_storage
from iondrift.errors import IondriftWarning
from iondrift.measure import measure_cell

if TYPE_CHECKING:
    from iondrift.experiment import Closure, Experiment, Smoothing
    from iondrift.reconstruction import SmoothedProfiles

CLOSURES: tuple[Closure, ...] = ("voltage", "blocking", "current")


def silent(_: str) -> None:
    """Take a progress message and do nothing."""


def measure(experiment: Experiment, *, progress: Callable[[str], None] = silent) -> Measured:
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
    closure: Closure | None = None,
    smoothing: Smoothing | None = None,
    progress: Callable[[str], None] = silent,
) -> Analysis:
    """Reconstruct the drift velocity of one cell under the chosen closure, and under the others beside it.

    Parameters
    ----------
    experiment
        A validated experiment file.
    closure, smoothing
        Instead of those in the file.
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
        profiles = _smooth(measured)
        unavailable = unavailable_closures(measured)
        closures: dict[str, xr.Dataset] = {}
        for name in CLOSURES:
            if name not in unavailable:
                progress(f"closure {name}")
                closures[name] = _close(measured, profiles, name)
    return Analysis(
        measured=measured,
        dataset=_dataset(measured, closures),
        closures=closures,
        unavailable=unavailable,
        sand_time=_sand_time(measured),
        notes=tuple(dict.fromkeys(notes)),
    )


@contextmanager
def collected_warnings(notes: list[str]) -> Iterator[None]:
    """Turn this package's warnings into lines of the report; pass every other warning on."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", IondriftWarning)
        yield
    for warning in caught:
        if issubclass(warning.category, IondriftWarning):
            notes.append(str(warning.message))
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def _smooth(measured: Measured) -> SmoothedProfiles:
    from iondrift.reconstruction import smooth_profiles

    settings = measured.experiment.reconstruction
    return smooth_profiles(
        measured.concentration,
        settings.smoothing,
        breaks=measured.breaks,
        reference_profiles=len(measured.calibration.reference) or None,
        reference_index=measured.reference_index,
        noise=measured.noise,
        orders=(settings.polynomial_order_x, settings.polynomial_order_t),
    )


def _close(measured: Measured, profiles: SmoothedProfiles, closure: Closure) -> xr.Dataset:
    from iondrift import reconstruction

    settings = measured.experiment
    effective = measured.voltage.values - settings.reconstruction.voltage_offset_V
    current = None if measured.current_density is None else measured.current_density.values
    result = reconstruction.close(
        profiles,
        measured.diffusivity,
        closure,
        temperature=settings.electrolyte.temperature_K,
        voltage=effective,
        current=current,
        cation_ratio=reconstruction.cation_ratio(settings.electrolyte.transference_number, closure),
        origin_flux=_origin_flux(measured),
    )
    dataset = reconstruction.label(result, measured.concentration, effective)
    if profiles.series is not None:
        dataset.attrs |= reconstruction.smoothing_attributes(profiles.series)
    return dataset


def _origin_flux(measured: Measured) -> np.ndarray:
    settings = measured.experiment.reconstruction
    time = measured.concentration.time.values
    if measured.electrode_storage is None or not settings.electrode_storage:
        return np.zeros(time.size)
    return flux_from_storage(
        measured.electrode_storage.values,
        time,
        smoothing=settings.smoothing,
        breaks=measured.breaks,
        order=settings.polynomial_order_t,
    )


def _dataset(measured: Measured, closures: dict[str, xr.Dataset]) -> xr.Dataset:
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
    from iondrift.transport import ambipolar_diffusivity, cation_diffusivity, sand_time

    electrolyte = measured.experiment.electrolyte
    levels = [segment.level for segment in measured.segments if segment.kind == "constant_current"]
    if not levels or electrolyte.transference_number is None:
        return None
    concentration = electrolyte.concentration_mol_per_L * 1e3
    anion = measured.diffusivity(concentration)
    return float(
        sand_time(
            current_density=abs(levels[0]),
            concentration=concentration,
            anion_transference=electrolyte.transference_number,
            ambipolar_diffusivity=ambipolar_diffusivity(
                anion, cation_diffusivity(anion, electrolyte.transference_number)
            ),
        )
    )
