"""What a cell's TopSpin data sets say beside its profiles: D(c) from diffusion experiments, and lines of spectra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import xarray as xr

from iondrift.errors import collected_warnings
from iondrift.experiment.file.data_sets import DIFFUSION_KEYS, LINE_KEYS
from iondrift.progress import Progress
from iondrift.settings import in_section

if TYPE_CHECKING:
    from iondrift.experiment.diffusion import DiffusionSeries
    from iondrift.experiment.file.data_sets import Lineshape, PfgDiffusivity


@dataclass(frozen=True, kw_only=True)
class CellLines:
    """Lines of one cell's spectra, and the warnings on the way."""

    dataset: xr.Dataset
    notes: tuple[str, ...]


def measured_diffusivity(section: PfgDiffusivity, *, progress: Progress) -> DiffusionSeries:
    """Return the diffusion experiments that an experiment file names, and D(c) fitted to them.

    Raises
    ------
    IondriftError
        As :func:`iondrift.experiment.diffusion.measure_series`.
    """
    from iondrift.experiment.diffusion import measure_series

    with in_section("diffusivity", {**DIFFUSION_KEYS, "concentrations": "concentration_mol_per_L"}):
        return measure_series(
            section.folders,
            concentrations=[value * 1e3 for value in section.concentration_mol_per_L],
            form=section.form,
            options=section.options,
            gradients=section.gradients,
            progress=progress,
        )


def cell_lines(section: Lineshape, *, progress: Progress) -> CellLines:
    """Fit the lines of the spectra that an experiment file names.

    Raises
    ------
    IondriftError
        As :func:`iondrift.experiment.lineshape.measure_lines`.
    """
    from iondrift.experiment.lineshape import measure_lines

    notes: list[str] = []
    with collected_warnings(notes), in_section("lineshape", LINE_KEYS):
        found = measure_lines(section.folders, section.options, progress=progress)
    return CellLines(dataset=found, notes=tuple(notes))


def describe(section: Lineshape) -> str:
    """Read the spectra that an experiment file names and return what they are, in one line."""
    from iondrift.experiment.lineshape import read_spectra

    shifts, spectra, nuclei = read_spectra(section.folders)
    return (
        f"{len(spectra)} spectra of {', '.join(sorted(nuclei))}, {shifts.size} points from {shifts.min():.4g} to "
        f"{shifts.max():.4g} ppm"
    )
