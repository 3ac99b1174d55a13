"""Reading one cell: files to labelled concentration, voltage and current on one clock."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from iondrift.errors import ConfigurationError, DataError, IondriftWarning
from iondrift.experiment.acquired import acquired
from iondrift.experiment.concentration import calibrated
from iondrift.experiment.log import clock
from iondrift.experiment.log.onset import locate_onset
from iondrift.experiment.log.protocol import Segment, segment_protocol
from iondrift.experiment.outliers import without_outliers
from iondrift.experiment.read import Series, file_of, read_log, read_series
from iondrift.experiment.results import Inputs, Measured
from iondrift.progress import Progress, silent

if TYPE_CHECKING:
    from iondrift.experiment.diffusion import DiffusionSeries
    from iondrift.experiment.file.schema import Experiment
    from iondrift.transport.diffusivity import Diffusivity

_NOTICEABLE = 0.03  # of the concentration: more than noise leaves in a mean over profiles and points
_SWAPPED = 0.5  # change of V / i in a step, of its beginning: a cell that polarises resists ever more
_FEWEST_FOR_NOISE = 8  # profiles and points; see iondrift.drift.smoothing.noise


def measure_cell(experiment: Experiment, *, progress: Progress) -> Measured:
    """Read and calibrate one cell; see :func:`iondrift.experiment.pipeline.measure`."""
    progress("reading the log")
    log = read_log(experiment)
    progress("reading profiles")
    series = without_outliers(experiment, read_series(experiment))
    averaged = _averaged(experiment, log, series)
    segments = tuple(segment_protocol(log)) if "current_density" in log else ()
    reference = reference_profiles(experiment, series, segments)
    _check_sign(experiment, averaged)
    _check_columns(experiment, log, segments)
    diffusion = diffusion_experiments(experiment, progress=progress)
    progress("calibrating")
    profiles, calibration = calibrated(experiment, series, averaged.time.values, reference)
    measured = Measured(
        experiment=experiment,
        concentration=profiles.concentration,
        voltage=averaged.voltage,
        current_density=averaged.get("current_density"),
        electrode_storage=profiles.get("electrode_storage"),
        total_anions=profiles.get("total_anions"),
        inputs=_facts(experiment, series, log),
        calibration=calibration,
        reference_index=reference[0] if len(reference) == 1 else None,
        segments=segments,
        onset=locate_onset(log, segments) if segments else None,
        noise=_noise(profiles.concentration),
        acquired=acquired(experiment, series, averaged.time.values, reference, log),
        diffusivity=diffusivity(experiment, diffusion),
        diffusion=diffusion,
        throughout=clock.windows_within(series.start, series.stop, segments, "constant_current")
        | clock.windows_within(series.start, series.stop, segments, "constant_voltage"),
        solution=None if experiment.concentrated is None else experiment.concentrated.made(),
    )
    _check_orientation(measured)
    _check_offset(measured)
    return measured


def _averaged(experiment: Experiment, log: xr.Dataset, series: Series) -> xr.Dataset:
    """Return means of the log over the acquisitions; a window without a sample is told with the log's file."""
    try:
        return clock.average_over_windows(log, series.start, series.stop)
    except DataError as error:
        raise DataError(f"{experiment.log.file}: {error}") from error


def _check_sign(experiment: Experiment, averaged: xr.Dataset) -> None:
    """Refuse a log whose current runs against its voltage: its sign was told wrongly."""
    if "current_density" in averaged and float((averaged.voltage * averaged.current_density).sum()) > 0.0:
        other = "negative" if experiment.log.plating_current == "positive" else "positive"
        raise DataError(
            f"{experiment.log.file}: the current counts as stripping while the voltage is positive; set "
            f"log.plating_current = {other!r}, or check the columns"
        )


