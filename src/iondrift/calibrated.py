"""From the profiles as read to concentration over time and place, with the facts for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift import cast, variables
from iondrift.analysis import Calibration
from iondrift.cast import FloatArray

if TYPE_CHECKING:
    from iondrift.experiment import Experiment
    from iondrift.measure import Series


def calibrated(
    experiment: Experiment, series: Series, time: FloatArray, reference: tuple[int, ...]
) -> tuple[xr.DataArray, xr.DataArray | None, Calibration]:
    """Return concentration (time, x) in mol m-3, storage at the plating electrode, and the facts.

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
    return _of_series(experiment, series, time, reference)


def _of_series(
    experiment: Experiment, series: Series, time: FloatArray, reference: tuple[int, ...]
) -> tuple[xr.DataArray, None, Calibration]:
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
    calibration = Calibration(
        first_point=None,
        last_point=None,
        length=float(x[-1] - x[0]),
        electrode_distance=None,
        plating_gap=None,
        reference=tuple(k + 1 for k in reference),
        background=None,
        anion_drift=anion_drift(values, x),
    )
    return concentration, None, calibration


def anion_drift(values: FloatArray, x: FloatArray) -> float:
    """Return the change of the total anions from the first to the last tenth of the series, relative."""
    totals = np.trapezoid(values, x, axis=1)
    some = max(1, totals.size // 10)
    return float(totals[-some:].mean() / totals[:some].mean() - 1.0)
