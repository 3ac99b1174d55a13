"""What one analysis found: the labelled results and the facts around them, ready for store and report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    import xarray as xr

    from iondrift.clock import Onset, Segment
    from iondrift.experiment import Experiment
    from iondrift.noise import NoiseEstimate

UM_PER_H = 3.6e9  # micrometres per hour in 1 m/s
HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What was read.

    Attributes
    ----------
    format, first_source, last_source
        Of the profiles.
    used, stored, points
        Profiles used of those stored, and stored points of one.
    log_file, log_samples, log_start, log_stop
        The log; s since its first sample.
    voltage_range
        Lowest and highest, V.
    """

    format: str
    first_source: str
    last_source: str
    used: int
    stored: int
    points: int
    log_file: str
    log_samples: int
    log_start: float
    log_stop: float
    voltage_range: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How intensity became concentration.

    Attributes
    ----------
    first_point, last_point
        The region of interest as stored, counted from 1; None for profiles given over x.
    length, electrode_distance
        Of the region, and between the electrodes, m.
    reference
        Profiles averaged as reference, counted from 1 among those used.
    background
        Background over the plateau of the reference; None where it was not measured.
    anion_drift
        Change of the total anions over the series, relative to the first profile.
    """

    first_point: int | None
    last_point: int | None
    length: float
    electrode_distance: float | None
    reference: tuple[int, ...]
    background: float | None
    anion_drift: float


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """Results of one cell.

    Attributes
    ----------
    experiment
        With the options that were used.
    dataset
        Every variable of the chosen closure, measured concentration, voltage and current, and
        ``drift_velocity_by_closure``.
    closures
        Results (drift velocity, flux, charge balance) under each closure that could be computed.
    unavailable
        Why the other closures could not.
    segments, onset, sand_time
        The protocol; the sudden rise of the voltage; Sand's time from the start of the constant current, s.
    noise
        Of the calibrated profiles, mol m-3.
    diffusivity
        One line that describes D(c).
    notes
        Warnings, in plain words.
    """

    experiment: Experiment
    dataset: xr.Dataset
    closures: Mapping[str, xr.Dataset]
    unavailable: Mapping[str, str]
    inputs: Inputs
    calibration: Calibration
    segments: tuple[Segment, ...]
    onset: Onset | None
    sand_time: float | None
    noise: NoiseEstimate | None
    diffusivity: str
    notes: tuple[str, ...] = ()

    @cached_property
    def polarised(self) -> npt.NDArray[np.bool_]:
        """Which profiles lie within a constant-current or constant-voltage segment."""
        return in_segments(self.dataset.time.values, self.segments, ("constant_current", "constant_voltage"))

    @cached_property
    def end(self) -> int:
        """Index of the last profile under polarisation, or the last of all."""
        found = np.flatnonzero(self.polarised)
        return int(found[-1]) if found.size else self.dataset.sizes["time"] - 1


def in_segments(
    time: npt.NDArray[np.float64], segments: tuple[Any, ...], kinds: tuple[str, ...]
) -> npt.NDArray[np.bool_]:
    """Return which times lie in a segment of the given kinds."""
    inside = np.zeros(time.size, dtype=bool)
    for segment in segments:
        if segment.kind in kinds:
            inside |= (time >= segment.start) & (time <= segment.stop)
    return inside
