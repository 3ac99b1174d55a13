"""The inverse model on one cell of an experiment file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import xarray as xr

from iondrift.drift.inverse.anion import NERNST_EINSTEIN, AnionSource, Conductivity
from iondrift.drift.inverse.labels import label
from iondrift.drift.inverse.markov import Walk, walk
from iondrift.drift.inverse.options import FormName
from iondrift.drift.inverse.transport_fit import pose
from iondrift.errors import ConfigurationError, collected_warnings
from iondrift.experiment.acquired import Acquired
from iondrift.experiment.file.schema import Experiment
from iondrift.experiment.ledger import model_of
from iondrift.experiment.pipeline import measure
from iondrift.experiment.read import file_of
from iondrift.experiment.results import Measured
from iondrift.progress import Progress, silent
from iondrift.threads import bounded_threads


@dataclass(frozen=True, kw_only=True)
class CellFit:
    """The inverse model of one cell.

    Attributes
    ----------
    measured
        The cell.
    dataset
        From :func:`iondrift.fit_transport`.
    walks
        By form, where they were asked for.
    notes
        Warnings, in plain words.
    """

    measured: Measured
    dataset: xr.Dataset
    walks: Mapping[FormName, Walk]
    notes: tuple[str, ...]


@bounded_threads
def fit_cell(experiment: Experiment, *, mcmc: bool = False, seed: int = 0, progress: Progress = silent) -> CellFit:
    """Read one cell and fit D(c) and t- to its profiles.

    Parameters
    ----------
    experiment
        A validated experiment file.
    mcmc
        Walk through the posterior of each form, too.
    seed
        Of draws and walks.
    progress
        Told each step as it begins.

    Raises
    ------
    IondriftError
        Files, values or settings that do not fit; the message names the place and the remedy.
    """
    return fit_measured(measure(experiment, progress=progress), mcmc=mcmc, seed=seed, progress=progress)


@bounded_threads
def fit_measured(measured: Measured, *, mcmc: bool = False, seed: int = 0, progress: Progress = silent) -> CellFit:
    """Fit D(c) and t- to a cell that was read; see :func:`fit_cell`."""
    experiment, acquired = measured.experiment, measured.acquired
    if acquired is None:
        raise ConfigurationError(
            f"{file_of(experiment)}: the log has no current, and without it profiles tell neither D nor t-; set "
            "log.current_density_column"
        )
    settings = experiment.transport_fit
    if settings.storage and acquired.gap_sums is None:
        raise ConfigurationError(
            f"{file_of(experiment)}: transport_fit.storage: these profiles do not show the electrodes; leave it out"
        )
    progress("fitting D(c) and t-")
    notes = list(measured.notes)
    with collected_warnings(notes):
        fit = pose(
            acquired.intensity, acquired.log_current, duration=acquired.duration, gaps=_gaps(experiment, acquired),
            concentration=experiment.electrolyte.concentration_mol_per_L * 1e3, anion_diffusivity=_source(measured),
            storage=acquired.gap_sums if settings.storage else None, fitted=settings.fitted, seed=seed,
            forms=settings.forms, gap_uncertainty=settings.gap_uncertainty_um * 1e-6, sink=settings.sink,
            electrode_roughness=settings.electrode_roughness_um * 1e-6, common_mode=settings.common_mode_relative,
        )  # fmt: skip
        progress("drawing from the posterior")
        dataset = label(fit)
    walks: dict[FormName, Walk] = {}
    for form, minimum in fit.forms.items() if mcmc else ():
        progress(f"walking through the posterior, {form}")
        walks[form] = walk(fit.problem, minimum, seed=seed)
    notes += dataset.attrs["caveats"]
    return CellFit(measured=measured, dataset=dataset, walks=walks, notes=tuple(dict.fromkeys(notes)))


def _gaps(experiment: Experiment, acquired: Acquired) -> tuple[float, float]:
    """Return both gaps, m: as the file gives them, or by half height of the reference."""
    gaps = experiment.transport_fit.gaps or acquired.gaps
    if gaps is None:
        raise ConfigurationError(
            f"{file_of(experiment)}: these profiles do not show the electrodes; set transport_fit.plating_gap_um and "
            "transport_fit.counter_gap_um"
        )
    return gaps


def _source(measured: Measured) -> AnionSource:
    """Return where D- comes from, with its uncertainty."""
    settings, electrolyte = measured.experiment.transport_fit, measured.experiment.electrolyte
    if settings.anion_diffusivity == "none":
        return None
    if settings.anion_diffusivity == "nernst-einstein":
        return NERNST_EINSTEIN
    if settings.conductivity_S_per_m is not None:
        return Conductivity(
            conductivity=settings.conductivity_S_per_m, temperature=electrolyte.temperature_K,
            relative_uncertainty=settings.conductivity_relative,
        )  # fmt: skip
    relative = model_of(measured, None).diffusivity_relative
    known = measured.diffusivity
    return known if relative is None else replace(known, covariance=None, relative_uncertainty=relative)
