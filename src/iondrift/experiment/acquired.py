"""What was acquired of one cell, before any profile is divided by another: for balances and for the inverse model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray

if TYPE_CHECKING:
    from iondrift.experiment.file.schema import Experiment
    from iondrift.experiment.read import Series

_MIDDLE = 25  # stored points of 256, by whose mean each profile is divided in a balance


@dataclass(frozen=True, kw_only=True)
class Acquired:
    """Intensities and current as measured.

    Attributes
    ----------
    intensity
        (time, x), at acquired points of the region of interest, x from the first of them; plating electrode first.
    gaps
        From the plating electrode to the first point and from the last one to the counter electrode, m, by half-height
        points; None where profiles do not show the electrodes.
    gap_sums
        (time, 2), intensity summed over both gaps; None as above.
    half_salt
        (time, 2), anions between either electrode and the middle of the cell, mol m-2, up to a constant; each profile
        over its own mean in the middle. None as above.
    log_current
        (time,), A m-2.
    duration
        Of one acquisition, s.
    """

    intensity: xr.DataArray
    gaps: tuple[float, float] | None
    gap_sums: FloatArray | None
    half_salt: FloatArray | None
    log_current: xr.DataArray
    duration: float


def acquired(
    experiment: Experiment, series: Series, time: FloatArray, reference: tuple[int, ...], log: xr.Dataset
) -> Acquired | None:
    """Return what was acquired; None without a logged current."""
    if "current_density" not in log:
        return None
    duration = float(np.median(series.stop - series.start))
    if "point" in series.profiles.dims:
        return _of_field_of_view(experiment, series, time, reference, log.current_density, duration)
    name = "intensity" if "intensity" in series.profiles else "concentration"
    values, x = series.profiles[name].values, series.profiles.x.values
    if experiment.profiles.reverse:
        values, x = values[:, ::-1], x[-1] - x[::-1]
    intensity = xr.DataArray(values, {"time": time, "x": x - x[0]}, ("time", "x"))
    return Acquired(
        intensity=intensity, gaps=None, gap_sums=None, half_salt=None, log_current=log.current_density,
        duration=duration,
    )  # fmt: skip


def _of_field_of_view(
    experiment: Experiment,
    series: Series,
    time: FloatArray,
    reference: tuple[int, ...],
    log_current: xr.DataArray,
    duration: float,
) -> Acquired:
    from iondrift.nmr.region import find_region

    settings, known = experiment.profiles, series.profiles.attrs
    values = series.profiles.intensity.values
    values = np.ascontiguousarray(values[:, ::-1]) if settings.reverse else values
    field_of_view = known.get("field_of_view", (settings.field_of_view_mm or 0.0) * 1e-3)
    region = find_region(
        values[list(reference)].mean(axis=0), field_of_view=field_of_view, tolerance=settings.region_tolerance
    )
    step = max(1, round(known.get("zero_filling", settings.zero_filling)))
    chosen = np.arange(region.first, region.last + 1, step)
    last = int(chosen[-1])
    first_gap, last_gap = region.edge_distances
    sums = [
        np.trapezoid(values[:, region.sample[0] : region.first + 1], axis=1),
        np.trapezoid(values[:, last : region.sample[1] + 1], axis=1),
    ]
    x = (chosen - region.first) * region.spacing
    middle = (region.first + region.last) // 2
    side = round(_MIDDLE * values.shape[1] / 256) // 2
    level = values[:, middle - side : middle + side + 1].mean(axis=1, keepdims=True)
    c0 = experiment.electrolyte.concentration_mol_per_L * 1e3
    relative = values / level
    halves = [
        np.trapezoid(relative[:, region.sample[0] : middle + 1], axis=1),
        np.trapezoid(relative[:, middle : region.sample[1] + 1], axis=1),
    ]
    return Acquired(
        intensity=xr.DataArray(values[:, chosen], {"time": time, "x": x}, ("time", "x")),
        gaps=(first_gap, last_gap + (region.last - last) * region.spacing),
        gap_sums=np.column_stack(sums),
        half_salt=c0 * region.spacing * np.column_stack(halves),
        log_current=log_current,
        duration=duration,
    )
