"""From the profiles as read to concentration over time and place, with the facts for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift import cast, variables
from iondrift.cast import FloatArray
from iondrift.errors import DataError, ShapeError
from iondrift.experiment.results import Calibration

if TYPE_CHECKING:
    from iondrift.experiment.file.schema import Experiment
    from iondrift.experiment.read import Series


def calibrated(
    experiment: Experiment, series: Series, time: FloatArray, reference: tuple[int, ...]
) -> tuple[xr.Dataset, Calibration]:
    """Return ``concentration`` (time, x) in mol m-3 and what else was calibrated, and the facts.

    From intensities over the field of view also ``electrode_storage`` and ``total_anions``, see
    :func:`iondrift.nmr.calibration.calibrate`.

    Parameters
    ----------
    experiment
        Validated.
    series
        Profiles as read.
    time
        Middle of each profile on the log's clock, s.
    reference
        Profiles at the known concentration, counted from 0.

    Raises
    ------
    DataError
        A concentration is not positive, or no region of interest is found.
    """
    try:
        if "point" in series.profiles.dims:
            _require_intensity(series)
            return _of_field_of_view(experiment, series, time, reference)
        return _of_series(experiment, series, time, reference)
    except (DataError, ShapeError) as error:
        place = f"{series.sources[0]} to {series.sources[-1]}"
        raise error if error.args[0].startswith(series.sources) else type(error)(f"{place}: {error}") from error


def _require_intensity(series: Series) -> None:
    """Refuse a profile that holds nothing somewhere inside the sample."""
    values = series.profiles.intensity.values
    usual = np.median(values, axis=0)
    empty = (values <= 0.0) & (usual > 0.5 * np.quantile(usual, 0.95)) & values.any(axis=1, keepdims=True)
    if empty.any():
        k, m = (int(index) for index in np.argwhere(empty)[0])
        raise DataError(
            f"{series.sources[k]}: intensity, value {values[k, m]:g} at point {m + 1}, inside the sample "
            f"({int(empty.sum())} like it in all profiles); leave the profile out, or profiles.keep_outliers"
        )


def _of_field_of_view(
    experiment: Experiment, series: Series, time: FloatArray, reference: tuple[int, ...]
) -> tuple[xr.Dataset, Calibration]:
    from iondrift.nmr.calibration import calibrate

    settings = experiment.profiles
    known = series.profiles.attrs  # what the data themselves say
    result = calibrate(
        series.profiles,
        time=time,
        field_of_view=known.get("field_of_view", (settings.field_of_view_mm or 0.0) * 1e-3),
        concentration=experiment.electrolyte.concentration_mol_per_L * 1e3,
        reverse=settings.reverse,
        reference=reference,
        tolerance=settings.region_tolerance,
        zero_filling=known.get("zero_filling", settings.zero_filling),
        subtract_background=settings.subtract_background,
    )
    background = float(result.attrs["background"])
    calibration = Calibration(
        first_point=result.attrs["roi_first"] + 1,
        last_point=result.attrs["roi_last"] + 1,
        length=result.attrs["roi_length"],
        electrode_distance=result.attrs["electrode_distance"],
        plating_gap=result.attrs["edge_distances"][0],
        reference=tuple(k + 1 for k in reference),
        background=background if np.isfinite(background) else None,
        anion_drift=result.attrs["anion_drift"],
        anion_drift_error=result.attrs["anion_drift_error"],
    )
    return result[["concentration", "electrode_storage", "total_anions"]], calibration


def _of_series(
    experiment: Experiment, series: Series, time: FloatArray, reference: tuple[int, ...]
) -> tuple[xr.Dataset, Calibration]:
    profiles = series.profiles
    if "concentration" in profiles:
        values, reference = profiles.concentration.values, ()
    else:
        intensity = profiles.intensity.values
        mean = cast.array(intensity[list(reference)].mean(axis=0), "reference profile", positive=True)
        values = experiment.electrolyte.concentration_mol_per_L * 1e3 * intensity / mean
    x = profiles.x.values
    if experiment.profiles.reverse:
        values, x = values[:, ::-1], x[-1] - x[::-1]
    values = cast.array(values, "concentration", positive=True)
    concentration = variables.dataarray("concentration", values, {"time": time, "x": x})
    totals = np.trapezoid(values, x, axis=1)
    some = max(1, totals.size // 10)
    calibration = Calibration(
        first_point=None,
        last_point=None,
        length=float(x[-1] - x[0]),
        electrode_distance=None,
        plating_gap=None,
        reference=tuple(k + 1 for k in reference),
        background=None,
        anion_drift=float(totals[-some:].mean() / totals[:some].mean() - 1.0),
        anion_drift_error=None,
    )
    return concentration.to_dataset(), calibration
