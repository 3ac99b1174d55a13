"""Reading one cell: files to labelled concentration, voltage and current on one clock."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from iondrift import clock
from iondrift.analysis import Inputs, Measured
from iondrift.calibrated import calibrated
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, DataError, IondriftWarning
from iondrift.onset import locate_onset
from iondrift.protocol import Segment, segment_protocol

if TYPE_CHECKING:
    from iondrift.diffusivity import Diffusivity
    from iondrift.experiment import Experiment

_FORMATS = {".nc": "netcdf", ".nc4": "netcdf", ".h5": "netcdf", ".zarr": "zarr", ".csv": "csv", ".tsv": "csv"}
_NOTICEABLE = 0.03  # of the concentration: more than noise leaves in a mean over profiles and points
_FEWEST_FOR_NOISE = 8  # profiles and points; see iondrift.noise


@dataclass(frozen=True, kw_only=True)
class Series:
    """Profiles as read and selected, with their windows on the log's clock.

    Attributes
    ----------
    profiles
        ``intensity`` (profile, point); ``intensity`` or ``concentration`` (time, x) if labelled already.
    start, stop
        Of each acquisition, s since the first sample of the log.
    format, stored, sources
        For the report: what it was, how many there were, name of each one used.
    """

    profiles: xr.Dataset
    start: FloatArray
    stop: FloatArray
    format: str
    stored: int
    sources: tuple[str, ...]


def measure_cell(experiment: Experiment, *, progress: Callable[[str], None]) -> Measured:
    """Read and calibrate one cell; see :func:`iondrift.pipeline.measure`."""
    progress("reading the log")
    log = read_log(experiment)
    progress("reading profiles")
    series = read_series(experiment)
    averaged = clock.average_over_windows(log, series.start, series.stop)
    segments = tuple(segment_protocol(log)) if "current_density" in log else ()
    reference = reference_profiles(experiment, series, segments)
    _check_sign(experiment, averaged)
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
        diffusivity=diffusivity(experiment),
    )
    _check_orientation(measured)
    return measured


def read_log(experiment: Experiment) -> xr.Dataset:
    """Return the log with its time counted from the first sample."""
    from iondrift.readers import text_log
    from iondrift.remedies import in_section

    settings = experiment.log
    with in_section("log"):
        log = text_log.read_log(
            settings.file,
            time_column=settings.time_column,
            voltage_column=settings.voltage_column,
            current_density_column=settings.current_density_column,
            time_unit=settings.time_unit,
            voltage_unit=settings.voltage_unit,
            current_density_unit=settings.current_density_unit,
            plating_current=settings.plating_current,
            electrode_area=None if settings.electrode_area_cm2 is None else settings.electrode_area_cm2 * 1e-4,
            separator=settings.separator,
            decimal=settings.decimal,
        )
    return log.assign_coords(time=log.time - log.time[0])


def _check_sign(experiment: Experiment, averaged: xr.Dataset) -> None:
    """Refuse a log whose current runs against its voltage: its sign was told wrongly."""
    if "current_density" in averaged and float((averaged.voltage * averaged.current_density).sum()) > 0.0:
        other = "negative" if experiment.log.plating_current == "positive" else "positive"
        raise DataError(
            f"{experiment.log.file}: the current counts as stripping while the voltage is positive; set "
            f"log.plating_current = {other!r}, or check the columns"
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


def read_series(experiment: Experiment) -> Series:
    """Return the selected profiles and their windows.

    Raises
    ------
    ConfigurationError
        A key that the format needs is missing, or fewer profiles are there than asked for.
    """
    settings = experiment.profiles
    kind: str = settings.format
    if kind == "auto":
        kind = _FORMATS.get(Path(settings.files[0]).suffix.lower(), "topspin-text")
    if kind == "topspin-text":
        return _topspin(experiment)
    return _labelled(experiment, kind)


def _topspin(experiment: Experiment) -> Series:
    from iondrift.readers import topspin_text

    settings = experiment.profiles
    interval, duration, field_of_view = settings.interval_s, settings.duration_s, settings.field_of_view_mm
    needed = {"field_of_view_mm": field_of_view, "interval_s": interval, "duration_s": duration}
    missing = [f"profiles.{name}" for name, value in needed.items() if value is None]
    if interval is None or duration is None or field_of_view is None:
        raise ConfigurationError(f"{_file(experiment)}: profiles as TopSpin text need {' and '.join(missing)}")
    profiles = topspin_text.read_profiles(settings.files)
    stored = profiles.sizes["profile"]
    profiles = profiles.isel(profile=_selected(experiment, stored))
    start, stop = clock.profile_windows(
        profiles.sizes["profile"],
        interval=interval,
        duration=duration,
        start=settings.start_s,
        anchor=settings.anchor,
        numbers=profiles.number.values,
        gaps=settings.gaps,
    )
    return Series(
        profiles=profiles,
        start=start,
        stop=stop,
        format="topspin-text",
        stored=stored,
        sources=tuple(map(str, profiles.source.values)),
    )


def _labelled(experiment: Experiment, kind: str) -> Series:
    from iondrift.readers import profile_series

    settings = experiment.profiles
    if len(settings.files) != 1:
        raise ConfigurationError(
            f"{_file(experiment)}: profiles.files: {kind} is one file, found {len(settings.files)}"
        )
    path = Path(settings.files[0])
    series = profile_series.read_series(path)
    stored = series.sizes["time"]
    chosen = _selected(experiment, stored)
    series = series.isel(time=chosen)
    if series.sizes["time"] < 2:
        raise DataError(f"{path}: {series.sizes['time']} profile; a series needs at least 2")
    middle = series.time.values + settings.start_s
    width = settings.duration_s or float(np.median(np.diff(middle)))
    return Series(
        profiles=series,
        start=middle - width / 2.0,
        stop=middle + width / 2.0,
        format=kind,
        stored=stored,
        sources=tuple(f"{path.name}, profile {k + 1}" for k in range(stored)[chosen]),
    )


def _selected(experiment: Experiment, stored: int) -> slice:
    first, count = experiment.profiles.first, experiment.profiles.count
    available = stored - first + 1
    if available < (count or 1):
        wanted = f"{count} profiles from number {first} on" if count else f"profiles from number {first} on"
        raise ConfigurationError(
            f"{_file(experiment)}: profiles.count and profiles.first ask for {wanted}, but {stored} are there"
        )
    return slice(first - 1, None if count is None else first - 1 + count)


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
            f"{_file(experiment)}: profiles.reference: profile {outside[0]} asked for, {count} are used"
        )
    return tuple(int(number) - 1 for number in wanted)


def diffusivity(experiment: Experiment) -> Diffusivity:
    """Return D(c) as the experiment file gives it."""
    from iondrift.diffusivity import Diffusivity
    from iondrift.electrolyte import EO_MOLAR_VOLUME, SALT_MOLAR_VOLUME

    section = experiment.diffusivity
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
    from iondrift.noise import estimate_noise

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


def _file(experiment: Experiment) -> str:
    return str(experiment.source or experiment.cell.name)
