"""From an experiment file to labelled results: read, one clock, calibrate, smooth, close."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift.drift.bands.options import DEFAULT_DRAWS, DrawOptions
from iondrift.errors import DataError, collected_warnings
from iondrift.experiment import impedance
from iondrift.experiment.closed_forms import readings
from iondrift.experiment.closure_bands import Row, bands_of, closure_rows, inputs_of, sand_time
from iondrift.experiment.frames import frames_of
from iondrift.experiment.labels import label_results
from iondrift.experiment.ledger import ledger_of, model_of
from iondrift.experiment.measure import measure_cell
from iondrift.experiment.results import Analysis, Measured, Reading, unavailable_closures
from iondrift.progress import Progress, silent
from iondrift.threads import bounded_threads

if TYPE_CHECKING:
    from iondrift.drift.names import Smoothing
    from iondrift.drift.smoothing.profiles import SmoothedProfiles
    from iondrift.drift.smoothing.series import SmoothSeries
    from iondrift.experiment.file.schema import Experiment

SWITCHED_OFF = "switched off"


@bounded_threads
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


@bounded_threads
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
        series = _fit(measured, drawn=bands is not None and bands.method == "posterior")
        spectra = None
        if experiment.impedance is not None:
            spectra = impedance.analyse(
                experiment.impedance, bands=bands, progress=progress, segments=measured.segments
            )
        progress("ledger of the voltage")
        whole = inputs_of(measured)
        ledger = ledger_of(measured, whole, _smoothed(measured, series), spectra)
        rows = closure_rows(measured, None if ledger is None else whole.after(ledger.dataset))
        closures: dict[str, xr.Dataset] = {}
        for name, row in rows.items():
            progress(f"closure {name}")
            closures[name] = _sharing(_reconstruct(measured, row, series), closures)
        drawn = None
        if bands is not None and series is not None:
            drawn = bands_of(measured, rows, series, bands, model=model_of(measured, ledger), progress=progress)
        seed = None if drawn is None or bands is None else bands.seed
        moving = frames_of(measured, series, closures, model_of(measured, ledger), seed=seed)
    return Analysis(
        measured=measured,
        dataset=label_results(measured, series, closures, drawn, ledger),
        closures=closures,
        unavailable=unavailable_closures(measured),
        sand_time=_sand_time(measured),
        bands=drawn,
        no_bands=_no_bands(series, bands),
        readings=readings(measured, closures.get("blocking")),
        notes=tuple(dict.fromkeys(notes)),
        ledger=ledger,
        impedance=spectra,
        frames=moving,
    )


def read_in_closed_form(measured: Measured) -> tuple[Reading, ...]:
    """Return what can be read of D and t- in closed form, without any other closure than `blocking`."""
    row = closure_rows(measured).get("blocking")
    return readings(measured, None if row is None else _reconstruct(measured, row, _fit(measured, drawn=False)))


def _no_bands(series: SmoothSeries | None, bands: DrawOptions | None) -> str:
    """Return why there are no bands; empty where there are."""
    if bands is None:
        return SWITCHED_OFF
    if series is None:
        return "they need smoothing pspline: what is drawn are the coefficients of its splines"
    return ""


def _smoothed(measured: Measured, series: SmoothSeries | None) -> SmoothedProfiles:
    from iondrift.drift.smoothing.profiles import smooth_profiles

    settings = measured.experiment.reconstruction
    orders = (settings.polynomial_order_x, settings.polynomial_order_t)
    return smooth_profiles(measured.concentration, settings.smoothing, orders=orders, series=series)


def _reconstruct(measured: Measured, row: Row, series: SmoothSeries | None) -> xr.Dataset:
    """Return what one closure gives; ``series`` is the fit, where splines smooth."""
    from iondrift.drift.reconstruction import reconstruct_drift

    settings = measured.experiment.reconstruction
    result = reconstruct_drift(
        row.inputs,
        closure=row.closure,
        smoothing=settings.smoothing,
        polynomial_orders=(settings.polynomial_order_x, settings.polynomial_order_t),
        series=series,
    )
    if not np.isfinite(result["drift_velocity"].values).any():
        raise DataError(
            f"closure {row.closure}: no drift velocity comes out as a number; check D(c), concentration and voltage"
        )
    return result


def _sharing(result: xr.Dataset, others: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Hold what closures have in common (c, its gradient, D) once: of long series it is half of each."""
    first = next(iter(others.values()), result)
    common = [name for name in result.data_vars if name in first and np.array_equal(result[name], first[name])]
    return result.assign({name: first[name] for name in common})


def _fit(measured: Measured, *, drawn: bool) -> SmoothSeries | None:
    """Return the fit that all closures share, bands to be ``drawn`` from it; None where splines do not smooth."""
    from iondrift.drift.smoothing.penalised_splines import smooth

    if measured.experiment.reconstruction.smoothing != "pspline":
        return None
    return smooth(
        measured.concentration,
        breaks=measured.breaks,
        reference_profiles=len(measured.calibration.reference) or None,
        reference_index=measured.reference_index,
        noise=measured.noise,
        drawn=drawn,
    )


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
