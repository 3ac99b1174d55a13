"""Impedance of a cell that an experiment file names: read, set on the log's clock, analysed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift import variables
from iondrift.drift.bands.options import DrawOptions
from iondrift.errors import ConfigurationError, collected_warnings
from iondrift.experiment.file.impedance import KEYS
from iondrift.experiment.results import HOUR, CellImpedance
from iondrift.impedance import analysis as impedance_analysis
from iondrift.impedance.drt.tracks import shift_between
from iondrift.impedance.masking import mask_of
from iondrift.progress import Progress
from iondrift.readers.impedance.series import read_impedance
from iondrift.settings import in_section, setting

if TYPE_CHECKING:
    from iondrift.experiment.file.impedance import Impedance
    from iondrift.experiment.log.protocol import Segment

_DRAWS = 1000  # where the drift velocity's bands choose their own number


def read(settings: Impedance) -> xr.Dataset:
    """Read the spectra of an experiment file; ``time`` is s since the first sample of its log.

    Raises
    ------
    InputFileError
        A file is missing or damaged.
    ConfigurationError
        The files do not tell when they were measured.
    """
    with in_section("impedance", KEYS):
        impedance = read_impedance(list(settings.files), reading=settings.reading)
        if not np.isfinite(impedance["time"].values).all():
            raise ConfigurationError(
                f"impedance: the files do not tell when every spectrum was measured; give {setting('times')}"
            )
    if settings.start_s is not None:
        impedance["time"] = impedance["time"] - impedance["time"][0] + settings.start_s
    return impedance


def describe(settings: Impedance) -> str:
    """Read the spectra of an experiment file and return what they are, in one line."""
    notes: list[str] = []
    with collected_warnings(notes):
        impedance = read(settings)
        with in_section("impedance", KEYS):
            masked = int(mask_of(impedance, settings.mask).sum())
    hours = impedance["time"].values / HOUR
    cautions = f"; {len(notes)} cautions: {notes[0]}" if notes else ""
    counted = f", {masked} points masked" if masked else ""
    return (
        f"{impedance.sizes['spectrum']} spectra of {impedance.sizes['frequency']} frequencies{counted}, "
        f"{hours.min():.2f} to {hours.max():.2f} h on the log's clock{cautions}"
    )


def analyse(
    settings: Impedance,
    *,
    bands: DrawOptions | None,
    progress: Progress,
    segments: Sequence[Segment] = (),
) -> CellImpedance:
    """Read and analyse the spectra of an experiment file.

    Where the protocol holds a voltage, at last, the shift of every peak meanwhile is told as well:
    peak_shift_constant_voltage (peak, spectrum).

    Parameters
    ----------
    settings
        Its section.
    bands
        As for the drift velocity: number of draws and seed; None for no bands.
    progress
        Told each step as it begins.
    segments
        The protocol as the log shows it.

    Raises
    ------
    IondriftError
        Files, values or settings that do not fit; the message names the place and the remedy.
    """
    notes: list[str] = []
    with collected_warnings(notes):
        progress("reading impedance")
        impedance = read(settings)
        samples = _DRAWS if bands is None or bands.samples == "auto" else bands.samples
        options = settings.options(bands=bands is not None, samples=samples, seed=0 if bands is None else bands.seed)
        with in_section("impedance", KEYS):
            dataset = impedance_analysis.analyse(impedance, options, progress=progress)
    held = next((segment for segment in reversed(segments) if segment.kind == "constant_voltage"), None)
    if held is not None:
        name, shift = "peak_shift_constant_voltage", shift_between(dataset, held.start, held.stop)
        dataset[name] = variables.dataarray(
            name, shift, {"peak": dataset["peak"]}, start_s=held.start, stop_s=held.stop
        )
    notes = [note for note in notes if note not in impedance.attrs["cautions"]]
    return CellImpedance(dataset=dataset, notes=tuple(notes))
