"""What one analysis found: the labelled results and the facts around them, ready for store and report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from iondrift.cast import FloatArray
from iondrift.drift.closures import CLOSURES, CONCENTRATED_SOLUTION, CURRENT_DENSITY, TRANSFERENCE_NUMBER
from iondrift.experiment.log.protocol import in_segments

if TYPE_CHECKING:
    import numpy.typing as npt
    import xarray as xr

    from iondrift.drift.bands.uncertainties import Uncertainties
    from iondrift.drift.frames import Diagnostic
    from iondrift.drift.smoothing.noise import NoiseEstimate
    from iondrift.experiment.acquired import Acquired
    from iondrift.experiment.diffusion import DiffusionSeries
    from iondrift.experiment.file.schema import Experiment
    from iondrift.experiment.log.onset import Onset
    from iondrift.experiment.log.protocol import Segment
    from iondrift.transport.concentrated import ConcentratedSolution
    from iondrift.transport.diffusivity import Diffusivity

UM_PER_H = 3.6e9  # micrometres per hour in 1 m/s
HOUR = 3600.0
COMPARED_DRAWS = ("final_drift_velocity", "maximum_drift_velocity", "spatial_spread", "growth")  # kept of all closures
LEVELS = (0.025, 0.16, 0.5, 0.84, 0.975)  # quantiles: the 95 and 68 % bands, and the median


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
        The region of interest in stored points, counted from 1 on the plating electrode's side; None for
        profiles given over x.
    length, electrode_distance
        Of the region, and between the electrodes, m.
    plating_gap
        From the plating electrode to x = 0, m; None where it is not known.
    reference
        Profiles averaged as reference, counted from 1 among those used.
    background
        Background over the plateau of the reference; None where it was not measured.
    anion_drift, anion_drift_error
        Change of the total anions over the series, relative, and its standard error where known.
    """

    first_point: int | None
    last_point: int | None
    length: float
    electrode_distance: float | None
    plating_gap: float | None
    reference: tuple[int, ...]
    background: float | None
    anion_drift: float
    anion_drift_error: float | None


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One cell read, set on one clock and calibrated: everything before a drift velocity is computed.

    Attributes
    ----------
    experiment
        With the options that are used.
    concentration
        (time, x), mol m-3, as measured; x = 0 side first.
    voltage, current_density
        (time,), averaged over each profile's window; V and A m-2 (None where none was logged).
    electrode_storage
        (time,), anions between the plating electrode and x = 0, mol m-2; None where it is not known.
    total_anions
        (time,), over the whole sample, relative to the reference; None where it is not known.
    inputs, calibration
        Facts for the report.
    reference_index
        Index of the profile that alone was the reference, None when several were averaged.
    segments, onset
        The protocol; the sudden rise of the voltage.
    noise
        Of the calibrated profiles, mol m-3; None for series too short to tell.
    diffusivity
        D(c) of the anion.
    solution
        Properties of a concentrated solution; None where the file gives none.
    diffusion
        The experiments that it was fitted to; None where the experiment file states it.
    acquired
        Intensities and current as measured; None without a logged current.
    throughout : (time,)
        Which profiles were polarised during all of their acquisition; None where that is not known.
    notes
        Warnings, in plain words.
    """

    experiment: Experiment
    concentration: xr.DataArray
    voltage: xr.DataArray
    current_density: xr.DataArray | None
    electrode_storage: xr.DataArray | None
    total_anions: xr.DataArray | None
    inputs: Inputs
    calibration: Calibration
    reference_index: int | None
    segments: tuple[Segment, ...]
    onset: Onset | None
    noise: NoiseEstimate | None
    diffusivity: Diffusivity
    solution: ConcentratedSolution | None = None
    diffusion: DiffusionSeries | None = None
    acquired: Acquired | None = None
    throughout: npt.NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()

    def with_notes(self, notes: Sequence[str]) -> Measured:
        """Return a copy with these warnings, each once."""
        return replace(self, notes=tuple(dict.fromkeys(notes)))

    @cached_property
    def polarised(self) -> npt.NDArray[np.bool_]:
        """Which profiles lie within a constant-current or constant-voltage segment."""
        return in_segments(self.concentration.time.values, self.segments, ("constant_current", "constant_voltage"))

    @cached_property
    def end(self) -> int:
        """Index of the last profile whose acquisition was polarised throughout, else by its middle, else the last."""
        by_middle = np.flatnonzero(self.polarised)
        found = by_middle if self.throughout is None or not self.throughout.any() else np.flatnonzero(self.throughout)
        return int(found[-1]) if found.size else self.concentration.sizes["time"] - 1

    @cached_property
    def constant_voltage(self) -> Segment | None:
        """The last segment at constant voltage."""
        return next((s for s in reversed(self.segments) if s.kind == "constant_voltage"), None)

    @cached_property
    def breaks(self) -> tuple[float, ...]:
        """Times of protocol steps between the first and the last profile, s."""
        time = self.concentration.time.values
        return tuple(s.start for s in self.segments[1:] if time[0] < s.start < time[-1])


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One number of D or t- in closed form.

    Attributes
    ----------
    name, symbol
        What was done, and what it gives.
    value, error
        In ``unit``; a standard error, None where none is known.
    assumes
        In words.
    """

    name: str
    symbol: str
    value: float
    error: float | None
    unit: str
    assumes: str