def _check_columns(experiment: Experiment, log: xr.Dataset, segments: Sequence[Segment]) -> None:
    """Warn where a cell seems to resist less the longer it is polarised: voltage and current may be swapped."""
    time, voltage = log.time.values, np.abs(log.voltage.values)
    changes = []
    for segment in segments:
        inside = np.flatnonzero((time >= segment.start) & (time < segment.stop))
        if segment.kind == "open_circuit" or inside.size < 10:
            continue
        current = np.abs(log.current_density.values)
        (V_first, i_first), (V_last, i_last) = (
            (np.median(voltage[part]), np.median(current[part]))
            for part in (inside[: inside.size // 10], inside[-(inside.size // 10) :])
        )
        changes.append(V_last * i_first / max(V_first * i_last, np.finfo(float).tiny) - 1.0)
    if changes and max(changes) < 0.0 and min(changes) < -_SWAPPED:
        warnings.warn(
            f"{experiment.log.file}: V / i falls by {-min(changes):.0%} within a step of the protocol and rises in "
            "none, where a cell that is polarised resists ever more: check log.voltage_column and "
            "log.current_density_column, which may be swapped.",
            IondriftWarning,
            stacklevel=2,
        )


def _check_orientation(measured: Measured) -> None:
    """Warn when salt gathers where it should be depleted: the profiles may be the wrong way round."""
    if not measured.polarised.any():
        return
    relative = measured.concentration.values / measured.concentration.values.mean()
    edge = max(1, relative.shape[1] // 10)
    late = np.flatnonzero(measured.polarised)[-max(1, int(measured.polarised.sum()) // 5) :]
    excess = relative[late, :edge].mean() - relative[late, -edge:].mean()
    if excess > _NOTICEABLE:
        warnings.warn(
            f"Salt is enriched at the plating electrode (x = 0) over the counter electrode by {excess:.0%} at the "
            "end of the polarisation, the opposite of what plating does: check profiles.reverse.",
            IondriftWarning,
            stacklevel=2,
        )


def _check_offset(measured: Measured) -> None:
    """Warn where what is taken off the voltage exceeds it while lithium is plated: v would change its sign."""
    offset = measured.experiment.reconstruction.voltage_offset_V
    if offset is None or measured.current_density is None:
        return
    volts = measured.voltage.values[measured.polarised & (measured.current_density.values < 0.0)]
    beyond = int((volts <= offset).sum())
    if beyond:
        warnings.warn(
            f"voltage_offset_V = {offset:g} V is not below the voltage of {beyond} of {volts.size} profiles under "
            f"current ({volts.min():.3g} to {volts.max():.3g} V): under closure voltage v turns its sign or its field "
            "vanishes there; correct reconstruction.voltage_offset_V.",
            IondriftWarning,
            stacklevel=2,
        )


def reference_profiles(experiment: Experiment, series: Series, segments: Sequence[Segment]) -> tuple[int, ...]:
    """Return which profiles, counted from 0, show the electrolyte at its known concentration.

    Raises
    ------
    ConfigurationError
        A profile that is not there is asked for.
    """
    wanted = experiment.profiles.reference
    count = series.start.size
    if wanted == "first":
        return (0,)
    if wanted == "open-circuit":
        polarised = [s.start for s in segments if s.kind != "open_circuit"]
        resting = clock.windows_within(
            series.start, series.stop, segments, "open_circuit", before=min(polarised, default=np.inf)
        )
        found = tuple(int(k) for k in np.flatnonzero(resting))
        if not found:
            warnings.warn(
                "No profile lies within open circuit before the polarisation: the first one is taken as the "
                "reference, though current may flow already.",
                IondriftWarning,
                stacklevel=2,
            )
        return found or (0,)
    outside = [number for number in wanted if number > count]
    if outside:
        raise ConfigurationError(
            f"{file_of(experiment)}: profiles.reference: profile {outside[0]} asked for, {count} are used"
        )
    return tuple(int(number) - 1 for number in wanted)


def diffusion_experiments(experiment: Experiment, *, progress: Progress = silent) -> DiffusionSeries | None:
    """Return the diffusion experiments that D(c) is fitted to; None where the experiment file states it."""
    if experiment.diffusivity.kind != "pfg":
        return None
    from iondrift.experiment.cell_data_sets import measured_diffusivity

    return measured_diffusivity(experiment.diffusivity, progress=progress)


def diffusivity(experiment: Experiment, measured: DiffusionSeries | None = None) -> Diffusivity:
    """Return D(c) as it was measured, else as the experiment file states it."""
    from iondrift.transport.composition import EO_MOLAR_VOLUME, SALT_MOLAR_VOLUME
    from iondrift.transport.diffusivity import Diffusivity

    section = experiment.diffusivity
    if section.kind == "pfg":
        measured = measured or diffusion_experiments(experiment)
        assert measured is not None
        assert measured.fitted is not None  # the section states concentrations
        return measured.fitted.diffusivity
    if section.kind == "constant":
        return Diffusivity.constant(section.diffusion_coefficient_m2_per_s)
    if section.kind == "table":
        return Diffusivity.table(
            section.concentration_mol_per_L,
            section.diffusion_coefficient_m2_per_s,
            concentration_unit="mol/L",
            covariance=section.covariance_matrix(),
        )
    if section.kind == "exponential":
        return Diffusivity.exponential(
            section.diffusion_coefficient_m2_per_s,
            section.decay,
            section.reference_concentration_mol_per_L,
            concentration_unit="mol/L",
            valid_range=section.valid_range,
            outside=section.outside,
            covariance=section.covariance_matrix(),
        )
    electrolyte = experiment.electrolyte
    volumes = (electrolyte.ethylene_oxide_molar_volume_L_per_mol, electrolyte.salt_molar_volume_L_per_mol)
    return Diffusivity.polynomial(
        section.coefficients_m2_per_s,
        argument="eo_li_ratio" if section.argument == "eo_li_ratio" else "concentration",
        concentration_unit="mol/L" if section.argument == "concentration_mol_per_L" else "mol m-3",
        valid_range=section.valid_range,
        outside=section.outside,
        covariance=section.covariance_matrix(),
        eo_molar_volume=EO_MOLAR_VOLUME if volumes[0] is None else volumes[0] * 1e-3,
        salt_molar_volume=SALT_MOLAR_VOLUME if volumes[1] is None else volumes[1] * 1e-3,
    )


def _noise(concentration: xr.DataArray) -> Any:
    from iondrift.drift.smoothing.noise import estimate_noise

    return estimate_noise(concentration) if min(concentration.shape) >= _FEWEST_FOR_NOISE else None


def _facts(experiment: Experiment, series: Series, log: xr.Dataset) -> Inputs:
    return Inputs(
        format=series.format,
        first_source=series.sources[0],
        last_source=series.sources[-1],
        used=series.start.size,
        stored=series.stored,
        points=series.profiles.sizes["point" if "point" in series.profiles.sizes else "x"],
        log_file=Path(experiment.log.file).name,
        log_samples=log.sizes["time"],
        log_start=0.0,
        log_stop=float(log.time[-1]),
        voltage_range=(float(log.voltage.min()), float(log.voltage.max())),
    )
