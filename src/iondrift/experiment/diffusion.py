"""From the folder of a diffusion experiment to its coefficients, and from several to D(c)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from iondrift.cast import ComplexArray, FloatArray
from iondrift.errors import ConfigurationError, InputFileError, IondriftWarning
from iondrift.nmr.concentration_series import DiffusivityFit, fit_diffusivity
from iondrift.nmr.diffusion import DiffusionFit, fit_diffusion
from iondrift.nmr.gradient_pulses import HALF_SINE, SEQUENCES, GradientTiming, b_values, pulse_shape
from iondrift.nmr.nuclei import gyromagnetic_ratio
from iondrift.nmr.options import DiffusionOptions, DiffusivityForm
from iondrift.nmr.spectrum import Processing, chemical_shifts, frequencies, spectrum_of
from iondrift.progress import Progress, silent
from iondrift.readers.bruker.data_set import DataSet, open_data_set
from iondrift.readers.bruker.gradients import GradientRamp, read_gradients
from iondrift.readers.bruker.options import GradientOptions
from iondrift.readers.bruker.processed import StoredProcessing, read_processing, read_spectrum
from iondrift.readers.bruker.raw import read_fids
from iondrift.settings import setting

_LINE_ENDS: Final = 0.05  # of its height, where no region was given
_OUT_OF_PHASE: Final = np.radians(15.0)  # cos differs by 3 %


@dataclass(frozen=True, kw_only=True)
class DiffusionExperiment:
    """One experiment and what was found.

    Attributes
    ----------
    name, nucleus, pulse_program
        Of the data set.
    gradients, b, integrals : (row,)
        T/m (mean over a pulse), s m-2, and the region's integrals over the largest.
    region
        Chemical shifts, ppm.
    fit
        Of the integrals.
    planned
        Rows planned, acquired or not.
    notes
        How gradients, region and spectra came about.
    """

    name: str
    nucleus: str
    pulse_program: str
    gradients: FloatArray
    b: FloatArray
    integrals: FloatArray
    region: tuple[float, float]
    fit: DiffusionFit
    planned: int
    notes: tuple[str, ...]


def measure_diffusion(
    folder: str | Path,
    *,
    options: DiffusionOptions = DiffusionOptions(),
    gradients: GradientOptions = GradientOptions(),
) -> DiffusionExperiment:
    """Read a diffusion experiment and fit its decay.

    Parameters
    ----------
    folder
        An expno that holds a pseudo-2D.
    options
        Region, model, nucleus, sequence.
    gradients
        What the files do not tell of them.

    Raises
    ------
    InputFileError
        The data set is damaged, is none of diffusion, or its gradients are undecided.
    ConfigurationError
        Nucleus or sequence are unknown, or the region lies outside the spectrum.
    DataError
        The line does not decay.

    Warns
    -----
    IondriftWarning
        The phase of the line is off, or TopSpin did to the stored spectra what cannot be repeated.
    """
    data_set = open_data_set(folder)
    if not data_set.is_pseudo_2d:
        raise InputFileError(f"{folder}: is no series of rows, one a gradient; name a diffusion experiment")
    fids = read_fids(data_set)
    ramp = read_gradients(data_set, rows=len(fids), settings=gradients)
    nucleus = options.nucleus or data_set.nucleus
    b = _b_values(data_set, ramp, nucleus, options)
    spectra, shifts, notes = _spectra(data_set, fids, stored=options.stored)
    region, inside, how = _region(spectra, shifts, options.region)
    integrals = _integrals(data_set, spectra, inside)
    rows = f"{len(fids)} of {data_set.rows} rows"
    return DiffusionExperiment(
        name=data_set.folder.name,
        nucleus=nucleus,
        pulse_program=data_set.pulse_program,
        gradients=ramp.gradients,
        b=b,
        integrals=integrals,
        region=region,
        fit=fit_diffusion(integrals, b, model=options.model),
        planned=data_set.rows or 0,
        notes=(rows, *ramp.evidence, *notes, how),
    )


def _b_values(data_set: DataSet, ramp: GradientRamp, nucleus: str, options: DiffusionOptions) -> FloatArray:
    if ramp.b is not None:
        return ramp.b
    sequence = options.sequence or next((name for name in SEQUENCES if name == ramp.sequence), None)
    if sequence is None:
        raise ConfigurationError(
            f"{data_set.folder}: the pulse program {data_set.pulse_program} tells no kind of sequence; set "
            f"{setting('sequence')} to {', '.join(SEQUENCES)}"
        )
    timing = GradientTiming(
        sequence=sequence,
        pulse=ramp.pulse,
        diffusion_time=ramp.diffusion_time,
        gap=ramp.gap,
        recovery=ramp.recovery,
        shape=HALF_SINE if ramp.shape is None else pulse_shape(ramp.shape),
    )
    return b_values(ramp.gradients, gyromagnetic_ratio(nucleus), timing)


def _spectra(
    data_set: DataSet, fids: ComplexArray, *, stored: bool
) -> tuple[ComplexArray, FloatArray, tuple[str, ...]]:  # fmt: skip
    """Return spectra (row, point), their chemical shifts, and how they came about."""
    if stored:
        found = read_spectrum(data_set)
        shifts: FloatArray = found.left_ppm - found.step_ppm * np.arange(found.real.shape[1], dtype=np.float64)
        both = found.real.astype(np.complex128)
        if found.imaginary is not None:
            both.imag = found.imaginary
        return both[: len(fids)], shifts, ("spectra as TopSpin stored them",)
    if not (data_set.folder / "pdata" / "1" / "procs").exists():
        size = 2 ** int(np.ceil(np.log2(2 * fids.shape[1])))
        processing, reference = Processing(transform_points=size), data_set.carrier_frequency
        notes = ["spectra from the raw data, phased by the line itself; 0 ppm at the carrier"]
    else:
        how = read_processing(data_set)
        processing, reference = processing_of(how), how.reference_frequency
        notes = ["spectra from the raw data, with the window and phase of pdata/1"]
        if how.not_repeated:
            notes.append(f"TopSpin's own spectra differ: {', '.join(how.not_repeated)}")
    width = data_set.spectral_width
    spectra = spectrum_of(fids, spectral_width=width, group_delay=data_set.group_delay, processing=processing)
    shifts = chemical_shifts(
        frequencies(width, processing), carrier_frequency=data_set.carrier_frequency, reference_frequency=reference
    )
    return spectra, shifts, tuple(notes)


def processing_of(stored: StoredProcessing) -> Processing:
    """Return how TopSpin processed a data set, as this package takes it."""
    return Processing(
        transform_points=stored.transform_points,
        first=stored.first,
        points=stored.points,
        used=stored.used,
        line_broadening=stored.line_broadening,
        phase0=stored.phase0,
        phase1=stored.phase1,
        offset_corrected=stored.offset_corrected,
    )


def _region(
    spectra: ComplexArray, shifts: FloatArray, wanted: tuple[float, float] | None
) -> tuple[tuple[float, float], slice, str]:
    """Return the region, its points and what to say of it."""
    if wanted is not None:
        inside = np.flatnonzero((shifts >= wanted[0]) & (shifts <= wanted[1]))
        if inside.size < 2:
            raise ConfigurationError(
                f"{setting('region')} {wanted[0]:g} to {wanted[1]:g} ppm holds {inside.size} points of the spectrum, "
                f"which spans {shifts[-1]:.4g} to {shifts[0]:.4g} ppm; choose it within"
            )
        return wanted, slice(int(inside[0]), int(inside[-1]) + 1), "region as given"
    height = np.abs(spectra.mean(axis=0))
    top = int(np.argmax(height))
    low = np.flatnonzero(height < _LINE_ENDS * height[top])
    first = int(low[low < top].max(initial=-1)) + 1
    stop = int(low[low > top].min(initial=height.size))
    edges = float(shifts[stop - 1]), float(shifts[first])
    return edges, slice(first, stop), f"region around the strongest line, down to {_LINE_ENDS:.0%} of its height"


def _integrals(data_set: DataSet, spectra: ComplexArray, inside: slice) -> FloatArray:
    """Return the real integrals over the largest; of spectra that nobody phased, by the phase of their sum."""
    sums = spectra[:, inside].sum(axis=1)
    angle = float(np.angle(sums[np.argmax(np.abs(sums))]))
    if not (data_set.folder / "pdata" / "1" / "procs").exists():
        sums, angle = sums * np.exp(-1j * angle), 0.0
    if abs(angle) > _OUT_OF_PHASE:
        warnings.warn(
            f"{data_set.folder}: the line is {np.degrees(angle):.0f} degrees out of phase; phase it in TopSpin, "
            "so that its real part is what decays.",
            IondriftWarning,
            stacklevel=2,
        )
    return np.asarray(sums.real / np.abs(sums.real).max(), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class DiffusionSeries:
    """Several experiments, and D(c) where their concentrations are known.

    Attributes
    ----------
    experiments
        In the order given.
    concentrations : (experiment,)
        mol m-3; None where they are not known.
    gradient_uncertainty
        Relative; common to all.
    fitted
        D(c); None without concentrations.
    """

    experiments: tuple[DiffusionExperiment, ...]
    concentrations: FloatArray | None
    gradient_uncertainty: float
    fitted: DiffusivityFit | None


def measure_series(
    folders: Sequence[str | Path],
    *,
    concentrations: Sequence[float] | None = None,
    form: DiffusivityForm = "auto",
    options: DiffusionOptions = DiffusionOptions(),
    gradients: GradientOptions = GradientOptions(),
    progress: Progress = silent,
) -> DiffusionSeries:
    """Measure every experiment, and fit D(c) to their fastest, or only, component.

    Parameters
    ----------
    folders
        One expno an experiment.
    concentrations
        Of each, mol m-3.
    form
        Of D(c).
    options, gradients
        As :func:`measure_diffusion` takes them.
    progress
        Told each step as it begins.

    Raises
    ------
    IondriftError
        As :func:`measure_diffusion`; the concentrations are not one an experiment, or do not decide on D(c).
    """
    if concentrations is not None and len(folders) != len(concentrations):
        raise ConfigurationError(
            f"{setting('concentrations')}: {len(concentrations)} given for {len(folders)} data sets; give one for "
            "each, in their order"
        )
    found = []
    for folder in folders:
        progress(f"diffusion: {Path(folder).name}")
        found.append(measure_diffusion(folder, options=options, gradients=gradients))
    known = None if concentrations is None else np.asarray(concentrations, dtype=np.float64)
    fitted = None
    if known is not None:
        fits = [experiment.fit for experiment in found]
        fitted = fit_diffusivity(
            known,
            [fit.coefficients[0] for fit in fits],
            [fit.standard_errors[0] for fit in fits],
            form=form,
            common_uncertainty=2.0 * options.gradient_uncertainty,
        )
    return DiffusionSeries(
        experiments=tuple(found),
        concentrations=known,
        gradient_uncertainty=options.gradient_uncertainty,
        fitted=fitted,
    )