@dataclass(frozen=True, kw_only=True)
class CellImpedance:
    """Results of one cell's spectra, and the warnings on the way."""

    dataset: xr.Dataset
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CellLedger:
    """The parts of one cell's voltage that do not lie across the profiles.

    Attributes
    ----------
    dataset
        From :func:`iondrift.voltage_ledger`.
    origins
        Where each part comes from, by its name.
    uncertainties
        The error model with what log and impedance tell of it.
    from_data
        Which of its entries they tell.
    """

    dataset: xr.Dataset
    origins: Mapping[str, str]
    uncertainties: Uncertainties
    from_data: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CellFrames:
    """What moves how fast at the end of the polarisation.

    Attributes
    ----------
    values
        ``kinematic``, ``least_flux``, ``net_mean``, ``geometric`` (m s-1), ``net_spread`` and ``agreeing_transference``
        (1); what is not known is not there.
    draws
        Of the same, by name (draw,); empty without bands.
    diagnostic
        u_f of the closure ``voltage`` with its tautology test.
    """

    values: Mapping[str, float]
    draws: Mapping[str, FloatArray]
    diagnostic: Diagnostic | None


@dataclass(frozen=True, kw_only=True)
class Bands:
    """Uncertainty of one cell's results.

    Attributes
    ----------
    uncertainties
        The error model.
    by_closure
        From :func:`iondrift.drift_bands` at the quantiles ``LEVELS``, for each closure that could be drawn.
    failed
        Why the others could not.
    budget
        From :func:`iondrift.error_budget` for the chosen closure; None where that could not be drawn.
    sand_time
        (replicate,), s; None without constant current or transference number.
    """

    uncertainties: Uncertainties
    by_closure: Mapping[str, xr.Dataset]
    failed: Mapping[str, str]
    budget: xr.Dataset | None
    sand_time: FloatArray | None


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """Results of one cell.

    Attributes
    ----------
    measured
        What they rest on.
    dataset
        Every variable of the chosen closure, measured concentration, voltage and current, and
        ``drift_velocity_by_closure``.
    closures
        Results (drift velocity, flux, charge balance) under each closure that could be computed.
    unavailable
        Why the other closures could not.
    sand_time
        From the start of the constant current, s; None without constant current or transference number.
    bands
        Their uncertainty; None where ``no_bands`` says why.
    no_bands
        Why there are no bands.
    readings
        D and t- in closed form; empty without a logged current.
    notes
        Warnings, in plain words, those of ``measured`` included.
    ledger
        Of the voltage; None where it cannot be made.
    impedance
        Of the spectra that the file names; None where it names none.
    frames
        Of the profiles at the end, and t-* of two closures; None without splines.
    """

    measured: Measured
    dataset: xr.Dataset
    closures: Mapping[str, xr.Dataset]
    unavailable: Mapping[str, str]
    sand_time: float | None
    bands: Bands | None = None
    no_bands: str = ""
    readings: tuple[Reading, ...] = ()
    notes: tuple[str, ...] = ()
    ledger: CellLedger | None = None
    impedance: CellImpedance | None = None
    frames: CellFrames | None = None

    @property
    def experiment(self) -> Experiment:
        """The experiment with the options that were used."""
        return self.measured.experiment

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The protocol."""
        return self.measured.segments

    @cached_property
    def end(self) -> int:
        """Index of the last profile under polarisation, or the last of all."""
        return self.measured.end


def unavailable_closures(measured: Measured) -> dict[str, str]:
    """Return why each closure that cannot be computed cannot; empty where nobody asked for it."""
    known = {
        CURRENT_DENSITY: measured.current_density is not None,
        TRANSFERENCE_NUMBER: measured.experiment.electrolyte.transference_number is not None,
        CONCENTRATED_SOLUTION: measured.solution is not None,
    }
    reasons = {name: [need for need in closure.needs if not known[need]] for name, closure in CLOSURES.items()}
    return {
        name: " and ".join(need.absent for need in absent) if all(need.missed for need in absent) else ""
        for name, absent in reasons.items()
        if absent
    }
